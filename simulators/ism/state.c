// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The state of an adapter, and the events on its fabric when it changes:
 *
 *	new state	everybody		users of	owners of
 *			(itself, too)		its DMBs	DMBs it used
 *	-------------------------------------------------------------------
 *	error		GID in error state	owner error	user error
 *	disabled, gone	GID disabled		unregistered	user disabled
 *	silent		-			-		-
 *	ok		-			unregistered	-
 *
 * Whatever the new state is, nothing stays registered.
 */
#include "sim.h"

/* Codes of the events of a state; 0: none. */
struct state_events {
	u32 dev;
	u32 owner;
	u32 user;
};

static const struct state_events state_events[] = {
	[SIM_STATE_OK] = { .owner = ISM_EVENT_BUF_UNREGISTERED },
	[SIM_STATE_ERROR] = {
		.dev = ISM_EVENT_DEV_ERROR,
		.owner = ISM_EVENT_BUF_OWNER_ERROR,
		.user = ISM_EVENT_BUF_USER_ERROR,
	},
	[SIM_STATE_DISABLED] = {
		.dev = ISM_EVENT_DEV_DISABLED,
		.owner = ISM_EVENT_BUF_UNREGISTERED,
		.user = ISM_EVENT_BUF_USER_DISABLED,
	},
	[SIM_STATE_SILENT] = { },
	[SIM_STATE_GONE] = {
		.dev = ISM_EVENT_DEV_DISABLED,
		.owner = ISM_EVENT_BUF_UNREGISTERED,
		.user = ISM_EVENT_BUF_USER_DISABLED,
	},
};

/* The adapter's own event comes first: a queue may have no room for more. */
static void tell(const struct sim_adapter *adapter,
		 const struct state_events *events)
{
	const struct sim_event event = {
		.type = ISM_EVENT_DEV,
		.code = events->dev,
		.tok = adapter->gid,
	};

	if (events->dev)
		sim_event_post_fabric(adapter->hw.chid, &event);
	if (events->user)
		sim_dmb_tell_owners(adapter, -1, events->user);
}

static void forget_all(struct sim_adapter *adapter, u32 code)
{
	lockdep_assert_held(&adapter->command);
	sim_dmbs_drop(adapter, code);
	sim_ieq_drop(adapter);
	sim_sba_drop(adapter);
	bitmap_zero(adapter->vlans, SIM_VLAN_IDS);
	adapter->vlan_count = 0;
	WRITE_ONCE(adapter->vlan_required, false);
	adapter->block.stored = 0;
}

void sim_state_set_locked(struct sim_adapter *adapter, enum sim_state state)
{
	const struct state_events *events = &state_events[state];

	lockdep_assert_held(&adapter->command);
	if (adapter->state == SIM_STATE_GONE)
		return;
	if (adapter->state == SIM_STATE_OK)
		tell(adapter, events);
	forget_all(adapter, events->owner);
	/* A driver that reads this state may free what it registered. */
	smp_store_release(&adapter->state, state);
}

void sim_state_set(struct sim_adapter *adapter, enum sim_state state)
{
	mutex_lock(&adapter->command);
	sim_state_set_locked(adapter, state);
	mutex_unlock(&adapter->command);
}

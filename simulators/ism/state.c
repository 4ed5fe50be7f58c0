// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Whether an adapter answers, and what its fabric hears when that changes:
 *
 *	to	all, itself too		who used its DMBs	whose DMBs it used
 *	-----------------------------------------------------------------------------
 *	error	gid in error state	owner error		user error
 *	disabled, gone	gid disabled	unregistered		user disabled
 *	silent	nothing			nothing			nothing
 *	ok	nothing			unregistered		nothing
 *
 * In whatever state it is afterwards, nothing is registered with it.
 */
#include "sim.h"

/* Codes of events; 0: none. */
struct news {
	u32 dev;
	u32 owner;
	u32 user;
};

static const struct news news_of[] = {
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

/* The event about the adapter first: a queue may not have room for more. */
static void tell(const struct sim_adapter *adapter, const struct news *news)
{
	const struct sim_event event = {
		.type = ISM_EVENT_DEV,
		.code = news->dev,
		.tok = adapter->gid,
	};

	if (news->dev)
		sim_event_post_fabric(adapter->hw.chid, &event);
	if (news->user)
		sim_tell_owners(adapter, -1, news->user);
}

static void forget_all(struct sim_adapter *adapter, u32 code)
{
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
	const struct news *news = &news_of[state];

	lockdep_assert_held(&adapter->command);
	if (adapter->state == SIM_STATE_GONE)
		return;
	if (adapter->state == SIM_STATE_OK)
		tell(adapter, news);
	forget_all(adapter, news->owner);
	/* Whoever sees this may free what was registered. */
	smp_store_release(&adapter->state, state);
}

void sim_state_set(struct sim_adapter *adapter, enum sim_state state)
{
	mutex_lock(&adapter->command);
	sim_state_set_locked(adapter, state);
	mutex_unlock(&adapter->command);
}

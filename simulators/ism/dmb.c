// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * DMBs: memory of a driver that one other adapter may write into. They are
 * registered and unregistered under adapter->command of the owner.
 */
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "sim.h"

/* All DMBs, by token. Read under RCU, written under the xarray's own lock. */
static DEFINE_XARRAY(sim_dmbs);

/* --- moves ---------------------------------------------------------------- */

/* Under RCU until sim_dmb_put(); dmb_drop() waits for that. */
struct sim_dmb *sim_dmb_get(u32 token)
{
	struct sim_dmb *dmb;

	dmb = xa_load(&sim_dmbs, token);
	if (dmb && !refcount_inc_not_zero(&dmb->moves))
		dmb = NULL;
	return dmb;
}

void sim_dmb_put(struct sim_dmb *dmb)
{
	if (refcount_dec_and_test(&dmb->moves))
		complete(&dmb->idle);
}

/* --- events about DMBs ---------------------------------------------------- */

static void tell(u16 chid, u64 gid, const struct sim_dmb *dmb, u32 code)
{
	const struct sim_event event = {
		.type = ISM_EVENT_BUF,
		.code = code,
		.tok = sim_token(dmb),
	};

	sim_event_post_gid(chid, gid, &event);
}

static bool is_used_by(const struct sim_dmb *dmb,
		       const struct sim_adapter *user)
{
	return READ_ONCE(dmb->used) && dmb->rgid == user->gid &&
	       dmb->owner->hw.chid == user->hw.chid;
}

/* Tells owners of DMBs that @user moved into. @vlan < 0: in any VLAN. */
void sim_dmb_tell_owners(const struct sim_adapter *user, int vlan, u32 code)
{
	struct sim_dmb *dmb;
	unsigned long token;

	rcu_read_lock();
	xa_for_each(&sim_dmbs, token, dmb)
		if (is_used_by(dmb, user) && dmb->owner != user &&
		    (vlan < 0 || (dmb->vlan_valid && dmb->vlan == vlan)))
			tell(dmb->owner->hw.chid, dmb->owner->gid, dmb, code);
	rcu_read_unlock();
}

/* Tells users of @owner's DMBs in a VLAN. */
void sim_dmb_tell_users(const struct sim_adapter *owner, u32 vlan, u32 code)
{
	struct sim_dmb *dmb;
	u32 i;

	lockdep_assert_held(&owner->command);
	for (i = ISM_INDEX_FIRST; i < ISM_INDEX_END; i++) {
		dmb = owner->dmbs[i];
		if (dmb && READ_ONCE(dmb->used) && dmb->vlan_valid &&
		    dmb->vlan == vlan)
			tell(owner->hw.chid, dmb->rgid, dmb, code);
	}
}

/* How many DMBs, including its own, the adapter has moved into. */
u32 sim_dmbs_used(const struct sim_adapter *adapter)
{
	struct sim_dmb *dmb;
	unsigned long token;
	u32 count = 0;

	rcu_read_lock();
	xa_for_each(&sim_dmbs, token, dmb)
		count += is_used_by(dmb, adapter);
	rcu_read_unlock();
	return count;
}

/* --- commands ------------------------------------------------------------- */

static enum sim_code check_place(u64 address, u32 len, u32 index)
{
	if (!len || len > ISM_DMB_LEN_MAX)
		return SIM_DMB_LENGTH;
	if (!IS_ALIGNED(address, SZ_4K))
		return SIM_BAD_ADDRESS;
	if (len > ISM_DMB_LEN_MAX - address % ISM_DMB_LEN_MAX)
		return SIM_DMB_BOUNDARY;
	if (index < ISM_INDEX_FIRST || index >= ISM_INDEX_END)
		return SIM_BAD_INDEX;
	return SIM_OK;
}

static enum sim_code check_dmb(struct sim_adapter *adapter,
			       const struct ism_reg_dmb *request)
{
	u32 vlan_valid = be32_to_cpu(request->vlan_valid);
	u32 index = be32_to_cpu(request->index);
	enum sim_code code;

	if (vlan_valid > 1)
		return SIM_MALFORMED;
	code = check_place(be64_to_cpu(request->dmb),
			   be32_to_cpu(request->len), index);
	if (code)
		return code;
	if (!rcu_access_pointer(adapter->sba))
		return SIM_SBA_MISSING;
	if (adapter->dmbs[index])
		return SIM_INDEX_USED;
	return sim_reachable(adapter, be64_to_cpu(request->rgid), vlan_valid,
			     be32_to_cpu(request->vlan));
}

static struct sim_dmb *dmb_alloc(struct sim_adapter *adapter,
				 const struct ism_reg_dmb *request, u8 *memory)
{
	struct sim_dmb *dmb = kzalloc(sizeof(*dmb), GFP_KERNEL);

	if (!dmb)
		return NULL;
	refcount_set(&dmb->moves, 1);
	init_completion(&dmb->idle);
	dmb->owner = adapter;
	dmb->memory = memory;
	dmb->rgid = be64_to_cpu(request->rgid);
	dmb->len = be32_to_cpu(request->len);
	dmb->index = be32_to_cpu(request->index);
	dmb->vlan_valid = be32_to_cpu(request->vlan_valid);
	dmb->vlan = be32_to_cpu(request->vlan);
	return dmb;
}

/* From here on peers can move into it. */
static int publish(struct sim_adapter *adapter, struct sim_dmb *dmb)
{
	int err;

	do {
		dmb->token = get_random_u32();
		err = dmb->token ? xa_insert(&sim_dmbs, dmb->token, dmb,
					     GFP_KERNEL) : -EBUSY;
	} while (err == -EBUSY);
	if (err)
		return err;
	adapter->dmbs[dmb->index] = dmb;
	adapter->dmb_count++;
	return 0;
}

/*
 * On return, nobody writes into the DMB or signals its index. @code: event for
 * its user, or 0.
 */
static void dmb_drop(struct sim_dmb *dmb, u32 code)
{
	struct sim_adapter *owner = dmb->owner;

	lockdep_assert_held(&owner->command);
	xa_erase(&sim_dmbs, dmb->token);
	owner->dmbs[dmb->index] = NULL;
	owner->dmb_count--;
	if (!refcount_dec_and_test(&dmb->moves))
		wait_for_completion(&dmb->idle);
	if (code && READ_ONCE(dmb->used))
		tell(owner->hw.chid, dmb->rgid, dmb, code);
	kfree_rcu(dmb, rcu);
}

enum sim_code sim_reg_dmb(struct sim_adapter *adapter, struct sim_call *call)
{
	const struct ism_reg_dmb *request = call->request;
	struct ism_reg_dmb_answer *answer = call->response;
	enum sim_code code = check_dmb(adapter, request);
	struct sim_dmb *dmb;
	u8 *memory;

	if (code)
		return code;
	memory = sim_memory(adapter, be64_to_cpu(request->dmb),
			    be32_to_cpu(request->len));
	if (!memory)
		return SIM_BAD_ADDRESS;
	dmb = dmb_alloc(adapter, request, memory);
	if (!dmb)
		return SIM_NO_MEMORY;
	/* As from an owner that does not zero its memory. */
	if (atomic_dec_if_positive(&adapter->dirty_dmbs) >= 0)
		memset(memory, 0x7a, dmb->len);
	if (publish(adapter, dmb)) {
		kfree(dmb);
		return SIM_NO_MEMORY;
	}
	answer->token = cpu_to_be64(sim_token(dmb));
	return SIM_OK;
}

enum sim_code sim_unreg_dmb(struct sim_adapter *adapter,
			    struct sim_call *call)
{
	const struct ism_unreg_dmb *request = call->request;
	u64 token = be64_to_cpu(request->token);
	enum sim_code code = SIM_OK;
	struct sim_dmb *dmb;

	rcu_read_lock();
	dmb = (u32)token ? NULL : xa_load(&sim_dmbs, sim_token_number(token));
	if (!dmb || dmb->owner->hw.chid != adapter->hw.chid)
		code = SIM_UNKNOWN_TOKEN;
	else if (dmb->owner != adapter)
		code = SIM_NOT_OWNER;
	rcu_read_unlock();
	if (code)
		return code;
	/* The DMB stays because its owner's command mutex is held. */
	dmb_drop(dmb, ISM_EVENT_BUF_UNREGISTERED);
	return SIM_OK;
}

void sim_dmbs_drop(struct sim_adapter *adapter, u32 code)
{
	u32 i;

	lockdep_assert_held(&adapter->command);
	for (i = ISM_INDEX_FIRST; i < ISM_INDEX_END; i++)
		if (adapter->dmbs[i])
			dmb_drop(adapter->dmbs[i], code);
}

/* Called after the last adapter is gone. */
void sim_dmb_exit(void)
{
	WARN_ON(!xa_empty(&sim_dmbs));
	xa_destroy(&sim_dmbs);
}

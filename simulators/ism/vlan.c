// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * VLANs: two adapters reach each other in a VLAN that both have joined, and
 * without a VLAN unless one of them requires it. Changed under the adapter's
 * command mutex, read by its peers without it.
 */
#include <linux/if_vlan.h>

#include "sim.h"

bool sim_has_v2(const struct sim_adapter *adapter)
{
	return adapter->seid[0];
}

static bool is_joined(const struct sim_adapter *adapter, u32 vlan)
{
	return vlan < SIM_VLAN_IDS && test_bit(vlan, adapter->vlans);
}

bool sim_vlan_fits(const struct sim_adapter *a, const struct sim_adapter *b,
		   bool valid, u32 vlan)
{
	if (valid)
		return is_joined(a, vlan) && is_joined(b, vlan);
	return !READ_ONCE(a->vlan_required) && !READ_ONCE(b->vlan_required);
}

enum sim_code sim_reachable(struct sim_adapter *adapter, u64 rgid,
			    bool vlan_valid, u32 vlan)
{
	struct sim_adapter *peer;
	enum sim_code code;

	spin_lock(&sim_fabric_lock);
	peer = sim_adapter_find(adapter->hw.chid, rgid);
	if (!peer)
		code = SIM_UNREACHABLE;
	else
		code = sim_vlan_fits(adapter, peer, vlan_valid, vlan) ?
		       SIM_OK : SIM_VLAN_MISMATCH;
	spin_unlock(&sim_fabric_lock);
	return code;
}

static bool is_vlan(const struct sim_adapter *adapter, u64 vlan)
{
	if (vlan == ISM_VLAN_V2)
		return sim_has_v2(adapter);
	return vlan && vlan < VLAN_N_VID - 1;
}

enum sim_code sim_add_vlan(struct sim_adapter *adapter,
			   struct sim_call *call)
{
	const struct ism_set_vlan *request = call->request;
	u64 vlan = be64_to_cpu(request->vlan);

	if (!is_vlan(adapter, vlan))
		return SIM_BAD_VLAN;
	if (is_joined(adapter, vlan))
		return SIM_VLAN_PRESENT;
	if (adapter->vlan_count >= ISM_VLANS)
		return SIM_VLANS_FULL;
	set_bit(vlan, adapter->vlans);
	adapter->vlan_count++;
	return SIM_OK;
}

/* DMBs in the VLAN stay, but moves into them fail until it is added again. */
enum sim_code sim_del_vlan(struct sim_adapter *adapter,
			   struct sim_call *call)
{
	const struct ism_set_vlan *request = call->request;
	u64 vlan = be64_to_cpu(request->vlan);

	if (!is_vlan(adapter, vlan))
		return SIM_BAD_VLAN;
	if (!is_joined(adapter, vlan))
		return SIM_VLAN_MISSING;
	clear_bit(vlan, adapter->vlans);
	adapter->vlan_count--;
	sim_dmb_tell_users(adapter, vlan, ISM_EVENT_BUF_OWNER_VLAN);
	sim_dmb_tell_owners(adapter, vlan, ISM_EVENT_BUF_USER_VLAN);
	return SIM_OK;
}

enum sim_code sim_set_vlan(struct sim_adapter *adapter, struct sim_call *call)
{
	WRITE_ONCE(adapter->vlan_required, true);
	return SIM_OK;
}

enum sim_code sim_reset_vlan(struct sim_adapter *adapter,
			     struct sim_call *call)
{
	WRITE_ONCE(adapter->vlan_required, false);
	return SIM_OK;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Commands for the adapter itself: the SBA and the event queue, which are
 * memory of the driver, and the identity of the adapter. Under
 * adapter->command.
 */
#include <linux/dma-direct.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>

#include "sim.h"

/* The driver's memory at a DMA address, or NULL if there is none. */
void *sim_memory(struct sim_adapter *adapter, u64 address, u32 len)
{
	phys_addr_t phys, at;

	if (address > U64_MAX - len)
		return NULL;
	phys = dma_to_phys(&adapter->dev, address);
	for (at = phys; at < phys + len; at += PAGE_SIZE)
		if (!pfn_valid(PHYS_PFN(at)))
			return NULL;
	return phys_to_virt(phys);
}

/* --- the SBA -------------------------------------------------------------- */

/*
 * On return, nobody writes into the SBA, and nobody uses what was dropped
 * before this call.
 */
void sim_sba_drop(struct sim_adapter *adapter)
{
	lockdep_assert_held(&adapter->command);
	RCU_INIT_POINTER(adapter->sba, NULL);
	adapter->sba_address = 0;
	synchronize_rcu();
}

enum sim_code sim_reg_sba(struct sim_adapter *adapter, struct sim_call *call)
{
	const struct ism_reg_sba *request = call->request;
	u64 address = be64_to_cpu(request->sba);
	struct ism_sba *sba;

	if (rcu_access_pointer(adapter->sba))
		return SIM_SBA_PRESENT;
	if (!IS_ALIGNED(address, SZ_4K))
		return SIM_BAD_ADDRESS;
	sba = sim_memory(adapter, address, sizeof(*sba));
	if (!sba)
		return SIM_BAD_ADDRESS;
	adapter->sba_address = address;
	rcu_assign_pointer(adapter->sba, sba);
	return SIM_OK;
}

enum sim_code sim_unreg_sba(struct sim_adapter *adapter,
			    struct sim_call *call)
{
	if (!rcu_access_pointer(adapter->sba))
		return SIM_SBA_MISSING;
	if (adapter->dmb_count)
		return SIM_SBA_NEEDED;
	sim_sba_drop(adapter);
	return SIM_OK;
}

/* --- the event queue ------------------------------------------------------ */

void sim_ieq_drop(struct sim_adapter *adapter)
{
	spin_lock(&adapter->event_lock);
	adapter->ieq = NULL;
	adapter->ieq_address = 0;
	spin_unlock(&adapter->event_lock);
}

static void ieq_start(struct sim_adapter *adapter, struct ism_ieq *ieq,
		      u64 address)
{
	spin_lock(&adapter->event_lock);
	ieq->idx = 0;
	ieq->ieq_len = cpu_to_be64(sizeof(*ieq));
	ieq->entry_len = cpu_to_be64(sizeof(ieq->entry[0]));
	adapter->ieq = ieq;
	adapter->ieq_address = address;
	adapter->ieq_last = 0;
	adapter->ieq_pending = 0;
	spin_unlock(&adapter->event_lock);
}

enum sim_code sim_reg_ieq(struct sim_adapter *adapter, struct sim_call *call)
{
	const struct ism_reg_ieq *request = call->request;
	u64 address = be64_to_cpu(request->ieq);
	struct ism_ieq *ieq;

	if (adapter->ieq)
		return SIM_IEQ_PRESENT;
	if (be64_to_cpu(request->len) != sizeof(*ieq))
		return SIM_MALFORMED;
	if (!IS_ALIGNED(address, SZ_4K))
		return SIM_BAD_ADDRESS;
	ieq = sim_memory(adapter, address, sizeof(*ieq));
	if (!ieq)
		return SIM_BAD_ADDRESS;
	ieq_start(adapter, ieq, address);
	return SIM_OK;
}

enum sim_code sim_unreg_ieq(struct sim_adapter *adapter,
			    struct sim_call *call)
{
	if (!adapter->ieq)
		return SIM_IEQ_MISSING;
	sim_ieq_drop(adapter);
	return SIM_OK;
}

/* --- identity ------------------------------------------------------------- */

enum sim_code sim_read_gid(struct sim_adapter *adapter, struct sim_call *call)
{
	struct ism_read_gid *answer = call->response;

	answer->gid = cpu_to_be64(adapter->gid);
	return SIM_OK;
}

static void list_vlans(const struct sim_adapter *adapter, __be16 *list)
{
	unsigned int vlan, count = 0;

	for_each_set_bit(vlan, adapter->vlans, SIM_VLAN_IDS)
		list[count++] = cpu_to_be16(vlan);
}

enum sim_code sim_query_info(struct sim_adapter *adapter,
			     struct sim_call *call)
{
	struct ism_query_info *info = call->response;

	info->version = cpu_to_be32(sim_has_v2(adapter) ? 2 : 1);
	info->max_len = cpu_to_be32(ISM_DMB_LEN_MAX);
	info->state = cpu_to_be64(SIM_INFO_STATE);
	info->gid = cpu_to_be64(adapter->gid);
	info->sba = cpu_to_be64(adapter->sba_address);
	info->ieq = cpu_to_be64(adapter->ieq_address);
	info->ieq_len = cpu_to_be32(adapter->ieq ? sizeof(*adapter->ieq) : 0);
	info->dmbs_owned = cpu_to_be32(adapter->dmb_count);
	info->dmbs_used = cpu_to_be32(sim_dmbs_used(adapter));
	info->vlan_required = cpu_to_be32(adapter->vlan_required);
	info->vlan_count = cpu_to_be32(adapter->vlan_count);
	list_vlans(adapter, info->vlan);
	return SIM_OK;
}

enum sim_code sim_query_rgid(struct sim_adapter *adapter,
			     struct sim_call *call)
{
	const struct ism_query_rgid *request = call->request;
	u32 vlan_valid = be32_to_cpu(request->vlan_valid);

	if (vlan_valid > 1)
		return SIM_MALFORMED;
	return sim_reachable(adapter, be64_to_cpu(request->rgid), vlan_valid,
			     be32_to_cpu(request->vlan));
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Event queues: filling them, and the command that sends an event to a peer.
 *
 * The adapter does not know how far the driver has read. It only knows that the
 * driver clears the event flag before it reads everything, so it counts what it
 * has written since it saw the flag clear. One entry stays free, so that an
 * unchanged index always means that there is nothing new.
 */
#include <linux/ktime.h>

#include "sim.h"

#define IEQ_ROOM	(ISM_IEQ_ENTRIES - 1)

static void write_entry(struct sim_adapter *adapter, struct ism_ieq *ieq,
			const struct sim_event *event)
{
	u32 at = adapter->ieq_last % ISM_IEQ_ENTRIES;
	struct ism_event *entry = &ieq->entry[at];

	WRITE_ONCE(entry->type, cpu_to_be32(event->type));
	WRITE_ONCE(entry->code, cpu_to_be32(event->code));
	WRITE_ONCE(entry->tok, cpu_to_be64(event->tok));
	WRITE_ONCE(entry->time, cpu_to_be64(ktime_get_real_ns()));
	WRITE_ONCE(entry->info, cpu_to_be64(event->info));
	adapter->ieq_last = at + 1;
	/* The entry before the index; pairs with the driver's read barrier. */
	smp_store_release(&ieq->idx, cpu_to_be64(adapter->ieq_last));
}

static void post(struct sim_adapter *adapter, struct ism_sba *sba,
		 const struct sim_event *event, bool trigger)
{
	lockdep_assert_held(&adapter->event_lock);
	if (!sim_sba_test(sba, 0, ISM_SBA_EVENT))
		adapter->ieq_pending = 0;
	if (adapter->ieq_pending < IEQ_ROOM) {
		write_entry(adapter, adapter->ieq, event);
		adapter->ieq_pending++;
		atomic64_inc(&adapter->stats.events);
	} else {
		atomic64_inc(&adapter->stats.events_dropped);
	}
	sim_sba_test_and_set(sba, 0, ISM_SBA_EVENT);
	/* Without an interrupt, the event waits for the next one. */
	if (trigger && !sim_sba_test_and_set(sba, 0, ISM_SBA_SUMMARY))
		sim_interrupt_raise(adapter);
}

enum sim_code sim_event_post(struct sim_adapter *adapter,
			     const struct sim_event *event, bool trigger)
{
	enum sim_code code = SIM_OK;
	struct ism_sba *sba;

	spin_lock(&adapter->event_lock);
	rcu_read_lock();
	sba = rcu_dereference(adapter->sba);
	if (sba && adapter->ieq)
		post(adapter, sba, event, trigger);
	else
		code = SIM_PEER_DEAF;
	rcu_read_unlock();
	spin_unlock(&adapter->event_lock);
	return code;
}

void sim_event_post_gid(u16 chid, u64 gid, const struct sim_event *event)
{
	struct sim_adapter *adapter;

	spin_lock(&sim_fabric_lock);
	adapter = sim_adapter_find(chid, gid);
	if (adapter)
		sim_event_post(adapter, event, true);
	spin_unlock(&sim_fabric_lock);
}

void sim_event_post_fabric(u16 chid, const struct sim_event *event)
{
	struct sim_adapter *adapter;

	spin_lock(&sim_fabric_lock);
	list_for_each_entry(adapter, &sim_adapters, entry)
		if (adapter->hw.chid == chid)
			sim_event_post(adapter, event, true);
	spin_unlock(&sim_fabric_lock);
}

enum sim_code sim_signal_ieq(struct sim_adapter *adapter,
			     struct sim_call *call)
{
	const struct ism_signal_ieq *request = call->request;
	u32 trigger = be32_to_cpu(request->trigger_irq);
	const struct sim_event event = {
		.type = ISM_EVENT_SWR,
		.code = be32_to_cpu(request->event_code),
		.tok = adapter->gid,
		.info = be64_to_cpu(request->info),
	};
	struct sim_adapter *peer;
	enum sim_code code;

	if (trigger > 1)
		return SIM_MALFORMED;
	spin_lock(&sim_fabric_lock);
	peer = sim_adapter_find(adapter->hw.chid, be64_to_cpu(request->rgid));
	code = peer ? sim_event_post(peer, &event, trigger) :
		      SIM_UNREACHABLE;
	spin_unlock(&sim_fabric_lock);
	return code;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Interrupts of an adapter: bits and masks of the system block area, entries of
 * the event queue. They are handled in a tasklet, under sba_lock: a signal is
 * as urgent as a packet, and a threaded handler would only be woken to wake
 * another thread.
 *
 * The adapter writes both blocks while they are read here. It numbers bits from
 * the left; the kernel's little-endian bit operations, which are the same on
 * all machines, count from the right within a byte.
 */
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/bottom_half.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/find.h>
#include <linux/interrupt.h>

#include "ism.h"

/* Bit numbers in the SBA, for little-endian bit operations. */
#define ISM_BIT_SUMMARY	7
#define ISM_BIT_EVENT	6
/* The bits of DMBs fill whole bytes. */
#define ISM_BIT_FIRST	(offsetof(struct ism_sba, bits) * 8 + ISM_INDEX_FIRST)
#define ISM_BIT_END	(offsetof(struct ism_sba, bits) * 8 + ISM_INDEX_END)

/* Signals per run of the tasklet, so that others get the CPU and sba_lock. */
#define ISM_SIGNALS_MAX	64

static unsigned long ism_bit_of_index(u32 index)
{
	return (offsetof(struct ism_sba, bits) * 8 + index) ^ 7;
}

static u32 ism_index_of_bit(unsigned long bit)
{
	return (bit ^ 7) - offsetof(struct ism_sba, bits) * 8;
}

/* xchg() of a plain u16, as some implementations do arithmetic on the value. */
static u16 ism_take_mask(struct ism_adapter *adapter, u32 index)
{
	u16 *word = (__force u16 *)&adapter->sba->masks[index];

	return be16_to_cpu((__force __be16)xchg(word, 0));
}

/* Drops signals that are pending for the index. */
void ism_forget_signals(struct ism_adapter *adapter, u32 index)
{
	lockdep_assert_held(&adapter->sba_lock);
	test_and_clear_bit_le(ism_bit_of_index(index), adapter->sba);
	ism_take_mask(adapter, index);
}

static void ism_handle_signal(struct ism_adapter *adapter, u32 index)
{
	lockdep_assert_held(&adapter->sba_lock);
	dibs_dev_signal(adapter->dev, index, adapter->generations[index],
			ism_take_mask(adapter, index));
}

/*
 * Continues where the last run stopped, so that no DMB starves. Returns false
 * if there may be more: the limit was reached, or earlier bits have not been
 * checked again.
 */
static bool ism_handle_signals(struct ism_adapter *adapter)
{
	unsigned long begin = adapter->next_bit ? : ISM_BIT_FIRST, bit = begin;
	unsigned int count = 0;

	lockdep_assert_held(&adapter->sba_lock);
	while (count < ISM_SIGNALS_MAX &&
	       (bit = find_next_bit_le(adapter->sba, ISM_BIT_END, bit)) <
	       ISM_BIT_END) {
		if (test_and_clear_bit_le(bit, adapter->sba))
			ism_handle_signal(adapter, ism_index_of_bit(bit));
		bit++;
		count++;
	}
	adapter->next_bit = bit < ISM_BIT_END ? bit : ISM_BIT_FIRST;
	return begin == ISM_BIT_FIRST && bit >= ISM_BIT_END;
}

static u32 ism_event_subtype(u32 type, u32 code)
{
	if (type == ISM_EVENT_SWR)
		return code;
	if (type == ISM_EVENT_DEV && code == ISM_EVENT_DEV_ERROR)
		return DIBS_EVENT_DEV_ERROR;
	if (type == ISM_EVENT_DEV && code == ISM_EVENT_DEV_DISABLED)
		return DIBS_EVENT_DEV_DISABLED;
	if (type == ISM_EVENT_BUF && code == ISM_EVENT_BUF_UNREGISTERED)
		return DIBS_EVENT_BUF_UNREGISTERED;
	return DIBS_EVENT_UNKNOWN;
}

/* The adapter may report its own failure. */
static void ism_heed_event(struct ism_adapter *adapter,
			   const struct dibs_event *event)
{
	if (event->type != DIBS_EVENT_DEV ||
	    dibs_gid_to_u64(&event->gid) != adapter->gid)
		return;
	if (event->subtype == DIBS_EVENT_DEV_ERROR)
		ism_dead(adapter, "is in error state");
	else if (event->subtype == DIBS_EVENT_DEV_DISABLED)
		ism_dead(adapter, "was disabled");
}

static void ism_handle_event(struct ism_adapter *adapter,
			     const struct ism_event *entry)
{
	u32 type = be32_to_cpu(entry->type), code = be32_to_cpu(entry->code);
	u64 tok = be64_to_cpu(entry->tok);
	struct dibs_event event = {
		.subtype = ism_event_subtype(type, code),
		.time = be64_to_cpu(entry->time),
		.data = type == ISM_EVENT_SWR ? be64_to_cpu(entry->info) : code,
	};

	switch (type) {
	case ISM_EVENT_BUF:
		event.type = DIBS_EVENT_BUF;
		event.token = tok;
		break;
	case ISM_EVENT_DEV:
		event.type = DIBS_EVENT_DEV;
		event.gid = dibs_gid_from_u64(tok);
		break;
	case ISM_EVENT_SWR:
		event.type = DIBS_EVENT_SW;
		event.gid = dibs_gid_from_u64(tok);
		break;
	default:
		event.type = DIBS_EVENT_OTHER;
		break;
	}
	dibs_event(adapter->dev, &event);
	ism_heed_event(adapter, &event);
}

/*
 * Handles all entries up to the adapter's idx. Entries that the adapter
 * overwrote before they were read are lost without notice.
 */
static void ism_handle_events(struct ism_adapter *adapter)
{
	u64 idx = be64_to_cpu(READ_ONCE(adapter->ieq->idx));

	lockdep_assert_held(&adapter->sba_lock);
	if (idx > ISM_IEQ_ENTRIES || (!idx && adapter->event_idx)) {
		ism_dead(adapter, "has an invalid event queue index");
		return;
	}
	/* Pairs with the adapter, which writes an entry before idx. */
	dma_rmb();
	while (adapter->event_idx != idx) {
		struct ism_event entry;

		adapter->event_idx = adapter->event_idx % ISM_IEQ_ENTRIES + 1;
		memcpy(&entry, &adapter->ieq->entry[adapter->event_idx - 1],
		       sizeof(entry));
		ism_handle_event(adapter, &entry);
	}
}

static void ism_interrupt(struct tasklet_struct *tasklet)
{
	struct ism_adapter *adapter = from_tasklet(adapter, tasklet,
						   interrupt_tasklet);

	spin_lock(&adapter->sba_lock);
	if (adapter->live && !READ_ONCE(adapter->dead)) {
		/* Bits that are set from here on interrupt again. */
		test_and_clear_bit_le(ISM_BIT_SUMMARY, adapter->sba);
		if (!ism_handle_signals(adapter))
			tasklet_schedule(tasklet);
		if (test_and_clear_bit_le(ISM_BIT_EVENT, adapter->sba))
			ism_handle_events(adapter);
	}
	spin_unlock(&adapter->sba_lock);
}

void ism_interrupt_init(struct ism_adapter *adapter)
{
	spin_lock_init(&adapter->sba_lock);
	tasklet_setup(&adapter->interrupt_tasklet, ism_interrupt);
}

void ism_adapter_interrupt(struct ism_adapter *adapter)
{
	tasklet_schedule(&adapter->interrupt_tasklet);
}
EXPORT_SYMBOL_GPL(ism_adapter_interrupt);

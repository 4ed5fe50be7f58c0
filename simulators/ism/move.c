// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Moves, and the signal that may end one: the data path. Any context except
 * hard interrupts; no locks, see sim.h.
 */
#include <linux/align.h>
#include <linux/bitfield.h>
#include <linux/rcupdate.h>

#include "sim.h"

/* Stores up to this size are made word by word. */
#define WORDWISE_MAX	64

/* --- signals -------------------------------------------------------------- */

static void add_to_mask(__be16 *mask, u16 bits)
{
	u16 *word = (__force u16 *)mask;
	u16 more = (__force u16)cpu_to_be16(bits);
	u16 old = READ_ONCE(*word), was;

	/* Stored even if nothing changes: the cmpxchg orders earlier bytes. */
	while ((was = cmpxchg(word, old, old | more)) != old)
		old = was;
}

/*
 * Sets the mask, then the bit, then the summary; each is a full barrier or is
 * followed by one. Pairs with the driver, which clears them in reverse order.
 */
void sim_signal(struct sim_adapter *owner, u32 index, u16 mask)
{
	unsigned int byte = offsetof(struct ism_sba, bits) +
			    index / BITS_PER_BYTE;
	struct ism_sba *sba;

	rcu_read_lock();
	sba = rcu_dereference(owner->sba);
	if (sba) {
		add_to_mask(&sba->masks[index], mask);
		sim_sba_set(sba, byte, 0x80 >> index % BITS_PER_BYTE);
		if (!sim_sba_test_and_set(sba, 0, ISM_SBA_SUMMARY))
			sim_interrupt_raise(owner);
	}
	rcu_read_unlock();
}

/* --- bytes ---------------------------------------------------------------- */

static bool is_aligned(u64 value, u32 len)
{
	return IS_ALIGNED(value, len < sizeof(u64) ? len : sizeof(u64));
}

/* Are address, length and alignment valid for a store? */
static bool move_is_valid(u64 address, const void *data, u32 len)
{
	u32 offset = FIELD_GET(ISM_MOVE_OFFSET, address);

	if ((u32)address & ~(u32)(ISM_MOVE_IDX | ISM_MOVE_SIGNAL |
				  ISM_MOVE_OFFSET))
		return false;
	if (len != 1 && len != 2 && len != 4 && (!len || len % sizeof(u64)))
		return false;
	if (!is_aligned(offset, len) ||
	    !IS_ALIGNED((uintptr_t)data, sizeof(u64)))
		return false;
	return len <= ISM_MOVE_MAX - offset % ISM_MOVE_MAX;
}

/*
 * Words of short stores are written with one access each, so that no reader
 * sees half of one. Nobody reads the bytes of longer stores before a signal.
 */
static void copy(u8 *to, const void *from, u32 len)
{
	u32 i;

	if (len > WORDWISE_MAX) {
		memcpy(to, from, len);
		return;
	}

	switch (len) {
	case 1:
		WRITE_ONCE(*to, *(u8 *)from);
		break;
	case 2:
		WRITE_ONCE(*(u16 *)to, *(u16 *)from);
		break;
	case 4:
		WRITE_ONCE(*(u32 *)to, *(u32 *)from);
		break;
	default:
		for (i = 0; i < len; i += sizeof(u64))
			WRITE_ONCE(*(u64 *)(to + i), *(u64 *)(from + i));
	}
}

static enum sim_code may_move(const struct sim_adapter *mover,
			      const struct sim_dmb *dmb, u32 offset, u32 len)
{
	if (dmb->owner->hw.chid != mover->hw.chid)
		return SIM_UNKNOWN_TOKEN;
	if (dmb->rgid != mover->gid)
		return SIM_NOT_DEDICATED;
	if (!sim_vlan_fits(mover, dmb->owner, dmb->vlan_valid, dmb->vlan))
		return SIM_VLAN_MISMATCH;
	if (offset > dmb->len || len > dmb->len - offset)
		return SIM_OUTSIDE;
	return SIM_OK;
}

static bool sim_move_fails(struct sim_adapter *mover)
{
	/* Pairs with the release in fail_moves_store(). */
	if (likely(!atomic_read_acquire(&mover->fail_moves)))
		return false;
	return atomic_dec_if_positive(&mover->spare_moves) < 0 &&
	       atomic_dec_if_positive(&mover->fail_moves) >= 0;
}

/* The DMB stays registered until its signal is set. */
static enum sim_code move_into(struct sim_adapter *mover, struct sim_dmb *dmb,
			       u64 address, const void *data, u32 len)
{
	u32 offset = FIELD_GET(ISM_MOVE_OFFSET, address);
	enum sim_code code = may_move(mover, dmb, offset, len);

	if (code)
		return code;
	if (!READ_ONCE(dmb->used))
		WRITE_ONCE(dmb->used, true);
	copy(dmb->memory + offset, data, len);
	if (address & ISM_MOVE_SIGNAL) {
		unsigned int idx = FIELD_GET(ISM_MOVE_IDX, address);

		sim_signal(dmb->owner, dmb->index, dibs_signal_mask(idx));
		atomic64_inc(&mover->stats.signals);
	}
	return SIM_OK;
}

static enum sim_code move(struct sim_adapter *mover, u64 address,
			  const void *data, u32 len)
{
	enum sim_code code;
	struct sim_dmb *dmb;

	if (READ_ONCE(mover->state) != SIM_STATE_OK)
		return SIM_DEAD;
	if (sim_move_fails(mover))
		return SIM_INJECTED;
	if (!move_is_valid(address, data, len))
		return SIM_BAD_MOVE;
	rcu_read_lock();
	dmb = sim_dmb_get(sim_token_number(address));
	if (dmb) {
		code = move_into(mover, dmb, address, data, len);
		sim_dmb_put(dmb);
	} else {
		code = SIM_UNKNOWN_TOKEN;
	}
	rcu_read_unlock();
	return code;
}

int sim_move(struct ism_hardware *hw, u64 address, const void *data, u32 len)
{
	struct sim_adapter *mover = sim_of_hw(hw);
	enum sim_code code = move(mover, address, data, len);

	if (code) {
		sim_refuse(mover, code);
		return READ_ONCE(mover->state) == SIM_STATE_GONE ? -ENODEV :
								   -EIO;
	}
	atomic64_inc(&mover->stats.moves);
	atomic64_add(len, &mover->stats.bytes);
	return 0;
}

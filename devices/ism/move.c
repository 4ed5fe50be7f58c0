// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Moves: bytes stored into the peer's DMB, the last store with the signal. Any
 * context but hard interrupts.
 *
 * Whether the adapter takes blocks of any length and alignment is not known, so
 * it gets what every PCI function of IBM Z takes: 1, 2, 4 or 8 bytes at a
 * multiple of their number, or multiples of 8 bytes.
 *
 * A store of nothing is none of these, and signals nothing. A signal without bytes
 * therefore stores once more what was stored last, which is in place still: only
 * this adapter writes there, and all who have attached the DMB by it share what is
 * known of that, and write one after the other (peer->lock). Before anything was
 * stored it is zeroes at the end of the DMB: who attaches one again that has bytes
 * there moves something before it only signals.
 */
#include <linux/bitfield.h>
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "ism.h"

/* Bytes that are not aligned in memory are copied in pieces of that many. */
#define ISM_BOUNCE	256

/* A peer's DMB. */
struct ism_peer {
	unsigned int users;	/* attachments; adapter->peers_lock */
	spinlock_t lock;	/* guards what follows, and the order of stores */
	u32 last_offset;	/* the end of what was stored last: */
	u32 last_len;		/* 0: nothing was, yet */
	u64 last;
};

static struct ism_peer *ism_peer_add(struct ism_adapter *adapter,
				     unsigned long key)
{
	struct ism_peer *peer = kzalloc(sizeof(*peer), ISM_GFP);
	int err;

	lockdep_assert_held(&adapter->peers_lock);
	if (!peer)
		return ERR_PTR(-ENOMEM);
	spin_lock_init(&peer->lock);
	err = xa_insert(&adapter->peers, key, peer, ISM_GFP);
	if (err) {
		kfree(peer);
		return ERR_PTR(err);
	}
	return peer;
}

static unsigned long ism_peer_key(const struct dibs_attachment *att)
{
	/* An xarray's key has as many bits as a pointer; this one has 36. */
	BUILD_BUG_ON(BITS_PER_LONG < 64);
	return FIELD_GET(ISM_MOVE_TOKEN, dibs_attachment_token(att));
}

int ism_op_attach_dmb(struct dibs_dev *dev, struct dibs_attachment *att)
{
	struct ism_adapter *adapter = dibs_dev_priv(dev);
	unsigned long key = ism_peer_key(att);
	struct ism_peer *peer;

	/* It would be taken for an offset, or a signal. */
	if (!key || dibs_attachment_token(att) & ~ISM_MOVE_TOKEN)
		return -ENOENT;
	mutex_lock(&adapter->peers_lock);
	peer = xa_load(&adapter->peers, key);
	if (!peer)
		peer = ism_peer_add(adapter, key);
	if (!IS_ERR(peer))
		peer->users++;
	mutex_unlock(&adapter->peers_lock);
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	dibs_attachment_set_dev_priv(att, peer);
	return 0;
}

void ism_op_detach_dmb(struct dibs_dev *dev, struct dibs_attachment *att)
{
	struct ism_adapter *adapter = dibs_dev_priv(dev);
	struct ism_peer *peer = dibs_attachment_dev_priv(att);

	mutex_lock(&adapter->peers_lock);
	if (!--peer->users) {
		xa_erase(&adapter->peers, ism_peer_key(att));
		kfree(peer);
	}
	mutex_unlock(&adapter->peers_lock);
}

/* How many of @size bytes at @offset can be stored at once? */
static u32 ism_piece(u32 offset, u32 size)
{
	if (offset % 8)
		return min(offset & -offset, rounddown_pow_of_two(size));
	if (size < 8)
		return rounddown_pow_of_two(size);
	return min(round_down(size, 8), ISM_MOVE_MAX - offset % ISM_MOVE_MAX);
}

static void ism_remember(struct ism_peer *peer, u32 offset, const void *data,
			 u32 len)
{
	peer->last_len = min_t(u32, len, sizeof(peer->last));
	peer->last_offset = offset + len - peer->last_len;
	memcpy(&peer->last, data + len - peer->last_len, peer->last_len);
}

/* One store. Holding peer->lock. */
static int ism_store(struct ism_adapter *adapter,
		     const struct dibs_attachment *att, unsigned int idx,
		     bool signal, u32 offset, const void *data, u32 len)
{
	u64 address = ism_move_address(dibs_attachment_token(att), idx, signal,
				       offset);
	struct ism_hardware *hw = adapter->hw;
	u64 bounce[ISM_BOUNCE / sizeof(u64)];

	if (READ_ONCE(adapter->dead))
		return -ENODEV;
	if (!IS_ALIGNED((unsigned long)data, min_t(u32, len, 8))) {
		memcpy(bounce, data, len);
		data = bounce;
	}
	return hw->ops->move(hw, address, data, len);
}

static int ism_move_piece(struct ism_adapter *adapter,
			  struct dibs_attachment *att, unsigned int idx,
			  bool signal, u32 offset, const void *data, u32 len)
{
	struct ism_peer *peer = dibs_attachment_dev_priv(att);
	int err;

	spin_lock_bh(&peer->lock);
	err = ism_store(adapter, att, idx, signal, offset, data, len);
	if (!err)
		ism_remember(peer, offset, data, len);
	spin_unlock_bh(&peer->lock);
	return err;
}

/*
 * Before the first move it is the end of the DMB, which is empty: an owner does
 * not write into the last 8 bytes of its own DMB. Holding peer->lock.
 */
static int ism_signal_first(struct ism_adapter *adapter,
			    struct dibs_attachment *att, unsigned int idx)
{
	static const u64 nothing;
	u32 end = dibs_attachment_len(att);
	/* As ism_piece() would have it. */
	u32 len = min_t(u32, rounddown_pow_of_two(end), sizeof(nothing));

	return ism_store(adapter, att, idx, true, round_down(end, len) - len,
			 &nothing, len);
}

static int ism_signal(struct ism_adapter *adapter, struct dibs_attachment *att,
		      unsigned int idx)
{
	struct ism_peer *peer = dibs_attachment_dev_priv(att);
	int err;

	spin_lock_bh(&peer->lock);
	if (peer->last_len)
		err = ism_store(adapter, att, idx, true, peer->last_offset,
				&peer->last, peer->last_len);
	else
		err = ism_signal_first(adapter, att, idx);
	spin_unlock_bh(&peer->lock);
	return err;
}

/*
 * An adapter that is gone is dead. One that refuses may not know the token, or is
 * dead and does not say so: that is found out.
 */
static int ism_move_error(struct ism_adapter *adapter, int err)
{
	if (err == -ENODEV) {
		ism_dead(adapter, "takes no bytes");
		return err;
	}
	queue_work(system_long_wq, &adapter->check_work);
	return -ESTALE;
}

int ism_op_move_data(struct dibs_dev *dev, struct dibs_attachment *att,
		     unsigned int idx, bool signal, u32 offset,
		     const void *data, u32 size)
{
	struct ism_adapter *adapter = dibs_dev_priv(dev);
	int err = 0;

	if (!size && signal)
		err = ism_signal(adapter, att, idx);
	while (size && !err) {
		u32 len = ism_piece(offset, size);

		if (!IS_ALIGNED((unsigned long)data, 8))
			len = min_t(u32, len, ISM_BOUNCE);
		err = ism_move_piece(adapter, att, idx, signal && len == size,
				     offset, data, len);
		offset += len;
		data += len;
		size -= len;
	}
	return err ? ism_move_error(adapter, err) : 0;
}

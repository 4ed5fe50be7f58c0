// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Moves: stores into the peer's DMB, the last of which carries the signal. Any
 * context except hard interrupts.
 *
 * Whether the adapter accepts blocks of any length and alignment is not known,
 * so only stores are used that every PCI function of IBM Z accepts: 1, 2, 4 or
 * 8 bytes at a multiple of their length, or a multiple of 8 bytes at a multiple
 * of 8.
 *
 * A store of no bytes does not exist, so it cannot signal. A signal without
 * bytes therefore stores one byte where the client says that nobody looks.
 */
#include <linux/bitfield.h>
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "ism.h"

/* Size of the buffer for source bytes that are not aligned. */
#define ISM_BOUNCE	256

/* A peer's DMB that is attached through this adapter. */
struct ism_peer {
	unsigned int users;	/* attachments; adapter->peers_lock */
	const void *user;	/* of all of them; see ism_op_attach_dmb() */
};

static struct ism_peer *ism_peer_add(struct ism_adapter *adapter,
				     unsigned long key)
{
	struct ism_peer *peer = kzalloc(sizeof(*peer), ISM_GFP);
	int err;

	lockdep_assert_held(&adapter->peers_lock);
	if (!peer)
		return ERR_PTR(-ENOMEM);
	err = xa_insert(&adapter->peers, key, peer, ISM_GFP);
	if (err) {
		kfree(peer);
		return ERR_PTR(err);
	}
	return peer;
}

static unsigned long ism_peer_key(const struct dibs_attachment *att)
{
	/* A token has 36 bits, an xarray index as many as a long. */
	BUILD_BUG_ON(BITS_PER_LONG < 64);
	return FIELD_GET(ISM_MOVE_TOKEN, dibs_attachment_token(att));
}

/*
 * A peer can name any token, and the adapter accepts moves into all DMBs that
 * are dedicated to its GID. So while a DMB is attached, nobody else may attach
 * it: no other client, and no other network namespace.
 */
int ism_op_attach_dmb(struct dibs_dev *dev, struct dibs_attachment *att)
{
	struct ism_adapter *adapter = dibs_dev_priv(dev);
	unsigned long key = ism_peer_key(att);
	struct ism_peer *peer;

	/* Other bits would be taken for an offset or a signal. */
	if (!key || dibs_attachment_token(att) & ~ISM_MOVE_TOKEN)
		return -ENOENT;
	mutex_lock(&adapter->peers_lock);
	peer = xa_load(&adapter->peers, key);
	if (!peer)
		peer = ism_peer_add(adapter, key);
	if (!IS_ERR(peer)) {
		if (!peer->users)
			peer->user = dibs_attachment_user(att);
		if (peer->user == dibs_attachment_user(att))
			peer->users++;
		else
			peer = ERR_PTR(-EBUSY);
	}
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

/* How many of @size bytes at @offset can one store take? */
static u32 ism_piece(u32 offset, u32 size)
{
	if (offset % 8)
		return min(offset & -offset, rounddown_pow_of_two(size));
	if (size < 8)
		return rounddown_pow_of_two(size);
	return min(round_down(size, 8), ISM_MOVE_MAX - offset % ISM_MOVE_MAX);
}

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
	if (!IS_ALIGNED((unsigned long)data, 8)) {
		memcpy(bounce, data, len);
		data = bounce;
	}
	return hw->ops->move(hw, address, data, len);
}

static int ism_signal(struct ism_adapter *adapter, struct dibs_attachment *att,
		      unsigned int idx)
{
	static const u64 zero;

	return ism_store(adapter, att, idx, true, dibs_attachment_spare(att),
			 &zero, 1);
}

/*
 * -ENODEV means that the adapter is dead. After a refusal it may not know the
 * token, or may be dead without saying so: check_work finds out.
 */
static int ism_move_error(struct ism_adapter *adapter, int err)
{
	if (err == -ENODEV) {
		ism_dead(adapter, "does not accept moves");
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

	if (!size && signal) {
		if (!dibs_attachment_spare(att))
			return -EOPNOTSUPP;
		err = ism_signal(adapter, att, idx);
	}
	while (size && !err) {
		u32 len = ism_piece(offset, size);

		if (!IS_ALIGNED((unsigned long)data, 8))
			len = min_t(u32, len, ISM_BOUNCE);
		err = ism_store(adapter, att, idx, signal && len == size,
				offset, data, len);
		offset += len;
		data += len;
		size -= len;
	}
	return err ? ism_move_error(adapter, err) : 0;
}

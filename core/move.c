// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The data path: writing into a peer's DMB, and reading one's own. It takes no
 * lock and writes no cache line that another connection writes.
 *
 * User memory can fault, and a fault may never finish (FUSE). A move is an RCU
 * read-side section, so it accesses user memory with page faults disabled;
 * missing pages are faulted in outside, and then the copy continues.
 */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/uio.h>

#include "core.h"
#include "trace.h"
#include "../compat/iter.h"

/* How much to copy before cond_resched(). */
#define DIBS_PIECE	SZ_64K

/* Up to this size, moves bounce through the stack instead of a page. */
#define DIBS_BOUNCE_SMALL	256

static int dibs_move_reject(struct dibs_ctx *ctx, int counter, int err)
{
	dibs_stats_inc(ctx, counter);
	trace_dibs_reject(ctx, counter, err);
	return err;
}

/* Is the attachment alive, and its target, if it is on this kernel? */
int dibs_move_check(struct dibs_attachment *att)
{
	if (unlikely(!dibs_published(&att->publish_state)))
		return -ENODEV;
	if (unlikely(att->target &&
		     !dibs_published(&att->target->publish_state)))
		return dibs_move_reject(att->ctx, DIBS_A_COUNTER_REJECT_STALE,
					-ESTALE);
	return 0;
}

/* Are the arguments of a move valid? */
static inline int dibs_move_possible(struct dibs_attachment *att,
				     unsigned int idx, u32 offset, u32 size)
{
	if (unlikely(idx >= DIBS_SIGNAL_BITS))
		return dibs_move_reject(att->ctx, DIBS_A_COUNTER_REJECT_MASK,
					-EINVAL);
	if (unlikely(!dibs_in_range(att->len, offset, size)))
		return dibs_move_reject(att->ctx, DIBS_A_COUNTER_REJECT_RANGE,
					-ERANGE);
	return 0;
}

/*
 * May the move be made now? The check and the move are in one RCU read-side
 * section, in which nothing sleeps: removal of the device and loss of the right
 * wait for moves that did not see them.
 */
static inline int dibs_move_allowed(struct dibs_attachment *att)
{
	struct dibs_ctx *ctx = att->ctx;

	/* Pairs with dibs_ctx_cut() and dibs_binding_stop(). */
	if (unlikely(READ_ONCE(ctx->cut) || !READ_ONCE(ctx->binding->live)))
		return -ENODEV;
	return dibs_move_check(att);
}

/* Calls the driver, within the RCU read-side section of a move. */
static inline int dibs_move_op(struct dibs_attachment *att, unsigned int idx,
			       bool signal, u32 offset, const void *data,
			       u32 size)
{
	struct dibs_dev *dev = dibs_ctx_dev(att->ctx);
	int err;

	err = dev->ops->move_data(dev, att, idx, signal, offset, data, size);
	trace_dibs_move(att, offset, size, signal, err);
	if (unlikely(err)) {
		dibs_stats_inc(att->ctx, DIBS_A_COUNTER_MOVE_ERRORS);
		return err;
	}
	if (size) {
		dibs_stats_inc(att->ctx, DIBS_A_COUNTER_MOVES);
		dibs_stats_add(att->ctx, DIBS_A_COUNTER_MOVE_BYTES, size);
	}
	return 0;
}

int dibs_move_data(struct dibs_attachment *att, unsigned int idx, bool signal,
		   u32 offset, const void *data, u32 size)
{
	int err;

	err = dibs_move_possible(att, idx, offset, size);
	if (unlikely(err))
		return err;
	rcu_read_lock();
	err = dibs_move_allowed(att);
	if (likely(!err))
		err = dibs_move_op(att, idx, signal, offset, data, size);
	rcu_read_unlock();
	return err;
}
EXPORT_SYMBOL_GPL(dibs_move_data);

/*
 * Copies as far as the DMB has memory; the range has been checked. Returns the
 * number of bytes copied, 0 if a page is missing, or -errno.
 */
static ssize_t dibs_move_piece_present(struct dibs_attachment *att, u32 offset,
				       struct iov_iter *from, u32 size)
{
	int err;

	rcu_read_lock();
	err = dibs_move_allowed(att);
	if (!err)
		size = dibs_memory_write_iter(&att->target->memory, offset,
					      from, size);
	rcu_read_unlock();
	return err ? err : (ssize_t)size;
}

/*
 * Copies a piece into mapped memory. Returns the number of bytes copied, 0 if
 * user memory has to be faulted in, or -errno.
 */
static ssize_t dibs_move_piece_mapped(struct dibs_attachment *att, u32 offset,
				      struct iov_iter *from, u32 size)
{
	struct dibs_memory *mem = &att->target->memory;
	ssize_t n = dibs_move_piece_present(att, offset, from, size);
	int err;

	if (likely(n))
		return n;
	/* Once the owner has unregistered the DMB, charge it nothing. */
	err = dibs_move_check(att);
	if (err)
		return err;
	err = dibs_memory_populate(mem, offset, size, DIBS_GFP);
	if (err)
		size = dibs_memory_populated(mem, offset, size);
	return size ? dibs_move_piece_present(att, offset, from, size) : err;
}

/* A move of no bytes: only checks. 0 or -errno. */
static int dibs_move_nothing(struct dibs_attachment *att)
{
	int err;

	rcu_read_lock();
	err = dibs_move_allowed(att);
	rcu_read_unlock();
	return err;
}

static ssize_t dibs_move_iter_mapped(struct dibs_attachment *att, u32 offset,
				     struct iov_iter *from, u32 size)
{
	u32 done = 0;
	ssize_t n;

	while (done < size) {
		/* Pieces end where runs of pages end. */
		u32 piece = min_t(u32, size - done,
				  DIBS_PIECE - (offset + done) % DIBS_PIECE);

		n = dibs_move_piece_mapped(att, offset + done, from, piece);
		if (n < 0)
			return done ? : n;
		done += n;
		piece -= n;
		if (piece && fault_in_iov_iter_readable(from, piece) == piece)
			return done ? (ssize_t)done : -EFAULT;
		cond_resched();
	}
	return done;
}

/*
 * Moves by way of a bounce buffer of @bounce_len bytes. No piece crosses a page
 * of the DMB. The last piece carries the signal, which clears *@signal; if the
 * copy ends early, *@signal is left alone.
 */
static ssize_t dibs_move_iter_through(void *bounce, u32 bounce_len,
				      struct dibs_attachment *att,
				      unsigned int idx, bool *signal,
				      u32 offset, struct iov_iter *from,
				      u32 size)
{
	u32 done = 0;
	ssize_t err = -EFAULT;

	while (done < size) {
		u32 piece = min3(size - done, bounce_len,
				 (u32)(PAGE_SIZE -
				       offset_in_page(offset + done)));
		size_t n = copy_from_iter(bounce, piece, from);
		bool last = done + n == size;

		if (!n)
			break;
		err = dibs_move_data(att, idx, *signal && last, offset + done,
				     bounce, n);
		if (err) {
			iov_iter_revert(from, n);
			break;
		}
		if (last)
			*signal = false;
		done += n;
		err = -EFAULT;
		cond_resched();
	}
	return done ? : err;
}

/* For devices that do not map. */
static ssize_t dibs_move_iter_bounced(struct dibs_attachment *att,
				      unsigned int idx, bool *signal,
				      u32 offset, struct iov_iter *from,
				      u32 size)
{
	u64 small[DIBS_BOUNCE_SMALL / sizeof(u64)];
	ssize_t done;
	void *page;

	if (size <= sizeof(small))
		return dibs_move_iter_through(small, sizeof(small), att, idx,
					      signal, offset, from, size);
	page = (void *)__get_free_page(DIBS_GFP);
	if (!page)
		return -ENOMEM;
	done = dibs_move_iter_through(page, PAGE_SIZE, att, idx, signal,
				      offset, from, size);
	free_page((unsigned long)page);
	return done;
}

ssize_t dibs_move_iter(struct dibs_attachment *att, unsigned int idx,
		       bool signal, u32 offset, struct iov_iter *from,
		       u32 size)
{
	ssize_t done;
	int err;

	might_sleep();
	/* Reject bad arguments before anything is written. */
	err = dibs_move_possible(att, idx, offset, size);
	if (err)
		return err;
	if (size > iov_iter_count(from))
		return -EINVAL;

	if (!size)
		done = dibs_move_nothing(att);
	else if (att->mapped)
		done = dibs_move_iter_mapped(att, offset, from, size);
	else
		done = dibs_move_iter_bounced(att, idx, &signal, offset, from,
					      size);
	if (done < 0)
		return done;
	if (att->mapped && done) {
		dibs_stats_inc(att->ctx, DIBS_A_COUNTER_MOVES);
		dibs_stats_add(att->ctx, DIBS_A_COUNTER_MOVE_BYTES, done);
		trace_dibs_move(att, offset, done, false, 0);
	}
	if (signal && (done || !size)) {
		err = dibs_move_data(att, idx, true, offset, NULL, 0);
		/* Ignored if bytes were moved and the owner is gone. */
		if (err && !(done && (err == -ENODEV || err == -ESTALE)))
			return err;
	}
	return done;
}
EXPORT_SYMBOL_GPL(dibs_move_iter);

ssize_t dibs_dmb_read_iter(struct dibs_dmb *dmb, u32 offset,
			   struct iov_iter *to, u32 size)
{
	u32 done = 0;

	might_sleep();
	if (!dibs_in_range(dmb->memory.len, offset, size))
		return -ERANGE;
	if (!dibs_iter_is_atomic(to))
		return -EOPNOTSUPP;
	size = min_t(size_t, size, iov_iter_count(to));
	while (done < size) {
		u32 piece = min_t(u32, size - done, DIBS_PIECE);
		u32 n = dibs_memory_read_iter(&dmb->memory, offset + done, to,
					      piece);

		done += n;
		piece -= n;
		if (piece && fault_in_iov_iter_writeable(to, piece) == piece)
			return done ? (ssize_t)done : -EFAULT;
		cond_resched();
	}
	return done;
}
EXPORT_SYMBOL_GPL(dibs_dmb_read_iter);

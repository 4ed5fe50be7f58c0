// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Signals: from a peer that moved data to the callback of the DMB's owner. The
 * whole state is one word, dmb->signal:
 *
 *	bits 0-15  pending mask
 *	RUNNING    a caller is delivering what is pending
 *	DEAD       the DMB is being unregistered
 *
 * The caller that sets RUNNING delivers until nothing is pending. Therefore
 * callbacks of one DMB never overlap, later signals merge and none is lost.
 * Callbacks that would nest too deeply or go on for too long are left to a work
 * item, which takes over RUNNING.
 */
#include <linux/bottom_half.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/wait_bit.h>

#include "core.h"
#include "trace.h"

/* Nested callbacks on one CPU; each takes up to about 1 KiB of stack. */
#define DIBS_SIGNAL_DEPTH	4
/* Consecutive callbacks of one DMB before others get a chance. */
#define DIBS_SIGNAL_ROUNDS	16

static DEFINE_PER_CPU(unsigned int, dibs_signal_depth);

/* Clears RUNNING and all that is pending. */
static void dibs_signal_done(struct dibs_dmb *dmb)
{
	int old = atomic_fetch_andnot(DIBS_SIGNAL_RUNNING | 0xffff,
				      &dmb->signal);

	/* Pairs with the wait in dibs_dmb_signal_stop(). */
	if (old & DIBS_SIGNAL_DEAD)
		wake_up_var(&dmb->signal);
}

static void dibs_signal_callback(struct dibs_dmb *dmb, u16 mask)
{
	struct dibs_binding *binding = dmb->ctx->binding;

	/* Pairs with dibs_binding_stop() and its synchronize_rcu(). */
	if (!READ_ONCE(binding->live))
		return;
	trace_dibs_signal(dmb, mask);
	dibs_stats_inc(dmb->ctx, DIBS_A_COUNTER_SIGNALS);
	binding->client->ops->handle_signal(dmb, mask);
}

/* True: nothing is pending any more. False: the caller still owns RUNNING. */
static bool dibs_signal_deliver(struct dibs_dmb *dmb)
{
	int rounds, old;

	for (rounds = 0; rounds < DIBS_SIGNAL_ROUNDS; rounds++) {
		old = atomic_fetch_andnot(0xffff, &dmb->signal);
		if (old & DIBS_SIGNAL_DEAD) {
			dibs_signal_done(dmb);
			return true;
		}
		dibs_signal_callback(dmb, old & 0xffff);
		if (atomic_cmpxchg(&dmb->signal, DIBS_SIGNAL_RUNNING, 0) ==
		    DIBS_SIGNAL_RUNNING)
			return true;
	}
	return false;
}

static void dibs_signal_defer(struct dibs_dmb *dmb)
{
	/* Unregistered and about to be freed: drop the signal. */
	if (!refcount_inc_not_zero(&dmb->refs)) {
		dibs_signal_done(dmb);
		return;
	}
	dibs_stats_inc(dmb->ctx, DIBS_A_COUNTER_SIGNALS_DEFERRED);
	queue_work(dibs_wq, &dmb->work);
}

void dibs_dmb_signal_work(struct work_struct *work)
{
	struct dibs_dmb *dmb = container_of(work, struct dibs_dmb, work);
	bool done;

	local_bh_disable();
	rcu_read_lock();
	__this_cpu_inc(dibs_signal_depth);
	done = dibs_signal_deliver(dmb);
	__this_cpu_dec(dibs_signal_depth);
	rcu_read_unlock();
	local_bh_enable();
	/* Requeue, so that the work of other DMBs comes first. */
	if (done)
		dibs_dmb_put(dmb);
	else
		queue_work(dibs_wq, work);
}

/* Under RCU. The DMB may be unregistered and its memory gone. */
static void dibs_dmb_signal_rcu(struct dibs_dmb *dmb, u16 mask)
{
	int old;

	old = atomic_fetch_or(mask | DIBS_SIGNAL_RUNNING, &dmb->signal);
	if (old & DIBS_SIGNAL_RUNNING) {
		dibs_stats_inc(dmb->ctx, DIBS_A_COUNTER_SIGNALS_MERGED);
		return;
	}
	if (unlikely(old & DIBS_SIGNAL_DEAD)) {
		dibs_stats_inc(dmb->ctx, DIBS_A_COUNTER_SIGNALS_STALE);
		dibs_signal_done(dmb);
		return;
	}
	if (__this_cpu_inc_return(dibs_signal_depth) > DIBS_SIGNAL_DEPTH ||
	    !dibs_signal_deliver(dmb))
		dibs_signal_defer(dmb);
	__this_cpu_dec(dibs_signal_depth);
}

void dibs_dmb_signal(struct dibs_dmb *dmb, u16 mask)
{
	if (unlikely(!mask))
		return;
	local_bh_disable();
	rcu_read_lock();
	dibs_dmb_signal_rcu(dmb, mask);
	rcu_read_unlock();
	local_bh_enable();
}
EXPORT_SYMBOL_GPL(dibs_dmb_signal);

void dibs_dev_signal(struct dibs_dev *dev, u32 index, u32 generation,
		     u16 mask)
{
	struct dibs_dmb *dmb;

	if (unlikely(!mask))
		return;
	local_bh_disable();
	rcu_read_lock();
	dmb = xa_load(&dev->dmbs, index);
	if (dmb && dmb->generation == generation)
		dibs_dmb_signal_rcu(dmb, mask);
	else if (dmb)
		dibs_stats_inc(dmb->ctx, DIBS_A_COUNTER_SIGNALS_STALE);
	rcu_read_unlock();
	local_bh_enable();
}
EXPORT_SYMBOL_GPL(dibs_dev_signal);

/* On return, no callback runs or will run for the DMB. */
void dibs_dmb_signal_stop(struct dibs_dmb *dmb)
{
	might_sleep();
	atomic_or(DIBS_SIGNAL_DEAD, &dmb->signal);
	/*
	 * Pairs with dibs_signal_done(). A caller that is delivering and has
	 * not seen DEAD ends with a cmpxchg, which DEAD makes fail, so it loops
	 * once more and sees it.
	 */
	wait_var_event(&dmb->signal, !(atomic_read(&dmb->signal) &
				       DIBS_SIGNAL_RUNNING));
}

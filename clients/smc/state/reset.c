// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Resets a connection, now or from its work, and provides the workqueue that
 * runs the work of every socket (socket/dispatch.c). Called from all floors
 * above when a connection cannot continue.
 */
#include <linux/workqueue.h>
#include <net/tcp.h>

#include "state/smc.h"

struct workqueue_struct *smc_wq;

/*
 * Runs the work as soon as possible, even if it is pending with a delay. Mostly
 * it is idle, and then queue_delayed_work() is cheaper. Any context.
 */
void smc_work_queue(struct smc_sock *smc)
{
	if (!queue_delayed_work(smc_wq, &smc->work, 0))
		mod_delayed_work(smc_wq, &smc->work, 0);
}

/*
 * Ends the connection with @err, like a reset from the peer. Bytes that have
 * arrived can still be read. Process context, socket not locked.
 */
void smc_reset(struct smc_sock *smc, int err)
{
	if (inet_sk_state_load(smc->sk) != TCP_CLOSE)
		tcp_abort(smc->sk, err);
}

/* The same, from the work. The first error is kept. Any context. */
void smc_reset_later(struct smc_sock *smc, int err)
{
	if (!cmpxchg(&smc->reset_err, 0, err))
		smc_work_queue(smc);
}

/*
 * A per-CPU workqueue: each run is short and never waits for the peer, and the
 * event that it handles mostly occurred on the same CPU.
 */
int smc_work_start(void)
{
	smc_wq = alloc_workqueue("dibs_smc", 0, 0);
	return smc_wq ? 0 : -ENOMEM;
}

void smc_work_stop(void)
{
	destroy_workqueue(smc_wq);
}

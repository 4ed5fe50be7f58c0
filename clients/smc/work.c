// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * What happens to a socket outside of its program's calls: steps of a
 * handshake, a listener's new connections, a reset, the end of a connection
 * that nobody accepted. Each socket has one work item, so these never run at
 * once for one socket; all sockets' run in parallel.
 */
#include <linux/module.h>
#include <linux/workqueue.h>

#include "conn.h"
#include "handshake.h"
#include "smc.h"

struct workqueue_struct *smc_wq;

/* Any context. Most often the work is idle, for which there is a cheaper way. */
void smc_kick(struct dibs_smc *smc)
{
	if (!queue_delayed_work(smc_wq, &smc->work, 0))
		mod_delayed_work(smc_wq, &smc->work, 0);
}

/*
 * Ends the connection with an error, as a reset from the peer does. Bytes that
 * are there can still be read. Process context, socket not locked.
 */
void smc_reset(struct dibs_smc *smc, int err)
{
	if (inet_sk_state_load(smc->sk) != TCP_CLOSE)
		tcp_abort(smc->sk, err);
}

/* The same, soon. Any context; the first error counts. */
void smc_doom(struct dibs_smc *smc, int err)
{
	if (!cmpxchg(&smc->doom, 0, err))
		smc_kick(smc);
}

/* Nobody accepted the connection, and TCP is done with it. */
static void smc_work_bury(struct dibs_smc *smc)
{
	struct sock *sk = smc->sk;
	struct smc_conn *conn = rcu_dereference_raw(smc->conn);

	if (conn) {
		smc_conn_close(conn, true);
		smc_conn_free(conn);
	}
	/* By the DMB's last signals, which only kick. */
	cancel_delayed_work(&smc->work);
	dibs_smc_free(smc);
	sock_put(sk);
	module_put(THIS_MODULE);
}

/* What the data path left for later. */
static void smc_work_data(struct dibs_smc *smc)
{
	if (READ_ONCE(smc->uncork)) {
		WRITE_ONCE(smc->uncork, false);
		smc_uncork_later(smc);
	}
	if (READ_ONCE(smc->nudge)) {
		WRITE_ONCE(smc->nudge, false);
		smc_conn_wake_writers(smc->sk);
	}
}

void smc_work(struct work_struct *work)
{
	struct dibs_smc *smc = container_of(to_delayed_work(work),
					    struct dibs_smc, work);
	struct smc_listener *listener;
	struct smc_handshake *hs;
	int doom;

	if (READ_ONCE(smc->orphan)) {
		smc_work_bury(smc);
		return;
	}
	/* The sock is its listener's; accept() kicks again. */
	if (READ_ONCE(smc->queued))
		return;
	/* Whoever takes one of these away cancels the work before it frees it. */
	listener = rcu_dereference_raw(smc->listener);
	if (listener)
		smc_listener_work(smc, listener);
	smc_work_data(smc);
	/* Pairs with the release in smc_handshake_begin(), by dependency. */
	hs = READ_ONCE(smc->handshake);
	/* Pairs with the cmpxchg in smc_doom(). */
	doom = READ_ONCE(smc->doom);
	if (hs)
		smc_handshake_step(hs);
	else if (doom)
		smc_reset(smc, doom);
}

/*
 * Bound to processors: steps are short and never wait, and what they wait for
 * is mostly done on the same one.
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

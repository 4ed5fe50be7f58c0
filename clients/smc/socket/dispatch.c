// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * A socket's work item. It does what happens outside of the program's calls:
 * handshake steps, a listener's new connections, a reset, freeing a connection
 * that nobody accepted. As each socket has exactly one item, these never run
 * concurrently for one socket; those of different sockets do. Process context,
 * in smc_wq; queued by smc_work_queue().
 */
#include <linux/module.h>
#include <linux/workqueue.h>

#include "conn/conn.h"
#include "handshake/handshake.h"
#include "handshake/listen.h"
#include "socket/socket.h"
#include "state/smc.h"

/* Frees what TCP left to the work, see smc_ulp_release(). */
static void smc_dispatch_orphan(struct smc_sock *smc)
{
	struct sock *sk = smc->sk;
	struct smc_conn *conn = rcu_dereference_raw(smc->conn);

	if (conn) {
		smc_conn_close(conn, true);
		smc_conn_free(conn);
	}
	/* The DMB's last signals may have queued it again, for nothing. */
	cancel_delayed_work(&smc->work);
	smc_sock_free(smc);
	sock_put(sk);
	module_put(THIS_MODULE);
}

/* Does what the data path deferred to the work. */
static void smc_dispatch_data(struct smc_sock *smc)
{
	if (READ_ONCE(smc->uncork)) {
		WRITE_ONCE(smc->uncork, false);
		smc_uncork_later(smc);
	}
	if (READ_ONCE(smc->wake_writers)) {
		WRITE_ONCE(smc->wake_writers, false);
		smc_tx_retry_memory(smc);
	}
}

void smc_dispatch(struct work_struct *work)
{
	struct smc_sock *smc = container_of(to_delayed_work(work),
					    struct smc_sock, work);
	struct smc_listener *listener;
	struct smc_handshake *hs;
	int err;

	if (READ_ONCE(smc->orphan)) {
		smc_dispatch_orphan(smc);
		return;
	}
	/* In a listener's accept queue; accept() queues the work again. */
	if (READ_ONCE(smc->queued))
		return;
	/*
	 * Stopping a listener or a handshake cancels this work before it frees
	 * the object, so both are valid below.
	 */
	listener = rcu_dereference_raw(smc->listener);
	if (listener)
		smc_listener_work(smc, listener);
	smc_dispatch_data(smc);
	/* By address dependency, pairs with smc_handshake_begin()'s release. */
	hs = READ_ONCE(smc->handshake);
	/* Pairs with the cmpxchg in smc_reset_later(). */
	err = READ_ONCE(smc->reset_err);
	if (hs)
		smc_handshake_step(hs);
	else if (err)
		smc_reset(smc, err);
}

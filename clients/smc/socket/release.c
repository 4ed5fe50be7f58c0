// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * close(). Process context, no lock held.
 */
#include <linux/module.h>

#include "conn/conn.h"
#include "handshake/handshake.h"
#include "handshake/listen.h"
#include "socket/socket.h"
#include "state/smc.h"

/*
 * Does this close() lose bytes? If so, TCP resets the connection. A TCP
 * connection that is closed although we have not announced the end of our
 * stream was reset, and sends may have failed: an orderly end would be a lie.
 */
static bool smc_release_aborts(const struct smc_sock *smc,
			       const struct smc_conn *conn)
{
	const struct sock *sk = smc->sk;

	if (inet_sk_state_load(sk) == TCP_CLOSE &&
	    !(READ_ONCE(conn->flags.state) & SMC_CDC_DONE_WRITING))
		return true;
	return smc_rx_waiting(conn) ||
	       (sock_flag(sk, SOCK_LINGER) && !sk->sk_lingertime);
}

/* The DMB tells the peer before TCP does. */
static void smc_release_conn(struct smc_sock *smc, struct smc_conn *conn)
{
	bool abort = smc_release_aborts(smc, conn);

	smc_conn_close(conn, abort);
	/* If telling it failed, a FIN must not look like an orderly end. */
	if (!abort && !READ_ONCE(smc->reset_err))
		return;
	sock_set_flag(smc->sk, SOCK_LINGER);
	smc->sk->sk_lingertime = 0;
}

/* The last reference to the file is gone: no other operation is running. */
int smc_release(struct socket *sock)
{
	struct sock *sk = sock->sk;
	const struct proto_ops *tcp;
	struct smc_conn *conn;
	struct smc_sock *smc;

	/* The new socket of an accept() that got no connection. */
	if (!sk)
		return 0;
	smc = smc_sk(sk);
	tcp = smc_sock_tcp(smc);
	smc_listener_stop(smc);
	smc_handshake_stop(smc);
	if (sk->sk_state != TCP_LISTEN)
		WRITE_ONCE(tcp_sk(sk)->smc_hs_congested, NULL);
	conn = smc_conn_take(smc);
	if (conn)
		smc_release_conn(smc, conn);
	smc_sock_detach(smc);
	if (conn)
		smc_conn_free(conn);
	cancel_delayed_work_sync(&smc->work);
	smc_sock_free(smc);
	/* Not the last one: the socket's operations still hold a reference. */
	module_put(THIS_MODULE);
	return tcp->release(sock);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * accept(): TCP hands out a connection. Usually its handshake was run by the
 * listener's work (handshake/listen.c), so it is decided who carries it.
 * Process context, no lock held.
 */
#include <linux/module.h>
#include <net/tcp.h>

#include "handshake/handshake.h"
#include "handshake/listen.h"
#include "socket/socket.h"
#include "state/smc.h"

/* Makes a socket of a connection whose handshake is over. */
static void smc_accept_ready(struct smc_sock *smc, struct socket *sock)
{
	smc_carrier_set_ops(smc, sock);
	WRITE_ONCE(smc->queued, false);
	/* Pairs with cmpxchg() in smc_reset_later(). */
	smp_mb();
	if (READ_ONCE(smc->reset_err))
		smc_work_queue(smc);
}

/*
 * Another layer, such as a sockmap, has the connection: makes a TCP socket of
 * it, which this module does not know from here on.
 */
static void smc_accept_taken(struct smc_sock *listener, struct socket *sock)
{
	const struct proto_ops *tcp = smc_sock_tcp(listener);

	__module_get(tcp->owner);
	WRITE_ONCE(sock->ops, tcp);
	/* Not the last one: the listener's file holds a reference. */
	module_put(THIS_MODULE);
	smc_carrier_count(listener->stats, sock->sk, SMC_ROLE_SERVER,
			  DIBS_SMC_REASON_OTHER_LAYER);
}

/*
 * Makes a socket of a connection that the listener's work has not seen: it runs
 * the handshake now if the client asked for SMC, else the connection is TCP's.
 */
static void smc_accept_plain(struct smc_sock *smc, struct smc_sock *listener,
			     struct socket *sock)
{
	struct sock *sk = sock->sk;
	bool wanted = smc_tcp_wants_smc(sk);
	bool attached;
	u32 reason;

	__module_get(THIS_MODULE);
	lock_sock(sk);
	attached = smc_sock_attach(smc, sk);
	release_sock(sk);
	smc_listener_wake(listener, !wanted);
	if (!attached) {
		module_put(THIS_MODULE);
		smc_sock_free(smc);
		smc_accept_taken(listener, sock);
		return;
	}
	if (wanted) {
		if (smc_handshake_start_server(smc, NULL, NULL))
			/* The client waits for an answer that cannot come. */
			smc_reset(smc, ECONNRESET);
		return;
	}
	reason = smc_handshake_reason(listener);
	smc_carrier_fallback(smc, SMC_ROLE_SERVER,
			     reason ? : DIBS_SMC_REASON_PEER_NO_SMC);
}

/*
 * The state of the new socket is allocated before TCP takes a connection off
 * its queue, because the connection could not be put back.
 */
int smc_accept(struct socket *sock, struct socket *newsock,
	       struct proto_accept_arg *arg)
{
	struct smc_sock *listener = smc_sk(sock->sk);
	struct smc_sock *smc;
	int err;

	smc = smc_sock_alloc(smc_sock_family(listener));
	if (!smc)
		return -ENOMEM;
	smc_listener_sort(listener);
	err = dibs_ops_accept(smc_sock_tcp(listener), sock, newsock, arg);
	if (err) {
		smc_sock_free(smc);
		return err;
	}
	if (smc_sk(newsock->sk)) {
		smc_sock_free(smc);
		smc_accept_ready(smc_sk(newsock->sk), newsock);
	} else {
		smc_accept_plain(smc, listener, newsock);
	}
	return 0;
}

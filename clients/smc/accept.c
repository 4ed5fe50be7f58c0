// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * accept(): TCP hands out a connection, mostly one that has gone through a
 * listener's work, see listen.c, and knows who carries it.
 */
#include <linux/module.h>
#include <net/tcp.h>

#include "handshake.h"
#include "smc.h"

/* A connection whose handshake is over. */
static void smc_adopt(struct dibs_smc *smc, struct socket *sock)
{
	smc_carrier_show(smc, sock);
	WRITE_ONCE(smc->queued, false);
	/* Pairs with cmpxchg() in smc_doom(). */
	smp_mb();
	if (READ_ONCE(smc->doom))
		smc_kick(smc);
}

/* A connection that TCP handed out as it made it. */
static void smc_accept_plain(struct dibs_smc *smc, struct dibs_smc *listener,
			     struct socket *sock)
{
	struct sock *sk = sock->sk;
	bool wanted;
	u32 reason;

	__module_get(THIS_MODULE);
	lock_sock(sk);
	dibs_smc_attach(smc, sk);
	release_sock(sk);
	wanted = smc_tcp_wants_smc(sk);
	smc_listener_wake(listener, !wanted);
	if (wanted) {
		if (smc_handshake_start_server(smc, NULL, NULL))
			/* The client waits for an answer that cannot be. */
			smc_reset(smc, ECONNRESET);
		return;
	}
	reason = dibs_smc_reason(listener);
	dibs_smc_fallback(smc, DIBS_SMC_SERVER,
			  reason ? : DIBS_SMC_PEER_NO_SMC);
}

/*
 * What the new socket needs is there before a connection is taken, which could
 * not be put back.
 */
int dibs_smc_accept(struct socket *sock, struct socket *newsock,
		    struct proto_accept_arg *arg)
{
	struct dibs_smc *listener = dibs_smc(sock->sk);
	struct dibs_smc *smc;
	int err;

	smc = dibs_smc_alloc(dibs_smc_family(listener));
	if (!smc)
		return -ENOMEM;
	smc_listener_sort(listener);
	err = dibs_ops_accept(dibs_smc_tcp(listener), sock, newsock, arg);
	if (err) {
		dibs_smc_free(smc);
		return err;
	}
	if (dibs_smc(newsock->sk)) {
		dibs_smc_free(smc);
		smc_adopt(dibs_smc(newsock->sk), newsock);
	} else {
		smc_accept_plain(smc, listener, newsock);
	}
	return 0;
}

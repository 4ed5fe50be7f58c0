// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The client's side of a connection's begin. TCP does it, also what concerns
 * blocking, signals and errors; then it is decided who carries the bytes.
 * Process context, no lock held.
 */
#include "smc.h"

/* Is there a connection, or one on its way? */
static bool dibs_smc_connecting(const struct sock *sk)
{
	int state = inet_sk_state_load(sk);

	return state != TCP_CLOSE && state != TCP_LISTEN;
}

static void dibs_smc_decide(struct sock *sk)
{
	struct dibs_smc *smc = dibs_smc(sk);

	if (dibs_smc_connecting(sk))
		dibs_smc_fallback(smc, DIBS_SMC_CLIENT, dibs_smc_reason(smc));
}

int dibs_smc_connect(struct socket *sock, struct sockaddr *addr, int len,
		     int flags)
{
	struct sock *sk = sock->sk;
	struct dibs_smc *smc = dibs_smc(sk);
	int err;

	/* An attempt that failed, or that AF_UNSPEC undid, is forgotten. */
	if (inet_sk_state_load(sk) == TCP_CLOSE)
		dibs_smc_start_anew(smc);
	err = dibs_smc_tcp(smc)->connect(sock, addr, len, flags);
	dibs_smc_decide(sk);
	return err;
}

/* Only of sockets that did not fall back. MSG_FASTOPEN connects, too. */
int dibs_smc_sendmsg(struct socket *sock, struct msghdr *msg, size_t len)
{
	struct sock *sk = sock->sk;
	struct dibs_smc *smc = dibs_smc(sk);
	bool fastopen = msg->msg_flags & MSG_FASTOPEN;
	int ret;

	ret = dibs_smc_tcp(smc)->sendmsg(sock, msg, len);
	if (fastopen && dibs_smc_connecting(sk))
		dibs_smc_fallback(smc, DIBS_SMC_CLIENT, DIBS_SMC_OPTION);
	return ret;
}

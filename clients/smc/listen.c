// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The server's side of a connection's begin. Listening and queueing are TCP's;
 * accept() makes an SMC socket of TCP's child. Process context, no lock held.
 */
#include <linux/module.h>

#include "smc.h"

/* The socket may have had a connection before, which is forgotten. */
int dibs_smc_listen(struct socket *sock, int backlog)
{
	struct dibs_smc *smc = dibs_smc(sock->sk);
	int err;

	err = dibs_smc_tcp(smc)->listen(sock, backlog);
	if (!err)
		dibs_smc_start_anew(smc);
	return err;
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

	smc = dibs_smc_alloc(listener->family);
	if (!smc)
		return -ENOMEM;
	err = dibs_ops_accept(dibs_smc_tcp(listener), sock, newsock, arg);
	if (err) {
		dibs_smc_free(smc);
		return err;
	}
	__module_get(THIS_MODULE);
	dibs_smc_attach(smc, newsock->sk);
	dibs_smc_fallback(smc, DIBS_SMC_SERVER, dibs_smc_reason(listener));
	return 0;
}

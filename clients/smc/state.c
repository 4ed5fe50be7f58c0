// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * A socket's own state, from socket() or accept() to close(). smc.h tells who
 * reaches it.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "smc.h"

struct dibs_smc *dibs_smc_alloc(const struct dibs_smc_family *family)
{
	struct dibs_smc *smc = kzalloc(sizeof(*smc), GFP_KERNEL_ACCOUNT);

	if (!smc)
		return NULL;
	smc->family = family;
	spin_lock_init(&smc->lock);
	INIT_HLIST_NODE(&smc->node);
	return smc;
}

/* Only before dibs_smc_attach(). */
void dibs_smc_free(struct dibs_smc *smc)
{
	kfree(smc);
}

/* The caller's reference to the module becomes the state's. */
void dibs_smc_attach(struct dibs_smc *smc, struct sock *sk)
{
	struct inet_connection_sock *icsk = inet_csk(sk);

	smc->sk = sk;
	rcu_assign_pointer(icsk->icsk_ulp_data, smc);
	/* The stack looks at the data only once there are operations. */
	smp_store_release(&icsk->icsk_ulp_ops, &dibs_smc_ulp);
	dibs_smc_table_add(smc);
}

/* Leaves the reference to the module to the caller. */
static void dibs_smc_detach(struct sock *sk)
{
	struct inet_connection_sock *icsk = inet_csk(sk);
	struct dibs_smc *smc = dibs_smc(sk);

	dibs_smc_table_del(smc);
	RCU_INIT_POINTER(icsk->icsk_ulp_data, NULL);
	kfree(smc);
}

/* The last reference to the file is gone: nobody else is in an operation. */
int dibs_smc_release(struct socket *sock)
{
	struct sock *sk = sock->sk;
	const struct proto_ops *tcp;

	/* accept() that ended without a connection */
	if (!sk)
		return 0;
	tcp = dibs_smc_tcp(dibs_smc(sk));
	dibs_smc_detach(sk);
	WRITE_ONCE(inet_csk(sk)->icsk_ulp_ops, NULL);
	/* The socket's own reference, of its operations, outlasts this. */
	module_put(THIS_MODULE);
	return tcp->release(sock);
}

/* A child is born, in softirq: it is TCP's until somebody accepts it. */
static void dibs_smc_clone(const struct request_sock *req, struct sock *child,
			   const gfp_t priority)
{
	struct inet_connection_sock *icsk = inet_csk(child);

	RCU_INIT_POINTER(icsk->icsk_ulp_data, NULL);
	icsk->icsk_ulp_ops = NULL;
}

/*
 * Nobody registers this: it only says whose the pointer is. release() is for
 * sockets whose creation failed after dibs_smc_attach(), say because a BPF
 * program forbids it; TCP then puts the module.
 */
const struct tcp_ulp_ops dibs_smc_ulp = {
	.name = "smc",
	.owner = THIS_MODULE,
	.clone = dibs_smc_clone,
	.release = dibs_smc_detach,
};

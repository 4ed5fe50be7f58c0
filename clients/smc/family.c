// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Ways to make a socket, and the tables of operations it gets. Process context.
 *
 *	socket(AF_INET, SOCK_STREAM, IPPROTO_SMC)	AF_INET6 alike
 *	socket(AF_SMC, SOCK_STREAM, 0 for AF_INET | 1 for AF_INET6)
 *
 * All end with a TCP sock in a struct socket that has our operations. What TCP
 * itself is made of is asked from a TCP socket, as not all of it is exported
 * and IPv6 may be absent.
 */
#include <linux/in.h>
#include <linux/module.h>

#include "smc.h"

static struct dibs_smc_family inet = { .family = PF_INET };
static struct dibs_smc_family inet6 = { .family = PF_INET6 };

const struct dibs_smc_family *dibs_smc_family_of(const struct sock *sk)
{
	return sk->sk_family == PF_INET6 ? &inet6 : &inet;
}

/*
 * inet_create() calls this in place of TCP's, for a sock that it took from
 * TCP's memory by our copy of TCP's struct proto. From here on it is TCP's
 * alone: an orphan must not need us. The reference to the module that
 * sk_alloc() took becomes the state's; on failure sk_free() puts it.
 */
static int dibs_smc_init_sock(struct sock *sk)
{
	const struct dibs_smc_family *family = dibs_smc_family_of(sk);
	struct dibs_smc *smc;
	int err;

	sk->sk_protocol = IPPROTO_TCP;
	sk->sk_prot = family->tcp_prot;
	err = sk->sk_prot->init(sk);
	if (err)
		return err;
	smc = dibs_smc_alloc(family);
	if (!smc)
		return -ENOMEM;
	sk->sk_prot_creator = family->tcp_prot;
	dibs_smc_attach(smc, sk);
	return 0;
}

static struct dibs_smc_family *family_by_protocol(int protocol)
{
	struct dibs_smc_family *family;

	switch (protocol) {
	case DIBS_SMCPROTO_INET:
		family = &inet;
		break;
	case DIBS_SMCPROTO_INET6:
		family = &inet6;
		break;
	default:
		return NULL;
	}
	return family->tcp ? family : NULL;
}

/* Moves the sock of a fresh socket into another and ends the first. */
static void dibs_smc_adopt(struct socket *sock, struct socket *from)
{
	struct sock *sk = from->sk;

	from->sk = NULL;
	sock->state = from->state;
	if (test_bit(SOCK_SUPPORT_ZC, &from->flags))
		set_bit(SOCK_SUPPORT_ZC, &sock->flags);
	sock_graft(sk, sock);
	sock_release(from);
}

/* socket(AF_SMC, ...) */
static int dibs_smc_create(struct net *net, struct socket *sock, int protocol,
			   int kern)
{
	struct dibs_smc_family *family = family_by_protocol(protocol);
	struct socket *tcp;
	struct dibs_smc *smc;
	int err;

	sock->state = SS_UNCONNECTED;
	if (sock->type != SOCK_STREAM)
		return -ESOCKTNOSUPPORT;
	if (!family)
		return -EPROTONOSUPPORT;
	smc = dibs_smc_alloc(family);
	if (!smc)
		return -ENOBUFS;
	err = __sock_create(net, family->family, SOCK_STREAM, IPPROTO_TCP,
			    &tcp, kern);
	if (err) {
		dibs_smc_free(smc);
		return err;
	}
	dibs_smc_adopt(sock, tcp);
	sock->ops = &family->open_ops;
	__module_get(THIS_MODULE);
	dibs_smc_attach(smc, sock->sk);
	return 0;
}

/*
 * TCP made an IPv6 connection to an IPv4-mapped address one of AF_INET, in
 * setsockopt(IPV6_ADDRFORM), and gave the socket its own table for that. A
 * connect() that falls back just then may have put ours for IPv6 there again.
 */
void dibs_smc_to_inet(struct dibs_smc *smc)
{
	struct socket *sock = smc->sk->sk_socket;

	spin_lock_bh(&smc->lock);
	if (smc->sk->sk_family == AF_INET) {
		bool tcp = smc->carrier == DIBS_SMC_TCP &&
			   !READ_ONCE(smc->late);

		WRITE_ONCE(smc->family, &inet);
		WRITE_ONCE(sock->ops, tcp ? &inet.tcp_ops : &inet.open_ops);
	}
	spin_unlock_bh(&smc->lock);
}

static const struct net_proto_family dibs_smc_af = {
	.family = PF_SMC,
	.create = dibs_smc_create,
	.owner = THIS_MODULE,
};

DIBS_ACCEPT_OP(accept_op, dibs_smc_accept)

/* What TCP does, except for how a connection begins and ends. */
static void dibs_smc_make_tables(struct dibs_smc_family *family)
{
	struct proto_ops *ops = &family->tcp_ops;

	*ops = *family->tcp;
	ops->owner = THIS_MODULE;
	ops->release = dibs_smc_release;
	ops->connect = dibs_smc_connect;
	ops->listen = dibs_smc_listen;
	ops->accept = accept_op;
	ops->setsockopt = dibs_smc_setsockopt;
	ops->getsockopt = dibs_smc_getsockopt;

	family->open_ops = *ops;
	smc_ops_set(&family->open_ops);

	family->prot = *family->tcp_prot;
	family->prot.owner = THIS_MODULE;
	family->prot.init = dibs_smc_init_sock;
	strscpy(family->prot.name, "SMC", sizeof(family->prot.name));

	family->protosw.type = SOCK_STREAM;
	family->protosw.protocol = IPPROTO_SMC;
	family->protosw.prot = &family->prot;
	family->protosw.ops = &family->open_ops;
	family->protosw.flags = INET_PROTOSW_ICSK;
}

static int dibs_smc_learn_tcp(struct dibs_smc_family *family)
{
	struct socket *sock;
	int err;

	err = sock_create_kern(&init_net, family->family, SOCK_STREAM,
			       IPPROTO_TCP, &sock);
	if (err)
		return err;
	family->tcp = sock->ops;
	family->tcp_prot = sock->sk->sk_prot;
	family->data_ready = sock->sk->sk_data_ready;
	family->state_change = sock->sk->sk_state_change;
	sock_release(sock);
	dibs_smc_make_tables(family);
	return 0;
}

static void dibs_smc_unregister(void)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (inet6.tcp)
		inet6_unregister_protosw(&inet6.protosw);
#endif
	inet_unregister_protosw(&inet.protosw);
}

/* AF_SMC comes first: it is what a second module of the kind fails at. */
int dibs_smc_families_start(void)
{
	int err;

	err = dibs_smc_learn_tcp(&inet);
	if (err)
		return err;
	err = dibs_smc_learn_tcp(&inet6);
	if (err && err != -EAFNOSUPPORT)
		return err;
	err = sock_register(&dibs_smc_af);
	if (err)
		return err;
	inet_register_protosw(&inet.protosw);
#if IS_ENABLED(CONFIG_IPV6)
	if (inet6.tcp) {
		err = inet6_register_protosw(&inet6.protosw);
		if (err)
			goto unregister_inet;
	}
#endif
	return 0;

#if IS_ENABLED(CONFIG_IPV6)
unregister_inet:
	inet_unregister_protosw(&inet.protosw);
	sock_unregister(PF_SMC);
	return err;
#endif
}

void dibs_smc_families_stop(void)
{
	dibs_smc_unregister();
	sock_unregister(PF_SMC);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Creates sockets, and builds the tables of operations they get. There are two
 * ways to create one:
 *
 *	socket(AF_INET, SOCK_STREAM, IPPROTO_SMC)	AF_INET6 alike
 *	socket(AF_SMC, SOCK_STREAM, 0 for AF_INET | 1 for AF_INET6)
 *
 * Both end with a TCP sock in a struct socket that has our operations. TCP's
 * own tables are taken from a TCP socket, as not all of them are exported and
 * IPv6 may be absent. Process context.
 */
#include <linux/in.h>
#include <linux/module.h>

#include "handshake/listen.h"
#include "socket/socket.h"
#include "state/smc.h"

/*
 * inet_create() calls this instead of TCP's init(), for a sock that it
 * allocated from TCP's cache through our copy of TCP's struct proto. From here
 * on the sock has TCP's struct proto, because as an orphan it must not need
 * this module. The module reference that sk_alloc() took passes to the
 * smc_sock; on failure sk_free() puts it.
 */
static int smc_family_init_sock(struct sock *sk)
{
	const struct smc_family *family = smc_family_of(sk);
	struct smc_sock *smc;
	int err;

	sk->sk_protocol = IPPROTO_TCP;
	sk->sk_prot = family->tcp_prot;
	err = sk->sk_prot->init(sk);
	if (err)
		return err;
	smc = smc_sock_alloc(family);
	if (!smc)
		return -ENOMEM;
	sk->sk_prot_creator = family->tcp_prot;
	/* Nobody else has seen @sk: always succeeds. */
	smc_sock_attach(smc, sk);
	return 0;
}

static struct smc_family *smc_family_by_protocol(int protocol)
{
	struct smc_family *family;

	switch (protocol) {
	case SMC_PROTO_INET:
		family = &smc_inet;
		break;
	case SMC_PROTO_INET6:
		family = &smc_inet6;
		break;
	default:
		return NULL;
	}
	return family->tcp ? family : NULL;
}

/* Moves the sock of the fresh socket @from into @sock and releases @from. */
static void smc_family_adopt(struct socket *sock, struct socket *from)
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
static int smc_family_create(struct net *net, struct socket *sock, int protocol,
			     int kern)
{
	struct smc_family *family = smc_family_by_protocol(protocol);
	struct socket *tcp;
	struct smc_sock *smc;
	int err;

	sock->state = SS_UNCONNECTED;
	if (sock->type != SOCK_STREAM)
		return -ESOCKTNOSUPPORT;
	if (!family)
		return -EPROTONOSUPPORT;
	smc = smc_sock_alloc(family);
	if (!smc)
		return -ENOBUFS;
	err = __sock_create(net, family->family, SOCK_STREAM, IPPROTO_TCP,
			    &tcp, kern);
	if (err) {
		smc_sock_free(smc);
		return err;
	}
	smc_family_adopt(sock, tcp);
	sock->ops = &family->open_ops;
	__module_get(THIS_MODULE);
	/* Nobody else has seen the sock: always succeeds. */
	smc_sock_attach(smc, sock->sk);
	return 0;
}

/*
 * setsockopt(IPV6_ADDRFORM) has turned an IPv6 connection to an IPv4-mapped
 * address into one of AF_INET, and TCP has given the socket its own AF_INET
 * table: puts ours there. A connect() that falls back at the same time may have
 * put our IPv6 table there again.
 */
void smc_family_to_inet(struct smc_sock *smc)
{
	struct socket *sock = smc->sk->sk_socket;

	spin_lock_bh(&smc->lock);
	if (smc->sk->sk_family == AF_INET) {
		bool tcp = smc->carrier == SMC_CARRIER_TCP &&
			   !READ_ONCE(smc->late);

		WRITE_ONCE(smc->family, &smc_inet);
		WRITE_ONCE(sock->ops, tcp ? &smc_inet.tcp_ops :
					    &smc_inet.open_ops);
	}
	spin_unlock_bh(&smc->lock);
}

static const struct net_proto_family smc_af = {
	.family = PF_SMC,
	.create = smc_family_create,
	.owner = THIS_MODULE,
};

DIBS_ACCEPT_OP(accept_op, smc_accept)

/* TCP's operations, except for those that begin or end a connection. */
static void smc_family_make_tables(struct smc_family *family)
{
	struct proto_ops *ops = &family->tcp_ops;

	*ops = *family->tcp;
	ops->owner = THIS_MODULE;
	ops->release = smc_release;
	ops->connect = smc_connect;
	ops->listen = smc_listen;
	ops->accept = accept_op;
	ops->setsockopt = smc_setsockopt;
	ops->getsockopt = smc_getsockopt;

	family->open_ops = *ops;
	smc_ops_set(&family->open_ops);

	family->ulp = &smc_ulp;
	family->work = smc_dispatch;
	family->prot = *family->tcp_prot;
	family->prot.owner = THIS_MODULE;
	family->prot.init = smc_family_init_sock;
	strscpy(family->prot.name, "SMC", sizeof(family->prot.name));

	family->protosw.type = SOCK_STREAM;
	family->protosw.protocol = IPPROTO_SMC;
	family->protosw.prot = &family->prot;
	family->protosw.ops = &family->open_ops;
	family->protosw.flags = INET_PROTOSW_ICSK;
}

static int smc_family_learn_tcp(struct smc_family *family)
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
	smc_family_make_tables(family);
	return 0;
}

static void smc_family_unregister(void)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (smc_inet6.tcp)
		inet6_unregister_protosw(&smc_inet6.protosw);
#endif
	inet_unregister_protosw(&smc_inet.protosw);
}

/* Registers AF_SMC first: that fails if another SMC module is loaded. */
int smc_families_start(void)
{
	int err;

	err = smc_family_learn_tcp(&smc_inet);
	if (err)
		return err;
	err = smc_family_learn_tcp(&smc_inet6);
	if (err && err != -EAFNOSUPPORT)
		return err;
	err = sock_register(&smc_af);
	if (err)
		return err;
	inet_register_protosw(&smc_inet.protosw);
#if IS_ENABLED(CONFIG_IPV6)
	if (smc_inet6.tcp) {
		err = inet6_register_protosw(&smc_inet6.protosw);
		if (err)
			goto unregister_inet;
	}
#endif
	return 0;

#if IS_ENABLED(CONFIG_IPV6)
unregister_inet:
	inet_unregister_protosw(&smc_inet.protosw);
	sock_unregister(PF_SMC);
	return err;
#endif
}

void smc_families_stop(void)
{
	smc_family_unregister();
	sock_unregister(PF_SMC);
}

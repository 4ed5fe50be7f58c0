/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * What the files of the SMC socket family share.
 *
 * An SMC socket *is* a TCP socket. struct socket and struct sock are TCP's own,
 * made by TCP, hashed by TCP, seen by ss(8) and by every hook that knows TCP.
 * Only two pointers in them are ours:
 *
 *	struct file -> struct socket --ops--> our table: TCP's, less what we do
 *	                     |
 *	               struct sock (TCP) --icsk_ulp_data--> struct dibs_smc
 *
 * So whatever is not about carrying bytes elsewhere is right without code: all
 * socket options, also those that net/core reads from the sock itself without
 * asking anybody (SO_ERROR, SO_RCVBUF after tuning, SO_ACCEPTCONN), wake-ups,
 * epoll, SIGIO, SIGURG, memory accounting, security labels, cgroups. Falling
 * back costs nothing: docs/decisions/ tells what else was weighed.
 *
 * Tables of operations. Each family (AF_INET, AF_INET6) has two; both pin this
 * module through struct proto_ops::owner, for as long as the file is open:
 *
 *	open	the socket may still be carried by something else than TCP
 *	tcp	it may not. Sending, receiving, polling are TCP's own functions
 *
 * A socket goes from the first to the second when it falls back, while other
 * threads may be in either; both are valid for it at any time.
 *
 * The state hangs at TCP's pointer for upper layers. TCP lets only one have it,
 * so that sockmap and kTLS, which would take the byte stream for themselves,
 * are refused by TCP and not by luck. TCP copies the pointer to the children of
 * a listener; dibs_smc_ulp.clone() takes it out again at once, so a child is a
 * plain TCP socket until accept() has made an SMC socket of it.
 *
 * Life of a struct dibs_smc
 *
 *	made by		socket(), accept(); holds a reference to this module
 *	reached from	icsk_ulp_data: by the socket's operations alone, which
 *			end before release() starts, as they hold the file
 *			the table of its namespace: by dumps, under its lock
 *	freed by	release(): out of the table, pointers cleared, freed; only
 *			then TCP's own release, which may leave an orphan that
 *			lives on for minutes and knows nothing of us
 *			a creation that fails late: TCP calls
 *			dibs_smc_ulp.release() as it destroys the socket
 *
 * Softirqs may be in clone() on a listener that is being released. They are in
 * an RCU read-side section; leaving the module waits for one (main.c).
 *
 * Locks
 *
 *	smc->lock	how the connection is carried and why
 *	bucket->lock	one chain of a namespace's table, and that no socket in
 *			it goes away. Outer to smc->lock and to sk_callback_lock
 *
 * Both are spinlocks of process context. Nothing here takes the socket lock.
 */
#ifndef _DIBS_SMC_H
#define _DIBS_SMC_H

#include <linux/net.h>
#include <linux/spinlock.h>
#include <net/inet_connection_sock.h>
#include <net/protocol.h>
#include <net/tcp.h>

#include "net.h"
#include "reason.h"

#ifndef IPPROTO_SMC
#define IPPROTO_SMC 256
#endif

/* The protocols of AF_SMC. */
#define DIBS_SMCPROTO_INET	0
#define DIBS_SMCPROTO_INET6	1

enum dibs_smc_carrier {
	DIBS_SMC_UNDECIDED,	/* not connected yet */
	DIBS_SMC_TCP,		/* fell back */
};

enum dibs_smc_role {
	DIBS_SMC_CLIENT,
	DIBS_SMC_SERVER,
	DIBS_SMC_ROLES
};

/* AF_INET or AF_INET6: what TCP does there and what we put in its place. */
struct dibs_smc_family {
	int family;
	bool registered;
	const struct proto_ops *tcp;
	struct proto *tcp_prot;
	struct proto_ops open_ops;
	struct proto_ops tcp_ops;
	struct proto prot;
	struct inet_protosw protosw;
};

struct dibs_smc {
	struct sock *sk;
	struct hlist_node node;		/* in the namespace's table */

	spinlock_t lock;		/* guards what follows; see fastopen */
	const struct dibs_smc_family *family;
	enum dibs_smc_carrier carrier;
	enum dibs_smc_role role;
	u32 reason;			/* for TCP as the carrier, else 0 */
	u32 peer_reason;		/* what the peer gave, or 0 */
	bool fastopen;			/* asked for; written without lock */
};

static inline struct dibs_smc *dibs_smc(const struct sock *sk)
{
	return rcu_access_pointer(inet_csk(sk)->icsk_ulp_data);
}

/* TCP's own operations for the socket. */
static inline const struct proto_ops *dibs_smc_tcp(const struct dibs_smc *smc)
{
	return READ_ONCE(smc->family)->tcp;
}

/* family.c: the tables, and what makes sockets */
void dibs_smc_to_inet(struct dibs_smc *smc);
int dibs_smc_families_start(void);
void dibs_smc_families_stop(void);

/* state.c: a socket's own state */
extern const struct tcp_ulp_ops dibs_smc_ulp;
struct dibs_smc *dibs_smc_alloc(const struct dibs_smc_family *family);
void dibs_smc_free(struct dibs_smc *smc);
void dibs_smc_attach(struct dibs_smc *smc, struct sock *sk);
int dibs_smc_release(struct socket *sock);

/* table.c: all sockets of a namespace */
struct dibs_smc_cursor {
	u32 bucket;
	u32 entry;
};

int dibs_smc_tables_start(void);
void dibs_smc_tables_stop(void);
void dibs_smc_table_add(struct dibs_smc *smc);
void dibs_smc_table_del(struct dibs_smc *smc);
int dibs_smc_table_walk(struct net *net, struct dibs_smc_cursor *cursor,
			int (*fn)(struct dibs_smc *smc, void *arg), void *arg);
void dibs_smc_count_fallback(struct net *net, enum dibs_smc_role role,
			     u32 reason);
u64 dibs_smc_fallbacks(struct net *net, enum dibs_smc_role role,
		       unsigned int index);

/* connect.c, listen.c, option.c: operations */
int dibs_smc_connect(struct socket *sock, struct sockaddr *addr, int len,
		     int flags);
int dibs_smc_sendmsg(struct socket *sock, struct msghdr *msg, size_t len);
int dibs_smc_listen(struct socket *sock, int backlog);
int dibs_smc_accept(struct socket *sock, struct socket *newsock,
		    struct proto_accept_arg *arg);
int dibs_smc_setsockopt(struct socket *sock, int level, int name,
			sockptr_t val, unsigned int len);
int dibs_smc_getsockopt(struct socket *sock, int level, int name,
			char __user *val, int __user *len);

/* fallback.c */
void dibs_smc_fallback(struct dibs_smc *smc, enum dibs_smc_role role,
		       u32 reason);
void dibs_smc_start_anew(struct dibs_smc *smc);
u32 dibs_smc_reason(const struct dibs_smc *smc);

/* diag.c, netlink.c */
int dibs_smc_diag_start(void);
void dibs_smc_diag_stop(void);
int dibs_smc_netlink_start(void);
void dibs_smc_netlink_stop(void);

#endif /* _DIBS_SMC_H */

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
 * Who carries the bytes (enum dibs_smc_carrier)
 *
 *	UNDECIDED --connect(), accept()--> AGREEING --> D, or TCP
 *	    ^                                              |
 *	    +------- connect(AF_UNSPEC), listen() ---------+
 *
 * While the ends agree, the TCP connection is there and nothing but the
 * handshake reads or writes it: our operations wait for the end of it, and
 * poll() says nothing.
 *
 * Life of a struct dibs_smc
 *
 *	made by		socket(), accept(); for connections that have not been
 *			accepted yet, by their listener's work (listen.c); holds
 *			a reference to this module
 *	reached from	icsk_ulp_data: by the socket's operations, which end
 *			before release() starts, as they hold the file; and by
 *			callbacks of the sock, in softirqs, under RCU
 *			the table of its namespace: by dumps, under its lock
 *			its work, cancelled before it goes
 *			its connection's DMB, given back before it goes
 *	freed by	release(): out of the table, pointers cleared, freed; only
 *			then TCP's own release, which may leave an orphan that
 *			lives on for minutes and knows nothing of us
 *			if TCP destroys the sock (a connection nobody accepted;
 *			a creation that fails late), it calls
 *			dibs_smc_ulp.release() in atomic context, which hands
 *			the rest to the work
 *
 * Softirqs may be in clone() or in a listener's callback while that is being
 * released. They are in an RCU read-side section; leaving the module waits for
 * one (main.c).
 *
 * Locks, outer first
 *
 *	smc->connect_lock mutex; starting and stopping a handshake; never taken
 *			by the work
 *	smc->tx_lock	mutex; sending, see conn.h
 *	smc->rx_lock	mutex; receiving. Whoever needs both takes tx_lock first
 *	lock_sock()	TCP's. Taken within the mutexes, never around them
 *	bucket->lock	one chain of a namespace's table, and that no socket in
 *			it goes away. Outer to smc->lock and to sk_callback_lock
 *	smc->lock	how the connection is carried and why
 *
 * The last two are spinlocks, BH-safe.
 */
#ifndef _DIBS_SMC_H
#define _DIBS_SMC_H

#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <net/inet_connection_sock.h>
#include <net/protocol.h>
#include <net/tcp.h>

#include "net.h"
#include "reason.h"
#include "stats.h"

#ifndef IPPROTO_SMC
#define IPPROTO_SMC 256
#endif

/* The protocols of AF_SMC. */
#define DIBS_SMCPROTO_INET	0
#define DIBS_SMCPROTO_INET6	1

/*
 * For what a connection needs. It is charged to the cgroup of whose socket it
 * is; when there is no more, the connection stays on TCP or ends with an error,
 * but nobody is killed because a peer connects.
 */
#define SMC_GFP	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

struct dibs_client;
struct pipe_inode_info;
struct smc_clc_io;
struct smc_conn;
struct smc_handshake;
struct smc_late;
struct smc_listener;

enum dibs_smc_carrier {
	DIBS_SMC_UNDECIDED,	/* not connected yet */
	DIBS_SMC_AGREEING,	/* a handshake is under way */
	DIBS_SMC_D,		/* DMBs */
	DIBS_SMC_TCP,		/* fell back */
};

/* AF_INET or AF_INET6: what TCP does there and what we put in its place. */
struct dibs_smc_family {
	int family;
	bool registered;
	const struct proto_ops *tcp;
	struct proto *tcp_prot;
	void (*data_ready)(struct sock *sk);
	void (*state_change)(struct sock *sk);
	struct proto_ops open_ops;
	struct proto_ops tcp_ops;
	struct proto prot;
	struct inet_protosw protosw;
};

struct dibs_smc {
	struct sock *sk;
	struct hlist_node node;		/* in the namespace's table */
	struct smc_stats __percpu *stats; /* the namespace's */

	spinlock_t lock;		/* guards what follows; see fastopen */
	const struct dibs_smc_family *family; /* read without lock, too */
	enum dibs_smc_carrier carrier;	/* may be read without lock */
	enum dibs_smc_role role;
	u32 reason;			/* for TCP as the carrier, else 0 */
	u32 peer_reason;		/* what the peer gave, or 0 */
	bool fastopen;			/* asked for; written without lock */
	bool limited;			/* likewise: handshakes, see listen.c */

	struct mutex connect_lock;	/* starting and stopping handshakes */
	struct mutex tx_lock;		/* sending */
	struct mutex rx_lock;		/* receiving */
	struct smc_conn __rcu *conn;	/* written holding both */

	struct delayed_work work;	/* handshake, listener, and ends */
	struct smc_handshake *handshake; /* while AGREEING; the work's */
	struct smc_listener __rcu *listener; /* while listening */
	struct smc_late *late;		/* rx_lock; see late.c */
	bool queued;			/* waits in a listener's queue */
	bool orphan;			/* TCP destroyed the sock */
	bool uncork;			/* what is held back has to go */
	bool nudge;			/* there may be memory again */
	int doom;			/* errno to reset the connection with */
	struct rcu_head rcu;
};

/* The connection, for who holds one of the mutexes. */
static inline struct smc_conn *smc_conn_held(const struct dibs_smc *smc)
{
	return rcu_dereference_protected(smc->conn,
					 lockdep_is_held(&smc->tx_lock) ||
					 lockdep_is_held(&smc->rx_lock));
}

static inline struct dibs_smc *dibs_smc(const struct sock *sk)
{
	return rcu_access_pointer(inet_csk(sk)->icsk_ulp_data);
}

/* Without the lock: pairs with dibs_smc_to_inet(). */
static inline const struct dibs_smc_family *
dibs_smc_family(const struct dibs_smc *smc)
{
	return READ_ONCE(smc->family);
}

/* TCP's own operations for the socket. */
static inline const struct proto_ops *dibs_smc_tcp(const struct dibs_smc *smc)
{
	return dibs_smc_family(smc)->tcp;
}

/*
 * Bits of TCP's, of which each is read at once. They cannot be marked; TCP writes
 * them, and others in the same byte, under the socket's lock.
 */
static inline bool smc_tcp_wants_smc(const struct sock *sk)
{
	/* With what TCP writes beside it; see above. */
	return data_race(!!tcp_sk(sk)->syn_smc);
}

static inline u8 smc_tcp_nonagle(const struct sock *sk)
{
	/* With setsockopt(); see above. */
	return data_race((u8)tcp_sk(sk)->nonagle);
}

/* family.c: the tables, and what makes sockets */
const struct dibs_smc_family *dibs_smc_family_of(const struct sock *sk);
void dibs_smc_to_inet(struct dibs_smc *smc);
int dibs_smc_families_start(void);
void dibs_smc_families_stop(void);

/* state.c: a socket's own state */
extern const struct tcp_ulp_ops dibs_smc_ulp;
struct dibs_smc *dibs_smc_alloc(const struct dibs_smc_family *family);
void dibs_smc_free(struct dibs_smc *smc);
void dibs_smc_attach(struct dibs_smc *smc, struct sock *sk);
void dibs_smc_detach(struct dibs_smc *smc);
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

/* connect.c, listen.c, accept.c, option.c: operations */
int dibs_smc_connect(struct socket *sock, struct sockaddr *addr, int len,
		     int flags);
int smc_connect_wait(struct dibs_smc *smc, long timeo);
int dibs_smc_listen(struct socket *sock, int backlog);
int dibs_smc_accept(struct socket *sock, struct socket *newsock,
		    struct proto_accept_arg *arg);
int dibs_smc_setsockopt(struct socket *sock, int level, int name,
			sockptr_t val, unsigned int len);
int dibs_smc_getsockopt(struct socket *sock, int level, int name,
			char __user *val, int __user *len);

void smc_listener_stop(struct dibs_smc *smc);
void smc_listener_sort(struct dibs_smc *smc);
void smc_listener_wake(struct dibs_smc *smc, bool ready);
void smc_listener_work(struct dibs_smc *smc, struct smc_listener *listener);
void smc_listener_cloned(struct sock *child);
__poll_t smc_listener_poll(struct dibs_smc *smc, struct file *file,
			   struct socket *sock, poll_table *wait);

/* socket.c: operations of sockets that TCP does not carry, or not yet */
void smc_ops_set(struct proto_ops *ops);

/* late.c: messages of a handshake that is over */
int smc_late_expect(struct dibs_smc *smc, const struct smc_clc_io *io,
		    u8 msg);
void smc_late_forget(struct dibs_smc *smc);
bool smc_late_is_over(struct dibs_smc *smc);
int smc_late_wait(struct dibs_smc *smc, long timeo);

/* splice.c */
ssize_t smc_splice_read(struct dibs_smc *smc, struct socket *sock,
			struct pipe_inode_info *pipe, size_t len);

/* work.c: what happens outside of the program's calls */
extern struct workqueue_struct *smc_wq;
void smc_work(struct work_struct *work);
void smc_kick(struct dibs_smc *smc);
void smc_doom(struct dibs_smc *smc, int err);
void smc_reset(struct dibs_smc *smc, int err);
int smc_work_start(void);
void smc_work_stop(void);

/* device.c */
extern struct dibs_client *smc_client;

/* fallback.c */
void dibs_smc_fallback(struct dibs_smc *smc, enum dibs_smc_role role,
		       u32 reason);
void smc_carry(struct dibs_smc *smc, struct smc_conn *conn);
void smc_carry_nothing(struct dibs_smc *smc);
void smc_carrier_show(struct dibs_smc *smc, struct socket *sock);
void dibs_smc_start_anew(struct dibs_smc *smc);
u32 dibs_smc_reason(const struct dibs_smc *smc);

/* diag.c, netlink.c, netlink_pnet.c */
int dibs_smc_diag_start(void);
void dibs_smc_diag_stop(void);
int dibs_smc_netlink_start(void);
void dibs_smc_netlink_stop(void);
int smc_pnet_netlink_start(void);
void smc_pnet_netlink_stop(void);

#endif /* _DIBS_SMC_H */

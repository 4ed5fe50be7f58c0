/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * SMC sockets: the private header of the module. It describes what an SMC
 * socket is, its lifetime and its locks, and declares the functions of state/.
 *
 * An SMC socket *is* a TCP socket. struct socket and struct sock are TCP's own:
 * TCP allocates and hashes them, and ss(8) and every hook for TCP see them.
 * Only two pointers in them are ours:
 *
 *	struct file -> struct socket --ops--> our proto_ops: TCP's, with some
 *	                     |                               replaced
 *	               struct sock (TCP) --icsk_ulp_data--> struct smc_sock
 *
 * So everything except moving bytes through DMBs works without code of ours:
 * all socket options, including those that net/core reads from the sock itself
 * without calling any operation (SO_ERROR, SO_RCVBUF after tuning,
 * SO_ACCEPTCONN), wake-ups, epoll, SIGIO, SIGURG, memory accounting, security
 * labels, cgroups. Falling back costs nothing. docs/decisions/ has the
 * alternatives.
 *
 * Operations. Each family (AF_INET, AF_INET6) has two tables. Both pin this
 * module through struct proto_ops::owner as long as the file is open:
 *
 *	open	the socket may still be carried by something other than TCP
 *	tcp	it may not. Sending, receiving and polling are TCP's functions
 *
 * A socket moves from the first to the second when it falls back, while other
 * threads may be in either. Both are valid for it at any time.
 *
 * The smc_sock is attached to TCP's pointer for upper layer protocols (ULP).
 * TCP allows only one ULP per socket, so TCP itself refuses sockmap and kTLS,
 * which would take over the byte stream. TCP copies the pointer to the children
 * of a listener; smc_ulp.clone() clears the copy at once, so a child is a plain
 * TCP socket until the listener's work or accept() makes it an SMC socket. If
 * its client asked for SMC, clone() leaves the operations there, as a mark that
 * keeps others away; if not, a sockmap may take the child before it is
 * accepted, and accept() returns a TCP socket that we do not know.
 *
 * What carries the bytes (enum smc_carrier)
 *
 *	UNDECIDED --connect(), accept()--> HANDSHAKE --> SMCD or TCP
 *	    ^                                                |
 *	    +-------- connect(AF_UNSPEC), listen() ----------+
 *
 * During the handshake the TCP connection exists, and only the handshake reads
 * from it and writes to it. Our operations wait until it is over, and poll()
 * reports no events.
 *
 * Lifetime of struct smc_sock
 *
 *	created by	socket(), accept(); for a connection that has not been
 *			accepted yet, by the work of its listener (listen.c).
 *			Holds a reference to this module
 *	reached from	icsk_ulp_data: by the socket's operations, which hold
 *			the file and so end before release() starts; and by
 *			callbacks of the sock, in softirqs, under RCU
 *			the table of its namespace: by dumps, under its lock
 *			its work, cancelled before the smc_sock is freed
 *			its connection's DMB, unregistered before that
 *	freed by	release(), after it has been removed from the table and
 *			the pointers are cleared. TCP's own release runs only
 *			then; it may leave an orphan that lives on for minutes
 *			without a pointer to us.
 *			If TCP destroys the sock (a connection that was never
 *			accepted; a socket() that fails late), it calls
 *			smc_ulp.release() in atomic context, which leaves the
 *			rest to the work
 *
 * A softirq may be in clone() or in a callback of a listener while that
 * listener is being released. It is in an RCU read-side critical section, and
 * module exit waits for a grace period (main.c).
 *
 * Locks, outermost first
 *
 *	smc->connect_lock mutex; starts and stops handshakes; never taken by
 *			the work
 *	smc->tx_lock	mutex; sending, see conn.h
 *	smc->rx_lock	mutex; receiving. Code that needs both takes tx_lock
 *			first
 *	lock_sock()	TCP's. Taken inside the mutexes, never around them
 *	bucket->lock	guards one chain of a namespace's table, and keeps the
 *			sockets in it alive. Outside of smc->lock and of
 *			sk_callback_lock
 *	smc->lock	how the connection is carried, and why
 *
 * The last two are spinlocks, taken with bottom halves disabled.
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

#include "compat/net.h"
#include "state/reason.h"
#include "state/stats.h"

#ifndef IPPROTO_SMC
#define IPPROTO_SMC 256
#endif

/* Protocols of AF_SMC, as passed to socket(). */
#define SMC_PROTO_INET	0
#define SMC_PROTO_INET6	1

/*
 * For everything that a connection allocates. It is charged to the memory
 * cgroup of the current task, which in work items is set to that of the socket.
 * If an allocation fails, the connection stays on TCP or ends with an error; a
 * peer that connects must not cause an OOM kill.
 */
#define SMC_GFP	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

struct smc_clc_io;
struct smc_conn;
struct smc_handshake;
struct smc_late;
struct smc_listener;

enum smc_carrier {
	SMC_CARRIER_UNDECIDED,	/* not connected yet */
	SMC_CARRIER_HANDSHAKE,	/* a handshake is in progress */
	SMC_CARRIER_SMCD,		/* DMBs */
	SMC_CARRIER_TCP,		/* fell back */
};

/* AF_INET or AF_INET6: TCP's operations and what we replace them with. */
struct smc_family {
	int family;
	bool registered;
	const struct proto_ops *tcp;
	struct proto *tcp_prot;
	void (*data_ready)(struct sock *sk);
	void (*state_change)(struct sock *sk);
	const struct tcp_ulp_ops *ulp;
	work_func_t work;		/* smc_sock::work: socket/dispatch.c */
	struct proto_ops open_ops;
	struct proto_ops tcp_ops;
	struct proto prot;
	struct inet_protosw protosw;
};

struct smc_sock {
	struct sock *sk;
	struct hlist_node node;		/* in the namespace's table */
	struct smc_stats __percpu *stats; /* of the namespace */
	struct mem_cgroup *memcg;	/* it was created in; referenced */

	spinlock_t lock;		/* guards the next group */
	const struct smc_family *family; /* also read locklessly */
	enum smc_carrier carrier;	/* also read locklessly */
	enum smc_role role;
	u32 reason;			/* for falling back to TCP, else 0 */
	u32 peer_reason;		/* in the peer's decline, or 0 */
	bool fastopen;			/* requested; written locklessly */
	bool limited;			/* limits handshakes; the same */

	struct mutex connect_lock;	/* starting and stopping handshakes */
	struct mutex tx_lock;		/* sending */
	struct mutex rx_lock;		/* receiving */
	struct smc_conn __rcu *conn;	/* written under both */

	struct delayed_work work;	/* handshake, listener, teardown */
	struct smc_handshake *handshake; /* in HANDSHAKE; the work's */
	struct smc_listener __rcu *listener; /* while listening */
	struct smc_late *late;		/* under rx_lock; see late.c */
	bool queued;			/* in a listener's queue */
	bool orphan;			/* TCP destroyed the sock */
	bool uncork;			/* work: publish corked bytes */
	bool wake_writers;		/* work: look for a sender's memory */
	int reset_err;			/* errno to reset the connection with */
	struct rcu_head rcu;
};

/* The connection. The caller holds tx_lock or rx_lock. */
static inline struct smc_conn *smc_conn_held(const struct smc_sock *smc)
{
	return rcu_dereference_protected(smc->conn,
					 lockdep_is_held(&smc->tx_lock) ||
					 lockdep_is_held(&smc->rx_lock));
}

static inline struct smc_sock *smc_sk(const struct sock *sk)
{
	return rcu_access_pointer(inet_csk(sk)->icsk_ulp_data);
}

/* Lockless: pairs with the WRITE_ONCE() in smc_family_to_inet(). */
static inline const struct smc_family *
smc_sock_family(const struct smc_sock *smc)
{
	return READ_ONCE(smc->family);
}

/* TCP's own operations for this socket. */
static inline const struct proto_ops *smc_sock_tcp(const struct smc_sock *smc)
{
	return smc_sock_family(smc)->tcp;
}

/*
 * Bit-fields of TCP, each read in a single access. READ_ONCE() cannot be used
 * on them; TCP writes them and their neighbours in the same byte under
 * lock_sock().
 */
static inline bool smc_tcp_wants_smc(const struct sock *sk)
{
	/* Races with writes to neighbouring bits; see above. */
	return data_race(!!tcp_sk(sk)->syn_smc);
}

static inline u8 smc_tcp_nonagle(const struct sock *sk)
{
	/* Races with setsockopt(); see above. */
	return data_race((u8)tcp_sk(sk)->nonagle);
}

/* sock.c: allocation and lifetime of struct smc_sock */
extern struct smc_family smc_inet;
extern struct smc_family smc_inet6;
const struct smc_family *smc_family_of(const struct sock *sk);
struct smc_sock *smc_sock_alloc(const struct smc_family *family);
void smc_sock_free(struct smc_sock *smc);
struct mem_cgroup *smc_sock_memcg(const struct smc_sock *smc,
				  const struct sock *sk);
void smc_sock_mark(struct sock *child);
bool smc_sock_attach(struct smc_sock *smc, struct sock *sk);
void smc_sock_detach(struct smc_sock *smc);
int smc_sock_wait(struct smc_sock *smc, long timeo,
		  bool (*over)(struct smc_sock *smc));

/* table.c: the sockets of a namespace */
struct smc_table_cursor {
	u32 bucket;
	u32 entry;
};

int smc_tables_start(void);
void smc_tables_stop(void);
void smc_table_add(struct smc_sock *smc);
void smc_table_del(struct smc_sock *smc);
int smc_table_walk(struct net *net, struct smc_table_cursor *cursor,
		   int (*fn)(struct smc_sock *smc, void *arg), void *arg);

/* carrier.c: what carries the bytes */
bool smc_carrier_decide(struct smc_sock *smc, enum smc_carrier carrier,
			enum smc_role role, u32 reason);
void smc_carrier_count(struct smc_stats __percpu *stats, struct sock *sk,
		       enum smc_role role, u32 reason);
void smc_carrier_fallback(struct smc_sock *smc, enum smc_role role,
			  u32 reason);
void smc_carrier_broken(struct smc_sock *smc);
void smc_carrier_set_ops(struct smc_sock *smc, struct socket *sock);
void smc_carrier_reinit(struct smc_sock *smc);

/* late.c: CLC messages that arrive after a decline */
int smc_late_expect(struct smc_sock *smc, const struct smc_clc_io *io, u8 msg);
void smc_late_drop(struct smc_sock *smc);
bool smc_late_is_over(struct smc_sock *smc);
int smc_late_wait(struct smc_sock *smc, long timeo);

/* reset.c: resets, and the workqueue that executes them */
extern struct workqueue_struct *smc_wq;
void smc_reset(struct smc_sock *smc, int err);
void smc_reset_later(struct smc_sock *smc, int err);
void smc_work_queue(struct smc_sock *smc);
int smc_work_start(void);
void smc_work_stop(void);

#endif /* _DIBS_SMC_H */

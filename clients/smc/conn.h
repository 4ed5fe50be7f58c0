/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * A connection whose bytes go through DMBs: two rings, one for each direction.
 *
 *	our DMB    [ CDC | ring ]   the peer writes, we read     dmb, mine
 *	its DMB    [ CDC | ring ]   we write, the peer reads     att, theirs
 *
 * What we say about our ring (how far we read) and about the end of our
 * writing stands in the CDC of the peer's DMB, beside how far we wrote.
 *
 * Where the device maps, `theirs` points into the peer's memory. Words are then
 * plain stores, and a peer that runs is not signalled: it says in its own DMB
 * when it is going to sleep. Each side of that is a store, a full barrier, and
 * a load:
 *
 *	who sleeps                          who writes (or has read)
 *	  mine->wants_data = 1                theirs->producer = ...
 *	  smp_mb()                            smp_mb()
 *	  look at mine->producer              theirs->wants_data?
 *	  sleep                               clear it, signal
 *
 * so at least one of the two sees what the other did (smc_conn_want(),
 * smc_conn_tell()). Where the device does not map, words are moved and each
 * move of a word that the peer may wait for takes a signal along.
 *
 * Order of what one end writes: bytes, producer word, consumer word with the
 * flags. Each is released by the store that follows it; who reads loads the
 * consumer word first, then the producer word, then bytes, each load acquiring
 * (smc_conn_peer_flags(), smc_rx_look()).
 *
 * Locks
 *
 *	smc->tx_lock	sending: prod, peer_cons, tx_seq
 *	smc->rx_lock	receiving: cons, peer_prod, rx_seq (read by others, too)
 *	conn->lock	the consumer word and its flags, the urgent mark, the state;
 *			BH-safe, as signals come in softirqs; taken last. Data
 *			moves under it, but nothing is signalled
 *
 * Life: made by a handshake; in smc->conn until disconnect or close, which take
 * it out under both mutexes and wait for RCU readers (poll).
 */
#ifndef _DIBS_SMC_CONN_H
#define _DIBS_SMC_CONN_H

#include <linux/dibs_client.h>
#include <linux/spinlock.h>

#include "cdc.h"
#include "close.h"
#include "cursor.h"
#include "smc.h"

struct smc_group;

enum smc_urgent {
	SMC_URGENT_NONE,
	SMC_URGENT_AHEAD,	/* announced, or there and not read */
	SMC_URGENT_READ,	/* by MSG_OOB; the stream is not past it */
};

/* Where the stream does not go straight on, see smc_rx_marks(). */
struct smc_marks {
	u8 urgent;			/* enum smc_urgent */
	bool hole;
	u32 urgent_seq;
	u32 hole_seq;
};

static inline bool smc_marks_at(const struct smc_marks *marks, u32 seq)
{
	return marks->urgent != SMC_URGENT_NONE && marks->urgent_seq == seq;
}

struct smc_conn {
	struct dibs_smc *smc;
	struct sock *sk;
	struct smc_group *group;
	struct list_head in_group;	/* guarded by the groups' lock */
	struct smc_group_use *use;	/* the namespace's, or one to begin it */

	struct dibs_dmb *dmb;
	struct dibs_attachment *att;
	u64 peer_token;			/* of the peer's DMB, to be shown */
	struct smc_cdc *mine;
	struct smc_cdc *theirs;		/* NULL: move */
	u32 rx_size;			/* of our ring */
	u32 tx_size;			/* of the peer's */

	/* sending */
	struct smc_cursor prod;
	struct smc_cursor shown;	/* prod, as the peer was told */
	u64 prod_word;			/* prod, for who has no lock */
	struct smc_cursor peer_cons;
	u32 tx_seq;			/* bytes written, modulo 2^32 */
	bool room_wanted;		/* somebody found none; cleared by signals */
	bool urgent_out;		/* and the peer may not know where */
	struct timer_list cork_timer;

	/* receiving */
	struct smc_cursor cons;
	struct smc_cursor peer_prod;
	u64 cons_word;			/* cons, for who has no lock */
	u32 rx_seq;			/* bytes read, modulo 2^32 */
	u32 spin_wait;			/* see spin.c */
	u32 spin_wake;
	u64 spin_began;
	u64 spin_arrived;		/* set by signals */

	spinlock_t lock;		/* guards what follows */
	struct smc_cursor told;		/* cons, as the peer was told; by who
					 * holds rx_lock, and by signals
					 */
	struct smc_cdc_flags flags;	/* ours, in the consumer word */
	u8 state;			/* enum smc_state */
	u8 urgent;			/* enum smc_urgent */
	bool hole;			/* hole_seq was read by MSG_OOB */
	u32 urgent_seq;
	u32 hole_seq;
	u32 urgent_seen;		/* last mark that the peer set */
	bool urgent_marked;		/* there was one */

	/* only for handle_signal, which never runs twice at once */
	u64 seen_producer;
	u64 seen_consumer;
	bool seen_dibs;			/* smc_conn_is_dibs() */

	/* idle memory, see idle.c */
	bool touched;			/* bytes were written since the last look */
	bool holds;			/* memory may be there; tx_lock */
	struct list_head in_idle;	/* while it may */

	bool counted;			/* in the figures of rings */

	struct rcu_head rcu;
};

/* conn.c: life */
struct smc_conn *smc_conn_alloc(struct dibs_smc *smc);
int smc_conn_register(struct smc_conn *conn, struct dibs_dev *dev,
		      const uuid_t *rgid, u8 *size_code,
		      struct mem_cgroup *memcg);
int smc_conn_attach(struct smc_conn *conn, struct dibs_dev *dev,
		    const uuid_t *rgid, u64 token, u8 size_code);
int smc_conn_announce(struct smc_conn *conn);
struct smc_conn *smc_conn_take(struct dibs_smc *smc);
void smc_conn_free(struct smc_conn *conn);
void smc_conn_wake_writers(struct sock *sk);
void smc_conn_close(struct smc_conn *conn, bool abort);
void smc_conn_activate(struct smc_conn *conn);
void smc_conn_shutdown(struct smc_conn *conn);
void smc_conn_lost(struct smc_conn *conn);
void smc_conn_abort(struct smc_conn *conn);
void smc_conn_signalled(struct dibs_dmb *dmb, u16 mask);
u8 smc_conn_size_code(const struct sock *sk, const struct dibs_dev *dev);

/* word.c: what the ends tell each other */
bool smc_conn_is_dibs(const struct smc_conn *conn);
struct smc_cdc_flags smc_conn_peer_flags(const struct smc_conn *conn);
void smc_conn_check(struct smc_conn *conn, int err);
void smc_conn_signal(struct smc_conn *conn);
void smc_conn_put_producer(struct smc_conn *conn);
void smc_conn_put_consumer(struct smc_conn *conn, struct smc_cursor cons);
void smc_conn_put_flags(struct smc_conn *conn, struct smc_cdc_flags set);
void smc_conn_tell_read(struct smc_conn *conn);
void smc_conn_ask_read(struct smc_conn *conn, bool ask);
void smc_conn_put_urgent(struct smc_conn *conn, u32 seq);
void smc_conn_clear_urgent(struct smc_conn *conn);
void smc_conn_tell_data(struct smc_conn *conn);
void smc_conn_tell_room(struct smc_conn *conn);
void smc_conn_want(u8 *want);
void smc_conn_want_room(struct smc_conn *conn);
bool smc_conn_room_wanted(struct smc_conn *conn);

/* send.c, receive.c */
int smc_send(struct dibs_smc *smc, struct msghdr *msg, size_t len);
void smc_uncork(struct dibs_smc *smc);
void smc_uncork_later(struct dibs_smc *smc);
void smc_tx_publish(struct smc_conn *conn);
u32 smc_tx_room(struct smc_conn *conn);
u32 smc_tx_room_seen(struct smc_conn *conn);
bool smc_tx_writable(const struct smc_conn *conn);
int smc_receive(struct dibs_smc *smc, struct msghdr *msg, size_t len,
		int flags);
u32 smc_rx_look(struct smc_conn *conn);
u32 smc_rx_waiting(const struct smc_conn *conn);
bool smc_rx_ended(const struct smc_conn *conn);

/* urgent.c: marks in the stream */
void smc_rx_urgent(struct smc_conn *conn, u8 flags);
struct smc_marks smc_rx_marks(struct smc_conn *conn);
u32 smc_rx_clip(const struct smc_marks *marks, u32 seq, u32 len);
void smc_rx_pass(struct smc_conn *conn);
void smc_rx_mark_read(struct smc_conn *conn, u32 seq);

/* spin.c: waiting awake */
bool smc_spin(struct smc_conn *conn, u32 waiting);
void smc_spin_arrived(struct smc_conn *conn);
void smc_spin_slept(struct smc_conn *conn);

/* A ring must not have to be full for its reader to be woken. */
static inline u32 smc_rx_target(const struct smc_conn *conn, u32 wanted)
{
	return min(wanted, conn->rx_size / 2);
}

#endif /* _DIBS_SMC_CONN_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * A connection whose bytes go through DMBs: two rings, one per direction. The
 * files of conn/ share this header; handshake/, socket/ and netlink/ use it.
 *
 *	our DMB         [ CDC | ring ]  the peer writes, we read   dmb, own_cdc
 *	the peer's DMB  [ CDC | ring ]  we write, the peer reads   att, peer_cdc
 *
 * Everything that we tell the peer is in the CDC of the peer's DMB: how far we
 * have written into its ring, how far we have read from ours, and whether we
 * will write more.
 *
 * Where the device maps, peer_cdc points into the peer's memory. CDC fields are
 * then plain stores, and a running peer is not signalled: an end that is about
 * to sleep sets a request in its own DMB. Each side does a store, a full
 * barrier and a load:
 *
 *	the end that sleeps                 the end that writes (or has read)
 *	  own_cdc->wants_data = 1             peer_cdc->producer = ...
 *	  smp_mb()                            smp_mb()
 *	  load own_cdc->producer              load peer_cdc->wants_data
 *	  nothing new: sleep                  set: clear it, signal
 *
 * so at least one of them sees the other's store (smc_cdc_request_signal(),
 * smc_cdc_signal_data()). Where the device does not map, CDC fields are moved,
 * and a move of a field that the peer may wait for is followed by a signal.
 *
 * Ordering: an end writes bytes, then the producer field, then the consumer
 * field with the flags. Each store releases the ones before it. The other end
 * loads the consumer field, then the producer field, then bytes, and each load
 * acquires (smc_cdc_peer_flags(), smc_rx_refresh()). docs/ordering.md has the
 * proof.
 *
 * Locks
 *
 *	smc->tx_lock	sending: prod, peer_cons, tx_seq
 *	smc->rx_lock	receiving: cons, peer_prod, rx_seq (others read it, too)
 *	conn->lock	the consumer field and its flags, the urgent mark, the
 *			state. A spinlock taken with bottom halves disabled, as
 *			signals arrive in softirqs; innermost. Data may be moved
 *			under it, but nothing is signalled
 *
 * Lifetime: allocated by a handshake; in smc->conn until disconnect or close,
 * which clear the pointer under both mutexes. Disconnect also waits for RCU
 * readers (poll).
 */
#ifndef _DIBS_SMC_CONN_H
#define _DIBS_SMC_CONN_H

#include <linux/dibs_client.h>
#include <linux/spinlock.h>

#include "conn/cdc.h"
#include "conn/close.h"
#include "conn/cursor.h"
#include "state/smc.h"

struct smc_group;

enum smc_urgent {
	SMC_URGENT_NONE,
	SMC_URGENT_AHEAD,	/* announced, or received and not read */
	SMC_URGENT_READ,	/* by MSG_OOB; the stream is still before it */
};

/* The urgent mark, and a byte to skip. A snapshot by smc_urgent_marks(). */
struct smc_marks {
	u8 urgent;			/* enum smc_urgent */
	bool skip;
	u32 urgent_seq;
	u32 skip_seq;
};

static inline bool smc_marks_at(const struct smc_marks *marks, u32 seq)
{
	return marks->urgent != SMC_URGENT_NONE && marks->urgent_seq == seq;
}

struct smc_conn {
	struct smc_sock *smc;
	struct sock *sk;
	struct smc_group *group;
	struct list_head in_group;	/* guarded by the groups' lock */
	struct rb_node by_token;	/* while in_group; the same */
	struct smc_group_use *use;	/* of the namespace; preallocated */

	struct dibs_dmb *dmb;
	struct dibs_attachment *att;
	u64 peer_token;			/* of the peer's DMB, for dumps */
	struct smc_cdc *own_cdc;
	struct smc_cdc *peer_cdc;	/* NULL: not mapped, use moves */
	u32 rx_size;			/* of our ring, bytes */
	u32 tx_size;			/* of the peer's ring, bytes */
	bool tx_usual;			/* the peer has not set SO_RCVBUF */

	/* sending */
	struct smc_cursor prod;
	struct smc_cursor published;	/* prod as stored in the peer's DMB */
	u64 prod_word;			/* prod, for lockless readers */
	struct smc_cursor peer_cons;
	u32 tx_seq;			/* bytes written, modulo 2^32 */
	u32 tx_chunk;			/* of the last byte, smc_tx_reuse() */
	bool room_wanted;		/* a writer waits; signals clear it */
	bool no_memory;			/* for the next byte: not writable */
	unsigned int memory_nap;	/* until the work looks, jiffies */
	bool urgent_out;		/* see smc_tx_room() */
	struct timer_list cork_timer;

	/* receiving */
	struct smc_cursor cons;
	struct smc_cursor peer_prod;
	u64 cons_word;			/* cons, for lockless readers */
	u32 rx_seq;			/* bytes read, modulo 2^32 */
	bool rx_refuses;		/* bytes behind rx_end cause a reset */
	struct smc_cursor rx_end;	/* valid with rx_refuses */
	u32 busy_wait_ns;		/* averages, see busy_poll.c */
	u32 busy_wake_ns;
	u64 busy_began;			/* local_clock() */
	u64 busy_arrived;		/* local_clock(), set by signals */

	spinlock_t lock;		/* guards the rest of this group */
	struct smc_cursor confirmed;	/* cons as stored in the peer's DMB, by
					 * the holder of rx_lock or a signal
					 */
	struct smc_cdc_flags flags;	/* ours, in the consumer field */
	u8 state;			/* enum dibs_smc_state */
	u8 urgent;			/* enum smc_urgent */
	bool skip;			/* the byte at skip_seq is skipped */
	u32 urgent_seq;
	u32 skip_seq;
	u32 urgent_seen;		/* last mark that the peer set */
	bool urgent_marked;		/* urgent_seen is valid */

	/* only used by smc_conn_signalled(), which is never reentered */
	u64 seen_producer;
	u64 seen_consumer;
	bool seen_dibs;			/* smc_cdc_is_dibs() */

	/* memory of idle rings, see idle.c */
	bool touched;			/* written to since the last visit */
	bool populated;			/* the ring may have pages; tx_lock */
	struct list_head in_idle;	/* while populated */

	bool counted;			/* in the statistics of rings */

	struct rcu_head rcu;
};

/* conn.c: lifetime. handshake/device.c registers the client */
extern struct dibs_client *smc_dibs_client;
struct smc_conn *smc_conn_alloc(struct smc_sock *smc);
int smc_conn_register(struct smc_conn *conn, struct dibs_dev *dev,
		      const uuid_t *rgid, u8 *size_code,
		      struct mem_cgroup *memcg);
int smc_conn_attach(struct smc_conn *conn, struct dibs_dev *dev,
		    const uuid_t *rgid, u64 token, u8 size_code);
int smc_conn_announce(struct smc_conn *conn);
struct smc_conn *smc_conn_take(struct smc_sock *smc);
void smc_conn_carry(struct smc_sock *smc, struct smc_conn *conn);
void smc_conn_free(struct smc_conn *conn);
void smc_conn_wake_writers(struct sock *sk);
void smc_conn_close(struct smc_conn *conn, bool abort);
void smc_conn_activate(struct smc_conn *conn);
void smc_conn_shutdown(struct smc_conn *conn);
void smc_conn_lost(struct smc_conn *conn);
void smc_conn_abort(struct smc_conn *conn);
int smc_conn_peer_aborted(struct smc_conn *conn);
bool smc_conn_below_lowat(struct smc_conn *conn);
void smc_conn_signalled(struct dibs_dmb *dmb, u16 mask);
u8 smc_conn_size_code(const struct sock *sk, const struct dibs_dev *dev);

/* cdc.c: CDC fields and signals */
bool smc_cdc_is_dibs(const struct smc_conn *conn);
struct smc_cdc_flags smc_cdc_peer_flags(const struct smc_conn *conn);
void smc_cdc_check(struct smc_conn *conn, int err);
void smc_cdc_signal(struct smc_conn *conn);
void smc_cdc_put_producer(struct smc_conn *conn);
void smc_cdc_put_producer_urgent(struct smc_conn *conn);
void smc_cdc_put_consumer(struct smc_conn *conn, struct smc_cursor cons);
void smc_cdc_put_flags(struct smc_conn *conn, struct smc_cdc_flags set);
void smc_cdc_confirm(struct smc_conn *conn);
void smc_cdc_request_update(struct smc_conn *conn, bool ask);
void smc_cdc_put_blocked(struct smc_conn *conn, bool blocked);
void smc_cdc_put_urgent(struct smc_conn *conn, u32 seq);
void smc_cdc_clear_urgent(struct smc_conn *conn);
void smc_cdc_signal_data(struct smc_conn *conn);
void smc_cdc_signal_room(struct smc_conn *conn);
void smc_cdc_request_signal(u8 *want);
void smc_cdc_request_room(struct smc_conn *conn);
bool smc_cdc_room_wanted(struct smc_conn *conn);

/* send.c, receive.c */
int smc_send(struct smc_sock *smc, struct msghdr *msg, size_t len);
void smc_uncork(struct smc_sock *smc);
void smc_uncork_later(struct smc_sock *smc);
void smc_tx_publish(struct smc_conn *conn);
u32 smc_tx_room(struct smc_conn *conn);
u32 smc_tx_ring_room(struct smc_conn *conn);
void smc_tx_retry_memory(struct smc_sock *smc);
void smc_tx_request_updates(struct smc_conn *conn);
bool smc_tx_writable(const struct smc_conn *conn);
int smc_receive(struct smc_sock *smc, struct msghdr *msg, size_t len,
		int flags);
int smc_receive_splice(struct smc_sock *smc, struct msghdr *msg, size_t len,
		       int flags);
u32 smc_rx_refresh(struct smc_conn *conn);
u32 smc_rx_waiting(const struct smc_conn *conn);
bool smc_rx_ended(const struct smc_conn *conn);
void smc_rx_refuse(struct smc_conn *conn);
bool smc_rx_is_refused(const struct smc_conn *conn, u64 producer);

/* urgent.c: urgent marks in the received stream */
void smc_urgent_update(struct smc_conn *conn, u8 flags);
struct smc_marks smc_urgent_marks(struct smc_conn *conn);
u32 smc_marks_clip(const struct smc_marks *marks, u32 seq, u32 len);
void smc_urgent_pass(struct smc_conn *conn);
void smc_urgent_mark_read(struct smc_conn *conn, u32 seq);

/* busy_poll.c: readers busy-poll before they sleep */
bool smc_busy_poll(struct smc_conn *conn, u32 waiting);
void smc_busy_poll_arrived(struct smc_conn *conn);
void smc_busy_poll_slept(struct smc_conn *conn);

/*
 * Limits SO_RCVLOWAT: a reader must be woken before the ring is full, and when
 * the writer has less room than that, by SO_SNDBUF or for lack of memory.
 */
static inline u32 smc_rx_target(const struct smc_conn *conn, u32 wanted)
{
	if (likely(wanted <= 1))
		return wanted;
	if (smc_cdc_peer_flags(conn).prod & SMC_CDC_WRITE_BLOCKED)
		return 1;
	return min(wanted, conn->rx_size / 2);
}

#endif /* _DIBS_SMC_CONN_H */

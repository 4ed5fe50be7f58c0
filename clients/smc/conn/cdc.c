// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Stores CDC fields into the peer's DMB, reads the peer's flags, and signals.
 * conn.h has the order and the barriers. Called from sending, receiving and
 * closing in process context, and from signals in atomic context.
 *
 * A field or a signal that the device refuses is as bad as a device that is
 * gone: the peer would take too few bytes for the whole stream, or wait for
 * room for ever. So it ends the connection, see smc_cdc_check().
 */
#include <linux/compiler.h>

#include "conn/conn.h"

/* Does the peer use the CDC fields that only this implementation has? */
bool smc_cdc_is_dibs(const struct smc_conn *conn)
{
	return READ_ONCE(conn->own_cdc->origin) == SMC_CDC_ORIGIN_DIBS;
}

/* The peer's flags. Call this before loading the producer field. */
struct smc_cdc_flags smc_cdc_peer_flags(const struct smc_conn *conn)
{
	/* Pairs with the peer's release of its consumer field. */
	u64 word = smp_load_acquire(&conn->own_cdc->consumer);

	return smc_cdc_word_flags(word);
}

/*
 * Ends the connection if @err, the result of a move or a signal, is an error.
 * It is none if the peer has set CLOSED or ABORT: such a peer has given up its
 * DMB, and nothing is lost. Any context, conn->lock not held.
 */
void smc_cdc_check(struct smc_conn *conn, int err)
{
	if (likely(!err))
		return;
	/*
	 * Pairs with the removal of the peer's DMB, which follows the store of
	 * its flags: if the removal made the operation fail, they are seen.
	 */
	smp_rmb();
	if (!(smc_cdc_peer_flags(conn).state &
	      (SMC_CDC_CLOSED | SMC_CDC_ABORT)))
		smc_conn_lost(conn);
}

void smc_cdc_signal(struct smc_conn *conn)
{
	smc_cdc_check(conn, dibs_signal(conn->att, 0));
}

static int smc_cdc_put_word(struct smc_conn *conn, u32 offset, u64 word)
{
	if (conn->peer_cdc) {
		u64 *field = (void *)conn->peer_cdc + offset;

		/* Pairs with smc_rx_refresh() and smc_cdc_peer_flags(). */
		smp_store_release(field, word);
		return 0;
	}
	/* Moves from one CPU are seen in order: after all earlier ones. */
	smp_wmb();
	return dibs_move_data(conn->att, 0, false, offset, &word,
			      sizeof(word));
}

/* Stores the published cursor in the peer's DMB. Holding tx_lock. */
void smc_cdc_put_producer(struct smc_conn *conn)
{
	u64 word = smc_cdc_word(conn->published, (struct smc_cdc_flags){});
	int err = smc_cdc_put_word(conn, offsetof(struct smc_cdc, producer),
				   word);

	smc_cdc_check(conn, err);
}

/* Pairs with dumps, which read the flags without the lock. */
static void smc_cdc_set_flags(struct smc_conn *conn, u8 prod, u8 state)
{
	lockdep_assert_held(&conn->lock);
	WRITE_ONCE(conn->flags.prod, prod);
	WRITE_ONCE(conn->flags.state, state);
}

static int smc_cdc_put_consumer_locked(struct smc_conn *conn)
{
	lockdep_assert_held(&conn->lock);
	return smc_cdc_put_word(conn, offsetof(struct smc_cdc, consumer),
				smc_cdc_word(conn->confirmed, conn->flags));
}

/* Bytes up to @cons have been read. Holding rx_lock. */
void smc_cdc_put_consumer(struct smc_conn *conn, struct smc_cursor cons)
{
	int err;

	spin_lock_bh(&conn->lock);
	conn->confirmed = cons;
	err = smc_cdc_put_consumer_locked(conn);
	spin_unlock_bh(&conn->lock);
	smc_cdc_check(conn, err);
}

/*
 * Stores our consumer cursor if the peer does not have the latest one, which
 * was not due yet. Called from signals if the peer has requested it: it is out
 * of memory, and can only reuse what we have read.
 */
void smc_cdc_confirm(struct smc_conn *conn)
{
	struct smc_cursor cons;
	int err = 0;
	bool news;

	spin_lock_bh(&conn->lock);
	/* Under the lock, so that no older cursor overwrites a newer one. */
	cons = smc_cdc_word_cursor(READ_ONCE(conn->cons_word));
	news = conn->state != DIBS_SMC_STATE_INIT &&
	       (cons.wrap != conn->confirmed.wrap ||
		cons.count != conn->confirmed.count);
	if (news) {
		conn->confirmed = cons;
		err = smc_cdc_put_consumer_locked(conn);
	}
	spin_unlock_bh(&conn->lock);
	smc_cdc_check(conn, err);
	if (news)
		smc_cdc_signal_room(conn);
}

/*
 * Requests that the peer stores its consumer cursor at once, or withdraws the
 * request (@ask false). Not done where the device maps, as the peer stores it
 * after each read there. Any context.
 */
void smc_cdc_request_update(struct smc_conn *conn, bool ask)
{
	u8 wanted = ask ? SMC_CDC_UPDATE_WANTED : 0;
	bool news;
	int err = 0;
	u8 prod;

	prod = READ_ONCE(conn->flags.prod);
	if (likely(conn->peer_cdc || (prod & SMC_CDC_UPDATE_WANTED) == wanted))
		return;
	spin_lock_bh(&conn->lock);
	prod = conn->flags.prod;
	news = (prod & SMC_CDC_UPDATE_WANTED) != wanted;
	if (news) {
		smc_cdc_set_flags(conn, prod ^ SMC_CDC_UPDATE_WANTED,
				  conn->flags.state);
		err = smc_cdc_put_consumer_locked(conn);
	}
	spin_unlock_bh(&conn->lock);
	smc_cdc_check(conn, err);
	if (news && ask)
		smc_cdc_signal(conn);
}

/*
 * A writer waits although the ring has room: tells a reader that waits for more
 * bytes than that to take what there is; or takes that back.
 */
void smc_cdc_put_blocked(struct smc_conn *conn, bool blocked)
{
	bool news;
	int err = 0;
	u8 prod;

	spin_lock_bh(&conn->lock);
	prod = conn->flags.prod;
	news = !!(prod & SMC_CDC_WRITE_BLOCKED) != blocked;
	if (news) {
		smc_cdc_set_flags(conn, prod ^ SMC_CDC_WRITE_BLOCKED,
				  conn->flags.state);
		err = smc_cdc_put_consumer_locked(conn);
	}
	spin_unlock_bh(&conn->lock);
	smc_cdc_check(conn, err);
	if (news && blocked)
		smc_cdc_signal_data(conn);
}

/* Sets flags in the peer's DMB. The caller signals. */
void smc_cdc_put_flags(struct smc_conn *conn, struct smc_cdc_flags set)
{
	int err;

	spin_lock_bh(&conn->lock);
	smc_cdc_set_flags(conn, conn->flags.prod | set.prod,
			  conn->flags.state | set.state);
	err = smc_cdc_put_consumer_locked(conn);
	spin_unlock_bh(&conn->lock);
	smc_cdc_check(conn, err);
}

/*
 * Bytes up to published are in the peer's ring, and the last one is urgent.
 * Other implementations read that flag only when the producer word moves, and
 * not if an urgent byte is still to come: both words are one move, which is
 * signalled afterwards. The peer's DMB is not mapped. Holding tx_lock.
 */
void smc_cdc_put_producer_urgent(struct smc_conn *conn)
{
	u64 words[2] = {
		smc_cdc_word(conn->published, (struct smc_cdc_flags){}),
	};
	int err;

	static_assert(offsetof(struct smc_cdc, consumer) ==
		      offsetof(struct smc_cdc, producer) + sizeof(u64));
	spin_lock_bh(&conn->lock);
	smc_cdc_set_flags(conn, (conn->flags.prod & ~SMC_CDC_URGENT_PENDING) |
				SMC_CDC_URGENT_PRESENT, conn->flags.state);
	words[1] = smc_cdc_word(conn->confirmed, conn->flags);
	/* As in smc_cdc_put_word(). */
	smp_wmb();
	err = dibs_move_data(conn->att, 0, false,
			     offsetof(struct smc_cdc, producer), words,
			     sizeof(words));
	spin_unlock_bh(&conn->lock);
	smc_cdc_check(conn, err);
}

/*
 * The byte at stream offset @seq is urgent. The flags that the caller sets next
 * make the peer read this.
 */
void smc_cdc_put_urgent(struct smc_conn *conn, u32 seq)
{
	int err = 0;

	if (conn->peer_cdc)
		WRITE_ONCE(conn->peer_cdc->urgent, seq);
	else
		err = dibs_move_data(conn->att, 0, false,
				     offsetof(struct smc_cdc, urgent), &seq,
				     sizeof(seq));
	smc_cdc_check(conn, err);
}

/*
 * The urgent byte has been read, so the next one may follow. For peers that
 * only use the flags.
 */
void smc_cdc_clear_urgent(struct smc_conn *conn)
{
	int err;

	spin_lock_bh(&conn->lock);
	smc_cdc_set_flags(conn, conn->flags.prod &
			  ~(SMC_CDC_URGENT_PENDING | SMC_CDC_URGENT_PRESENT),
			  conn->flags.state);
	err = smc_cdc_put_consumer_locked(conn);
	spin_unlock_bh(&conn->lock);
	smc_cdc_check(conn, err);
}

/* Takes the peer's request for a signal; false if there is none. See conn.h. */
static bool smc_cdc_take_request(u8 *want)
{
	/* Pairs with smc_cdc_request_signal(). */
	smp_mb();
	if (!READ_ONCE(*want))
		return false;
	WRITE_ONCE(*want, 0);
	return true;
}

/* There are new bytes. Call this after storing the producer field. */
void smc_cdc_signal_data(struct smc_conn *conn)
{
	if (conn->peer_cdc &&
	    !smc_cdc_take_request(&conn->peer_cdc->wants_data))
		return;
	smc_cdc_signal(conn);
}

/* There is new room. Call this after storing the consumer field. */
void smc_cdc_signal_room(struct smc_conn *conn)
{
	if (conn->peer_cdc &&
	    !smc_cdc_take_request(&conn->peer_cdc->wants_room))
		return;
	smc_cdc_signal(conn);
}

/*
 * Requests a signal; @want is in our own DMB. The caller checks once more for
 * bytes or room before it sleeps.
 */
void smc_cdc_request_signal(u8 *want)
{
	WRITE_ONCE(*want, 1);
	/* Pairs with smc_cdc_take_request(). */
	smp_mb();
}

/* The same for room; almost no signal is about room. */
void smc_cdc_request_room(struct smc_conn *conn)
{
	/*
	 * After the caller's entry on the wait queue. Pairs with the xchg() in
	 * smc_cdc_room_wanted().
	 */
	smp_store_release(&conn->room_wanted, true);
	/* Pairs with the smp_mb() in smc_cdc_room_wanted(). */
	smp_mb();
	smc_cdc_request_signal(&conn->own_cdc->wants_room);
}

/*
 * Does a writer wait for room? Takes the request: a writer that is woken and
 * finds no room sets it again. Called from signals, after they have read the
 * consumer field and own_cdc->wants_room.
 */
bool smc_cdc_room_wanted(struct smc_conn *conn)
{
	/* Pairs with smc_cdc_request_room(). */
	smp_mb();
	if (likely(!READ_ONCE(conn->room_wanted)))
		return false;
	/* A writer whose store this overwrites is on the wait queue by now. */
	return xchg(&conn->room_wanted, false);
}

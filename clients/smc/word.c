// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * What the two ends tell each other: words of the CDC message in the peer's
 * DMB, and signals. conn.h has the order and the barriers.
 *
 * A word or a signal that the device refuses is as bad as a device that is
 * gone: the peer would take fewer bytes for all, or wait for room for ever. So
 * that ends the connection, see smc_conn_check().
 */
#include <linux/compiler.h>

#include "conn.h"

/* Did the peer say that it goes by the words that only this project has? */
bool smc_conn_is_dibs(const struct smc_conn *conn)
{
	return READ_ONCE(conn->mine->origin) == SMC_CDC_ORIGIN_DIBS;
}

/* What the peer says of itself; to be asked before it is looked for bytes. */
struct smc_cdc_flags smc_conn_peer_flags(const struct smc_conn *conn)
{
	/* Before the producer word: pairs with the release of the peer's. */
	u64 word = smp_load_acquire(&conn->mine->consumer);

	return smc_cdc_word_flags(word);
}

/*
 * @err is what a move or a signal came to. A peer that is through with the
 * connection takes its DMB along; it has said so before, and nothing is lost.
 * Any context, conn->lock not held.
 */
void smc_conn_check(struct smc_conn *conn, int err)
{
	if (likely(!err))
		return;
	/* Pairs with what takes the DMB's name away, after the word. */
	smp_rmb();
	if (!(smc_conn_peer_flags(conn).state &
	      (SMC_CDC_CLOSED | SMC_CDC_ABORT)))
		smc_conn_lost(conn);
}

void smc_conn_signal(struct smc_conn *conn)
{
	smc_conn_check(conn, dibs_signal(conn->att, 0));
}

static int smc_conn_put_word(struct smc_conn *conn, u32 offset, u64 word)
{
	if (conn->theirs) {
		u64 *theirs = (void *)conn->theirs + offset;

		/* Pairs with smc_rx_look() and smc_conn_peer_flags(). */
		smp_store_release(theirs, word);
		return 0;
	}
	/* Moves are seen in order, as far as this processor is concerned. */
	smp_wmb();
	return dibs_move_data(conn->att, 0, false, offset, &word,
			      sizeof(word));
}

/* Bytes up to shown are in the peer's ring. Holding tx_lock. */
void smc_conn_put_producer(struct smc_conn *conn)
{
	u64 word = smc_cdc_word(conn->shown, (struct smc_cdc_flags){});
	int err = smc_conn_put_word(conn, offsetof(struct smc_cdc, producer),
				    word);

	smc_conn_check(conn, err);
}

/* A dump reads them without the lock. */
static void smc_conn_set_flags(struct smc_conn *conn, u8 prod, u8 state)
{
	lockdep_assert_held(&conn->lock);
	WRITE_ONCE(conn->flags.prod, prod);
	WRITE_ONCE(conn->flags.state, state);
}

static int smc_conn_put_consumer_locked(struct smc_conn *conn)
{
	lockdep_assert_held(&conn->lock);
	return smc_conn_put_word(conn, offsetof(struct smc_cdc, consumer),
				 smc_cdc_word(conn->told, conn->flags));
}

/* Bytes up to @cons were read. */
void smc_conn_put_consumer(struct smc_conn *conn, struct smc_cursor cons)
{
	int err;

	spin_lock_bh(&conn->lock);
	conn->told = cons;
	err = smc_conn_put_consumer_locked(conn);
	spin_unlock_bh(&conn->lock);
	smc_conn_check(conn, err);
}

/*
 * The peer asks how far we read, which it was not told as there was no need to:
 * it has no memory but what it gets back. From signals.
 */
void smc_conn_tell_read(struct smc_conn *conn)
{
	struct smc_cursor cons;
	int err = 0;
	bool news;

	spin_lock_bh(&conn->lock);
	/* Under the lock, so that no older one comes behind a newer. */
	cons = smc_cdc_word_cursor(READ_ONCE(conn->cons_word));
	news = conn->state != SMC_STATE_INIT &&
	       (cons.wrap != conn->told.wrap || cons.count != conn->told.count);
	if (news) {
		conn->told = cons;
		err = smc_conn_put_consumer_locked(conn);
	}
	spin_unlock_bh(&conn->lock);
	smc_conn_check(conn, err);
	if (news)
		smc_conn_tell_room(conn);
}

/* Asks the peer for that, until there is memory again. Holding tx_lock. */
void smc_conn_ask_read(struct smc_conn *conn, bool ask)
{
	struct smc_cdc_flags flags;
	int err;

	if (likely(conn->theirs) ||
	    ask == !!(READ_ONCE(conn->flags.prod) & SMC_CDC_UPDATE_WANTED))
		return;
	spin_lock_bh(&conn->lock);
	flags = conn->flags;
	smc_conn_set_flags(conn, flags.prod ^ SMC_CDC_UPDATE_WANTED,
			   flags.state);
	err = smc_conn_put_consumer_locked(conn);
	spin_unlock_bh(&conn->lock);
	smc_conn_check(conn, err);
	if (ask)
		smc_conn_signal(conn);
}

/* Sets flags for the peer to see; it is to be signalled then. */
void smc_conn_put_flags(struct smc_conn *conn, struct smc_cdc_flags set)
{
	int err;

	spin_lock_bh(&conn->lock);
	smc_conn_set_flags(conn, conn->flags.prod | set.prod,
			   conn->flags.state | set.state);
	err = smc_conn_put_consumer_locked(conn);
	spin_unlock_bh(&conn->lock);
	smc_conn_check(conn, err);
}

/* The byte with @seq before it is urgent; told by the flags that follow. */
void smc_conn_put_urgent(struct smc_conn *conn, u32 seq)
{
	int err = 0;

	if (conn->theirs)
		WRITE_ONCE(conn->theirs->urgent, seq);
	else
		err = dibs_move_data(conn->att, 0, false,
				     offsetof(struct smc_cdc, urgent), &seq,
				     sizeof(seq));
	smc_conn_check(conn, err);
}

/* It was read: the next one can come. For peers that go by the flags alone. */
void smc_conn_clear_urgent(struct smc_conn *conn)
{
	int err;

	spin_lock_bh(&conn->lock);
	smc_conn_set_flags(conn, conn->flags.prod &
			   ~(SMC_CDC_URGENT_PENDING | SMC_CDC_URGENT_PRESENT),
			   conn->flags.state);
	err = smc_conn_put_consumer_locked(conn);
	spin_unlock_bh(&conn->lock);
	smc_conn_check(conn, err);
}

/* See conn.h: does the peer want to be told? If it cannot say: yes. */
static bool smc_conn_wanted(u8 *want)
{
	/* Pairs with smc_conn_want(). */
	smp_mb();
	if (!READ_ONCE(*want))
		return false;
	WRITE_ONCE(*want, 0);
	return true;
}

/* New bytes, or flags, are there: after the words. */
void smc_conn_tell_data(struct smc_conn *conn)
{
	if (conn->theirs && !smc_conn_wanted(&conn->theirs->wants_data))
		return;
	smc_conn_signal(conn);
}

/* There is room: after the consumer word. */
void smc_conn_tell_room(struct smc_conn *conn)
{
	if (conn->theirs && !smc_conn_wanted(&conn->theirs->wants_room))
		return;
	smc_conn_signal(conn);
}

/* @want in our own DMB. After that, look once more before going to sleep. */
void smc_conn_want(u8 *want)
{
	WRITE_ONCE(*want, 1);
	/* Pairs with smc_conn_wanted(). */
	smp_mb();
}

/* Likewise for room, of which nearly no signal is. */
void smc_conn_want_room(struct smc_conn *conn)
{
	/* After the entry in the queue; pairs with the xchg() below. */
	smp_store_release(&conn->room_wanted, true);
	/* Pairs with the one below. */
	smp_mb();
	smc_conn_want(&conn->mine->wants_room);
}

/*
 * Does anybody wait for room? Whoever finds none again will say so again. From
 * signals, after what they are for was read.
 */
bool smc_conn_room_wanted(struct smc_conn *conn)
{
	/* Pairs with smc_conn_want_room(). */
	smp_mb();
	if (likely(!READ_ONCE(conn->room_wanted)))
		return false;
	/* Whoever is overtaken by this is in the queue by now. */
	return xchg(&conn->room_wanted, false);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Urgent data in the received stream: the urgent mark, and the urgent byte that
 * reads skip after MSG_OOB has read it or a newer mark has replaced it. The
 * rules are TCP's. Called by receive.c, poll() and signals, in any context
 * except hard interrupts. Stream offsets are modulo 2^32.
 */
#include <net/sock.h>

#include "conn/conn.h"

static bool smc_seq_before(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

/* Sets a new mark at @seq, by TCP's rules. @read: rx_seq, as just loaded. */
static void smc_urgent_mark_locked(struct smc_conn *conn, u32 seq, u32 read)
{
	lockdep_assert_held(&conn->lock);
	/* The reader is at the old mark, whose byte is not inline: skip it. */
	if (conn->urgent != SMC_URGENT_NONE && conn->urgent_seq == read &&
	    !sock_flag(conn->sk, SOCK_URGINLINE)) {
		WRITE_ONCE(conn->skip, true);
		conn->skip_seq = read;
	}
	conn->urgent_seq = seq;
	WRITE_ONCE(conn->urgent, SMC_URGENT_AHEAD);
}

/*
 * The peer's mark is at @seq. A signal and a reader may find it concurrently:
 * the second one finds it known and set. Returns true if it is new and ahead of
 * the reader.
 */
static bool smc_urgent_mark(struct smc_conn *conn, u32 seq)
{
	bool ahead = false;
	u32 read;

	spin_lock_bh(&conn->lock);
	/* Pairs with the store in smc_rx_advance(), which takes no lock. */
	read = READ_ONCE(conn->rx_seq);
	if (!conn->urgent_marked || smc_seq_before(conn->urgent_seen, seq)) {
		conn->urgent_marked = true;
		conn->urgent_seen = seq;
		ahead = !smc_seq_before(seq, read);
		if (ahead)
			smc_urgent_mark_locked(conn, seq, read);
	}
	spin_unlock_bh(&conn->lock);
	return ahead;
}

/*
 * Handles urgent flags of the peer. Sends SIGURG for a new mark. Any context.
 */
void smc_urgent_update(struct smc_conn *conn, u8 flags)
{
	u32 seq;

	if (smc_cdc_is_dibs(conn)) {
		seq = READ_ONCE(conn->own_cdc->urgent);
	} else if (flags & SMC_CDC_URGENT_PRESENT) {
		/* The last byte written is the urgent one. */
		seq = READ_ONCE(conn->rx_seq) + smc_rx_waiting(conn) - 1;
	} else {
		return;
	}
	if (smc_urgent_mark(conn, seq))
		sk_send_sigurg(conn->sk);
}

/*
 * A consistent snapshot of the mark and the skipped byte: signals change them.
 */
struct smc_marks smc_urgent_marks(struct smc_conn *conn)
{
	struct smc_marks marks = {};

	/* Mostly there is none. Pairs with the stores under conn->lock. */
	if (likely(READ_ONCE(conn->urgent) == SMC_URGENT_NONE &&
		   !READ_ONCE(conn->skip)))
		return marks;
	spin_lock_bh(&conn->lock);
	marks = (struct smc_marks){
		.urgent = conn->urgent, .urgent_seq = conn->urgent_seq,
		.skip = conn->skip, .skip_seq = conn->skip_seq,
	};
	spin_unlock_bh(&conn->lock);
	return marks;
}

/* Limits @len bytes at @seq to those before the mark and the skipped byte. */
u32 smc_marks_clip(const struct smc_marks *marks, u32 seq, u32 len)
{
	if (marks->urgent != SMC_URGENT_NONE && marks->urgent_seq != seq)
		len = min(len, marks->urgent_seq - seq);
	if (marks->skip && marks->skip_seq != seq)
		len = min(len, marks->skip_seq - seq);
	return len;
}

/* The stream has been read up to rx_seq: drops what lies before it. */
void smc_urgent_pass(struct smc_conn *conn)
{
	spin_lock_bh(&conn->lock);
	if (conn->urgent != SMC_URGENT_NONE &&
	    smc_seq_before(conn->urgent_seq, conn->rx_seq))
		WRITE_ONCE(conn->urgent, SMC_URGENT_NONE);
	if (conn->skip && smc_seq_before(conn->skip_seq, conn->rx_seq))
		WRITE_ONCE(conn->skip, false);
	spin_unlock_bh(&conn->lock);
}

/* MSG_OOB has read the mark's byte at @seq, unless there is a newer mark. */
void smc_urgent_mark_read(struct smc_conn *conn, u32 seq)
{
	spin_lock_bh(&conn->lock);
	if (conn->urgent_seq == seq)
		WRITE_ONCE(conn->urgent, SMC_URGENT_READ);
	spin_unlock_bh(&conn->lock);
}

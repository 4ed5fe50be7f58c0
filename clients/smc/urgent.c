// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Where the stream that is received does not go straight on: the urgent mark,
 * and the hole that an urgent byte left which was read, or passed over. The
 * rules are TCP's. Any context but hard interrupts; offsets in the stream are
 * counted modulo 2^32.
 */
#include <net/sock.h>

#include "conn.h"

static bool smc_seq_before(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

/* A new mark at @seq: TCP's rules. */
static void smc_rx_mark_locked(struct smc_conn *conn, u32 seq, u32 read)
{
	lockdep_assert_held(&conn->lock);
	/* At the old mark, and it is no part of the stream: skip it. */
	if (conn->urgent != SMC_URGENT_NONE && conn->urgent_seq == read &&
	    !sock_flag(conn->sk, SOCK_URGINLINE)) {
		WRITE_ONCE(conn->hole, true);
		conn->hole_seq = read;
	}
	conn->urgent_seq = seq;
	WRITE_ONCE(conn->urgent, SMC_URGENT_AHEAD);
}

/*
 * The peer's mark is at @seq. Signals and a reader may see it at once: the second
 * finds it known and set. True if it is new and the stream was not read so far.
 */
static bool smc_rx_mark(struct smc_conn *conn, u32 seq)
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
			smc_rx_mark_locked(conn, seq, read);
	}
	spin_unlock_bh(&conn->lock);
	return ahead;
}

/* The peer's flags speak of an urgent byte: is it a new one? Any context. */
void smc_rx_urgent(struct smc_conn *conn, u8 flags)
{
	u32 seq;

	if (smc_conn_is_dibs(conn)) {
		seq = READ_ONCE(conn->mine->urgent);
	} else if (flags & SMC_CDC_URGENT_PRESENT) {
		/* The last byte written. */
		seq = READ_ONCE(conn->rx_seq) + smc_rx_waiting(conn) - 1;
	} else {
		return;
	}
	if (smc_rx_mark(conn, seq))
		sk_send_sigurg(conn->sk);
}

/* The mark and the hole as they are together; signals change them. */
struct smc_marks smc_rx_marks(struct smc_conn *conn)
{
	struct smc_marks marks = {};

	/* Nearly always there is none. Pairs with the stores under the lock. */
	if (likely(READ_ONCE(conn->urgent) == SMC_URGENT_NONE &&
		   !READ_ONCE(conn->hole)))
		return marks;
	spin_lock_bh(&conn->lock);
	marks = (struct smc_marks){
		.urgent = conn->urgent, .urgent_seq = conn->urgent_seq,
		.hole = conn->hole, .hole_seq = conn->hole_seq,
	};
	spin_unlock_bh(&conn->lock);
	return marks;
}

/* How many of @len bytes at @seq come before the mark or a hole? */
u32 smc_rx_clip(const struct smc_marks *marks, u32 seq, u32 len)
{
	if (marks->urgent != SMC_URGENT_NONE && marks->urgent_seq != seq)
		len = min(len, marks->urgent_seq - seq);
	if (marks->hole && marks->hole_seq != seq)
		len = min(len, marks->hole_seq - seq);
	return len;
}

/* The stream was read up to rx_seq: marks behind it are history. */
void smc_rx_pass(struct smc_conn *conn)
{
	spin_lock_bh(&conn->lock);
	if (conn->urgent != SMC_URGENT_NONE &&
	    smc_seq_before(conn->urgent_seq, conn->rx_seq))
		WRITE_ONCE(conn->urgent, SMC_URGENT_NONE);
	if (conn->hole && smc_seq_before(conn->hole_seq, conn->rx_seq))
		WRITE_ONCE(conn->hole, false);
	spin_unlock_bh(&conn->lock);
}

/* Unless there is a newer mark by now. */
void smc_rx_mark_read(struct smc_conn *conn, u32 seq)
{
	spin_lock_bh(&conn->lock);
	if (conn->urgent_seq == seq)
		WRITE_ONCE(conn->urgent, SMC_URGENT_READ);
	spin_unlock_bh(&conn->lock);
}

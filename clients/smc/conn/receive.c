// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Receiving: copies from our DMB into the program's memory. Called by the
 * socket's operations, in process context. smc->rx_lock is held while something
 * is read, not while waiting.
 *
 * recv() follows TCP's rules: bytes first, then the end of the stream and
 * errors, and only then a wait; reading stops at the urgent mark. Stream
 * offsets are modulo 2^32, as with TCP.
 */
#include <linux/sched/signal.h>
#include <linux/uio.h>
#include <net/sock.h>

#include "conn/conn.h"
#include "trace.h"

/* Bytes copied before the writer is told of the room. */
#define SMC_RECEIVE_PIECE	SZ_64K

struct smc_receiving {
	struct smc_sock *smc;
	struct sock *sk;
	struct msghdr *msg;
	size_t len;
	int flags;
	long timeo;
	size_t copied;
	size_t target;
	bool splice;
	u32 peeked;		/* MSG_PEEK: offset of the next byte */
	struct smc_marks marks;	/* as last seen */
	bool full;		/* found the ring full */
	bool small;		/* the ring is too small for all of it */
};

/*
 * Reloads peer_prod and returns the bytes that can be read. Aborts the
 * connection if the peer's cursor is invalid. Holding rx_lock.
 */
u32 smc_rx_refresh(struct smc_conn *conn)
{
	/* Pairs with the release in smc_cdc_put_producer(). */
	u64 word = smp_load_acquire(&conn->own_cdc->producer);

	if (smc_cdc_producer_check(conn->rx_size, word, conn->cons,
				   &conn->peer_prod) < 0)
		smc_conn_abort(conn);
	return smc_cursor_readable(conn->rx_size, conn->cons,
				   conn->peer_prod);
}

/* The same without a lock, for poll(): an estimate, 0 to the ring size. */
u32 smc_rx_waiting(const struct smc_conn *conn)
{
	u64 cons = READ_ONCE(conn->cons_word);
	/* Pairs with the release in smc_cdc_put_producer(). */
	u64 prod = smp_load_acquire(&conn->own_cdc->producer);

	return clamp_t(s64, smc_cursor_diff(conn->rx_size,
					    smc_cdc_word_cursor(cons),
					    smc_cdc_word_cursor(prod)),
		       0, conn->rx_size);
}

/*
 * Has the peer ended the stream? Call this before loading the producer field.
 * An abort does not end the stream: TCP's reset follows.
 */
bool smc_rx_ended(const struct smc_conn *conn)
{
	return smc_cdc_peer_flags(conn).state &
	       (SMC_CDC_DONE_WRITING | SMC_CDC_CLOSED) ||
	       /* The end by TCP's FIN: docs/ordering.md. */
	       smp_load_acquire(&conn->sk->sk_shutdown) & RCV_SHUTDOWN;
}

/* Has the peer, whose producer field is @producer, written what we refuse? */
bool smc_rx_is_refused(const struct smc_conn *conn, u64 producer)
{
	/* Pairs with the release in smc_rx_refuse(). */
	return smp_load_acquire(&conn->rx_refuses) &&
	       smc_cursor_diff(conn->rx_size, conn->rx_end,
			       smc_cdc_word_cursor(producer)) > 0;
}

/*
 * The program has shut down both directions. As with TCP, what has arrived can
 * be read, and what arrives from here on resets the connection. Holding
 * rx_lock.
 */
void smc_rx_refuse(struct smc_conn *conn)
{
	if (conn->rx_refuses)
		return;
	smc_rx_refresh(conn);
	conn->rx_end = conn->peer_prod;
	/* Pairs with the acquire in smc_rx_is_refused(). */
	smp_store_release(&conn->rx_refuses, true);
	smc_cdc_request_signal(&conn->own_cdc->wants_data);
	if (smc_rx_is_refused(conn, READ_ONCE(conn->own_cdc->producer)))
		smc_reset_later(conn->smc, ECONNRESET);
}

/* Bytes that the program may read. Holding rx_lock. */
static u32 smc_rx_readable(struct smc_conn *conn)
{
	u32 waiting = smc_rx_refresh(conn);

	if (likely(!conn->rx_refuses))
		return waiting;
	return smc_cursor_readable(conn->rx_size, conn->cons, conn->rx_end);
}

/* --- the urgent byte --- */

/* Is the byte at @seq not part of the inline stream? Holding rx_lock. */
static bool smc_rx_is_skipped(const struct smc_receiving *r, u32 seq)
{
	const struct smc_marks *marks = &r->marks;

	if (marks->skip && marks->skip_seq == seq)
		return true;
	return smc_marks_at(marks, seq) && !sock_flag(r->sk, SOCK_URGINLINE);
}

/* recv(MSG_OOB), as tcp_recv_urg(). Holding rx_lock. */
static int smc_receive_urgent(struct smc_receiving *r, struct smc_conn *conn)
{
	struct smc_marks marks = smc_urgent_marks(conn);
	bool closed = inet_sk_state_load(r->sk) == TCP_CLOSE;
	u32 before, offset;
	struct smc_cursor at;
	char c;

	if (sock_flag(r->sk, SOCK_URGINLINE) ||
	    marks.urgent != SMC_URGENT_AHEAD)
		return -EINVAL;
	if (closed && !sock_flag(r->sk, SOCK_DONE))
		return -ENOTCONN;
	before = marks.urgent_seq - conn->rx_seq;
	if (before >= smc_rx_refresh(conn))
		return closed || smc_rx_ended(conn) ? 0 : -EAGAIN;
	at = smc_cursor_add(conn->rx_size, conn->cons, before);
	offset = SMC_CDC_LEN + at.count;
	if (dibs_dmb_read(conn->dmb, offset, &c, 1))
		return -EAGAIN;
	if (!(r->flags & MSG_PEEK))
		smc_urgent_mark_read(conn, conn->rx_seq + before);
	r->msg->msg_flags |= MSG_OOB;
	if (!r->len) {
		r->msg->msg_flags |= MSG_TRUNC;
		return 0;
	}
	if (!(r->flags & MSG_TRUNC) && memcpy_to_msg(r->msg, &c, 1))
		return -EFAULT;
	return 1;
}

/* --- the stream --- */

/*
 * Copies @len bytes, beginning @skip bytes after cons. Returns @len, or -EFAULT
 * and copies nothing.
 */
static ssize_t smc_rx_copy(struct smc_conn *conn, u32 skip, u32 len,
			   struct iov_iter *to)
{
	struct smc_cursor at = smc_cursor_add(conn->rx_size, conn->cons, skip);
	struct smc_piece piece[2];
	unsigned int i, n = smc_cursor_split(conn->rx_size, at, len, piece);
	ssize_t done = 0;

	for (i = 0; i < n; i++) {
		ssize_t ret = dibs_dmb_read_iter(conn->dmb, SMC_CDC_LEN +
						 piece[i].offset, to,
						 piece[i].len);

		if (ret > 0)
			done += ret;
		if (ret != piece[i].len) {
			iov_iter_revert(to, done);
			return -EFAULT;
		}
	}
	return done;
}

/* Is an update of the consumer field due? Always if mapped: it is cheap. */
static bool smc_rx_update_due(struct smc_conn *conn)
{
	struct smc_window window = { .size = conn->rx_size };
	struct smc_cursor confirmed;

	if (conn->peer_cdc)
		return true;
	/* Signals write it, too: smc_cdc_confirm(). */
	spin_lock_bh(&conn->lock);
	confirmed = conn->confirmed;
	spin_unlock_bh(&conn->lock);
	window.unconfirmed = smc_cursor_diff(conn->rx_size, confirmed,
					     conn->cons);
	window.room = smc_cursor_writable(conn->rx_size, confirmed,
					  conn->peer_prod);
	window.prod_flags = smc_cdc_peer_flags(conn).prod;
	window.urgent_read = window.prod_flags & SMC_CDC_URGENT_PRESENT;
	return smc_window_update_due(&window);
}

/* @len bytes have been read. Holding rx_lock. */
static void smc_rx_advance(struct smc_conn *conn, u32 len)
{
	u32 room;

	conn->cons = smc_cursor_add(conn->rx_size, conn->cons, len);
	WRITE_ONCE(conn->cons_word,
		   smc_cdc_word(conn->cons, (struct smc_cdc_flags){}));
	WRITE_ONCE(conn->rx_seq, conn->rx_seq + len);
	/* Pairs with the stores of signals, under conn->lock. */
	if (unlikely(READ_ONCE(conn->urgent) != SMC_URGENT_NONE ||
		     READ_ONCE(conn->skip)))
		smc_urgent_pass(conn);
	if (!smc_rx_update_due(conn))
		return;
	smc_cdc_put_consumer(conn, conn->cons);
	room = smc_cursor_writable(conn->rx_size, conn->cons,
				   conn->peer_prod);
	if (room >= conn->rx_size / 3)
		smc_cdc_signal_room(conn);
}

/*
 * Reads one piece of the @waiting bytes, of which @at have been peeked at
 * before. Returns the bytes that the program gets, 0 to stop here, or -errno.
 */
static ssize_t smc_receive_piece(struct smc_receiving *r,
				 struct smc_conn *conn, u32 at, u32 waiting)
{
	u32 seq = conn->rx_seq + at;
	u32 len = min_t(size_t, r->len - r->copied, waiting - at);
	ssize_t n;

	len = min_t(u32, len, SMC_RECEIVE_PIECE);
	len = smc_marks_clip(&r->marks, seq, len);
	if (r->flags & MSG_TRUNC) {
		n = len;
	} else {
		n = smc_rx_copy(conn, at, len, &r->msg->msg_iter);
		if (n < 0)
			return n;
	}
	if (r->flags & MSG_PEEK)
		r->peeked += n;
	else
		smc_rx_advance(conn, n);
	return n;
}

/* Checks reasons to stop in TCP's order. 1: stop; 0: wait; or -errno. */
static int smc_rx_stop(struct smc_receiving *r, struct smc_conn *conn,
		       bool ended)
{
	bool peer_done = smc_cdc_peer_flags(conn).state &
			 (SMC_CDC_DONE_WRITING | SMC_CDC_CLOSED);
	struct sock *sk = r->sk;

	if (r->copied)
		return READ_ONCE(sk->sk_err) || ended || !r->timeo ||
		       inet_sk_state_load(sk) == TCP_CLOSE ||
		       signal_pending(current);
	/* TCP's FIN arrives a little later than the peer's flag. */
	if (ended && (sock_flag(sk, SOCK_DONE) || peer_done))
		return 1;
	if (READ_ONCE(sk->sk_err))
		return sock_error(sk);
	if (ended)
		return 1;
	if (inet_sk_state_load(sk) == TCP_CLOSE)
		return -ENOTCONN;
	if (!r->timeo)
		return -EAGAIN;
	if (signal_pending(current))
		return sock_intr_errno(r->timeo);
	return 0;
}

/*
 * Drops rx_lock and waits for more than @waiting bytes, or for anything else
 * that ends the wait.
 */
static void smc_rx_wait(struct smc_receiving *r, struct smc_conn *conn,
			u32 waiting)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct sock *sk = r->sk;

	if (smc_busy_poll(conn, waiting) && smc_rx_refresh(conn) != waiting)
		return;
	add_wait_queue(sk_sleep(sk), &wait);
	sk_set_bit(SOCKWQ_ASYNC_WAITDATA, sk);
	smc_cdc_request_signal(&conn->own_cdc->wants_data);
	if (smc_rx_refresh(conn) == waiting && !smc_rx_ended(conn) &&
	    !READ_ONCE(sk->sk_err) && inet_sk_state_load(sk) != TCP_CLOSE) {
		mutex_unlock(&r->smc->rx_lock);
		r->timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, r->timeo);
		mutex_lock(&r->smc->rx_lock);
		/* It may have been disconnected meanwhile. */
		if (smc_conn_held(r->smc) == conn)
			smc_busy_poll_slept(conn);
	}
	sk_clear_bit(SOCKWQ_ASYNC_WAITDATA, sk);
	remove_wait_queue(sk_sleep(sk), &wait);
}

/*
 * Stops at the mark, as TCP does, if that is at @at of the @waiting bytes.
 * 1: stop; 0: go on; or -errno.
 */
static int smc_rx_at_mark(struct smc_receiving *r, struct smc_conn *conn,
			  u32 at, u32 waiting, bool ended)
{
	if (likely(!smc_marks_at(&r->marks, conn->rx_seq + at)))
		return 0;
	if (r->copied)
		return 1;
	/* splice() never passes it, and does not wait there. */
	if (r->splice)
		return at < waiting ? smc_rx_stop(r, conn, ended) ? : 1 : 0;
	if (signal_pending(current))
		return r->timeo ? sock_intr_errno(r->timeo) : -EAGAIN;
	return 0;
}

/* All bytes have been read. 0: try again; 1: stop; or -errno. */
static int smc_receive_empty(struct smc_receiving *r, struct smc_conn *conn,
			     u32 waiting, bool ended)
{
	int err;

	if (r->copied >= r->target)
		return 1;
	if (unlikely(smc_cdc_peer_flags(conn).state & SMC_CDC_ABORT))
		smc_reset(r->smc, smc_conn_peer_aborted(conn));
	err = smc_rx_stop(r, conn, ended);
	if (!err)
		smc_rx_wait(r, conn, waiting);
	return err;
}

/*
 * Each read ends with a request for a signal: poll(), SIGIO and sk_data_ready()
 * must tell of whatever comes next, even if nobody looks before. Bytes that
 * came before the peer could see the request are told here. Holding rx_lock.
 */
static void smc_rx_request_next(struct smc_conn *conn)
{
	u8 *want = &conn->own_cdc->wants_data;
	u32 waiting;

	/* The peer has not taken the last one, see docs/ordering.md. */
	if (READ_ONCE(*want))
		return;
	waiting = smc_cursor_readable(conn->rx_size, conn->cons,
				      conn->peer_prod);
	smc_cdc_request_signal(want);
	if (smc_rx_waiting(conn) > waiting && !smc_conn_below_lowat(conn))
		conn->sk->sk_data_ready(conn->sk);
}

/*
 * One step: reads a piece, skips a byte, or waits. 0: go on; 1: stop; or
 * -errno. Holding rx_lock.
 */
static int smc_receive_step(struct smc_receiving *r, struct smc_conn *conn)
{
	u32 at = r->flags & MSG_PEEK ? r->peeked : 0;
	bool ended = smc_rx_ended(conn);
	u32 waiting = smc_rx_readable(conn);
	/*
	 * After the producer field: the peer sets the mark before it publishes
	 * the byte.
	 */
	u8 flags = smc_cdc_peer_flags(conn).prod;
	ssize_t n;
	int err;

	if (unlikely(flags & (SMC_CDC_URGENT_PENDING | SMC_CDC_URGENT_PRESENT)))
		smc_urgent_update(conn, flags);
	r->marks = smc_urgent_marks(conn);
	err = smc_rx_at_mark(r, conn, at, waiting, ended);
	if (err)
		return err;
	if (unlikely(waiting == conn->rx_size))
		r->full = true;
	if (at >= waiting)
		return smc_receive_empty(r, conn, waiting, ended);
	if (smc_rx_is_skipped(r, conn->rx_seq + at)) {
		if (r->flags & MSG_PEEK)
			r->peeked++;
		else
			smc_rx_advance(conn, 1);
		return 0;
	}
	n = smc_receive_piece(r, conn, at, waiting);
	if (n > 0)
		r->copied += n;
	return n > 0 ? 0 : n ? : 1;
}

/* As TCP, runs once even if no bytes are asked for. Holding rx_lock. */
static int smc_receive_all(struct smc_receiving *r)
{
	int err;

	do {
		struct smc_conn *conn = smc_conn_held(r->smc);

		/* Disconnected while we waited: fail as TCP does. */
		if (!conn)
			return -EPIPE;
		err = smc_receive_step(r, conn);
		/* Let others run even if the peer always has more. */
		cond_resched();
	} while (!err && r->copied < r->len);
	return min(err, 0);
}

static int smc_receive_locked(struct smc_receiving *r)
{
	struct smc_conn *conn = smc_conn_held(r->smc);
	int err;

	if (!conn)
		return -ENOTCONN;
	if (r->flags & MSG_OOB)
		return smc_receive_urgent(r, conn);
	r->small = r->len > conn->rx_size;
	err = smc_receive_all(r);
	conn = smc_conn_held(r->smc);
	if (conn)
		smc_rx_request_next(conn);
	return r->copied ? : err;
}

/* Bytes that were only peeked at are counted when they are read. */
static void smc_receive_count(const struct smc_receiving *r, int ret)
{
	struct smc_stats __percpu *stats = r->smc->stats;

	if (ret <= 0 || r->flags & MSG_PEEK)
		return;
	smc_stat_add(stats, SMC_STAT_RX_BYTES, ret);
	smc_stat_inc(stats, SMC_STAT_RX_CALLS + smc_stat_size(ret));
	if (unlikely(r->flags & MSG_OOB))
		smc_stat_inc(stats, SMC_STAT_URGENT);
	if (unlikely(r->full))
		smc_stat_inc(stats, SMC_STAT_RX_RING + SMC_RING_FULL);
	if (unlikely(r->small))
		smc_stat_inc(stats, SMC_STAT_RX_RING + SMC_RING_SMALL);
}

/* The connection may have gone away before rx_lock was taken. */
static int smc_receive_run(struct smc_receiving *r)
{
	int ret;

	mutex_lock(&r->smc->rx_lock);
	ret = smc_receive_locked(r);
	mutex_unlock(&r->smc->rx_lock);
	smc_receive_count(r, ret);
	trace_smc_rx_recvmsg(r->sk, ret, r->flags);
	return ret;
}

/* recvmsg() */
int smc_receive(struct smc_sock *smc, struct msghdr *msg, size_t len,
		int flags)
{
	struct sock *sk = smc->sk;
	struct smc_receiving r = {
		.smc = smc,
		.sk = sk,
		.msg = msg,
		.len = len,
		.flags = flags,
		.timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT),
		.target = sock_rcvlowat(sk, flags & MSG_WAITALL, len),
	};
	int ret;

	if (flags & MSG_PEEK)
		r.peeked = max_t(int, sk_peek_offset(sk, flags), 0);
	ret = smc_receive_run(&r);
	if (ret > 0 && !(flags & MSG_OOB)) {
		if (flags & MSG_PEEK)
			sk_peek_offset_fwd(sk, ret);
		else
			sk_peek_offset_bwd(sk, ret);
	}
	return ret;
}

/* As TCP, splice() ignores SO_RCVLOWAT and SO_PEEK_OFF. @flags: MSG_DONTWAIT */
int smc_receive_splice(struct smc_sock *smc, struct msghdr *msg, size_t len,
		       int flags)
{
	struct smc_receiving r = {
		.smc = smc,
		.sk = smc->sk,
		.msg = msg,
		.len = len,
		.flags = flags,
		.timeo = sock_rcvtimeo(smc->sk, flags & MSG_DONTWAIT),
		.target = 1,
		.splice = true,
	};

	return smc_receive_run(&r);
}

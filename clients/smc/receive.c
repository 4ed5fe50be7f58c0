// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Receiving: from our own DMB into the program's memory. Process context;
 * smc->rx_lock is held while something is read, not while waiting.
 *
 * The rules of what recv() returns when are TCP's: bytes first, then the end of
 * the stream, errors, and only then a wait; reading stops at the urgent mark.
 * Offsets in the stream are counted modulo 2^32, as TCP's are.
 */
#include <linux/sched/signal.h>
#include <linux/uio.h>
#include <net/sock.h>

#include "conn.h"
#include "trace.h"

/* So much is copied before the writer is told of the room. */
#define SMC_RECEIVE_PIECE	SZ_64K

struct smc_receiving {
	struct dibs_smc *smc;
	struct sock *sk;
	struct msghdr *msg;
	size_t len;
	int flags;
	long timeo;
	size_t copied;
	size_t target;
	u32 peeked;		/* offset of what is next to be peeked at */
	struct smc_marks marks;	/* as last seen */
	bool full;		/* the ring was */
	bool small;		/* the ring is, for all at once */
};

/* Bytes that wait to be read. Holding rx_lock. */
u32 smc_rx_look(struct smc_conn *conn)
{
	/* Pairs with the release in smc_conn_put_producer(). */
	u64 word = smp_load_acquire(&conn->mine->producer);

	if (smc_cdc_producer_check(conn->rx_size, word, conn->cons,
				   &conn->peer_prod) < 0)
		smc_conn_abort(conn);
	return smc_cursor_readable(conn->rx_size, conn->cons,
				   conn->peer_prod);
}

/* The same without a lock, for poll(): a guess, 0 to size. */
u32 smc_rx_waiting(const struct smc_conn *conn)
{
	u64 cons = READ_ONCE(conn->cons_word);
	/* Pairs with the release in smc_conn_put_producer(). */
	u64 prod = smp_load_acquire(&conn->mine->producer);

	return clamp_t(s64, smc_cursor_diff(conn->rx_size,
					    smc_cdc_word_cursor(cons),
					    smc_cdc_word_cursor(prod)),
		       0, conn->rx_size);
}

/*
 * Will no more bytes come? To be asked before looking for bytes. An abort is
 * not the end of a stream: TCP's reset follows.
 */
bool smc_rx_ended(const struct smc_conn *conn)
{
	return smc_conn_peer_flags(conn).state &
	       (SMC_CDC_DONE_WRITING | SMC_CDC_CLOSED) ||
	       READ_ONCE(conn->sk->sk_shutdown) & RCV_SHUTDOWN;
}

/* --- the urgent byte ---------------------------------------------------------- */

/* The stream at @seq, skipping what was read by MSG_OOB. Holding rx_lock. */
static bool smc_rx_is_hole(const struct smc_receiving *r, u32 seq)
{
	const struct smc_marks *marks = &r->marks;

	if (marks->hole && marks->hole_seq == seq)
		return true;
	return smc_marks_at(marks, seq) && !sock_flag(r->sk, SOCK_URGINLINE);
}

/* recv(MSG_OOB): TCP's tcp_recv_urg(). Holding rx_lock. */
static int smc_receive_urgent(struct smc_receiving *r, struct smc_conn *conn)
{
	struct smc_marks marks = smc_rx_marks(conn);
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
	if (before >= smc_rx_look(conn))
		return closed || smc_rx_ended(conn) ? 0 : -EAGAIN;
	at = smc_cursor_add(conn->rx_size, conn->cons, before);
	offset = SMC_CDC_LEN + at.count;
	if (dibs_dmb_read(conn->dmb, offset, &c, 1))
		return -EAGAIN;
	if (!(r->flags & MSG_PEEK))
		smc_rx_mark_read(conn, conn->rx_seq + before);
	r->msg->msg_flags |= MSG_OOB;
	if (!r->len) {
		r->msg->msg_flags |= MSG_TRUNC;
		return 0;
	}
	if (!(r->flags & MSG_TRUNC) && memcpy_to_msg(r->msg, &c, 1))
		return -EFAULT;
	return 1;
}

/* --- the stream ---------------------------------------------------------------- */

/* Copies @len bytes from @skip bytes behind cons: all, or -EFAULT and none. */
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

/* Is the peer to be told now? Where it is mapped it costs next to nothing. */
static bool smc_rx_update_due(struct smc_conn *conn)
{
	struct smc_window window = { .size = conn->rx_size };
	struct smc_cursor told;

	if (conn->theirs)
		return true;
	/* With signals, see smc_conn_tell_read(). */
	spin_lock_bh(&conn->lock);
	told = conn->told;
	spin_unlock_bh(&conn->lock);
	window.unconfirmed = smc_cursor_diff(conn->rx_size, told, conn->cons);
	window.room = smc_cursor_writable(conn->rx_size, told,
					  conn->peer_prod);
	window.prod_flags = smc_conn_peer_flags(conn).prod;
	window.urgent_read = window.prod_flags & SMC_CDC_URGENT_PRESENT;
	return smc_window_update_due(&window);
}

/* @len bytes were read. Holding rx_lock. */
static void smc_rx_advance(struct smc_conn *conn, u32 len)
{
	u32 room;

	conn->cons = smc_cursor_add(conn->rx_size, conn->cons, len);
	WRITE_ONCE(conn->cons_word,
		   smc_cdc_word(conn->cons, (struct smc_cdc_flags){}));
	WRITE_ONCE(conn->rx_seq, conn->rx_seq + len);
	/* SIGIO comes with new bytes, whether anybody waits or not. */
	if (unlikely(sock_flag(conn->sk, SOCK_FASYNC)))
		WRITE_ONCE(conn->mine->wants_data, 1);
	/* Pairs with the stores under the lock, of signals. */
	if (unlikely(READ_ONCE(conn->urgent) != SMC_URGENT_NONE ||
		     READ_ONCE(conn->hole)))
		smc_rx_pass(conn);
	if (!smc_rx_update_due(conn))
		return;
	smc_conn_put_consumer(conn, conn->cons);
	room = smc_cursor_writable(conn->rx_size, conn->cons,
				   conn->peer_prod);
	if (room >= conn->rx_size / 3)
		smc_conn_tell_room(conn);
}

/*
 * One piece of @waiting bytes, of which @at were peeked at before. Bytes that
 * the program gets; 0: stop here; or -errno.
 */
static ssize_t smc_receive_piece(struct smc_receiving *r,
				 struct smc_conn *conn, u32 at, u32 waiting)
{
	u32 seq = conn->rx_seq + at;
	u32 len = min_t(size_t, r->len - r->copied, waiting - at);
	ssize_t n;

	len = min_t(u32, len, SMC_RECEIVE_PIECE);
	len = smc_rx_clip(&r->marks, seq, len);
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

/* TCP's order of reasons to stop. 1: stop; 0: wait; or -errno. */
static int smc_rx_stop(struct smc_receiving *r, struct smc_conn *conn,
		       bool ended)
{
	bool peer_done = smc_conn_peer_flags(conn).state &
			 (SMC_CDC_DONE_WRITING | SMC_CDC_CLOSED);
	struct sock *sk = r->sk;

	if (r->copied)
		return READ_ONCE(sk->sk_err) || ended || !r->timeo ||
		       inet_sk_state_load(sk) == TCP_CLOSE ||
		       signal_pending(current);
	/* TCP's FIN comes a little later than the peer's word. */
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

/* Waits, without rx_lock, for more than @waiting bytes, or something else. */
static void smc_rx_wait(struct smc_receiving *r, struct smc_conn *conn,
			u32 waiting)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct sock *sk = r->sk;

	if (smc_spin(conn, waiting) && smc_rx_look(conn) != waiting)
		return;
	add_wait_queue(sk_sleep(sk), &wait);
	sk_set_bit(SOCKWQ_ASYNC_WAITDATA, sk);
	smc_conn_want(&conn->mine->wants_data);
	if (smc_rx_look(conn) == waiting && !smc_rx_ended(conn) &&
	    !READ_ONCE(sk->sk_err) && inet_sk_state_load(sk) != TCP_CLOSE) {
		mutex_unlock(&r->smc->rx_lock);
		r->timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, r->timeo);
		mutex_lock(&r->smc->rx_lock);
		/* Unless it was disconnected meanwhile. */
		if (smc_conn_held(r->smc) == conn)
			smc_spin_slept(conn);
	}
	sk_clear_bit(SOCKWQ_ASYNC_WAITDATA, sk);
	remove_wait_queue(sk_sleep(sk), &wait);
}

/* At the mark: is it to be stopped at, as with TCP? 1, 0 or -errno. */
static int smc_rx_at_mark(struct smc_receiving *r, u32 seq)
{
	if (likely(!smc_marks_at(&r->marks, seq)))
		return 0;
	if (r->copied)
		return 1;
	if (signal_pending(current))
		return r->timeo ? sock_intr_errno(r->timeo) : -EAGAIN;
	return 0;
}

/* All that is there was read. 0: there is more now; 1: stop; or -errno. */
static int smc_receive_nothing(struct smc_receiving *r, struct smc_conn *conn,
			       u32 waiting, bool ended)
{
	int err;

	if (r->copied >= r->target)
		return 1;
	if (unlikely(smc_conn_peer_flags(conn).state & SMC_CDC_ABORT))
		smc_reset(r->smc, ECONNRESET);
	err = smc_rx_stop(r, conn, ended);
	if (!err) {
		smc_rx_wait(r, conn, waiting);
		return 0;
	}
	/* Who waits for bytes elsewhere shall hear of them. */
	smc_conn_want(&conn->mine->wants_data);
	return smc_rx_look(conn) > waiting && !r->copied ? 0 : err;
}

/*
 * Once round: reads a piece, skips a hole, or waits. 0: go on; 1: enough, or no
 * more; or -errno. Holding rx_lock.
 */
static int smc_receive_step(struct smc_receiving *r, struct smc_conn *conn)
{
	u32 at = r->flags & MSG_PEEK ? r->peeked : 0;
	bool ended = smc_rx_ended(conn);
	u32 waiting = smc_rx_look(conn);
	/* After the bytes, which the peer shows last. */
	u8 flags = smc_conn_peer_flags(conn).prod;
	ssize_t n;
	int err;

	if (unlikely(flags & (SMC_CDC_URGENT_PENDING | SMC_CDC_URGENT_PRESENT)))
		smc_rx_urgent(conn, flags);
	r->marks = smc_rx_marks(conn);
	err = smc_rx_at_mark(r, conn->rx_seq + at);
	if (err)
		return err;
	if (unlikely(waiting == conn->rx_size))
		r->full = true;
	if (at >= waiting)
		return smc_receive_nothing(r, conn, waiting, ended);
	if (smc_rx_is_hole(r, conn->rx_seq + at)) {
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

/* As TCP, looks once even if nothing is asked for. Holding rx_lock. */
static int smc_receive_all(struct smc_receiving *r)
{
	int err;

	do {
		struct smc_conn *conn = smc_conn_held(r->smc);

		/* Disconnected by another thread: as TCP after that. */
		if (!conn)
			return -ENOTCONN;
		err = smc_receive_step(r, conn);
		/* A peer may always have one more thing to look at. */
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
	return r->copied ? : err;
}

/* What was only peeked at is counted when it is read. */
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

/* As recvmsg(). The connection may have gone before rx_lock was taken. */
int smc_receive(struct dibs_smc *smc, struct msghdr *msg, size_t len,
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
	mutex_lock(&smc->rx_lock);
	ret = smc_receive_locked(&r);
	mutex_unlock(&smc->rx_lock);
	smc_receive_count(&r, ret);
	trace_smc_rx_recvmsg(sk, ret, flags);
	if (ret > 0 && !(flags & MSG_OOB)) {
		if (flags & MSG_PEEK)
			sk_peek_offset_fwd(sk, ret);
		else
			sk_peek_offset_bwd(sk, ret);
	}
	return ret;
}

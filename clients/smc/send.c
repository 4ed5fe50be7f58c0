// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Sending: from the program's memory straight into the peer's DMB. Process
 * context; smc->tx_lock is held while something is written, not while waiting.
 *
 * Bytes are published in pieces, so that the peer reads the first while the
 * next are copied. Bytes behind a cork (TCP_CORK, MSG_MORE) are written and not
 * published: prod is ahead of shown, until there are as many as TCP would send
 * in a segment, the cork is pulled, or time is over.
 */
#include <linux/errqueue.h>
#include <linux/sched/signal.h>
#include <linux/skbuff.h>
#include <linux/uio.h>
#include <net/sock.h>

#include "conn.h"
#include "idle.h"
#include "trace.h"

/*
 * So much is copied before it is published: half of what there is to send, so
 * that the peer reads the first half of a message while the other is copied, and
 * pieces of a long one cost less.
 */
#define SMC_SEND_PIECE_LEAST	SZ_32K
#define SMC_SEND_PIECE_MOST	SZ_64K

/* So much is not held back by a cork. */
#define SMC_CORK_MAX	SZ_32K

#define SMC_CORK_TIMEOUT	(HZ / 5)
#define SMC_MEMORY_RETRY	(HZ / 50)

struct smc_sending {
	struct dibs_smc *smc;
	struct sock *sk;
	struct msghdr *msg;
	int flags;
	long timeo;
	size_t copied;
	bool announced;		/* the urgent byte to come */
	bool full;		/* the ring was */
	bool small;		/* the ring is, for all at once */
};

/* What the peer read, as it says; -EPROTO if that cannot be. */
static int smc_tx_look(struct smc_conn *conn)
{
	/* Pairs with the release in smc_conn_put_consumer(). */
	u64 word = smp_load_acquire(&conn->mine->consumer);

	return smc_cdc_consumer_check(conn->tx_size, word, conn->shown,
				      &conn->peer_cons);
}

/* Bytes that there is room for, by what was seen last. */
static u32 smc_tx_room_known(const struct smc_conn *conn)
{
	return smc_cursor_writable(conn->tx_size, conn->peer_cons, conn->prod);
}

/* The same, by what the peer says now; none if it lies. Holding tx_lock. */
u32 smc_tx_room_seen(struct smc_conn *conn)
{
	return smc_tx_look(conn) < 0 ? 0 : smc_tx_room_known(conn);
}

/* Bytes that may be written. Holding tx_lock. */
u32 smc_tx_room(struct smc_conn *conn)
{
	u32 room;

	if (smc_tx_look(conn) < 0) {
		smc_conn_abort(conn);
		return 0;
	}
	room = smc_tx_room_known(conn);
	if (likely(!conn->urgent_out))
		return room;
	if (smc_conn_is_dibs(conn)) {
		/* It had not said so yet. It goes by the mark. */
		WRITE_ONCE(conn->urgent_out, false);
		return room;
	}
	/* The peer takes the last byte written for the urgent one. */
	if (room < conn->tx_size)
		return 0;
	WRITE_ONCE(conn->urgent_out, false);
	smc_conn_clear_urgent(conn);
	return room;
}

/* Is there as much room as TCP wants before poll() says so? Without a lock. */
bool smc_tx_writable(const struct smc_conn *conn)
{
	/* Pairs with the release in smc_conn_put_consumer(). */
	u64 cons = smp_load_acquire(&conn->mine->consumer);
	u32 room = smc_cursor_writable(conn->tx_size,
				       smc_cdc_word_cursor(cons),
				       smc_cdc_word_cursor(READ_ONCE(conn->prod_word)));

	/* See smc_tx_room(). */
	if (unlikely(READ_ONCE(conn->urgent_out)) && !smc_conn_is_dibs(conn))
		return room == conn->tx_size;
	return room >= conn->tx_size / 3;
}

/* TCP's rule: 0, or why nothing can be sent. */
static int smc_tx_status(struct sock *sk)
{
	if (unlikely(READ_ONCE(sk->sk_err) ||
		     READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN))
		return -EPIPE;
	return 0;
}

static bool smc_tx_peer_is_gone(const struct smc_conn *conn)
{
	return smc_conn_peer_flags(conn).state &
	       (SMC_CDC_CLOSED | SMC_CDC_ABORT);
}

/*
 * The peer has closed: TCP would send the bytes all the same and get a reset as
 * the answer. 0 or -errno.
 */
static int smc_send_to_nobody(struct smc_sending *s, struct smc_conn *conn)
{
	if (smc_conn_peer_flags(conn).state & SMC_CDC_ABORT) {
		smc_reset(s->smc, ECONNRESET);
		return -EPIPE;
	}
	s->copied += msg_data_left(s->msg);
	iov_iter_advance(&s->msg->msg_iter, msg_data_left(s->msg));
	smc_reset(s->smc, EPIPE);
	return 0;
}

/* All of one piece; -EFAULT, or -errno if memory or the device is gone. */
static int smc_tx_copy_piece(struct smc_conn *conn,
			     const struct smc_piece *piece,
			     struct iov_iter *from, u32 *done)
{
	u32 left = piece->len;

	while (left) {
		ssize_t ret = dibs_move_iter(conn->att, 0, false, SMC_CDC_LEN +
					     piece->offset + piece->len - left,
					     from, left);

		if (ret < 0)
			return ret;
		left -= ret;
		*done += ret;
	}
	return 0;
}

/*
 * Copies @len bytes behind prod. As with TCP, of a piece that meets a bad page
 * nothing is sent. Bytes, fewer if memory or the device went, or -errno.
 */
static ssize_t smc_tx_copy(struct smc_conn *conn, struct iov_iter *from,
			   u32 len)
{
	struct smc_piece piece[2];
	unsigned int i, n = smc_cursor_split(conn->tx_size, conn->prod, len,
					     piece);
	u32 done = 0;
	int err = 0;

	for (i = 0; i < n && !err; i++)
		err = smc_tx_copy_piece(conn, &piece[i], from, &done);
	if (err == -EFAULT) {
		iov_iter_revert(from, done);
		return err;
	}
	return done ? (ssize_t)done : err;
}

static void smc_tx_advance(struct smc_conn *conn, u32 len)
{
	conn->prod = smc_cursor_add(conn->tx_size, conn->prod, len);
	conn->tx_seq += len;
	WRITE_ONCE(conn->prod_word,
		   smc_cdc_word(conn->prod, (struct smc_cdc_flags){}));
}

static u32 smc_tx_hidden(const struct smc_conn *conn)
{
	return smc_cursor_diff(conn->tx_size, conn->shown, conn->prod);
}

/* Whatever was written, the peer shall read now. Holding tx_lock. */
void smc_tx_publish(struct smc_conn *conn)
{
	/* Where something could not be said, nothing that follows is true. */
	if (!smc_tx_hidden(conn) || unlikely(READ_ONCE(conn->smc->doom)))
		return;
	conn->shown = conn->prod;
	smc_conn_put_producer(conn);
	smc_conn_tell_data(conn);
}

static bool smc_tx_is_corked(const struct smc_sending *s)
{
	return s->flags & MSG_MORE ||
	       smc_tcp_nonagle(s->sk) & TCP_NAGLE_CORK;
}

/* Bytes were written: the peer gets them, or the cork is in. */
static void smc_tx_push(struct smc_sending *s, struct smc_conn *conn)
{
	if (likely(!smc_tx_is_corked(s)) ||
	    smc_tx_hidden(conn) >= SMC_CORK_MAX) {
		smc_tx_publish(conn);
		return;
	}
	if (!timer_pending(&conn->cork_timer))
		mod_timer(&conn->cork_timer, jiffies + SMC_CORK_TIMEOUT);
}

/* The cork was pulled, or time is over: no lock held. */
void smc_uncork(struct dibs_smc *smc)
{
	struct smc_conn *conn;

	mutex_lock(&smc->tx_lock);
	conn = smc_conn_held(smc);
	if (conn)
		smc_tx_publish(conn);
	mutex_unlock(&smc->tx_lock);
}

/*
 * In the work, which waits for no sender: one may sleep in a fault on its memory.
 */
void smc_uncork_later(struct dibs_smc *smc)
{
	struct smc_conn *conn;

	if (!mutex_trylock(&smc->tx_lock)) {
		WRITE_ONCE(smc->uncork, true);
		queue_delayed_work(smc_wq, &smc->work, SMC_MEMORY_RETRY);
		return;
	}
	conn = smc_conn_held(smc);
	if (conn)
		smc_tx_publish(conn);
	mutex_unlock(&smc->tx_lock);
}

/*
 * Waits, without tx_lock, until the peer may have made room. 0, or -errno if
 * that is not to be waited for.
 */
static int smc_tx_wait(struct smc_sending *s, struct smc_conn *conn)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct sock *sk = s->sk;

	if (!s->timeo) {
		/* Who waits for room elsewhere shall hear of it. */
		sk_set_bit(SOCKWQ_ASYNC_NOSPACE, sk);
		smc_conn_want_room(conn);
		return smc_tx_room(conn) ? 0 : -EAGAIN;
	}
	if (signal_pending(current))
		return sock_intr_errno(s->timeo);
	add_wait_queue(sk_sleep(sk), &wait);
	smc_conn_want_room(conn);
	if (!smc_tx_room(conn) && !smc_tx_status(sk) &&
	    !smc_tx_peer_is_gone(conn)) {
		mutex_unlock(&s->smc->tx_lock);
		s->timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, s->timeo);
		mutex_lock(&s->smc->tx_lock);
	}
	remove_wait_queue(sk_sleep(sk), &wait);
	/* A peer may take back every time what it was to be waited for. */
	cond_resched();
	return 0;
}

/*
 * There is no memory for the ring: what the peer has read goes back, and if
 * that was not it, somebody else may give some.
 */
static int smc_tx_wait_memory(struct smc_sending *s, struct smc_conn *conn)
{
	long nap = SMC_MEMORY_RETRY;

	smc_idle_trim(conn);
	smc_conn_ask_read(conn, true);
	if (!s->timeo) {
		/* poll() says that there is room: somebody has to say more. */
		sk_set_bit(SOCKWQ_ASYNC_NOSPACE, s->sk);
		WRITE_ONCE(s->smc->nudge, true);
		queue_delayed_work(smc_wq, &s->smc->work, SMC_MEMORY_RETRY);
		return -EAGAIN;
	}
	if (signal_pending(current))
		return sock_intr_errno(s->timeo);
	if (s->timeo != MAX_SCHEDULE_TIMEOUT) {
		nap = min(nap, s->timeo);
		s->timeo -= nap;
	}
	mutex_unlock(&s->smc->tx_lock);
	schedule_timeout_interruptible(nap);
	mutex_lock(&s->smc->tx_lock);
	return 0;
}

/*
 * The last byte of the message is urgent, and it may be: that is known before
 * anybody can read it, and confirmed behind it, as the standard has it.
 */
static void smc_tx_urgent(struct smc_conn *conn, u32 seq, u8 flag)
{
	smc_conn_put_urgent(conn, seq);
	if (unlikely(READ_ONCE(conn->smc->doom)))
		return;
	smc_conn_put_flags(conn, (struct smc_cdc_flags){ .prod = flag });
	smc_conn_signal(conn);
}

/* All of the message is written. */
static void smc_tx_push_urgent(struct smc_conn *conn)
{
	smc_tx_urgent(conn, conn->tx_seq - 1, SMC_CDC_URGENT_PENDING);
	smc_tx_publish(conn);
	smc_tx_urgent(conn, conn->tx_seq - 1, SMC_CDC_URGENT_PRESENT);
	WRITE_ONCE(conn->urgent_out, !smc_conn_is_dibs(conn));
}

/* There is no room for bytes, of which the last is urgent. */
static void smc_tx_announce_urgent(struct smc_sending *s,
				   struct smc_conn *conn)
{
	if (s->announced)
		return;
	s->announced = true;
	smc_tx_urgent(conn, conn->tx_seq + msg_data_left(s->msg) - 1,
		      SMC_CDC_URGENT_PENDING);
}

/* Not so much that there is no room for another one. */
static u32 smc_tx_piece(const struct smc_conn *conn, u32 left)
{
	u32 most = min_t(u32, SMC_SEND_PIECE_MOST, conn->tx_size / 2);

	return max_t(u32, SMC_SEND_PIECE_LEAST, min(most, left / 2));
}

/* One piece, or a wait for room. 0 or -errno. Holding tx_lock. */
static int smc_send_piece(struct smc_sending *s, struct smc_conn *conn,
			  u32 limit)
{
	u32 room = smc_tx_room_known(conn);
	ssize_t n;

	if (unlikely(limit > conn->tx_size))
		s->small = true;
	limit = min(limit, smc_tx_piece(conn, limit));
	if (room < limit || conn->urgent_out)
		room = smc_tx_room(conn);
	if (!room) {
		/* Its signal may come late, or never. */
		if (unlikely(smc_tx_peer_is_gone(conn)))
			return smc_send_to_nobody(s, conn);
		s->full = true;
		smc_tx_publish(conn);
		if (unlikely(s->flags & MSG_OOB))
			smc_tx_announce_urgent(s, conn);
		return smc_tx_wait(s, conn);
	}
	n = smc_tx_copy(conn, &s->msg->msg_iter, min(room, limit));
	if (n == -ENOMEM || n == -ENOBUFS)
		return smc_tx_wait_memory(s, conn);
	if (n == -ESTALE && smc_tx_peer_is_gone(conn))
		return smc_send_to_nobody(s, conn);
	if (n == -ENODEV || n == -ESTALE) {
		/* Or close() would say that this was all. */
		smc_conn_lost(conn);
		smc_reset(s->smc, ECONNRESET);
		return -EPIPE;
	}
	if (n < 0)
		return n;
	smc_tx_advance(conn, n);
	s->copied += n;
	smc_idle_touch(conn);
	smc_conn_ask_read(conn, false);
	if (unlikely(s->flags & MSG_OOB) && !msg_data_left(s->msg))
		smc_tx_push_urgent(conn);
	else
		smc_tx_push(s, conn);
	return 0;
}

static int smc_send_all(struct smc_sending *s)
{
	int err;

	do {
		/* May have been disconnected by another thread meanwhile. */
		struct smc_conn *conn = smc_conn_held(s->smc);

		err = smc_tx_status(s->sk);
		if (err || !msg_data_left(s->msg))
			break;
		if (!conn)
			return -EPIPE;
		/* Signals tell of its flags, which lie where it writes often. */
		if (unlikely(READ_ONCE(conn->state) != SMC_STATE_ACTIVE) &&
		    smc_tx_peer_is_gone(conn))
			err = smc_send_to_nobody(s, conn);
		else
			err = smc_send_piece(s, conn, msg_data_left(s->msg));
	} while (!err && msg_data_left(s->msg));
	return err;
}

/*
 * Who asked for zero copies is told at once that there was one, and that the
 * memory is free.
 */
static int smc_send_complete_zerocopy(struct sock *sk, size_t len)
{
	struct ubuf_info *uarg;

	lock_sock(sk);
	uarg = msg_zerocopy_realloc(sk, len, NULL);
	release_sock(sk);
	if (!uarg)
		return -ENOBUFS;
	uarg_to_msgzc(uarg)->zerocopy = 0;
	net_zcopy_put(uarg);
	return 0;
}

static void smc_send_count(const struct smc_sending *s)
{
	struct smc_stats __percpu *stats = s->smc->stats;

	if (likely(s->copied)) {
		smc_stat_add(stats, SMC_STAT_TX_BYTES, s->copied);
		smc_stat_inc(stats, SMC_STAT_TX_CALLS +
				    smc_stat_size(s->copied));
		if (unlikely(s->flags & MSG_OOB))
			smc_stat_inc(stats, SMC_STAT_URGENT);
	}
	if (s->full)
		smc_stat_inc(stats, SMC_STAT_TX_RING + SMC_RING_PEER_FULL);
	if (s->small)
		smc_stat_inc(stats, SMC_STAT_TX_RING + SMC_RING_PEER_SMALL);
}

/* As sendmsg(). The connection may have gone before tx_lock was taken. */
int smc_send(struct dibs_smc *smc, struct msghdr *msg, size_t len)
{
	struct smc_sending s = {
		.smc = smc,
		.sk = smc->sk,
		.msg = msg,
		.flags = msg->msg_flags,
		.timeo = sock_sndtimeo(smc->sk, msg->msg_flags & MSG_DONTWAIT),
	};
	int err;

	if (unlikely(msg->msg_controllen)) {
		struct sockcm_cookie sockc = {};

		/* Nothing in it concerns us, and unknown things are refused. */
		if (sock_cmsg_send(s.sk, msg, &sockc))
			return -EINVAL;
	}
	sk_clear_bit(SOCKWQ_ASYNC_NOSPACE, s.sk);
	mutex_lock(&smc->tx_lock);
	err = smc_send_all(&s);
	mutex_unlock(&smc->tx_lock);
	smc_send_count(&s);
	trace_smc_tx_sendmsg(s.sk, s.copied ? : err, s.flags);
	if (s.copied && unlikely(s.flags & MSG_ZEROCOPY) &&
	    sock_flag(s.sk, SOCK_ZEROCOPY) && !msg->msg_ubuf)
		smc_send_complete_zerocopy(s.sk, s.copied);
	if (s.copied)
		return s.copied;
	return err ? sk_stream_error(s.sk, s.flags, err) : 0;
}

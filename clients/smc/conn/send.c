// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Sending: copies from the program's memory directly into the peer's DMB.
 * Called by the socket's operations and work, in process context. smc->tx_lock
 * is held while something is written, not while waiting.
 *
 * Bytes are published in pieces, so that the peer reads the first piece while
 * the next one is copied. Corked bytes (TCP_CORK, MSG_MORE) are written but not
 * published, so prod is ahead of published, until there are SMC_CORK_MAX of
 * them, the cork is removed, or SMC_CORK_TIMEOUT is over.
 */
#include <linux/errqueue.h>
#include <linux/sched/signal.h>
#include <linux/skbuff.h>
#include <linux/uio.h>
#include <net/sock.h>

#include "conn/conn.h"
#include "conn/idle.h"
#include "trace.h"

/*
 * A piece, in bytes, that is copied before it is published: half of what is
 * left to send, so that the peer reads the first half of a message while the
 * second is copied, between these limits, so that pieces of a long one cost
 * less.
 */
#define SMC_SEND_PIECE_LEAST	SZ_32K
#define SMC_SEND_PIECE_MOST	SZ_64K

/* Memory that a reader in time leaves in a ring, and how it is passed on. */
#define SMC_TX_KEEP	SZ_1M
#define SMC_TX_CHUNK	SZ_64K

/* Corked bytes are published once there are this many, as in a TCP segment. */
#define SMC_CORK_MAX	SZ_32K

#define SMC_CORK_TIMEOUT	(HZ / 5)
#define SMC_MEMORY_RETRY	(HZ / 50)
#define SMC_MEMORY_RETRY_MOST	(HZ / 2)

struct smc_sending {
	struct smc_sock *smc;
	struct sock *sk;
	struct msghdr *msg;
	int flags;
	long timeo;
	size_t copied;
	bool announced;		/* the coming urgent byte was */
	bool full;		/* found the ring full */
	bool small;		/* the ring is too small for all of it */
};

/* Reloads peer_cons from our DMB. Returns -EPROTO if it is invalid. */
static int smc_tx_refresh(struct smc_conn *conn)
{
	/* Pairs with the release in smc_cdc_put_consumer(). */
	u64 word = smp_load_acquire(&conn->own_cdc->consumer);

	return smc_cdc_consumer_check(conn->tx_size, word, conn->published,
				      &conn->peer_cons);
}

/*
 * Bytes that the peer may leave unread: SO_SNDBUF bounds them, if the program
 * has set it. With TCP, its send buffer holds what the peer's initial receive
 * buffer does not. A peer that has set SO_RCVBUF takes what its ring holds.
 */
static u32 smc_tx_limit(const struct smc_conn *conn)
{
	const struct sock *sk = conn->sk;
	u64 limit;

	/* A bit field; races with setsockopt(), see state/smc.h. */
	if (likely(!data_race(sk->sk_userlocks & SOCK_SNDBUF_LOCK)) ||
	    !conn->tx_usual)
		return conn->tx_size;
	limit = (u64)READ_ONCE(sk->sk_sndbuf) +
		READ_ONCE(sock_net(sk)->ipv4.sysctl_tcp_rmem[1]);
	return min_t(u64, limit, conn->tx_size);
}

/* Room in the peer's ring, according to the last reload. */
static u32 smc_tx_ring_room_cached(const struct smc_conn *conn)
{
	return smc_cursor_writable(conn->tx_size, conn->peer_cons, conn->prod);
}

/* The part below the limit, of @room bytes in the ring. */
static u32 smc_tx_room_limited(const struct smc_conn *conn, u32 room)
{
	u32 beyond = conn->tx_size - smc_tx_limit(conn);

	return room > beyond ? room - beyond : 0;
}

/* Bytes that may be written, according to the last reload. */
static u32 smc_tx_room_cached(const struct smc_conn *conn)
{
	return smc_tx_room_limited(conn, smc_tx_ring_room_cached(conn));
}

/*
 * Writers wait although the ring may have room. The peer tells of room when the
 * ring has some, which may be too late: asks it to tell of everything that it
 * reads, and to read what there is.
 */
static void smc_tx_set_blocked(struct smc_conn *conn)
{
	smc_cdc_request_update(conn, true);
	smc_cdc_put_blocked(conn, true);
}

/* If there is a limit below that of the ring. */
void smc_tx_request_updates(struct smc_conn *conn)
{
	if (unlikely(smc_tx_limit(conn) < conn->tx_size))
		smc_tx_set_blocked(conn);
}

/*
 * Room in the peer's ring, after a reload; 0 if the peer's cursor is invalid.
 * Holding tx_lock.
 */
u32 smc_tx_ring_room(struct smc_conn *conn)
{
	return smc_tx_refresh(conn) < 0 ? 0 : smc_tx_ring_room_cached(conn);
}

/*
 * Bytes that may be written, after a reload. Aborts the connection if the
 * peer's cursor is invalid. Holding tx_lock.
 */
u32 smc_tx_room(struct smc_conn *conn)
{
	u32 room;

	if (smc_tx_refresh(conn) < 0) {
		smc_conn_abort(conn);
		return 0;
	}
	room = smc_tx_ring_room_cached(conn);
	if (likely(!conn->urgent_out))
		return smc_tx_room_limited(conn, room);
	if (smc_cdc_is_dibs(conn)) {
		/* Its origin was not known yet. It uses the mark. */
		WRITE_ONCE(conn->urgent_out, false);
		return smc_tx_room_limited(conn, room);
	}
	/*
	 * Another implementation takes the last byte written for the urgent
	 * one: write nothing behind it until it has been read.
	 */
	if (room < conn->tx_size)
		return 0;
	WRITE_ONCE(conn->urgent_out, false);
	smc_cdc_clear_urgent(conn);
	return smc_tx_limit(conn);
}

/* For poll(): is there as much room as TCP requires? Lockless. */
bool smc_tx_writable(const struct smc_conn *conn)
{
	/* Pairs with the release in smc_cdc_put_consumer(). */
	u64 cons = smp_load_acquire(&conn->own_cdc->consumer);
	u64 prod = READ_ONCE(conn->prod_word);
	u32 room = smc_cursor_writable(conn->tx_size,
				       smc_cdc_word_cursor(cons),
				       smc_cdc_word_cursor(prod));

	if (unlikely(READ_ONCE(conn->no_memory)))
		return false;
	/* See smc_tx_room(). */
	if (unlikely(READ_ONCE(conn->urgent_out)) && !smc_cdc_is_dibs(conn))
		return room == conn->tx_size;
	return smc_tx_room_limited(conn, room) >= smc_tx_limit(conn) / 3;
}

/* TCP's rule: returns 0, or -EPIPE if nothing can be sent. */
static int smc_tx_status(struct sock *sk)
{
	if (unlikely(READ_ONCE(sk->sk_err) ||
		     READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN))
		return -EPIPE;
	return 0;
}

static bool smc_tx_peer_is_gone(const struct smc_conn *conn)
{
	return smc_cdc_peer_flags(conn).state &
	       (SMC_CDC_CLOSED | SMC_CDC_ABORT);
}

/*
 * The peer has closed. TCP would still send what its buffers hold and be
 * answered with a reset, so count what the ring has room for as sent, and reset
 * the connection. Returns 0, also if nothing was sent, or -errno.
 */
static int smc_send_peer_gone(struct smc_sending *s, struct smc_conn *conn)
{
	size_t lost;

	if (smc_cdc_peer_flags(conn).state & SMC_CDC_ABORT) {
		smc_reset(s->smc, smc_conn_peer_aborted(conn));
		return -EPIPE;
	}
	lost = min_t(size_t, msg_data_left(s->msg), smc_tx_ring_room(conn));
	s->copied += lost;
	iov_iter_advance(&s->msg->msg_iter, lost);
	smc_reset(s->smc, EPIPE);
	return 0;
}

/*
 * Copies all of one piece. Returns 0, -EFAULT, or another -errno if there is no
 * memory or the device is gone. *@done counts the bytes copied in any case.
 */
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
 * Copies @len bytes into the ring from prod on. As with TCP, nothing is sent of
 * a piece whose memory cannot be read. Returns the bytes copied, which are
 * fewer than @len if memory or the device is gone, or -errno.
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

/* Gives chunk @to of the DMB memory, if that is to be had for nothing. */
static void smc_tx_reuse_chunk(struct smc_conn *conn, u32 to)
{
	u32 count = (conn->tx_size + SMC_CDC_LEN) / SMC_TX_CHUNK;
	u32 from = (to + count - SMC_TX_KEEP / SMC_TX_CHUNK) % count;

	dibs_attachment_reuse(conn->att, from * SMC_TX_CHUNK,
			      to * SMC_TX_CHUNK, SMC_TX_CHUNK);
}

/*
 * A long ring has room for what a late reader leaves unread, and the writer
 * passes through all of it. So that a reader in time costs neither more memory
 * nor more cache than in a ring of SMC_TX_KEEP bytes, each chunk gets the pages
 * of the one that lies so many bytes before it, if that has been read. @len
 * bytes, at most a chunk, are about to be written.
 */
static void smc_tx_reuse(struct smc_conn *conn, u32 len)
{
	u32 end = conn->prod.count + len, unread;
	u32 chunk;

	if (end > conn->tx_size)
		end -= conn->tx_size;
	chunk = (SMC_CDC_LEN + end - 1) / SMC_TX_CHUNK;
	if (likely(chunk == conn->tx_chunk))
		return;
	conn->tx_chunk = chunk;
	if (conn->tx_size < SMC_TX_KEEP || smc_tx_refresh(conn) < 0)
		return;
	unread = conn->tx_size - smc_tx_ring_room_cached(conn);
	if (unread <= SMC_TX_KEEP - 3 * SMC_TX_CHUNK)
		smc_tx_reuse_chunk(conn, chunk);
}

static void smc_tx_advance(struct smc_conn *conn, u32 len)
{
	conn->prod = smc_cursor_add(conn->tx_size, conn->prod, len);
	conn->tx_seq += len;
	WRITE_ONCE(conn->prod_word,
		   smc_cdc_word(conn->prod, (struct smc_cdc_flags){}));
}

static u32 smc_tx_unpublished(const struct smc_conn *conn)
{
	return smc_cursor_diff(conn->tx_size, conn->published, conn->prod);
}

/* Publishes all bytes that were written. Holding tx_lock. */
void smc_tx_publish(struct smc_conn *conn)
{
	/* After a refused move the peer must not see anything later. */
	if (!smc_tx_unpublished(conn) ||
	    unlikely(READ_ONCE(conn->smc->reset_err)))
		return;
	conn->published = conn->prod;
	smc_cdc_put_producer(conn);
	smc_cdc_signal_data(conn);
}

static bool smc_tx_is_corked(const struct smc_sending *s)
{
	return s->flags & MSG_MORE ||
	       smc_tcp_nonagle(s->sk) & TCP_NAGLE_CORK;
}

/* Publishes what was written, unless it is corked. */
static void smc_tx_push(struct smc_sending *s, struct smc_conn *conn)
{
	if (likely(!smc_tx_is_corked(s)) ||
	    smc_tx_unpublished(conn) >= SMC_CORK_MAX) {
		smc_tx_publish(conn);
		return;
	}
	if (!timer_pending(&conn->cork_timer))
		mod_timer(&conn->cork_timer, jiffies + SMC_CORK_TIMEOUT);
}

/* The cork was removed. Process context, no lock held. */
void smc_uncork(struct smc_sock *smc)
{
	struct smc_conn *conn;

	mutex_lock(&smc->tx_lock);
	conn = smc_conn_held(smc);
	if (conn)
		smc_tx_publish(conn);
	mutex_unlock(&smc->tx_lock);
}

/*
 * Publishes corked bytes from the work. The work must not wait for a sender,
 * which may sleep in a page fault on its memory, so it tries again later.
 */
void smc_uncork_later(struct smc_sock *smc)
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
 * Drops tx_lock and waits until the peer may have made room. Returns 0, or
 * -errno if the call must not wait any longer.
 */
static int smc_tx_wait(struct smc_sending *s, struct smc_conn *conn)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct sock *sk = s->sk;

	if (!s->timeo) {
		/* Waiters in poll(), and SIGIO, must be notified of room. */
		sk_set_bit(SOCKWQ_ASYNC_NOSPACE, sk);
		smc_cdc_request_room(conn);
		return smc_tx_room(conn) ? 0 : -EAGAIN;
	}
	if (signal_pending(current))
		return sock_intr_errno(s->timeo);
	add_wait_queue(sk_sleep(sk), &wait);
	smc_cdc_request_room(conn);
	if (!smc_tx_room(conn) && !smc_tx_status(sk) &&
	    !smc_tx_peer_is_gone(conn)) {
		mutex_unlock(&s->smc->tx_lock);
		s->timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, s->timeo);
		mutex_lock(&s->smc->tx_lock);
	}
	remove_wait_queue(sk_sleep(sk), &wait);
	/* Let others run even if the peer keeps changing its cursor. */
	cond_resched();
	return 0;
}

/*
 * Nobody waits for memory in send(), so poll() reports no room until the peer
 * has read something (smc_conn_signalled()), or the work finds memory. Holding
 * tx_lock.
 */
static void smc_tx_await_memory(struct smc_conn *conn)
{
	sk_set_bit(SOCKWQ_ASYNC_NOSPACE, conn->sk);
	if (!READ_ONCE(conn->no_memory)) {
		conn->memory_nap = SMC_MEMORY_RETRY;
		WRITE_ONCE(conn->no_memory, true);
	}
	smc_cdc_request_room(conn);
	WRITE_ONCE(conn->smc->wake_writers, true);
	queue_delayed_work(smc_wq, &conn->smc->work, conn->memory_nap);
}

/* Allocates memory for the next byte, if there is any. Holding tx_lock. */
static bool smc_tx_has_memory(struct smc_conn *conn)
{
	int err;

	smc_idle_trim(conn);
	err = dibs_attachment_populate(conn->att,
				       SMC_CDC_LEN + conn->prod.count, 1);
	if (!err)
		smc_idle_touch(conn);
	return err != -ENOMEM && err != -ENOBUFS;
}

/* Looks for memory. Returns jiffies until the next time, 0 if there is some. */
static unsigned int smc_tx_find_memory(struct smc_conn *conn)
{
	if (!READ_ONCE(conn->no_memory))
		return 0;
	if (smc_tx_has_memory(conn)) {
		WRITE_ONCE(conn->no_memory, false);
		return 0;
	}
	conn->memory_nap = min_t(unsigned int, 2 * conn->memory_nap,
				 SMC_MEMORY_RETRY_MOST);
	return conn->memory_nap;
}

/* In the work: tells writers that there is memory, or looks again later. */
void smc_tx_retry_memory(struct smc_sock *smc)
{
	unsigned int nap = SMC_MEMORY_RETRY;
	struct smc_conn *conn;

	/* A sender may sleep with the lock, see smc_uncork_later(). */
	if (mutex_trylock(&smc->tx_lock)) {
		conn = smc_conn_held(smc);
		nap = conn ? smc_tx_find_memory(conn) : 0;
		mutex_unlock(&smc->tx_lock);
	}
	if (!nap) {
		smc_conn_wake_writers(smc->sk);
		return;
	}
	WRITE_ONCE(smc->wake_writers, true);
	queue_delayed_work(smc_wq, &smc->work, nap);
}

/*
 * There is no memory for the ring: trims what the peer has read, then waits, as
 * somebody else may free memory. Drops tx_lock meanwhile. Returns 0 or -errno.
 */
static int smc_tx_wait_memory(struct smc_sending *s, struct smc_conn *conn)
{
	long nap = SMC_MEMORY_RETRY;

	smc_idle_trim(conn);
	smc_tx_set_blocked(conn);
	if (!s->timeo) {
		smc_tx_await_memory(conn);
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
 * Marks the byte at stream offset @seq as urgent and signals it. Called with
 * URGENT_PENDING before the byte can be read, and with URGENT_PRESENT after it
 * has been published, as in the standard.
 */
static void smc_tx_urgent(struct smc_conn *conn, u32 seq, u8 flag)
{
	smc_cdc_put_urgent(conn, seq);
	if (unlikely(READ_ONCE(conn->smc->reset_err)))
		return;
	smc_cdc_put_flags(conn, (struct smc_cdc_flags){ .prod = flag });
	smc_cdc_signal(conn);
}

/* The same for a peer that goes by the flags and may not know the mark. */
static void smc_tx_push_urgent_flag(struct smc_conn *conn)
{
	smc_cdc_put_urgent(conn, conn->tx_seq - 1);
	/* As in smc_tx_publish(). */
	if (unlikely(READ_ONCE(conn->smc->reset_err)))
		return;
	conn->published = conn->prod;
	smc_cdc_put_producer_urgent(conn);
	smc_cdc_signal(conn);
	WRITE_ONCE(conn->urgent_out, true);
}

/* All of the message is written, and its last byte is urgent. */
static void smc_tx_push_urgent(struct smc_conn *conn)
{
	if (!conn->peer_cdc && !smc_cdc_is_dibs(conn)) {
		smc_tx_push_urgent_flag(conn);
		return;
	}
	smc_tx_urgent(conn, conn->tx_seq - 1, SMC_CDC_URGENT_PENDING);
	smc_tx_publish(conn);
	smc_tx_urgent(conn, conn->tx_seq - 1, SMC_CDC_URGENT_PRESENT);
	WRITE_ONCE(conn->urgent_out, !smc_cdc_is_dibs(conn));
}

/* There is no room yet for bytes whose last one is urgent. */
static void smc_tx_announce_urgent(struct smc_sending *s,
				   struct smc_conn *conn)
{
	if (s->announced)
		return;
	s->announced = true;
	smc_tx_urgent(conn, conn->tx_seq + msg_data_left(s->msg) - 1,
		      SMC_CDC_URGENT_PENDING);
}

/* Size of the next piece: at most half the ring, so that another one fits. */
static u32 smc_tx_piece(const struct smc_conn *conn, u32 left)
{
	u32 most = min_t(u32, SMC_SEND_PIECE_MOST, conn->tx_size / 2);

	return max_t(u32, SMC_SEND_PIECE_LEAST, min(most, left / 2));
}

/* Sends one piece, or waits for room. Returns 0 or -errno. Holding tx_lock. */
static int smc_send_piece(struct smc_sending *s, struct smc_conn *conn,
			  u32 limit)
{
	u32 room = smc_tx_room_cached(conn);
	ssize_t n;

	if (unlikely(limit > conn->tx_size))
		s->small = true;
	limit = min(limit, smc_tx_piece(conn, limit));
	if (room < limit || conn->urgent_out)
		room = smc_tx_room(conn);
	if (!room) {
		/* The flags: the peer's signal may come late, or never. */
		if (unlikely(smc_tx_peer_is_gone(conn)))
			return smc_send_peer_gone(s, conn);
		s->full = true;
		smc_tx_publish(conn);
		smc_tx_request_updates(conn);
		if (unlikely(s->flags & MSG_OOB))
			smc_tx_announce_urgent(s, conn);
		return smc_tx_wait(s, conn);
	}
	limit = min(room, limit);
	smc_tx_reuse(conn, limit);
	n = smc_tx_copy(conn, &s->msg->msg_iter, limit);
	if (n == -ENOMEM || n == -ENOBUFS)
		return smc_tx_wait_memory(s, conn);
	if (n == -ESTALE && smc_tx_peer_is_gone(conn))
		return smc_send_peer_gone(s, conn);
	if (n == -ENODEV || n == -ESTALE) {
		/* Otherwise close() would report a clean end of the stream. */
		smc_conn_lost(conn);
		smc_reset(s->smc, ECONNRESET);
		return -EPIPE;
	}
	if (n < 0)
		return n;
	smc_tx_advance(conn, n);
	s->copied += n;
	smc_idle_touch(conn);
	if (unlikely(READ_ONCE(conn->no_memory)))
		WRITE_ONCE(conn->no_memory, false);
	/* Written under conn->lock; only we and poll() do. */
	if (unlikely(READ_ONCE(conn->flags.prod) & SMC_CDC_WRITE_BLOCKED))
		smc_cdc_put_blocked(conn, false);
	/* There is memory. */
	if (!conn->peer_cdc && smc_tx_limit(conn) == conn->tx_size)
		smc_cdc_request_update(conn, false);
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
		/* Another thread may have disconnected it meanwhile. */
		struct smc_conn *conn = smc_conn_held(s->smc);

		err = smc_tx_status(s->sk);
		if (err || !msg_data_left(s->msg))
			break;
		if (!conn)
			return -EPIPE;
		/*
		 * The peer's flags share a cache line that it writes often.
		 * Signals about them change the state, so check that first.
		 */
		if (unlikely(READ_ONCE(conn->state) != DIBS_SMC_STATE_ACTIVE) &&
		    smc_tx_peer_is_gone(conn))
			err = smc_send_peer_gone(s, conn);
		else
			err = smc_send_piece(s, conn, msg_data_left(s->msg));
	} while (!err && msg_data_left(s->msg));
	return err;
}

/*
 * MSG_ZEROCOPY: the bytes are copied, and the program is told so at once. As
 * with TCP, nothing is sent if it could not be told. Returns NULL if the call
 * does not ask for it, or an ERR_PTR(). Holding tx_lock, as the program counts
 * its calls: none may come in between that takes a number, and gives it back.
 */
static struct ubuf_info *smc_send_zerocopy(const struct smc_sending *s,
					   size_t len)
{
	struct ubuf_info *uarg;

	if (likely(!(s->flags & MSG_ZEROCOPY)) || !len || s->msg->msg_ubuf ||
	    !sock_flag(s->sk, SOCK_ZEROCOPY))
		return NULL;
	lock_sock(s->sk);
	uarg = msg_zerocopy_realloc(s->sk, len, NULL);
	release_sock(s->sk);
	if (!uarg)
		return ERR_PTR(-ENOBUFS);
	uarg_to_msgzc(uarg)->zerocopy = 0;
	return uarg;
}

/* Reports the completion, or takes its number back if nothing was sent. */
static void smc_send_zerocopy_end(struct sock *sk, struct ubuf_info *uarg,
				  bool sent)
{
	if (likely(!uarg))
		return;
	if (sent) {
		net_zcopy_put(uarg);
		return;
	}
	lock_sock(sk);
	net_zcopy_put_abort(uarg, true);
	release_sock(sk);
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

/* sendmsg(). The connection may have gone away before tx_lock was taken. */
int smc_send(struct smc_sock *smc, struct msghdr *msg, size_t len)
{
	struct smc_sending s = {
		.smc = smc,
		.sk = smc->sk,
		.msg = msg,
		.flags = msg->msg_flags,
		.timeo = sock_sndtimeo(smc->sk, msg->msg_flags & MSG_DONTWAIT),
	};
	struct ubuf_info *uarg;
	int err;

	if (unlikely(msg->msg_controllen)) {
		struct sockcm_cookie sockc = {};

		/* Nothing in it is for us; this refuses unknown messages. */
		if (sock_cmsg_send(s.sk, msg, &sockc))
			return -EINVAL;
	}
	sk_clear_bit(SOCKWQ_ASYNC_NOSPACE, s.sk);
	mutex_lock(&smc->tx_lock);
	uarg = smc_send_zerocopy(&s, len);
	if (IS_ERR(uarg)) {
		mutex_unlock(&smc->tx_lock);
		return PTR_ERR(uarg);
	}
	err = smc_send_all(&s);
	smc_send_zerocopy_end(s.sk, uarg, s.copied);
	mutex_unlock(&smc->tx_lock);
	smc_send_count(&s);
	trace_smc_tx_sendmsg(s.sk, s.copied ? : err, s.flags);
	if (s.copied)
		return s.copied;
	return err ? sk_stream_error(s.sk, s.flags, err) : 0;
}

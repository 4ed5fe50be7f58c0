// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Operations of sockets that have not fallen back to TCP. Each finds out who
 * carries the bytes and calls its functions; during the handshake it waits for
 * the end of that. Process context, no lock held.
 */
#include <asm/ioctls.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <net/sock.h>

#include "conn/conn.h"
#include "handshake/handshake.h"
#include "handshake/listen.h"
#include "socket/socket.h"
#include "state/smc.h"
#include "compat/net.h"

/*
 * The carrier of the bytes. UNDECIDED if the connection broke during the
 * handshake: then TCP reports the error.
 */
static enum smc_carrier smc_ops_carrier(const struct smc_sock *smc)
{
	/* Pairs with the release in smc_carrier_decide(). */
	enum smc_carrier carrier = smp_load_acquire(&smc->carrier);

	if (unlikely(carrier == SMC_CARRIER_HANDSHAKE) &&
	    inet_sk_state_load(smc->sk) == TCP_CLOSE)
		return SMC_CARRIER_UNDECIDED;
	return carrier;
}

/* The same, after waiting for the end of a handshake; or -errno. */
static int smc_ops_await_carrier(struct smc_sock *smc, long timeo)
{
	if (unlikely(smc_ops_carrier(smc) == SMC_CARRIER_HANDSHAKE)) {
		int err = smc_connect_wait(smc, timeo);

		if (err)
			return err;
	}
	return smc_ops_carrier(smc);
}

static int smc_sendmsg_tcp(struct smc_sock *smc, struct socket *sock,
			   struct msghdr *msg, size_t len)
{
	bool fastopen = msg->msg_flags & MSG_FASTOPEN;
	int ret = smc_sock_tcp(smc)->sendmsg(sock, msg, len);
	int state;

	if (!fastopen)
		return ret;
	/* MSG_FASTOPEN also connects. */
	state = inet_sk_state_load(smc->sk);
	if (state != TCP_CLOSE && state != TCP_LISTEN)
		smc_carrier_fallback(smc, SMC_ROLE_CLIENT,
				     DIBS_SMC_REASON_OPTION);
	return ret;
}

/* Counts calls that send pages. They are copied, as any other memory is. */
static void smc_count_pages(struct socket *sock)
{
	const struct smc_sock *smc = smc_sk(sock->sk);

	if (smc_ops_carrier(smc) == SMC_CARRIER_SMCD)
		smc_stat_inc(smc->stats, SMC_STAT_SENDPAGE);
}

static int smc_sendmsg(struct socket *sock, struct msghdr *msg, size_t len)
{
	struct smc_sock *smc = smc_sk(sock->sk);
	int carrier = smc_ops_carrier(smc);

	if (unlikely(carrier == SMC_CARRIER_HANDSHAKE))
		carrier = smc_ops_await_carrier(smc,
						sock_sndtimeo(sock->sk,
							      msg->msg_flags &
							      MSG_DONTWAIT));
	if (unlikely(carrier < 0))
		return carrier;
	if (unlikely(carrier != SMC_CARRIER_SMCD))
		return smc_sendmsg_tcp(smc, sock, msg, len);
	if (unlikely(dibs_msg_has_pages(msg)))
		smc_count_pages(sock);
	return smc_send(smc, msg, len);
}

DIBS_SENDPAGE_OP(smc_sendpage, smc_count_pages)

/*
 * The control message of TCP_INQ, for bytes in DMBs. As in TCP's sequence
 * numbers, the end of the stream is one more to read.
 */
static void smc_put_inq(struct sock *sk, struct msghdr *msg)
{
	struct smc_conn *conn;
	int inq = 0;

	rcu_read_lock();
	conn = rcu_dereference(smc_sk(sk)->conn);
	if (conn) {
		inq = !!(smc_cdc_peer_flags(conn).state &
			 (SMC_CDC_DONE_WRITING | SMC_CDC_CLOSED));
		inq += smc_rx_waiting(conn);
	}
	rcu_read_unlock();
	put_cmsg(msg, SOL_TCP, TCP_CM_INQ, sizeof(inq), &inq);
}

/* Waits until the program may read TCP's stream. Returns 0 or -errno. */
static int smc_ops_await_stream(struct smc_sock *smc, bool nonblock)
{
	/*
	 * The connection broke during the handshake: lets the work take the
	 * rest of a CLC message off the stream.
	 */
	if (unlikely(READ_ONCE(smc->carrier) == SMC_CARRIER_HANDSHAKE)) {
		smc_work_queue(smc);
		flush_delayed_work(&smc->work);
	}
	if (likely(!READ_ONCE(smc->late)))
		return 0;
	return smc_late_wait(smc, sock_rcvtimeo(smc->sk, nonblock));
}

static int smc_recvmsg(struct socket *sock, struct msghdr *msg, size_t len,
		       int flags)
{
	struct sock *sk = sock->sk;
	struct smc_sock *smc = smc_sk(sk);
	int carrier = smc_ops_carrier(smc);
	int ret;

	if (unlikely(carrier == SMC_CARRIER_HANDSHAKE))
		carrier = smc_ops_await_carrier(smc,
						sock_rcvtimeo(sk, flags &
							      MSG_DONTWAIT));
	if (unlikely(carrier < 0))
		return carrier;
	if (carrier != SMC_CARRIER_SMCD || unlikely(flags & MSG_ERRQUEUE)) {
		ret = smc_ops_await_stream(smc, flags & MSG_DONTWAIT);
		if (ret)
			return ret;
		return smc_sock_tcp(smc)->recvmsg(sock, msg, len, flags);
	}
	ret = smc_receive(smc, msg, len, flags);
	if (ret >= 0 && unlikely(tcp_sk(sk)->recvmsg_inq))
		smc_put_inq(sk, msg);
	return ret;
}

static ssize_t smc_splice(struct socket *sock, loff_t *ppos,
			  struct pipe_inode_info *pipe, size_t len,
			  unsigned int flags)
{
	struct smc_sock *smc = smc_sk(sock->sk);
	bool nonblock = sock->file->f_flags & O_NONBLOCK;
	int carrier = smc_ops_await_carrier(smc, sock_rcvtimeo(sock->sk,
							       nonblock));

	if (carrier < 0)
		return carrier;
	if (carrier != SMC_CARRIER_SMCD) {
		int err = smc_ops_await_stream(smc, nonblock);

		if (err)
			return err;
		return smc_sock_tcp(smc)->splice_read(sock, ppos, pipe, len,
						      flags);
	}
	smc_stat_inc(smc->stats, SMC_STAT_SPLICE);
	return smc_splice_read(smc, sock, pipe, len);
}

/* tcp_poll() for bytes in DMBs. Called under RCU. */
static __poll_t smc_poll_conn(struct smc_conn *conn, struct sock *sk)
{
	u8 shutdown = READ_ONCE(sk->sk_shutdown);
	int target = sock_rcvlowat(sk, 0, INT_MAX);
	struct smc_marks marks;
	__poll_t mask = 0;

	/* Asks the peer to signal new data to the poller. */
	smc_cdc_request_signal(&conn->own_cdc->wants_data);
	if (smc_rx_ended(conn))
		shutdown |= RCV_SHUTDOWN;
	if (shutdown == SHUTDOWN_MASK ||
	    inet_sk_state_load(sk) == TCP_CLOSE)
		mask |= EPOLLHUP;
	if (shutdown & RCV_SHUTDOWN)
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
	marks = smc_urgent_marks(conn);
	if (unlikely(marks.urgent != SMC_URGENT_NONE)) {
		/* Pairs with smc_rx_advance(). */
		u32 read = READ_ONCE(conn->rx_seq);

		if (smc_marks_at(&marks, read) &&
		    !sock_flag(sk, SOCK_URGINLINE))
			target++;
		if (marks.urgent == SMC_URGENT_AHEAD &&
		    marks.urgent_seq - read < smc_rx_waiting(conn))
			mask |= EPOLLPRI;
	}
	if (smc_rx_waiting(conn) >= smc_rx_target(conn, target))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (shutdown & SEND_SHUTDOWN || smc_tx_writable(conn)) {
		mask |= EPOLLOUT | EPOLLWRNORM;
	} else {
		sk_set_bit(SOCKWQ_ASYNC_NOSPACE, sk);
		smc_tx_request_updates(conn);
		smc_cdc_request_room(conn);
		if (smc_tx_writable(conn))
			mask |= EPOLLOUT | EPOLLWRNORM;
	}
	/* As in tcp_poll(). */
	smp_rmb();
	if (READ_ONCE(sk->sk_err) ||
	    !skb_queue_empty_lockless(&sk->sk_error_queue))
		mask |= EPOLLERR;
	return mask;
}

/* Another thread has just undone the connection. */
static __poll_t smc_poll_disconnected(const struct sock *sk)
{
	return READ_ONCE(sk->sk_err) ? EPOLLHUP | EPOLLERR : EPOLLHUP;
}

static __poll_t smc_poll(struct file *file, struct socket *sock,
			 poll_table *wait)
{
	struct smc_sock *smc = smc_sk(sock->sk);
	struct smc_conn *conn;
	__poll_t mask;

	switch (smc_ops_carrier(smc)) {
	case SMC_CARRIER_SMCD:
		sock_poll_wait(file, sock, wait);
		rcu_read_lock();
		conn = rcu_dereference(smc->conn);
		mask = conn ? smc_poll_conn(conn, sock->sk) :
			      smc_poll_disconnected(sock->sk);
		rcu_read_unlock();
		return mask;
	case SMC_CARRIER_HANDSHAKE:
		mask = smc_sock_tcp(smc)->poll(file, sock, wait);
		/* If the handshake ended meanwhile, poll what carries now. */
		if (smc_ops_carrier(smc) != SMC_CARRIER_HANDSHAKE)
			return smc_poll(file, sock, wait);
		return mask & (EPOLLERR | EPOLLHUP);
	default:
		mask = smc_listener_poll(smc, file, sock, wait);
		if (unlikely(READ_ONCE(smc->late)) && mask & EPOLLIN &&
		    !smc_late_is_over(smc))
			mask &= ~(EPOLLIN | EPOLLRDNORM);
		return mask;
	}
}

/* Have enough bytes come for SO_RCVLOWAT? Holding rx_lock. */
static bool smc_ops_reached_lowat(struct smc_sock *smc)
{
	struct smc_conn *conn = smc_conn_held(smc);

	return conn && smc_rx_waiting(conn) && !smc_conn_below_lowat(conn);
}

/*
 * SO_RCVLOWAT. As with TCP, a lower mark may wake pollers. Holding lock_sock(),
 * or in a BPF program, which may call this while the socket is being closed:
 * the lock keeps the connection.
 */
static int smc_set_rcvlowat(struct sock *sk, int val)
{
	const struct smc_family *family = smc_family_of(sk);
	int err = family->tcp->set_rcvlowat(sk, val);
	struct smc_sock *smc;
	bool reached = true;

	if (err || !in_task())
		return err;
	rcu_read_lock();
	smc = smc_sk(sk);
	if (!smc || smc_ops_carrier(smc) != SMC_CARRIER_SMCD)
		goto unlock;
	/*
	 * lock_sock() is taken inside rx_lock, so do not wait for that. If
	 * somebody reads right now, one wake-up too many does no harm.
	 */
	if (mutex_trylock(&smc->rx_lock)) {
		reached = smc_ops_reached_lowat(smc);
		mutex_unlock(&smc->rx_lock);
	}
	if (reached)
		sk->sk_data_ready(sk);
unlock:
	rcu_read_unlock();
	return 0;
}

/* Neither direction is open any more. */
static void smc_shutdown_both(struct smc_sock *smc)
{
	struct smc_conn *conn;

	mutex_lock(&smc->rx_lock);
	conn = smc_conn_held(smc);
	if (conn)
		smc_rx_refuse(conn);
	mutex_unlock(&smc->rx_lock);
}

static int smc_shutdown(struct socket *sock, int how)
{
	struct smc_sock *smc = smc_sk(sock->sk);
	int state = inet_sk_state_load(sock->sk);
	struct smc_conn *conn;
	int err;

	/* No wait while TCP connects: shutdown() aborts that, as TCP's does. */
	if (state != TCP_SYN_SENT && state != TCP_SYN_RECV)
		smc_ops_await_carrier(smc, MAX_SCHEDULE_TIMEOUT);
	if (how == SHUT_RD || how == SHUT_RDWR)
		smc_listener_stop(smc);
	mutex_lock(&smc->tx_lock);
	conn = smc_conn_held(smc);
	/*
	 * The DMB reports the end of the stream before TCP's FIN does, so that
	 * the FIN does not surprise the peer. After a reset there is no FIN,
	 * and send() may have failed.
	 */
	if (conn && (how == SHUT_WR || how == SHUT_RDWR) &&
	    inet_sk_state_load(sock->sk) != TCP_CLOSE)
		smc_conn_shutdown(conn);
	mutex_unlock(&smc->tx_lock);
	/* If that failed, the peer must see a reset and not just TCP's FIN. */
	if (conn && READ_ONCE(smc->reset_err))
		smc_reset(smc, READ_ONCE(smc->reset_err));
	err = smc_sock_tcp(smc)->shutdown(sock, how);
	if (READ_ONCE(sock->sk->sk_shutdown) == SHUTDOWN_MASK)
		smc_shutdown_both(smc);
	return err;
}

/* Bytes that can be read before the urgent mark, as TCP's SIOCINQ reports. */
static int smc_inq(struct smc_conn *conn)
{
	struct smc_marks marks = smc_urgent_marks(conn);
	u32 waiting = smc_rx_waiting(conn);
	u32 before = marks.urgent_seq - conn->rx_seq;

	if (marks.urgent == SMC_URGENT_NONE || before >= waiting ||
	    sock_flag(conn->sk, SOCK_URGINLINE))
		return waiting;
	return before;
}

/* Returns -ENOIOCTLCMD if TCP's answer is right. */
static int smc_ioctl_conn(struct smc_conn *conn, unsigned int cmd)
{
	struct smc_marks marks;

	switch (cmd) {
	case SIOCINQ:
		return smc_inq(conn);
	case SIOCATMARK:
		marks = smc_urgent_marks(conn);
		return smc_marks_at(&marks, conn->rx_seq);
	case SIOCOUTQ:
	case SIOCOUTQNSD:
		/* Sent bytes are in the peer's ring: none is queued here. */
		return 0;
	default:
		return -ENOIOCTLCMD;
	}
}

static int smc_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg)
{
	struct smc_sock *smc = smc_sk(sock->sk);
	int answer = -ENOIOCTLCMD;
	struct smc_conn *conn;

	mutex_lock(&smc->rx_lock);
	conn = smc_conn_held(smc);
	if (conn)
		answer = smc_ioctl_conn(conn, cmd);
	mutex_unlock(&smc->rx_lock);
	if (answer >= 0)
		return put_user(answer, (int __user *)arg);
	return smc_sock_tcp(smc)->ioctl(sock, cmd, arg);
}

/* sendfile() has reached the end of its file: nothing more will follow. */
static void smc_splice_eof(struct socket *sock)
{
	smc_uncork(smc_sk(sock->sk));
}

/* Replaces the data operations in a copy of TCP's table. */
void smc_ops_set(struct proto_ops *ops)
{
	ops->sendmsg = smc_sendmsg;
	ops->recvmsg = smc_recvmsg;
	ops->poll = smc_poll;
	ops->shutdown = smc_shutdown;
	ops->ioctl = smc_ioctl;
	ops->set_rcvlowat = smc_set_rcvlowat;
	ops->splice_read = smc_splice;
	/* These access TCP's stream. */
	ops->read_sock = NULL;
	ops->read_skb = NULL;
	ops->peek_len = NULL;
	ops->sendmsg_locked = NULL;
	dibs_ops_set_sendpage(ops, smc_sendpage);
	dibs_ops_set_splice_eof(ops, smc_splice_eof);
}

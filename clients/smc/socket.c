// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Operations of sockets that TCP does not carry, or not yet: each asks who
 * carries the bytes and goes there. While the ends agree, it waits. Process
 * context, no lock held.
 */
#include <asm/ioctls.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <net/sock.h>

#include "conn.h"
#include "handshake.h"
#include "smc.h"
#include "../../compat/net.h"

/* Of a connection that broke before there was an agreement, TCP tells. */
static enum dibs_smc_carrier smc_carrier(const struct dibs_smc *smc)
{
	/* Pairs with the release in smc_carrier_decide(). */
	enum dibs_smc_carrier carrier = smp_load_acquire(&smc->carrier);

	if (unlikely(carrier == DIBS_SMC_AGREEING) &&
	    inet_sk_state_load(smc->sk) == TCP_CLOSE)
		return DIBS_SMC_UNDECIDED;
	return carrier;
}

/* Who carries the bytes, after a wait if that is being agreed; or -errno. */
static int smc_carrier_wait(struct dibs_smc *smc, long timeo)
{
	if (unlikely(smc_carrier(smc) == DIBS_SMC_AGREEING)) {
		int err = smc_connect_wait(smc, timeo);

		if (err)
			return err;
	}
	return smc_carrier(smc);
}

static int smc_sendmsg_tcp(struct dibs_smc *smc, struct socket *sock,
			   struct msghdr *msg, size_t len)
{
	bool fastopen = msg->msg_flags & MSG_FASTOPEN;
	int ret = dibs_smc_tcp(smc)->sendmsg(sock, msg, len);
	int state;

	if (!fastopen)
		return ret;
	/* It connects, too. */
	state = inet_sk_state_load(smc->sk);
	if (state != TCP_CLOSE && state != TCP_LISTEN)
		dibs_smc_fallback(smc, DIBS_SMC_CLIENT, DIBS_SMC_OPTION);
	return ret;
}

/* Pages are copied, as any other memory. */
static void smc_count_pages(struct socket *sock)
{
	const struct dibs_smc *smc = dibs_smc(sock->sk);

	if (smc_carrier(smc) == DIBS_SMC_D)
		smc_stat_inc(smc->stats, SMC_STAT_SENDPAGE);
}

static int smc_sendmsg(struct socket *sock, struct msghdr *msg, size_t len)
{
	struct dibs_smc *smc = dibs_smc(sock->sk);
	int carrier = smc_carrier(smc);

	if (unlikely(carrier == DIBS_SMC_AGREEING))
		carrier = smc_carrier_wait(smc,
					   sock_sndtimeo(sock->sk,
							 msg->msg_flags &
							 MSG_DONTWAIT));
	if (unlikely(carrier < 0))
		return carrier;
	if (unlikely(carrier != DIBS_SMC_D))
		return smc_sendmsg_tcp(smc, sock, msg, len);
	if (unlikely(dibs_msg_has_pages(msg)))
		smc_count_pages(sock);
	return smc_send(smc, msg, len);
}

DIBS_SENDPAGE_OP(smc_sendpage, smc_count_pages)

/* TCP's TCP_INQ. */
static void smc_put_inq(struct sock *sk, struct msghdr *msg)
{
	struct smc_conn *conn;
	int inq = 0;

	rcu_read_lock();
	conn = rcu_dereference(dibs_smc(sk)->conn);
	if (conn)
		inq = smc_rx_waiting(conn) ? : smc_rx_ended(conn);
	rcu_read_unlock();
	put_cmsg(msg, SOL_TCP, TCP_CM_INQ, sizeof(inq), &inq);
}

/* 0 when the program may read TCP's stream, or -errno. */
static int smc_before_tcp(struct dibs_smc *smc, bool nonblock)
{
	/* It broke in the handshake: what there is of a message goes first. */
	if (unlikely(READ_ONCE(smc->carrier) == DIBS_SMC_AGREEING)) {
		smc_kick(smc);
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
	struct dibs_smc *smc = dibs_smc(sk);
	int carrier = smc_carrier(smc);
	int ret;

	if (unlikely(carrier == DIBS_SMC_AGREEING))
		carrier = smc_carrier_wait(smc, sock_rcvtimeo(sk, flags &
							      MSG_DONTWAIT));
	if (unlikely(carrier < 0))
		return carrier;
	if (carrier != DIBS_SMC_D || unlikely(flags & MSG_ERRQUEUE)) {
		ret = smc_before_tcp(smc, flags & MSG_DONTWAIT);
		if (ret)
			return ret;
		return dibs_smc_tcp(smc)->recvmsg(sock, msg, len, flags);
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
	struct dibs_smc *smc = dibs_smc(sock->sk);
	int carrier = smc_carrier_wait(smc,
				       sock_rcvtimeo(sock->sk,
						     sock->file->f_flags &
						     O_NONBLOCK));

	if (carrier < 0)
		return carrier;
	if (carrier != DIBS_SMC_D) {
		int err = smc_before_tcp(smc, sock->file->f_flags & O_NONBLOCK);

		if (err)
			return err;
		return dibs_smc_tcp(smc)->splice_read(sock, ppos, pipe, len,
						      flags);
	}
	smc_stat_inc(smc->stats, SMC_STAT_SPLICE);
	return smc_splice_read(smc, sock, pipe, len);
}

/* As tcp_poll(), for bytes in DMBs. Under RCU. */
static __poll_t smc_poll_conn(struct smc_conn *conn, struct sock *sk)
{
	u8 shutdown = READ_ONCE(sk->sk_shutdown);
	int target = sock_rcvlowat(sk, 0, INT_MAX);
	struct smc_marks marks;
	__poll_t mask = 0;

	/* Whoever polls wants to hear of what comes next. */
	smc_conn_want(&conn->mine->wants_data);
	if (smc_rx_ended(conn))
		shutdown |= RCV_SHUTDOWN;
	if (shutdown == SHUTDOWN_MASK ||
	    inet_sk_state_load(sk) == TCP_CLOSE)
		mask |= EPOLLHUP;
	if (shutdown & RCV_SHUTDOWN)
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
	marks = smc_rx_marks(conn);
	if (unlikely(marks.urgent != SMC_URGENT_NONE)) {
		/* Pairs with smc_rx_advance(). */
		u32 read = READ_ONCE(conn->rx_seq);

		if (smc_marks_at(&marks, read) && !sock_flag(sk, SOCK_URGINLINE))
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
		smc_conn_want_room(conn);
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

static __poll_t smc_poll(struct file *file, struct socket *sock,
			 poll_table *wait)
{
	struct dibs_smc *smc = dibs_smc(sock->sk);
	struct smc_conn *conn;
	__poll_t mask;

	switch (smc_carrier(smc)) {
	case DIBS_SMC_D:
		sock_poll_wait(file, sock, wait);
		rcu_read_lock();
		conn = rcu_dereference(smc->conn);
		mask = conn ? smc_poll_conn(conn, sock->sk) : EPOLLHUP;
		rcu_read_unlock();
		return mask;
	case DIBS_SMC_AGREEING:
		mask = dibs_smc_tcp(smc)->poll(file, sock, wait);
		/* It was decided meanwhile: say what is so now. */
		if (smc_carrier(smc) != DIBS_SMC_AGREEING)
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

static int smc_shutdown(struct socket *sock, int how)
{
	struct dibs_smc *smc = dibs_smc(sock->sk);
	int state = inet_sk_state_load(sock->sk);
	struct smc_conn *conn;

	/* Ends a connection that is not there yet, as TCP's. */
	if (state != TCP_SYN_SENT && state != TCP_SYN_RECV)
		smc_carrier_wait(smc, MAX_SCHEDULE_TIMEOUT);
	if (how == SHUT_RD || how == SHUT_RDWR)
		smc_listener_stop(smc);
	mutex_lock(&smc->tx_lock);
	conn = smc_conn_held(smc);
	/*
	 * Before TCP's FIN, so that it comes to nobody as a surprise. After a
	 * reset there will be none, and send() may have failed.
	 */
	if (conn && (how == SHUT_WR || how == SHUT_RDWR) &&
	    inet_sk_state_load(sock->sk) != TCP_CLOSE)
		smc_conn_shutdown(conn);
	mutex_unlock(&smc->tx_lock);
	/* It was not told: then TCP's FIN must not be all that it hears. */
	if (conn && READ_ONCE(smc->doom))
		smc_reset(smc, READ_ONCE(smc->doom));
	return dibs_smc_tcp(smc)->shutdown(sock, how);
}

/* Bytes that can be read before the urgent mark, as TCP's SIOCINQ. */
static int smc_inq(struct smc_conn *conn)
{
	struct smc_marks marks = smc_rx_marks(conn);
	u32 waiting = smc_rx_waiting(conn);
	u32 before = marks.urgent_seq - conn->rx_seq;

	if (marks.urgent == SMC_URGENT_NONE || before >= waiting ||
	    sock_flag(conn->sk, SOCK_URGINLINE))
		return waiting;
	return before;
}

/* -ENOIOCTLCMD: TCP's answer is right. */
static int smc_ioctl_conn(struct smc_conn *conn, unsigned int cmd)
{
	struct smc_marks marks;

	switch (cmd) {
	case SIOCINQ:
		return smc_inq(conn);
	case SIOCATMARK:
		marks = smc_rx_marks(conn);
		return smc_marks_at(&marks, conn->rx_seq);
	case SIOCOUTQ:
	case SIOCOUTQNSD:
		/* What was sent is where it was to be brought. */
		return 0;
	default:
		return -ENOIOCTLCMD;
	}
}

static int smc_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg)
{
	struct dibs_smc *smc = dibs_smc(sock->sk);
	int answer = -ENOIOCTLCMD;
	struct smc_conn *conn;

	mutex_lock(&smc->rx_lock);
	conn = smc_conn_held(smc);
	if (conn)
		answer = smc_ioctl_conn(conn, cmd);
	mutex_unlock(&smc->rx_lock);
	if (answer >= 0)
		return put_user(answer, (int __user *)arg);
	return dibs_smc_tcp(smc)->ioctl(sock, cmd, arg);
}

/* sendfile() is at the end of its file: no more will come. */
static void smc_splice_eof(struct socket *sock)
{
	smc_uncork(dibs_smc(sock->sk));
}

/* In a table that is TCP's so far. */
void smc_ops_set(struct proto_ops *ops)
{
	ops->sendmsg = smc_sendmsg;
	ops->recvmsg = smc_recvmsg;
	ops->poll = smc_poll;
	ops->shutdown = smc_shutdown;
	ops->ioctl = smc_ioctl;
	ops->splice_read = smc_splice;
	/* These reach into TCP's stream. */
	ops->read_sock = NULL;
	ops->read_skb = NULL;
	ops->peek_len = NULL;
	ops->sendmsg_locked = NULL;
	dibs_ops_set_sendpage(ops, smc_sendpage);
	dibs_ops_set_splice_eof(ops, smc_splice_eof);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * connect(). TCP connects, and handles blocking, signals and errors; then the
 * handshake decides who carries the bytes, and connect() returns when it is
 * over. Process context, no lock held.
 */
#include "conn/conn.h"
#include "handshake/handshake.h"
#include "handshake/listen.h"
#include "socket/socket.h"
#include "state/smc.h"

/* A snapshot, read without smc->lock, under which it changes. */
static enum smc_carrier smc_connect_carrier(const struct smc_sock *smc)
{
	return READ_ONCE(smc->carrier);
}

/* Is TCP connected, or connecting? */
static bool smc_connect_begun(const struct sock *sk)
{
	int state = inet_sk_state_load(sk);

	return state != TCP_CLOSE && state != TCP_LISTEN;
}

/* Is the handshake over, or the connection closed? */
static bool smc_connect_is_over(struct smc_sock *smc)
{
	return smc_connect_carrier(smc) != SMC_CARRIER_HANDSHAKE ||
	       inet_sk_state_load(smc->sk) == TCP_CLOSE;
}

/*
 * Waits for the end of the handshake. Returns 0, or what TCP's wait for a
 * connection returns: -EAGAIN after @timeo jiffies, -errno for a signal.
 */
int smc_connect_wait(struct smc_sock *smc, long timeo)
{
	return smc_sock_wait(smc, timeo, smc_connect_is_over);
}

/* Makes the coming connection ask for SMC, unless there is a reason not to. */
static void smc_connect_prepare(struct smc_sock *smc, struct socket *sock)
{
	if (smc_connect_carrier(smc) == SMC_CARRIER_UNDECIDED &&
	    !smc_handshake_reason(smc) &&
	    sock->state == SS_UNCONNECTED)
		smc_handshake_start_client(smc);
}

/* The time, in jiffies, that is left to a call which began at @began. */
static long smc_connect_remaining(const struct sock *sk, int flags,
				  unsigned long began)
{
	long timeo = sock_sndtimeo(sk, flags & O_NONBLOCK);

	if (timeo == MAX_SCHEDULE_TIMEOUT)
		return timeo;
	return max(timeo - (long)(jiffies - began), 0L);
}

/* TCP has connected, but connect() must not report it before the handshake. */
static int smc_connect_later(struct socket *sock, int err)
{
	lock_sock(sock->sk);
	if (sock->state == SS_CONNECTED)
		sock->state = SS_CONNECTING;
	release_sock(sock->sk);
	return err == -EAGAIN ? -EINPROGRESS : err;
}

static int smc_connect_finish(struct smc_sock *smc, struct socket *sock,
			      int flags, unsigned long began)
{
	long timeo = smc_connect_remaining(smc->sk, flags, began);
	int err = smc_connect_wait(smc, timeo);

	if (err)
		return smc_connect_later(sock, err);
	/* The connection may have broken meanwhile. */
	if (inet_sk_state_load(smc->sk) == TCP_CLOSE)
		return sock_error(smc->sk) ? : -ECONNABORTED;
	return 0;
}

/* Stops all that runs. Returns the connection, if DMBs carry it. */
static struct smc_conn *smc_disconnect_begin(struct smc_sock *smc)
{
	smc_listener_stop(smc);
	smc_handshake_stop(smc);
	return smc_conn_take(smc);
}

/* Undoes @conn. Other threads may still be sending and receiving. */
static void smc_disconnect_end(struct smc_sock *smc, struct smc_conn *conn)
{
	if (!conn)
		return;
	smc_conn_close(conn, true);
	/* Waits for poll(), which reads smc->conn under RCU. */
	synchronize_rcu();
	smc_conn_free(conn);
	cancel_delayed_work_sync(&smc->work);
}

static int smc_connect_tcp(struct smc_sock *smc, struct socket *sock,
			   struct sockaddr *addr, int len, int flags)
{
	unsigned long began = jiffies;
	struct sock *sk = smc->sk;
	u32 reason;
	int err;

	smc_connect_prepare(smc, sock);
	err = smc_sock_tcp(smc)->connect(sock, addr, len, flags);
	if (smc_connect_carrier(smc) == SMC_CARRIER_HANDSHAKE) {
		if (!smc_connect_begun(sk))
			smc_handshake_stop(smc);
		else if (!err)
			err = smc_connect_finish(smc, sock, flags, began);
	}
	/* A connection came about and broke before TCP could report it. */
	if (err && smc_connect_carrier(smc) == SMC_CARRIER_SMCD &&
	    sock->state == SS_UNCONNECTED && !smc_connect_begun(sk)) {
		smc_disconnect_end(smc, smc_disconnect_begin(smc));
		smc_carrier_reinit(smc);
	}
	if (smc_connect_carrier(smc) == SMC_CARRIER_UNDECIDED &&
	    smc_connect_begun(sk)) {
		reason = smc_handshake_reason(smc) ? : DIBS_SMC_REASON_MEMORY;
		smc_carrier_fallback(smc, SMC_ROLE_CLIENT, reason);
	}
	return err;
}

/* A repeated connect() during the handshake. */
static int smc_connect_again(struct smc_sock *smc, struct socket *sock,
			     int flags)
{
	int err = smc_connect_finish(smc, sock, flags, jiffies);

	if (err == -EINPROGRESS)
		return -EALREADY;
	lock_sock(sock->sk);
	if (!err && sock->state == SS_CONNECTING)
		sock->state = SS_CONNECTED;
	release_sock(sock->sk);
	return err;
}

int smc_connect(struct socket *sock, struct sockaddr *addr, int len, int flags)
{
	struct smc_sock *smc = smc_sk(sock->sk);
	int state = inet_sk_state_load(sock->sk);
	struct smc_conn *conn;
	int err;

	if (len >= sizeof(addr->sa_family) && addr->sa_family == AF_UNSPEC) {
		conn = smc_disconnect_begin(smc);
		/*
		 * TCP first: its error depends on its state, and the peer would
		 * answer our abort with a reset.
		 */
		err = smc_sock_tcp(smc)->connect(sock, addr, len, flags);
		smc_disconnect_end(smc, conn);
		if (!smc_connect_begun(sock->sk))
			smc_carrier_reinit(smc);
		return err;
	}
	switch (smc_connect_carrier(smc)) {
	case SMC_CARRIER_HANDSHAKE:
		if (state == TCP_CLOSE)
			smc_handshake_stop(smc);
		else if (state != TCP_SYN_SENT && state != TCP_SYN_RECV)
			return smc_connect_again(smc, sock, flags);
		break;
	case SMC_CARRIER_TCP:
		/* Forgets an attempt that failed. */
		if (state == TCP_CLOSE)
			smc_carrier_reinit(smc);
		break;
	default:
		break;
	}
	return smc_connect_tcp(smc, sock, addr, len, flags);
}

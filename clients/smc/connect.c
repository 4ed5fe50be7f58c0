// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The client's side of a connection's begin. TCP does it, also what concerns
 * blocking, signals and errors; then the ends agree who carries the bytes, and
 * connect() is over when that is known. Process context, no lock held.
 */
#include <linux/sched/signal.h>

#include "conn.h"
#include "handshake.h"
#include "smc.h"

/* As it is now; whoever decides it holds the lock. */
static enum dibs_smc_carrier smc_carrier_seen(const struct dibs_smc *smc)
{
	return READ_ONCE(smc->carrier);
}

/* Is there a connection, or one on its way? */
static bool dibs_smc_connecting(const struct sock *sk)
{
	int state = inet_sk_state_load(sk);

	return state != TCP_CLOSE && state != TCP_LISTEN;
}

/*
 * Waits for the end of the handshake. 0, or as TCP while it connects: -EAGAIN
 * if @timeo is over, or -errno for a signal.
 */
int smc_connect_wait(struct dibs_smc *smc, long timeo)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct sock *sk = smc->sk;
	int err = 0;

	add_wait_queue(sk_sleep(sk), &wait);
	while (smc_carrier_seen(smc) == DIBS_SMC_AGREEING &&
	       inet_sk_state_load(sk) != TCP_CLOSE) {
		if (!timeo) {
			err = -EAGAIN;
			break;
		}
		if (signal_pending(current)) {
			err = sock_intr_errno(timeo);
			break;
		}
		timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, timeo);
	}
	remove_wait_queue(sk_sleep(sk), &wait);
	return err;
}

/* Asks for SMC in the connection that is about to be made, if that can be. */
static void smc_connect_prepare(struct dibs_smc *smc, struct socket *sock)
{
	if (smc_carrier_seen(smc) == DIBS_SMC_UNDECIDED &&
	    !dibs_smc_reason(smc) &&
	    sock->state == SS_UNCONNECTED)
		smc_handshake_start_client(smc);
}

/* TCP has connected, but connect() cannot say so yet. */
static int smc_connect_later(struct socket *sock, int err)
{
	lock_sock(sock->sk);
	if (sock->state == SS_CONNECTED)
		sock->state = SS_CONNECTING;
	release_sock(sock->sk);
	return err == -EAGAIN ? -EINPROGRESS : err;
}

static int smc_connect_finish(struct dibs_smc *smc, struct socket *sock,
			      long timeo)
{
	int err = smc_connect_wait(smc, timeo);

	if (err)
		return smc_connect_later(sock, err);
	/* It may have broken on the way. */
	if (inet_sk_state_load(smc->sk) == TCP_CLOSE)
		return sock_error(smc->sk) ? : -ECONNABORTED;
	return 0;
}

/* The connection is undone; other threads may be sending and receiving. */
static void smc_disconnect(struct dibs_smc *smc)
{
	struct smc_conn *conn;

	smc_listener_stop(smc);
	smc_handshake_stop(smc);
	conn = smc_conn_take(smc);
	if (!conn)
		return;
	smc_conn_close(conn, true);
	/* For poll(). */
	synchronize_rcu();
	smc_conn_free(conn);
	cancel_delayed_work_sync(&smc->work);
}

/* What is left of the time that a call may take which began then. */
static long smc_connect_left(const struct sock *sk, int flags,
			     unsigned long began)
{
	long timeo = sock_sndtimeo(sk, flags & O_NONBLOCK);

	if (timeo == MAX_SCHEDULE_TIMEOUT)
		return timeo;
	return max(timeo - (long)(jiffies - began), 0L);
}

static int smc_connect_tcp(struct dibs_smc *smc, struct socket *sock,
			   struct sockaddr *addr, int len, int flags)
{
	unsigned long began = jiffies;
	struct sock *sk = smc->sk;
	int err;

	smc_connect_prepare(smc, sock);
	err = dibs_smc_tcp(smc)->connect(sock, addr, len, flags);
	if (smc_carrier_seen(smc) == DIBS_SMC_AGREEING) {
		if (!dibs_smc_connecting(sk))
			smc_handshake_stop(smc);
		else if (!err)
			err = smc_connect_finish(smc, sock,
						 smc_connect_left(sk, flags,
								  began));
	}
	/* There was a connection, and it broke before TCP could say so. */
	if (err && smc_carrier_seen(smc) == DIBS_SMC_D &&
	    sock->state == SS_UNCONNECTED && !dibs_smc_connecting(sk)) {
		smc_disconnect(smc);
		dibs_smc_start_anew(smc);
	}
	if (smc_carrier_seen(smc) == DIBS_SMC_UNDECIDED &&
	    dibs_smc_connecting(sk))
		dibs_smc_fallback(smc, DIBS_SMC_CLIENT,
				  dibs_smc_reason(smc) ? : DIBS_SMC_MEMORY);
	return err;
}

/* connect() again, while the handshake goes on. */
static int smc_connect_again(struct dibs_smc *smc, struct socket *sock,
			     int flags)
{
	int err = smc_connect_finish(smc, sock,
				     smc_connect_left(smc->sk, flags, jiffies));

	if (err == -EINPROGRESS)
		return -EALREADY;
	lock_sock(sock->sk);
	if (!err && sock->state == SS_CONNECTING)
		sock->state = SS_CONNECTED;
	release_sock(sock->sk);
	return err;
}

int dibs_smc_connect(struct socket *sock, struct sockaddr *addr, int len,
		     int flags)
{
	struct dibs_smc *smc = dibs_smc(sock->sk);
	int state = inet_sk_state_load(sock->sk);
	int err;

	if (len >= sizeof(addr->sa_family) && addr->sa_family == AF_UNSPEC) {
		smc_disconnect(smc);
		err = dibs_smc_tcp(smc)->connect(sock, addr, len, flags);
		if (!dibs_smc_connecting(sock->sk))
			dibs_smc_start_anew(smc);
		return err;
	}
	switch (smc_carrier_seen(smc)) {
	case DIBS_SMC_AGREEING:
		if (state == TCP_CLOSE)
			smc_handshake_stop(smc);
		else if (state != TCP_SYN_SENT && state != TCP_SYN_RECV)
			return smc_connect_again(smc, sock, flags);
		break;
	case DIBS_SMC_TCP:
		/* An attempt that failed is forgotten. */
		if (state == TCP_CLOSE)
			dibs_smc_start_anew(smc);
		break;
	default:
		break;
	}
	return smc_connect_tcp(smc, sock, addr, len, flags);
}

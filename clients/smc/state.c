// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * A socket's own state, from socket() or accept() to close(). smc.h tells who
 * reaches it.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "conn.h"
#include "handshake.h"
#include "smc.h"

struct dibs_smc *dibs_smc_alloc(const struct dibs_smc_family *family)
{
	struct dibs_smc *smc = kzalloc(sizeof(*smc), SMC_GFP);

	if (!smc)
		return NULL;
	smc->family = family;
	spin_lock_init(&smc->lock);
	mutex_init(&smc->connect_lock);
	mutex_init(&smc->tx_lock);
	mutex_init(&smc->rx_lock);
	INIT_DELAYED_WORK(&smc->work, smc_work);
	INIT_HLIST_NODE(&smc->node);
	return smc;
}

/* Never attached, or detached; callbacks may still see it. */
void dibs_smc_free(struct dibs_smc *smc)
{
	smc_late_forget(smc);
	mutex_destroy(&smc->connect_lock);
	mutex_destroy(&smc->tx_lock);
	mutex_destroy(&smc->rx_lock);
	kfree_rcu(smc, rcu);
}

/*
 * The caller's reference to the module becomes the state's. Nobody else knows
 * @sk, or it is locked.
 */
void dibs_smc_attach(struct dibs_smc *smc, struct sock *sk)
{
	struct inet_connection_sock *icsk = inet_csk(sk);

	smc->sk = sk;
	smc->stats = smc_stats(sock_net(sk));
	rcu_assign_pointer(icsk->icsk_ulp_data, smc);
	/* The stack looks at the data only once there are operations. */
	smp_store_release(&icsk->icsk_ulp_ops, &dibs_smc_ulp);
	dibs_smc_table_add(smc);
}

/* Leaves the reference to the module to the caller. */
void dibs_smc_detach(struct dibs_smc *smc)
{
	struct inet_connection_sock *icsk = inet_csk(smc->sk);

	dibs_smc_table_del(smc);
	RCU_INIT_POINTER(icsk->icsk_ulp_data, NULL);
	WRITE_ONCE(icsk->icsk_ulp_ops, NULL);
}

/*
 * Does this close() lose bytes? Then TCP says so by a reset. Whose TCP connection
 * is over without having said that this was all has been reset, and may have
 * failed to send more: the end of the stream would be a lie.
 */
static bool smc_release_aborts(const struct dibs_smc *smc,
			       const struct smc_conn *conn)
{
	const struct sock *sk = smc->sk;

	if (inet_sk_state_load(sk) == TCP_CLOSE &&
	    !(READ_ONCE(conn->flags.state) & SMC_CDC_DONE_WRITING))
		return true;
	return smc_rx_waiting(conn) ||
	       (sock_flag(sk, SOCK_LINGER) && !sk->sk_lingertime);
}

/* The peer is told by the DMB before it is by TCP. */
static void smc_release_conn(struct dibs_smc *smc, struct smc_conn *conn)
{
	bool abort = smc_release_aborts(smc, conn);

	smc_conn_close(conn, abort);
	/* What could not be told must not look like the end of the stream. */
	if (!abort && !READ_ONCE(smc->doom))
		return;
	sock_set_flag(smc->sk, SOCK_LINGER);
	smc->sk->sk_lingertime = 0;
}

/* The last reference to the file is gone: nobody else is in an operation. */
int dibs_smc_release(struct socket *sock)
{
	struct sock *sk = sock->sk;
	const struct proto_ops *tcp;
	struct smc_conn *conn;
	struct dibs_smc *smc;

	/* accept() that ended without a connection */
	if (!sk)
		return 0;
	smc = dibs_smc(sk);
	tcp = dibs_smc_tcp(smc);
	smc_listener_stop(smc);
	smc_handshake_stop(smc);
	if (sk->sk_state != TCP_LISTEN)
		WRITE_ONCE(tcp_sk(sk)->smc_hs_congested, NULL);
	conn = smc_conn_take(smc);
	if (conn)
		smc_release_conn(smc, conn);
	dibs_smc_detach(smc);
	if (conn)
		smc_conn_free(conn);
	cancel_delayed_work_sync(&smc->work);
	dibs_smc_free(smc);
	/* The socket's own reference, of its operations, outlasts this. */
	module_put(THIS_MODULE);
	return tcp->release(sock);
}

/* A child is born, in softirq: it is TCP's until somebody accepts it. */
static void dibs_smc_clone(const struct request_sock *req, struct sock *child,
			   const gfp_t priority)
{
	struct inet_connection_sock *icsk = inet_csk(child);

	smc_listener_cloned(child);
	/* As smc_handshake_hook() will, which may come after the proposal. */
	if (inet_rsk(req)->smc_ok && smc_tcp_wants_smc(child))
		inet_csk_enter_pingpong_mode(child);
	RCU_INIT_POINTER(icsk->icsk_ulp_data, NULL);
	icsk->icsk_ulp_ops = NULL;
}

/*
 * TCP destroys the sock without a close(): nobody accepted the connection, or
 * the creation failed after dibs_smc_attach(), say because a BPF program
 * forbids it. Any context. TCP puts the module then; the work holds it for
 * itself, and the sock.
 */
static void dibs_smc_destroyed(struct sock *sk)
{
	struct dibs_smc *smc = dibs_smc(sk);

	dibs_smc_table_del(smc);
	RCU_INIT_POINTER(inet_csk(sk)->icsk_ulp_data, NULL);
	sock_hold(sk);
	__module_get(THIS_MODULE);
	WRITE_ONCE(smc->orphan, true);
	smc_kick(smc);
}

/* Nobody registers this: it only says whose the pointer is. */
const struct tcp_ulp_ops dibs_smc_ulp = {
	.name = "smc",
	.owner = THIS_MODULE,
	.clone = dibs_smc_clone,
	.release = dibs_smc_destroyed,
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Decides what carries a connection: SMC-D, or TCP with a reason, a counter and
 * a tracepoint. Called by handshakes, connect(), accept() and sendmsg() with
 * MSG_FASTOPEN. Process context.
 */
#include <linux/kernel.h>

#include "state/smc.h"
#include "trace.h"

/*
 * Installs the operations that match the carrier. Called when the carrier is
 * decided, and from accept() if there was no struct socket by then. Nobody
 * reads or writes the TCP stream before the carrier is decided, in either case.
 */
void smc_carrier_set_ops(struct smc_sock *smc, struct socket *sock)
{
	bool tcp;

	spin_lock_bh(&smc->lock);
	/* Pairs with the WRITE_ONCE()s in late.c, which hold rx_lock. */
	tcp = smc->carrier == SMC_CARRIER_TCP && !READ_ONCE(smc->late);
	WRITE_ONCE(sock->ops, tcp ? &smc->family->tcp_ops :
				    &smc->family->open_ops);
	spin_unlock_bh(&smc->lock);
}

/* Returns false if the carrier was decided before; that one stays. */
bool smc_carrier_decide(struct smc_sock *smc, enum smc_carrier carrier,
			enum smc_role role, u32 reason)
{
	struct sock *sk = smc->sk;
	bool first;

	spin_lock_bh(&smc->lock);
	first = smc->carrier == SMC_CARRIER_UNDECIDED ||
		smc->carrier == SMC_CARRIER_HANDSHAKE;
	if (first) {
		smc->role = role;
		smc->reason = reason;
		/*
		 * After smc->conn, which sendmsg() uses once it has seen the
		 * carrier. Pairs with the acquire in smc_carrier().
		 */
		smp_store_release(&smc->carrier, carrier);
	}
	spin_unlock_bh(&smc->lock);
	if (first && carrier == SMC_CARRIER_TCP && sk->sk_socket)
		smc_carrier_set_ops(smc, sk->sk_socket);
	return first;
}

/* Counts and traces that TCP carries @sk. */
void smc_carrier_count(struct smc_stats __percpu *stats, struct sock *sk,
		       enum smc_role role, u32 reason)
{
	this_cpu_inc(stats->fallbacks[role][smc_reason_index(reason)]);
	trace_smc_switch_to_fallback(sk, role == SMC_ROLE_SERVER, reason);
}

/* TCP carries @smc from here on. Only the first call's reason is kept. */
void smc_carrier_fallback(struct smc_sock *smc, enum smc_role role,
			  u32 reason)
{
	if (smc_carrier_decide(smc, SMC_CARRIER_TCP, role, reason))
		smc_carrier_count(smc->stats, smc->sk, role, reason);
}

/*
 * The connection broke before the handshake finished, so no byte was carried:
 * TCP reports the error. This is no fallback: no reason, no counter.
 */
void smc_carrier_broken(struct smc_sock *smc)
{
	smc_carrier_decide(smc, SMC_CARRIER_TCP, smc->role, 0);
}

/* The socket is no longer connected and may connect again. */
void smc_carrier_reinit(struct smc_sock *smc)
{
	mutex_lock(&smc->rx_lock);
	smc_late_drop(smc);
	mutex_unlock(&smc->rx_lock);
	spin_lock_bh(&smc->lock);
	/* Pairs with lockless readers, as does the second one. */
	WRITE_ONCE(smc->carrier, SMC_CARRIER_UNDECIDED);
	smc->reason = 0;
	smc->peer_reason = 0;
	WRITE_ONCE(smc->reset_err, 0);
	spin_unlock_bh(&smc->lock);
	smc_carrier_set_ops(smc, smc->sk->sk_socket);
}

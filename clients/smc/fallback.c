// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Who carries a connection: the one place where it becomes TCP's, with a
 * reason, a counter and a tracepoint, or SMC-D's. Process context.
 */
#include <linux/kernel.h>

#include "device.h"
#include "smc.h"
#include "sysctl.h"
#include "trace.h"

/*
 * The socket gets the table that fits, if it is there already. In neither case
 * does anybody read or write TCP's stream before it is said who carries it.
 */
void smc_carrier_show(struct dibs_smc *smc, struct socket *sock)
{
	bool tcp;

	spin_lock_bh(&smc->lock);
	/* Pairs with late.c, which has another lock. */
	tcp = smc->carrier == DIBS_SMC_TCP && !READ_ONCE(smc->late);
	WRITE_ONCE(sock->ops, tcp ? &smc->family->tcp_ops :
				    &smc->family->open_ops);
	spin_unlock_bh(&smc->lock);
}

/* True if nobody decided before. */
static bool smc_carrier_decide(struct dibs_smc *smc,
			       enum dibs_smc_carrier carrier,
			       enum dibs_smc_role role, u32 reason)
{
	struct sock *sk = smc->sk;
	bool first;

	spin_lock_bh(&smc->lock);
	first = smc->carrier == DIBS_SMC_UNDECIDED ||
		smc->carrier == DIBS_SMC_AGREEING;
	if (first) {
		smc->role = role;
		smc->reason = reason;
		/* After the connection, which sendmsg() looks for then. */
		smp_store_release(&smc->carrier, carrier);
	}
	spin_unlock_bh(&smc->lock);
	if (first && carrier == DIBS_SMC_TCP && sk->sk_socket)
		smc_carrier_show(smc, sk->sk_socket);
	return first;
}

static const u32 codes[DIBS_SMC_INDEXES] = {
#define X(name, code) code,
	DIBS_SMC_REASONS(X)
#undef X
};

unsigned int dibs_smc_reason_index(u32 code)
{
	unsigned int i;

	for (i = 0; i < DIBS_SMC_INDEX_OTHER; i++) {
		if (codes[i] == code)
			break;
	}
	return i;
}

/* 0 for DIBS_SMC_INDEX_OTHER. */
u32 dibs_smc_reason_code(unsigned int index)
{
	return codes[index];
}

/* Why a connection of this socket is TCP's without anybody asking the peer. */
u32 dibs_smc_reason(const struct dibs_smc *smc)
{
	struct net *net = sock_net(smc->sk);

	/* TCP_REPAIR makes up a connection, of which the peer knows nothing. */
	if (READ_ONCE(smc->fastopen) || tcp_sk(smc->sk)->repair)
		return DIBS_SMC_OPTION;
	if (!smc_sysctl_enabled(net))
		return DIBS_SMC_CONFIG;
	return smc_devices_any(net) ? 0 : DIBS_SMC_NO_DEVICE;
}

/* TCP carries @smc from here on. Of several reasons the first counts. */
void dibs_smc_fallback(struct dibs_smc *smc, enum dibs_smc_role role,
		       u32 reason)
{
	struct sock *sk = smc->sk;

	if (!smc_carrier_decide(smc, DIBS_SMC_TCP, role, reason))
		return;
	this_cpu_inc(smc->stats->fallbacks[role][dibs_smc_reason_index(reason)]);
	trace_smc_switch_to_fallback(sk, role == DIBS_SMC_SERVER, reason);
}

/* The connection broke before anybody carried a byte: what is left is TCP's. */
void smc_carry_nothing(struct dibs_smc *smc)
{
	smc_carrier_decide(smc, DIBS_SMC_TCP, smc->role, 0);
}

/* DMBs carry @smc from here on. */
void smc_carry(struct dibs_smc *smc, struct smc_conn *conn)
{
	mutex_lock(&smc->tx_lock);
	mutex_lock(&smc->rx_lock);
	rcu_assign_pointer(smc->conn, conn);
	mutex_unlock(&smc->rx_lock);
	mutex_unlock(&smc->tx_lock);
	smc_carrier_decide(smc, DIBS_SMC_D, smc->role, 0);
	smc_stats_begin(conn);
}

/* The socket has no connection any more and may get another. */
void dibs_smc_start_anew(struct dibs_smc *smc)
{
	mutex_lock(&smc->rx_lock);
	smc_late_forget(smc);
	mutex_unlock(&smc->rx_lock);
	spin_lock_bh(&smc->lock);
	/* Pairs with those who look without the lock. */
	WRITE_ONCE(smc->carrier, DIBS_SMC_UNDECIDED);
	smc->reason = 0;
	smc->peer_reason = 0;
	WRITE_ONCE(smc->doom, 0);
	spin_unlock_bh(&smc->lock);
	smc_carrier_show(smc, smc->sk->sk_socket);
}

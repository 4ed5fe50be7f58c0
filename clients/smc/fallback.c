// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Falling back: the one place where a connection becomes TCP's, with a reason,
 * a counter and a tracepoint. Process context.
 */
#include <linux/kernel.h>

#include "smc.h"
#include "trace.h"

/* By enum dibs_smc_reason_index, which is made of the same list. */
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

/* Why a connection of this socket is TCP's: nothing else is there as yet. */
u32 dibs_smc_reason(const struct dibs_smc *smc)
{
	return READ_ONCE(smc->fastopen) ? DIBS_SMC_OPTION : DIBS_SMC_NO_DEVICE;
}

/* TCP carries @smc from here on. Of several reasons the first counts. */
void dibs_smc_fallback(struct dibs_smc *smc, enum dibs_smc_role role,
		       u32 reason)
{
	struct sock *sk = smc->sk;
	bool first;

	spin_lock(&smc->lock);
	first = smc->carrier != DIBS_SMC_TCP;
	if (first) {
		smc->carrier = DIBS_SMC_TCP;
		smc->role = role;
		smc->reason = reason;
		WRITE_ONCE(sk->sk_socket->ops, &smc->family->tcp_ops);
	}
	spin_unlock(&smc->lock);
	if (!first)
		return;
	dibs_smc_count_fallback(sock_net(sk), role, reason);
	trace_smc_switch_to_fallback(sk, role == DIBS_SMC_SERVER, reason);
}

/* The socket has no connection any more and may get another. */
void dibs_smc_start_anew(struct dibs_smc *smc)
{
	spin_lock(&smc->lock);
	if (smc->carrier != DIBS_SMC_UNDECIDED) {
		smc->carrier = DIBS_SMC_UNDECIDED;
		smc->reason = 0;
		smc->peer_reason = 0;
		WRITE_ONCE(smc->sk->sk_socket->ops, &smc->family->open_ops);
	}
	spin_unlock(&smc->lock);
}

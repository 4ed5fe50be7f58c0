// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Upper-layer hooks: TCP calls them when a listener's child is created and when
 * a sock is destroyed without a close().
 */
#include <linux/module.h>

#include "handshake/listen.h"
#include "socket/socket.h"
#include "state/smc.h"

/* A child is created. It is plain TCP until it is accepted. Softirq. */
static void smc_ulp_clone(const struct request_sock *req, struct sock *child,
			  const gfp_t priority)
{
	struct inet_connection_sock *icsk = inet_csk(child);

	smc_listener_cloned(child);
	RCU_INIT_POINTER(icsk->icsk_ulp_data, NULL);
	icsk->icsk_ulp_ops = NULL;
	if (!inet_rsk(req)->smc_ok || !smc_tcp_wants_smc(child))
		return;
	smc_sock_mark(child);
	/*
	 * smc_handshake_hook() does this too, but possibly only after the
	 * proposal has arrived.
	 */
	inet_csk_enter_pingpong_mode(child);
}

/*
 * TCP destroys the sock without a close(): nobody accepted the connection, or
 * its creation failed after smc_sock_attach(), for example because a BPF
 * program rejected it. TCP puts its module reference afterwards, so the work
 * gets references to the module and to the sock. Any context.
 */
static void smc_ulp_release(struct sock *sk)
{
	struct smc_sock *smc = smc_sk(sk);

	/* A child that was marked and no more. */
	if (!smc)
		return;
	smc_table_del(smc);
	RCU_INIT_POINTER(inet_csk(sk)->icsk_ulp_data, NULL);
	sock_hold(sk);
	__module_get(THIS_MODULE);
	WRITE_ONCE(smc->orphan, true);
	smc_work_queue(smc);
}

/* Never registered: it only marks icsk_ulp_data as ours. */
const struct tcp_ulp_ops smc_ulp = {
	.name = "smc",
	.owner = THIS_MODULE,
	.clone = smc_ulp_clone,
	.release = smc_ulp_release,
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Handshakes: what client and server have in common. Process context, in the
 * socket's work; the callbacks of the sock in softirqs.
 */
#include <linux/slab.h>
#include <net/tcp.h>
#include <net/xfrm.h>

#include "clc_match.h"
#include "group.h"
#include "handshake.h"
#include "trace.h"

/* From a message to the answer. */
#define SMC_HANDSHAKE_TIMEOUT	(6 * HZ)
/* If the connection's buffer is full, which it is not. */
#define SMC_HANDSHAKE_RETRY	(HZ / 50)

/* --- callbacks of the sock ----------------------------------------------------- */

static void smc_handshake_data_ready(struct sock *sk)
{
	struct dibs_smc *smc = dibs_smc(sk);

	smc->family->data_ready(sk);
	smc_kick(smc);
}

static void smc_handshake_state_change(struct sock *sk)
{
	struct dibs_smc *smc = dibs_smc(sk);

	smc->family->state_change(sk);
	smc_kick(smc);
}

static void smc_handshake_hook(struct dibs_smc *smc, bool hook)
{
	struct sock *sk = smc->sk;

	lock_sock(sk);
	WRITE_ONCE(sk->sk_data_ready, hook ? smc_handshake_data_ready :
					     smc->family->data_ready);
	WRITE_ONCE(sk->sk_state_change, hook ? smc_handshake_state_change :
					       smc->family->state_change);
	if (smc->role == DIBS_SMC_CLIENT)
		tcp_sk(sk)->syn_smc = hook;
	release_sock(sk);
}

/* --- life ---------------------------------------------------------------------- */

static struct smc_handshake *smc_handshake_alloc(struct dibs_smc *smc)
{
	struct smc_handshake *hs = kzalloc(sizeof(*hs), GFP_KERNEL_ACCOUNT);

	if (!hs)
		return NULL;
	hs->smc = smc;
	hs->sk = smc->sk;
	return hs;
}

static void smc_handshake_free(struct smc_handshake *hs)
{
	if (hs->conn)
		smc_conn_free(hs->conn);
	if (hs->group)
		smc_group_put(hs->group);
	smc_choice_drop(&hs->choice);
	kfree(hs);
}

/* The socket waits for this handshake from now on, unless it did not begin. */
static bool smc_handshake_begin(struct smc_handshake *hs)
{
	struct dibs_smc *smc = hs->smc;
	bool first;

	spin_lock_bh(&smc->lock);
	first = smc->carrier == DIBS_SMC_UNDECIDED && !smc->handshake;
	if (first) {
		smc->handshake = hs;
		WRITE_ONCE(smc->carrier, DIBS_SMC_AGREEING);
	}
	spin_unlock_bh(&smc->lock);
	return first;
}

/* The next connect() of TCP's shall ask for SMC. 0 or -errno. */
int smc_handshake_start_client(struct dibs_smc *smc)
{
	struct smc_handshake *hs = smc_handshake_alloc(smc);

	if (!hs)
		return -ENOMEM;
	hs->step = smc_propose;
	if (!smc_handshake_begin(hs)) {
		smc_handshake_free(hs);
		return -EALREADY;
	}
	smc->role = DIBS_SMC_CLIENT;
	smc_handshake_hook(smc, true);
	return 0;
}

/*
 * The client of this connection asked for SMC. With @listener and @req: it is
 * to be queued at the end; the reference to @req goes over. 0 or -ENOMEM.
 */
int smc_handshake_start_server(struct dibs_smc *smc,
			       struct smc_listener *listener,
			       struct request_sock *req)
{
	struct smc_handshake *hs = smc_handshake_alloc(smc);

	if (!hs)
		return -ENOMEM;
	hs->step = smc_await_proposal;
	hs->listener = listener;
	hs->req = req;
	hs->deadline = jiffies + SMC_HANDSHAKE_TIMEOUT;
	smc->role = DIBS_SMC_SERVER;
	smc_handshake_begin(hs);
	if (listener)
		smc_listener_remember(listener, hs);
	smc_handshake_hook(smc, true);
	smc_kick(smc);
	return 0;
}

/* The work does not run, and nobody decides any more. */
static void smc_handshake_drop(struct dibs_smc *smc)
{
	struct smc_handshake *hs = smc->handshake;

	if (!hs)
		return;
	smc_handshake_hook(smc, false);
	spin_lock_bh(&smc->lock);
	smc->handshake = NULL;
	if (smc->carrier == DIBS_SMC_AGREEING)
		WRITE_ONCE(smc->carrier, DIBS_SMC_UNDECIDED);
	spin_unlock_bh(&smc->lock);
	smc_handshake_free(hs);
}

/* The program gives the connection up, or there is none. */
void smc_handshake_stop(struct dibs_smc *smc)
{
	cancel_delayed_work_sync(&smc->work);
	smc_handshake_drop(smc);
}

/* --- the end -------------------------------------------------------------------- */

/*
 * There is a decision: whoever waits for it goes on. Once handed out, the
 * socket is somebody else's.
 */
static void smc_handshake_finish(struct smc_handshake *hs)
{
	struct smc_listener *listener = hs->listener;
	struct request_sock *req = hs->req;
	struct dibs_smc *smc = hs->smc;
	struct sock *sk = hs->sk;

	smc_handshake_hook(smc, false);
	if (listener)
		smc_listener_forget(listener, hs);
	smc->handshake = NULL;
	smc_handshake_free(hs);
	if (listener) {
		smc_listener_hand_out(listener, smc, req);
	} else {
		sk->sk_state_change(sk);
		sk_wake_async(sk, SOCK_WAKE_IO, POLL_OUT);
	}
}

static void smc_handshake_agreed(struct smc_handshake *hs)
{
	struct smc_conn *conn = hs->conn;

	dibs_dmb_close(conn->dmb);
	smc_group_confirm(hs->group, hs->accept.link_id);
	smc_group_add(hs->group, conn);
	hs->group = NULL;
	hs->conn = NULL;
	smc_carry(hs->smc, conn);
	smc_conn_activate(conn);
	if (!hs->listener && hs->smc->role == DIBS_SMC_SERVER)
		smc_conn_announce(conn);
	smc_handshake_finish(hs);
}

static void smc_handshake_fall_back(struct smc_handshake *hs)
{
	hs->smc->peer_reason = hs->peer_reason;
	dibs_smc_fallback(hs->smc, hs->smc->role, hs->reason);
	smc_handshake_finish(hs);
}

/* The TCP connection is gone or was never made. */
static void smc_handshake_lost(struct smc_handshake *hs)
{
	struct dibs_smc *smc = hs->smc;
	struct sock *sk = hs->sk;

	if (hs->req) {
		smc_carry_nothing(smc);
		smc_handshake_finish(hs);
		return;
	}
	smc_handshake_drop(smc);
	sk->sk_state_change(sk);
}

static int smc_handshake_build_decline(struct smc_handshake *hs)
{
	struct smc_clc_decline decline = {
		.version = SMC_CLC_V2,
		.os = SMC_CLC_OS_LINUX,
		.diagnosis = hs->reason,
		.out_of_sync = hs->reason == DIBS_SMC_SYNC,
	};
	int len = smc_clc_decline_build(hs->io.out, sizeof(hs->io.out),
					&decline);

	hs->io.out_done = 0;
	hs->io.out_len = max(len, 0);
	return len;
}

/* What is to be sent is sent: then both ends are on TCP. */
static enum smc_verdict smc_handshake_declined(struct smc_handshake *hs)
{
	return SMC_FALLBACK;
}

enum smc_verdict smc_handshake_decline(struct smc_handshake *hs, u32 reason)
{
	hs->reason = reason;
	return SMC_DECLINE;
}

/* The reason for an error of the layer's about a DMB or an attachment. */
u32 smc_conn_reason(int err)
{
	switch (err) {
	case -ENOBUFS:
		return DIBS_SMC_MEMORY;
	case -ENOENT:
	case -EPERM:
	case -EACCES:
	case -EBUSY:
	case -ECONNREFUSED:
	case -ERANGE:
		return DIBS_SMC_RTOKEN;
	case -EXDEV:
	case -ENETUNREACH:
		return DIBS_SMC_NO_D_DEVICE;
	default:
		return smc_clc_reason_from_errno(err);
	}
}

enum smc_verdict smc_handshake_error(struct smc_handshake *hs, int err)
{
	return smc_handshake_decline(hs, smc_clc_reason_from_errno(err));
}

/* --- steps ------------------------------------------------------------------------ */

static enum smc_verdict smc_handshake_was_declined(struct smc_handshake *hs)
{
	struct smc_clc_decline decline = {};

	smc_clc_decline_parse(hs->io.in, hs->io.header.wanted, &decline);
	hs->reason = DIBS_SMC_PEER_DECLINED;
	hs->peer_reason = decline.diagnosis;
	return SMC_FALLBACK;
}

/*
 * Receives a message. SMC_NEXT: it is there and of the kind @wanted; else what
 * the step is to return.
 */
enum smc_verdict smc_handshake_receive(struct smc_handshake *hs,
				       enum smc_clc_msg wanted)
{
	int err = smc_clc_receive(hs->sk, &hs->io);

	switch (err) {
	case 0:
		break;
	case -EAGAIN:
		return SMC_WAIT;
	case -EPROTO:
		/* The bytes are the program's: no SMC on the other side. */
		hs->reason = DIBS_SMC_PEER_NO_SMC;
		return SMC_FALLBACK;
	case -EBADMSG:
		smc_clc_discard(hs->sk, &hs->io);
		return smc_handshake_error(hs, err);
	default:
		return smc_handshake_error(hs, err);
	}
	if (hs->io.header.msg == SMC_CLC_DECLINE)
		return smc_handshake_was_declined(hs);
	/* Two that connect to each other, or one to itself: none is a server. */
	if (hs->io.header.msg == SMC_CLC_PROPOSAL &&
	    hs->smc->role == DIBS_SMC_CLIENT) {
		hs->reason = DIBS_SMC_MODE;
		return SMC_FALLBACK;
	}
	if (hs->io.header.msg != wanted)
		return smc_handshake_error(hs, -EBADMSG);
	return SMC_NEXT;
}

/* What the kernel encrypts must not be sent past it. */
bool smc_handshake_is_ipsec(const struct smc_handshake *hs)
{
	bool ipsec = false;
#ifdef CONFIG_XFRM
	struct dst_entry *dst;

	rcu_read_lock();
	dst = __sk_dst_get(hs->sk);
	ipsec = dst && dst_xfrm(dst);
	ipsec |= rcu_access_pointer(hs->sk->sk_policy[0]) ||
		 rcu_access_pointer(hs->sk->sk_policy[1]);
	rcu_read_unlock();
#endif
	return ipsec;
}

/* Who pays for the DMB: the socket's cgroup, or its listener's. */
struct mem_cgroup *smc_handshake_memcg(const struct smc_handshake *hs)
{
#ifdef CONFIG_MEMCG
	if (hs->req && hs->req->rsk_listener)
		return hs->req->rsk_listener->sk_memcg;
	return hs->sk->sk_memcg;
#else
	return NULL;
#endif
}

static enum smc_verdict smc_handshake_once(struct smc_handshake *hs)
{
	int err = smc_clc_send(hs->sk, &hs->io);

	if (err == -EAGAIN)
		return SMC_WAIT;
	/* A broken connection is seen by its state. */
	return err ? SMC_WAIT : hs->step(hs);
}

/* The peer took too long. What it sends yet is not for the program. */
static enum smc_verdict smc_handshake_is_late(struct smc_handshake *hs)
{
	if (smc_late_expect(hs->smc, &hs->io))
		return SMC_WAIT;
	return smc_handshake_decline(hs, DIBS_SMC_TIMEOUT_CONFIRM);
}

/* Runs steps as far as they go. */
static enum smc_verdict smc_handshake_run(struct smc_handshake *hs)
{
	enum smc_verdict verdict;

	do {
		verdict = smc_handshake_once(hs);
		if (verdict == SMC_WAIT && hs->step != smc_handshake_declined &&
		    time_after_eq(jiffies, hs->deadline))
			verdict = smc_handshake_is_late(hs);
		trace_smc_handshake(hs, verdict);
		if (verdict == SMC_DECLINE) {
			hs->step = smc_handshake_declined;
			if (hs->io.out_done == hs->io.out_len)
				smc_handshake_build_decline(hs);
			verdict = SMC_NEXT;
		}
	} while (verdict == SMC_NEXT);
	return verdict;
}

static void smc_handshake_wait(struct smc_handshake *hs)
{
	unsigned long delay = 0;

	if (time_before(jiffies, hs->deadline))
		delay = hs->deadline - jiffies;
	if (hs->io.out_done < hs->io.out_len || !delay)
		delay = SMC_HANDSHAKE_RETRY;
	/* Keeps a kick that came meanwhile. */
	queue_delayed_work(smc_wq, &hs->smc->work, delay);
}

/* In the work. */
void smc_handshake_step(struct dibs_smc *smc)
{
	struct smc_handshake *hs = smc->handshake;
	int state = inet_sk_state_load(hs->sk);

	if (hs->listener && smc_listener_is_gone(hs->listener))
		state = TCP_CLOSE;
	/* The server was ready, and what it wrote is there. */
	if (state == TCP_CLOSE && smc->role == DIBS_SMC_CLIENT && hs->conn &&
	    hs->conn->att && smc_conn_is_dibs(hs->conn)) {
		smc_handshake_agreed(hs);
		return;
	}
	if (state == TCP_CLOSE) {
		smc_handshake_lost(hs);
		return;
	}
	if (!hs->deadline) {
		/* connect() goes on. */
		if (state == TCP_SYN_SENT || state == TCP_SYN_RECV)
			return;
		hs->deadline = jiffies + SMC_HANDSHAKE_TIMEOUT;
	}
	switch (smc_handshake_run(hs)) {
	case SMC_AGREED:
		smc_handshake_agreed(hs);
		break;
	case SMC_FALLBACK:
		smc_handshake_fall_back(hs);
		break;
	default:
		smc_handshake_wait(hs);
		break;
	}
}

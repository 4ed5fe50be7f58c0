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
#include "sysctl.h"
#include "trace.h"
#include "../../compat/memcg.h"

/* Where nobody says when to go on: the connection's buffer is full, say. */
#define SMC_HANDSHAKE_RETRY	(HZ / 50)

/* --- callbacks of the sock ----------------------------------------------------- */

/* Whoever waits is told when the handshake is over, and not of its messages. */
static void smc_handshake_data_ready(struct sock *sk)
{
	struct dibs_smc *smc;

	rcu_read_lock();
	smc = dibs_smc(sk);
	if (smc)
		smc_kick(smc);
	rcu_read_unlock();
}

/*
 * That TCP has connected is news for the work: connect(), which waits for it in
 * TCP, poll() and io_uring are told when the handshake is over. Only SIGIO comes
 * twice, as TCP sends it itself.
 */
static void smc_handshake_state_change(struct sock *sk)
{
	struct dibs_smc *smc;

	rcu_read_lock();
	smc = dibs_smc(sk);
	if (smc) {
		if (inet_sk_state_load(sk) == TCP_CLOSE)
			dibs_smc_family(smc)->state_change(sk);
		smc_kick(smc);
	}
	rcu_read_unlock();
}

/* A child of a socket that was connecting just before. Softirq. */
void smc_handshake_cloned(const struct dibs_smc_family *family,
			  struct sock *child)
{
	if (child->sk_data_ready == smc_handshake_data_ready)
		child->sk_data_ready = family->data_ready;
	if (child->sk_state_change == smc_handshake_state_change)
		child->sk_state_change = family->state_change;
}

static void smc_handshake_hook(struct dibs_smc *smc, bool hook)
{
	const struct dibs_smc_family *family = dibs_smc_family(smc);
	struct sock *sk = smc->sk;

	lock_sock(sk);
	WRITE_ONCE(sk->sk_data_ready, hook ? smc_handshake_data_ready :
					     family->data_ready);
	WRITE_ONCE(sk->sk_state_change, hook ? smc_handshake_state_change :
					       family->state_change);
	if (smc->role == DIBS_SMC_CLIENT)
		tcp_sk(sk)->syn_smc = hook;
	/*
	 * Each message answers the one before, and the proposal the SYN's answer:
	 * no segments that only say that. A client leaves this mode when that
	 * comes, and is back in it when it sends.
	 */
	if (hook)
		inet_csk_enter_pingpong_mode(sk);
	else
		inet_csk_exit_pingpong_mode(sk);
	release_sock(sk);
}

/* --- life ---------------------------------------------------------------------- */

static struct smc_handshake *smc_handshake_alloc(struct dibs_smc *smc)
{
	struct smc_handshake *hs = kzalloc(sizeof(*hs), SMC_GFP);

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

/* As long as the namespace lets a peer take for its part. */
static void smc_handshake_set_deadline(struct smc_handshake *hs)
{
	hs->deadline = jiffies +
		       smc_sysctl_handshake_timeout(sock_net(hs->sk));
}

/* The socket waits for this handshake from now on, unless it did not begin. */
static bool smc_handshake_begin(struct smc_handshake *hs,
				enum dibs_smc_role role)
{
	struct dibs_smc *smc = hs->smc;
	bool first;

	spin_lock_bh(&smc->lock);
	first = smc->carrier == DIBS_SMC_UNDECIDED && !smc->handshake;
	if (first) {
		smc->role = role;
		/* Whole, and with the role; pairs with smc_work(). */
		smp_store_release(&smc->handshake, hs);
		WRITE_ONCE(smc->carrier, DIBS_SMC_AGREEING);
	}
	spin_unlock_bh(&smc->lock);
	return first;
}

/* The next connect() of TCP's shall ask for SMC. 0 or -errno. */
int smc_handshake_start_client(struct dibs_smc *smc)
{
	struct smc_handshake *hs = smc_handshake_alloc(smc);
	int err = 0;

	if (!hs)
		return -ENOMEM;
	hs->step = smc_propose;
	mutex_lock(&smc->connect_lock);
	if (smc_handshake_begin(hs, DIBS_SMC_CLIENT)) {
		smc_handshake_hook(smc, true);
	} else {
		smc_handshake_free(hs);
		err = -EALREADY;
	}
	mutex_unlock(&smc->connect_lock);
	return err;
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
	smc_handshake_set_deadline(hs);
	smc_handshake_begin(hs, DIBS_SMC_SERVER);
	if (listener)
		smc_listener_remember(listener, hs);
	smc_handshake_hook(smc, true);
	smc_kick(smc);
	return 0;
}

/*
 * Who takes a handshake out of its socket frees it: the work when it is over, or
 * who stops it. NULL for any.
 */
static struct smc_handshake *smc_handshake_take(struct dibs_smc *smc,
						struct smc_handshake *hs)
{
	spin_lock_bh(&smc->lock);
	if (!hs)
		hs = smc->handshake;
	else if (smc->handshake != hs)
		hs = NULL;
	if (hs)
		WRITE_ONCE(smc->handshake, NULL);
	spin_unlock_bh(&smc->lock);
	return hs;
}

/*
 * There is no connection, and may be another attempt, which is not to suffer what
 * the peer did to this one.
 */
static void smc_handshake_undecide(struct smc_handshake *hs)
{
	struct dibs_smc *smc = hs->smc;

	if (hs->conn)
		smc_conn_free(hs->conn);
	hs->conn = NULL;
	spin_lock_bh(&smc->lock);
	if (smc->carrier == DIBS_SMC_AGREEING) {
		WRITE_ONCE(smc->carrier, DIBS_SMC_UNDECIDED);
		WRITE_ONCE(smc->doom, 0);
	}
	spin_unlock_bh(&smc->lock);
}

/* The program gives the connection up, or there is none. */
void smc_handshake_stop(struct dibs_smc *smc)
{
	struct smc_handshake *hs;

	mutex_lock(&smc->connect_lock);
	hs = smc_handshake_take(smc, NULL);
	if (hs)
		smc_handshake_hook(smc, false);
	/* Also if the work has taken it: then it is over after this. */
	cancel_delayed_work_sync(&smc->work);
	if (hs) {
		smc_handshake_undecide(hs);
		smc_handshake_free(hs);
	}
	mutex_unlock(&smc->connect_lock);
}

/* --- the end -------------------------------------------------------------------- */

/* In the work: false if somebody stops the handshake just now. */
static bool smc_handshake_end(struct smc_handshake *hs)
{
	smc_handshake_hook(hs->smc, false);
	return smc_handshake_take(hs->smc, hs);
}

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

	if (listener)
		smc_listener_forget(listener, hs);
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
	struct smc_group *group = hs->group;
	struct smc_conn *conn = hs->conn;

	if (!smc_handshake_end(hs))
		return;
	dibs_dmb_close(conn->dmb);
	smc_group_confirm(group, &hs->accept);
	hs->group = NULL;
	hs->conn = NULL;
	/* Known to dumps before the connection is. */
	conn->group = group;
	/* Whoever uses it can lose it: then it has to be one. */
	smc_conn_activate(conn);
	smc_carry(hs->smc, conn);
	/* From now on it hears of the device; if that is gone, here. */
	smc_group_add(group, conn);
	if (!hs->listener && hs->smc->role == DIBS_SMC_SERVER)
		smc_conn_check(conn, smc_conn_announce(conn));
	/* The peer broke the connection before it was one; see smc_adopt(). */
	if (!hs->listener && READ_ONCE(hs->smc->doom))
		smc_kick(hs->smc);
	smc_handshake_finish(hs);
}

static void smc_handshake_fall_back(struct smc_handshake *hs)
{
	if (!smc_handshake_end(hs))
		return;
	spin_lock_bh(&hs->smc->lock);
	hs->smc->peer_reason = hs->peer_reason;
	spin_unlock_bh(&hs->smc->lock);
	dibs_smc_fallback(hs->smc, hs->smc->role, hs->reason);
	/*
	 * What was held back, see smc_handshake_hook(): a server of TCP's waits
	 * for it to accept, Nagle's algorithm of any to send.
	 */
	tcp_sock_set_quickack(hs->sk, 1);
	smc_handshake_finish(hs);
}

/* The TCP connection is gone or was never made. */
static void smc_handshake_lost(struct smc_handshake *hs)
{
	bool server = hs->smc->role == DIBS_SMC_SERVER;

	if (!smc_handshake_end(hs))
		return;
	smc_clc_drop(hs->sk, &hs->io);
	/* TCP had connected. */
	if (hs->deadline)
		smc_stat_inc(hs->smc->stats, server ? SMC_STAT_SERVER_BROKEN :
						      SMC_STAT_CLIENT_BROKEN);
	if (server)
		smc_carry_nothing(hs->smc);
	else
		smc_handshake_undecide(hs);
	smc_handshake_finish(hs);
}

/* Neither DMBs nor TCP can carry the connection any more. */
static void smc_handshake_break(struct smc_handshake *hs)
{
	smc_reset(hs->smc, ECONNRESET);
	smc_handshake_lost(hs);
}

static int smc_handshake_build_decline(struct smc_handshake *hs)
{
	struct smc_clc_decline decline = {
		.version = hs->smc->role == DIBS_SMC_SERVER &&
			   hs->io.header.version == SMC_CLC_V1 ?
			   SMC_CLC_V1 : SMC_CLC_V2,
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
	case -ESTALE:
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
	/* It does not know the group: the next connection is the first. */
	if (hs->group && (hs->io.header.out_of_sync ||
			  decline.diagnosis == DIBS_SMC_SYNC))
		smc_group_distrust(hs->group);
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

	if (!err)
		return hs->step(hs);
	if (err == -EAGAIN)
		return SMC_WAIT;
	return hs->step == smc_handshake_declined ? SMC_FALLBACK : SMC_BREAK;
}

/* The peer took too long. What it sends yet is not for the program. */
static enum smc_verdict smc_handshake_is_late(struct smc_handshake *hs)
{
	/* The server is just about to say that it is ready, or it never can. */
	if (hs->smc->role == DIBS_SMC_CLIENT && hs->conn && hs->conn->att) {
		dibs_dmb_close(hs->conn->dmb);
		if (dibs_dmb_attached(hs->conn->dmb)) {
			smc_handshake_set_deadline(hs);
			return SMC_WAIT;
		}
	}
	if (smc_late_expect(hs->smc, &hs->io, 0))
		return SMC_WAIT;
	return smc_handshake_decline(hs, DIBS_SMC_TIMEOUT_CONFIRM);
}

/*
 * The peer may give up waiting before our decline comes, and decline, too.
 * Should there be no memory to remember that, there is most likely nothing to
 * remember.
 */
static void smc_handshake_begin_decline(struct smc_handshake *hs)
{
	if (!hs->smc->late)
		smc_late_expect(hs->smc, &hs->io, SMC_CLC_DECLINE);
	hs->step = smc_handshake_declined;
	if (hs->io.out_done == hs->io.out_len)
		smc_handshake_build_decline(hs);
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
		if (verdict == SMC_DECLINE && hs->no_return)
			verdict = SMC_BREAK;
		trace_smc_handshake(hs, verdict);
		if (verdict == SMC_DECLINE) {
			smc_handshake_begin_decline(hs);
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
	/* TCP says nothing of fewer bytes than SO_RCVLOWAT asks for. */
	if (hs->io.out_done < hs->io.out_len || !delay ||
	    READ_ONCE(hs->sk->sk_rcvlowat) > 1)
		delay = SMC_HANDSHAKE_RETRY;
	/* Keeps a kick that came meanwhile. */
	queue_delayed_work(smc_wq, &hs->smc->work, delay);
}

/* The server was ready before the connection broke, and what it wrote is there. */
static bool smc_handshake_was_agreed(const struct smc_handshake *hs)
{
	return hs->smc->role == DIBS_SMC_CLIENT && hs->conn && hs->conn->att &&
	       smc_conn_is_dibs(hs->conn);
}

static void smc_handshake_act(struct smc_handshake *hs,
			      enum smc_verdict verdict)
{
	switch (verdict) {
	case SMC_AGREED:
		smc_handshake_agreed(hs);
		break;
	case SMC_FALLBACK:
		smc_handshake_fall_back(hs);
		break;
	case SMC_BREAK:
		smc_handshake_break(hs);
		break;
	default:
		smc_handshake_wait(hs);
		break;
	}
}

/* In the work. */
void smc_handshake_step(struct smc_handshake *hs)
{
	struct mem_cgroup *old;
	enum smc_verdict verdict;
	int state = inet_sk_state_load(hs->sk);

	if (hs->listener && smc_listener_is_gone(hs->listener)) {
		smc_handshake_break(hs);
		return;
	}
	if (state == TCP_CLOSE) {
		if (smc_handshake_was_agreed(hs))
			smc_handshake_agreed(hs);
		else
			smc_handshake_lost(hs);
		return;
	}
	if (!hs->deadline) {
		/* connect() goes on. */
		if (state == TCP_SYN_SENT || state == TCP_SYN_RECV)
			return;
		smc_handshake_set_deadline(hs);
	}
	old = dibs_memcg_enter(smc_handshake_memcg(hs));
	verdict = smc_handshake_run(hs);
	dibs_memcg_leave(old);
	smc_handshake_act(hs, verdict);
}

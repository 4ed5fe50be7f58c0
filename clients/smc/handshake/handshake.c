// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Handshakes: the code that client and server share. Process context, mostly in
 * the socket's work; the callbacks of the sock run in softirqs.
 */
#include <linux/slab.h>
#include <net/tcp.h>
#include <net/xfrm.h>

#include "clc/match.h"
#include "conn/group.h"
#include "handshake/handshake.h"
#include "handshake/listen.h"
#include "state/sysctl.h"
#include "trace.h"
#include "compat/memcg.h"

/* For waits that no callback ends, such as for room in the send buffer. */
#define SMC_HANDSHAKE_RETRY	(HZ / 50)

/* --- callbacks of the sock ------------------------------------------------ */

/* Messages wake only the work; the program is woken when the handshake ends. */
static void smc_handshake_data_ready(struct sock *sk)
{
	struct smc_sock *smc;

	rcu_read_lock();
	smc = smc_sk(sk);
	if (smc)
		smc_work_queue(smc);
	rcu_read_unlock();
}

/*
 * Only the work learns that TCP has connected. connect(), which waits within
 * TCP, poll() and io_uring are woken when the handshake is over. SIGIO alone is
 * sent twice, because TCP also sends it itself.
 */
static void smc_handshake_state_change(struct sock *sk)
{
	struct smc_sock *smc;

	rcu_read_lock();
	smc = smc_sk(sk);
	if (smc) {
		if (inet_sk_state_load(sk) == TCP_CLOSE)
			smc_sock_family(smc)->state_change(sk);
		smc_work_queue(smc);
	}
	rcu_read_unlock();
}

/* A child inherited callbacks of a socket that was just connecting. Softirq. */
void smc_handshake_cloned(const struct smc_family *family,
			  struct sock *child)
{
	if (child->sk_data_ready == smc_handshake_data_ready)
		child->sk_data_ready = family->data_ready;
	if (child->sk_state_change == smc_handshake_state_change)
		child->sk_state_change = family->state_change;
}

static void smc_handshake_hook(struct smc_sock *smc, bool hook)
{
	const struct smc_family *family = smc_sock_family(smc);
	struct sock *sk = smc->sk;

	lock_sock(sk);
	WRITE_ONCE(sk->sk_data_ready, hook ? smc_handshake_data_ready :
					     family->data_ready);
	WRITE_ONCE(sk->sk_state_change, hook ? smc_handshake_state_change :
					       family->state_change);
	/* Set for a server's child, too, which may connect() later. */
	if (!hook || smc->role == SMC_ROLE_CLIENT)
		tcp_sk(sk)->syn_smc = hook;
	/*
	 * Delays ACKs: each message answers the one before, and the proposal
	 * answers the SYN-ACK, so none needs a segment of its own. A client
	 * leaves this mode when the SYN-ACK arrives, and is back in it when it
	 * sends.
	 */
	if (hook)
		inet_csk_enter_pingpong_mode(sk);
	else
		inet_csk_exit_pingpong_mode(sk);
	release_sock(sk);
}

/* Why to use TCP without asking the peer; 0: there is no such reason. */
u32 smc_handshake_reason(const struct smc_sock *smc)
{
	struct net *net = sock_net(smc->sk);

	/* TCP_REPAIR restores a connection without exchanging a SYN. */
	if (READ_ONCE(smc->fastopen) || tcp_sk(smc->sk)->repair)
		return DIBS_SMC_REASON_OPTION;
	if (!smc_sysctl_enabled(net))
		return DIBS_SMC_REASON_CONFIG;
	return smc_devices_any(net) ? 0 : DIBS_SMC_REASON_NO_DEVICE;
}

/* --- life cycle ----------------------------------------------------------- */

static struct smc_handshake *smc_handshake_alloc(struct smc_sock *smc)
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

/* The peer has net.smc.handshake_timeout_ms from now on to do its part. */
static void smc_handshake_set_deadline(struct smc_handshake *hs)
{
	hs->deadline = jiffies +
		       smc_sysctl_handshake_timeout(sock_net(hs->sk));
}

/*
 * The socket waits for @hs from now on. Returns false if it already has a
 * handshake or a carrier.
 */
static bool smc_handshake_begin(struct smc_handshake *hs,
				enum smc_role role)
{
	struct smc_sock *smc = hs->smc;
	bool first;

	spin_lock_bh(&smc->lock);
	first = smc->carrier == SMC_CARRIER_UNDECIDED && !smc->handshake;
	if (first) {
		smc->role = role;
		/* Publishes @hs and the role; pairs with smc_dispatch(). */
		smp_store_release(&smc->handshake, hs);
		WRITE_ONCE(smc->carrier, SMC_CARRIER_HANDSHAKE);
	}
	spin_unlock_bh(&smc->lock);
	return first;
}

/* Makes TCP's next connect() ask for SMC. Returns 0 or -errno. */
int smc_handshake_start_client(struct smc_sock *smc)
{
	struct smc_handshake *hs = smc_handshake_alloc(smc);
	int err = 0;

	if (!hs)
		return -ENOMEM;
	hs->step = smc_client_propose;
	mutex_lock(&smc->connect_lock);
	if (smc_handshake_begin(hs, SMC_ROLE_CLIENT)) {
		smc_handshake_hook(smc, true);
	} else {
		smc_handshake_free(hs);
		err = -EALREADY;
	}
	mutex_unlock(&smc->connect_lock);
	return err;
}

/*
 * The client of this connection asked for SMC. If @listener and @req are given,
 * the connection is queued for accept() when the handshake is over, and the
 * handshake takes over the reference to @req. Returns 0 or -ENOMEM.
 */
int smc_handshake_start_server(struct smc_sock *smc,
			       struct smc_listener *listener,
			       struct request_sock *req)
{
	struct smc_handshake *hs = smc_handshake_alloc(smc);

	if (!hs)
		return -ENOMEM;
	hs->step = smc_server_await_proposal;
	hs->listener = listener;
	hs->req = req;
	smc_handshake_set_deadline(hs);
	smc_handshake_begin(hs, SMC_ROLE_SERVER);
	if (listener)
		smc_listener_remember(listener, hs);
	smc_handshake_hook(smc, true);
	smc_work_queue(smc);
	return 0;
}

/*
 * Takes @hs, or any handshake if @hs is NULL, out of the socket. The caller who
 * gets it frees it: either the work when it is over, or smc_handshake_stop().
 * Returns NULL if the other was first.
 */
static struct smc_handshake *smc_handshake_take(struct smc_sock *smc,
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
 * There is no connection. Another connect() may follow and must not inherit a
 * reset that the peer caused in this one.
 */
static void smc_handshake_revert(struct smc_handshake *hs)
{
	struct smc_sock *smc = hs->smc;

	if (hs->conn)
		smc_conn_free(hs->conn);
	hs->conn = NULL;
	spin_lock_bh(&smc->lock);
	if (smc->carrier == SMC_CARRIER_HANDSHAKE) {
		WRITE_ONCE(smc->carrier, SMC_CARRIER_UNDECIDED);
		WRITE_ONCE(smc->reset_err, 0);
	}
	spin_unlock_bh(&smc->lock);
}

/* The program gives up the connection, or there is none. */
void smc_handshake_stop(struct smc_sock *smc)
{
	struct smc_handshake *hs;

	mutex_lock(&smc->connect_lock);
	hs = smc_handshake_take(smc, NULL);
	if (hs)
		smc_handshake_hook(smc, false);
	/* If the work has taken the handshake, this waits until it is freed. */
	cancel_delayed_work_sync(&smc->work);
	if (hs) {
		smc_handshake_revert(hs);
		smc_handshake_free(hs);
	}
	mutex_unlock(&smc->connect_lock);
}

/* --- end ------------------------------------------------------------------ */

/* In the work. False if smc_handshake_stop() has taken the handshake. */
static bool smc_handshake_end(struct smc_handshake *hs)
{
	smc_handshake_hook(hs->smc, false);
	return smc_handshake_take(hs->smc, hs);
}

/*
 * The carrier is decided: frees the handshake and wakes the waiters. Once
 * handed out to the listener, the socket must not be touched.
 */
static void smc_handshake_finish(struct smc_handshake *hs)
{
	struct smc_listener *listener = hs->listener;
	struct request_sock *req = hs->req;
	struct smc_sock *smc = hs->smc;
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
	/* Before the connection is visible to dumps, which read it. */
	conn->group = group;
	/* Active before it is visible: its users may find it lost. */
	smc_conn_activate(conn);
	smc_conn_carry(hs->smc, conn);
	/* Device events reach it from now on; a device already gone, here. */
	smc_group_add(group, conn);
	if (!hs->listener && hs->smc->role == SMC_ROLE_SERVER)
		smc_cdc_check(conn, smc_conn_announce(conn));
	/*
	 * The peer may have broken it before it was active. For a queued
	 * connection smc_accept_ready() does this.
	 */
	if (!hs->listener && READ_ONCE(hs->smc->reset_err))
		smc_work_queue(hs->smc);
	smc_handshake_finish(hs);
}

static void smc_handshake_fall_back(struct smc_handshake *hs)
{
	if (!smc_handshake_end(hs))
		return;
	spin_lock_bh(&hs->smc->lock);
	hs->smc->peer_reason = hs->peer_reason;
	spin_unlock_bh(&hs->smc->lock);
	smc_carrier_fallback(hs->smc, hs->smc->role, hs->reason);
	/*
	 * Sends the ACK that smc_handshake_hook() held back: a plain TCP server
	 * needs it before accept(), and Nagle's algorithm on any peer before it
	 * sends.
	 */
	tcp_sock_set_quickack(hs->sk, 1);
	smc_handshake_finish(hs);
}

/* The TCP connection is closed or was never established. */
static void smc_handshake_lost(struct smc_handshake *hs)
{
	bool server = hs->smc->role == SMC_ROLE_SERVER;

	if (!smc_handshake_end(hs))
		return;
	smc_clc_drop(hs->sk, &hs->io);
	/* Counts it only if TCP had connected. */
	if (hs->deadline)
		smc_stat_inc(hs->smc->stats, server ? SMC_STAT_SERVER_BROKEN :
						      SMC_STAT_CLIENT_BROKEN);
	if (server)
		smc_carrier_broken(hs->smc);
	else
		smc_handshake_revert(hs);
	smc_handshake_finish(hs);
}

/* Neither DMBs nor TCP can carry the connection: resets it. */
static void smc_handshake_break(struct smc_handshake *hs)
{
	smc_reset(hs->smc, ECONNRESET);
	smc_handshake_lost(hs);
}

static int smc_handshake_build_decline(struct smc_handshake *hs)
{
	struct smc_clc_decline decline = {
		.version = hs->smc->role == SMC_ROLE_SERVER &&
			   hs->io.header.version == SMC_CLC_V1 ?
			   SMC_CLC_V1 : SMC_CLC_V2,
		.os = SMC_CLC_OS_LINUX,
		.diagnosis = hs->reason,
		.out_of_sync = hs->reason == DIBS_SMC_REASON_SYNC,
	};
	int len = smc_clc_decline_build(hs->io.out, sizeof(hs->io.out),
					&decline);

	hs->io.out_done = 0;
	hs->io.out_len = max(len, 0);
	return len;
}

/* The last step of a decline: it has been sent, so both ends are on TCP. */
static enum smc_verdict smc_handshake_declined(struct smc_handshake *hs)
{
	return SMC_FALLBACK;
}

enum smc_verdict smc_handshake_decline(struct smc_handshake *hs, u32 reason)
{
	hs->reason = reason;
	return SMC_DECLINE;
}

/* Maps an error of the DIBS core on a DMB or an attachment to a reason. */
static u32 smc_handshake_conn_reason(int err)
{
	switch (err) {
	case -ENOBUFS:
		return DIBS_SMC_REASON_MEMORY;
	case -ENOENT:
	case -EPERM:
	case -EACCES:
	case -EBUSY:
	case -ECONNREFUSED:
	case -ERANGE:
	case -ESTALE:
		return DIBS_SMC_REASON_RTOKEN;
	case -EXDEV:
	case -ENETUNREACH:
		return DIBS_SMC_REASON_NO_D_DEVICE;
	default:
		return smc_clc_reason_from_errno(err);
	}
}

enum smc_verdict smc_handshake_error(struct smc_handshake *hs, int err)
{
	return smc_handshake_decline(hs, smc_clc_reason_from_errno(err));
}

/* For errors on a DMB or an attachment; smc_handshake_error() for others. */
enum smc_verdict smc_handshake_conn_error(struct smc_handshake *hs, int err)
{
	return smc_handshake_decline(hs, smc_handshake_conn_reason(err));
}

/* --- steps ---------------------------------------------------------------- */

static enum smc_verdict smc_handshake_peer_declined(struct smc_handshake *hs)
{
	struct smc_clc_decline decline = {};

	smc_clc_decline_parse(hs->io.in, hs->io.header.wanted, &decline);
	/* It does not know the group: the next one is a first contact. */
	if (hs->group && (hs->io.header.out_of_sync ||
			  decline.diagnosis == DIBS_SMC_REASON_SYNC))
		smc_group_unconfirm(hs->group);
	hs->reason = DIBS_SMC_REASON_PEER_DECLINED;
	hs->peer_reason = decline.diagnosis;
	return SMC_FALLBACK;
}

/*
 * Receives a message. Returns SMC_NEXT if it is complete and of the kind
 * @wanted, else the verdict that the step must return.
 */
enum smc_verdict smc_handshake_receive(struct smc_handshake *hs,
				       enum smc_clc_msg wanted)
{
	int err = smc_clc_receive(hs->sk, &hs->io);

	/* A reset that came during this step is no answer of the peer. */
	if (err && inet_sk_state_load(hs->sk) == TCP_CLOSE)
		return SMC_LOST;
	switch (err) {
	case 0:
		break;
	case -EAGAIN:
		return SMC_WAIT;
	case -EPROTO:
		/* The bytes are the program's: the peer does not use SMC. */
		hs->reason = DIBS_SMC_REASON_PEER_NO_SMC;
		return SMC_FALLBACK;
	case -EBADMSG:
		smc_clc_discard(hs->sk, &hs->io);
		return smc_handshake_error(hs, err);
	default:
		return smc_handshake_error(hs, err);
	}
	if (hs->io.header.msg == SMC_CLC_DECLINE)
		return smc_handshake_peer_declined(hs);
	/* A simultaneous open, or a connection to itself, has no server. */
	if (hs->io.header.msg == SMC_CLC_PROPOSAL &&
	    hs->smc->role == SMC_ROLE_CLIENT) {
		hs->reason = DIBS_SMC_REASON_MODE;
		return SMC_FALLBACK;
	}
	if (hs->io.header.msg != wanted)
		return smc_handshake_error(hs, -EBADMSG);
	return SMC_NEXT;
}

/* Would IPsec protect the connection? Then DMBs must not bypass it. */
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

/*
 * The memcg that the DMB is charged to: the socket's, or its listener's, whose
 * work created the socket.
 */
struct mem_cgroup *smc_handshake_memcg(const struct smc_handshake *hs)
{
	const struct sock *sk = hs->sk;

	if (hs->req && hs->req->rsk_listener)
		sk = hs->req->rsk_listener;
	return smc_sock_memcg(hs->smc, sk);
}

static enum smc_verdict smc_handshake_run_step(struct smc_handshake *hs)
{
	int err = smc_clc_send(hs->sk, &hs->io);

	if (!err)
		return hs->step(hs);
	if (err == -EAGAIN)
		return SMC_WAIT;
	if (hs->step == smc_handshake_declined)
		return SMC_FALLBACK;
	return inet_sk_state_load(hs->sk) == TCP_CLOSE ? SMC_LOST : SMC_BREAK;
}

/* The peer took too long. A message that still arrives is not the program's. */
static enum smc_verdict smc_handshake_timed_out(struct smc_handshake *hs)
{
	/*
	 * Nobody can attach our DMB once it is closed: a server that has
	 * attached is about to report that it is ready, any other never will.
	 */
	if (hs->smc->role == SMC_ROLE_CLIENT && hs->conn && hs->conn->att) {
		dibs_dmb_close(hs->conn->dmb);
		if (dibs_dmb_attached(hs->conn->dmb)) {
			smc_handshake_set_deadline(hs);
			return SMC_WAIT;
		}
	}
	if (smc_late_expect(hs->smc, &hs->io, 0))
		return SMC_WAIT;
	return smc_handshake_decline(hs, DIBS_SMC_REASON_TIMEOUT_CONFIRM);
}

/*
 * The peer may give up waiting before our decline arrives, and decline as well:
 * smc_late_expect() removes that message later. Its failure for lack of memory
 * is ignored, as most likely no such message will arrive.
 */
static void smc_handshake_begin_decline(struct smc_handshake *hs)
{
	if (!hs->smc->late)
		smc_late_expect(hs->smc, &hs->io, SMC_CLC_DECLINE);
	hs->step = smc_handshake_declined;
	if (hs->io.out_done == hs->io.out_len)
		smc_handshake_build_decline(hs);
}

/* Runs steps until one has to wait or the handshake is over. */
static enum smc_verdict smc_handshake_run(struct smc_handshake *hs)
{
	enum smc_verdict verdict;

	do {
		verdict = smc_handshake_run_step(hs);
		if (verdict == SMC_WAIT && hs->step != smc_handshake_declined &&
		    time_after_eq(jiffies, hs->deadline))
			verdict = smc_handshake_timed_out(hs);
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
	/* TCP does not report fewer bytes than SO_RCVLOWAT asks for. */
	if (hs->io.out_done < hs->io.out_len || !delay ||
	    READ_ONCE(hs->sk->sk_rcvlowat) > 1)
		delay = SMC_HANDSHAKE_RETRY;
	/* Does not delay the work if it has been queued meanwhile. */
	queue_delayed_work(smc_wq, &hs->smc->work, delay);
}

/* Was the server ready before TCP broke? Then what it wrote can be read. */
static bool smc_handshake_was_agreed(const struct smc_handshake *hs)
{
	return hs->smc->role == SMC_ROLE_CLIENT && hs->conn && hs->conn->att &&
	       smc_cdc_is_dibs(hs->conn);
}

/* TCP's connection was closed, during a step or since the last one. */
static void smc_handshake_closed(struct smc_handshake *hs)
{
	if (smc_handshake_was_agreed(hs))
		smc_handshake_agreed(hs);
	else
		smc_handshake_lost(hs);
}

static void smc_handshake_apply(struct smc_handshake *hs,
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
	case SMC_LOST:
		smc_handshake_closed(hs);
		break;
	default:
		smc_handshake_wait(hs);
		break;
	}
}

/* Runs a handshake as far as it goes. Called by the socket's work. */
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
		smc_handshake_closed(hs);
		return;
	}
	if (!hs->deadline) {
		/* TCP is still connecting. */
		if (state == TCP_SYN_SENT || state == TCP_SYN_RECV)
			return;
		smc_handshake_set_deadline(hs);
	}
	old = dibs_memcg_enter(smc_handshake_memcg(hs));
	verdict = smc_handshake_run(hs);
	dibs_memcg_leave(old);
	smc_handshake_apply(hs, verdict);
}

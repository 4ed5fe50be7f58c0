// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Life of a connection through DMBs: made by a handshake, told to end by the
 * program, the peer or the fabric. Process context, but for what is said to be
 * called from signals.
 *
 * A connection that ends with an error ends as TCP's do, by a reset of the TCP
 * connection that belongs to it: smc_doom(). So sk_err, the state that
 * getpeername() and others go by, and whoever waits are treated by TCP itself.
 */
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "clc.h"
#include "conn.h"
#include "group.h"
#include "idle.h"
#include "sysctl.h"
#include "trace.h"

/* A corked tail leaves after 200 ms at the latest, as with TCP. */
static void smc_conn_cork_expired(struct timer_list *timer)
{
	struct smc_conn *conn = container_of(timer, struct smc_conn,
					     cork_timer);

	WRITE_ONCE(conn->smc->uncork, true);
	smc_kick(conn->smc);
}

struct smc_conn *smc_conn_alloc(struct dibs_smc *smc)
{
	struct smc_conn *conn = kzalloc(sizeof(*conn), SMC_GFP);

	if (!conn)
		return NULL;
	conn->use = smc_group_use_alloc(sock_net(smc->sk));
	if (!conn->use) {
		kfree(conn);
		return NULL;
	}
	conn->smc = smc;
	conn->sk = smc->sk;
	conn->state = SMC_STATE_INIT;
	spin_lock_init(&conn->lock);
	INIT_LIST_HEAD(&conn->in_group);
	timer_setup(&conn->cork_timer, smc_conn_cork_expired, 0);
	return conn;
}

/* The code of a DMB for the receive buffer that a socket asks for. */
u8 smc_conn_size_code(const struct sock *sk, const struct dibs_dev *dev)
{
	u32 size = smc_sysctl_rmem(sock_net(sk), dibs_dev_linear(dev));
	u8 code = 0;

	/* The core doubles what a program asks for. */
	if (sk->sk_userlocks & SOCK_RCVBUF_LOCK)
		size = READ_ONCE(sk->sk_rcvbuf) / 2;
	while (code < SMC_CLC_DMBE_SIZE_MAX && (SZ_16K << code) < size)
		code++;
	return code;
}

/* As much as the device has in one piece, if that is less than was asked for. */
static bool smc_conn_shrink(const struct dibs_dev *dev, u8 *size_code)
{
	u8 wanted = *size_code;

	while (*size_code &&
	       (SZ_16K << *size_code) > dibs_dev_max_dmb_len(dev))
		--*size_code;
	return *size_code < wanted;
}

/* The DMB that the peer will write into. */
int smc_conn_register(struct smc_conn *conn, struct dibs_dev *dev,
		      const uuid_t *rgid, u8 *size_code,
		      struct mem_cgroup *memcg)
{
	struct smc_stats __percpu *stats = conn->smc->stats;
	bool shrunk = smc_conn_shrink(dev, size_code);
	struct dibs_dmb_params params = {
		.rgid = *rgid,
		.len = SZ_16K << *size_code,
		.header_len = SMC_CDC_LEN,
		.memcg = memcg,
		.priv = conn,
	};
	struct smc_cdc *mine;
	struct dibs_dmb *dmb;

	dmb = dibs_register_dmb(smc_client, dev, sock_net(conn->sk), &params);
	if (IS_ERR(dmb))
		return PTR_ERR(dmb);
	mine = dibs_dmb_header(dmb);
	/* Until somebody has looked, everything is news. */
	mine->wants_data = 1;
	mine->wants_room = 1;
	conn->rx_size = params.len - SMC_CDC_LEN;
	conn->dmb = dmb;
	/* For signals that come already. */
	smp_store_release(&conn->mine, mine);
	smc_stat_inc(stats, SMC_STAT_RX_RING + SMC_RING_MADE);
	if (shrunk)
		smc_stat_inc(stats, SMC_STAT_RX_RING + SMC_RING_SHRUNK);
	return 0;
}

/* The peer's DMB. */
int smc_conn_attach(struct smc_conn *conn, struct dibs_dev *dev,
		    const uuid_t *rgid, u64 token, u8 size_code)
{
	struct dibs_attach_params params = {
		.rgid = *rgid,
		.token = token,
		.len = SZ_16K << size_code,
	};
	struct dibs_attachment *att;

	/* Our own is no peer's: we would hear ourselves. */
	if (token == dibs_dmb_token(conn->dmb) &&
	    uuid_equal(rgid, dibs_dev_gid(dev)))
		return -EACCES;
	att = dibs_attach_dmb(smc_client, dev, sock_net(conn->sk), &params);
	if (IS_ERR(att))
		return PTR_ERR(att);
	if (smc_sysctl_mapped(sock_net(conn->sk)) &&
	    dibs_attachment_header_len(att) >= SMC_CDC_LEN)
		conn->theirs = dibs_attachment_header(att);
	conn->tx_size = params.len - SMC_CDC_LEN;
	conn->peer_token = token;
	conn->att = att;
	return 0;
}

/* Tells the peer that we are ready, and who we are. 0 or -errno. Any context. */
int smc_conn_announce(struct smc_conn *conn)
{
	struct smc_cdc cdc = {
		.type = SMC_CDC_TYPE,
		.origin = SMC_CDC_ORIGIN_DIBS,
	};

	return dibs_move_data(conn->att, 0, true, 0, &cdc,
			      offsetof(struct smc_cdc, producer));
}

/* Nobody finds the connection any more but who got it here. May be NULL. */
struct smc_conn *smc_conn_take(struct dibs_smc *smc)
{
	struct smc_conn *conn;

	mutex_lock(&smc->tx_lock);
	mutex_lock(&smc->rx_lock);
	conn = smc_conn_held(smc);
	rcu_assign_pointer(smc->conn, NULL);
	mutex_unlock(&smc->rx_lock);
	mutex_unlock(&smc->tx_lock);
	return conn;
}

/* In any state; no signal, send or receive is under way after this. */
void smc_conn_free(struct smc_conn *conn)
{
	smc_stats_end(conn);
	smc_group_leave(conn);
	smc_idle_forget(conn);
	dibs_unregister_dmb(conn->dmb);
	del_timer_sync(&conn->cork_timer);
	if (conn->att)
		dibs_detach_dmb(smc_client, &conn->att);
	smc_group_use_free(conn->use);
	kfree(conn);
}

/* Facts of smc_close_next() that only the caller knows are in @facts. */
static u32 smc_conn_event(struct smc_conn *conn, enum smc_close_event event,
			  u32 facts)
{
	struct smc_close_step step;

	if (smc_conn_peer_flags(conn).state &
	    (SMC_CDC_CLOSED | SMC_CDC_ABORT))
		facts |= SMC_CLOSE_IF_PEER;
	spin_lock_bh(&conn->lock);
	step = smc_close_next(conn->state, event, facts);
	/* First, so that nobody ends well what has been lost. */
	if (step.todo & SMC_CLOSE_DO_RESET)
		smc_doom(conn->smc, ECONNRESET);
	if (step.todo & SMC_CLOSE_DO_ABORTED)
		smc_doom(conn->smc, ECONNABORTED);
	trace_smc_state(conn, step.state);
	WRITE_ONCE(conn->state, step.state);
	spin_unlock_bh(&conn->lock);
	return step.todo;
}

/* Flags of the state are always signalled: who waits may wait for anything. */
static void smc_conn_send_state(struct smc_conn *conn, u8 state)
{
	smc_conn_put_flags(conn, (struct smc_cdc_flags){ .state = state });
	smc_conn_signal(conn);
}

static void smc_conn_do(struct smc_conn *conn, u32 todo)
{
	if (todo & SMC_CLOSE_DO_SEND_DONE)
		smc_conn_send_state(conn, SMC_CDC_DONE_WRITING);
	if (todo & SMC_CLOSE_DO_SEND_CLOSED)
		smc_conn_send_state(conn, SMC_CDC_DONE_WRITING |
					  SMC_CDC_CLOSED);
	if (todo & SMC_CLOSE_DO_SEND_ABORT)
		smc_conn_send_state(conn, SMC_CDC_ABORT);
	if (todo & SMC_CLOSE_DO_WAKE)
		conn->sk->sk_state_change(conn->sk);
}

/* From signals, too. */
static void smc_conn_peer_state(struct smc_conn *conn, u8 state)
{
	enum smc_close_event event = SMC_CLOSE_PEER_DONE;

	if (state & SMC_CDC_ABORT)
		event = SMC_CLOSE_PEER_ABORT;
	else if (state & SMC_CDC_CLOSED)
		event = SMC_CLOSE_PEER_CLOSED;
	smc_conn_do(conn, smc_conn_event(conn, event, 0));
}

/* Both ends are ready. What the peer said before that is looked at now. */
void smc_conn_activate(struct smc_conn *conn)
{
	u8 state;

	spin_lock_bh(&conn->lock);
	if (conn->state == SMC_STATE_INIT) {
		trace_smc_state(conn, SMC_STATE_ACTIVE);
		WRITE_ONCE(conn->state, SMC_STATE_ACTIVE);
	}
	spin_unlock_bh(&conn->lock);
	state = smc_conn_peer_flags(conn).state;
	if (state)
		smc_conn_peer_state(conn, state);
}

/* The program will write no more. Holding tx_lock. */
void smc_conn_shutdown(struct smc_conn *conn)
{
	smc_tx_publish(conn);
	smc_conn_do(conn, smc_conn_event(conn, SMC_CLOSE_SHUTDOWN, 0));
}

/*
 * The program has closed; @abort: bytes are dropped. The peer is told. Nobody
 * else uses the connection any more.
 */
void smc_conn_close(struct smc_conn *conn, bool abort)
{
	u32 todo;

	smc_tx_publish(conn);
	todo = smc_conn_event(conn, SMC_CLOSE_CLOSE,
			      abort ? SMC_CLOSE_IF_UNREAD : 0);
	smc_conn_do(conn, todo);
}

/* The device or the peer's system is gone, or does not do its work. Any context. */
void smc_conn_lost(struct smc_conn *conn)
{
	smc_conn_do(conn, smc_conn_event(conn, SMC_CLOSE_LOST, 0));
}

/* The peer did what it must not do. Process context. */
void smc_conn_abort(struct smc_conn *conn)
{
	smc_conn_do(conn, smc_conn_event(conn, SMC_CLOSE_ABORT, 0));
}

void smc_conn_wake_writers(struct sock *sk)
{
	struct socket_wq *wq;

	rcu_read_lock();
	wq = rcu_dereference(sk->sk_wq);
	if (skwq_has_sleeper(wq))
		wake_up_interruptible_poll(&wq->wait, EPOLLOUT |
					   EPOLLWRNORM | EPOLLWRBAND);
	rcu_read_unlock();
	sk_wake_async(sk, SOCK_WAKE_SPACE, POLL_OUT);
}

/* TCP wakes nobody for fewer bytes than SO_RCVLOWAT asks for. */
static bool smc_conn_is_low(struct smc_conn *conn)
{
	u32 target = smc_rx_target(conn, READ_ONCE(conn->sk->sk_rcvlowat));

	if (likely(target <= 1) || smc_rx_ended(conn) ||
	    READ_ONCE(conn->urgent) == SMC_URGENT_AHEAD ||
	    smc_rx_waiting(conn) >= target)
		return false;
	smc_conn_want(&conn->mine->wants_data);
	return smc_rx_waiting(conn) < target;
}

/*
 * The peer asks how far we read; or, if it is a stranger, waits until its urgent
 * byte is read, which may have been before it marked it.
 */
static bool smc_conn_wants_update(const struct smc_conn *conn, u8 prod_flags)
{
	return prod_flags & SMC_CDC_UPDATE_WANTED ||
	       (prod_flags & SMC_CDC_URGENT_PRESENT &&
		!smc_conn_is_dibs(conn));
}

/*
 * The peer wrote, read, or said something: the layer calls this in atomic
 * context, with bottom halves off, perhaps within the peer's send().
 */
void smc_conn_signalled(struct dibs_dmb *dmb, u16 mask)
{
	struct smc_conn *conn = dibs_dmb_priv(dmb);
	struct sock *sk = conn->sk;
	struct smc_cdc_flags flags;
	u64 consumer, producer;
	bool is_dibs;

	/* The DMB is being made. */
	if (!smp_load_acquire(&conn->mine))
		return;
	/* In this order: see conn.h, which also names what it pairs with. */
	consumer = smp_load_acquire(&conn->mine->consumer);
	/* Likewise. */
	producer = smp_load_acquire(&conn->mine->producer);
	flags = smc_cdc_word_flags(consumer);

	/* Who is told by SIGIO never sleeps where it could say so. */
	if (sock_flag(sk, SOCK_FASYNC)) {
		WRITE_ONCE(conn->mine->wants_data, 1);
		WRITE_ONCE(conn->mine->wants_room, 1);
	}
	if (unlikely(flags.prod & (SMC_CDC_URGENT_PENDING |
				   SMC_CDC_URGENT_PRESENT)))
		smc_rx_urgent(conn, flags.prod);
	if (unlikely(flags.state))
		smc_conn_peer_state(conn, flags.state);
	if (unlikely(smc_conn_wants_update(conn, flags.prod)))
		smc_conn_tell_read(conn);
	/*
	 * This signal may be for bytes that an earlier one has shown, and the
	 * reader have gone to sleep since: then the peer has taken its wish.
	 */
	if (producer != conn->seen_producer ||
	    READ_ONCE(conn->state) == SMC_STATE_INIT ||
	    !READ_ONCE(conn->mine->wants_data)) {
		conn->seen_producer = producer;
		if (!smc_conn_is_low(conn)) {
			smc_spin_arrived(conn);
			sk->sk_data_ready(sk);
		}
	}
	/* Or the peer has said what it is, see smc_tx_room(). */
	is_dibs = smc_conn_is_dibs(conn);
	if (consumer != conn->seen_consumer ||
	    !READ_ONCE(conn->mine->wants_room) || is_dibs != conn->seen_dibs) {
		conn->seen_consumer = consumer;
		conn->seen_dibs = is_dibs;
		if (smc_conn_room_wanted(conn))
			smc_conn_wake_writers(sk);
	}
}

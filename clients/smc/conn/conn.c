// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Lifetime of a connection through DMBs: a handshake creates it, the program,
 * the peer or the fabric ends it. Called by handshakes, the socket's operations
 * and the dibs core. Process context, except where a comment says otherwise.
 *
 * A connection that ends with an error ends like one of TCP, by a reset of the
 * TCP connection that belongs to it: smc_reset_later(). So TCP itself sets
 * sk_err and the state that getpeername() and others check, and wakes waiters.
 */
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "clc/clc.h"
#include "conn/conn.h"
#include "conn/group.h"
#include "conn/idle.h"
#include "state/sysctl.h"
#include "trace.h"

struct dibs_client *smc_dibs_client;

/* Counts a connection that is now carried by DMBs. */
static void smc_conn_count(struct smc_conn *conn)
{
	struct smc_stats __percpu *stats = conn->smc->stats;

	smc_stat_inc(stats, conn->smc->role == SMC_ROLE_SERVER ?
			    SMC_STAT_SERVER_V2 : SMC_STAT_CLIENT_V2);
	smc_stat_inc(stats, SMC_STAT_TX_RINGS + smc_stat_size(conn->tx_size));
	smc_stat_inc(stats, SMC_STAT_RX_RINGS + smc_stat_size(conn->rx_size));
	smc_stat_add(stats, SMC_STAT_TX_USAGE, conn->tx_size);
	smc_stat_add(stats, SMC_STAT_RX_USAGE, conn->rx_size);
	conn->counted = true;
}

/* May run on another CPU than smc_conn_count(): only the sum is meaningful. */
static void smc_conn_uncount(const struct smc_conn *conn)
{
	struct smc_stats __percpu *stats = conn->smc->stats;

	if (!conn->counted)
		return;
	smc_stat_add(stats, SMC_STAT_TX_USAGE, -(u64)conn->tx_size);
	smc_stat_add(stats, SMC_STAT_RX_USAGE, -(u64)conn->rx_size);
}

/* Corked bytes are published after 200 ms at the latest, as with TCP. */
static void smc_conn_cork_expired(struct timer_list *timer)
{
	struct smc_conn *conn = container_of(timer, struct smc_conn,
					     cork_timer);

	WRITE_ONCE(conn->smc->uncork, true);
	smc_work_queue(conn->smc);
}

struct smc_conn *smc_conn_alloc(struct smc_sock *smc)
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
	conn->state = DIBS_SMC_STATE_INIT;
	spin_lock_init(&conn->lock);
	INIT_LIST_HEAD(&conn->in_group);
	timer_setup(&conn->cork_timer, smc_conn_cork_expired, 0);
	return conn;
}

/* The largest size code. Ends in one kernel know those beyond the standard. */
static u8 smc_conn_size_max(const struct dibs_dev *dev)
{
	return dibs_dev_fabric_id(dev) == DIBS_FABRIC_LOOPBACK ?
	       SMC_CLC_DMBE_SIZE_MAX : SMC_CLC_DMBE_SIZE_STANDARD;
}

static u8 smc_conn_size_code_of(u32 size, const struct dibs_dev *dev)
{
	u8 code = 0;

	while (code < smc_conn_size_max(dev) && (SZ_16K << code) < size)
		code++;
	return code;
}

/* CLC size code of a DMB for a socket that asks for no receive buffer. */
static u8 smc_conn_size_usual(const struct sock *sk, const struct dibs_dev *dev)
{
	return smc_conn_size_code_of(smc_sysctl_rmem(sock_net(sk),
						     dibs_dev_linear(dev)),
				     dev);
}

/* CLC size code of a DMB for the receive buffer that the socket asks for. */
u8 smc_conn_size_code(const struct sock *sk, const struct dibs_dev *dev)
{
	if (!(sk->sk_userlocks & SOCK_RCVBUF_LOCK))
		return smc_conn_size_usual(sk, dev);
	/* net/core has doubled what the program asked for. */
	return smc_conn_size_code_of(READ_ONCE(sk->sk_rcvbuf) / 2, dev);
}

/* Reduces the size to the device's maximum. Returns true if that was less. */
static bool smc_conn_shrink(const struct dibs_dev *dev, u8 *size_code)
{
	u8 wanted = *size_code;

	while (*size_code &&
	       (SZ_16K << *size_code) > dibs_dev_max_dmb_len(dev))
		--*size_code;
	return *size_code < wanted;
}

/* Registers the DMB that the peer will write into. 0 or -errno. */
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
	struct smc_cdc *cdc;
	struct dibs_dmb *dmb;

	dmb = dibs_register_dmb(smc_dibs_client, dev, sock_net(conn->sk),
				&params);
	if (IS_ERR(dmb))
		return PTR_ERR(dmb);
	cdc = dibs_dmb_header(dmb);
	/* Request signals for whatever the peer writes first. */
	cdc->wants_data = 1;
	cdc->wants_room = 1;
	conn->rx_size = params.len - SMC_CDC_LEN;
	conn->dmb = dmb;
	/* Pairs with smc_conn_signalled(), which may already be called. */
	smp_store_release(&conn->own_cdc, cdc);
	smc_stat_inc(stats, SMC_STAT_RX_RING + SMC_RING_MADE);
	if (shrunk)
		smc_stat_inc(stats, SMC_STAT_RX_RING + SMC_RING_SHRUNK);
	return 0;
}

/*
 * An owner on another kernel may not have zeroed its DMB, and reads both words
 * and their flags as soon as it is signalled. Nothing was written there before.
 * The owner's own bytes stay. 0 or -errno.
 */
static int smc_conn_clear_peer(struct smc_conn *conn)
{
	static const struct smc_cdc zero;

	if (conn->peer_cdc)
		return 0;
	return dibs_move_data(conn->att, 0, false, 0, &zero,
			      offsetof(struct smc_cdc, wants_data));
}

/* Attaches to the peer's DMB. 0 or -errno. */
int smc_conn_attach(struct smc_conn *conn, struct dibs_dev *dev,
		    const uuid_t *rgid, u64 token, u8 size_code)
{
	struct dibs_attach_params params = {
		.rgid = *rgid,
		.token = token,
		.len = SZ_16K << size_code,
		.spare = offsetof(struct smc_cdc, reserved1),
	};
	struct dibs_attachment *att;
	int err;

	if (size_code > smc_conn_size_max(dev))
		return -EINVAL;
	/* Refuse our own DMB: we would read what we write. */
	if (token == dibs_dmb_token(conn->dmb) &&
	    uuid_equal(rgid, dibs_dev_gid(dev)))
		return -EACCES;
	att = dibs_attach_dmb(smc_dibs_client, dev, sock_net(conn->sk),
			      &params);
	if (IS_ERR(att))
		return PTR_ERR(att);
	if (smc_sysctl_mapped(sock_net(conn->sk)) &&
	    dibs_attachment_header_len(att) >= SMC_CDC_LEN)
		conn->peer_cdc = dibs_attachment_header(att);
	conn->tx_size = params.len - SMC_CDC_LEN;
	conn->tx_usual = size_code == smc_conn_size_usual(conn->sk, dev);
	conn->peer_token = token;
	conn->att = att;
	err = smc_conn_clear_peer(conn);
	/*
	 * A client that does not wait for us may have closed already. What it
	 * sent is in our ring.
	 */
	return err == -ESTALE ? 0 : err;
}

/* DMBs carry @smc from here on. */
void smc_conn_carry(struct smc_sock *smc, struct smc_conn *conn)
{
	mutex_lock(&smc->tx_lock);
	mutex_lock(&smc->rx_lock);
	rcu_assign_pointer(smc->conn, conn);
	mutex_unlock(&smc->rx_lock);
	mutex_unlock(&smc->tx_lock);
	smc_carrier_decide(smc, SMC_CARRIER_SMCD, smc->role, 0);
	smc_conn_count(conn);
}

/*
 * Signals the peer that we are ready, and what implementation we are. Returns
 * 0 or -errno. Any context.
 */
int smc_conn_announce(struct smc_conn *conn)
{
	struct smc_cdc cdc = {
		.type = SMC_CDC_TYPE,
		.origin = SMC_CDC_ORIGIN_DIBS,
	};

	return dibs_move_data(conn->att, 0, true, 0, &cdc,
			      offsetof(struct smc_cdc, producer));
}

/* Removes the connection from @smc for the caller. Returns NULL if none. */
struct smc_conn *smc_conn_take(struct smc_sock *smc)
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

/*
 * Frees a connection in any state. The caller has made sure that no operation
 * uses it; no signal runs after the DMB has been unregistered.
 */
void smc_conn_free(struct smc_conn *conn)
{
	smc_conn_uncount(conn);
	smc_group_leave(conn);
	smc_idle_del(conn);
	dibs_unregister_dmb(conn->dmb);
	del_timer_sync(&conn->cork_timer);
	if (conn->att)
		dibs_detach_dmb(smc_dibs_client, &conn->att);
	smc_group_use_free(conn->use);
	kfree(conn);
}

/*
 * Applies an event to the state, and returns the actions for smc_conn_do().
 * @facts: those for smc_close_next() that only the caller knows.
 */
static u32 smc_conn_event(struct smc_conn *conn, enum smc_close_event event,
			  u32 facts)
{
	u8 peer = smc_cdc_peer_flags(conn).state;
	struct smc_close_step step;

	if (peer & (SMC_CDC_CLOSED | SMC_CDC_ABORT))
		facts |= SMC_CLOSE_IF_PEER;
	if (peer & (SMC_CDC_DONE_WRITING | SMC_CDC_CLOSED))
		facts |= SMC_CLOSE_IF_DONE;
	spin_lock_bh(&conn->lock);
	step = smc_close_next(conn->state, event, facts);
	/* Before the state, so that close() does not send a clean end. */
	if (step.todo & SMC_CLOSE_DO_RESET)
		smc_reset_later(conn->smc, ECONNRESET);
	if (step.todo & SMC_CLOSE_DO_PIPE)
		smc_reset_later(conn->smc, EPIPE);
	if (step.todo & SMC_CLOSE_DO_ABORTED)
		smc_reset_later(conn->smc, ECONNABORTED);
	trace_smc_state(conn, step.state);
	WRITE_ONCE(conn->state, step.state);
	spin_unlock_bh(&conn->lock);
	return step.todo;
}

/* State flags are always signalled: they concern every waiter of the peer. */
static void smc_conn_send_state(struct smc_conn *conn, u8 state)
{
	smc_cdc_put_flags(conn, (struct smc_cdc_flags){ .state = state });
	smc_cdc_signal(conn);
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

/* Also called from signals. */
static void smc_conn_peer_state(struct smc_conn *conn, u8 state)
{
	enum smc_close_event event = SMC_CLOSE_PEER_DONE;

	if (state & SMC_CDC_ABORT)
		event = SMC_CLOSE_PEER_ABORT;
	else if (state & SMC_CDC_CLOSED)
		event = SMC_CLOSE_PEER_CLOSED;
	smc_conn_do(conn, smc_conn_event(conn, event, 0));
}

/*
 * The peer has aborted. Returns the error that the close table chose, whoever
 * saw the flag first. Any context.
 */
int smc_conn_peer_aborted(struct smc_conn *conn)
{
	smc_conn_peer_state(conn, SMC_CDC_ABORT);
	return READ_ONCE(conn->smc->reset_err) ? : ECONNRESET;
}

/* Both ends are ready. Handles flags that the peer set before that. */
void smc_conn_activate(struct smc_conn *conn)
{
	u8 state;

	spin_lock_bh(&conn->lock);
	if (conn->state == DIBS_SMC_STATE_INIT) {
		trace_smc_state(conn, DIBS_SMC_STATE_ACTIVE);
		WRITE_ONCE(conn->state, DIBS_SMC_STATE_ACTIVE);
	}
	spin_unlock_bh(&conn->lock);
	state = smc_cdc_peer_flags(conn).state;
	if (state)
		smc_conn_peer_state(conn, state);
}

/* The program is done writing. Holding tx_lock. */
void smc_conn_shutdown(struct smc_conn *conn)
{
	smc_tx_publish(conn);
	smc_conn_do(conn, smc_conn_event(conn, SMC_CLOSE_SHUTDOWN, 0));
}

/*
 * The program has closed; tells the peer. @abort: bytes are dropped. Nobody
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

/*
 * The device or the peer's system is gone, or has refused a move or a signal.
 * Any context.
 */
void smc_conn_lost(struct smc_conn *conn)
{
	smc_conn_do(conn, smc_conn_event(conn, SMC_CLOSE_LOST, 0));
}

/* The peer violated the protocol. Process context. */
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

/* As with TCP, readers are not woken for fewer bytes than SO_RCVLOWAT. */
bool smc_conn_below_lowat(struct smc_conn *conn)
{
	u32 lowat = READ_ONCE(conn->sk->sk_rcvlowat);

	if (likely(lowat <= 1) || smc_rx_ended(conn) ||
	    READ_ONCE(conn->urgent) == SMC_URGENT_AHEAD ||
	    smc_rx_waiting(conn) >= smc_rx_target(conn, lowat))
		return false;
	smc_cdc_request_signal(&conn->own_cdc->wants_data);
	/* The target, too: the writer may have been blocked meanwhile. */
	return smc_rx_waiting(conn) < smc_rx_target(conn, lowat);
}

/*
 * Does the peer wait for our consumer cursor? It has requested it, or it is
 * another implementation and waits until its urgent byte has been read, which
 * may have happened before it set the mark.
 */
static bool smc_conn_wants_update(const struct smc_conn *conn, u8 prod_flags)
{
	return prod_flags & SMC_CDC_UPDATE_WANTED ||
	       (prod_flags & SMC_CDC_URGENT_PRESENT &&
		!smc_cdc_is_dibs(conn));
}

/*
 * The peer has written, read, or set flags. The dibs core calls this in atomic
 * context with bottom halves disabled, possibly from within the peer's send().
 */
void smc_conn_signalled(struct dibs_dmb *dmb, u16 mask)
{
	struct smc_conn *conn = dibs_dmb_priv(dmb);
	struct sock *sk = conn->sk;
	struct smc_cdc_flags flags;
	u64 consumer, producer;
	bool is_dibs, taken;

	/* The DMB is still being registered. */
	if (!smp_load_acquire(&conn->own_cdc))
		return;
	taken = !READ_ONCE(conn->own_cdc->wants_data);
	/* SIGIO is due for all bytes, even if its handler does not read. */
	if (sock_flag(sk, SOCK_FASYNC))
		smc_cdc_request_signal(&conn->own_cdc->wants_data);
	/* Consumer field first, see conn.h. Pairs with smc_cdc_put_word(). */
	consumer = smp_load_acquire(&conn->own_cdc->consumer);
	/* Pairs with smc_cdc_put_word(), too. */
	producer = smp_load_acquire(&conn->own_cdc->producer);
	flags = smc_cdc_word_flags(consumer);

	if (unlikely(flags.prod & (SMC_CDC_URGENT_PENDING |
				   SMC_CDC_URGENT_PRESENT)))
		smc_urgent_update(conn, flags.prod);
	if (unlikely(flags.state))
		smc_conn_peer_state(conn, flags.state);
	if (unlikely(smc_rx_is_refused(conn, producer)))
		smc_reset_later(conn->smc, ECONNRESET);
	if (unlikely(smc_conn_wants_update(conn, flags.prod)))
		smc_cdc_confirm(conn);
	/*
	 * An earlier signal may already have reported the bytes that this one
	 * is for, and the reader may sleep again since. Then the peer has taken
	 * the reader's request, so wake it, too: docs/ordering.md.
	 */
	if (producer != conn->seen_producer ||
	    flags.prod & SMC_CDC_WRITE_BLOCKED ||
	    READ_ONCE(conn->state) == DIBS_SMC_STATE_INIT || taken) {
		conn->seen_producer = producer;
		if (!smc_conn_below_lowat(conn)) {
			smc_busy_poll_arrived(conn);
			sk->sk_data_ready(sk);
		}
	}
	/* A changed origin can make room, too, see smc_tx_room(). */
	is_dibs = smc_cdc_is_dibs(conn);
	if (consumer != conn->seen_consumer ||
	    !READ_ONCE(conn->own_cdc->wants_room) ||
	    is_dibs != conn->seen_dibs) {
		conn->seen_consumer = consumer;
		conn->seen_dibs = is_dibs;
		/* The memory of what the peer has read can be used again. */
		if (unlikely(READ_ONCE(conn->no_memory)))
			WRITE_ONCE(conn->no_memory, false);
		if (smc_cdc_room_wanted(conn))
			smc_conn_wake_writers(sk);
	}
}

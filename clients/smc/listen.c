// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The server's side of a connection's begin. Listening and queueing are TCP's.
 * New connections whose client asked for SMC make a detour:
 *
 *	TCP puts the connection into the listener's queue (softirq)
 *	  smc_listener_ready() kicks the listener's work, and wakes nobody
 *	    the work takes it out, gives it a state, starts the handshake
 *	      steps run in the connection's own work, many at once
 *	  smc_listener_hand_out() puts it back into TCP's queue
 *	accept() takes it as it takes any other
 *
 * So who waits for the listener is told of connections that are ready, and a
 * peer that is silent holds up nobody. poll() and accept() take such connections
 * out, too, before they look. If one comes just then, the program gets a socket
 * whose handshake goes on: it is not ready for anything until that is over.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <net/tcp.h>

#include "device.h"
#include "handshake.h"
#include "smc.h"
#include "sysctl.h"
#include "../../compat/memcg.h"

#define SMC_LISTENER_RETRY	(HZ / 50)

/**
 * struct smc_listener - a listening socket's own
 * @ref:        one for the socket, one for each handshake
 * @sk:         the sock, referenced
 * @gone:       it does not listen any more; written under TCP's rskq_lock
 * @taken:      requests out of TCP's queue, by dl_next; under rskq_lock
 * @lock:       guards @handshakes
 * @handshakes: those that are to be queued here
 * @count:      how many there are
 * @rcu:        for callbacks that see it as it goes
 */
struct smc_listener {
	refcount_t ref;
	struct sock *sk;
	bool gone;
	struct request_sock *taken;
	spinlock_t lock;	/* guards handshakes */
	struct list_head handshakes;
	atomic_t count;
	struct rcu_head rcu;
};

static void smc_listener_put(struct smc_listener *listener)
{
	if (!refcount_dec_and_test(&listener->ref))
		return;
	sock_put(listener->sk);
	kfree_rcu(listener, rcu);
}

bool smc_listener_is_gone(const struct smc_listener *listener)
{
	return READ_ONCE(listener->gone);
}

void smc_listener_remember(struct smc_listener *listener,
			   struct smc_handshake *hs)
{
	refcount_inc(&listener->ref);
	spin_lock_bh(&listener->lock);
	list_add_tail(&hs->in_listener, &listener->handshakes);
	spin_unlock_bh(&listener->lock);
}

/* The reference stays for smc_listener_hand_out(). */
void smc_listener_forget(struct smc_listener *listener,
			 struct smc_handshake *hs)
{
	spin_lock_bh(&listener->lock);
	list_del(&hs->in_listener);
	spin_unlock_bh(&listener->lock);
}

/* --- out of TCP's queue ---------------------------------------------------------- */

static bool smc_listener_wants(const struct request_sock *req)
{
	const struct sock *child = req->sk;

	return child && smc_tcp_wants_smc(child) &&
	       !READ_ONCE(inet_csk(child)->icsk_ulp_ops);
}

/*
 * True if any was taken, now or before. The listener is locked: TCP's accept()
 * relies on it that what it has seen in the queue stays there.
 */
static bool smc_listener_take(struct smc_listener *listener)
{
	struct sock *sk = listener->sk;
	struct request_sock_queue *queue = &inet_csk(sk)->icsk_accept_queue;
	struct request_sock **link, *req, *last = NULL;
	bool any;

	sock_owned_by_me(sk);
	spin_lock_bh(&queue->rskq_lock);
	for (link = &queue->rskq_accept_head; (req = *link);) {
		if (listener->gone || !smc_listener_wants(req)) {
			last = req;
			link = &req->dl_next;
			continue;
		}
		WRITE_ONCE(*link, req->dl_next);
		sk_acceptq_removed(sk);
		req->dl_next = listener->taken;
		listener->taken = req;
		atomic_inc(&listener->count);
	}
	queue->rskq_accept_tail = last;
	any = listener->taken;
	spin_unlock_bh(&queue->rskq_lock);
	return any;
}

/**
 * struct smc_listener_queue - which connections are in TCP's queue
 * @wanted: some are to be taken out
 * @plain:  some are TCP's, and were never out
 * @back:   some are back, see smc_listener_hand_out()
 */
struct smc_listener_queue {
	bool wanted;
	bool plain;
	bool back;
};

static struct smc_listener_queue smc_listener_look(struct sock *sk)
{
	struct request_sock_queue *queue = &inet_csk(sk)->icsk_accept_queue;
	struct smc_listener_queue found = {};
	struct request_sock *req;

	spin_lock_bh(&queue->rskq_lock);
	for (req = queue->rskq_accept_head; req; req = req->dl_next) {
		if (smc_listener_wants(req))
			found.wanted = true;
		else if (req->sk && READ_ONCE(inet_csk(req->sk)->icsk_ulp_ops))
			found.back = true;
		else
			found.plain = true;
	}
	spin_unlock_bh(&queue->rskq_lock);
	return found;
}

/* Not after the end, which waits for the work to be over. Softirq. */
static void smc_listener_kick(struct dibs_smc *smc,
			      struct smc_listener *listener)
{
	struct request_sock_queue *queue =
		&inet_csk(listener->sk)->icsk_accept_queue;

	spin_lock_bh(&queue->rskq_lock);
	if (!listener->gone)
		smc_kick(smc);
	spin_unlock_bh(&queue->rskq_lock);
}

/*
 * TCP's sk_data_ready of a listener: there is a new connection. If it has to be
 * taken out, nobody is woken for it yet. For those that are back somebody was,
 * but they may have come from another listener, that is gone. Somebody too many
 * is woken if TCP's own connections wait there as well.
 */
static void smc_listener_ready(struct sock *sk)
{
	struct smc_listener_queue found;
	struct smc_listener *listener;
	struct dibs_smc *smc;

	rcu_read_lock();
	smc = dibs_smc(sk);
	if (smc) {
		found = smc_listener_look(sk);
		listener = rcu_dereference(smc->listener);
		if (found.wanted && listener)
			smc_listener_kick(smc, listener);
		if (found.plain || (found.back && !found.wanted))
			dibs_smc_family(smc)->data_ready(sk);
	} else {
		/* A child that was copied while its listener ended. */
		dibs_smc_family_of(sk)->data_ready(sk);
	}
	rcu_read_unlock();
}

/*
 * More connections have begun than the program takes: those that TCP waits for,
 * that still agree, or that nobody accepted. Where that is limited, an eighth of
 * the backlog may be on the way by SMC; what comes then is TCP's at once.
 */
static bool smc_listener_is_pressed(const struct dibs_smc *smc, int agreeing)
{
	const struct sock *sk = smc->sk;
	u32 backlog = READ_ONCE(sk->sk_max_ack_backlog);
	u32 waiting = agreeing + inet_csk_reqsk_queue_len(sk) +
		      READ_ONCE(sk->sk_ack_backlog);

	if (agreeing > backlog)
		return true;
	return waiting > backlog / 8 &&
	       (READ_ONCE(smc->limited) ||
		smc_sysctl_limits_handshakes(sock_net(sk)));
}

/* TCP asks before it answers a client's option. Softirq. */
static bool smc_listener_is_busy(const struct sock *sk)
{
	struct smc_listener *listener;
	struct dibs_smc *smc;
	bool busy = true;

	rcu_read_lock();
	smc = dibs_smc(sk);
	listener = smc ? rcu_dereference(smc->listener) : NULL;
	if (listener)
		busy = dibs_smc_reason(smc) ||
		       smc_listener_is_pressed(smc,
					       atomic_read(&listener->count));
	rcu_read_unlock();
	return busy;
}

/* Out of the list of those that wait for the work; NULL: none is left. */
static struct request_sock *smc_listener_next(struct smc_listener *listener)
{
	struct request_sock_queue *queue =
		&inet_csk(listener->sk)->icsk_accept_queue;
	struct request_sock *req;

	spin_lock_bh(&queue->rskq_lock);
	req = listener->taken;
	if (req)
		listener->taken = req->dl_next;
	spin_unlock_bh(&queue->rskq_lock);
	return req;
}

static void smc_listener_put_back(struct smc_listener *listener,
				  struct request_sock *req)
{
	struct request_sock_queue *queue =
		&inet_csk(listener->sk)->icsk_accept_queue;

	spin_lock_bh(&queue->rskq_lock);
	req->dl_next = listener->taken;
	listener->taken = req;
	spin_unlock_bh(&queue->rskq_lock);
}

static int smc_listener_admit(struct dibs_smc *smc,
			      struct smc_listener *listener,
			      struct request_sock *req)
{
	struct sock *child = req->sk;
	struct dibs_smc *new = dibs_smc_alloc(dibs_smc_family(smc));
	int err;

	if (!new)
		return -ENOMEM;
	__module_get(THIS_MODULE);
	lock_sock(child);
	dibs_smc_attach(new, child);
	release_sock(child);
	err = smc_handshake_start_server(new, listener, req);
	if (!err)
		return 0;
	lock_sock(child);
	dibs_smc_detach(new);
	release_sock(child);
	dibs_smc_free(new);
	module_put(THIS_MODULE);
	return err;
}

/* Who listens pays for those that come, not who does the work. */
static struct mem_cgroup *
smc_listener_memcg(const struct smc_listener *listener)
{
#ifdef CONFIG_MEMCG
	return listener->sk->sk_memcg;
#else
	return NULL;
#endif
}

/* The listener's work. Who ends it cancels the work before it goes. */
void smc_listener_work(struct dibs_smc *smc, struct smc_listener *listener)
{
	struct request_sock *req;
	struct mem_cgroup *old;

	lock_sock(listener->sk);
	smc_listener_take(listener);
	release_sock(listener->sk);
	old = dibs_memcg_enter(smc_listener_memcg(listener));
	while ((req = smc_listener_next(listener))) {
		if (!smc_listener_admit(smc, listener, req))
			continue;
		/* The client has been promised an answer: try again. */
		smc_listener_put_back(listener, req);
		queue_delayed_work(smc_wq, &smc->work, SMC_LISTENER_RETRY);
		break;
	}
	dibs_memcg_leave(old);
}

/* --- and back ------------------------------------------------------------------------ */

/*
 * If nobody listens any more, TCP resets the connection. The client goes on when
 * it hears that we are ready, and connections are accepted in the order in
 * which clients connected: so it hears that when the connection is in the queue,
 * and while the lock keeps it from being accepted and gone. Of our locks none is
 * held.
 */
static void smc_listener_requeue(struct smc_listener *listener,
				 struct request_sock *req,
				 struct smc_conn *conn)
{
	struct sock *child = req->sk;
	struct sock *added;

	atomic_dec(&listener->count);
	sock_hold(child);
	local_bh_disable();
	bh_lock_sock(child);
	added = inet_csk_reqsk_queue_add(listener->sk, req, child);
	if (added && conn)
		smc_conn_check(conn, smc_conn_announce(conn));
	bh_unlock_sock(child);
	local_bh_enable();
	sock_put(child);
	if (!added)
		reqsk_put(req);
}

/* The handshake is over: accept() may have the connection. */
void smc_listener_hand_out(struct smc_listener *listener,
			   struct dibs_smc *smc, struct request_sock *req)
{
	const struct dibs_smc_family *family = dibs_smc_family(smc);

	WRITE_ONCE(smc->queued, true);
	smc_listener_requeue(listener, req, rcu_dereference_raw(smc->conn));
	family->data_ready(listener->sk);
	smc_listener_put(listener);
}

/* --- the socket ---------------------------------------------------------------------- */

static struct smc_listener *smc_listener_alloc(struct sock *sk)
{
	struct smc_listener *listener = kzalloc(sizeof(*listener),
						GFP_KERNEL_ACCOUNT);

	if (!listener)
		return NULL;
	refcount_set(&listener->ref, 1);
	spin_lock_init(&listener->lock);
	INIT_LIST_HEAD(&listener->handshakes);
	sock_hold(sk);
	listener->sk = sk;
	return listener;
}

/* Without memory for it, the socket listens for TCP alone. */
static void smc_listener_start(struct dibs_smc *smc)
{
	struct smc_listener *listener = smc_listener_alloc(smc->sk);
	struct sock *sk = smc->sk;
	bool use = false;

	if (!listener)
		return;
	lock_sock(sk);
	if (sk->sk_state == TCP_LISTEN && !rcu_access_pointer(smc->listener)) {
		use = true;
		rcu_assign_pointer(smc->listener, listener);
		WRITE_ONCE(sk->sk_data_ready, smc_listener_ready);
		tcp_sk(sk)->syn_smc = 1;
	}
	release_sock(sk);
	if (!use)
		smc_listener_put(listener);
}

static void smc_listener_end(struct smc_listener *listener)
{
	struct request_sock_queue *queue =
		&inet_csk(listener->sk)->icsk_accept_queue;
	struct smc_handshake *hs;
	struct request_sock *req;

	spin_lock_bh(&queue->rskq_lock);
	WRITE_ONCE(listener->gone, true);
	spin_unlock_bh(&queue->rskq_lock);
	while ((req = smc_listener_next(listener)))
		smc_listener_requeue(listener, req, NULL);
	spin_lock_bh(&listener->lock);
	list_for_each_entry(hs, &listener->handshakes, in_listener)
		smc_kick(hs->smc);
	spin_unlock_bh(&listener->lock);
	smc_listener_put(listener);
}

/* The socket is about to listen no more, and TCP to end what is queued. */
void smc_listener_stop(struct dibs_smc *smc)
{
	struct smc_listener *listener;
	struct sock *sk = smc->sk;

	if (!rcu_access_pointer(smc->listener))
		return;
	lock_sock(sk);
	listener = rcu_replace_pointer(smc->listener, NULL, true);
	WRITE_ONCE(sk->sk_data_ready, dibs_smc_family(smc)->data_ready);
	/* smc_hs_congested stays: TCP may be about to call it. */
	tcp_sk(sk)->syn_smc = 0;
	release_sock(sk);
	cancel_delayed_work_sync(&smc->work);
	if (listener)
		smc_listener_end(listener);
}

/*
 * A child has got its listener's callbacks. That may have lost its state just now,
 * and be about to close. Softirq.
 */
void smc_listener_cloned(struct sock *child)
{
	const struct dibs_smc_family *family = dibs_smc_family_of(child);

	if (child->sk_data_ready == smc_listener_ready)
		child->sk_data_ready = family->data_ready;
	smc_handshake_cloned(family, child);
	tcp_sk(child)->smc_hs_congested = NULL;
}

/* Lets no connection be seen that is not ready. */
void smc_listener_sort(struct dibs_smc *smc)
{
	struct smc_listener *listener;

	if (!rcu_access_pointer(smc->listener) ||
	    !smc_listener_look(smc->sk).wanted)
		return;
	lock_sock(smc->sk);
	listener = rcu_dereference_protected(smc->listener,
					     lockdep_sock_is_held(smc->sk));
	if (listener && smc_listener_take(listener))
		smc_kick(smc);
	release_sock(smc->sk);
}

/*
 * accept() took a connection that was never out of TCP's queue, and may have been
 * woken for another one: whoever waits for that is woken instead. For a connection
 * that is not @ready nobody was woken, so it may have been any other. For one of
 * TCP's it was this or one that is back: for the others of TCP somebody will be.
 */
void smc_listener_wake(struct dibs_smc *smc, bool ready)
{
	struct smc_listener_queue found;

	if (!rcu_access_pointer(smc->listener))
		return;
	found = smc_listener_look(smc->sk);
	if (found.back || (found.plain && !ready))
		dibs_smc_family(smc)->data_ready(smc->sk);
}

__poll_t smc_listener_poll(struct dibs_smc *smc, struct file *file,
			   struct socket *sock, poll_table *wait)
{
	smc_listener_sort(smc);
	return dibs_smc_tcp(smc)->poll(file, sock, wait);
}

/* The socket may have had a connection before, which is forgotten. */
int dibs_smc_listen(struct socket *sock, int backlog)
{
	struct dibs_smc *smc = dibs_smc(sock->sk);
	int err;

	/*
	 * TCP looks there without the lock. From the first SYN on, or a client
	 * whose SYN came before smc_listener_start() would be taken for one that
	 * has been answered its option.
	 */
	WRITE_ONCE(tcp_sk(smc->sk)->smc_hs_congested, smc_listener_is_busy);
	err = dibs_smc_tcp(smc)->listen(sock, backlog);
	if (err || rcu_access_pointer(smc->listener))
		return err;
	/* Of a connection that was undone before it was made. */
	smc_handshake_stop(smc);
	dibs_smc_start_anew(smc);
	smc_listener_start(smc);
	return 0;
}

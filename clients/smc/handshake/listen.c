// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Listening sockets. TCP listens and queues connections; those whose client
 * asked for SMC make a detour:
 *
 *	TCP puts the connection into the listener's queue (softirq)
 *	  smc_listener_ready() queues the listener's work, and wakes nobody
 *	    the work takes it out, gives it an smc_sock, starts the handshake
 *	      steps run in the connection's own work, many in parallel
 *	  smc_listener_hand_out() puts it back into TCP's queue
 *	accept() takes it as it takes any other
 *
 * So waiters on the listener learn only of connections that are ready, and a
 * silent peer delays nobody else. poll() and accept() also take such
 * connections out before they look at the queue. If one arrives just after
 * that, the program gets a socket whose handshake is still running: it is not
 * ready for anything until that is over.
 *
 * Process context; TCP's callbacks run in softirqs.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <net/tcp.h>

#include "handshake/device.h"
#include "handshake/handshake.h"
#include "handshake/listen.h"
#include "state/smc.h"
#include "state/sysctl.h"
#include "compat/memcg.h"

#define SMC_LISTENER_RETRY	(HZ / 50)

/**
 * struct smc_listener - state of a listening socket
 * @ref:        one for the socket, one for each handshake
 * @sk:         the sock, with a reference
 * @gone:       it no longer listens; written under TCP's rskq_lock
 * @taken:      requests taken out of TCP's queue, linked by dl_next; under
 *              rskq_lock
 * @lock:       guards @handshakes
 * @handshakes: those whose connections will be queued here
 * @count:      connections taken out of TCP's queue and not yet back
 * @rcu:        for callbacks that still see it while it is freed
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

/* Keeps the reference, which smc_listener_hand_out() puts. */
void smc_listener_forget(struct smc_listener *listener,
			 struct smc_handshake *hs)
{
	spin_lock_bh(&listener->lock);
	list_del(&hs->in_listener);
	spin_unlock_bh(&listener->lock);
}

/* --- out of TCP's queue --------------------------------------------------- */

static bool smc_listener_wants(const struct request_sock *req)
{
	const struct sock *child = req->sk;

	return child && smc_tcp_wants_smc(child) && !smc_sk(child);
}

/*
 * Takes connections out. Returns true if any is taken, now or before. The
 * listener's sock is locked, because TCP's accept() relies on that what it has
 * seen in the queue stays there.
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
 * struct smc_listener_queue - what kinds of connections are in TCP's queue
 * @wanted: some have to be taken out
 * @plain:  some are plain TCP and were never taken out
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
		else if (req->sk && smc_sk(req->sk))
			found.back = true;
		else
			found.plain = true;
	}
	spin_unlock_bh(&queue->rskq_lock);
	return found;
}

/*
 * Queues the work, but not once the listener is gone: its end waits for the
 * work. Softirq.
 */
static void smc_listener_kick(struct smc_sock *smc,
			      struct smc_listener *listener)
{
	struct request_sock_queue *queue =
		&inet_csk(listener->sk)->icsk_accept_queue;

	spin_lock_bh(&queue->rskq_lock);
	if (!listener->gone)
		smc_work_queue(smc);
	spin_unlock_bh(&queue->rskq_lock);
}

/*
 * A listener's sk_data_ready: there is a new connection. If it has to be taken
 * out, nobody is woken for it yet. For those that are back somebody was woken,
 * but they may have come from another listener that is gone. There is one
 * wake-up too many if plain TCP connections are queued as well.
 */
static void smc_listener_ready(struct sock *sk)
{
	struct smc_listener_queue found;
	struct smc_listener *listener;
	struct smc_sock *smc;

	rcu_read_lock();
	smc = smc_sk(sk);
	if (smc) {
		found = smc_listener_look(sk);
		listener = rcu_dereference(smc->listener);
		if (found.wanted && listener)
			smc_listener_kick(smc, listener);
		if (found.plain || (found.back && !found.wanted))
			smc_sock_family(smc)->data_ready(sk);
	} else {
		/* A child that was cloned while its listener ended. */
		smc_family_of(sk)->data_ready(sk);
	}
	rcu_read_unlock();
}

/*
 * Do too many connections wait for the program? Then new ones are plain TCP at
 * once. The limit is one backlog of handshakes. With limited handshakes, it is
 * an eighth of the backlog for all connections that TCP is establishing, that
 * are in a handshake or that nobody has accepted.
 */
static bool smc_listener_is_pressed(const struct smc_sock *smc, int agreeing)
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

/* TCP calls this before it answers a client's SMC option. Softirq. */
static bool smc_listener_is_busy(const struct sock *sk)
{
	struct smc_listener *listener;
	struct smc_sock *smc;
	bool busy = true;

	rcu_read_lock();
	smc = smc_sk(sk);
	listener = smc ? rcu_dereference(smc->listener) : NULL;
	if (listener)
		busy = smc_handshake_reason(smc) ||
		       smc_listener_is_pressed(smc,
					       atomic_read(&listener->count));
	rcu_read_unlock();
	return busy;
}

/* Takes the next request off the list for the work. NULL if none is left. */
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

/* --- back into TCP's queue ------------------------------------------------ */

/*
 * TCP resets the connection if the socket no longer listens. The client
 * continues when we announce that we are ready, and connections must be
 * accepted in the order in which clients connected: so we announce it once the
 * connection is in the queue, and while the child's lock keeps it from being
 * accepted and freed. The caller holds none of our locks.
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
		smc_cdc_check(conn, smc_conn_announce(conn));
	bh_unlock_sock(child);
	local_bh_enable();
	sock_put(child);
	if (!added)
		reqsk_put(req);
}

/* The handshake is over: accept() may have the connection. */
void smc_listener_hand_out(struct smc_listener *listener,
			   struct smc_sock *smc, struct request_sock *req)
{
	const struct smc_family *family = smc_sock_family(smc);

	WRITE_ONCE(smc->queued, true);
	smc_listener_requeue(listener, req, rcu_dereference_raw(smc->conn));
	family->data_ready(listener->sk);
	smc_listener_put(listener);
}

/* --- the work ------------------------------------------------------------- */

/*
 * Another layer has the connection. It was not marked: the listener was about
 * to close, or there was no memory and it lost its mark. accept() returns it.
 */
static void smc_listener_pass(struct smc_listener *listener,
			      const struct smc_family *family,
			      struct request_sock *req)
{
	lock_sock(req->sk);
	tcp_sk(req->sk)->syn_smc = 0;
	release_sock(req->sk);
	smc_listener_requeue(listener, req, NULL);
	family->data_ready(listener->sk);
}

static int smc_listener_admit(struct smc_sock *smc,
			      struct smc_listener *listener,
			      struct request_sock *req)
{
	struct sock *child = req->sk;
	struct smc_sock *new = smc_sock_alloc(smc_sock_family(smc));
	bool attached;
	int err;

	if (!new)
		return -ENOMEM;
	__module_get(THIS_MODULE);
	lock_sock(child);
	attached = smc_sock_attach(new, child);
	release_sock(child);
	if (!attached) {
		smc_sock_free(new);
		module_put(THIS_MODULE);
		smc_listener_pass(listener, smc_sock_family(smc), req);
		return 0;
	}
	err = smc_handshake_start_server(new, listener, req);
	if (!err)
		return 0;
	lock_sock(child);
	smc_sock_detach(new);
	release_sock(child);
	smc_sock_free(new);
	module_put(THIS_MODULE);
	return err;
}

/* The listener's work; smc_listener_stop() cancels it before it frees. */
void smc_listener_work(struct smc_sock *smc, struct smc_listener *listener)
{
	struct request_sock *req;
	struct mem_cgroup *old;

	lock_sock(listener->sk);
	smc_listener_take(listener);
	release_sock(listener->sk);
	/* New connections are charged to the listener's memcg. */
	old = dibs_memcg_enter(smc_sock_memcg(smc, listener->sk));
	while ((req = smc_listener_next(listener))) {
		if (!smc_listener_admit(smc, listener, req))
			continue;
		/* The client was promised an answer: tries again later. */
		smc_listener_put_back(listener, req);
		queue_delayed_work(smc_wq, &smc->work, SMC_LISTENER_RETRY);
		break;
	}
	dibs_memcg_leave(old);
}

/* --- the socket ----------------------------------------------------------- */

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

/* If there is no memory for it, the socket listens for plain TCP only. */
static void smc_listener_start(struct smc_sock *smc)
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
		smc_work_queue(hs->smc);
	spin_unlock_bh(&listener->lock);
	smc_listener_put(listener);
}

/* The socket stops listening; TCP is about to end the queued connections. */
void smc_listener_stop(struct smc_sock *smc)
{
	struct smc_listener *listener;
	struct sock *sk = smc->sk;

	if (!rcu_access_pointer(smc->listener))
		return;
	lock_sock(sk);
	listener = rcu_replace_pointer(smc->listener, NULL, true);
	WRITE_ONCE(sk->sk_data_ready, smc_sock_family(smc)->data_ready);
	/* Leaves smc_hs_congested set: TCP may be about to call it. */
	tcp_sk(sk)->syn_smc = 0;
	release_sock(sk);
	cancel_delayed_work_sync(&smc->work);
	if (listener)
		smc_listener_end(listener);
}

/*
 * A child has inherited its listener's callbacks. The listener may have lost
 * its smc_sock just now and be about to close. Softirq.
 */
void smc_listener_cloned(struct sock *child)
{
	const struct smc_family *family = smc_family_of(child);

	if (child->sk_data_ready == smc_listener_ready)
		child->sk_data_ready = family->data_ready;
	smc_handshake_cloned(family, child);
	tcp_sk(child)->smc_hs_congested = NULL;
}

/* Takes out connections that are not ready, so that nobody sees them. */
void smc_listener_sort(struct smc_sock *smc)
{
	struct smc_listener *listener;

	if (!rcu_access_pointer(smc->listener) ||
	    !smc_listener_look(smc->sk).wanted)
		return;
	lock_sock(smc->sk);
	listener = rcu_dereference_protected(smc->listener,
					     lockdep_sock_is_held(smc->sk));
	if (listener && smc_listener_take(listener))
		smc_work_queue(smc);
	release_sock(smc->sk);
}

/*
 * accept() took a connection that was never taken out of TCP's queue, and may
 * have been woken for another one: another waiter is woken for that instead.
 * Nobody was woken for a connection that is not @ready, so the wake-up was for
 * any other. A @ready one is plain TCP, and the wake-up was for it or for one
 * that is back: other plain ones cause their own.
 */
void smc_listener_wake(struct smc_sock *smc, bool ready)
{
	struct smc_listener_queue found;

	if (!rcu_access_pointer(smc->listener))
		return;
	found = smc_listener_look(smc->sk);
	if (found.back || (found.plain && !ready))
		smc_sock_family(smc)->data_ready(smc->sk);
}

__poll_t smc_listener_poll(struct smc_sock *smc, struct file *file,
			   struct socket *sock, poll_table *wait)
{
	smc_listener_sort(smc);
	return smc_sock_tcp(smc)->poll(file, sock, wait);
}

/* The socket may have had a connection before, which is forgotten. */
int smc_listen(struct socket *sock, int backlog)
{
	struct smc_sock *smc = smc_sk(sock->sk);
	int err;

	/*
	 * TCP reads it without the lock. It must be set before the first SYN
	 * arrives: otherwise a client whose SYN came before
	 * smc_listener_start() would count as one that got the SMC option.
	 */
	WRITE_ONCE(tcp_sk(smc->sk)->smc_hs_congested, smc_listener_is_busy);
	err = smc_sock_tcp(smc)->listen(sock, backlog);
	if (err || rcu_access_pointer(smc->listener))
		return err;
	/* A handshake may be left from a connect() that was undone. */
	smc_handshake_stop(smc);
	smc_carrier_reinit(smc);
	smc_listener_start(smc);
	return 0;
}

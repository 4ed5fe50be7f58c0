// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Allocates, attaches and frees struct smc_sock, for socket(), accept() and
 * listeners' work. smc.h describes its lifetime and what can reach it. Process
 * context, except where noted.
 */
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "compat/memcg.h"
#include "state/smc.h"

/*
 * TCP's operations and our replacements, for AF_INET and AF_INET6.
 * socket/family.c fills them in before any socket exists.
 */
struct smc_family smc_inet = { .family = PF_INET };
struct smc_family smc_inet6 = { .family = PF_INET6 };

const struct smc_family *smc_family_of(const struct sock *sk)
{
	return sk->sk_family == PF_INET6 ? &smc_inet6 : &smc_inet;
}

struct smc_sock *smc_sock_alloc(const struct smc_family *family)
{
	struct smc_sock *smc = kzalloc(sizeof(*smc), SMC_GFP);

	if (!smc)
		return NULL;
	smc->family = family;
	spin_lock_init(&smc->lock);
	mutex_init(&smc->connect_lock);
	mutex_init(&smc->tx_lock);
	mutex_init(&smc->rx_lock);
	INIT_DELAYED_WORK(&smc->work, family->work);
	INIT_HLIST_NODE(&smc->node);
	smc->memcg = dibs_memcg_current();
	return smc;
}

/*
 * What a socket's memory is charged to: TCP's choice, which is NULL on cgroup
 * v1 and without socket accounting, or else the memory cgroup that the socket
 * was created in. @sk is that of @smc, whether it is attached or not.
 */
struct mem_cgroup *smc_sock_memcg(const struct smc_sock *smc,
				  const struct sock *sk)
{
#ifdef CONFIG_MEMCG
	return sk->sk_memcg ? : smc->memcg;
#else
	return NULL;
#endif
}

/*
 * @smc was never attached, or has been detached. Callbacks under RCU may still
 * see it.
 */
void smc_sock_free(struct smc_sock *smc)
{
	smc_late_drop(smc);
	dibs_memcg_put(smc->memcg);
	mutex_destroy(&smc->connect_lock);
	mutex_destroy(&smc->tx_lock);
	/* Not rx_lock: a BPF program that sets SO_RCVLOWAT may still try it. */
	kfree_rcu(smc, rcu);
}

/*
 * Marks a child as ours before anybody else can see it, so that no other layer
 * takes a connection whose client is about to send a proposal. The mark holds a
 * reference to the module, which TCP puts with the sock. Softirq.
 */
void smc_sock_mark(struct sock *child)
{
	__module_get(THIS_MODULE);
	inet_csk(child)->icsk_ulp_ops = smc_family_of(child)->ulp;
}

/*
 * Another layer has @sk: sockmap and KCM take it by its sk_user_data, kTLS as
 * we do. They look and take under sk_callback_lock or lock_sock().
 */
static bool smc_sock_is_taken(const struct sock *sk)
{
	const struct inet_connection_sock *icsk = inet_csk(sk);

	return sk->sk_user_data || smc_sk(sk) ||
	       (icsk->icsk_ulp_ops &&
		icsk->icsk_ulp_ops != smc_family_of(sk)->ulp);
}

/*
 * Takes over the caller's reference to the module. @sk is not visible to
 * anybody else yet, or is locked. Returns false if another layer has it.
 */
bool smc_sock_attach(struct smc_sock *smc, struct sock *sk)
{
	struct inet_connection_sock *icsk = inet_csk(sk);

	write_lock_bh(&sk->sk_callback_lock);
	if (smc_sock_is_taken(sk)) {
		write_unlock_bh(&sk->sk_callback_lock);
		return false;
	}
	/* The mark's reference; the caller's takes its place. */
	if (icsk->icsk_ulp_ops)
		module_put(THIS_MODULE);
	smc->sk = sk;
	smc->stats = smc_stats(sock_net(sk));
	rcu_assign_pointer(icsk->icsk_ulp_data, smc);
	/* After the data: the stack uses it once it sees the operations. */
	smp_store_release(&icsk->icsk_ulp_ops, smc->family->ulp);
	write_unlock_bh(&sk->sk_callback_lock);
	smc_table_add(smc);
	return true;
}

/* Returns the reference to the module to the caller. */
void smc_sock_detach(struct smc_sock *smc)
{
	struct inet_connection_sock *icsk = inet_csk(smc->sk);

	smc_table_del(smc);
	RCU_INIT_POINTER(icsk->icsk_ulp_data, NULL);
	WRITE_ONCE(icsk->icsk_ulp_ops, NULL);
}

/*
 * Sleeps on the socket's wait queue, which TCP wakes, until @over returns true.
 * Process context, no lock held. Returns 0, -EAGAIN after @timeo jiffies, or
 * -errno if a signal is pending.
 */
int smc_sock_wait(struct smc_sock *smc, long timeo,
		  bool (*over)(struct smc_sock *smc))
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct sock *sk = smc->sk;
	int err = 0;

	add_wait_queue(sk_sleep(sk), &wait);
	while (!over(smc)) {
		if (!timeo) {
			err = -EAGAIN;
			break;
		}
		if (signal_pending(current)) {
			err = sock_intr_errno(timeo);
			break;
		}
		timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, timeo);
	}
	remove_wait_queue(sk_sleep(sk), &wait);
	return err;
}

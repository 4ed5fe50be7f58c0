// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Namespace quotas: how many pages the DMBs of one network namespace hold,
 * which limits.c compares with net.dibs.netns_mem_max, and how many DMBs of a
 * device it has, see docs/decisions/0016-dmbs-of-a-device.md.
 */
#include <linux/slab.h>

#include "core.h"

/* May sleep. NULL: no memory. */
struct dibs_quota *dibs_quota_alloc(void)
{
	struct dibs_quota *quota;

	might_sleep();
	quota = kzalloc(sizeof(*quota), GFP_KERNEL_ACCOUNT);
	if (!quota)
		return NULL;
	if (percpu_counter_init(&quota->pages, 0, GFP_KERNEL_ACCOUNT)) {
		kfree(quota);
		return NULL;
	}
	refcount_set(&quota->refs, 1);
	return quota;
}

/* NULL is allowed, and returned. */
struct dibs_quota *dibs_quota_get(struct dibs_quota *quota)
{
	if (quota)
		refcount_inc(&quota->refs);
	return quota;
}

/* NULL is allowed. */
void dibs_quota_put(struct dibs_quota *quota)
{
	if (!quota || !refcount_dec_and_test(&quota->refs))
		return;
	percpu_counter_destroy(&quota->pages);
	kfree(quota);
}

/* How many DMBs a namespace has on the device, through all clients. */
static u32 dibs_quota_dmbs(struct dibs_dev *dev, u64 cookie)
{
	struct dibs_binding *binding;
	const struct dibs_ctx *ctx;
	unsigned long id;
	u32 nr = 0;

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "contexts may go");
	xa_for_each(&dev->bindings, id, binding) {
		ctx = xa_load(&binding->ctxs, cookie);
		if (ctx)
			nr += atomic_read(&ctx->nr_dmbs);
	}
	return nr;
}

/*
 * May a namespace have as many DMBs on the device as it has now, the last of
 * which is not in dev->nr_dmbs yet? The owner of the device may have all. Any
 * other namespace may have no more than are left for the next one, and all of
 * them leave a quarter of the device to the owner.
 */
static bool dibs_quota_allows_dmbs(struct dibs_dev *dev, u64 cookie)
{
	u32 max = dev->max_dmbs, pool = max - max / 4;
	u32 all = atomic_read(&dev->nr_dmbs);
	const struct net *owner;
	u32 of_owner, others;

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "the owner may go");
	owner = rcu_dereference(dev->net) ? : &init_net;
	if (owner->net_cookie == cookie)
		return true;
	of_owner = dibs_quota_dmbs(dev, owner->net_cookie);
	others = all - min(all, of_owner);
	if (all >= max || others >= pool)
		return false;
	return dibs_quota_dmbs(dev, cookie) <= min(max - all, pool - others);
}

/*
 * Counts a DMB of a namespace that is about to get its index. False: the
 * namespace has its share of them. Namespaces that ask at the same time may be
 * refused the last one.
 */
bool dibs_quota_take_dmb(struct dibs_ctx *ctx)
{
	bool allowed;

	atomic_inc(&ctx->nr_dmbs);
	rcu_read_lock();
	allowed = dibs_quota_allows_dmbs(dibs_ctx_dev(ctx), ctx->cookie);
	rcu_read_unlock();
	if (!allowed)
		atomic_dec(&ctx->nr_dmbs);
	return allowed;
}

void dibs_quota_drop_dmb(struct dibs_ctx *ctx)
{
	atomic_dec(&ctx->nr_dmbs);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Counters: each context has its own, per CPU; all other views are sums of
 * them.
 */
#include <linux/percpu.h>

#include "core.h"

void dibs_stats_sum(struct dibs_stats *sum, const struct dibs_stats *more)
{
	int i;

	for (i = 0; i <= DIBS_A_COUNTER_MAX; i++)
		sum->counter[i] += READ_ONCE(more->counter[i]);
}

void dibs_stats_sum_ctx(struct dibs_stats *sum, const struct dibs_ctx *ctx)
{
	int cpu;

	for_each_possible_cpu(cpu)
		dibs_stats_sum(sum, per_cpu_ptr(ctx->stats, cpu));
}

/*
 * Counters that are not kept per namespace, or not even per device. Only the
 * total has them: they tell what others do.
 */
static void dibs_stats_sum_client(struct dibs_stats *sum,
				  struct dibs_binding *binding)
{
	sum->counter[DIBS_A_COUNTER_EVENTS] += atomic64_read(&binding->events);
	sum->counter[DIBS_A_COUNTER_REJECT_DETACHED] +=
		atomic64_read(&binding->client->detached_twice);
}

/* Adds up the counters of one namespace. */
void dibs_stats_of_netns(struct dibs_stats *sum, struct dibs_binding *binding,
			 u64 cookie)
{
	struct dibs_ctx *ctx = dibs_ctx_find(binding, cookie);

	if (!ctx)
		return;
	dibs_stats_sum_ctx(sum, ctx);
	dibs_ctx_put(ctx);
}

/* Adds up the counters of all namespaces, including those that are gone. */
void dibs_stats_total(struct dibs_stats *sum, struct dibs_binding *binding)
{
	struct dibs_ctx *ctx;
	unsigned long cookie;

	dibs_stats_sum_client(sum, binding);
	spin_lock(&binding->client->lock);
	dibs_stats_sum(sum, &binding->gone);
	spin_unlock(&binding->client->lock);
	rcu_read_lock();
	xa_for_each(&binding->ctxs, cookie, ctx)
		dibs_stats_sum_ctx(sum, ctx);
	rcu_read_unlock();
}

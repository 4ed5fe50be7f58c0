// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Counters: each use has its own, per CPU; everything else is a sum of them.
 */
#include <linux/percpu.h>

#include "core.h"

void dibs_stats_add(struct dibs_stats *sum, const struct dibs_stats *more)
{
	int i;

	for (i = 0; i <= DIBS_A_COUNTER_MAX; i++)
		sum->counter[i] += READ_ONCE(more->counter[i]);
}

void dibs_stats_add_use(struct dibs_stats *sum, const struct dibs_use *use)
{
	int cpu;

	for_each_possible_cpu(cpu)
		dibs_stats_add(sum, per_cpu_ptr(use->stats, cpu));
}

/* What is not known to be of one namespace, or device. */
static void dibs_stats_add_client(struct dibs_stats *sum,
				  struct dibs_binding *binding)
{
	sum->counter[DIBS_A_COUNTER_EVENTS] += atomic64_read(&binding->events);
	sum->counter[DIBS_A_COUNTER_REJECT_DETACHED] +=
		atomic64_read(&binding->client->detached_twice);
}

/* What one namespace did. */
void dibs_stats_of_netns(struct dibs_stats *sum, struct dibs_binding *binding,
			 u64 cookie)
{
	struct dibs_use *use = dibs_use_find(binding, cookie);

	dibs_stats_add_client(sum, binding);
	if (!use)
		return;
	dibs_stats_add_use(sum, use);
	dibs_use_put(use);
}

/* What all namespaces did, also those that are gone. */
void dibs_stats_total(struct dibs_stats *sum, struct dibs_binding *binding)
{
	struct dibs_use *use;
	unsigned long cookie;

	dibs_stats_add_client(sum, binding);
	spin_lock(&binding->client->lock);
	dibs_stats_add(sum, &binding->gone);
	spin_unlock(&binding->client->lock);
	rcu_read_lock();
	xa_for_each(&binding->uses, cookie, use)
		dibs_stats_add_use(sum, use);
	rcu_read_unlock();
}

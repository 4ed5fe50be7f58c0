// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Sums of a namespace's statistics, see stats.h. netlink/stats.c reads them, in
 * process context. The counters of a dump are not taken at one instant.
 */
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "state/stats.h"

struct smc_stats_net {
	struct smc_stats __percpu *stats;
};

static unsigned int smc_stats_id;

/* Valid as long as the namespace. */
struct smc_stats __percpu *smc_stats(const struct net *net)
{
	const struct smc_stats_net *sn = net_generic(net, smc_stats_id);

	return sn->stats;
}

static u64 smc_stats_total(const u64 *sums, unsigned int first)
{
	unsigned int i;
	u64 total = 0;

	for (i = first; i < first + SMC_STAT_SIZES; i++)
		total += sums[i];
	return total;
}

void smc_stats_sum(const struct net *net, u64 sums[SMC_STATS])
{
	struct smc_stats __percpu *stats = smc_stats(net);
	unsigned int i;
	int cpu;

	memset(sums, 0, SMC_STATS * sizeof(*sums));
	for_each_possible_cpu(cpu)
		for (i = 0; i < SMC_STATS; i++)
			sums[i] += READ_ONCE(per_cpu_ptr(stats, cpu)->n[i]);
	sums[SMC_STAT_TX_ALL_CALLS] = smc_stats_total(sums, SMC_STAT_TX_CALLS);
	sums[SMC_STAT_RX_ALL_CALLS] = smc_stats_total(sums, SMC_STAT_RX_CALLS);
}

u64 smc_stats_fallbacks(const struct net *net, enum smc_role role,
			unsigned int index)
{
	struct smc_stats __percpu *stats = smc_stats(net);
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(stats, cpu)
				 ->fallbacks[role][index]);
	return sum;
}

static int __net_init smc_stats_net_init(struct net *net)
{
	struct smc_stats_net *sn = net_generic(net, smc_stats_id);

	sn->stats = alloc_percpu_gfp(struct smc_stats, GFP_KERNEL_ACCOUNT);
	return sn->stats ? 0 : -ENOMEM;
}

static void __net_exit smc_stats_net_exit(struct net *net)
{
	free_percpu(smc_stats(net));
}

static struct pernet_operations smc_stats_ops = {
	.init = smc_stats_net_init,
	.exit = smc_stats_net_exit,
	.id = &smc_stats_id,
	.size = sizeof(struct smc_stats_net),
};

int smc_stats_start(void)
{
	return register_pernet_subsys(&smc_stats_ops);
}

void smc_stats_stop(void)
{
	unregister_pernet_subsys(&smc_stats_ops);
}

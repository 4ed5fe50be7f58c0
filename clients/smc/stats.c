// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Figures of a namespace, see stats.h. Who reads them gets each at a moment of
 * its own.
 */
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "conn.h"
#include "smc.h"
#include "stats.h"

struct smc_stats_net {
	struct smc_stats __percpu *stats;
};

static unsigned int smc_stats_id;

/* Good as long as the namespace. */
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

u64 smc_stats_fallbacks(const struct net *net, enum dibs_smc_role role,
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

/* One more connection is carried by DMBs. */
void smc_stats_begin(struct smc_conn *conn)
{
	struct smc_stats __percpu *stats = conn->smc->stats;

	smc_stat_inc(stats, conn->smc->role == DIBS_SMC_SERVER ?
			    SMC_STAT_SERVER_V2 : SMC_STAT_CLIENT_V2);
	smc_stat_inc(stats, SMC_STAT_TX_RINGS + smc_stat_size(conn->tx_size));
	smc_stat_inc(stats, SMC_STAT_RX_RINGS + smc_stat_size(conn->rx_size));
	smc_stat_add(stats, SMC_STAT_TX_USAGE, conn->tx_size);
	smc_stat_add(stats, SMC_STAT_RX_USAGE, conn->rx_size);
	conn->counted = true;
}

/* One less, on whatever CPU: only the sum means anything. */
void smc_stats_end(const struct smc_conn *conn)
{
	struct smc_stats __percpu *stats = conn->smc->stats;

	if (!conn->counted)
		return;
	smc_stat_add(stats, SMC_STAT_TX_USAGE, -(u64)conn->tx_size);
	smc_stat_add(stats, SMC_STAT_RX_USAGE, -(u64)conn->rx_size);
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

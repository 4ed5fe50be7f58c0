/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Statistics of a namespace, counted per CPU: no two CPUs write the same cache
 * line, and counting takes one instruction. Any context. The order is that of
 * the attributes in <linux/smc.h>, so netlink/stats.c only has to know where
 * each group begins.
 *
 * "tx" is what we write into peers' rings, as there is no other send buffer;
 * "rx" is what peers write into ours.
 */
#ifndef _DIBS_SMC_STATS_H
#define _DIBS_SMC_STATS_H

#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/types.h>

#include "state/reason.h"

struct net;

/* Up to 8 KiB, 16 KiB, ... 1024 KiB, and more. */
#define SMC_STAT_SIZES	9

/**
 * enum smc_stat_ring - events of rings, counted for each direction
 * @SMC_RING_PEER_SMALL: tx: a call sent more than fits into the peer's ring
 * @SMC_RING_SMALL:      rx: a call asked for more than fits into our ring
 * @SMC_RING_PEER_FULL:  tx: a call found the peer's ring full
 * @SMC_RING_FULL:       rx: a call found our ring full
 * @SMC_RING_REUSED:     always 0: rings are not kept for reuse
 * @SMC_RING_MADE:       rx: rings allocated, including for failed handshakes
 * @SMC_RING_SHRUNK:     rx: those allocated smaller than requested
 * @SMC_RING_STATS:      number of counters
 */
enum smc_stat_ring {
	SMC_RING_PEER_SMALL,
	SMC_RING_SMALL,
	SMC_RING_PEER_FULL,
	SMC_RING_FULL,
	SMC_RING_REUSED,
	SMC_RING_MADE,
	SMC_RING_SHRUNK,
	SMC_RING_STATS
};

enum smc_stat {
	SMC_STAT_TX_RINGS,	/* of connections, by size */
	SMC_STAT_RX_RINGS = SMC_STAT_TX_RINGS + SMC_STAT_SIZES,
	SMC_STAT_TX_CALLS = SMC_STAT_RX_RINGS + SMC_STAT_SIZES, /* by size */
	SMC_STAT_RX_CALLS = SMC_STAT_TX_CALLS + SMC_STAT_SIZES,
	SMC_STAT_TX_RING = SMC_STAT_RX_CALLS + SMC_STAT_SIZES,
	SMC_STAT_RX_RING = SMC_STAT_TX_RING + SMC_RING_STATS,
	SMC_STAT_CLIENT_V1 = SMC_STAT_RX_RING + SMC_RING_STATS,
	SMC_STAT_CLIENT_V2,	/* connections carried by SMC-D */
	SMC_STAT_SERVER_V1,
	SMC_STAT_SERVER_V2,
	SMC_STAT_SENDPAGE,	/* calls that sent pages, e.g. sendfile() */
	SMC_STAT_SPLICE,	/* splice() calls that received */
	SMC_STAT_CORK,		/* setsockopt(TCP_CORK) */
	SMC_STAT_NODELAY,	/* setsockopt(TCP_NODELAY) */
	SMC_STAT_URGENT,	/* calls with MSG_OOB */
	SMC_STAT_RX_BYTES,
	SMC_STAT_TX_BYTES,
	SMC_STAT_RX_ALL_CALLS,	/* not counted: the sum of RX_CALLS */
	SMC_STAT_TX_ALL_CALLS,
	SMC_STAT_RX_USAGE,	/* bytes of the rings in use now */
	SMC_STAT_TX_USAGE,
	SMC_STAT_CLIENT_BROKEN,	/* handshakes that broke the connection */
	SMC_STAT_SERVER_BROKEN,
	SMC_STATS
};

struct smc_stats {
	u64 n[SMC_STATS];
	u64 fallbacks[SMC_ROLES][SMC_REASON_INDEXES];
};

static inline void smc_stat_add(struct smc_stats __percpu *stats,
				unsigned int stat, u64 n)
{
	this_cpu_add(stats->n[stat], n);
}

static inline void smc_stat_inc(struct smc_stats __percpu *stats,
				unsigned int stat)
{
	this_cpu_inc(stats->n[stat]);
}

/* Index of the size class, less than SMC_STAT_SIZES. @len is at least 1. */
static inline unsigned int smc_stat_size(u64 len)
{
	return min(fls64((len - 1) >> 13), SMC_STAT_SIZES - 1);
}

struct smc_stats __percpu *smc_stats(const struct net *net);
void smc_stats_sum(const struct net *net, u64 sums[SMC_STATS]);
u64 smc_stats_fallbacks(const struct net *net, enum smc_role role,
			unsigned int index);
int smc_stats_start(void);
void smc_stats_stop(void);

#endif /* _DIBS_SMC_STATS_H */

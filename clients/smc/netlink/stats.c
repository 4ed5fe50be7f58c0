// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Generic netlink: the counters of state/stats.h, for "dibs smc stats" and
 * "smcd stats", and the reasons of fallbacks. All are those of the caller's
 * network namespace. Process context.
 */
#include <net/genetlink.h>
#include <uapi/linux/smc.h>

#include "netlink/netlink.h"
#include "state/smc.h"
#include "state/stats.h"
#include "uapi/linux/dibs_smc.h"
#include "compat/genl.h"

/*
 * Nested attributes, and the range of counters in each. Within a nest the
 * counters are numbered from 1.
 */
static const struct {
	int attr;
	unsigned int first;
	unsigned int count;
} stat_nests[] = {
	{ SMC_NLA_STATS_T_TX_RMB_SIZE, SMC_STAT_TX_RINGS, SMC_STAT_SIZES },
	{ SMC_NLA_STATS_T_RX_RMB_SIZE, SMC_STAT_RX_RINGS, SMC_STAT_SIZES },
	{ SMC_NLA_STATS_T_TXPLOAD_SIZE, SMC_STAT_TX_CALLS, SMC_STAT_SIZES },
	{ SMC_NLA_STATS_T_RXPLOAD_SIZE, SMC_STAT_RX_CALLS, SMC_STAT_SIZES },
	{ SMC_NLA_STATS_T_TX_RMB_STATS, SMC_STAT_TX_RING, SMC_RING_STATS },
	{ SMC_NLA_STATS_T_RX_RMB_STATS, SMC_STAT_RX_RING, SMC_RING_STATS },
};

/* From here to SMC_NLA_STATS_T_TX_CNT, counters are in attribute order. */
#define FIRST_ATTR	SMC_NLA_STATS_T_CLNT_V1_SUCC
#define FIRST_STAT	SMC_STAT_CLIENT_V1

static_assert(SMC_NLA_STATS_PLOAD_MAX == SMC_STAT_SIZES);
static_assert(SMC_NLA_STATS_RMB_MAX == (int)SMC_RING_STATS);
static_assert(SMC_NLA_STATS_T_TX_CNT - FIRST_ATTR ==
	      SMC_STAT_TX_ALL_CALLS - FIRST_STAT);
static_assert(SMC_NLA_STATS_T_URG_DATA_CNT - FIRST_ATTR ==
	      SMC_STAT_URGENT - FIRST_STAT);

static int smc_genl_put_counters(struct sk_buff *skb, int attr,
				 const u64 *values, unsigned int count)
{
	struct nlattr *nest = nla_nest_start(skb, attr);
	unsigned int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < count; i++)
		if (nla_put_u64_64bit(skb, 1 + i, values[i],
				      SMC_NLA_STATS_PLOAD_PAD))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int smc_genl_put_technology(struct sk_buff *skb, int attr,
				   const u64 *sums)
{
	struct nlattr *nest = nla_nest_start(skb, attr);
	unsigned int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < ARRAY_SIZE(stat_nests); i++)
		if (smc_genl_put_counters(skb, stat_nests[i].attr,
					  sums + stat_nests[i].first,
					  stat_nests[i].count))
			return -EMSGSIZE;
	for (i = FIRST_STAT; i <= SMC_STAT_TX_ALL_CALLS; i++)
		if (nla_put_u64_64bit(skb, FIRST_ATTR + i - FIRST_STAT,
				      sums[i], SMC_NLA_STATS_T_PAD))
			return -EMSGSIZE;
	if (nla_put_uint(skb, DIBS_SMC_NLA_STATS_T_RX_RMB_USAGE,
			 sums[SMC_STAT_RX_USAGE]) ||
	    nla_put_uint(skb, DIBS_SMC_NLA_STATS_T_TX_RMB_USAGE,
			 sums[SMC_STAT_TX_USAGE]))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* For SMC-R, which this module does not support. */
static const u64 no_sums[SMC_STATS];

static int smc_genl_put_stats(struct sk_buff *skb, const u64 *sums)
{
	struct nlattr *nest = nla_nest_start(skb, SMC_GEN_STATS);

	if (!nest ||
	    nla_put_u64_64bit(skb, SMC_NLA_STATS_CLNT_HS_ERR_CNT,
			      sums[SMC_STAT_CLIENT_BROKEN],
			      SMC_NLA_STATS_PAD) ||
	    nla_put_u64_64bit(skb, SMC_NLA_STATS_SRV_HS_ERR_CNT,
			      sums[SMC_STAT_SERVER_BROKEN],
			      SMC_NLA_STATS_PAD) ||
	    smc_genl_put_technology(skb, SMC_NLA_STATS_SMCD_TECH, sums) ||
	    smc_genl_put_technology(skb, SMC_NLA_STATS_SMCR_TECH, no_sums))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int smc_genl_dump_stats(struct sk_buff *skb, struct netlink_callback *cb)
{
	u64 *sums;
	void *hdr;
	int err;

	if (cb->args[0])
		return 0;
	hdr = smc_genl_begin(skb, cb, SMC_NETLINK_GET_STATS);
	if (!hdr)
		return -EMSGSIZE;
	sums = kmalloc_array(SMC_STATS, sizeof(*sums), GFP_KERNEL);
	if (!sums)
		return smc_genl_end(skb, hdr, -ENOMEM);
	smc_stats_sum(sock_net(skb->sk), sums);
	err = smc_genl_put_stats(skb, sums);
	kfree(sums);
	cb->args[0] = 1;
	return smc_genl_end(skb, hdr, err) ? : skb->len;
}

/* --- fallbacks ------------------------------------------------------------ */

static u64 smc_genl_total_fallbacks(const struct net *net, enum smc_role role)
{
	unsigned int i;
	u64 sum = 0;

	for (i = 0; i < SMC_REASON_INDEXES; i++)
		sum += smc_stats_fallbacks(net, role, i);
	return sum;
}

static int smc_genl_put_fallback(struct sk_buff *skb, enum smc_role role,
				 unsigned int index, u64 count)
{
	struct nlattr *nest = nla_nest_start(skb, SMC_GEN_FBACK_STATS);
	const struct net *net = sock_net(skb->sk);

	if (!nest ||
	    nla_put_u8(skb, SMC_NLA_FBACK_STATS_TYPE,
		       role == SMC_ROLE_SERVER) ||
	    nla_put_u64_64bit(skb, SMC_NLA_FBACK_STATS_SRV_CNT,
			      smc_genl_total_fallbacks(net, SMC_ROLE_SERVER),
			      SMC_NLA_FBACK_STATS_PAD) ||
	    nla_put_u64_64bit(skb, SMC_NLA_FBACK_STATS_CLNT_CNT,
			      smc_genl_total_fallbacks(net, SMC_ROLE_CLIENT),
			      SMC_NLA_FBACK_STATS_PAD) ||
	    nla_put_u32(skb, SMC_NLA_FBACK_STATS_RSN_CODE,
			smc_reason_code(index)) ||
	    nla_put_u16(skb, SMC_NLA_FBACK_STATS_RSN_CNT,
			min_t(u64, count, U16_MAX)) ||
	    nla_put_u64_64bit(skb, DIBS_SMC_NLA_FBACK_COUNT, count,
			      SMC_NLA_FBACK_STATS_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* One message for each reason that occurred. */
int smc_genl_dump_fallbacks(struct sk_buff *skb, struct netlink_callback *cb)
{
	unsigned long i;

	for (i = cb->args[0]; i < SMC_ROLES * SMC_REASON_INDEXES; i++) {
		enum smc_role role = i / SMC_REASON_INDEXES;
		unsigned int index = i % SMC_REASON_INDEXES;
		u64 count = smc_stats_fallbacks(sock_net(skb->sk), role,
						index);
		void *hdr;

		if (!count)
			continue;
		hdr = smc_genl_begin(skb, cb, SMC_NETLINK_GET_FBACK_STATS);
		if (!hdr ||
		    smc_genl_end(skb, hdr,
				 smc_genl_put_fallback(skb, role, index,
						       count)))
			break;
	}
	cb->args[0] = i;
	return skb->len;
}

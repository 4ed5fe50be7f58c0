// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The generic netlink family SMC_GEN_NETLINK, as <linux/smc.h> has it: so far
 * why connections fell back, for "dibs smc stats" and "smcd stats". Everybody
 * may ask; the counters are those of the asking namespace.
 */
#include <linux/module.h>
#include <net/genetlink.h>
#include <uapi/linux/smc.h>

#include "smc.h"
#include "uapi/linux/dibs_smc.h"

static struct genl_family dibs_smc_genl;

struct entry {
	enum dibs_smc_role role;
	unsigned int index;
	u64 count;
};

static u64 total(struct net *net, enum dibs_smc_role role)
{
	unsigned int i;
	u64 sum = 0;

	for (i = 0; i < DIBS_SMC_INDEXES; i++)
		sum += dibs_smc_fallbacks(net, role, i);
	return sum;
}

static int put_values(struct sk_buff *skb, struct net *net,
		      const struct entry *e)
{
	u32 code = dibs_smc_reason_code(e->index);

	if (nla_put_u8(skb, SMC_NLA_FBACK_STATS_TYPE,
		       e->role == DIBS_SMC_SERVER) ||
	    nla_put_u64_64bit(skb, SMC_NLA_FBACK_STATS_SRV_CNT,
			      total(net, DIBS_SMC_SERVER),
			      SMC_NLA_FBACK_STATS_PAD) ||
	    nla_put_u64_64bit(skb, SMC_NLA_FBACK_STATS_CLNT_CNT,
			      total(net, DIBS_SMC_CLIENT),
			      SMC_NLA_FBACK_STATS_PAD) ||
	    nla_put_u32(skb, SMC_NLA_FBACK_STATS_RSN_CODE, code) ||
	    nla_put_u16(skb, SMC_NLA_FBACK_STATS_RSN_CNT,
			min_t(u64, e->count, U16_MAX)) ||
	    nla_put_u64_64bit(skb, DIBS_SMC_NLA_FBACK_COUNT, e->count,
			      SMC_NLA_FBACK_STATS_PAD))
		return -EMSGSIZE;
	return 0;
}

static int put_entry(struct sk_buff *skb, struct netlink_callback *cb,
		     const struct entry *e)
{
	struct nlattr *nest;
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &dibs_smc_genl, NLM_F_MULTI,
			  SMC_NETLINK_GET_FBACK_STATS);
	if (!hdr)
		return -EMSGSIZE;
	nest = nla_nest_start(skb, SMC_GEN_FBACK_STATS);
	if (!nest || put_values(skb, sock_net(skb->sk), e)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	genlmsg_end(skb, hdr);
	return 0;
}

/* One message for each reason that occurred; cb->args[0] is where to go on. */
static int dump_fallbacks(struct sk_buff *skb, struct netlink_callback *cb)
{
	unsigned long i;

	for (i = cb->args[0]; i < DIBS_SMC_ROLES * DIBS_SMC_INDEXES; i++) {
		struct entry e = {
			.role = i / DIBS_SMC_INDEXES,
			.index = i % DIBS_SMC_INDEXES,
		};

		e.count = dibs_smc_fallbacks(sock_net(skb->sk), e.role,
					     e.index);
		if (e.count && put_entry(skb, cb, &e))
			break;
	}
	cb->args[0] = i;
	return skb->len;
}

static const struct genl_ops dibs_smc_genl_ops[] = {
	{
		.cmd = SMC_NETLINK_GET_FBACK_STATS,
		.dumpit = dump_fallbacks,
	},
};

static struct genl_family dibs_smc_genl = {
	.name = SMC_GENL_FAMILY_NAME,
	.version = SMC_GENL_FAMILY_VERSION,
	.maxattr = SMC_GEN_MAX,
	.netnsok = true,
	.module = THIS_MODULE,
	.ops = dibs_smc_genl_ops,
	.n_ops = ARRAY_SIZE(dibs_smc_genl_ops),
	.resv_start_op = SMC_NETLINK_GET_FBACK_STATS + 1,
};

int dibs_smc_netlink_start(void)
{
	return genl_register_family(&dibs_smc_genl);
}

void dibs_smc_netlink_stop(void)
{
	genl_unregister_family(&dibs_smc_genl);
}

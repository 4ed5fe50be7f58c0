// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The generic netlink family SMC_GEN_NETLINK of <linux/smc.h>, for dibs(8),
 * smcd(8) and smcr(8): its table of operations, and those operations that
 * concern SMC as a whole. Any user may dump; the answer covers the caller's
 * network namespace. Process context.
 */
#include <linux/module.h>
#include <linux/utsname.h>

#include "clc/clc.h"
#include "handshake/eids.h"
#include "netlink/netlink.h"
#include "state/smc.h"
#include "state/sysctl.h"

static struct genl_family smc_genl;

/* Begins a message of a dump. NULL if there is no room for it. */
void *smc_genl_begin(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	return genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   &smc_genl, NLM_F_MULTI, cmd);
}

/* Ends the message, or cancels it if @err is not 0. Returns @err. */
int smc_genl_end(struct sk_buff *skb, void *hdr, int err)
{
	if (err)
		genlmsg_cancel(skb, hdr);
	else
		genlmsg_end(skb, hdr);
	return err;
}

/* For SMC-R, which this module does not support. */
static int smc_genl_dump_nothing(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	return 0;
}

/* --- system --------------------------------------------------------------- */

static int smc_genl_put_system(struct sk_buff *skb, const struct net *net)
{
	char host[SMC_MAX_HOSTNAME_LEN + 1], seid[SMC_MAX_EID_LEN + 1];

	strscpy(host, init_uts_ns.name.nodename, sizeof(host));
	smc_eids_seid(net, seid);
	if (nla_put_u8(skb, SMC_NLA_SYS_VER, SMC_CLC_V2) ||
	    nla_put_u8(skb, SMC_NLA_SYS_REL, SMC_CLC_RELEASE) ||
	    nla_put_u8(skb, SMC_NLA_SYS_IS_ISM_V2, true) ||
	    nla_put_u8(skb, SMC_NLA_SYS_IS_SMCR_V2, false) ||
	    nla_put_string(skb, SMC_NLA_SYS_LOCAL_HOST, host) ||
	    nla_put_string(skb, SMC_NLA_SYS_SEID, seid))
		return -EMSGSIZE;
	return 0;
}

static int smc_genl_dump_system(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	const struct net *net = sock_net(cb->skb->sk);
	struct nlattr *nest;
	void *hdr;
	int err;

	if (cb->args[0])
		return 0;
	hdr = smc_genl_begin(skb, cb, SMC_NETLINK_GET_SYS_INFO);
	if (!hdr)
		return -EMSGSIZE;
	nest = nla_nest_start(skb, SMC_GEN_SYS_INFO);
	err = nest ? smc_genl_put_system(skb, net) : -EMSGSIZE;
	if (!err)
		nla_nest_end(skb, nest);
	cb->args[0] = 1;
	return smc_genl_end(skb, hdr, err) ? : skb->len;
}

/* --- handshake limitation ------------------------------------------------- */

static int smc_genl_dump_limit(struct sk_buff *skb, struct netlink_callback *cb)
{
	bool limited = smc_sysctl_limits_handshakes(sock_net(skb->sk));
	void *hdr;
	int err;

	if (cb->args[0])
		return 0;
	hdr = smc_genl_begin(skb, cb, SMC_NETLINK_DUMP_HS_LIMITATION);
	if (!hdr)
		return -EMSGSIZE;
	err = nla_put_u8(skb, SMC_NLA_HS_LIMITATION_ENABLED, limited);
	cb->args[0] = 1;
	return smc_genl_end(skb, hdr, err) ? : skb->len;
}

/* --- changes -------------------------------------------------------------- */

static int smc_genl_do_change(struct genl_info *info)
{
	switch (info->genlhdr->cmd) {
	case SMC_NETLINK_ADD_UEID:
		return smc_genl_add_eid(info);
	case SMC_NETLINK_REMOVE_UEID:
		return smc_genl_remove_eid(info);
	case SMC_NETLINK_FLUSH_UEID:
		smc_eids_flush();
		return 0;
	case SMC_NETLINK_ENABLE_SEID:
	case SMC_NETLINK_DISABLE_SEID:
		smc_eids_enable_seid(info->genlhdr->cmd ==
				     SMC_NETLINK_ENABLE_SEID);
		return 0;
	case SMC_NETLINK_ENABLE_HS_LIMITATION:
	case SMC_NETLINK_DISABLE_HS_LIMITATION:
		smc_sysctl_limit_handshakes(genl_info_net(info),
					    info->genlhdr->cmd ==
					    SMC_NETLINK_ENABLE_HS_LIMITATION);
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

/* Checks the capability itself: GENL_ADMIN_PERM gives no extack message. */
static int smc_genl_change(struct sk_buff *skb, struct genl_info *info)
{
	if (!netlink_capable(skb, CAP_NET_ADMIN)) {
		NL_SET_ERR_MSG(info->extack,
			       "not permitted, needs CAP_NET_ADMIN in the initial user namespace");
		return -EPERM;
	}
	return smc_genl_do_change(info);
}

/* --- family --------------------------------------------------------------- */

#define DUMP(number, fn) { .cmd = SMC_NETLINK_##number, .dumpit = fn }
#define CHANGE(number) { .cmd = SMC_NETLINK_##number, .doit = smc_genl_change }
#define CHANGE_EID(number)						\
	{								\
		.cmd = SMC_NETLINK_##number,				\
		.doit = smc_genl_change,				\
		.policy = smc_genl_eid_policy,				\
		.maxattr = SMC_NLA_EID_TABLE_MAX,			\
	}

static const struct genl_ops smc_genl_ops[] = {
	DUMP(GET_SYS_INFO, smc_genl_dump_system),
	DUMP(GET_LGR_SMCR, smc_genl_dump_nothing),
	DUMP(GET_LINK_SMCR, smc_genl_dump_nothing),
	DUMP(GET_LGR_SMCD, smc_genl_dump_groups),
	DUMP(GET_DEV_SMCD, smc_genl_dump_devices),
	DUMP(GET_DEV_SMCR, smc_genl_dump_nothing),
	DUMP(GET_STATS, smc_genl_dump_stats),
	DUMP(GET_FBACK_STATS, smc_genl_dump_fallbacks),
	DUMP(DUMP_UEID, smc_genl_dump_eids),
	CHANGE_EID(ADD_UEID),
	CHANGE_EID(REMOVE_UEID),
	CHANGE(FLUSH_UEID),
	DUMP(DUMP_SEID, smc_genl_dump_seid),
	CHANGE(ENABLE_SEID),
	CHANGE(DISABLE_SEID),
	DUMP(DUMP_HS_LIMITATION, smc_genl_dump_limit),
	CHANGE(ENABLE_HS_LIMITATION),
	CHANGE(DISABLE_HS_LIMITATION),
};

static struct genl_family smc_genl = {
	.name = SMC_GENL_FAMILY_NAME,
	.version = SMC_GENL_FAMILY_VERSION,
	.maxattr = SMC_GEN_MAX,
	.netnsok = true,
	.module = THIS_MODULE,
	.ops = smc_genl_ops,
	.n_ops = ARRAY_SIZE(smc_genl_ops),
	.resv_start_op = SMC_NETLINK_DISABLE_HS_LIMITATION + 1,
};

int smc_netlink_start(void)
{
	return genl_register_family(&smc_genl);
}

void smc_netlink_stop(void)
{
	genl_unregister_family(&smc_genl);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The generic netlink family SMC_GEN_NETLINK, as <linux/smc.h> has it, for
 * dibs(8) and for smcd(8) and smcr(8): its table, and what is about SMC as a
 * whole. Everybody may ask, and is told what concerns the own namespace.
 */
#include <linux/module.h>
#include <linux/utsname.h>

#include "clc.h"
#include "eids.h"
#include "netlink.h"
#include "smc.h"
#include "sysctl.h"

static struct genl_family dibs_smc_genl;

/* Begins a message of a dump; NULL: there is no room. */
void *smc_genl_put(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	return genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   &dibs_smc_genl, NLM_F_MULTI, cmd);
}

/* Ends it, or takes it back if there was an error. Returns @err. */
int smc_genl_end(struct sk_buff *skb, void *hdr, int err)
{
	if (err)
		genlmsg_cancel(skb, hdr);
	else
		genlmsg_end(skb, hdr);
	return err;
}

/* There is no SMC-R. */
static int dump_nothing(struct sk_buff *skb, struct netlink_callback *cb)
{
	return 0;
}

/* --- the system -------------------------------------------------------------------- */

static int put_system(struct sk_buff *skb)
{
	char host[SMC_MAX_HOSTNAME_LEN + 1], seid[SMC_MAX_EID_LEN + 1];

	strscpy(host, init_uts_ns.name.nodename, sizeof(host));
	smc_eids_seid(seid);
	if (nla_put_u8(skb, SMC_NLA_SYS_VER, SMC_CLC_V2) ||
	    nla_put_u8(skb, SMC_NLA_SYS_REL, SMC_CLC_RELEASE) ||
	    nla_put_u8(skb, SMC_NLA_SYS_IS_ISM_V2, true) ||
	    nla_put_u8(skb, SMC_NLA_SYS_IS_SMCR_V2, false) ||
	    nla_put_string(skb, SMC_NLA_SYS_LOCAL_HOST, host) ||
	    nla_put_string(skb, SMC_NLA_SYS_SEID, seid))
		return -EMSGSIZE;
	return 0;
}

static int dump_system(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nlattr *nest;
	void *hdr;
	int err;

	if (cb->args[0])
		return 0;
	hdr = smc_genl_put(skb, cb, SMC_NETLINK_GET_SYS_INFO);
	if (!hdr)
		return -EMSGSIZE;
	nest = nla_nest_start(skb, SMC_GEN_SYS_INFO);
	err = nest ? put_system(skb) : -EMSGSIZE;
	if (!err)
		nla_nest_end(skb, nest);
	cb->args[0] = 1;
	return smc_genl_end(skb, hdr, err) ? : skb->len;
}

/* --- limits of handshakes ------------------------------------------------------------- */

static int dump_limit(struct sk_buff *skb, struct netlink_callback *cb)
{
	bool limited = smc_sysctl_limits_handshakes(sock_net(skb->sk));
	void *hdr;
	int err;

	if (cb->args[0])
		return 0;
	hdr = smc_genl_put(skb, cb, SMC_NETLINK_DUMP_HS_LIMITATION);
	if (!hdr)
		return -EMSGSIZE;
	err = nla_put_u8(skb, SMC_NLA_HS_LIMITATION_ENABLED, limited);
	cb->args[0] = 1;
	return smc_genl_end(skb, hdr, err) ? : skb->len;
}

/* --- changes --------------------------------------------------------------------------- */

static int do_change(struct genl_info *info)
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

/* Not left to GENL_ADMIN_PERM, which says nothing to whoever may not. */
static int change(struct sk_buff *skb, struct genl_info *info)
{
	if (!netlink_capable(skb, CAP_NET_ADMIN)) {
		NL_SET_ERR_MSG(info->extack,
			       "not permitted, needs CAP_NET_ADMIN in the initial user namespace");
		return -EPERM;
	}
	return do_change(info);
}

/* --- the family ------------------------------------------------------------------------ */

#define DUMP(number, fn) { .cmd = SMC_NETLINK_##number, .dumpit = fn }
#define CHANGE(number) { .cmd = SMC_NETLINK_##number, .doit = change }
#define CHANGE_EID(number)						\
	{								\
		.cmd = SMC_NETLINK_##number,				\
		.doit = change,						\
		.policy = smc_genl_eid_policy,				\
		.maxattr = SMC_NLA_EID_TABLE_MAX,			\
	}

static const struct genl_ops dibs_smc_genl_ops[] = {
	DUMP(GET_SYS_INFO, dump_system),
	DUMP(GET_LGR_SMCR, dump_nothing),
	DUMP(GET_LINK_SMCR, dump_nothing),
	DUMP(GET_LGR_SMCD, smc_genl_dump_groups),
	DUMP(GET_DEV_SMCD, smc_genl_dump_devices),
	DUMP(GET_DEV_SMCR, dump_nothing),
	DUMP(GET_STATS, smc_genl_dump_stats),
	DUMP(GET_FBACK_STATS, smc_genl_dump_fallbacks),
	DUMP(DUMP_UEID, smc_genl_dump_eids),
	CHANGE_EID(ADD_UEID),
	CHANGE_EID(REMOVE_UEID),
	CHANGE(FLUSH_UEID),
	DUMP(DUMP_SEID, smc_genl_dump_seid),
	CHANGE(ENABLE_SEID),
	CHANGE(DISABLE_SEID),
	DUMP(DUMP_HS_LIMITATION, dump_limit),
	CHANGE(ENABLE_HS_LIMITATION),
	CHANGE(DISABLE_HS_LIMITATION),
};

static struct genl_family dibs_smc_genl = {
	.name = SMC_GENL_FAMILY_NAME,
	.version = SMC_GENL_FAMILY_VERSION,
	.maxattr = SMC_GEN_MAX,
	.netnsok = true,
	.module = THIS_MODULE,
	.ops = dibs_smc_genl_ops,
	.n_ops = ARRAY_SIZE(dibs_smc_genl_ops),
	.resv_start_op = SMC_NETLINK_DISABLE_HS_LIMITATION + 1,
};

int dibs_smc_netlink_start(void)
{
	return genl_register_family(&dibs_smc_genl);
}

void dibs_smc_netlink_stop(void)
{
	genl_unregister_family(&dibs_smc_genl);
}

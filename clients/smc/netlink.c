// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The generic netlink family SMC_GEN_NETLINK, as <linux/smc.h> has it: so far
 * why connections fell back, for "dibs smc stats" and "smcd stats", and the user
 * EIDs. Everybody may ask. The counters are those of the asking namespace; the
 * EIDs are the system's, so that only its administrator changes them.
 */
#include <linux/module.h>
#include <net/genetlink.h>
#include <uapi/linux/smc.h>

#include "eids.h"
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

static int put_connections(struct sk_buff *skb, struct net *net)
{
	if (nla_put_u64_64bit(skb, DIBS_SMC_NLA_CONNS_CLIENT,
			      smc_connections(net, DIBS_SMC_CLIENT),
			      DIBS_SMC_NLA_CONNS_PAD) ||
	    nla_put_u64_64bit(skb, DIBS_SMC_NLA_CONNS_SERVER,
			      smc_connections(net, DIBS_SMC_SERVER),
			      DIBS_SMC_NLA_CONNS_PAD))
		return -EMSGSIZE;
	return 0;
}

static int get_connections(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *hdr;

	if (!reply)
		return -ENOMEM;
	hdr = genlmsg_put_reply(reply, info, &dibs_smc_genl, 0,
				DIBS_SMC_NETLINK_GET_CONNS);
	if (!hdr || put_connections(reply, genl_info_net(info))) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}

/* --- user EIDs ---------------------------------------------------------------- */

static const struct nla_policy eid_policy[SMC_NLA_EID_TABLE_MAX + 1] = {
	[SMC_NLA_EID_TABLE_ENTRY] = { .type = NLA_STRING },
};

static int put_eid(struct sk_buff *skb, struct netlink_callback *cb,
		   const struct smc_eid *eid, bool is_default)
{
	char text[SMC_EID_LEN + 1] = {};
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &dibs_smc_genl, NLM_F_MULTI, SMC_NETLINK_DUMP_UEID);
	if (!hdr)
		return -EMSGSIZE;
	memcpy(text, eid->text, SMC_EID_LEN);
	if (nla_put_string(skb, SMC_NLA_EID_TABLE_ENTRY, text) ||
	    (is_default && nla_put_flag(skb, DIBS_SMC_NLA_EID_DEFAULT))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* All that handshakes offer; the last is the default. */
static int dump_eids(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct smc_eid eids[SMC_EIDS_MAX];
	unsigned long i, n = smc_eids_get(eids, SMC_EIDS_MAX);

	for (i = cb->args[0]; i < n; i++)
		if (put_eid(skb, cb, &eids[i], i == n - 1))
			break;
	cb->args[0] = i;
	return skb->len;
}

/* Adds or deletes the EID that is named, which ends at the first zero. */
static int change_eids(struct genl_info *info,
		       int (*change)(const char *text, size_t len))
{
	const struct nlattr *attr = info->attrs[SMC_NLA_EID_TABLE_ENTRY];
	int err;

	if (!attr) {
		NL_SET_ERR_MSG(info->extack, "no EID given");
		return -EINVAL;
	}
	err = change(nla_data(attr), strnlen(nla_data(attr), nla_len(attr)));
	switch (err) {
	case -EINVAL:
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "not a UEID: up to 32 of A-Z, 0-9, '.' and '-', the first a letter or digit");
		break;
	case -EEXIST:
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "is there already");
		break;
	case -ENOENT:
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "no such UEID");
		break;
	case -ERANGE:
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "there are 4 UEIDs already");
		break;
	}
	return err;
}

static int add_eid(struct sk_buff *skb, struct genl_info *info)
{
	return change_eids(info, smc_eids_add);
}

static int remove_eid(struct sk_buff *skb, struct genl_info *info)
{
	return change_eids(info, smc_eids_del);
}

static int flush_eids(struct sk_buff *skb, struct genl_info *info)
{
	smc_eids_flush();
	return 0;
}

/* --- the family ----------------------------------------------------------------- */

static_assert(SMC_UEIDS_MAX == SMC_MAX_UEID);
static_assert(SMC_EID_LEN == SMC_MAX_EID_LEN);

static const struct genl_ops dibs_smc_genl_ops[] = {
	{
		.cmd = SMC_NETLINK_GET_FBACK_STATS,
		.dumpit = dump_fallbacks,
	},
	{
		.cmd = SMC_NETLINK_DUMP_UEID,
		.dumpit = dump_eids,
	},
	{
		.cmd = SMC_NETLINK_ADD_UEID,
		.flags = GENL_ADMIN_PERM,
		.policy = eid_policy,
		.maxattr = ARRAY_SIZE(eid_policy) - 1,
		.doit = add_eid,
	},
	{
		.cmd = SMC_NETLINK_REMOVE_UEID,
		.flags = GENL_ADMIN_PERM,
		.policy = eid_policy,
		.maxattr = ARRAY_SIZE(eid_policy) - 1,
		.doit = remove_eid,
	},
	{
		.cmd = SMC_NETLINK_FLUSH_UEID,
		.flags = GENL_ADMIN_PERM,
		.doit = flush_eids,
	},
	{
		.cmd = DIBS_SMC_NETLINK_GET_CONNS,
		.doit = get_connections,
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

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The generic netlink family SMC_PNETID, for "dibs smc pnetid" and smc_pnet(8):
 * the PNETIDs of the caller's network namespace. Any user may list them, its
 * administrator may change them. Process context.
 */
#include <linux/netdevice.h>
#include <net/genetlink.h>
#include <uapi/linux/smc.h>

#include "handshake/pnet.h"
#include "netlink/netlink.h"
#include "state/smc.h"
#include "compat/genl.h"

static struct genl_family smc_pnet_genl;

/* Placeholders that tools expect for an absent name or port. */
#define NO_NAME	"n/a"
#define NO_PORT	255

#define PORT_MAX	2

/*
 * The policy accepts any bytes, even none, so that bad ones get a message of
 * the functions below that says what is wrong.
 */
static const struct nla_policy smc_pnet_genl_policy[SMC_PNETID_MAX + 1] = {
	[SMC_PNETID_NAME] = { .type = NLA_BINARY },
	[SMC_PNETID_ETHNAME] = { .type = NLA_BINARY },
	[SMC_PNETID_IBNAME] = { .type = NLA_BINARY },
	[SMC_PNETID_IBPORT] = { .type = NLA_U8 },
};

/* --- parsing -------------------------------------------------------------- */

static int smc_pnet_genl_parse_id(const struct nlattr *attr,
				  struct smc_pnet *pnet,
				  struct netlink_ext_ack *extack)
{
	size_t len = strnlen(nla_data(attr), nla_len(attr));
	int err = smc_pnet_set_id(pnet, nla_data(attr), len);

	if (err)
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "not a PNETID: 1 to 16 letters and digits");
	return err;
}

static int smc_pnet_genl_read_id(struct genl_info *info, struct smc_pnet *pnet)
{
	const struct nlattr *attr = info->attrs[SMC_PNETID_NAME];

	if (GENL_REQ_ATTR_CHECK(info, SMC_PNETID_NAME)) {
		NL_SET_ERR_MSG(info->extack, "PNETID: missing");
		return -EINVAL;
	}
	return smc_pnet_genl_parse_id(attr, pnet, info->extack);
}

static int smc_pnet_genl_read_interface(struct genl_info *info,
					struct smc_pnet *pnet)
{
	const struct nlattr *attr = info->attrs[SMC_PNETID_ETHNAME];
	size_t len = strnlen(nla_data(attr), nla_len(attr));

	pnet->kind = SMC_PNET_INTERFACE;
	pnet->port = 0;
	if (len < IFNAMSIZ)
		nla_strscpy(pnet->name, attr, sizeof(pnet->name));
	if (len < IFNAMSIZ && dev_valid_name(pnet->name))
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, attr,
			    "interface: not a valid interface name");
	return -EINVAL;
}

static int smc_pnet_genl_read_device(struct genl_info *info,
				     struct smc_pnet *pnet)
{
	const struct nlattr *attr = info->attrs[SMC_PNETID_IBNAME];
	const struct nlattr *port = info->attrs[SMC_PNETID_IBPORT];
	size_t len = strnlen(nla_data(attr), nla_len(attr));

	pnet->kind = SMC_PNET_DEVICE;
	pnet->port = port ? nla_get_u8(port) : 0;
	if (!len || len > SMC_PNET_NAME_LEN) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "device: the name must have 1 to 63 characters");
		return -EINVAL;
	}
	if (pnet->port > PORT_MAX) {
		NL_SET_ERR_MSG_ATTR(info->extack, port,
				    "port: must be 1 or 2");
		return -EINVAL;
	}
	nla_strscpy(pnet->name, attr, sizeof(pnet->name));
	return 0;
}

/* --- changes -------------------------------------------------------------- */

static int smc_pnet_genl_add_one(struct genl_info *info,
				 const struct smc_pnet *pnet)
{
	int err = smc_pnet_add(genl_info_net(info), pnet);

	if (err == -EEXIST)
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[pnet->kind == SMC_PNET_DEVICE ?
						SMC_PNETID_IBNAME :
						SMC_PNETID_ETHNAME],
				    "this interface or device already has a PNETID");
	else if (err == -ENOSPC)
		NL_SET_ERR_MSG(info->extack,
			       "the maximum of 1024 PNETIDs is reached");
	return err;
}

/*
 * Adds a PNETID for an interface, a device, or both. If the second of both
 * fails, the first stays.
 */
static int smc_pnet_genl_add(struct genl_info *info)
{
	bool interface = info->attrs[SMC_PNETID_ETHNAME];
	bool device = info->attrs[SMC_PNETID_IBNAME];
	struct smc_pnet first = {}, second = {};
	int err = smc_pnet_genl_read_id(info, &first);

	if (err)
		return err;
	if (!interface && !device) {
		NL_SET_ERR_MSG(info->extack,
			       "an interface or a device is required");
		return -EINVAL;
	}
	second = first;
	if (interface)
		err = smc_pnet_genl_read_interface(info, &first);
	if (!err && device)
		err = smc_pnet_genl_read_device(info, &second);
	if (!err && interface)
		err = smc_pnet_genl_add_one(info, &first);
	if (!err && device)
		err = smc_pnet_genl_add_one(info, &second);
	return err;
}

static int smc_pnet_genl_del(struct genl_info *info)
{
	struct smc_pnet pnet;
	int err = smc_pnet_genl_read_id(info, &pnet);

	if (err)
		return err;
	err = smc_pnet_del(genl_info_net(info), pnet.pnetid);
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[SMC_PNETID_NAME],
				    "PNETID: no interface or device has it");
	return err;
}

static int smc_pnet_genl_change(struct sk_buff *skb, struct genl_info *info)
{
	struct net *net = genl_info_net(info);

	if (!netlink_ns_capable(skb, net->user_ns, CAP_NET_ADMIN)) {
		NL_SET_ERR_MSG(info->extack,
			       "not permitted, needs CAP_NET_ADMIN in the network namespace");
		return -EPERM;
	}
	switch (info->genlhdr->cmd) {
	case SMC_PNETID_ADD:
		return smc_pnet_genl_add(info);
	case SMC_PNETID_DEL:
		return smc_pnet_genl_del(info);
	default:
		smc_pnet_flush(net);
		return 0;
	}
}

/* --- listing -------------------------------------------------------------- */

static int smc_pnet_genl_put(struct sk_buff *skb, const struct smc_pnet *pnet)
{
	bool device = pnet->kind == SMC_PNET_DEVICE;

	if (nla_put_string(skb, SMC_PNETID_NAME, pnet->pnetid) ||
	    nla_put_string(skb, SMC_PNETID_ETHNAME,
			   device ? NO_NAME : pnet->name) ||
	    nla_put_string(skb, SMC_PNETID_IBNAME,
			   device ? pnet->name : NO_NAME) ||
	    nla_put_u8(skb, SMC_PNETID_IBPORT, pnet->port ? : NO_PORT))
		return -EMSGSIZE;
	return 0;
}

struct smc_pnet_genl_reply {
	struct sk_buff *skb;
	u32 portid;
	u32 seq;
	int flags;
	const char *pnetid;	/* only entries with this PNETID; NULL: all */
	unsigned long skip;	/* entries in earlier parts of the dump */
	unsigned long seen;
};

static bool smc_pnet_genl_put_message(const struct smc_pnet *pnet, void *arg)
{
	struct smc_pnet_genl_reply *reply = arg;
	void *hdr;

	if (reply->pnetid && strcmp(pnet->pnetid, reply->pnetid))
		return true;
	if (reply->seen < reply->skip) {
		reply->seen++;
		return true;
	}
	hdr = genlmsg_put(reply->skb, reply->portid, reply->seq,
			  &smc_pnet_genl, reply->flags, SMC_PNETID_GET);
	if (!hdr)
		return false;
	if (smc_pnet_genl_put(reply->skb, pnet)) {
		genlmsg_cancel(reply->skb, hdr);
		return false;
	}
	genlmsg_end(reply->skb, hdr);
	reply->seen++;
	return true;
}

/* Dumps all entries, or those with the PNETID of the request. */
static int smc_pnet_genl_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct nlattr *attr = dibs_genl_dump_attrs(cb)[SMC_PNETID_NAME];
	struct smc_pnet_genl_reply reply = {
		.skb = skb,
		.portid = NETLINK_CB(cb->skb).portid,
		.seq = cb->nlh->nlmsg_seq,
		.flags = NLM_F_MULTI,
		.skip = cb->args[0],
	};
	struct smc_pnet pnet;

	if (attr) {
		int err = smc_pnet_genl_parse_id(attr, &pnet, cb->extack);

		if (err)
			return err;
		reply.pnetid = pnet.pnetid;
	}
	smc_pnet_each(sock_net(skb->sk), smc_pnet_genl_put_message, &reply);
	cb->args[0] = reply.seen;
	return skb->len;
}

/*
 * Replies with the entries that have the PNETID of the request, one message
 * each, as many as fit into one skb.
 */
static int smc_pnet_genl_get(struct sk_buff *skb, struct genl_info *info)
{
	struct smc_pnet_genl_reply reply = {
		.portid = info->snd_portid,
		.seq = info->snd_seq,
	};
	struct smc_pnet pnet;
	int err = smc_pnet_genl_read_id(info, &pnet);

	if (err)
		return err;
	reply.pnetid = pnet.pnetid;
	reply.skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply.skb)
		return -ENOMEM;
	smc_pnet_each(genl_info_net(info), smc_pnet_genl_put_message, &reply);
	if (reply.seen)
		return genlmsg_reply(reply.skb, info);
	nlmsg_free(reply.skb);
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[SMC_PNETID_NAME],
			    "PNETID: no interface or device has it");
	return -ENOENT;
}

static const struct genl_ops smc_pnet_genl_ops[] = {
	{
		.cmd = SMC_PNETID_GET,
		.doit = smc_pnet_genl_get,
		.dumpit = smc_pnet_genl_dump,
	},
	{ .cmd = SMC_PNETID_ADD, .doit = smc_pnet_genl_change },
	{ .cmd = SMC_PNETID_DEL, .doit = smc_pnet_genl_change },
	{ .cmd = SMC_PNETID_FLUSH, .doit = smc_pnet_genl_change },
};

static struct genl_family smc_pnet_genl = {
	.name = SMCR_GENL_FAMILY_NAME,
	.version = SMCR_GENL_FAMILY_VERSION,
	.maxattr = SMC_PNETID_MAX,
	.policy = smc_pnet_genl_policy,
	.netnsok = true,
	.module = THIS_MODULE,
	.ops = smc_pnet_genl_ops,
	.n_ops = ARRAY_SIZE(smc_pnet_genl_ops),
	.resv_start_op = SMC_PNETID_FLUSH + 1,
};

int smc_pnet_netlink_start(void)
{
	return genl_register_family(&smc_pnet_genl);
}

void smc_pnet_netlink_stop(void)
{
	genl_unregister_family(&smc_pnet_genl);
}

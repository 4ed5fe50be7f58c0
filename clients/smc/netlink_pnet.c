// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The generic netlink family SMC_PNETID, for "dibs smc pnetid" and smc_pnet(8):
 * the PNETIDs of the asking namespace. Everybody may ask.
 */
#include <linux/netdevice.h>
#include <net/genetlink.h>
#include <uapi/linux/smc.h>

#include "pnet.h"
#include "smc.h"
#include "../../compat/genl.h"

static struct genl_family smc_pnet_genl;

/* What tools print where there is nothing. */
#define NO_NAME	"n/a"
#define NO_PORT	255

#define PORT_MAX	2

/* Of any bytes, even none, so that the message about them says what is wrong. */
static const struct nla_policy policy[SMC_PNETID_MAX + 1] = {
	[SMC_PNETID_NAME] = { .type = NLA_BINARY },
	[SMC_PNETID_ETHNAME] = { .type = NLA_BINARY },
	[SMC_PNETID_IBNAME] = { .type = NLA_BINARY },
	[SMC_PNETID_IBPORT] = { .type = NLA_U8 },
};

/* --- what a request says ---------------------------------------------------------------- */

static int parse_pnetid(const struct nlattr *attr, struct smc_pnet *pnet,
			struct netlink_ext_ack *extack)
{
	size_t len = strnlen(nla_data(attr), nla_len(attr));
	int err = smc_pnet_set_id(pnet, nla_data(attr), len);

	if (err)
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "not a PNETID: it has 1 to 16 letters and digits");
	return err;
}

static int read_pnetid(struct genl_info *info, struct smc_pnet *pnet)
{
	const struct nlattr *attr = info->attrs[SMC_PNETID_NAME];

	if (GENL_REQ_ATTR_CHECK(info, SMC_PNETID_NAME)) {
		NL_SET_ERR_MSG(info->extack, "PNETID: there is none");
		return -EINVAL;
	}
	return parse_pnetid(attr, pnet, info->extack);
}

static int read_interface(struct genl_info *info, struct smc_pnet *pnet)
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
			    "interface: not a name of a network interface");
	return -EINVAL;
}

static int read_device(struct genl_info *info, struct smc_pnet *pnet)
{
	const struct nlattr *attr = info->attrs[SMC_PNETID_IBNAME];
	const struct nlattr *port = info->attrs[SMC_PNETID_IBPORT];
	size_t len = strnlen(nla_data(attr), nla_len(attr));

	pnet->kind = SMC_PNET_DEVICE;
	pnet->port = port ? nla_get_u8(port) : 0;
	if (!len || len > SMC_PNET_NAME_LEN) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "device: a name has 1 to 63 characters");
		return -EINVAL;
	}
	if (pnet->port > PORT_MAX) {
		NL_SET_ERR_MSG_ATTR(info->extack, port,
				    "port: there are ports 1 and 2");
		return -EINVAL;
	}
	nla_strscpy(pnet->name, attr, sizeof(pnet->name));
	return 0;
}

/* --- changes ------------------------------------------------------------------------------ */

static int add_one(struct genl_info *info, const struct smc_pnet *pnet)
{
	int err = smc_pnet_add(genl_info_net(info), pnet);

	if (err == -EEXIST)
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[pnet->kind == SMC_PNET_DEVICE ?
						SMC_PNETID_IBNAME :
						SMC_PNETID_ETHNAME],
				    "what is named has a PNETID already");
	else if (err == -ENOSPC)
		NL_SET_ERR_MSG(info->extack, "there are 1024 PNETIDs already");
	return err;
}

/* An interface, a device, or both; of both only the first may have been added. */
static int add(struct genl_info *info)
{
	bool interface = info->attrs[SMC_PNETID_ETHNAME];
	bool device = info->attrs[SMC_PNETID_IBNAME];
	struct smc_pnet first = {}, second = {};
	int err = read_pnetid(info, &first);

	if (err)
		return err;
	if (!interface && !device) {
		NL_SET_ERR_MSG(info->extack,
			       "name an interface or a device that is to have the PNETID");
		return -EINVAL;
	}
	second = first;
	if (interface)
		err = read_interface(info, &first);
	if (!err && device)
		err = read_device(info, &second);
	if (!err && interface)
		err = add_one(info, &first);
	if (!err && device)
		err = add_one(info, &second);
	return err;
}

static int del(struct genl_info *info)
{
	struct smc_pnet pnet;
	int err = read_pnetid(info, &pnet);

	if (err)
		return err;
	err = smc_pnet_del(genl_info_net(info), pnet.pnetid);
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[SMC_PNETID_NAME],
				    "PNETID: nothing has this one");
	return err;
}

static int change(struct sk_buff *skb, struct genl_info *info)
{
	struct net *net = genl_info_net(info);

	if (!netlink_ns_capable(skb, net->user_ns, CAP_NET_ADMIN)) {
		NL_SET_ERR_MSG(info->extack,
			       "not permitted, needs CAP_NET_ADMIN in the network namespace");
		return -EPERM;
	}
	switch (info->genlhdr->cmd) {
	case SMC_PNETID_ADD:
		return add(info);
	case SMC_PNETID_DEL:
		return del(info);
	default:
		smc_pnet_flush(net);
		return 0;
	}
}

/* --- what there is --------------------------------------------------------------------------- */

static int put_pnet(struct sk_buff *skb, const struct smc_pnet *pnet)
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

struct answer {
	struct sk_buff *skb;
	u32 portid;
	u32 seq;
	int flags;
	const char *pnetid;	/* NULL: all */
	unsigned long skip;	/* so many were in earlier parts */
	unsigned long seen;
};

static bool put_message(const struct smc_pnet *pnet, void *arg)
{
	struct answer *answer = arg;
	void *hdr;

	if (answer->pnetid && strcmp(pnet->pnetid, answer->pnetid))
		return true;
	if (answer->seen < answer->skip) {
		answer->seen++;
		return true;
	}
	hdr = genlmsg_put(answer->skb, answer->portid, answer->seq,
			  &smc_pnet_genl, answer->flags, SMC_PNETID_GET);
	if (!hdr)
		return false;
	if (put_pnet(answer->skb, pnet)) {
		genlmsg_cancel(answer->skb, hdr);
		return false;
	}
	genlmsg_end(answer->skb, hdr);
	answer->seen++;
	return true;
}

/* All, or those with the PNETID that is named. */
static int dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct nlattr *attr = dibs_genl_dump_attrs(cb)[SMC_PNETID_NAME];
	struct answer answer = {
		.skb = skb,
		.portid = NETLINK_CB(cb->skb).portid,
		.seq = cb->nlh->nlmsg_seq,
		.flags = NLM_F_MULTI,
		.skip = cb->args[0],
	};
	struct smc_pnet pnet;

	if (attr) {
		int err = parse_pnetid(attr, &pnet, cb->extack);

		if (err)
			return err;
		answer.pnetid = pnet.pnetid;
	}
	smc_pnet_each(sock_net(skb->sk), put_message, &answer);
	cb->args[0] = answer.seen;
	return skb->len;
}

/* Those with one PNETID, one message each, as many as there is room for. */
static int get(struct sk_buff *skb, struct genl_info *info)
{
	struct answer answer = {
		.portid = info->snd_portid,
		.seq = info->snd_seq,
	};
	struct smc_pnet pnet;
	int err = read_pnetid(info, &pnet);

	if (err)
		return err;
	answer.pnetid = pnet.pnetid;
	answer.skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!answer.skb)
		return -ENOMEM;
	smc_pnet_each(genl_info_net(info), put_message, &answer);
	if (answer.seen)
		return genlmsg_reply(answer.skb, info);
	nlmsg_free(answer.skb);
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[SMC_PNETID_NAME],
			    "PNETID: nothing has this one");
	return -ENOENT;
}

static const struct genl_ops smc_pnet_genl_ops[] = {
	{ .cmd = SMC_PNETID_GET, .doit = get, .dumpit = dump },
	{ .cmd = SMC_PNETID_ADD, .doit = change },
	{ .cmd = SMC_PNETID_DEL, .doit = change },
	{ .cmd = SMC_PNETID_FLUSH, .doit = change },
};

static struct genl_family smc_pnet_genl = {
	.name = SMCR_GENL_FAMILY_NAME,
	.version = SMCR_GENL_FAMILY_VERSION,
	.maxattr = SMC_PNETID_MAX,
	.policy = policy,
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

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The generic netlink family "dibs": its commands, the attributes they take,
 * and how a request identifies a device. docs/netlink.yaml describes the family
 * for users.
 *
 * Commands run in parallel; dibs_lock protects what they access. All messages
 * are strictly validated: unknown attributes, attributes of other commands and
 * nonzero reserved fields are rejected.
 */
#include <linux/err.h>
#include <linux/module.h>

#include "netlink.h"

/* A dump may be limited to one device; all dumps use the same attributes. */
static_assert(DIBS_A_DMB_DEV_INDEX == (int)DIBS_A_DEV_INDEX);
static_assert(DIBS_A_DMB_DEV_NAME == (int)DIBS_A_DEV_NAME);
static_assert(DIBS_A_STATS_DEV_INDEX == (int)DIBS_A_DEV_INDEX);
static_assert(DIBS_A_STATS_DEV_NAME == (int)DIBS_A_DEV_NAME);

#define DIBS_NL_POLICY_INDEX	NLA_POLICY_MIN(NLA_U32, 1)
#define DIBS_NL_POLICY_NAME	\
	{ .type = NLA_NUL_STRING, .len = DIBS_NAME_LEN - 1 }
#define DIBS_NL_POLICY_BOOL	NLA_POLICY_MAX(NLA_U8, 1)

const struct nla_policy dibs_nl_find_policy[DIBS_A_DEV_NAME + 1] = {
	[DIBS_A_DEV_INDEX] = DIBS_NL_POLICY_INDEX,
	[DIBS_A_DEV_NAME] = DIBS_NL_POLICY_NAME,
};

/* Strings of any length, so that dibs_nl_dev_add() can say what is wrong. */
const struct nla_policy dibs_nl_add_policy[DIBS_A_DEV_MAX_DMB_LEN + 1] = {
	[DIBS_A_DEV_NAME] = { .type = NLA_NUL_STRING },
	[DIBS_A_DEV_KIND] = { .type = NLA_NUL_STRING },
	[DIBS_A_DEV_MAX_DMBS] = NLA_POLICY_MIN(NLA_U32, 1),
	[DIBS_A_DEV_MAX_DMB_LEN] = NLA_POLICY_MIN(NLA_U32, 1),
};

const struct nla_policy dibs_nl_set_policy[DIBS_A_DEV_SHARED + 1] = {
	[DIBS_A_DEV_INDEX] = DIBS_NL_POLICY_INDEX,
	[DIBS_A_DEV_NAME] = DIBS_NL_POLICY_NAME,
	[DIBS_A_DEV_ENABLED] = DIBS_NL_POLICY_BOOL,
	[DIBS_A_DEV_SHARED] = DIBS_NL_POLICY_BOOL,
};

const struct nla_policy dibs_nl_netns_policy[DIBS_A_DEV_NETNS_FD + 1] = {
	[DIBS_A_DEV_INDEX] = DIBS_NL_POLICY_INDEX,
	[DIBS_A_DEV_NAME] = DIBS_NL_POLICY_NAME,
	[DIBS_A_DEV_NETNS_FD] = { .type = NLA_U32 },
};

static const struct genl_ops dibs_nl_ops[] = {
	{
		.cmd = DIBS_CMD_DEV_GET,
		.doit = dibs_nl_dev_get,
		.start = dibs_nl_list_start,
		.dumpit = dibs_nl_dev_list,
		.policy = dibs_nl_find_policy,
		.maxattr = ARRAY_SIZE(dibs_nl_find_policy) - 1,
	}, {
		.cmd = DIBS_CMD_DEV_ADD,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = dibs_nl_dev_add,
		.policy = dibs_nl_add_policy,
		.maxattr = ARRAY_SIZE(dibs_nl_add_policy) - 1,
	}, {
		.cmd = DIBS_CMD_DEV_DEL,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = dibs_nl_dev_del,
		.policy = dibs_nl_find_policy,
		.maxattr = ARRAY_SIZE(dibs_nl_find_policy) - 1,
	}, {
		.cmd = DIBS_CMD_DEV_SET,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = dibs_nl_dev_set,
		.policy = dibs_nl_set_policy,
		.maxattr = ARRAY_SIZE(dibs_nl_set_policy) - 1,
	}, {
		.cmd = DIBS_CMD_DEV_GRANT,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = dibs_nl_dev_grant,
		.policy = dibs_nl_netns_policy,
		.maxattr = ARRAY_SIZE(dibs_nl_netns_policy) - 1,
	}, {
		.cmd = DIBS_CMD_DEV_REVOKE,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = dibs_nl_dev_revoke,
		.policy = dibs_nl_netns_policy,
		.maxattr = ARRAY_SIZE(dibs_nl_netns_policy) - 1,
	}, {
		.cmd = DIBS_CMD_DEV_JOIN,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = dibs_nl_dev_join,
		.policy = dibs_nl_find_policy,
		.maxattr = ARRAY_SIZE(dibs_nl_find_policy) - 1,
	}, {
		.cmd = DIBS_CMD_DEV_LEAVE,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = dibs_nl_dev_leave,
		.policy = dibs_nl_find_policy,
		.maxattr = ARRAY_SIZE(dibs_nl_find_policy) - 1,
	}, {
		.cmd = DIBS_CMD_CLIENT_GET,
		.dumpit = dibs_nl_client_list,
		/* No policy: takes no attributes. */
	}, {
		.cmd = DIBS_CMD_DMB_GET,
		.start = dibs_nl_list_start,
		.dumpit = dibs_nl_dmb_list,
		.policy = dibs_nl_find_policy,
		.maxattr = ARRAY_SIZE(dibs_nl_find_policy) - 1,
	}, {
		.cmd = DIBS_CMD_STATS_GET,
		.start = dibs_nl_list_start,
		.dumpit = dibs_nl_stats_list,
		.policy = dibs_nl_find_policy,
		.maxattr = ARRAY_SIZE(dibs_nl_find_policy) - 1,
	},
};

/* Events of a fabric also reveal what others do, so they need privilege. */
static const struct genl_multicast_group dibs_nl_groups[] = {
	[DIBS_MCGRP_EVENTS] = { .name = DIBS_GENL_MCGRP_EVENTS },
	[DIBS_MCGRP_FABRIC] = {
		.name = DIBS_GENL_MCGRP_FABRIC,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
};

struct genl_family dibs_genl_family __ro_after_init = {
	.name = DIBS_GENL_NAME,
	.version = DIBS_GENL_VERSION,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.ops = dibs_nl_ops,
	.n_ops = ARRAY_SIZE(dibs_nl_ops),
	.mcgrps = dibs_nl_groups,
	.n_mcgrps = ARRAY_SIZE(dibs_nl_groups),
};

/* The device that a request identifies, referenced, or ERR_PTR. */
struct dibs_dev *dibs_nl_find(struct net *net, struct nlattr **attrs,
			      struct netlink_ext_ack *extack)
{
	const struct nlattr *index = attrs[DIBS_A_DEV_INDEX];
	const struct nlattr *name = attrs[DIBS_A_DEV_NAME];
	struct dibs_dev *dev;

	lockdep_assert_held(&dibs_lock);
	if (!index == !name) {
		NL_SET_ERR_MSG(extack, "name a device by index or by name");
		return ERR_PTR(-EINVAL);
	}
	if (index)
		dev = dibs_dev_find_index(net, nla_get_u32(index));
	else
		dev = dibs_dev_find(net, nla_data(name));
	if (!dev) {
		NL_SET_ERR_MSG_ATTR(extack, index ? : name, "no such device");
		return ERR_PTR(-ENODEV);
	}
	return dev;
}

/* Does the namespace own the device? The initial one owns shared devices. */
bool dibs_nl_dev_owned(const struct dibs_dev *dev, const struct net *net)
{
	const struct net *owner = rcu_access_pointer(dev->net);

	return net_eq(owner ? : &init_net, net);
}

int __init dibs_netlink_start(void)
{
	BUILD_BUG_ON(sizeof(struct dibs_nl_cursor) >
		     sizeof_field(struct netlink_callback, ctx));
	return genl_register_family(&dibs_genl_family);
}

void dibs_netlink_stop(void)
{
	genl_unregister_family(&dibs_genl_family);
}

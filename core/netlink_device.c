// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Netlink commands that change devices. Generic netlink has checked that the
 * caller has CAP_NET_ADMIN in the user namespace of its network namespace; what
 * is left to check is whether that namespace owns the device.
 */
#include <linux/err.h>
#include <linux/module.h>

#include "netlink.h"

/* The device that a request identifies and may change, referenced. */
static struct dibs_dev *dibs_nl_find_owned(struct genl_info *info)
{
	struct net *net = genl_info_net(info);
	struct dibs_dev *dev = dibs_nl_find(net, info->attrs, info->extack);

	if (IS_ERR(dev) || dibs_nl_dev_owned(dev, net))
		return dev;
	dibs_dev_put(dev);
	NL_SET_ERR_MSG(info->extack,
		       "the device belongs to another network namespace");
	return ERR_PTR(-EPERM);
}

static bool dibs_nl_name_valid(struct genl_info *info, int attr)
{
	if (dibs_name_valid(nla_data(info->attrs[attr])))
		return true;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attr],
			    "a name is 1 to 15 of a-z, 0-9, _ and -");
	return false;
}

static u32 dibs_nl_u32_or_0(const struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

int dibs_nl_dev_add(struct sk_buff *skb, struct genl_info *info)
{
	u32 max_len = dibs_nl_u32_or_0(info->attrs[DIBS_A_DEV_MAX_DMB_LEN]);
	u32 max_dmbs = dibs_nl_u32_or_0(info->attrs[DIBS_A_DEV_MAX_DMBS]);
	struct dibs_dev_kind *kind;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, DIBS_A_DEV_NAME)) {
		NL_SET_ERR_MSG(info->extack, "a name is missing");
		return -EINVAL;
	}
	if (GENL_REQ_ATTR_CHECK(info, DIBS_A_DEV_KIND)) {
		NL_SET_ERR_MSG(info->extack, "a type is missing");
		return -EINVAL;
	}
	/* Check the kind, too: its name may be passed to modprobe. */
	if (!dibs_nl_name_valid(info, DIBS_A_DEV_NAME) ||
	    !dibs_nl_name_valid(info, DIBS_A_DEV_KIND))
		return -EINVAL;
	kind = dibs_kind_get(nla_data(info->attrs[DIBS_A_DEV_KIND]));
	if (kind == ERR_PTR(-EAGAIN)) {
		NL_SET_ERR_MSG(info->extack,
			       "the module of this type is being loaded");
		return -EAGAIN;
	}
	if (IS_ERR(kind)) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[DIBS_A_DEV_KIND],
				    "no such type of devices");
		return PTR_ERR(kind);
	}
	err = kind->add(genl_info_net(info),
			nla_data(info->attrs[DIBS_A_DEV_NAME]), max_dmbs,
			max_len, info->extack);
	dibs_kind_put(kind);
	if (err == -EEXIST)
		NL_SET_BAD_ATTR(info->extack, info->attrs[DIBS_A_DEV_NAME]);
	else if (err == -EDQUOT)
		NL_SET_ERR_MSG(info->extack,
			       "too many devices, see net.dibs.netns_dev_max");
	return err;
}

/*
 * Returns the device with a reference to it and to the module of its kind. A
 * kind deletes its devices before its module is unloaded, so a device that is
 * still listed has its kind.
 */
static struct dibs_dev *dibs_nl_find_deletable(struct genl_info *info)
{
	struct dibs_dev *dev = dibs_nl_find_owned(info);

	if (IS_ERR(dev))
		return dev;
	if (!dev->kind) {
		NL_SET_ERR_MSG(info->extack,
			       "the device goes with its driver only");
		dibs_dev_put(dev);
		return ERR_PTR(-EOPNOTSUPP);
	}
	if (!try_module_get(dev->kind->owner)) {
		NL_SET_ERR_MSG(info->extack, "the device is going");
		dibs_dev_put(dev);
		return ERR_PTR(-ENODEV);
	}
	return dev;
}

int dibs_nl_dev_del(struct sk_buff *skb, struct genl_info *info)
{
	const struct dibs_dev_kind *kind;
	struct dibs_dev *dev;

	mutex_lock(&dibs_lock);
	dev = dibs_nl_find_deletable(info);
	mutex_unlock(&dibs_lock);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	kind = dev->kind;
	kind->del(genl_info_net(info), dev);
	dibs_dev_put(dev);
	module_put(kind->owner);
	return 0;
}

static int dibs_nl_set_shared(struct sk_buff *skb, struct genl_info *info,
			      struct dibs_dev *dev)
{
	const struct nlattr *attr = info->attrs[DIBS_A_DEV_SHARED];
	bool shared = nla_get_u8(attr);
	int err;

	lockdep_assert_held(&dibs_lock);
	if (shared == dibs_dev_shared(dev))
		return 0;
	if (dev->kind) {
		NL_SET_BAD_ATTR(info->extack, attr);
		NL_SET_ERR_MSG(info->extack,
			       "the device goes with its network namespace");
		return -EOPNOTSUPP;
	}
	/* Everybody will see the device and can no longer use its name. */
	if (shared && !netlink_capable(skb, CAP_NET_ADMIN)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "only the host's administrator may share");
		return -EPERM;
	}
	err = dibs_netns_set_owner(dev, shared ? NULL : genl_info_net(info));
	if (err == -EEXIST)
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "another device has this name");
	if (err)
		return err;
	dibs_notify_dev(dev, DIBS_CMD_DEV_CHANGE_NTF);
	dibs_notify_dev_hidden(dev);
	return 0;
}

static int dibs_nl_set_enabled(struct genl_info *info, struct dibs_dev *dev)
{
	const struct nlattr *attr = info->attrs[DIBS_A_DEV_ENABLED];

	if (!attr)
		return 0;
	if (nla_get_u8(attr))
		return dibs_dev_enable(dev);
	dibs_dev_disable(dev);
	return 0;
}

int dibs_nl_dev_set(struct sk_buff *skb, struct genl_info *info)
{
	struct dibs_dev *dev;
	int err = 0;

	if (!info->attrs[DIBS_A_DEV_ENABLED] &&
	    !info->attrs[DIBS_A_DEV_SHARED]) {
		NL_SET_ERR_MSG(info->extack, "nothing to set");
		return -EINVAL;
	}
	mutex_lock(&dibs_lock);
	dev = dibs_nl_find_owned(info);
	if (!IS_ERR(dev) && info->attrs[DIBS_A_DEV_SHARED])
		err = dibs_nl_set_shared(skb, info, dev);
	mutex_unlock(&dibs_lock);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	if (!err)
		err = dibs_nl_set_enabled(info, dev);
	dibs_dev_put(dev);
	return err;
}

/* The namespace that a request identifies, referenced, or ERR_PTR. */
static struct net *dibs_nl_get_netns(struct genl_info *info)
{
	struct net *net;

	if (GENL_REQ_ATTR_CHECK(info, DIBS_A_DEV_NETNS_FD)) {
		NL_SET_ERR_MSG(info->extack, "a network namespace is missing");
		return ERR_PTR(-EINVAL);
	}
	net = get_net_ns_by_fd(nla_get_u32(info->attrs[DIBS_A_DEV_NETNS_FD]));
	if (IS_ERR(net))
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[DIBS_A_DEV_NETNS_FD],
				    "this is no network namespace");
	return net;
}

static int dibs_nl_grant(struct sk_buff *skb, struct genl_info *info,
			 struct dibs_dev *dev, struct net *net)
{
	int err;

	/* Its programs may then use the device, so its admin must agree. */
	if (!netlink_ns_capable(skb, net->user_ns, CAP_NET_ADMIN)) {
		NL_SET_ERR_MSG(info->extack,
			       "no rights in the other network namespace");
		return -EPERM;
	}
	err = dibs_netns_grant(dev, net);
	if (err == -EOPNOTSUPP)
		NL_SET_ERR_MSG(info->extack,
			       "all network namespaces share the device");
	else if (err == -EEXIST)
		NL_SET_ERR_MSG(info->extack,
			       "the network namespace has the device already");
	else if (err == -EDQUOT)
		NL_SET_ERR_MSG(info->extack,
			       "the network namespace has too many devices");
	else if (!err)
		dibs_notify_dev_in(dev, net, DIBS_CMD_DEV_ADD_NTF);
	return err;
}

static int dibs_nl_revoke(struct sk_buff *skb, struct genl_info *info,
			  struct dibs_dev *dev, struct net *net)
{
	int err = dibs_netns_revoke(dev, net);

	if (err == -ENOENT)
		NL_SET_ERR_MSG(info->extack,
			       "the device is not granted to the namespace");
	else if (!err)
		dibs_notify_dev_in(dev, net, DIBS_CMD_DEV_DEL_NTF);
	return err;
}

typedef int dibs_nl_netns_fn(struct sk_buff *skb, struct genl_info *info,
			     struct dibs_dev *dev, struct net *net);

static int dibs_nl_with_netns(struct sk_buff *skb, struct genl_info *info,
			      dibs_nl_netns_fn *fn)
{
	struct net *net = dibs_nl_get_netns(info);
	struct dibs_dev *dev;
	int err;

	if (IS_ERR(net))
		return PTR_ERR(net);
	mutex_lock(&dibs_lock);
	dev = dibs_nl_find_owned(info);
	err = PTR_ERR_OR_ZERO(dev);
	if (!err)
		err = fn(skb, info, dev, net);
	mutex_unlock(&dibs_lock);
	if (!IS_ERR(dev))
		dibs_dev_put(dev);
	put_net(net);
	return err;
}

int dibs_nl_dev_grant(struct sk_buff *skb, struct genl_info *info)
{
	return dibs_nl_with_netns(skb, info, dibs_nl_grant);
}

int dibs_nl_dev_revoke(struct sk_buff *skb, struct genl_info *info)
{
	return dibs_nl_with_netns(skb, info, dibs_nl_revoke);
}

/* Sets whether the asking namespace, and no other, uses a shared device. */
static int dibs_nl_set_joined(struct genl_info *info,
			      int (*fn)(struct dibs_dev *dev, struct net *net))
{
	struct net *net = genl_info_net(info);
	struct dibs_dev *dev;
	int err;

	mutex_lock(&dibs_lock);
	dev = dibs_nl_find(net, info->attrs, info->extack);
	err = PTR_ERR_OR_ZERO(dev);
	if (!err)
		err = fn(dev, net);
	if (err == -EOPNOTSUPP)
		NL_SET_ERR_MSG(info->extack,
			       "the device is not shared by all namespaces");
	else if (!err)
		dibs_notify_dev_in(dev, net, DIBS_CMD_DEV_CHANGE_NTF);
	mutex_unlock(&dibs_lock);
	if (!IS_ERR(dev))
		dibs_dev_put(dev);
	return err;
}

int dibs_nl_dev_join(struct sk_buff *skb, struct genl_info *info)
{
	return dibs_nl_set_joined(info, dibs_netns_join);
}

int dibs_nl_dev_leave(struct sk_buff *skb, struct genl_info *info)
{
	return dibs_nl_set_joined(info, dibs_netns_leave);
}

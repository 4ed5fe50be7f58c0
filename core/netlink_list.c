// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Netlink commands that only read: one device, and dumps. A dump is made in
 * steps, one for each buffer the reader provides. Nothing is held between
 * steps; a step finds its place by numbers: devices are sorted by index, and
 * whatever belongs to a device has a number within it. If devices or clients
 * came or went between steps, the reader sees NLM_F_DUMP_INTR.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <net/sock.h>

#include "netlink.h"
#include "../compat/genl.h"

static struct net *dibs_nl_list_net(struct netlink_callback *cb)
{
	return sock_net(cb->skb->sk);
}

static bool dibs_nl_list_admin(struct netlink_callback *cb)
{
	return netlink_ns_capable(cb->skb, dibs_nl_list_net(cb)->user_ns,
				  CAP_NET_ADMIN);
}

/* Begins a message of a dump; flags it if @cb->seq changed between steps. */
static void *dibs_nl_list_put(struct sk_buff *skb, struct netlink_callback *cb,
			      u8 cmd)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, &dibs_genl_family,
				NLM_F_MULTI, cmd);

	if (hdr)
		genl_dump_check_consistent(cb, hdr);
	return hdr;
}

/* What a step returns: an error only if it made no progress. */
static int dibs_nl_list_result(const struct sk_buff *skb, int err)
{
	return skb->len ? : err;
}

/* The device that the dump is at, or NULL at its end. */
static struct dibs_dev *dibs_nl_list_dev(struct netlink_callback *cb)
{
	const struct dibs_nl_cursor *cursor = (void *)cb->ctx;
	struct dibs_dev *dev;

	dev = dibs_netns_next_dev(dibs_nl_list_net(cb),
				  max(cursor->dev, cursor->only));
	return dev && cursor->only && cursor->only != dev->index ? NULL : dev;
}

/* Starts with a device, or continues where the last step ended within it. */
static void dibs_nl_list_enter(struct dibs_nl_cursor *cursor,
			       const struct dibs_dev *dev)
{
	if (cursor->dev == dev->index)
		return;
	cursor->dev = dev->index;
	cursor->entry = 0;
}

static void dibs_nl_list_leave(struct dibs_nl_cursor *cursor)
{
	cursor->dev++;
	cursor->entry = 0;
}

int dibs_nl_list_start(struct netlink_callback *cb)
{
	struct dibs_nl_cursor *cursor = (void *)cb->ctx;
	struct nlattr **attrs = dibs_genl_dump_attrs(cb);
	struct dibs_dev *dev;

	if (!attrs || (!attrs[DIBS_A_DEV_INDEX] && !attrs[DIBS_A_DEV_NAME]))
		return 0;
	mutex_lock(&dibs_lock);
	dev = dibs_nl_find(dibs_nl_list_net(cb), attrs, cb->extack);
	mutex_unlock(&dibs_lock);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	cursor->only = dev->index;
	dibs_dev_put(dev);
	return 0;
}

int dibs_nl_dev_get(struct sk_buff *skb, struct genl_info *info)
{
	struct net *net = genl_info_net(info);
	struct sk_buff *reply;
	struct dibs_dev *dev;
	void *hdr;
	int err;

	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	mutex_lock(&dibs_lock);
	dev = dibs_nl_find(net, info->attrs, info->extack);
	err = PTR_ERR_OR_ZERO(dev);
	if (!err) {
		hdr = genlmsg_put_reply(reply, info, &dibs_genl_family, 0,
					DIBS_CMD_DEV_GET);
		err = dibs_nl_put_dev(reply, hdr, dev, net);
	}
	mutex_unlock(&dibs_lock);
	if (!IS_ERR(dev))
		dibs_dev_put(dev);
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	return genlmsg_reply(reply, info);
}

int dibs_nl_dev_list(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dibs_nl_cursor *cursor = (void *)cb->ctx;
	struct net *net = dibs_nl_list_net(cb);
	struct dibs_dev *dev;
	int err = 0;

	mutex_lock(&dibs_lock);
	cb->seq = dibs_notify_generation();
	while ((dev = dibs_nl_list_dev(cb))) {
		void *hdr = dibs_nl_list_put(skb, cb, DIBS_CMD_DEV_GET);

		err = dibs_nl_put_dev(skb, hdr, dev, net);
		if (err)
			break;
		cursor->dev = dev->index + 1;
	}
	mutex_unlock(&dibs_lock);
	return dibs_nl_list_result(skb, err);
}

int dibs_nl_client_list(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dibs_nl_cursor *cursor = (void *)cb->ctx;
	struct dibs_client *client;
	u32 number = 0;
	int err = 0;

	mutex_lock(&dibs_lock);
	cb->seq = dibs_notify_generation();
	list_for_each_entry(client, &dibs_clients, entry) {
		void *hdr;

		if (number++ < cursor->dev)
			continue;
		hdr = dibs_nl_list_put(skb, cb, DIBS_CMD_CLIENT_GET);
		err = dibs_nl_put_client(skb, hdr, client,
					 dibs_nl_list_net(cb));
		if (err)
			break;
		cursor->dev++;
	}
	mutex_unlock(&dibs_lock);
	return dibs_nl_list_result(skb, err);
}

/* The next device to dump, referenced, or NULL. */
static struct dibs_dev *dibs_nl_list_next(struct netlink_callback *cb)
{
	struct dibs_nl_cursor *cursor = (void *)cb->ctx;
	struct dibs_dev *dev;

	mutex_lock(&dibs_lock);
	cb->seq = dibs_notify_generation();
	dev = dibs_nl_list_dev(cb);
	if (dev) {
		dibs_dev_get(dev);
		dibs_nl_list_enter(cursor, dev);
	}
	mutex_unlock(&dibs_lock);
	return dev;
}

/* One DMB of the device, from cursor->entry on; -ENOENT if there is none. */
static int dibs_nl_list_dmb(struct sk_buff *skb, struct netlink_callback *cb,
			    struct dibs_dev *dev, bool token)
{
	struct dibs_nl_cursor *cursor = (void *)cb->ctx;
	unsigned long index = cursor->entry;
	struct dibs_dmb *dmb;
	int err = 0;

	/* A DMB and everything it points to are freed under RCU. */
	rcu_read_lock();
	dmb = xa_find(&dev->dmbs, &index, U32_MAX, XA_PRESENT);
	if (!dmb)
		err = -ENOENT;
	else if (dmb->ctx->cookie == dibs_nl_list_net(cb)->net_cookie)
		err = dibs_nl_put_dmb(skb,
				      dibs_nl_list_put(skb, cb,
						       DIBS_CMD_DMB_GET),
				      dmb, token);
	rcu_read_unlock();
	if (!err && index == U32_MAX)
		return -ENOENT;
	if (!err)
		cursor->entry = index + 1;
	return err;
}

/* Without dibs_lock: there may be very many DMBs of others to skip. */
int dibs_nl_dmb_list(struct sk_buff *skb, struct netlink_callback *cb)
{
	bool token = dibs_nl_list_admin(cb);
	struct dibs_dev *dev;
	int err = 0;

	while ((dev = dibs_nl_list_next(cb))) {
		do {
			err = dibs_nl_list_dmb(skb, cb, dev, token);
			cond_resched();
		} while (!err);
		dibs_dev_put(dev);
		if (err != -ENOENT)
			return dibs_nl_list_result(skb, err);
		dibs_nl_list_leave((void *)cb->ctx);
	}
	return skb->len;
}

/* Statistics of all clients of a device, from cursor->entry on. */
static int dibs_nl_list_stats(struct sk_buff *skb, struct netlink_callback *cb,
			      struct dibs_dev *dev, bool admin)
{
	struct dibs_nl_cursor *cursor = (void *)cb->ctx;
	struct net *net = dibs_nl_list_net(cb);
	bool total = admin && dibs_nl_dev_owned(dev, net);
	struct dibs_binding *binding;
	unsigned long id;
	int err;

	xa_for_each_start(&dev->bindings, id, binding, cursor->entry) {
		void *hdr = dibs_nl_list_put(skb, cb, DIBS_CMD_STATS_GET);

		err = dibs_nl_put_stats(skb, hdr, binding, net, total);
		if (err)
			return err;
		cursor->entry = id + 1;
	}
	return 0;
}

int dibs_nl_stats_list(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dibs_nl_cursor *cursor = (void *)cb->ctx;
	bool admin = dibs_nl_list_admin(cb);
	struct dibs_dev *dev;
	int err = 0;

	mutex_lock(&dibs_lock);
	cb->seq = dibs_notify_generation();
	while ((dev = dibs_nl_list_dev(cb))) {
		dibs_nl_list_enter(cursor, dev);
		err = dibs_nl_list_stats(skb, cb, dev, admin);
		if (err)
			break;
		dibs_nl_list_leave(cursor);
	}
	mutex_unlock(&dibs_lock);
	return dibs_nl_list_result(skb, err);
}

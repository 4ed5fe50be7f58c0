// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Netlink commands that only look: a device, and the lists ("dumps"). A list
 * comes in steps, one for each buffer the reader provides. Nothing is held
 * between steps, so each finds its place by numbers: devices are in the order
 * of their indexes, within a device everything has a number of its own. If
 * devices or clients came or went between steps, the reader learns of it
 * (NLM_F_DUMP_INTR).
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

/* Begins a message of a list; under dibs_lock if @cb->seq shall tell. */
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

/* What a step returns: an error only if it would do so for ever. */
static int dibs_nl_list_result(const struct sk_buff *skb, int err)
{
	return skb->len ? : err;
}

/* Shall the list have this device, now? */
static bool dibs_nl_list_wants(const struct dibs_nl_cursor *cursor,
			       const struct dibs_dev *dev,
			       const struct net *net)
{
	if (dev->index < cursor->dev)
		return false;
	if (cursor->only && cursor->only != dev->index)
		return false;
	return dibs_dev_visible(dev, net);
}

/* To the device: at its beginning, unless the last step ended within it. */
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
	list_for_each_entry(dev, &dibs_devs, entry) {
		void *hdr;

		if (!dibs_nl_list_wants(cursor, dev, net))
			continue;
		hdr = dibs_nl_list_put(skb, cb, DIBS_CMD_DEV_GET);
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

/* The next device to list, referenced, or NULL. */
static struct dibs_dev *dibs_nl_list_next(struct netlink_callback *cb)
{
	struct dibs_nl_cursor *cursor = (void *)cb->ctx;
	struct net *net = dibs_nl_list_net(cb);
	struct dibs_dev *dev, *next = NULL;

	mutex_lock(&dibs_lock);
	cb->seq = dibs_notify_generation();
	list_for_each_entry(dev, &dibs_devs, entry) {
		if (!dibs_nl_list_wants(cursor, dev, net))
			continue;
		next = dibs_dev_get(dev);
		dibs_nl_list_enter(cursor, dev);
		break;
	}
	mutex_unlock(&dibs_lock);
	return next;
}

/* One DMB of the device, if there is one from cursor->entry on. */
static int dibs_nl_list_dmb(struct sk_buff *skb, struct netlink_callback *cb,
			    struct dibs_dev *dev, bool token)
{
	struct dibs_nl_cursor *cursor = (void *)cb->ctx;
	unsigned long index = cursor->entry;
	struct dibs_dmb *dmb;
	int err = 0;

	/* A DMB goes by RCU, and so does all that it points to. */
	rcu_read_lock();
	dmb = xa_find(&dev->dmbs, &index, U32_MAX, XA_PRESENT);
	if (!dmb)
		err = -ENOENT;
	else if (dmb->use->cookie == dibs_nl_list_net(cb)->net_cookie)
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

/*
 * Without dibs_lock: a device may have very many DMBs of others to pass over.
 */
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

/* All clients of a device, from cursor->entry on. */
static int dibs_nl_list_stats(struct sk_buff *skb, struct netlink_callback *cb,
			      struct dibs_dev *dev, bool admin)
{
	struct dibs_nl_cursor *cursor = (void *)cb->ctx;
	struct net *net = dibs_nl_list_net(cb);
	bool total = admin && dibs_dev_owned(dev, net);
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
	list_for_each_entry(dev, &dibs_devs, entry) {
		if (!dibs_nl_list_wants(cursor, dev, dibs_nl_list_net(cb)))
			continue;
		dibs_nl_list_enter(cursor, dev);
		err = dibs_nl_list_stats(skb, cb, dev, admin);
		if (err)
			break;
		dibs_nl_list_leave(cursor);
	}
	mutex_unlock(&dibs_lock);
	return dibs_nl_list_result(skb, err);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Netlink notifications about devices, clients and events of a fabric, for
 * listeners that may see them. A message says what the listener's namespace may
 * do with a device, so each namespace gets its own; none is built where nobody
 * listens. Delivery is not guaranteed: without memory a message is dropped, and
 * a socket that overflows reports ENOBUFS.
 */
#include "netlink.h"

static u32 dibs_generation = 1;	/* dibs_lock */

/* A number that changes with the lists of devices and clients. */
u32 dibs_notify_generation(void)
{
	lockdep_assert_held(&dibs_lock);
	return dibs_generation;
}

static void dibs_notify_changed(void)
{
	lockdep_assert_held(&dibs_lock);
	/* 0 would disable the consistency check of dumps. */
	if (!++dibs_generation)
		dibs_generation = 1;
}

static bool dibs_notify_wanted(struct net *net, int group)
{
	return genl_has_listeners(&dibs_genl_family, net, group);
}

/* An empty message and, in *@hdr, its header; NULL without memory. */
static struct sk_buff *dibs_notify_new(u8 cmd, void **hdr)
{
	struct sk_buff *skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_ATOMIC);

	if (skb)
		*hdr = genlmsg_put(skb, 0, 0, &dibs_genl_family, 0, cmd);
	return skb;
}

static void dibs_notify_send(struct net *net, struct sk_buff *skb, int group,
			     int err)
{
	if (err)
		nlmsg_free(skb);
	else
		genlmsg_multicast_netns(&dibs_genl_family, net, skb, 0, group,
					GFP_ATOMIC);
}

/* Notifies one namespace, whether it sees the device or not. */
static void dibs_notify_dev_one(const struct dibs_dev *dev, struct net *net,
				u8 cmd)
{
	struct sk_buff *skb;
	void *hdr;

	lockdep_assert_held(&dibs_lock);
	if (!dibs_notify_wanted(net, DIBS_MCGRP_EVENTS))
		return;
	skb = dibs_notify_new(cmd, &hdr);
	if (skb)
		dibs_notify_send(net, skb, DIBS_MCGRP_EVENTS,
				 dibs_nl_put_dev(skb, hdr, dev, net));
}

/* Notifies a namespace that got or lost the device. */
void dibs_notify_dev_in(const struct dibs_dev *dev, struct net *net, u8 cmd)
{
	dibs_notify_changed();
	dibs_notify_dev_one(dev, net, cmd);
}

/*
 * Notifies all namespaces that see the device. A private one must not cost more
 * the more namespaces others have.
 */
void dibs_notify_dev(struct dibs_dev *dev, u8 cmd)
{
	unsigned long cookie;
	struct net *net;

	dibs_notify_changed();
	rcu_read_lock();
	net = rcu_dereference(dev->net);
	if (net) {
		dibs_notify_dev_one(dev, net, cmd);
		xa_for_each(&dev->grants, cookie, net)
			dibs_notify_dev_one(dev, net, cmd);
	} else {
		for_each_net_rcu(net)
			dibs_notify_dev_one(dev, net, cmd);
	}
	rcu_read_unlock();
}

/* Notifies namespaces that no longer see a device that was shared. */
void dibs_notify_dev_hidden(const struct dibs_dev *dev)
{
	struct net *net;

	lockdep_assert_held(&dibs_lock);
	rcu_read_lock();
	for_each_net_rcu(net)
		if (!dibs_dev_visible(dev, net))
			dibs_notify_dev_one(dev, net, DIBS_CMD_DEV_DEL_NTF);
	rcu_read_unlock();
}

static void dibs_notify_client_one(const struct dibs_client *client,
				   struct net *net, u8 cmd)
{
	struct sk_buff *skb;
	void *hdr;

	lockdep_assert_held(&dibs_lock);
	if (!dibs_notify_wanted(net, DIBS_MCGRP_EVENTS))
		return;
	skb = dibs_notify_new(cmd, &hdr);
	if (skb)
		dibs_notify_send(net, skb, DIBS_MCGRP_EVENTS,
				 dibs_nl_put_client(skb, hdr, client, net));
}

/* Notifies all namespaces. */
void dibs_notify_client(struct dibs_client *client, u8 cmd)
{
	struct net *net;

	dibs_notify_changed();
	rcu_read_lock();
	for_each_net_rcu(net)
		dibs_notify_client_one(client, net, cmd);
	rcu_read_unlock();
}

/*
 * Notifies the namespace that owns the device. Any context but hard interrupt.
 */
void dibs_notify_event(struct dibs_dev *dev, const struct dibs_event *event)
{
	struct sk_buff *skb;
	struct net *net;
	void *hdr;

	rcu_read_lock();
	net = rcu_dereference(dev->net) ? : &init_net;
	if (!dibs_notify_wanted(net, DIBS_MCGRP_FABRIC))
		goto unlock;
	skb = dibs_notify_new(DIBS_CMD_EVENT_NTF, &hdr);
	if (skb)
		dibs_notify_send(net, skb, DIBS_MCGRP_FABRIC,
				 dibs_nl_put_event(skb, hdr, dev, event));
unlock:
	rcu_read_unlock();
}

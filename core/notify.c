// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Netlink notifications: what happens, to whoever listens and may know. A
 * message says what the listener's namespace may do with a device, so each
 * namespace gets its own; where nobody listens, none is made. They are news,
 * not a record: without memory one is lost, and the reader's socket says so
 * when it was too slow.
 */
#include "netlink.h"

static u32 dibs_generation = 1;	/* dibs_lock */

/* Changes with the lists of devices and clients. dibs_lock held. */
u32 dibs_notify_generation(void)
{
	lockdep_assert_held(&dibs_lock);
	return dibs_generation;
}

static void dibs_notify_changed(void)
{
	lockdep_assert_held(&dibs_lock);
	/* 0 would mean that nobody counts. */
	if (!++dibs_generation)
		dibs_generation = 1;
}

static bool dibs_notify_wanted(struct net *net, int group)
{
	return genl_has_listeners(&dibs_genl_family, net, group);
}

/* A message to be filled; *@hdr is its header. */
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

/* In one namespace, whether it sees the device or not. dibs_lock held. */
static void dibs_notify_dev_one(const struct dibs_dev *dev, struct net *net,
				u8 cmd)
{
	struct sk_buff *skb;
	void *hdr;

	if (!dibs_notify_wanted(net, DIBS_MCGRP_EVENTS))
		return;
	skb = dibs_notify_new(cmd, &hdr);
	if (skb)
		dibs_notify_send(net, skb, DIBS_MCGRP_EVENTS,
				 dibs_nl_put_dev(skb, hdr, dev, net));
}

/* In a namespace that got or lost the device. dibs_lock held. */
void dibs_notify_dev_in(const struct dibs_dev *dev, struct net *net, u8 cmd)
{
	dibs_notify_changed();
	dibs_notify_dev_one(dev, net, cmd);
}

/* In all namespaces that see the device. dibs_lock held. */
void dibs_notify_dev(struct dibs_dev *dev, u8 cmd)
{
	struct net *net;

	dibs_notify_changed();
	rcu_read_lock();
	for_each_net_rcu(net)
		if (dibs_dev_visible(dev, net))
			dibs_notify_dev_one(dev, net, cmd);
	rcu_read_unlock();
}

/* In all that saw it as long as it was shared. dibs_lock held. */
void dibs_notify_dev_hidden(const struct dibs_dev *dev)
{
	struct net *net;

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

	if (!dibs_notify_wanted(net, DIBS_MCGRP_EVENTS))
		return;
	skb = dibs_notify_new(cmd, &hdr);
	if (skb)
		dibs_notify_send(net, skb, DIBS_MCGRP_EVENTS,
				 dibs_nl_put_client(skb, hdr, client, net));
}

/* dibs_lock held. */
void dibs_notify_client(struct dibs_client *client, u8 cmd)
{
	struct net *net;

	dibs_notify_changed();
	rcu_read_lock();
	for_each_net_rcu(net)
		dibs_notify_client_one(client, net, cmd);
	rcu_read_unlock();
}

/* For the namespace that owns the device. Any context but hard interrupts. */
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

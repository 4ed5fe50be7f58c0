// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Objects as netlink messages. Each function takes a message that has been
 * begun (@hdr, NULL if there was no room for it), and ends or cancels it. The
 * callers decide what the reader may see.
 */
#include "netlink.h"

static int dibs_nl_end(struct sk_buff *skb, void *hdr, bool failed)
{
	if (failed) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static bool dibs_nl_put_dev_flags(struct sk_buff *skb,
				  const struct dibs_dev *dev,
				  const struct net *net)
{
	return nla_put_u8(skb, DIBS_A_DEV_ENABLED, dev->enabled) ||
	       nla_put_u8(skb, DIBS_A_DEV_SHARED, dibs_dev_shared(dev)) ||
	       nla_put_u8(skb, DIBS_A_DEV_USABLE, dibs_dev_usable(dev, net)) ||
	       nla_put_u8(skb, DIBS_A_DEV_OWNED, dibs_nl_dev_owned(dev, net)) ||
	       nla_put_u8(skb, DIBS_A_DEV_MAPS, dibs_dev_maps(dev)) ||
	       nla_put_u8(skb, DIBS_A_DEV_VLANS, dibs_dev_has_vlans(dev));
}

/* dibs_lock keeps the kind of the device from going away. */
int dibs_nl_put_dev(struct sk_buff *skb, void *hdr, const struct dibs_dev *dev,
		    const struct net *net)
{
	bool failed;

	lockdep_assert_held(&dibs_lock);
	if (!hdr)
		return -EMSGSIZE;
	failed = nla_put_u32(skb, DIBS_A_DEV_INDEX, dev->index) ||
		 nla_put_string(skb, DIBS_A_DEV_NAME, dev->name) ||
		 (dev->kind &&
		  nla_put_string(skb, DIBS_A_DEV_KIND, dev->kind->name)) ||
		 nla_put(skb, DIBS_A_DEV_GID, sizeof(dev->gid), &dev->gid) ||
		 nla_put_u16(skb, DIBS_A_DEV_FABRIC_ID, dev->fabric_id) ||
		 dibs_nl_put_dev_flags(skb, dev, net) ||
		 nla_put_u32(skb, DIBS_A_DEV_MAX_DMBS, dev->max_dmbs) ||
		 nla_put_u32(skb, DIBS_A_DEV_MAX_DMB_LEN, dev->max_dmb_len) ||
		 nla_put_u32(skb, DIBS_A_DEV_DMBS, atomic_read(&dev->nr_dmbs));
	return dibs_nl_end(skb, hdr, failed);
}

static u32 dibs_client_count_devs(const struct dibs_client *client,
				  const struct net *net)
{
	struct dibs_dev *dev;
	u32 count = 0;

	dibs_for_each_visible(dev, net)
		if (xa_load(&dev->bindings, client->id))
			count++;
	return count;
}

int dibs_nl_put_client(struct sk_buff *skb, void *hdr,
		       const struct dibs_client *client,
		       const struct net *net)
{
	bool failed;

	lockdep_assert_held(&dibs_lock);
	if (!hdr)
		return -EMSGSIZE;
	failed = nla_put_string(skb, DIBS_A_CLIENT_NAME, client->name) ||
		 nla_put_u32(skb, DIBS_A_CLIENT_DEVICES,
			     dibs_client_count_devs(client, net));
	return dibs_nl_end(skb, hdr, failed);
}

/* Under RCU, or with a reference to the DMB. */
int dibs_nl_put_dmb(struct sk_buff *skb, void *hdr, const struct dibs_dmb *dmb,
		    bool token)
{
	const struct dibs_dev *dev = dibs_ctx_dev(dmb->ctx);
	bool failed;

	if (!hdr)
		return -EMSGSIZE;
	failed = nla_put_u32(skb, DIBS_A_DMB_DEV_INDEX, dev->index) ||
		 nla_put_string(skb, DIBS_A_DMB_DEV_NAME, dev->name) ||
		 nla_put_string(skb, DIBS_A_DMB_CLIENT,
				dibs_ctx_client(dmb->ctx)->name) ||
		 nla_put_u32(skb, DIBS_A_DMB_INDEX, dmb->index) ||
		 nla_put_u32(skb, DIBS_A_DMB_LEN, dmb->memory.len) ||
		 nla_put(skb, DIBS_A_DMB_RGID, sizeof(dmb->rgid), &dmb->rgid) ||
		 nla_put_u32(skb, DIBS_A_DMB_STATE,
			     atomic_read(&dmb->access)) ||
		 nla_put_u64_64bit(skb, DIBS_A_DMB_MEMORY,
				   dibs_memory_present(&dmb->memory),
				   DIBS_A_DMB_PAD) ||
		 (dmb->vlan.valid &&
		  nla_put_u16(skb, DIBS_A_DMB_VLAN, dmb->vlan.id)) ||
		 (token && nla_put_u64_64bit(skb, DIBS_A_DMB_TOKEN, dmb->token,
					     DIBS_A_DMB_PAD));
	return dibs_nl_end(skb, hdr, failed);
}

static bool dibs_nl_put_counters(struct sk_buff *skb, int attr,
				 const struct dibs_stats *stats)
{
	struct nlattr *nest = nla_nest_start(skb, attr);
	int i;

	if (!nest)
		return true;
	for (i = DIBS_A_COUNTER_PAD + 1; i <= DIBS_A_COUNTER_MAX; i++)
		if (nla_put_u64_64bit(skb, i, stats->counter[i],
				      DIBS_A_COUNTER_PAD))
			return true;
	nla_nest_end(skb, nest);
	return false;
}

/* @total: include the counters of all namespaces. */
int dibs_nl_put_stats(struct sk_buff *skb, void *hdr,
		      struct dibs_binding *binding, const struct net *net,
		      bool total)
{
	const struct dibs_dev *dev = binding->dev;
	struct dibs_stats own = {}, all = {};
	bool failed;

	lockdep_assert_held(&dibs_lock);
	if (!hdr)
		return -EMSGSIZE;
	dibs_stats_of_netns(&own, binding, net->net_cookie);
	if (total)
		dibs_stats_total(&all, binding);
	failed = nla_put_u32(skb, DIBS_A_STATS_DEV_INDEX, dev->index) ||
		 nla_put_string(skb, DIBS_A_STATS_DEV_NAME, dev->name) ||
		 nla_put_string(skb, DIBS_A_STATS_CLIENT,
				binding->client->name) ||
		 dibs_nl_put_counters(skb, DIBS_A_STATS_COUNTERS, &own) ||
		 (total &&
		  dibs_nl_put_counters(skb, DIBS_A_STATS_TOTAL, &all));
	return dibs_nl_end(skb, hdr, failed);
}

/* Without the token, which is the right to write. */
int dibs_nl_put_event(struct sk_buff *skb, void *hdr,
		      const struct dibs_dev *dev,
		      const struct dibs_event *event)
{
	bool failed;

	if (!hdr)
		return -EMSGSIZE;
	failed = nla_put_u32(skb, DIBS_A_EVENT_DEV_INDEX, dev->index) ||
		 nla_put_string(skb, DIBS_A_EVENT_DEV_NAME, dev->name) ||
		 nla_put_u32(skb, DIBS_A_EVENT_TYPE, event->type) ||
		 nla_put_u32(skb, DIBS_A_EVENT_SUBTYPE, event->subtype) ||
		 nla_put(skb, DIBS_A_EVENT_GID, sizeof(event->gid),
			 &event->gid) ||
		 nla_put_u64_64bit(skb, DIBS_A_EVENT_DATA, event->data,
				   DIBS_A_EVENT_PAD) ||
		 nla_put_u64_64bit(skb, DIBS_A_EVENT_TIME, event->time,
				   DIBS_A_EVENT_PAD);
	return dibs_nl_end(skb, hdr, failed);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * What the files of the netlink family share. Who may see and do what:
 *
 *	devices, own counters	everybody in a namespace that sees the device
 *	DMBs			everybody, those of the asking namespace
 *	tokens of these DMBs	CAP_NET_ADMIN in the asking namespace
 *	counters of all		CAP_NET_ADMIN in the namespace that owns the
 *	namespaces, changes	device
 *	sharing a device	CAP_NET_ADMIN in the initial namespace
 *
 * The asking namespace is that of the socket. A capability in a network
 * namespace is always one in the user namespace that owns it, and both the task
 * and the opener of the socket must have it.
 */
#ifndef _DIBS_NETLINK_H
#define _DIBS_NETLINK_H

#include <net/genetlink.h>

#include "core.h"

enum {
	DIBS_MCGRP_EVENTS,
	DIBS_MCGRP_FABRIC,
};

/* Where a dump continues; in cb->ctx. All zero: from the beginning. */
struct dibs_nl_cursor {
	u32 only;	/* index of the only device to list, or 0 */
	u32 dev;	/* index of the device, or position of the client */
	u32 entry;	/* within the device */
};

extern struct genl_family dibs_genl_family;
extern const struct nla_policy dibs_nl_find_policy[DIBS_A_DEV_NAME + 1];
extern const struct nla_policy dibs_nl_add_policy[DIBS_A_DEV_MAX_DMB_LEN + 1];
extern const struct nla_policy dibs_nl_set_policy[DIBS_A_DEV_SHARED + 1];
extern const struct nla_policy dibs_nl_netns_policy[DIBS_A_DEV_NETNS_FD + 1];

/* netlink.c */
struct dibs_dev *dibs_nl_find(struct net *net, struct nlattr **attrs,
			      struct netlink_ext_ack *extack);
bool dibs_nl_dev_owned(const struct dibs_dev *dev, const struct net *net);

/* netlink_device.c: commands that change devices */
int dibs_nl_dev_add(struct sk_buff *skb, struct genl_info *info);
int dibs_nl_dev_del(struct sk_buff *skb, struct genl_info *info);
int dibs_nl_dev_set(struct sk_buff *skb, struct genl_info *info);
int dibs_nl_dev_grant(struct sk_buff *skb, struct genl_info *info);
int dibs_nl_dev_revoke(struct sk_buff *skb, struct genl_info *info);
int dibs_nl_dev_join(struct sk_buff *skb, struct genl_info *info);
int dibs_nl_dev_leave(struct sk_buff *skb, struct genl_info *info);

/* netlink_list.c: commands that only read */
int dibs_nl_dev_get(struct sk_buff *skb, struct genl_info *info);
int dibs_nl_list_start(struct netlink_callback *cb);
int dibs_nl_dev_list(struct sk_buff *skb, struct netlink_callback *cb);
int dibs_nl_client_list(struct sk_buff *skb, struct netlink_callback *cb);
int dibs_nl_dmb_list(struct sk_buff *skb, struct netlink_callback *cb);
int dibs_nl_stats_list(struct sk_buff *skb, struct netlink_callback *cb);

/* netlink_put.c: one object per message, all or nothing */
int dibs_nl_put_dev(struct sk_buff *skb, void *hdr, const struct dibs_dev *dev,
		    const struct net *net);
int dibs_nl_put_client(struct sk_buff *skb, void *hdr,
		       const struct dibs_client *client,
		       const struct net *net);
int dibs_nl_put_dmb(struct sk_buff *skb, void *hdr, const struct dibs_dmb *dmb,
		    bool token);
int dibs_nl_put_stats(struct sk_buff *skb, void *hdr,
		      struct dibs_binding *binding, const struct net *net,
		      bool total);
int dibs_nl_put_event(struct sk_buff *skb, void *hdr,
		      const struct dibs_dev *dev,
		      const struct dibs_event *event);

/* notify.c */
u32 dibs_notify_generation(void);
void dibs_notify_dev_in(const struct dibs_dev *dev, struct net *net, u8 cmd);
void dibs_notify_dev_hidden(const struct dibs_dev *dev);

#endif /* _DIBS_NETLINK_H */

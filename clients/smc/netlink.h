/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * What the files of the generic netlink family SMC_GEN_NETLINK share. Dumps
 * keep where to go on in cb->args[0].
 */
#ifndef _DIBS_SMC_NETLINK_H
#define _DIBS_SMC_NETLINK_H

#include <linux/netlink.h>
#include <net/genetlink.h>
#include <uapi/linux/smc.h>

/* netlink.c */
void *smc_genl_put(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd);
int smc_genl_end(struct sk_buff *skb, void *hdr, int err);

/* netlink_list.c */
int smc_genl_dump_groups(struct sk_buff *skb, struct netlink_callback *cb);
int smc_genl_dump_devices(struct sk_buff *skb, struct netlink_callback *cb);

/* netlink_stats.c */
int smc_genl_dump_stats(struct sk_buff *skb, struct netlink_callback *cb);
int smc_genl_dump_fallbacks(struct sk_buff *skb, struct netlink_callback *cb);

/* netlink_eid.c */
extern const struct nla_policy smc_genl_eid_policy[SMC_NLA_EID_TABLE_MAX + 1];

int smc_genl_dump_eids(struct sk_buff *skb, struct netlink_callback *cb);
int smc_genl_add_eid(struct genl_info *info);
int smc_genl_remove_eid(struct genl_info *info);
int smc_genl_dump_seid(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* _DIBS_SMC_NETLINK_H */

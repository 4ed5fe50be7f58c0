/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Declarations shared by the administrative interfaces: generic netlink
 * (SMC_GEN_NETLINK, SMC_PNETID) and sock_diag. Generic netlink dumps keep their
 * position in cb->args[0]. Netlink calls them in process context.
 */
#ifndef _DIBS_SMC_NETLINK_H
#define _DIBS_SMC_NETLINK_H

#include <linux/netlink.h>
#include <linux/uuid.h>
#include <net/genetlink.h>
#include <uapi/linux/smc.h>

/* Bytes 8 to 15 of a GID, the half that dibs_gid_to_u64() leaves out. */
static inline u64 smc_gid_ext(const uuid_t *gid)
{
	u64 ext = 0;
	int i;

	for (i = 8; i < 16; i++)
		ext = ext << 8 | gid->b[i];
	return ext;
}

/* netlink.c */
int smc_netlink_start(void);
void smc_netlink_stop(void);
void *smc_genl_begin(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd);
int smc_genl_end(struct sk_buff *skb, void *hdr, int err);

/* list.c */
int smc_genl_dump_groups(struct sk_buff *skb, struct netlink_callback *cb);
int smc_genl_dump_devices(struct sk_buff *skb, struct netlink_callback *cb);

/* stats.c */
int smc_genl_dump_stats(struct sk_buff *skb, struct netlink_callback *cb);
int smc_genl_dump_fallbacks(struct sk_buff *skb, struct netlink_callback *cb);

/* eid.c */
extern const struct nla_policy smc_genl_eid_policy[SMC_NLA_EID_TABLE_MAX + 1];

int smc_genl_dump_eids(struct sk_buff *skb, struct netlink_callback *cb);
int smc_genl_add_eid(struct genl_info *info);
int smc_genl_remove_eid(struct genl_info *info);
int smc_genl_dump_seid(struct sk_buff *skb, struct netlink_callback *cb);

/* pnet.c */
int smc_pnet_netlink_start(void);
void smc_pnet_netlink_stop(void);

/* diag.c */
int smc_diag_start(void);
void smc_diag_stop(void);

#endif /* _DIBS_SMC_NETLINK_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Differences between kernels in generic netlink.
 */
#ifndef _DIBS_COMPAT_GENL_H
#define _DIBS_COMPAT_GENL_H

#include <linux/version.h>
#include <net/genetlink.h>

/* The attributes of a dump request, checked by the policy. */
static inline struct nlattr **dibs_genl_dump_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
	return genl_dumpit_info(cb)->attrs;
#else
	return genl_info_dump(cb)->attrs;
#endif
}

/* A u32, or a u64 if the value does not fit. Available since 6.7. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
static inline int nla_put_uint(struct sk_buff *skb, int attrtype, u64 value)
{
	u32 small = value;

	if (small == value)
		return nla_put_u32(skb, attrtype, small);
	return nla_put(skb, attrtype, sizeof(value), &value);
}
#endif

#endif /* _DIBS_COMPAT_GENL_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Sysctl tables: registered by size since 6.6, before terminated by an empty
 * entry. Our tables have that entry, and @size does not count it. Since 6.11,
 * handlers get a const table.
 */
#ifndef _DIBS_COMPAT_SYSCTL_H
#define _DIBS_COMPAT_SYSCTL_H

#include <linux/sysctl.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define register_net_sysctl_sz(net, path, table, size) \
	register_net_sysctl(net, path, table)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
#define dibs_ctl_table struct ctl_table
#else
#define dibs_ctl_table const struct ctl_table
#endif

#endif /* _DIBS_COMPAT_SYSCTL_H */

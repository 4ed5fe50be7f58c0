/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * What an administrator does with devices: requests of the netlink family
 * "dibs", which the layer offers to user space alone.
 */
#ifndef _DIBS_SELFTEST_ADMIN_H
#define _DIBS_SELFTEST_ADMIN_H

#include <linux/dibs.h>
#include <net/net_namespace.h>

/**
 * struct admin_request - of a namespace about a device
 * @net:    who asks
 * @cmd:    DIBS_CMD_DEV_*
 * @name:   of the device
 * @shared: for DIBS_CMD_DEV_SET, else NULL
 * @pid:    a process in the namespace that a grant is about, or 0
 */
struct admin_request {
	struct net *net;
	u8 cmd;
	const char *name;
	const u8 *shared;
	int pid;
};

/* What the layer answers: 0 or -errno. May sleep. */
int admin_ask(const struct admin_request *request);

#endif /* _DIBS_SELFTEST_ADMIN_H */

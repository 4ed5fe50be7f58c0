/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Management of devices through the netlink family "dibs", which the core
 * offers only to user space.
 */
#ifndef _DIBS_SELFTEST_ADMIN_H
#define _DIBS_SELFTEST_ADMIN_H

#include <linux/dibs.h>
#include <net/net_namespace.h>

/**
 * struct admin_request - a request of a namespace about a device
 * @net:    the asking namespace
 * @cmd:    DIBS_CMD_DEV_*
 * @name:   name of the device
 * @shared: for DIBS_CMD_DEV_SET, else NULL
 * @pid:    a process in the namespace of DIBS_CMD_DEV_GRANT or _REVOKE, or 0
 */
struct admin_request {
	struct net *net;
	u8 cmd;
	const char *name;
	const u8 *shared;
	int pid;
};

/* Returns the answer, 0 or -errno. May sleep. */
int admin_ask(const struct admin_request *request);

#endif /* _DIBS_SELFTEST_ADMIN_H */

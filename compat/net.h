/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Socket families, as kernels differ in them.
 */
#ifndef _DIBS_COMPAT_NET_H
#define _DIBS_COMPAT_NET_H

#include <linux/net.h>
#include <linux/version.h>

/* What accept() gets besides the two sockets, to declare and to pass on. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define DIBS_ACCEPT_PARAMS	int flags, bool kern
#define DIBS_ACCEPT_ARGS	flags, kern
#else
#define DIBS_ACCEPT_PARAMS	struct proto_accept_arg *arg
#define DIBS_ACCEPT_ARGS	arg
#endif

#endif /* _DIBS_COMPAT_NET_H */

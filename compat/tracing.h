/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Strings in trace events: __assign_str() has no second argument since 6.10.
 */
#include <linux/version.h>

#undef dibs_assign_str
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define dibs_assign_str(dst, src) __assign_str(dst, src)
#else
#define dibs_assign_str(dst, src) __assign_str(dst)
#endif

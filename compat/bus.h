/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Attributes of a bus in sysfs.
 */
#ifndef _DIBS_COMPAT_BUS_H
#define _DIBS_COMPAT_BUS_H

#include <linux/device/bus.h>
#include <linux/version.h>

/* First argument of a bus attribute's functions: const since 6.4. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
typedef const struct bus_type dibs_bus_type;
#else
typedef struct bus_type dibs_bus_type;
#endif

#endif /* _DIBS_COMPAT_BUS_H */

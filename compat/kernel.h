/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Checks the kernel version and configuration. The top-level Kbuild includes
 * this in every file, so that an unsupported kernel gives one clear message.
 */
#ifndef _DIBS_COMPAT_KERNEL_H
#define _DIBS_COMPAT_KERNEL_H

#include <linux/version.h>
#include <linux/kconfig.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "DIBS needs Linux 6.1 or newer."
#endif

#if IS_ENABLED(CONFIG_DIBS)
#error "This kernel brings its own dibs (CONFIG_DIBS): use that one."
#endif

#ifndef CONFIG_64BIT
#error "DIBS needs a 64-bit kernel."
#endif

#endif /* _DIBS_COMPAT_KERNEL_H */

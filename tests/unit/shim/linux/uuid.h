/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * What <linux/dibs.h> needs of the kernel's header.
 */
#ifndef SHIM_LINUX_UUID_H
#define SHIM_LINUX_UUID_H

#include <linux/types.h>

typedef struct {
	u8 b[16];
} uuid_t;

#endif /* SHIM_LINUX_UUID_H */

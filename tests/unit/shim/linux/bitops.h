/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * What <linux/dibs.h> needs of the kernel's header.
 */
#ifndef SHIM_LINUX_BITOPS_H
#define SHIM_LINUX_BITOPS_H

#include <linux/types.h>

static inline u16 ror16(u16 word, unsigned int shift)
{
	return (word >> (shift & 15)) | (word << (-shift & 15));
}

#endif /* SHIM_LINUX_BITOPS_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) The DIBS authors */
#ifndef _SHIM_LINUX_BITOPS_H
#define _SHIM_LINUX_BITOPS_H

#include <linux/bits.h>
#include <linux/types.h>

static inline u16 ror16(u16 word, unsigned int shift)
{
	return word >> (shift & 15) | word << (-shift & 15);
}

#endif

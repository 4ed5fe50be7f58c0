/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) The DIBS authors */
#ifndef _SHIM_LINUX_BITS_H
#define _SHIM_LINUX_BITS_H

#define BIT(nr) (1UL << (nr))

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) The DIBS authors */
#ifndef _SHIM_LINUX_BUILD_BUG_H
#define _SHIM_LINUX_BUILD_BUG_H

#include <assert.h>

#undef static_assert
#define static_assert(condition) _Static_assert(condition, #condition)

#endif

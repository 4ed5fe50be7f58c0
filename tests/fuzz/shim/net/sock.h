/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) The DIBS authors */
#include <net/genetlink.h>

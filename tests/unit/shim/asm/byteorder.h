/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * <linux/dibs.h> includes it and needs nothing of it.
 */

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Names of devices, clients and device kinds.
 */
#include <linux/ctype.h>
#include <linux/string.h>

#include "core.h"

/* 1 to 15 characters of a-z, 0-9, _ and -. NULL is not a valid name. */
bool dibs_name_valid(const char *name)
{
	size_t len = name ? strnlen(name, DIBS_NAME_LEN) : 0;
	size_t i;

	if (!len || len == DIBS_NAME_LEN)
		return false;
	for (i = 0; i < len; i++)
		if (!islower(name[i]) && !isdigit(name[i]) &&
		    name[i] != '_' && name[i] != '-')
			return false;
	return true;
}

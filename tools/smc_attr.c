// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Attributes in the kernel's answers to "dibs smc", see smc.h.
 */
#include <string.h>

#include <linux/genetlink.h>

#include "smc.h"

const struct nlattr *smc_attr_get(const struct nlmsghdr *nlh, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

/* @nest may be NULL. */
const struct nlattr *smc_attr_find(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *attr;

	if (!nest)
		return NULL;
	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

/* An integer of 1, 2, 4 or 8 bytes. */
uint64_t smc_attr_number(const struct nlattr *attr)
{
	uint64_t value;

	switch (attr ? mnl_attr_get_payload_len(attr) : 0) {
	case 1:
		return mnl_attr_get_u8(attr);
	case 2:
		return mnl_attr_get_u16(attr);
	case 4:
		return mnl_attr_get_u32(attr);
	case 8:
		memcpy(&value, mnl_attr_get_payload(attr), sizeof(value));
		return value;
	default:
		return 0;
	}
}

const char *smc_attr_text(const struct nlattr *attr)
{
	if (!attr || mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
		return "";
	return mnl_attr_get_str(attr);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * dibs dmb: the direct memory buffers of this network namespace.
 */
#include <string.h>

#include "dibs.h"

static const struct column columns[] = {
	{ .title = "DEVICE", .key = "device" },
	{ .title = "INDEX", .key = "index", .right = true },
	{ .title = "CLIENT", .key = "client" },
	{ .title = "LENGTH", .key = "len", .right = true },
	{ .title = "MEMORY", .key = "memory", .right = true },
	{ .title = "STATE", .key = "state" },
	{ .title = "VLAN", .key = "vlan", .right = true },
	{ .title = "RGID", .key = "rgid" },
	{ .title = "TOKEN", .key = "token" },
};

/* Only administrators get tokens; others get no empty column. */
static size_t count_columns(const json_t *dmbs)
{
	bool token = json_object_get(json_array_get(dmbs, 0), "token");

	return ARRAY_SIZE(columns) - !token;
}

int dmb_list(int argc, char **argv)
{
	struct dev_ref ref, *dev = NULL;
	json_t *dmbs;

	if (argc && !strcmp(argv[0], "dev")) {
		argc--;
		argv++;
		if (parse_dev(&argc, &argv, &ref))
			return 1;
		dev = &ref;
	}
	if (parse_end(argc, argv) ||
	    nl_list(DIBS_CMD_DMB_GET, dev, "dmb list", decode_dmb, &dmbs))
		return 1;
	return print_list(columns, count_columns(dmbs), dmbs);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * dibs client: the kernel modules that move data through devices.
 */
#include "dibs.h"

static const struct column columns[] = {
	{ .title = "CLIENT", .key = "name" },
	{ .title = "DEVICES", .key = "devices", .right = true },
};

int client_list(int argc, char **argv)
{
	json_t *clients;

	if (parse_end(argc, argv) ||
	    nl_list(DIBS_CMD_CLIENT_GET, NULL, "client list", decode_client,
		    &clients))
		return 1;
	return print_list(columns, ARRAY_SIZE(columns), clients);
}

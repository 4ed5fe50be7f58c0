// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * dibs client: who moves data through devices.
 */
#include "dibs.h"

static const struct column columns[] = {
	{ .title = "CLIENT", .key = "name" },
	{ .title = "DEVICES", .key = "devices", .right = true },
};

int client_list(int argc, char **argv)
{
	json_t *clients;
	int err;

	if (parse_end(argc, argv) ||
	    nl_list(DIBS_CMD_CLIENT_GET, NULL, "client list", decode_client,
		    &clients))
		return 1;
	if (output_json) {
		err = print_json(clients, JSON_INDENT(2));
	} else {
		print_table(columns, ARRAY_SIZE(columns), clients);
		err = print_end();
	}
	json_decref(clients);
	return err;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * dibs stats: counters of each client on each device. Only the administrator of
 * the device gets the sums over all network namespaces.
 */
#include <stdio.h>
#include <string.h>

#include "dibs.h"

static const char *text_of(const json_t *stats, const char *key)
{
	return json_string_value(json_object_get(stats, key)) ? : "?";
}

/* "  move bytes  65536  70000" */
static void print_counter(const char *key, json_t *own, json_t *total)
{
	char cell[CELL_LEN], label[CELL_LEN];
	char *c;

	snprintf(label, sizeof(label), "%s", key);
	for (c = label; (c = strchr(c, '_'));)
		*c = ' ';
	value_text(cell, own);
	printf("  %-18s%20s", label, cell);
	if (total) {
		value_text(cell, total);
		printf("%20s", cell);
	}
	putchar('\n');
}

/* Counters that are 0, as most are, are left out. */
static void print_stats(const json_t *stats)
{
	json_t *own = json_object_get(stats, "counters");
	json_t *total = json_object_get(stats, "total");
	char label[CELL_LEN];
	const char *key;
	json_t *value;

	snprintf(label, sizeof(label), "%s %s:", text_of(stats, "device"),
		 text_of(stats, "client"));
	printf("%-20s%20s%s\n", label, "this namespace",
	       total ? "      all namespaces" : "");
	json_object_foreach(own, key, value) {
		json_t *sum = total ? json_object_get(total, key) : NULL;

		if (json_integer_value(value) || json_integer_value(sum))
			print_counter(key, value, sum);
	}
}

int stats_show(int argc, char **argv)
{
	struct dev_ref ref, *dev = NULL;
	json_t *list, *stats;
	size_t i;
	int err;

	if (argc) {
		if (parse_dev(&argc, &argv, &ref))
			return 1;
		dev = &ref;
	}
	if (parse_end(argc, argv) ||
	    nl_list(DIBS_CMD_STATS_GET, dev, "stats", decode_stats, &list))
		return 1;
	if (output_json) {
		err = print_json(list, JSON_INDENT(2));
	} else {
		json_array_foreach(list, i, stats)
			print_stats(stats);
		err = print_end();
	}
	json_decref(list);
	return err;
}

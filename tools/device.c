// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * dibs device: endpoints on fabrics, and which network namespaces may use them.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dibs.h"

static bool is(const json_t *dev, const char *key)
{
	return json_is_true(json_object_get(dev, key));
}

void device_state_text(char cell[CELL_LEN], const json_t *dev)
{
	snprintf(cell, CELL_LEN, "%s",
		 is(dev, "enabled") ? "enabled" : "disabled");
}

/* Why this network namespace sees the device. */
void device_scope_text(char cell[CELL_LEN], const json_t *dev)
{
	const char *text = "granted";

	if (is(dev, "shared"))
		text = is(dev, "usable") ? "shared" : "left";
	else if (is(dev, "owned"))
		text = "own";
	snprintf(cell, CELL_LEN, "%s", text);
}

static void fabric_text(char cell[CELL_LEN], const json_t *dev)
{
	json_int_t id = json_integer_value(json_object_get(dev, "fabric_id"));

	snprintf(cell, CELL_LEN, "0x%04x", (unsigned int)id);
}

static const struct column columns[] = {
	{ .title = "DEVICE", .key = "name" },
	{ .title = "INDEX", .key = "index", .right = true },
	{ .title = "TYPE", .key = "type" },
	{ .title = "STATE", .text = device_state_text },
	{ .title = "SCOPE", .text = device_scope_text },
	{ .title = "FABRIC", .text = fabric_text },
	{ .title = "GID", .key = "gid" },
	{ .title = "DMBS", .key = "dmbs", .right = true },
	{ .title = "MAX-DMBS", .key = "max_dmbs", .right = true },
	{ .title = "MAX-LEN", .key = "max_dmb_len", .right = true },
};

int device_list(int argc, char **argv)
{
	json_t *devs;

	if (parse_end(argc, argv) ||
	    nl_list(DIBS_CMD_DEV_GET, NULL, "device list", decode_dev, &devs))
		return 1;
	return print_list(columns, ARRAY_SIZE(columns), devs);
}

static void print_device(const json_t *dev)
{
	printf("%s:\n", json_string_value(json_object_get(dev, "name")));
	print_details(dev, 2);
}

static int show_all(void)
{
	json_t *devs, *dev;
	int err;
	size_t i;

	if (nl_list(DIBS_CMD_DEV_GET, NULL, "device show", decode_dev, &devs))
		return 1;
	if (output_json) {
		err = print_json(devs, JSON_INDENT(2));
	} else {
		json_array_foreach(devs, i, dev)
			print_device(dev);
		err = print_end();
	}
	json_decref(devs);
	return err;
}

int device_show(int argc, char **argv)
{
	struct nlmsghdr *nlh;
	struct dev_ref ref;
	json_t *dev;
	char what[96];
	int err;

	if (!argc)
		return show_all();
	if (parse_dev(&argc, &argv, &ref) || parse_end(argc, argv))
		return 1;
	snprintf(what, sizeof(what), "device %s", dev_ref_text(&ref));
	nlh = nl_begin(&nl_dibs, DIBS_CMD_DEV_GET);
	nl_put_dev(nlh, &ref);
	if (nl_get(nlh, what, decode_dev, &dev))
		return 1;
	if (output_json) {
		err = print_json(dev, JSON_INDENT(2));
	} else {
		print_device(dev);
		err = print_end();
	}
	json_decref(dev);
	return err;
}

int device_add(int argc, char **argv)
{
	struct dev_params params;
	struct nlmsghdr *nlh;
	char what[96];

	if (parse_dev_params(argc, argv, &params))
		return 1;
	snprintf(what, sizeof(what), "cannot add device '%.32s'", params.name);
	nlh = nl_begin(&nl_dibs, DIBS_CMD_DEV_ADD);
	if (nl_put_text(nlh, DIBS_A_DEV_NAME, params.name) ||
	    nl_put_text(nlh, DIBS_A_DEV_KIND, params.type))
		return 1;
	if (params.max_dmbs)
		mnl_attr_put_u32(nlh, DIBS_A_DEV_MAX_DMBS, params.max_dmbs);
	if (params.max_len)
		mnl_attr_put_u32(nlh, DIBS_A_DEV_MAX_DMB_LEN, params.max_len);
	return nl_do(nlh, what);
}

/* Begins a change of the device that is named. NULL after a message. */
static struct nlmsghdr *begin_change(int *argc, char ***argv, uint8_t cmd,
				     const char *verb, char what[96])
{
	struct nlmsghdr *nlh;
	struct dev_ref ref;

	if (parse_dev(argc, argv, &ref))
		return NULL;
	snprintf(what, 96, "cannot %s device %s", verb, dev_ref_text(&ref));
	nlh = nl_begin(&nl_dibs, cmd);
	nl_put_dev(nlh, &ref);
	return nlh;
}

static int change(int argc, char **argv, uint8_t cmd, const char *verb)
{
	char what[96];
	struct nlmsghdr *nlh = begin_change(&argc, &argv, cmd, verb, what);

	if (!nlh || parse_end(argc, argv))
		return 1;
	return nl_do(nlh, what);
}

int device_del(int argc, char **argv)
{
	return change(argc, argv, DIBS_CMD_DEV_DEL, "delete");
}

int device_join(int argc, char **argv)
{
	return change(argc, argv, DIBS_CMD_DEV_JOIN, "join");
}

int device_leave(int argc, char **argv)
{
	return change(argc, argv, DIBS_CMD_DEV_LEAVE, "leave");
}

static int set(int argc, char **argv, uint16_t attr, bool value,
	       const char *verb)
{
	char what[96];
	struct nlmsghdr *nlh = begin_change(&argc, &argv, DIBS_CMD_DEV_SET,
					    verb, what);

	if (!nlh || parse_end(argc, argv))
		return 1;
	mnl_attr_put_u8(nlh, attr, value);
	return nl_do(nlh, what);
}

int device_enable(int argc, char **argv)
{
	return set(argc, argv, DIBS_A_DEV_ENABLED, true, "enable");
}

int device_disable(int argc, char **argv)
{
	return set(argc, argv, DIBS_A_DEV_ENABLED, false, "disable");
}

int device_share(int argc, char **argv)
{
	return set(argc, argv, DIBS_A_DEV_SHARED, true, "share");
}

int device_unshare(int argc, char **argv)
{
	return set(argc, argv, DIBS_A_DEV_SHARED, false, "unshare");
}

static int change_netns(int argc, char **argv, uint8_t cmd, const char *verb)
{
	char what[96];
	struct nlmsghdr *nlh = begin_change(&argc, &argv, cmd, verb, what);
	int fd, err;

	if (!nlh)
		return 1;
	if (!argc)
		return fail("no network namespace given");
	if (parse_end(argc - 1, argv + 1))
		return 1;
	fd = open_netns(argv[0]);
	if (fd < 0)
		return 1;
	mnl_attr_put_u32(nlh, DIBS_A_DEV_NETNS_FD, fd);
	err = nl_do(nlh, what);
	close(fd);
	return err;
}

int device_grant(int argc, char **argv)
{
	return change_netns(argc, argv, DIBS_CMD_DEV_GRANT, "grant");
}

int device_revoke(int argc, char **argv)
{
	return change_netns(argc, argv, DIBS_CMD_DEV_REVOKE, "revoke");
}

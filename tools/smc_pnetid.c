// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * dibs smc pnetid: physical network IDs in this network namespace. A device
 * with one serves only connections over interfaces that have the same.
 */
#include <stdio.h>
#include <string.h>

#include <linux/smc.h>

#include "dibs.h"
#include "smc.h"

/* The kernel reports "n/a" where there is no name. */
static json_t *name_of(const char *text)
{
	return *text && strcmp(text, "n/a") ? text_json(text) : json_null();
}

static const char *text(const struct nlmsghdr *nlh, uint16_t type)
{
	return smc_attr_text(smc_attr_get(nlh, type));
}

static json_t *decode_pnetid(const struct nlmsghdr *nlh)
{
	return json_pack("{s:s, s:o, s:o}",
			 "pnetid", text(nlh, SMC_PNETID_NAME),
			 "interface", name_of(text(nlh, SMC_PNETID_ETHNAME)),
			 "device", name_of(text(nlh, SMC_PNETID_IBNAME)));
}

int smc_pnetid_list(int argc, char **argv)
{
	static const struct column columns[] = {
		{ .title = "PNETID", .key = "pnetid" },
		{ .title = "INTERFACE", .key = "interface" },
		{ .title = "DEVICE", .key = "device" },
	};
	json_t *list;

	if (parse_end(argc, argv) ||
	    nl_dump(nl_begin(&nl_pnetid, SMC_PNETID_GET), "smc pnetid",
		    decode_pnetid, &list))
		return 1;
	return print_list(columns, ARRAY_SIZE(columns), list);
}

/* Begins a change of @id, which the kernel validates. NULL after a message. */
static struct nlmsghdr *begin_change(uint8_t cmd, const char *verb,
				     const char *id, char what[96])
{
	struct nlmsghdr *nlh = nl_begin(&nl_pnetid, cmd);

	snprintf(what, 96, "cannot %s PNETID '%.32s'", verb, id);
	return nl_put_text(nlh, SMC_PNETID_NAME, id) ? NULL : nlh;
}

/* Arguments: ID interface IFACE, or ID device DEV. */
int smc_pnetid_add(int argc, char **argv)
{
	struct nlmsghdr *nlh;
	char what[96];
	uint16_t attr;

	if (!argc)
		return fail("no PNETID given, see dibs smc pnetid --help");
	if (argc < 3)
		return fail("no interface or device given");
	if (!strcmp(argv[1], "interface"))
		attr = SMC_PNETID_ETHNAME;
	else if (!strcmp(argv[1], "device"))
		attr = SMC_PNETID_IBNAME;
	else
		return fail("unknown parameter '%s'", argv[1]);
	if (parse_end(argc - 3, argv + 3))
		return 1;
	nlh = begin_change(SMC_PNETID_ADD, "add", argv[0], what);
	if (!nlh || nl_put_text(nlh, attr, argv[2]))
		return 1;
	return nl_do(nlh, what);
}

int smc_pnetid_del(int argc, char **argv)
{
	struct nlmsghdr *nlh;
	char what[96];

	if (!argc)
		return fail("no PNETID given, see dibs smc pnetid --help");
	if (parse_end(argc - 1, argv + 1))
		return 1;
	nlh = begin_change(SMC_PNETID_DEL, "delete", argv[0], what);
	return nlh ? nl_do(nlh, what) : 1;
}

int smc_pnetid_flush(int argc, char **argv)
{
	if (parse_end(argc, argv))
		return 1;
	return nl_do(nl_begin(&nl_pnetid, SMC_PNETID_FLUSH),
		     "cannot flush PNETIDs");
}

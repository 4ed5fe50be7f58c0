// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * dibs smc eid: the user EIDs of this system. Two systems use SMC-D only if
 * they have an EID in common.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <linux/dibs_smc.h>
#include <linux/smc.h>

#include "dibs.h"
#include "smc.h"

/* Strips the padding. */
static json_t *eid_string(const char *text)
{
	size_t len = strlen(text);

	while (len && text[len - 1] == ' ')
		len--;
	return json_stringn(text, len);
}

static json_t *decode_eid(const struct nlmsghdr *nlh)
{
	const struct nlattr *eid = smc_attr_get(nlh, SMC_NLA_EID_TABLE_ENTRY);
	bool is_default = smc_attr_get(nlh, DIBS_SMC_NLA_EID_DEFAULT);

	return json_pack("{s:o, s:b}", "eid", eid_string(smc_attr_text(eid)),
			 "default", is_default);
}

int smc_eid_list(int argc, char **argv)
{
	static const struct column columns[] = {
		{ .title = "EID", .key = "eid" },
		{ .title = "DEFAULT", .key = "default" },
	};
	json_t *list;

	if (parse_end(argc, argv) ||
	    nl_dump(nl_begin(&nl_smc, SMC_NETLINK_DUMP_UEID), "smc eid",
		    decode_eid, &list))
		return 1;
	return print_list(columns, ARRAY_SIZE(columns), list);
}

/* The kernel validates the EID. */
static int eid_change(uint8_t cmd, const char *verb, int argc, char **argv)
{
	struct nlmsghdr *nlh;
	char what[96];

	if (!argc)
		return fail("no EID given, see dibs smc eid --help");
	if (parse_end(argc - 1, argv + 1))
		return 1;
	snprintf(what, sizeof(what), "cannot %s EID '%.32s'", verb, argv[0]);
	nlh = nl_begin(&nl_smc, cmd);
	if (nl_put_text(nlh, SMC_NLA_EID_TABLE_ENTRY, argv[0]))
		return 1;
	return nl_do(nlh, what);
}

int smc_eid_add(int argc, char **argv)
{
	return eid_change(SMC_NETLINK_ADD_UEID, "add", argc, argv);
}

int smc_eid_del(int argc, char **argv)
{
	return eid_change(SMC_NETLINK_REMOVE_UEID, "delete", argc, argv);
}

int smc_eid_flush(int argc, char **argv)
{
	if (parse_end(argc, argv))
		return 1;
	return nl_do(nl_begin(&nl_smc, SMC_NETLINK_FLUSH_UEID),
		     "cannot flush EIDs");
}

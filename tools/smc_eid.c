// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * dibs smc eid: the user EIDs of this system. Two systems carry connections by
 * SMC-D if they have one in common.
 */
#include <stdbool.h>
#include <string.h>

#include <linux/dibs_smc.h>
#include <linux/genetlink.h>
#include <linux/smc.h>

#include "dibs.h"
#include "smc.h"

/* Without the blanks that fill it up. */
static json_t *eid_string(const char *text)
{
	size_t len = strlen(text);

	while (len && text[len - 1] == ' ')
		len--;
	return json_stringn(text, len);
}

static int collect_eid(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;
	const char *text = NULL;
	bool is_default = false;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		switch (mnl_attr_get_type(attr)) {
		case SMC_NLA_EID_TABLE_ENTRY:
			if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
				text = mnl_attr_get_str(attr);
			break;
		case DIBS_SMC_NLA_EID_DEFAULT:
			is_default = true;
			break;
		}
	}
	if (!text || json_array_append_new(data,
			json_pack("{s:o, s:b}", "eid", eid_string(text),
				  "default", is_default)))
		return MNL_CB_ERROR;
	return MNL_CB_OK;
}

static int eid_list(void)
{
	static const struct column columns[] = {
		{ .title = "EID", .key = "eid" },
		{ .title = "DEFAULT", .key = "default" },
	};
	json_t *list = json_array();
	int err = smc_genl_dump(SMC_GENL_FAMILY_NAME, SMC_NETLINK_DUMP_UEID,
				collect_eid, list);

	return smc_print(columns, ARRAY_SIZE(columns), list, err);
}

/* One word, which the kernel judges. */
static int eid_change(uint8_t cmd, int argc, char **argv)
{
	struct smc_attr attrs[SMC_ATTRS] = {
		{ .type = SMC_NLA_EID_TABLE_ENTRY },
	};

	if (!argc)
		return fail("which EID? see dibs smc --help");
	if (parse_end(argc - 1, argv + 1))
		return 1;
	attrs[0].text = argv[0];
	return smc_genl_change(SMC_GENL_FAMILY_NAME, cmd, attrs);
}

int smc_eid(int argc, char **argv)
{
	const char *command = argc ? argv[0] : "list";

	if (argc) {
		argc--;
		argv++;
	}
	if (!strcmp(command, "add"))
		return eid_change(SMC_NETLINK_ADD_UEID, argc, argv);
	if (!strcmp(command, "del"))
		return eid_change(SMC_NETLINK_REMOVE_UEID, argc, argv);
	if (strcmp(command, "list") && strcmp(command, "flush"))
		return fail("unknown command '%s', see dibs smc --help",
			    command);
	if (parse_end(argc, argv))
		return 1;
	if (!strcmp(command, "flush"))
		return smc_genl_change(SMC_GENL_FAMILY_NAME,
				       SMC_NETLINK_FLUSH_UEID, NULL);
	return eid_list();
}

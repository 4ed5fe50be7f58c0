// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * dibs smc pnetid: names of physical networks, of this network namespace. A
 * device that has one is for connections over interfaces with the same.
 */
#include <string.h>

#include <linux/genetlink.h>
#include <linux/smc.h>

#include "dibs.h"
#include "smc.h"

/* What the kernel says where there is no name. */
static json_t *name_of(const char *text)
{
	return *text && strcmp(text, "n/a") ? text_json(text) : json_null();
}

static int collect_pnetid(const struct nlmsghdr *nlh, void *data)
{
	const char *pnetid = "", *interface = "", *device = "";
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		switch (mnl_attr_get_type(attr)) {
		case SMC_PNETID_NAME:
			pnetid = smc_attr_text(attr);
			break;
		case SMC_PNETID_ETHNAME:
			interface = smc_attr_text(attr);
			break;
		case SMC_PNETID_IBNAME:
			device = smc_attr_text(attr);
			break;
		}
	}
	if (json_array_append_new(data,
				  json_pack("{s:s, s:o, s:o}",
					    "pnetid", pnetid,
					    "interface", name_of(interface),
					    "device", name_of(device))))
		return MNL_CB_ERROR;
	return MNL_CB_OK;
}

static int pnetid_list(int argc, char **argv)
{
	static const struct column columns[] = {
		{ .title = "PNETID", .key = "pnetid" },
		{ .title = "INTERFACE", .key = "interface" },
		{ .title = "DEVICE", .key = "device" },
	};
	json_t *list;

	if (parse_end(argc, argv))
		return 1;
	list = json_array();
	return smc_print(columns, ARRAY_SIZE(columns), list,
			 smc_genl_dump(SMCR_GENL_FAMILY_NAME, SMC_PNETID_GET,
				       collect_pnetid, list));
}

/* NETWORK interface IFACE, or NETWORK device DEV. */
static int pnetid_add(int argc, char **argv)
{
	struct smc_attr attrs[SMC_ATTRS] = {
		{ .type = SMC_PNETID_NAME },
	};

	if (argc < 3)
		return fail("which PNETID, for what? see dibs smc --help");
	if (!strcmp(argv[1], "interface"))
		attrs[1].type = SMC_PNETID_ETHNAME;
	else if (!strcmp(argv[1], "device"))
		attrs[1].type = SMC_PNETID_IBNAME;
	else
		return fail("unknown word '%s': interface or device", argv[1]);
	if (parse_end(argc - 3, argv + 3))
		return 1;
	attrs[0].text = argv[0];
	attrs[1].text = argv[2];
	return smc_genl_change(SMCR_GENL_FAMILY_NAME, SMC_PNETID_ADD, attrs);
}

static int pnetid_del(int argc, char **argv)
{
	struct smc_attr attrs[SMC_ATTRS] = {
		{ .type = SMC_PNETID_NAME },
	};

	if (!argc)
		return fail("which PNETID? see dibs smc --help");
	if (parse_end(argc - 1, argv + 1))
		return 1;
	attrs[0].text = argv[0];
	return smc_genl_change(SMCR_GENL_FAMILY_NAME, SMC_PNETID_DEL, attrs);
}

static int pnetid_flush(int argc, char **argv)
{
	if (parse_end(argc, argv))
		return 1;
	return smc_genl_change(SMCR_GENL_FAMILY_NAME, SMC_PNETID_FLUSH, NULL);
}

int smc_pnetid(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = {
		{ "list", pnetid_list },
		{ "add", pnetid_add },
		{ "del", pnetid_del },
		{ "flush", pnetid_flush },
	};
	size_t i;

	if (!argc)
		return pnetid_list(0, argv);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[0], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return fail("unknown command '%s', see dibs smc --help", argv[0]);
}

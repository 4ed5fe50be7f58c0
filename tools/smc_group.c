// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * dibs smc linkgroups, dibs smc info: the link groups in which this network
 * namespace has connections, and the properties of SMC on this system.
 */
#include <linux/dibs_smc.h>
#include <linux/smc.h>

#include "dibs.h"
#include "smc.h"

static uint64_t number(const struct nlattr *nest, uint16_t type)
{
	return smc_attr_number(smc_attr_find(nest, type));
}

static const char *text(const struct nlattr *nest, uint16_t type)
{
	return smc_attr_text(smc_attr_find(nest, type));
}

static json_t *text_or_null(const struct nlattr *nest, uint16_t type)
{
	const char *string = text(nest, type);

	return *string ? json_string(string) : json_null();
}

static json_t *system_name(uint64_t os)
{
	static const char *const names[] = { "?", "z/OS", "Linux", "AIX" };

	return json_string(names[os < ARRAY_SIZE(names) ? os : 0]);
}

static json_t *version(const struct nlattr *nest, uint16_t version,
		       uint16_t release)
{
	return json_sprintf("%u.%u", (unsigned int)number(nest, version),
			    (unsigned int)number(nest, release));
}

static json_t *gid(const struct nlattr *nest, uint16_t high, uint16_t low)
{
	return smc_gid_text(number(nest, high), number(nest, low));
}

static json_t *id_text(const struct nlattr *nest)
{
	unsigned int id = number(nest, SMC_NLA_LGR_D_ID);

	return json_sprintf("%08x", id);
}

static json_t *fabric_text(const struct nlattr *nest)
{
	unsigned int id = number(nest, SMC_NLA_LGR_D_CHID);

	return json_sprintf("0x%04x", id);
}

static void add(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

static json_t *decode_group(const struct nlmsghdr *nlh)
{
	const struct nlattr *nest = smc_attr_get(nlh, SMC_GEN_LGR_SMCD);
	const struct nlattr *v2 = smc_attr_find(nest, SMC_NLA_LGR_D_V2_COMMON);
	json_t *group;

	if (!nest)
		return NULL;
	group = json_pack("{s:o, s:s, s:s, s:I, s:I}",
			  "id", id_text(nest),
			  "device", text(nest, DIBS_SMC_NLA_DEVICE),
			  "role", number(nest, DIBS_SMC_NLA_LGR_SERVER) ?
				  "server" : "client",
			  "connections", (json_int_t)
			  number(nest, SMC_NLA_LGR_D_CONNS_NUM),
			  "ring_bytes", (json_int_t)
			  number(nest, DIBS_SMC_NLA_LGR_D_DMB_ALLOC));
	add(group, "version", version(v2, SMC_NLA_LGR_V2_VER,
				      SMC_NLA_LGR_V2_REL));
	add(group, "eid", text_or_null(v2, SMC_NLA_LGR_V2_NEG_EID));
	add(group, "peer_host", text_or_null(v2, SMC_NLA_LGR_V2_PEER_HOST));
	add(group, "peer_system", system_name(number(v2, SMC_NLA_LGR_V2_OS)));
	add(group, "gid", gid(nest, SMC_NLA_LGR_D_GID,
			      DIBS_SMC_NLA_LGR_D_EXT_GID));
	add(group, "peer_gid", gid(nest, SMC_NLA_LGR_D_PEER_GID,
				   DIBS_SMC_NLA_LGR_D_PEER_EXT_GID));
	add(group, "fabric_id", fabric_text(nest));
	add(group, "pnetid", text_or_null(nest, SMC_NLA_LGR_D_PNETID));
	return group;
}

int smc_linkgroups(int argc, char **argv)
{
	static const struct column columns[] = {
		{ .title = "ID", .key = "id" },
		{ .title = "DEVICE", .key = "device" },
		{ .title = "ROLE", .key = "role" },
		{ .title = "CONNS", .key = "connections", .right = true },
		{ .title = "RING-BYTES", .key = "ring_bytes", .right = true },
		{ .title = "VERSION", .key = "version" },
		{ .title = "PEER", .key = "peer_host" },
		{ .title = "EID", .key = "eid" },
	};
	json_t *list;

	if (parse_end(argc, argv) ||
	    nl_dump(nl_begin(&nl_smc, SMC_NETLINK_GET_LGR_SMCD),
		    "smc linkgroups", decode_group, &list))
		return 1;
	return print_list(columns, ARRAY_SIZE(columns), list);
}

static json_t *decode_system(const struct nlmsghdr *nlh)
{
	const struct nlattr *nest = smc_attr_get(nlh, SMC_GEN_SYS_INFO);

	return json_pack("{s:o, s:o, s:o}",
			 "version", version(nest, SMC_NLA_SYS_VER,
					    SMC_NLA_SYS_REL),
			 "host", text_or_null(nest, SMC_NLA_SYS_LOCAL_HOST),
			 "system_eid", text_or_null(nest, SMC_NLA_SYS_SEID));
}

static json_t *decode_flag(const struct nlmsghdr *nlh, uint16_t type,
			   const char *key)
{
	uint64_t flag = smc_attr_number(smc_attr_get(nlh, type));

	return json_pack("{s:b}", key, flag != 0);
}

static json_t *decode_seid(const struct nlmsghdr *nlh)
{
	return decode_flag(nlh, SMC_NLA_SEID_ENABLED, "system_eid_enabled");
}

static json_t *decode_limit(const struct nlmsghdr *nlh)
{
	return decode_flag(nlh, SMC_NLA_HS_LIMITATION_ENABLED,
			   "handshakes_limited");
}

/* Adds the members of the answer to @cmd. */
static int add_answer(json_t *info, uint8_t cmd, nl_decode *decode)
{
	json_t *list;

	if (nl_dump(nl_begin(&nl_smc, cmd), "smc info", decode, &list))
		return 1;
	json_object_update(info, json_array_get(list, 0));
	json_decref(list);
	return 0;
}

int smc_info(int argc, char **argv)
{
	static const struct {
		uint8_t cmd;
		nl_decode *decode;
	} requests[] = {
		{ SMC_NETLINK_GET_SYS_INFO, decode_system },
		{ SMC_NETLINK_DUMP_SEID, decode_seid },
		{ SMC_NETLINK_DUMP_HS_LIMITATION, decode_limit },
	};
	json_t *info;
	int err = 0;
	size_t i;

	if (parse_end(argc, argv))
		return 1;
	info = json_object();
	for (i = 0; i < ARRAY_SIZE(requests) && !err; i++)
		err = add_answer(info, requests[i].cmd, requests[i].decode);
	if (!err && output_json) {
		err = print_json(info, JSON_INDENT(2));
	} else if (!err) {
		print_details(info, 0);
		err = print_end();
	}
	json_decref(info);
	return err;
}

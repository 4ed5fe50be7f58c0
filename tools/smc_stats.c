// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * dibs smc stats, dibs smc fallbacks: figures of this network namespace, in the
 * order and under the words of a table, so that both people and programs get
 * all of them.
 */
#include <stdio.h>
#include <string.h>

#include <linux/dibs_smc.h>
#include <linux/genetlink.h>
#include <linux/smc.h>

#include "dibs.h"
#include "smc.h"

static const char *const sizes[] = {
	"8K", "16K", "32K", "64K", "128K", "256K", "512K", "1024K", "more",
};

/* Of one direction; NULL: this implementation has no such thing. */
static const char *const sent_rings[] = {
	"larger_than_ring", NULL, "ring_full", NULL, NULL, NULL, NULL,
};

static const char *const received_rings[] = {
	NULL, "larger_than_ring", NULL, "ring_full", NULL, "rings_made",
	"rings_shrunk",
};

static const struct {
	const char *key;
	uint16_t calls;
	uint16_t bytes;
	uint16_t usage;
	uint16_t rings;
	const char *const *ring_keys;
	uint16_t calls_by_size;
	uint16_t rings_by_size;
} directions[] = {
	{ "sent", SMC_NLA_STATS_T_TX_CNT, SMC_NLA_STATS_T_TX_BYTES,
	  DIBS_SMC_NLA_STATS_T_TX_RMB_USAGE, SMC_NLA_STATS_T_TX_RMB_STATS,
	  sent_rings, SMC_NLA_STATS_T_TXPLOAD_SIZE,
	  SMC_NLA_STATS_T_TX_RMB_SIZE },
	{ "received", SMC_NLA_STATS_T_RX_CNT, SMC_NLA_STATS_T_RX_BYTES,
	  DIBS_SMC_NLA_STATS_T_RX_RMB_USAGE, SMC_NLA_STATS_T_RX_RMB_STATS,
	  received_rings, SMC_NLA_STATS_T_RXPLOAD_SIZE,
	  SMC_NLA_STATS_T_RX_RMB_SIZE },
};

static const struct {
	const char *key;
	uint16_t attr;
} specials[] = {
	{ "sendfile", SMC_NLA_STATS_T_SENDPAGE_CNT },
	{ "splice", SMC_NLA_STATS_T_SPLICE_CNT },
	{ "cork", SMC_NLA_STATS_T_CORK_CNT },
	{ "nodelay", SMC_NLA_STATS_T_NDLY_CNT },
	{ "urgent", SMC_NLA_STATS_T_URG_DATA_CNT },
};

static json_int_t number(const struct nlattr *nest, uint16_t type)
{
	return smc_attr_number(smc_attr_find(nest, type));
}

static json_t *decode_sizes(const struct nlattr *tech, uint16_t type)
{
	const struct nlattr *nest = smc_attr_find(tech, type);
	json_t *object = json_object();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		json_object_set_new(object, sizes[i],
				    json_integer(number(nest, 1 + i)));
	return object;
}

static json_t *decode_direction(const struct nlattr *tech, size_t d)
{
	const struct nlattr *rings = smc_attr_find(tech, directions[d].rings);
	const char *const *keys = directions[d].ring_keys;
	json_t *object;
	size_t i;

	object = json_pack("{s:I, s:I, s:I}",
			   "calls", number(tech, directions[d].calls),
			   "bytes", number(tech, directions[d].bytes),
			   "ring_bytes", number(tech, directions[d].usage));
	for (i = 0; i < SMC_NLA_STATS_RMB_MAX; i++)
		if (keys[i])
			json_object_set_new(object, keys[i],
					    json_integer(number(rings,
								1 + i)));
	json_object_set_new(object, "calls_up_to",
			    decode_sizes(tech, directions[d].calls_by_size));
	json_object_set_new(object, "rings_up_to",
			    decode_sizes(tech, directions[d].rings_by_size));
	return object;
}

static json_t *decode_specials(const struct nlattr *tech)
{
	json_t *object = json_object();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(specials); i++)
		json_object_set_new(object, specials[i].key,
				    json_integer(number(tech,
							specials[i].attr)));
	return object;
}

static json_t *decode_roles(const struct nlattr *nest, uint16_t client,
			    uint16_t server)
{
	return json_pack("{s:I, s:I}", "client", number(nest, client),
			 "server", number(nest, server));
}

static json_t *decode_stats_nest(const struct nlattr *nest)
{
	const struct nlattr *tech = smc_attr_find(nest,
						  SMC_NLA_STATS_SMCD_TECH);
	json_t *object;
	size_t d;

	/* There are none by version 1. */
	object = json_pack("{s:o, s:o}", "connections",
			   decode_roles(tech, SMC_NLA_STATS_T_CLNT_V2_SUCC,
					SMC_NLA_STATS_T_SRV_V2_SUCC),
			   "broken_handshakes",
			   decode_roles(nest, SMC_NLA_STATS_CLNT_HS_ERR_CNT,
					SMC_NLA_STATS_SRV_HS_ERR_CNT));
	for (d = 0; d < ARRAY_SIZE(directions); d++)
		json_object_set_new(object, directions[d].key,
				    decode_direction(tech, d));
	json_object_set_new(object, "special", decode_specials(tech));
	return object;
}

static int keep_stats(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;
	json_t **stats = data;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) != SMC_GEN_STATS)
			continue;
		json_decref(*stats);
		*stats = decode_stats_nest(attr);
	}
	return MNL_CB_OK;
}

/* "more" stands for what is more than the largest size. */
static void print_sizes(const char *label, const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value) {
		if (json_integer_value(value))
			printf("  %s %-*s%20" JSON_INTEGER_FORMAT "\n", label,
			       23 - (int)strlen(label), key,
			       json_integer_value(value));
	}
}

static void print_label(const char *key, char label[CELL_LEN])
{
	char *c;

	snprintf(label, CELL_LEN, "%s", key);
	for (c = label; (c = strchr(c, '_'));)
		*c = ' ';
}

/* Sizes that did not occur are left out. */
static void print_group(const char *title, const json_t *group)
{
	char label[CELL_LEN];
	const char *key;
	json_t *value;

	print_label(title, label);
	printf("%s:\n", label);
	json_object_foreach((json_t *)group, key, value) {
		print_label(key, label);
		if (json_is_object(value))
			print_sizes(label, value);
		else
			printf("  %-24s%20" JSON_INTEGER_FORMAT "\n", label,
			       json_integer_value(value));
	}
}

int smc_stats(int argc, char **argv)
{
	json_t *stats = NULL, *group;
	const char *title;
	int err;

	if (parse_end(argc, argv) ||
	    smc_genl_dump(SMC_GENL_FAMILY_NAME, SMC_NETLINK_GET_STATS,
			  keep_stats, &stats))
		return 1;
	if (!stats)
		return fail("smc: no answer");
	if (output_json) {
		err = print_json(stats, JSON_INDENT(2));
	} else {
		json_object_foreach(stats, title, group)
			print_group(title, group);
		err = print_end();
	}
	json_decref(stats);
	return err;
}

/* --- by carrier and reason ---------------------------------------------------------- */

static json_t *decode_fallback(const struct nlattr *nest)
{
	uint32_t code = number(nest, SMC_NLA_FBACK_STATS_RSN_CODE);
	bool server = number(nest, SMC_NLA_FBACK_STATS_TYPE);

	return json_pack("{s:s, s:s, s:o, s:s, s:I}",
			 "role", server ? "server" : "client",
			 "carrier", "TCP",
			 "reason", smc_code_text(code),
			 "reason_text", reason_text(code),
			 "count", number(nest, DIBS_SMC_NLA_FBACK_COUNT));
}

static int collect_fallback(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == SMC_GEN_FBACK_STATS &&
		    json_array_append_new(data, decode_fallback(attr)))
			return MNL_CB_ERROR;
	return MNL_CB_OK;
}

/* What did not fall back, from the figures. 0 or -1. */
static int add_carried(json_t *list, const json_t *stats)
{
	json_t *counts = json_object_get(stats, "connections");
	const char *role;
	json_t *count;
	int err = 0;

	json_object_foreach(counts, role, count)
		err |= json_array_append_new(list,
					     json_pack("{s:s, s:s, s:n, s:n, s:O}",
						       "role", role,
						       "carrier", "SMC-D",
						       "reason", "reason_text",
						       "count", count));
	return err;
}

int smc_fallbacks(int argc, char **argv)
{
	static const struct column columns[] = {
		{ .title = "ROLE", .key = "role" },
		{ .title = "CARRIER", .key = "carrier" },
		{ .title = "COUNT", .key = "count", .right = true },
		{ .title = "WHY", .text = smc_why_text },
	};
	json_t *stats = NULL, *list;
	int err;

	if (parse_end(argc, argv) ||
	    smc_genl_dump(SMC_GENL_FAMILY_NAME, SMC_NETLINK_GET_STATS,
			  keep_stats, &stats))
		return 1;
	list = json_array();
	err = add_carried(list, stats);
	json_decref(stats);
	if (!err)
		err = smc_genl_dump(SMC_GENL_FAMILY_NAME,
				    SMC_NETLINK_GET_FBACK_STATS,
				    collect_fallback, list);
	return smc_print(columns, ARRAY_SIZE(columns), list, err);
}

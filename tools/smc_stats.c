// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * dibs smc stats, dibs smc fallbacks: statistics of this network namespace.
 * Tables and JSON have the same keys in the same order.
 */
#include <stdio.h>
#include <string.h>

#include <linux/dibs_smc.h>
#include <linux/smc.h>

#include "dibs.h"
#include "smc.h"

/* Size classes of calls and rings. */
static const char *const sizes[] = {
	[SMC_NLA_STATS_PLOAD_8K] = "8K",
	[SMC_NLA_STATS_PLOAD_16K] = "16K",
	[SMC_NLA_STATS_PLOAD_32K] = "32K",
	[SMC_NLA_STATS_PLOAD_64K] = "64K",
	[SMC_NLA_STATS_PLOAD_128K] = "128K",
	[SMC_NLA_STATS_PLOAD_256K] = "256K",
	[SMC_NLA_STATS_PLOAD_512K] = "512K",
	[SMC_NLA_STATS_PLOAD_1024K] = "1024K",
	[SMC_NLA_STATS_PLOAD_G_1024K] = "more",
};

#define RING_KEYS	(SMC_NLA_STATS_RMB_MAX + 1)

/* Counters of one direction; NULL: always 0 in this implementation. */
static const char *const sent_rings[RING_KEYS] = {
	[SMC_NLA_STATS_RMB_SIZE_SM_PEER_CNT] = "larger_than_ring",
	[SMC_NLA_STATS_RMB_FULL_PEER_CNT] = "ring_full",
};

static const char *const received_rings[RING_KEYS] = {
	[SMC_NLA_STATS_RMB_SIZE_SM_CNT] = "larger_than_ring",
	[SMC_NLA_STATS_RMB_FULL_CNT] = "ring_full",
	[SMC_NLA_STATS_RMB_ALLOC_CNT] = "rings_made",
	[SMC_NLA_STATS_RMB_DGRADE_CNT] = "rings_shrunk",
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

	for (i = SMC_NLA_STATS_PLOAD_8K; i < ARRAY_SIZE(sizes); i++)
		json_object_set_new(object, sizes[i],
				    json_integer(number(nest, i)));
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
	for (i = 0; i < RING_KEYS; i++)
		if (keys[i])
			json_object_set_new(object, keys[i],
					    json_integer(number(rings, i)));
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

static json_t *decode_figures(const struct nlmsghdr *nlh)
{
	const struct nlattr *nest = smc_attr_get(nlh, SMC_GEN_STATS);
	const struct nlattr *tech = smc_attr_find(nest,
						  SMC_NLA_STATS_SMCD_TECH);
	json_t *object;
	size_t d;

	/* Version 1 is not implemented. */
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

static int get_figures(const char *what, json_t **figures)
{
	json_t *list;
	int err = 0;

	if (nl_dump(nl_begin(&nl_smc, SMC_NETLINK_GET_STATS), what,
		    decode_figures, &list))
		return 1;
	if (json_array_size(list))
		*figures = json_incref(json_array_get(list, 0));
	else
		err = fail("%s: no answer", what);
	json_decref(list);
	return err;
}

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

static void make_label(const char *key, char label[CELL_LEN])
{
	char *c;

	snprintf(label, CELL_LEN, "%s", key);
	for (c = label; (c = strchr(c, '_'));)
		*c = ' ';
}

/* Size classes that did not occur are left out. */
static void print_group(const char *title, const json_t *group)
{
	char label[CELL_LEN];
	const char *key;
	json_t *value;

	make_label(title, label);
	printf("%s:\n", label);
	json_object_foreach((json_t *)group, key, value) {
		make_label(key, label);
		if (json_is_object(value))
			print_sizes(label, value);
		else
			printf("  %-24s%20" JSON_INTEGER_FORMAT "\n", label,
			       json_integer_value(value));
	}
}

int smc_stats(int argc, char **argv)
{
	json_t *stats, *group;
	const char *title;
	int err;

	if (parse_end(argc, argv) || get_figures("smc stats", &stats))
		return 1;
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

static json_t *decode_fallback(const struct nlmsghdr *nlh)
{
	const struct nlattr *nest = smc_attr_get(nlh, SMC_GEN_FBACK_STATS);
	uint32_t code = number(nest, SMC_NLA_FBACK_STATS_RSN_CODE);
	bool server = number(nest, SMC_NLA_FBACK_STATS_TYPE);

	return json_pack("{s:s, s:s, s:o, s:s, s:I}",
			 "role", server ? "server" : "client",
			 "carrier", "TCP",
			 "reason", smc_code_text(code),
			 "reason_text", smc_reason_text(code),
			 "count", number(nest, DIBS_SMC_NLA_FBACK_COUNT));
}

/* Counts of the connections that did not fall back. */
static json_t *list_carried(const json_t *stats)
{
	json_t *counts = json_object_get(stats, "connections");
	json_t *list = json_array();
	const char *role;
	json_t *count;

	json_object_foreach(counts, role, count)
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:n, s:n, s:O}",
						"role", role,
						"carrier", "SMC-D",
						"reason", "reason_text",
						"count", count));
	return list;
}

static int list_carriers(json_t **list)
{
	json_t *stats, *fallbacks;

	if (nl_dump(nl_begin(&nl_smc, SMC_NETLINK_GET_FBACK_STATS),
		    "smc fallbacks", decode_fallback, &fallbacks))
		return 1;
	if (get_figures("smc fallbacks", &stats)) {
		json_decref(fallbacks);
		return 1;
	}
	*list = list_carried(stats);
	json_array_extend(*list, fallbacks);
	json_decref(stats);
	json_decref(fallbacks);
	return 0;
}

int smc_fallbacks(int argc, char **argv)
{
	static const struct column columns[] = {
		{ .title = "ROLE", .key = "role" },
		{ .title = "CARRIER", .key = "carrier" },
		{ .title = "COUNT", .key = "count", .right = true },
		{ .title = "REASON", .text = smc_reason_cell },
	};
	json_t *list;

	if (parse_end(argc, argv) || list_carriers(&list))
		return 1;
	return print_list(columns, ARRAY_SIZE(columns), list);
}

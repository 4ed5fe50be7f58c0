// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * dibs smc: the SMC sockets of this network namespace, what carries them and
 * why, and how often. The EIDs are in smc_eid.c.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/dibs_smc.h>
#include <linux/genetlink.h>
#include <linux/smc.h>
#include <linux/smc_diag.h>

#include "dibs.h"
#include "smc.h"

static const char *state_name(uint8_t state)
{
	switch (state) {
	case 1:
		return "ACTIVE";
	case 2:
		return "INIT";
	case 7:
		return "CLOSED";
	case 10:
		return "LISTEN";
	case 20:
		return "PEERCLOSEWAIT1";
	case 21:
		return "PEERCLOSEWAIT2";
	case 22:
		return "APPCLOSEWAIT1";
	case 23:
		return "APPCLOSEWAIT2";
	case 24:
		return "APPFINCLOSEWAIT";
	case 25:
		return "PEERFINCLOSEWAIT";
	case 26:
		return "PEERABORTWAIT";
	case 27:
		return "PROCESSABORT";
	default:
		return "UNKNOWN";
	}
}

/* An address and a port as ss(8) writes them. */
static json_t *endpoint(int family, const void *addr, uint16_t port)
{
	char host[INET6_ADDRSTRLEN] = "?", text[CELL_LEN];

	inet_ntop(family, addr, host, sizeof(host));
	snprintf(text, sizeof(text), family == AF_INET6 ? "[%s]:%u" : "%s:%u",
		 host, ntohs(port));
	return json_string(text);
}

static json_t *code_text(uint32_t code)
{
	char text[16];

	if (!code)
		return json_null();
	snprintf(text, sizeof(text), "%08x", code);
	return json_string(text);
}

static json_t *carrier_of(const struct smc_diag_msg *msg, uint32_t reason)
{
	if (msg->diag_mode == SMC_DIAG_MODE_SMCD)
		return json_string("SMC-D");
	return reason ? json_string("TCP") : json_null();
}

/* Attributes of one socket's message; zero or empty if there are none. */
struct details {
	int family;
	char device[CELL_LEN];
	struct smc_diag_fallback fallback;
	struct smc_diag_conninfo conn;
	struct dibs_smc_diag_dmbinfo dmb;
};

/* As much as the kernel knows of it. */
static void copy_attr(void *to, size_t size, const struct nlattr *attr)
{
	size_t len = mnl_attr_get_payload_len(attr);

	memcpy(to, mnl_attr_get_payload(attr), len < size ? len : size);
}

static void read_detail(struct details *details, const struct nlattr *attr)
{
	switch (mnl_attr_get_type(attr)) {
	case SMC_DIAG_FALLBACK:
		copy_attr(&details->fallback, sizeof(details->fallback), attr);
		break;
	case SMC_DIAG_CONNINFO:
		copy_attr(&details->conn, sizeof(details->conn), attr);
		break;
	case SMC_DIAG_DMBINFO:
		copy_attr(&details->dmb, sizeof(details->dmb), attr);
		break;
	case DIBS_SMC_DIAG_DEVICE:
		if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			snprintf(details->device, sizeof(details->device), "%s",
				 mnl_attr_get_str(attr));
		break;
	case DIBS_SMC_DIAG_FAMILY:
		if (mnl_attr_get_payload_len(attr) &&
		    mnl_attr_get_u8(attr) == AF_INET6)
			details->family = AF_INET6;
		break;
	}
}

static void read_details(const struct nlmsghdr *nlh, struct details *details)
{
	const struct nlattr *attr;

	memset(details, 0, sizeof(*details));
	details->family = AF_INET;
	mnl_attr_for_each(attr, nlh, sizeof(struct smc_diag_msg))
		read_detail(details, attr);
}

static json_t *gid_text(uint64_t high, uint64_t low)
{
	uint8_t gid[16];
	char text[GID_TEXT_LEN];
	int i;

	for (i = 0; i < 8; i++) {
		gid[i] = high >> (56 - 8 * i);
		gid[8 + i] = low >> (56 - 8 * i);
	}
	gid_format(text, gid);
	return json_string(text);
}

/* The kernel shows 0 to whoever may not see it. */
static json_t *token_text(uint64_t token)
{
	return token ? json_sprintf("0x%016" PRIx64, token) : json_null();
}

/* What there is of a connection that SMC-D carries. 0 or -1. */
static int add_dmbs(json_t *row, const struct details *details)
{
	const struct dibs_smc_diag_dmbinfo *dmb = &details->dmb;
	json_t *more;
	int err;

	more = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I}",
			 "device", details->device,
			 "link_group", json_sprintf("%08x", dmb->linkid),
			 "gid", gid_text(dmb->my_gid, dmb->my_gid_ext),
			 "peer_gid", gid_text(dmb->peer_gid, dmb->peer_gid_ext),
			 "token", token_text(dmb->token),
			 "peer_token", token_text(dmb->peer_token),
			 "receive_buffer", (json_int_t)details->conn.rmbe_size,
			 "send_buffer",
			 (json_int_t)details->conn.peer_rmbe_size);
	err = json_object_update(row, more);
	json_decref(more);
	return err;
}

static json_t *decode_socket(const struct nlmsghdr *nlh)
{
	const struct smc_diag_msg *msg = mnl_nlmsg_get_payload(nlh);
	const struct smc_diag_fallback *why;
	struct details details;
	json_t *row;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*msg))
		return NULL;
	read_details(nlh, &details);
	why = &details.fallback;
	row = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I}",
			"state", state_name(msg->diag_state),
			"local", endpoint(details.family, msg->id.idiag_src,
					  msg->id.idiag_sport),
			"peer", endpoint(details.family, msg->id.idiag_dst,
					 msg->id.idiag_dport),
			"carrier", carrier_of(msg, why->reason),
			"reason", code_text(why->reason),
			"reason_text", why->reason ?
				json_string(reason_text(why->reason)) :
				json_null(),
			"peer_reason", code_text(why->peer_diagnosis),
			"uid", (json_int_t)msg->diag_uid,
			"inode", (json_int_t)msg->diag_inode);
	if (msg->diag_mode == SMC_DIAG_MODE_SMCD && add_dmbs(row, &details)) {
		json_decref(row);
		return NULL;
	}
	return row;
}

static int collect_socket(const struct nlmsghdr *nlh, void *data)
{
	return json_array_append_new(data, decode_socket(nlh)) ? MNL_CB_ERROR :
								 MNL_CB_OK;
}

static const char *text_of(const json_t *row, const char *key)
{
	return json_string_value(json_object_get(row, key));
}

/* SMC-D with the device. */
static void carrier_text(char cell[CELL_LEN], const json_t *row)
{
	const char *carrier = text_of(row, "carrier");
	const char *device = text_of(row, "device");

	snprintf(cell, CELL_LEN, "%s%s%s", carrier ? : "-", device ? " " : "",
		 device ? : "");
}

static void why_text(char cell[CELL_LEN], const json_t *row)
{
	const char *code = text_of(row, "reason");
	const char *peer = text_of(row, "peer_reason");

	if (!code)
		snprintf(cell, CELL_LEN, "-");
	else if (!peer)
		snprintf(cell, CELL_LEN, "%s %s", code,
			 text_of(row, "reason_text"));
	else
		snprintf(cell, CELL_LEN, "%s %s: %s %s", code,
			 text_of(row, "reason_text"), peer,
			 reason_text(strtoul(peer, NULL, 16)));
}

/* Prints and frees @list, unless there was an error before. */
static int show(const struct column *columns, size_t n, json_t *list, int err)
{
	if (!err && output_json) {
		err = print_json(list, JSON_INDENT(2));
	} else if (!err) {
		print_table(columns, n, list);
		err = print_end();
	}
	json_decref(list);
	return err;
}

int smc_list(int argc, char **argv)
{
	static const struct column columns[] = {
		{ .title = "STATE", .key = "state" },
		{ .title = "LOCAL", .key = "local" },
		{ .title = "PEER", .key = "peer" },
		{ .title = "UID", .key = "uid", .right = true },
		{ .title = "INODE", .key = "inode", .right = true },
		{ .title = "CARRIER", .text = carrier_text },
		{ .title = "WHY", .text = why_text },
	};
	const uint8_t ext = 1 << (SMC_DIAG_CONNINFO - 1) |
			    1 << (SMC_DIAG_DMBINFO - 1);
	json_t *list;

	if (parse_end(argc, argv))
		return 1;
	list = json_array();
	return show(columns, ARRAY_SIZE(columns), list,
		    smc_diag_dump(ext, collect_socket, list));
}

/* --- counters --------------------------------------------------------------- */

static json_t *decode_values(const struct nlattr *nest)
{
	const struct nlattr *attr;
	uint64_t count = 0;
	uint32_t code = 0;
	bool server = false;

	mnl_attr_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case SMC_NLA_FBACK_STATS_TYPE:
			server = mnl_attr_get_u8(attr);
			break;
		case SMC_NLA_FBACK_STATS_RSN_CODE:
			code = mnl_attr_get_u32(attr);
			break;
		case DIBS_SMC_NLA_FBACK_COUNT:
			count = mnl_attr_get_u64(attr);
			break;
		}
	}
	return json_pack("{s:s, s:s, s:o, s:s, s:I}",
			 "role", server ? "server" : "client",
			 "carrier", "TCP",
			 "reason", code_text(code),
			 "reason_text", reason_text(code),
			 "count", (json_int_t)count);
}

static int collect_fallback(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == SMC_GEN_FBACK_STATS &&
		    json_array_append_new(data, decode_values(attr)))
			return MNL_CB_ERROR;
	return MNL_CB_OK;
}

static int add_connections(json_t *list, const char *role, uint64_t count)
{
	return json_array_append_new(list,
				     json_pack("{s:s, s:s, s:n, s:n, s:I}",
					       "role", role,
					       "carrier", "SMC-D",
					       "reason", "reason_text",
					       "count", (json_int_t)count));
}

static int collect_connections(const struct nlmsghdr *nlh, void *data)
{
	uint64_t client = 0, server = 0;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_validate(attr, MNL_TYPE_U64) < 0)
			continue;
		switch (mnl_attr_get_type(attr)) {
		case DIBS_SMC_NLA_CONNS_CLIENT:
			client = mnl_attr_get_u64(attr);
			break;
		case DIBS_SMC_NLA_CONNS_SERVER:
			server = mnl_attr_get_u64(attr);
			break;
		}
	}
	if (add_connections(data, "client", client) ||
	    add_connections(data, "server", server))
		return MNL_CB_ERROR;
	return MNL_CB_OK;
}

int smc_stats(int argc, char **argv)
{
	static const struct column columns[] = {
		{ .title = "ROLE", .key = "role" },
		{ .title = "CARRIER", .key = "carrier" },
		{ .title = "COUNT", .key = "count", .right = true },
		{ .title = "WHY", .text = why_text },
	};
	json_t *list;
	int err;

	if (parse_end(argc, argv))
		return 1;
	list = json_array();
	err = smc_genl_get(DIBS_SMC_NETLINK_GET_CONNS, collect_connections,
			   list) ||
	      smc_genl_dump(SMC_NETLINK_GET_FBACK_STATS, collect_fallback,
			    list);
	return show(columns, ARRAY_SIZE(columns), list, err);
}

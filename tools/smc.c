// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * dibs smc list, dibs smc show: the SMC sockets of this network namespace with
 * their carrier and fallback reason. The other commands are in smc_*.c.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/dibs_smc.h>
#include <linux/smc_diag.h>

#include "dibs.h"
#include "smc.h"

struct name {
	uint32_t number;
	const char *text;
};

static const char *find_name(const struct name *names, size_t n,
			     uint32_t number, const char *otherwise)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (names[i].number == number)
			return names[i].text;
	return otherwise;
}

static const char *state_name(uint8_t state)
{
	static const struct name names[] = {
#define X(name, number) { number, #name },
		DIBS_SMC_STATES(X)
#undef X
	};

	return find_name(names, ARRAY_SIZE(names), state, "UNKNOWN");
}

const char *smc_reason_text(uint32_t code)
{
	static const struct name texts[] = {
#define X(name, code, text) { code, text },
		DIBS_SMC_REASONS(X)
#undef X
	};

	return find_name(texts, ARRAY_SIZE(texts), code, "unknown");
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

json_t *smc_code_text(uint32_t code)
{
	return code ? json_sprintf("%08x", code) : json_null();
}

static json_t *carrier_of(const struct smc_diag_msg *msg, uint32_t reason)
{
	if (msg->diag_mode == SMC_DIAG_MODE_SMCD)
		return json_string("SMC-D");
	return reason ? json_string("TCP") : json_null();
}

/* Attributes of a socket's message; zero or empty if absent. */
struct details {
	int family;
	bool has_shutdown;	/* only "show" asks for it */
	uint8_t shutdown;
	char device[CELL_LEN];
	struct smc_diag_fallback fallback;
	struct smc_diag_conninfo conn;
	struct dibs_smc_diag_dmbinfo dmb;
};

/* The kernel's struct may be longer or shorter. */
static void copy_attr(void *to, size_t size, const struct nlattr *attr)
{
	size_t len = mnl_attr_get_payload_len(attr);

	memcpy(to, mnl_attr_get_payload(attr), len < size ? len : size);
}

static int read_detail(const struct nlattr *attr, void *data)
{
	struct details *details = data;

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
	case SMC_DIAG_SHUTDOWN:
		details->has_shutdown = mnl_attr_get_payload_len(attr);
		if (details->has_shutdown)
			details->shutdown = mnl_attr_get_u8(attr);
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
	return MNL_CB_OK;
}

json_t *smc_gid_text(uint64_t high, uint64_t low)
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

/* The kernel reports 0 without CAP_NET_ADMIN. */
static json_t *token_text(uint64_t token)
{
	return token ? json_sprintf("0x%016" PRIx64, token) : json_null();
}

static json_t *cursor_text(const struct smc_diag_cursor *cursor)
{
	return json_sprintf("%04x:%08x", cursor->wrap, cursor->count);
}

static json_t *flags_text(uint8_t prod, uint8_t state)
{
	return json_sprintf("%02x:%02x", prod, state);
}

/* Adds how far both rings were written and read, for "show". 0 or -1. */
static int add_cursors(json_t *row, const struct smc_diag_conninfo *conn)
{
	json_t *more;
	int err;

	more = json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "dmb", (json_int_t)conn->token,
			 "received", cursor_text(&conn->rx_prod),
			 "read", cursor_text(&conn->rx_cons),
			 "received_flags", flags_text(conn->rx_prod_flags,
						conn->rx_conn_state_flags),
			 "sent", cursor_text(&conn->tx_prod),
			 "sent_and_read", cursor_text(&conn->tx_cons),
			 "sent_flags", flags_text(conn->tx_prod_flags,
						  conn->tx_conn_state_flags));
	err = json_object_update(row, more);
	json_decref(more);
	return err;
}

/* Adds what only a connection over SMC-D has. 0 or -1. */
static int add_dmbs(json_t *row, const struct details *details)
{
	const struct dibs_smc_diag_dmbinfo *dmb = &details->dmb;
	json_t *more;
	int err;

	more = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I}",
			 "device", details->device,
			 "link_group", json_sprintf("%08x", dmb->linkid),
			 "gid", smc_gid_text(dmb->my_gid, dmb->my_gid_ext),
			 "peer_gid", smc_gid_text(dmb->peer_gid,
						  dmb->peer_gid_ext),
			 "token", token_text(dmb->token),
			 "peer_token", token_text(dmb->peer_token),
			 "receive_buffer", (json_int_t)details->conn.rmbe_size,
			 "send_buffer",
			 (json_int_t)details->conn.peer_rmbe_size);
	err = json_object_update(row, more);
	json_decref(more);
	if (!err && details->has_shutdown)
		err = add_cursors(row, &details->conn);
	return err;
}

static json_t *ends_text(uint8_t shutdown)
{
	static const char *const texts[] = { "no", "reading", "writing",
					     "both" };

	return json_string(texts[shutdown & 3]);
}

static json_t *decode_socket(const struct nlmsghdr *nlh)
{
	const struct smc_diag_msg *msg = mnl_nlmsg_get_payload(nlh);
	struct details details = { .family = AF_INET };
	const struct smc_diag_fallback *why = &details.fallback;
	json_t *row;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*msg))
		return NULL;
	mnl_attr_parse(nlh, sizeof(*msg), read_detail, &details);
	row = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I}",
			"state", state_name(msg->diag_state),
			"local", endpoint(details.family, msg->id.idiag_src,
					  msg->id.idiag_sport),
			"peer", endpoint(details.family, msg->id.idiag_dst,
					 msg->id.idiag_dport),
			"carrier", carrier_of(msg, why->reason),
			"reason", smc_code_text(why->reason),
			"reason_text", why->reason ?
				json_string(smc_reason_text(why->reason)) :
				json_null(),
			"peer_reason", smc_code_text(why->peer_diagnosis),
			"uid", (json_int_t)msg->diag_uid,
			"inode", (json_int_t)msg->diag_inode);
	if ((details.has_shutdown &&
	     json_object_set_new(row, "shutdown",
				 ends_text(details.shutdown))) ||
	    (msg->diag_mode == SMC_DIAG_MODE_SMCD && add_dmbs(row, &details))) {
		json_decref(row);
		return NULL;
	}
	return row;
}

/* @ext: mask of the attributes wanted, bit SMC_DIAG_* - 1 */
static int dump_sockets(uint8_t ext, const char *what, json_t **list)
{
	const struct smc_diag_req req = {
		.diag_family = AF_SMC,
		.diag_ext = ext,
	};

	return nl_dump(nl_begin_diag(&req, sizeof(req)), what, decode_socket,
		       list);
}

static const char *text_of(const json_t *row, const char *key)
{
	return json_string_value(json_object_get(row, key));
}

/* "SMC-D lo", "TCP" or "-". */
static void carrier_text(char cell[CELL_LEN], const json_t *row)
{
	const char *carrier = text_of(row, "carrier");
	const char *device = text_of(row, "device");

	snprintf(cell, CELL_LEN, "%s%s%s", carrier ? : "-", device ? " " : "",
		 device ? : "");
}

void smc_reason_cell(char cell[CELL_LEN], const json_t *row)
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
			 smc_reason_text(strtoul(peer, NULL, 16)));
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
		{ .title = "REASON", .text = smc_reason_cell },
	};
	const uint8_t ext = 1 << (SMC_DIAG_CONNINFO - 1) |
			    1 << (SMC_DIAG_DMBINFO - 1);
	json_t *list;

	if (parse_end(argc, argv) || dump_sockets(ext, "smc list", &list))
		return 1;
	return print_list(columns, ARRAY_SIZE(columns), list);
}

static void print_socket(const json_t *row)
{
	printf("%s -> %s:\n", text_of(row, "local"), text_of(row, "peer"));
	print_details(row, 2);
}

/* Frees @list. */
static int print_sockets(json_t *list)
{
	json_t *row;
	size_t i;
	int err;

	if (output_json) {
		err = print_json(list, JSON_INDENT(2));
	} else {
		json_array_foreach(list, i, row)
			print_socket(row);
		err = print_end();
	}
	json_decref(list);
	return err;
}

/* Removes all sockets but the one with this inode, if there is one. */
static void keep_inode(json_t *list, uint32_t inode)
{
	size_t i = json_array_size(list);

	while (i--) {
		json_t *row = json_array_get(list, i);

		if (json_integer_value(json_object_get(row, "inode")) != inode)
			json_array_remove(list, i);
	}
}

int smc_show(int argc, char **argv)
{
	const uint8_t ext = 1 << (SMC_DIAG_CONNINFO - 1) |
			    1 << (SMC_DIAG_SHUTDOWN - 1) |
			    1 << (SMC_DIAG_DMBINFO - 1);
	uint32_t inode = 0;
	json_t *list;

	if (argc && parse_u32("inode", argv[0], &inode))
		return 1;
	if (argc && parse_end(argc - 1, argv + 1))
		return 1;
	if (dump_sockets(ext, "smc show", &list))
		return 1;
	if (argc) {
		keep_inode(list, inode);
		if (!json_array_size(list)) {
			json_decref(list);
			return fail("no SMC socket has inode %u", inode);
		}
	}
	return print_sockets(list);
}

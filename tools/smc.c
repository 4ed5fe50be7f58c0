// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * dibs smc: the SMC sockets of this network namespace, and why connections are
 * carried by TCP. Asks sock_diag of AF_SMC and the family SMC_GEN_NETLINK.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/dibs_smc.h>
#include <linux/genetlink.h>
#include <linux/smc.h>
#include <linux/smc_diag.h>
#include <linux/sock_diag.h>

#include "dibs.h"

#ifndef AF_SMC
#define AF_SMC 43
#endif

static char buffer[64 * 1024];

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

/* Attributes of one socket's message. */
struct details {
	int family;
	struct smc_diag_fallback fallback;
};

static void read_details(const struct nlmsghdr *nlh, struct details *details)
{
	const struct nlattr *attr;

	*details = (struct details){ .family = AF_INET };
	mnl_attr_for_each(attr, nlh, sizeof(struct smc_diag_msg)) {
		size_t len = mnl_attr_get_payload_len(attr);

		switch (mnl_attr_get_type(attr)) {
		case SMC_DIAG_FALLBACK:
			if (len >= sizeof(details->fallback))
				memcpy(&details->fallback,
				       mnl_attr_get_payload(attr),
				       sizeof(details->fallback));
			break;
		case DIBS_SMC_DIAG_FAMILY:
			if (len && mnl_attr_get_u8(attr) == AF_INET6)
				details->family = AF_INET6;
			break;
		}
	}
}

static json_t *decode_socket(const struct nlmsghdr *nlh)
{
	const struct smc_diag_msg *msg = mnl_nlmsg_get_payload(nlh);
	const struct smc_diag_fallback *why;
	struct details details;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*msg))
		return NULL;
	read_details(nlh, &details);
	why = &details.fallback;
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I}",
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
}

static int collect_socket(const struct nlmsghdr *nlh, void *data)
{
	return json_array_append_new(data, decode_socket(nlh)) ? MNL_CB_ERROR :
								 MNL_CB_OK;
}

/* Sends a request and gives its answers to @handler; -1 with errno. */
static int ask(struct mnl_socket *nl, const struct nlmsghdr *nlh,
	       mnl_cb_t handler, void *data)
{
	unsigned int port = mnl_socket_get_portid(nl);
	ssize_t len;
	int ret;

	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -1;
	do {
		len = mnl_socket_recvfrom(nl, buffer, sizeof(buffer));
		if (len < 0)
			return -1;
		ret = mnl_cb_run(buffer, len, nlh->nlmsg_seq, port, handler,
				 data);
	} while (ret > MNL_CB_STOP);
	return ret;
}

static struct mnl_socket *open_bus(int bus)
{
	struct mnl_socket *nl = mnl_socket_open2(bus, SOCK_CLOEXEC);

	if (nl && mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		mnl_socket_close(nl);
		return NULL;
	}
	return nl;
}

static int fail_ask(void)
{
	if (errno == ENOENT)
		return fail("the dibs_smc module is not loaded (modprobe dibs_smc)");
	return fail("smc: %s", strerror(errno));
}

static int list_sockets(json_t *list)
{
	struct mnl_socket *nl = open_bus(NETLINK_SOCK_DIAG);
	char request[MNL_NLMSG_HDRLEN + 256] = {};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(request);
	struct smc_diag_req *req;
	int ret;

	if (!nl)
		return fail_ask();
	nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = 1;
	req = mnl_nlmsg_put_extra_header(nlh, sizeof(*req));
	req->diag_family = AF_SMC;
	ret = ask(nl, nlh, collect_socket, list);
	if (ret < 0)
		ret = fail_ask();
	mnl_socket_close(nl);
	return ret;
}

static void why_text(char cell[CELL_LEN], const json_t *row)
{
	const char *code = json_string_value(json_object_get(row, "reason"));
	const char *text = json_string_value(json_object_get(row,
							     "reason_text"));

	if (code)
		snprintf(cell, CELL_LEN, "%s %s", code, text);
	else
		snprintf(cell, CELL_LEN, "-");
}

int smc_list(int argc, char **argv)
{
	static const struct column columns[] = {
		{ .title = "STATE", .key = "state" },
		{ .title = "LOCAL", .key = "local" },
		{ .title = "PEER", .key = "peer" },
		{ .title = "UID", .key = "uid", .right = true },
		{ .title = "INODE", .key = "inode", .right = true },
		{ .title = "CARRIER", .key = "carrier" },
		{ .title = "WHY", .text = why_text },
	};
	json_t *list;
	int err;

	if (parse_end(argc, argv))
		return 1;
	list = json_array();
	err = list_sockets(list);
	if (!err && output_json) {
		err = print_json(list, JSON_INDENT(2));
	} else if (!err) {
		print_table(columns, ARRAY_SIZE(columns), list);
		err = print_end();
	}
	json_decref(list);
	return err;
}

/* --- counters --------------------------------------------------------------- */

static struct nlmsghdr *genl_begin(void *request, uint16_t type, uint8_t cmd,
				   uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(request);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = cmd;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = 1;
	return nlh;
}

static int read_family(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID &&
		    mnl_attr_validate(attr, MNL_TYPE_U16) >= 0)
			*(uint16_t *)data = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static int find_family(struct mnl_socket *nl, uint16_t *family)
{
	char request[256] = {};
	struct nlmsghdr *nlh = genl_begin(request, GENL_ID_CTRL,
					  CTRL_CMD_GETFAMILY, NLM_F_ACK);

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, SMC_GENL_FAMILY_NAME);
	return ask(nl, nlh, read_family, family);
}

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
	return json_pack("{s:s, s:o, s:s, s:I}",
			 "role", server ? "server" : "client",
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

static int list_fallbacks(json_t *list)
{
	struct mnl_socket *nl = open_bus(NETLINK_GENERIC);
	char request[256] = {};
	uint16_t family = 0;
	struct nlmsghdr *nlh;
	int ret;

	if (!nl)
		return fail_ask();
	ret = find_family(nl, &family);
	if (ret >= 0) {
		nlh = genl_begin(request, family, SMC_NETLINK_GET_FBACK_STATS,
				 NLM_F_DUMP);
		ret = ask(nl, nlh, collect_fallback, list);
	}
	if (ret < 0)
		ret = fail_ask();
	mnl_socket_close(nl);
	return ret;
}

int smc_stats(int argc, char **argv)
{
	static const struct column columns[] = {
		{ .title = "ROLE", .key = "role" },
		{ .title = "COUNT", .key = "count", .right = true },
		{ .title = "WHY", .text = why_text },
	};
	json_t *list;
	int err;

	if (parse_end(argc, argv))
		return 1;
	list = json_array();
	err = list_fallbacks(list);
	if (!err && output_json) {
		err = print_json(list, JSON_INDENT(2));
	} else if (!err) {
		print_table(columns, ARRAY_SIZE(columns), list);
		err = print_end();
	}
	json_decref(list);
	return err;
}

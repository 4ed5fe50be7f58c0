// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Requests to the kernel's generic netlink family "dibs", and its answers. One
 * socket, opened at the first request; one request at a time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/genetlink.h>

#include "dibs.h"

/* A list that changes while it is read is read again, so many times. */
#define LIST_TRIES	10

static struct {
	struct mnl_socket *socket;
	uint32_t seq;
	uint16_t family;
	uint32_t events;	/* multicast groups */
	uint32_t fabric;
} nl;

static char request[8192];
static char answer[64 * 1024];

/* What an answer led to. */
struct result {
	int err;		/* errno */
	bool interrupted;	/* a list changed while it was read */
	char message[256];	/* the kernel's, or empty */
};

static struct nlmsghdr *begin(uint16_t type, uint8_t cmd, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(request);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	if (!(flags & NLM_F_DUMP))
		nlh->nlmsg_flags |= NLM_F_ACK;
	nlh->nlmsg_seq = ++nl.seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = DIBS_GENL_VERSION;
	return nlh;
}

/* The kernel's message behind an error, @tlvs bytes into the payload. */
static void read_message(const struct nlmsghdr *nlh, size_t tlvs,
			 struct result *result)
{
	const struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) ||
	    mnl_nlmsg_get_payload_len(nlh) < tlvs)
		return;
	mnl_attr_for_each(attr, nlh, tlvs) {
		if (mnl_attr_get_type(attr) != NLMSGERR_ATTR_MSG ||
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
			continue;
		snprintf(result->message, sizeof(result->message), "%s",
			 mnl_attr_get_str(attr));
	}
}

/* Reads an NLMSG_ERROR, or NLMSG_DONE, which has an error code alone. */
static void read_end(const struct nlmsghdr *nlh, struct result *result)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);
	size_t tlvs = sizeof(error->error);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(error->error))
		return;
	result->err = -error->error;
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		tlvs = sizeof(*error);
		if (mnl_nlmsg_get_payload_len(nlh) < tlvs)
			return;
		if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
			tlvs += MNL_ALIGN(error->msg.nlmsg_len) -
				sizeof(error->msg);
	}
	read_message(nlh, tlvs, result);
}

/* One datagram of answers. True when the last has been seen. */
static bool read_answers(ssize_t len, nl_handler *handler, void *data,
			 struct result *result)
{
	const struct nlmsghdr *nlh = (void *)answer;
	int left = len;

	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		if (nlh->nlmsg_seq != nl.seq)
			continue;
		if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
			result->interrupted = true;
		if (nlh->nlmsg_type == NLMSG_ERROR ||
		    nlh->nlmsg_type == NLMSG_DONE) {
			read_end(nlh, result);
			return true;
		}
		if (nlh->nlmsg_type >= NLMSG_MIN_TYPE && handler &&
		    handler(nlh, data)) {
			result->err = EBADMSG;
			return true;
		}
	}
	return false;
}

/* Sends what begin() began; result->err says how it ended. */
static void transact(const struct nlmsghdr *nlh, nl_handler *handler,
		     void *data, struct result *result)
{
	ssize_t len;

	*result = (struct result){};
	if (mnl_socket_sendto(nl.socket, nlh, nlh->nlmsg_len) < 0) {
		result->err = errno;
		return;
	}
	do {
		len = mnl_socket_recvfrom(nl.socket, answer, sizeof(answer));
		if (len < 0 && errno != EINTR) {
			result->err = errno;
			return;
		}
	} while (len < 0 || !read_answers(len, handler, data, result));
}

static int fail_result(const char *what, const struct result *result)
{
	if (result->message[0])
		return fail("%s: %s", what, result->message);
	if (result->err == EPERM)
		return fail("%s: not permitted, needs CAP_NET_ADMIN", what);
	return fail("%s: %s", what, strerror(result->err));
}

static void read_group(const struct nlattr *nest)
{
	const struct nlattr *attr;
	const char *name = "";
	uint32_t id = 0;

	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID &&
		    mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			id = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			name = mnl_attr_get_str(attr);
	}
	if (!strcmp(name, DIBS_GENL_MCGRP_EVENTS))
		nl.events = id;
	else if (!strcmp(name, DIBS_GENL_MCGRP_FABRIC))
		nl.fabric = id;
}

static int read_family(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr, *group;

	(void)data;
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID &&
		    mnl_attr_validate(attr, MNL_TYPE_U16) >= 0)
			nl.family = mnl_attr_get_u16(attr);
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS)
			mnl_attr_for_each_nested(group, attr)
				read_group(group);
	}
	return 0;
}

static int find_family(void)
{
	struct result result;
	struct nlmsghdr *nlh;

	nlh = begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, DIBS_GENL_NAME);
	transact(nlh, read_family, NULL, &result);
	if (result.err == ENOENT)
		return fail("the dibs module is not loaded (modprobe dibs_loopback)");
	if (result.err)
		return fail_result("netlink", &result);
	return 0;
}

static int open_socket(void)
{
	int on = 1;

	nl.socket = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!nl.socket || mnl_socket_bind(nl.socket, 0, MNL_SOCKET_AUTOPID))
		return fail("netlink: %s", strerror(errno));
	/* Without these there are no messages of the kernel's, no more. */
	mnl_socket_setsockopt(nl.socket, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl.socket, NETLINK_CAP_ACK, &on, sizeof(on));
	nl.seq = time(NULL);
	return find_family();
}

/* Begins a request. Exits if there is nobody to ask. */
struct nlmsghdr *nl_begin(uint8_t cmd, uint16_t flags)
{
	if (!nl.socket && open_socket())
		exit(1);
	return begin(nl.family, cmd, flags);
}

void nl_put_dev(struct nlmsghdr *nlh, const struct dev_ref *dev)
{
	if (dev->name)
		mnl_attr_put_strz(nlh, DIBS_A_DEV_NAME, dev->name);
	else
		mnl_attr_put_u32(nlh, DIBS_A_DEV_INDEX, dev->index);
}

/* Sends a request and hands its answers to @handler. @what: for messages. */
int nl_run(struct nlmsghdr *nlh, const char *what, nl_handler *handler,
	   void *data)
{
	struct result result;

	transact(nlh, handler, data, &result);
	return result.err ? fail_result(what, &result) : 0;
}

struct collector {
	json_t *(*decode)(const struct nlmsghdr *nlh);
	json_t *list;
};

static int collect(const struct nlmsghdr *nlh, void *data)
{
	struct collector *collector = data;

	return json_array_append_new(collector->list, collector->decode(nlh));
}

/* A list of all, or of what is of one device if @dev is not NULL. */
int nl_list(uint8_t cmd, const struct dev_ref *dev, const char *what,
	    json_t *(*decode)(const struct nlmsghdr *nlh), json_t **list)
{
	struct collector collector = { .decode = decode };
	struct result result = {};
	struct nlmsghdr *nlh;
	int i;

	for (i = 0; i < LIST_TRIES; i++) {
		json_decref(collector.list);
		collector.list = json_array();
		nlh = nl_begin(cmd, NLM_F_DUMP);
		if (dev)
			nl_put_dev(nlh, dev);
		transact(nlh, collect, &collector, &result);
		if (result.err || !result.interrupted)
			break;
	}
	if (result.err) {
		json_decref(collector.list);
		return fail_result(what, &result);
	}
	*list = collector.list;
	return 0;
}

static int join_group(uint32_t group)
{
	return mnl_socket_setsockopt(nl.socket, NETLINK_ADD_MEMBERSHIP, &group,
				     sizeof(group));
}

/* To events; those of fabrics only if the user may. */
int nl_subscribe(void)
{
	if (!nl.socket && open_socket())
		return 1;
	if (nl.fabric && join_group(nl.fabric) && errno != EPERM)
		return fail("monitor: %s", strerror(errno));
	if (join_group(nl.events))
		return fail("monitor: %s", strerror(errno));
	return 0;
}

/* Hands notifications to @handler until it fails. */
int nl_listen(nl_handler *handler, int (*lost)(void))
{
	const struct nlmsghdr *nlh;
	ssize_t len;
	int left;

	for (;;) {
		len = mnl_socket_recvfrom(nl.socket, answer, sizeof(answer));
		if (len < 0 && errno == ENOBUFS) {
			if (lost())
				return 1;
			continue;
		}
		if (len < 0 && errno != EINTR)
			return fail("monitor: %s", strerror(errno));
		left = len;
		for (nlh = (void *)answer; mnl_nlmsg_ok(nlh, left);
		     nlh = mnl_nlmsg_next(nlh, &left))
			if (nlh->nlmsg_type == nl.family && handler(nlh, NULL))
				return 1;
	}
}

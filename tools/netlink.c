// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Netlink: requests to generic netlink families and to sock_diag, and the
 * events that the family "dibs" multicasts.
 *
 * nl_begin() starts a request, mnl_attr_put_*() add attributes, nl_do(),
 * nl_get() or nl_dump() send it. Each attempt uses a socket of its own, so that
 * the rest of an abandoned dump cannot be mistaken for a later answer.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <sys/socket.h>

#include <linux/genetlink.h>
#include <linux/smc.h>
#include <linux/sock_diag.h>

#include "dibs.h"

/* How often a dump is read again because objects changed meanwhile. */
#define DUMP_TRIES	10

const struct nl_family nl_dibs = {
	DIBS_GENL_NAME, DIBS_GENL_VERSION, "dibs", "dibs_loopback"
};

const struct nl_family nl_smc = {
	SMC_GENL_FAMILY_NAME, SMC_GENL_FAMILY_VERSION, "dibs_smc", "dibs_smc"
};

const struct nl_family nl_pnetid = {
	SMCR_GENL_FAMILY_NAME, SMCR_GENL_FAMILY_VERSION, "dibs_smc", "dibs_smc"
};

/* Not a generic netlink family, so there is no ID to look up. */
static const struct nl_family sock_diag = {
	NULL, 0, "dibs_smc", "dibs_smc"
};

static char request[8192];
static const struct nl_family *asked;	/* whom @request is for */
static char buffer[64 * 1024];		/* the last datagram received */

/* A request under way, and what has come back. */
struct exchange {
	mnl_cb_t handler;	/* for answers, or NULL */
	void *data;		/* for @handler */
	bool interrupted;	/* the dump may be inconsistent */
	char message[256];	/* from the extended ACK, or empty */
};

static int read_message(const struct nlattr *attr, void *data)
{
	struct exchange *exchange = data;

	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		snprintf(exchange->message, sizeof(exchange->message), "%s",
			 mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

/* @error: 0 or -errno; extended ACK attributes start at @offset. */
static int end(const struct nlmsghdr *nlh, int error, size_t offset,
	       struct exchange *exchange)
{
	if (error >= 0)
		return MNL_CB_STOP;
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS &&
	    mnl_nlmsg_get_payload_len(nlh) >= offset)
		mnl_attr_parse(nlh, offset, read_message, exchange);
	errno = -error;
	return MNL_CB_ERROR;
}

/* NLMSG_ERROR: an ACK if its error is 0. */
static int read_ack(const struct nlmsghdr *nlh, void *data)
{
	const struct nlmsgerr *ack = mnl_nlmsg_get_payload(nlh);
	size_t offset = sizeof(*ack);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ack)) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	/* Without NLM_F_CAPPED the payload of the request follows. */
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		offset += MNL_ALIGN(ack->msg.nlmsg_len) - sizeof(ack->msg);
	return end(nlh, ack->error, offset, data);
}

/* NLMSG_DONE: the end of a dump, with an error if it failed. */
static int read_done(const struct nlmsghdr *nlh, void *data)
{
	const int *error = mnl_nlmsg_get_payload(nlh);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*error))
		return MNL_CB_STOP;
	return end(nlh, *error, MNL_ALIGN(sizeof(*error)), data);
}

static int hand_on(const struct nlmsghdr *nlh, void *data)
{
	struct exchange *exchange = data;

	return exchange->handler ? exchange->handler(nlh, exchange->data) :
				   MNL_CB_OK;
}

static ssize_t receive(struct mnl_socket *nl)
{
	ssize_t len;

	do
		len = mnl_socket_recvfrom(nl, buffer, sizeof(buffer));
	while (len < 0 && errno == EINTR);
	return len;
}

/*
 * Clears NLM_F_DUMP_INTR: mnl_cb_run2() would stop at the first message that
 * has it, but the last attempt shall return what there is.
 */
static bool take_interruption(size_t len)
{
	struct nlmsghdr *nlh = (void *)buffer;
	bool interrupted = false;
	int left = len;

	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		interrupted |= nlh->nlmsg_flags & NLM_F_DUMP_INTR;
		nlh->nlmsg_flags &= ~NLM_F_DUMP_INTR;
	}
	return interrupted;
}

/* Sends @nlh and reads the answer to its end. 0, or -1 with errno set. */
static int transact(struct mnl_socket *nl, struct nlmsghdr *nlh,
		    struct exchange *exchange)
{
	static mnl_cb_t control[] = {
		[NLMSG_ERROR] = read_ack,
		[NLMSG_DONE] = read_done,
	};
	static uint32_t seq;
	ssize_t len;
	int ret;

	nlh->nlmsg_seq = ++seq;
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -1;
	do {
		len = receive(nl);
		if (len < 0)
			return -1;
		exchange->interrupted |= take_interruption(len);
		ret = mnl_cb_run2(buffer, len, nlh->nlmsg_seq,
				  mnl_socket_get_portid(nl), hand_on, exchange,
				  control, ARRAY_SIZE(control));
	} while (ret > MNL_CB_STOP);
	return ret;
}

/* Asks again for some seconds while the kernel loads a module for it. */
static int transact_patiently(struct mnl_socket *nl, struct nlmsghdr *nlh,
			      struct exchange *exchange)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	int err, tries = 250;

	do {
		exchange->message[0] = 0;
		err = transact(nl, nlh, exchange);
	} while (err && errno == EAGAIN && --tries && !nanosleep(&pause, NULL));
	return err;
}

/* The answer to CTRL_CMD_GETFAMILY. */
struct family_ids {
	uint16_t family;
	uint32_t events;	/* multicast groups; 0: none */
	uint32_t fabric;
};

struct group {
	const char *name;
	uint32_t id;
};

static int read_group_attr(const struct nlattr *attr, void *data)
{
	struct group *group = data;

	if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID &&
	    mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
		group->id = mnl_attr_get_u32(attr);
	if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		group->name = mnl_attr_get_str(attr);
	return MNL_CB_OK;
}

static int read_group(const struct nlattr *nest, void *data)
{
	struct group group = { .name = "" };
	struct family_ids *ids = data;

	mnl_attr_parse_nested(nest, read_group_attr, &group);
	if (!strcmp(group.name, DIBS_GENL_MCGRP_EVENTS))
		ids->events = group.id;
	else if (!strcmp(group.name, DIBS_GENL_MCGRP_FABRIC))
		ids->fabric = group.id;
	return MNL_CB_OK;
}

static int read_family_attr(const struct nlattr *attr, void *data)
{
	struct family_ids *ids = data;

	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID &&
	    mnl_attr_validate(attr, MNL_TYPE_U16) >= 0)
		ids->family = mnl_attr_get_u16(attr);
	if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS)
		mnl_attr_parse_nested(attr, read_group, ids);
	return MNL_CB_OK;
}

static int read_family(const struct nlmsghdr *nlh, void *data)
{
	return mnl_attr_parse(nlh, sizeof(struct genlmsghdr), read_family_attr,
			      data);
}

static struct nlmsghdr *put_header(void *buf, uint16_t type)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	return nlh;
}

static struct nlmsghdr *put_genl(void *buf, uint16_t type, uint8_t cmd,
				 uint8_t version)
{
	struct nlmsghdr *nlh = put_header(buf, type);
	struct genlmsghdr *genl;

	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = version;
	return nlh;
}

static int fail_missing(const struct nl_family *family)
{
	return fail("the %s module is not loaded (modprobe %s)",
		    family->module, family->modprobe);
}

static int find_family(struct mnl_socket *nl, const struct nl_family *family,
		       struct family_ids *ids)
{
	struct exchange exchange = { .handler = read_family, .data = ids };
	char buf[256] = {};	/* the padding of attributes is sent, too */
	struct nlmsghdr *nlh;

	*ids = (struct family_ids){};
	nlh = put_genl(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	nlh->nlmsg_flags |= NLM_F_ACK;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, family->name);
	if (!transact(nl, nlh, &exchange))
		return 0;
	return errno == ENOENT ? fail_missing(family) :
				 fail("netlink: %s", strerror(errno));
}

static struct mnl_socket *open_socket(const struct nl_family *family)
{
	int bus = family == &sock_diag ? NETLINK_SOCK_DIAG : NETLINK_GENERIC;
	struct mnl_socket *nl = mnl_socket_open2(bus, SOCK_CLOEXEC);
	int on = 1;

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		fail("netlink: %s", strerror(errno));
		if (nl)
			mnl_socket_close(nl);
		return NULL;
	}
	/* On failure errors come without a message, nothing else is lost. */
	mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl, NETLINK_CAP_ACK, &on, sizeof(on));
	return nl;
}

static int fail_exchange(const char *what, const struct exchange *exchange)
{
	if (exchange->message[0])
		return fail("%s: %s", what, exchange->message);
	if (errno == EPERM)
		return fail("%s: not permitted, needs CAP_NET_ADMIN", what);
	if (errno == ENOENT && asked == &sock_diag)
		return fail_missing(asked);
	return fail("%s: %s", what, strerror(errno));
}

static int send_on(struct mnl_socket *nl, struct nlmsghdr *nlh,
		   const char *what, struct exchange *exchange)
{
	struct family_ids ids;

	if (asked->name) {
		if (find_family(nl, asked, &ids))
			return 1;
		nlh->nlmsg_type = ids.family;
	}
	return transact_patiently(nl, nlh, exchange) ?
		       fail_exchange(what, exchange) : 0;
}

/* Sends the request that nl_begin() or nl_begin_diag() started. */
static int send_request(struct nlmsghdr *nlh, const char *what,
			struct exchange *exchange)
{
	struct mnl_socket *nl = open_socket(asked);
	int err;

	if (!nl)
		return 1;
	err = send_on(nl, nlh, what, exchange);
	mnl_socket_close(nl);
	return err;
}

struct nlmsghdr *nl_begin(const struct nl_family *family, uint8_t cmd)
{
	asked = family;
	/* The type is the family's ID, which is looked up when it is sent. */
	return put_genl(request, 0, cmd, family->version);
}

struct nlmsghdr *nl_begin_diag(const void *body, size_t len)
{
	struct nlmsghdr *nlh = put_header(request, SOCK_DIAG_BY_FAMILY);

	asked = &sock_diag;
	memcpy(mnl_nlmsg_put_extra_header(nlh, len), body, len);
	return nlh;
}

void nl_put_dev(struct nlmsghdr *nlh, const struct dev_ref *dev)
{
	if (dev->name)
		mnl_attr_put_strz(nlh, DIBS_A_DEV_NAME, dev->name);
	else
		mnl_attr_put_u32(nlh, DIBS_A_DEV_INDEX, dev->index);
}

/* The kernel validates @text; here it only has to fit. */
int nl_put_text(struct nlmsghdr *nlh, uint16_t type, const char *text)
{
	if (!mnl_attr_put_strz_check(nlh, sizeof(request), type, text))
		return fail("'%.16s...' is too long", text);
	return 0;
}

/* Where decoded answers go. */
struct collector {
	nl_decode *decode;
	json_t *list;
};

static int collect(const struct nlmsghdr *nlh, void *data)
{
	struct collector *collector = data;

	if (!json_array_append_new(collector->list, collector->decode(nlh)))
		return MNL_CB_OK;
	errno = EBADMSG;
	return MNL_CB_ERROR;
}

int nl_do(struct nlmsghdr *nlh, const char *what)
{
	struct exchange exchange = {};

	nlh->nlmsg_flags |= NLM_F_ACK;
	return send_request(nlh, what, &exchange);
}

int nl_get(struct nlmsghdr *nlh, const char *what, nl_decode *decode,
	   json_t **object)
{
	struct collector collector = { decode, json_array() };
	struct exchange exchange = { .handler = collect, .data = &collector };
	int err;

	nlh->nlmsg_flags |= NLM_F_ACK;
	err = send_request(nlh, what, &exchange);
	if (!err && !json_array_size(collector.list))
		err = fail("%s: no answer", what);
	if (!err)
		*object = json_incref(json_array_get(collector.list, 0));
	json_decref(collector.list);
	return err;
}

int nl_dump(struct nlmsghdr *nlh, const char *what, nl_decode *decode,
	    json_t **list)
{
	struct collector collector = { decode, json_array() };
	struct exchange exchange = { .handler = collect, .data = &collector };
	int err, tries = 0;

	nlh->nlmsg_flags |= NLM_F_DUMP;
	do {
		json_array_clear(collector.list);
		exchange.interrupted = false;
		err = send_request(nlh, what, &exchange);
	} while (!err && exchange.interrupted && ++tries < DUMP_TRIES);
	if (err) {
		json_decref(collector.list);
		return err;
	}
	if (exchange.interrupted)
		warn("%s: objects changed meanwhile, list may be incomplete",
		     what);
	*list = collector.list;
	return 0;
}

int nl_list(uint8_t cmd, const struct dev_ref *dev, const char *what,
	    nl_decode *decode, json_t **list)
{
	struct nlmsghdr *nlh = nl_begin(&nl_dibs, cmd);

	if (dev)
		nl_put_dev(nlh, dev);
	return nl_dump(nlh, what, decode, list);
}

static int join(struct mnl_socket *nl, uint32_t group)
{
	return mnl_socket_setsockopt(nl, NETLINK_ADD_MEMBERSHIP, &group,
				     sizeof(group));
}

/* Only administrators may join the group "fabric"; others do without. */
static int subscribe(struct mnl_socket *nl)
{
	struct family_ids ids;

	if (find_family(nl, &nl_dibs, &ids))
		return 1;
	if (ids.fabric && join(nl, ids.fabric) && errno != EPERM)
		return fail("monitor: %s", strerror(errno));
	if (join(nl, ids.events))
		return fail("monitor: %s", strerror(errno));
	return 0;
}

static int listen_on(struct mnl_socket *nl, mnl_cb_t handler,
		     int (*lost)(void))
{
	ssize_t len;

	for (;;) {
		len = receive(nl);
		if (len >= 0) {
			if (mnl_cb_run(buffer, len, 0, 0, handler, NULL) < 0)
				return 1;
		} else if (errno == ENOBUFS) {
			if (lost())
				return 1;
		} else {
			return fail("monitor: %s", strerror(errno));
		}
	}
}

int nl_monitor(mnl_cb_t handler, int (*lost)(void))
{
	struct mnl_socket *nl = open_socket(&nl_dibs);

	if (!nl)
		return 1;
	if (!subscribe(nl))
		listen_on(nl, handler, lost);
	mnl_socket_close(nl);
	return 1;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * Selects which way the bytes of SMC sockets go (--path), and proves that they
 * went no other: before and after each case the counters of its namespace are
 * read through generic netlink, and have to fit.
 *
 *		connections that fell back	attachments to DMBs
 *	tcp	any				none
 *	mapped	none				any
 *	moving	none				any
 *
 * Bytes are counted alike on the last two; CDC messages are moved only on one
 * of them. So each namespace is first tested with a connection that carries no
 * bytes: ends that attach move one message on either path, and another on the
 * last path when they close.
 */

#include <linux/dibs.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/smc.h>

#include "record.h"

struct request {
	struct nlmsghdr header;
	struct genlmsghdr genl;
	struct nlattr attr;
	char name[GENL_NAMSIZ];
};

typedef void visit_fn(const struct nlattr *attr, void *arg);

static const char *const names[] = {
	[PATH_TCP] = "tcp",
	[PATH_MAPPED] = "mapped",
	[PATH_MOVING] = "moving",
};

bool path_by_name(const char *name)
{
	int i;

	for (i = PATH_TCP; i <= PATH_MOVING; i++) {
		if (!strcmp(name, names[i])) {
			setting.path = i;
			return true;
		}
	}
	return false;
}

/* --- counters ------------------------------------------------------------ */

static const void *value_of(const struct nlattr *attr)
{
	return (const char *)attr + NLA_HDRLEN;
}

static void each_attr(const void *begin, int len, visit_fn *visit, void *arg)
{
	while (len >= NLA_HDRLEN) {
		const struct nlattr *attr = begin;

		if (attr->nla_len < NLA_HDRLEN || attr->nla_len > len)
			broken("netlink attribute");
		visit(attr, arg);
		begin = (const char *)begin + NLA_ALIGN(attr->nla_len);
		len -= NLA_ALIGN(attr->nla_len);
	}
}

static void each_nested(const struct nlattr *attr, visit_fn *visit, void *arg)
{
	each_attr(value_of(attr), attr->nla_len - NLA_HDRLEN, visit, arg);
}

/* Returns false after the last message. */
static bool read_messages(int fd, visit_fn *visit, void *arg)
{
	static char data[32768] __attribute__((aligned(8)));
	ssize_t len = recv(fd, data, sizeof(data), 0);
	struct nlmsghdr *h = (void *)data;

	if (len <= 0)
		broken("netlink");
	for (; NLMSG_OK(h, (unsigned int)len); h = NLMSG_NEXT(h, len)) {
		int head = NLMSG_LENGTH(GENL_HDRLEN);

		if (h->nlmsg_type == NLMSG_ERROR || h->nlmsg_type == NLMSG_DONE)
			return false;
		each_attr((char *)h + head, h->nlmsg_len - head, visit, arg);
		if (!(h->nlmsg_flags & NLM_F_MULTI))
			return false;
	}
	return true;
}

static void ask(int family, int command, int flags, const char *name,
		visit_fn *visit, void *arg)
{
	struct request request = {
		.header = {
			.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
			.nlmsg_type = family,
			.nlmsg_flags = NLM_F_REQUEST | flags,
		},
		.genl = { .cmd = command, .version = 1 },
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	if (name) {
		snprintf(request.name, sizeof(request.name), "%s", name);
		request.attr.nla_type = CTRL_ATTR_FAMILY_NAME;
		request.attr.nla_len = NLA_HDRLEN + strlen(name) + 1;
		request.header.nlmsg_len += NLA_ALIGN(request.attr.nla_len);
	}
	if (fd < 0 || send(fd, &request, request.header.nlmsg_len, 0) < 0)
		broken("netlink");
	while (read_messages(fd, visit, arg))
		;
	close(fd);
}

static void take_family(const struct nlattr *attr, void *arg)
{
	if (attr->nla_type == CTRL_ATTR_FAMILY_ID)
		*(uint16_t *)arg = *(const uint16_t *)value_of(attr);
}

/* Returns 0 if there is no such family, since the module is not loaded. */
static int family_id(const char *name)
{
	uint16_t id = 0;

	ask(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0, name, take_family, &id);
	return id;
}

static uint64_t u64_of(const struct nlattr *attr)
{
	uint64_t value;

	memcpy(&value, value_of(attr), sizeof(value));
	return value;
}

struct counters {
	uint64_t fell_back[2];
	uint64_t attached;
	uint64_t moves;
};

/* Each message has the sums. */
static void take_sum(const struct nlattr *attr, void *arg)
{
	struct counters *c = arg;

	if (attr->nla_type == SMC_NLA_FBACK_STATS_SRV_CNT)
		c->fell_back[0] = u64_of(attr);
	else if (attr->nla_type == SMC_NLA_FBACK_STATS_CLNT_CNT)
		c->fell_back[1] = u64_of(attr);
}

static void take_fallbacks(const struct nlattr *attr, void *arg)
{
	if ((attr->nla_type & NLA_TYPE_MASK) == SMC_GEN_FBACK_STATS)
		each_nested(attr, take_sum, arg);
}

static void take_counter(const struct nlattr *attr, void *arg)
{
	struct counters *c = arg;

	if (attr->nla_type == DIBS_A_COUNTER_ATTACHMENTS_EVER)
		c->attached += u64_of(attr);
	else if (attr->nla_type == DIBS_A_COUNTER_MOVES)
		c->moves += u64_of(attr);
}

static void take_stats(const struct nlattr *attr, void *arg)
{
	if ((attr->nla_type & NLA_TYPE_MASK) == DIBS_A_STATS_COUNTERS)
		each_nested(attr, take_counter, arg);
}

static struct counters count(void)
{
	static int smc, dibs;
	struct counters c = {};

	if (!smc) {
		smc = family_id(SMC_GENL_FAMILY_NAME);
		dibs = family_id(DIBS_GENL_NAME);
		if (!smc || !dibs)
			broken("no counters");
	}
	ask(smc, SMC_NETLINK_GET_FBACK_STATS, NLM_F_DUMP, NULL, take_fallbacks,
	    &c);
	ask(dibs, DIBS_CMD_STATS_GET, NLM_F_DUMP, NULL, take_stats, &c);
	return c;
}

/* --- the namespace ------------------------------------------------------- */

/* Makes and closes a connection within the namespace. */
static void connect_once(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int l = socket(AF_INET, SOCK_STREAM, IPPROTO_SMC);
	int c = socket(AF_INET, SOCK_STREAM, IPPROTO_SMC), s;

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (listen(l, 1) || getsockname(l, (struct sockaddr *)&addr, &len) ||
	    connect(c, (struct sockaddr *)&addr, len))
		broken("connection on trial");
	s = accept(l, NULL, NULL);
	if (s < 0)
		broken("connection on trial");
	close(c);
	close(s);
	close(l);
}

static bool goes_that_way(void)
{
	struct counters c = {};

	connect_once();
	c = count();
	switch (setting.path) {
	case PATH_TCP: return c.fell_back[0] == 1 && c.fell_back[1] == 1;
	case PATH_MAPPED: return c.attached == 2 && c.moves == 2;
	case PATH_MOVING: return c.attached == 2 && c.moves > 2;
	default: return true;
	}
}

void path_choose(void)
{
	if (setting.path == PATH_ANY)
		return;
	if (set_sysctl("net/smc/enabled", setting.path == PATH_TCP ? "0" : "1"))
		broken("net.smc.enabled");
	if (set_sysctl("net/smc/mapped",
		       setting.path == PATH_MAPPED ? "1" : "0"))
		broken("net.smc.mapped");
	if (!goes_that_way()) {
		printf("# bytes of SMC sockets do not go that way: %s\n",
		       names[setting.path]);
		broken("path");
	}
}

/* --- what a case used ---------------------------------------------------- */

static struct counters before;

static const char *wrong_way(const struct test *test)
{
	struct counters now = count();
	long fell_back = now.fell_back[0] + now.fell_back[1] -
			 before.fell_back[0] - before.fell_back[1];

	if (setting.path == PATH_TCP)
		return now.attached != before.attached ? "used DMBs" : NULL;
	if (test->flags & MAY_FALL_BACK)
		return NULL;
	if (fell_back && !(test->flags & FALLS_BACK))
		return "fell back to TCP";
	if (!fell_back && test->flags & FALLS_BACK)
		return "did not fall back to TCP";
	return NULL;
}

static bool is_asked(void)
{
	return setting.path != PATH_ANY && !setting.carrier->tcp;
}

void path_before(void)
{
	if (is_asked())
		before = count();
}

void path_after(const struct test *test)
{
	const char *wrong = is_asked() ? wrong_way(test) : NULL;

	if (wrong)
		record_text("the path", wrong);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The netlink engine of dibs(8), against a kernel that is played here: the
 * linker puts __wrap_mnl_socket_*() in the place of libmnl's functions. What a
 * test queues in answer() is what is received for the request, datagram by
 * datagram.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/genetlink.h>
#include <linux/smc_diag.h>
#include <linux/sock_diag.h>
#include <sanitizer/asan_interface.h>

/* The program has one of its own. */
#undef fail
#include "../../tools/dibs.h"

#define FAMILY	0x23
#define PORT	77

static struct {
	bool loaded;
	void (*answer)(const struct nlmsghdr *request);
	struct {
		char buf[512];
		ssize_t len;		/* or -errno */
	} queue[8];
	size_t queued;
	size_t read;
	int open;			/* sockets now */
	int requests;			/* to the family */
	uint32_t groups;		/* joined, by bit */
	char *text;			/* standard error */
	size_t text_len;
} kernel;

static struct nlmsghdr *queue(const struct nlmsghdr *request, uint16_t type,
			      uint16_t flags)
{
	struct nlmsghdr *nlh;

	assert_true(kernel.queued < ARRAY_SIZE(kernel.queue));
	nlh = mnl_nlmsg_put_header(kernel.queue[kernel.queued++].buf);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	nlh->nlmsg_seq = request ? request->nlmsg_seq : 0;
	nlh->nlmsg_pid = request ? PORT : 0;
	return nlh;
}

static void queue_error(int error)
{
	kernel.queue[kernel.queued++].len = -error;
}

/* An acknowledgement as it looks with NETLINK_CAP_ACK, or without. */
static struct nlmsghdr *queue_ack(const struct nlmsghdr *request, int error,
				  uint16_t flags)
{
	struct nlmsghdr *nlh = queue(request, NLMSG_ERROR, flags);
	struct nlmsgerr *ack = mnl_nlmsg_put_extra_header(nlh, sizeof(*ack));
	size_t rest = request->nlmsg_len - sizeof(ack->msg);

	ack->error = -error;
	ack->msg = *request;
	if (!(flags & NLM_F_CAPPED))
		memcpy(mnl_nlmsg_put_extra_header(nlh, rest), request + 1,
		       rest);
	return nlh;
}

static struct nlmsghdr *queue_done(const struct nlmsghdr *request, int error,
				   uint16_t flags)
{
	struct nlmsghdr *nlh = queue(request, NLMSG_DONE, flags);

	*(int *)mnl_nlmsg_put_extra_header(nlh, sizeof(int)) = -error;
	return nlh;
}

static void queue_client(const struct nlmsghdr *request, const char *name,
			 uint16_t flags)
{
	struct nlmsghdr *nlh = queue(request, FAMILY, flags);

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct genlmsghdr));
	mnl_attr_put_strz(nlh, DIBS_A_CLIENT_NAME, name);
}

static void put_group(struct nlmsghdr *nlh, const char *name, uint32_t id)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, id);

	mnl_attr_put_u32(nlh, CTRL_ATTR_MCAST_GRP_ID, id);
	mnl_attr_put_strz(nlh, CTRL_ATTR_MCAST_GRP_NAME, name);
	mnl_attr_nest_end(nlh, nest);
}

static void answer_ctrl(const struct nlmsghdr *request)
{
	struct nlmsghdr *nlh;
	struct nlattr *nest;

	if (!kernel.loaded) {
		queue_ack(request, ENOENT, NLM_F_CAPPED);
		return;
	}
	nlh = queue(request, GENL_ID_CTRL, 0);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct genlmsghdr));
	mnl_attr_put_u16(nlh, CTRL_ATTR_FAMILY_ID, FAMILY);
	nest = mnl_attr_nest_start(nlh, CTRL_ATTR_MCAST_GROUPS);
	put_group(nlh, DIBS_GENL_MCGRP_EVENTS, 5);
	put_group(nlh, DIBS_GENL_MCGRP_FABRIC, 6);
	mnl_attr_nest_end(nlh, nest);
	queue_ack(request, 0, NLM_F_CAPPED);
}

/* --- in the place of libmnl's ------------------------------------------- */

struct mnl_socket *__wrap_mnl_socket_open2(int bus, int flags);
int __wrap_mnl_socket_bind(struct mnl_socket *nl, unsigned int groups,
			   pid_t pid);
int __wrap_mnl_socket_close(struct mnl_socket *nl);
int __wrap_mnl_socket_setsockopt(const struct mnl_socket *nl, int type,
				 void *buf, socklen_t len);
unsigned int __wrap_mnl_socket_get_portid(const struct mnl_socket *nl);
ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *nl, const void *req,
				 size_t size);
ssize_t __wrap_mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf,
				   size_t size);

struct mnl_socket *__wrap_mnl_socket_open2(int bus, int flags)
{
	(void)bus;
	(void)flags;
	kernel.open++;
	kernel.queued = 0;
	kernel.read = 0;
	return (void *)&kernel;
}

int __wrap_mnl_socket_bind(struct mnl_socket *nl, unsigned int groups,
			   pid_t pid)
{
	(void)nl;
	(void)groups;
	(void)pid;
	return 0;
}

int __wrap_mnl_socket_close(struct mnl_socket *nl)
{
	(void)nl;
	kernel.open--;
	return 0;
}

/* A group is joined by a user who may not have events of fabrics. */
int __wrap_mnl_socket_setsockopt(const struct mnl_socket *nl, int type,
				 void *buf, socklen_t len)
{
	uint32_t group;

	(void)nl;
	if (type != NETLINK_ADD_MEMBERSHIP)
		return 0;
	assert_int_equal(len, sizeof(group));
	memcpy(&group, buf, sizeof(group));
	if (group == 6) {
		errno = EPERM;
		return -1;
	}
	kernel.groups |= 1 << group;
	/* Events follow. */
	kernel.answer(NULL);
	return 0;
}

unsigned int __wrap_mnl_socket_get_portid(const struct mnl_socket *nl)
{
	(void)nl;
	return PORT;
}

ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *nl, const void *req,
				 size_t size)
{
	const struct nlmsghdr *request = req;

	(void)nl;
	if (request->nlmsg_type == GENL_ID_CTRL) {
		answer_ctrl(request);
	} else {
		kernel.requests++;
		kernel.answer(request);
	}
	return size;
}

ssize_t __wrap_mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf,
				   size_t size)
{
	const struct nlmsghdr *nlh;
	size_t i = kernel.read++;
	ssize_t len;

	(void)nl;
	/* Whoever reads more than there is would wait for ever. */
	assert_true(i < kernel.queued);
	nlh = (void *)kernel.queue[i].buf;
	len = kernel.queue[i].len;
	kernel.queue[i].len = 0;
	if (len < 0) {
		errno = -len;
		return -1;
	}
	assert_true(nlh->nlmsg_len <= size);
	/*
	 * So that reading beyond the datagram is an error. libmnl takes the
	 * padding of the last message as part of it.
	 */
	len = nlh->nlmsg_len;
	ASAN_UNPOISON_MEMORY_REGION(buf, size);
	memcpy(buf, nlh, len);
	ASAN_POISON_MEMORY_REGION((char *)buf + MNL_ALIGN(len),
				  size - MNL_ALIGN(len));
	return len;
}

/* --- tests ------------------------------------------------------------ */

static FILE *own_stderr;

static int set_up(void **state)
{
	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	kernel.loaded = true;
	own_stderr = stderr;
	stderr = open_memstream(&kernel.text, &kernel.text_len);
	return !stderr;
}

static int tear_down(void **state)
{
	(void)state;
	fclose(stderr);
	stderr = own_stderr;
	free(kernel.text);
	return kernel.open;
}

static void assert_said(const char *line)
{
	fflush(stderr);
	assert_string_equal(kernel.text, line);
}

static int change(void (*answer)(const struct nlmsghdr *request))
{
	kernel.answer = answer;
	return nl_do(nl_begin(&nl_dibs, DIBS_CMD_DEV_DEL), "change");
}

static int dump(void (*answer)(const struct nlmsghdr *request), json_t **list)
{
	kernel.answer = answer;
	*list = NULL;
	return nl_dump(nl_begin(&nl_dibs, DIBS_CMD_CLIENT_GET), "dump",
		       decode_client, list);
}

static const char *name_at(const json_t *list, size_t i)
{
	return json_string_value(json_object_get(json_array_get(list, i),
						 "name"));
}

static void acknowledge(const struct nlmsghdr *request)
{
	assert_int_equal(request->nlmsg_type, FAMILY);
	assert_true(request->nlmsg_flags & NLM_F_ACK);
	queue_ack(request, 0, NLM_F_CAPPED);
}

static void acknowledged(void **state)
{
	(void)state;
	assert_int_equal(change(acknowledge), 0);
	assert_said("");
}

static void refuse_capped(const struct nlmsghdr *request)
{
	struct nlmsghdr *nlh = queue_ack(request, EINVAL,
					 NLM_F_CAPPED | NLM_F_ACK_TLVS);

	mnl_attr_put_u32(nlh, NLMSGERR_ATTR_OFFS, 20);
	mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, "too\nlong");
}

static void refuse_whole(const struct nlmsghdr *request)
{
	mnl_attr_put_strz(queue_ack(request, EINVAL, NLM_F_ACK_TLVS),
			  NLMSGERR_ATTR_MSG, "too long");
}

static void refuse_silently(const struct nlmsghdr *request)
{
	queue_ack(request, EEXIST, NLM_F_CAPPED);
}

static void forbid(const struct nlmsghdr *request)
{
	queue_ack(request, EPERM, NLM_F_CAPPED);
}

static void cut_ack(const struct nlmsghdr *request)
{
	queue_ack(request, EINVAL, NLM_F_CAPPED)->nlmsg_len -= 8;
}

/* The message's own length says more than there is. */
static void cut_message(const struct nlmsghdr *request)
{
	struct nlmsghdr *nlh = queue_ack(request, EINVAL,
					 NLM_F_CAPPED | NLM_F_ACK_TLVS);

	mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, "too long");
	nlh->nlmsg_len -= 8;
}

static void refused(void **state)
{
	static const struct {
		void (*answer)(const struct nlmsghdr *request);
		const char *said;
	} cases[] = {
		{ refuse_capped, "dibs: change: too?long\n" },
		{ refuse_whole, "dibs: change: too long\n" },
		{ refuse_silently, "dibs: change: File exists\n" },
		{ forbid,
		  "dibs: change: not permitted, needs CAP_NET_ADMIN\n" },
		{ cut_ack, "dibs: change: Bad message\n" },
		{ cut_message, "dibs: change: Invalid argument\n" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(change(cases[i].answer), 1);
		assert_said(cases[i].said);
		tear_down(state);
		set_up(state);
	}
}

static void missing_family(void **state)
{
	(void)state;
	kernel.loaded = false;
	assert_int_equal(change(acknowledge), 1);
	assert_said("dibs: the dibs module is not loaded"
		    " (modprobe dibs_loopback)\n");
	assert_int_equal(kernel.requests, 0);
}

static void diag_without_smc(const struct nlmsghdr *request)
{
	assert_int_equal(request->nlmsg_type, SOCK_DIAG_BY_FAMILY);
	queue_ack(request, ENOENT, NLM_F_CAPPED);
}

static void missing_diag(void **state)
{
	static const char body[8];
	json_t *list;

	(void)state;
	kernel.answer = diag_without_smc;
	assert_int_equal(nl_dump(nl_begin_diag(body, sizeof(body)), "dump",
				 decode_client, &list), 1);
	assert_said("dibs: the dibs_smc module is not loaded"
		    " (modprobe dibs_smc)\n");
}

static void list_two(const struct nlmsghdr *request)
{
	assert_true(request->nlmsg_flags & NLM_F_DUMP);
	queue_client(request, "one", NLM_F_MULTI);
	queue_error(EINTR);
	queue_client(request, "two", NLM_F_MULTI);
	queue_done(request, 0, NLM_F_MULTI);
}

static void listed(void **state)
{
	json_t *list;

	(void)state;
	assert_int_equal(dump(list_two, &list), 0);
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(name_at(list, 1), "two");
	json_decref(list);
	assert_said("");
}

static void interrupt_once(const struct nlmsghdr *request)
{
	uint16_t flags = kernel.requests == 1 ? NLM_F_DUMP_INTR : 0;

	queue_client(request, "one", NLM_F_MULTI);
	queue_client(request, "two", NLM_F_MULTI | flags);
	queue_done(request, 0, NLM_F_MULTI | flags);
}

static void interrupt_always(const struct nlmsghdr *request)
{
	queue_client(request, "one", NLM_F_MULTI);
	queue_done(request, 0, NLM_F_MULTI | NLM_F_DUMP_INTR);
}

static void interrupted(void **state)
{
	json_t *list;

	(void)state;
	assert_int_equal(dump(interrupt_once, &list), 0);
	assert_int_equal(json_array_size(list), 2);
	assert_int_equal(kernel.requests, 2);
	json_decref(list);
	assert_said("");
	assert_int_equal(dump(interrupt_always, &list), 0);
	assert_int_equal(json_array_size(list), 1);
	assert_int_equal(kernel.requests, 2 + 10);
	json_decref(list);
	assert_said("dibs: dump: objects changed meanwhile,"
		    " list may be incomplete\n");
}

static void list_malformed(const struct nlmsghdr *request)
{
	queue_client(request, "one", NLM_F_MULTI);
	queue(request, FAMILY, NLM_F_MULTI);
	queue_done(request, 0, NLM_F_MULTI);
}

static void overrun(const struct nlmsghdr *request)
{
	queue_client(request, "one", NLM_F_MULTI);
	queue_error(ENOBUFS);
}

static void end_badly(const struct nlmsghdr *request)
{
	queue_client(request, "one", NLM_F_MULTI);
	mnl_attr_put_strz(queue_done(request, EIO,
				     NLM_F_MULTI | NLM_F_ACK_TLVS),
			  NLMSGERR_ATTR_MSG, "half of it");
}

static void answer_another(const struct nlmsghdr *request)
{
	queue_client(request, "one", NLM_F_MULTI);
	queue_done(request, 0, NLM_F_MULTI)->nlmsg_seq++;
}

static void broken_dumps(void **state)
{
	static const struct {
		void (*answer)(const struct nlmsghdr *request);
		const char *said;
	} cases[] = {
		{ list_malformed, "dibs: dump: Bad message\n" },
		{ overrun, "dibs: dump: No buffer space available\n" },
		{ end_badly, "dibs: dump: half of it\n" },
		{ answer_another, "dibs: dump: Protocol error\n" },
	};
	json_t *list;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(dump(cases[i].answer, &list), 1);
		assert_null(list);
		assert_said(cases[i].said);
		tear_down(state);
		set_up(state);
	}
}

static void answer_one(const struct nlmsghdr *request)
{
	queue_client(request, "one", 0);
	queue_ack(request, 0, NLM_F_CAPPED);
}

static void one_object(void **state)
{
	json_t *object = NULL;

	(void)state;
	kernel.answer = answer_one;
	assert_int_equal(nl_get(nl_begin(&nl_smc, 1), "get", decode_client,
				&object), 0);
	assert_int_equal(json_object_size(object), 1);
	json_decref(object);
	kernel.answer = acknowledge;
	assert_int_equal(nl_get(nl_begin(&nl_smc, 1), "get", decode_client,
				&object), 1);
	assert_said("dibs: get: no answer\n");
}

static void long_text(void **state)
{
	char *text = malloc(10000);

	(void)state;
	memset(text, 'x', 9999);
	text[9999] = '\0';
	assert_int_equal(nl_put_text(nl_begin(&nl_smc, 1), 1, text), 1);
	assert_said("dibs: 'xxxxxxxxxxxxxxxx...' is too long\n");
	text[4000] = '\0';
	assert_int_equal(nl_put_text(nl_begin(&nl_smc, 1), 1, text), 0);
	free(text);
}

static int heard, lost;

static int hear(const struct nlmsghdr *nlh, void *data)
{
	(void)data;
	assert_int_equal(nlh->nlmsg_type, FAMILY);
	return ++heard == 2 ? MNL_CB_ERROR : MNL_CB_OK;
}

static int lose(void)
{
	lost++;
	return 0;
}

static void send_events(const struct nlmsghdr *request)
{
	queue_client(request, "one", 0);
	queue_error(ENOBUFS);
	queue_error(EINTR);
	queue_client(request, "two", 0);
}

static void events(void **state)
{
	(void)state;
	kernel.answer = send_events;
	assert_int_equal(nl_monitor(hear, lose), 1);
	assert_int_equal(kernel.groups, 1 << 5);
	assert_int_equal(heard, 2);
	assert_int_equal(lost, 1);
	assert_said("");
}

static uint32_t random_number(uint32_t below)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (state >> 33) % below;
}

/* Attributes of any type and length, some of them cut; nests at random. */
static void put_anything(struct nlmsghdr *nlh, int depth)
{
	static const char bytes[64] = "n/a";
	uint8_t copy[sizeof(bytes)];
	unsigned int n = random_number(6), i;
	struct nlattr *nest;

	while (n--) {
		uint16_t type = random_number(32), len = random_number(33);

		if (nlh->nlmsg_len > 300)
			return;
		if (depth && !random_number(2)) {
			nest = mnl_attr_nest_start(nlh, type);
			put_anything(nlh, depth - 1);
			mnl_attr_nest_end(nlh, nest);
			continue;
		}
		memcpy(copy, bytes, sizeof(copy));
		for (i = 0; random_number(3) && i < len; i++)
			copy[i] = random_number(256);
		if (random_number(2))
			len = 1 << random_number(4);
		mnl_attr_put(nlh, type, len, copy);
	}
}

static void answer_anything(const struct nlmsghdr *request)
{
	size_t header = request->nlmsg_type == FAMILY ?
			sizeof(struct genlmsghdr) : sizeof(struct smc_diag_msg);
	struct nlmsghdr *nlh = queue(request, FAMILY, NLM_F_MULTI);
	uint8_t *fixed = mnl_nlmsg_put_extra_header(nlh, header);
	size_t i;

	for (i = 0; i < header; i++)
		fixed[i] = random_number(256);
	if (header > sizeof(struct genlmsghdr))
		((struct smc_diag_msg *)fixed)->diag_mode = random_number(3);
	put_anything(nlh, 2);
	if (!random_number(4))
		nlh->nlmsg_len -= random_number(nlh->nlmsg_len - NLMSG_HDRLEN);
	queue_done(request, 0, NLM_F_MULTI);
}

static void any_answer(void **state)
{
	static int (*const commands[])(int argc, char **argv) = {
		device_list, device_show, client_list, dmb_list, stats_show,
		smc_list, smc_show, smc_stats, smc_fallbacks, smc_linkgroups,
		smc_info, smc_eid_list, smc_pnetid_list,
	};
	FILE *own_stdout = stdout;
	unsigned int i, succeeded = 0;

	(void)state;
	kernel.answer = answer_anything;
	stdout = fopen("/dev/null", "w");
	assert_non_null(stdout);
	for (i = 0; i < 1000 * ARRAY_SIZE(commands); i++) {
		output_json = random_number(2);
		succeeded += !commands[i % ARRAY_SIZE(commands)](0, NULL);
	}
	output_json = false;
	fclose(stdout);
	stdout = own_stdout;
	assert_in_range(succeeded, 1000, 12000);
}

#define TEST(statement, function) \
	{ .name = statement, .test_func = function, .setup_func = set_up, \
	  .teardown_func = tear_down }

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("a change that is acknowledged succeeds silently",
		     acknowledged),
		TEST("a refusal is printed in the kernel's words", refused),
		TEST("a missing family names the module to load",
		     missing_family),
		TEST("so does sock_diag without SMC", missing_diag),
		TEST("a dump continues after a signal", listed),
		TEST("an interrupted dump is repeated ten times",
		     interrupted),
		TEST("a dump that fails prints why and leaves no list",
		     broken_dumps),
		TEST("a request for one object needs an answer", one_object),
		TEST("a text that does not fit is not sent", long_text),
		TEST("the monitor survives overruns and ends with its reader",
		     events),
		TEST("commands survive every answer of the kernel", any_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

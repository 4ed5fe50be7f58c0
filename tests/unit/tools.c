// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * dibs(8): words of the command line, messages of the kernel, and output.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/genetlink.h>

/* The program has a definition of its own. */
#undef fail
#include "../../tools/dibs.h"

static void numbers(void **state)
{
	uint32_t value = 7;

	(void)state;
	assert_int_equal(parse_u32("n", "0", &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(parse_u32("n", "4294967295", &value), 0);
	assert_int_equal(value, UINT32_MAX);
	assert_int_equal(parse_u32("n", "4294967296", &value), 1);
	assert_int_equal(parse_u32("n", "18446744073709551616", &value), 1);
	assert_int_equal(parse_u32("n", "", &value), 1);
	assert_int_equal(parse_u32("n", "-1", &value), 1);
	assert_int_equal(parse_u32("n", "+1", &value), 1);
	assert_int_equal(parse_u32("n", " 1", &value), 1);
	assert_int_equal(parse_u32("n", "1x", &value), 1);
	assert_int_equal(value, UINT32_MAX);
}

static void sizes(void **state)
{
	uint32_t bytes = 7;

	(void)state;
	assert_int_equal(parse_size("s", "4096", &bytes), 0);
	assert_int_equal(bytes, 4096);
	assert_int_equal(parse_size("s", "64K", &bytes), 0);
	assert_int_equal(bytes, 65536);
	assert_int_equal(parse_size("s", "16M", &bytes), 0);
	assert_int_equal(bytes, 16 << 20);
	assert_int_equal(parse_size("s", "3G", &bytes), 0);
	assert_int_equal(bytes, 3U << 30);
	assert_int_equal(parse_size("s", "4G", &bytes), 1);
	assert_int_equal(parse_size("s", "4294967295G", &bytes), 1);
	assert_int_equal(parse_size("s", "1T", &bytes), 1);
	assert_int_equal(parse_size("s", "1KB", &bytes), 1);
	assert_int_equal(parse_size("s", "K", &bytes), 1);
	assert_int_equal(parse_size("s", "", &bytes), 1);
}

static void devices(void **state)
{
	char *words[] = { "index", "5", "rest" }, **argv = words;
	char *longest[] = { "sixteen-letters-" };
	struct dev_ref dev;
	int argc = 3;

	(void)state;
	assert_int_equal(parse_dev(&argc, &argv, &dev), 0);
	assert_null(dev.name);
	assert_int_equal(dev.index, 5);
	assert_int_equal(argc, 1);
	assert_string_equal(dev_ref_text(&dev), "with index 5");
	assert_int_equal(parse_dev(&argc, &argv, &dev), 0);
	assert_string_equal(dev.name, "rest");
	assert_string_equal(dev_ref_text(&dev), "'rest'");
	assert_int_equal(parse_dev(&argc, &argv, &dev), 1);
	/* A device may have this name. */
	argc = 1;
	argv = words;
	assert_int_equal(parse_dev(&argc, &argv, &dev), 0);
	assert_string_equal(dev.name, "index");
	argc = 1;
	argv = longest;
	assert_int_equal(parse_dev(&argc, &argv, &dev), 1);
}

static void device_params(void **state)
{
	char *words[] = { "name", "max-len", "1M", "type", "t", "max-dmbs",
			  "3" };
	char *zero[] = { "name", "max-dmbs", "0" };
	char *unknown[] = { "name", "colour", "red" };
	struct dev_params params;

	(void)state;
	assert_int_equal(parse_dev_params(1, words, &params), 0);
	assert_string_equal(params.name, "name");
	assert_string_equal(params.type, "loopback");
	assert_int_equal(params.max_dmbs, 0);
	assert_int_equal(parse_dev_params(7, words, &params), 0);
	assert_string_equal(params.type, "t");
	assert_int_equal(params.max_len, 1 << 20);
	assert_int_equal(params.max_dmbs, 3);
	assert_int_equal(parse_dev_params(6, words, &params), 1);
	assert_int_equal(parse_dev_params(0, words, &params), 1);
	assert_int_equal(parse_dev_params(3, zero, &params), 1);
	assert_int_equal(parse_dev_params(3, unknown, &params), 1);
}

static void gids(void **state)
{
	static const uint8_t gid[16] = {
		0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
		0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10,
	};
	char text[GID_TEXT_LEN];

	(void)state;
	gid_format(text, gid);
	assert_string_equal(text, "01234567-89ab-cdef-fedc-ba9876543210");
}

static struct nlmsghdr *message(char buf[8192])
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct genlmsghdr));
	return nlh;
}

static void device_message(void **state)
{
	static const uint8_t gid[16] = { 0xab };
	char *buf = calloc(1, 8192);
	struct nlmsghdr *nlh = message(buf);
	json_t *dev;
	char *text;

	(void)state;
	mnl_attr_put_u32(nlh, DIBS_A_DEV_INDEX, 1);
	mnl_attr_put_strz(nlh, DIBS_A_DEV_NAME, "lo");
	mnl_attr_put(nlh, DIBS_A_DEV_GID, 16, gid);
	mnl_attr_put_u16(nlh, DIBS_A_DEV_FABRIC_ID, 0xffff);
	mnl_attr_put_u8(nlh, DIBS_A_DEV_ENABLED, 1);
	mnl_attr_put_u8(nlh, DIBS_A_DEV_SHARED, 0);
	mnl_attr_put_u32(nlh, 999, 5);	/* of a newer kernel */
	dev = decode_dev(nlh);
	assert_non_null(dev);
	text = json_dumps(dev, JSON_COMPACT);
	assert_string_equal(text, "{\"index\":1,\"name\":\"lo\","
		"\"gid\":\"ab000000-0000-0000-0000-000000000000\","
		"\"fabric_id\":65535,\"enabled\":true,\"shared\":false}");
	free(text);
	json_decref(dev);
	free(buf);
}

static void dmb_message(void **state)
{
	char *buf = calloc(1, 8192);
	struct nlmsghdr *nlh = message(buf);
	json_t *dmb;

	(void)state;
	mnl_attr_put_u32(nlh, DIBS_A_DMB_STATE, DIBS_DMB_ATTACHED);
	mnl_attr_put_u64(nlh, DIBS_A_DMB_TOKEN, 0xfedcba9876543210);
	mnl_attr_put_u64(nlh, DIBS_A_DMB_MEMORY, 1ULL << 33);
	dmb = decode_dmb(nlh);
	assert_string_equal(json_string_value(json_object_get(dmb, "state")),
			    "attached");
	assert_string_equal(json_string_value(json_object_get(dmb, "token")),
			    "0xfedcba9876543210");
	assert_true(json_integer_value(json_object_get(dmb, "memory")) ==
		    1LL << 33);
	json_decref(dmb);
	free(buf);
}

static void stats_message(void **state)
{
	char *buf = calloc(1, 8192);
	struct nlmsghdr *nlh = message(buf);
	struct nlattr *nest;
	json_t *stats, *counters;
	int i;

	(void)state;
	nest = mnl_attr_nest_start(nlh, DIBS_A_STATS_COUNTERS);
	for (i = 1; i <= DIBS_A_COUNTER_MAX; i++)
		mnl_attr_put_u64(nlh, i, i);
	mnl_attr_nest_end(nlh, nest);
	stats = decode_stats(nlh);
	counters = json_object_get(stats, "counters");
	assert_int_equal(json_object_size(counters), DIBS_A_COUNTER_MAX);
	assert_int_equal(json_integer_value(json_object_get(counters,
						"reject_detached")),
			 DIBS_A_COUNTER_REJECT_DETACHED);
	json_decref(stats);
	free(buf);
}

/* Events by number and by name; software events have numbers of their own. */
static void event_names(void **state)
{
	static const struct {
		uint32_t type, subtype;
		const char *what;
	} events[] = {
		{ DIBS_EVENT_BUF, DIBS_EVENT_BUF_UNREGISTERED,
		  "unregistered" },
		{ DIBS_EVENT_BUF, DIBS_EVENT_BUF_CUT, "cut" },
		{ DIBS_EVENT_DEV, DIBS_EVENT_DEV_DISABLED, "disabled" },
		{ DIBS_EVENT_DEV, DIBS_EVENT_DEV_ERROR, "error" },
		{ DIBS_EVENT_OTHER, DIBS_EVENT_UNKNOWN, "unknown" },
		{ DIBS_EVENT_SW, 1, NULL },
		{ DIBS_EVENT_DEV, DIBS_EVENT_BUF_CUT + 1, NULL },
		{ 99, 0xffffffff, NULL },
	};
	char *buf = calloc(1, 8192);
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		struct nlmsghdr *nlh = message(buf);
		const char *what;
		json_t *event;

		mnl_attr_put_u32(nlh, DIBS_A_EVENT_TYPE, events[i].type);
		mnl_attr_put_u32(nlh, DIBS_A_EVENT_SUBTYPE,
				 events[i].subtype);
		event = decode_event(nlh);
		assert_int_equal(json_integer_value(json_object_get(event,
								    "code")),
				 events[i].subtype);
		what = json_string_value(json_object_get(event, "what"));
		assert_int_equal(!what, !events[i].what);
		if (what)
			assert_string_equal(what, events[i].what);
		json_decref(event);
	}
	free(buf);
}

/* Attributes that are too short become no objects. */
static void malformed_messages(void **state)
{
	char *buf = calloc(1, 8192);
	struct nlmsghdr *nlh = message(buf);

	(void)state;
	mnl_attr_put_u8(nlh, DIBS_A_DEV_INDEX, 1);
	assert_null(decode_dev(nlh));
	nlh = message(buf);
	mnl_attr_put_u64(nlh, DIBS_A_DEV_GID, 1);
	assert_null(decode_dev(nlh));
	nlh = message(buf);
	mnl_attr_put(nlh, DIBS_A_DEV_NAME, 2, "lo");
	assert_null(decode_dev(nlh));
	nlh = message(buf);
	mnl_attr_put_u16(nlh, DIBS_A_EVENT_DATA, 1);
	assert_null(decode_event(nlh));
	nlh = mnl_nlmsg_put_header(buf);
	assert_null(decode_client(nlh));
	free(buf);
}

/* Names that somebody else chose, in JSON and on a terminal. */
static void foreign_names(void **state)
{
	static const struct {
		const char *name, *json, *text;
	} names[] = {
		{ "eth0", "eth0", "eth0" },
		{ "e\xff\x1b[2J", "e?\x1b[2J", "e??[2J" },
		{ "\xc3\xbc", "\xc3\xbc", "\xc3\xbc" },
		{ "\xc2\x9b" "2J\x7f", "\xc2\x9b" "2J\x7f", "??2J?" },
		{ "", "", "" },
	};
	char cell[CELL_LEN];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		json_t *json = text_json(names[i].name);

		assert_string_equal(json_string_value(json), names[i].json);
		value_text(cell, json);
		assert_string_equal(cell, names[i].text);
		json_decref(json);
	}
}

static void cells(void **state)
{
	json_t *dev = json_pack("{s:b, s:b, s:b, s:b}", "enabled", 1, "shared",
				0, "usable", 1, "owned", 0);
	char cell[CELL_LEN];

	(void)state;
	device_state_text(cell, dev);
	assert_string_equal(cell, "enabled");
	device_scope_text(cell, dev);
	assert_string_equal(cell, "granted");
	json_object_set_new(dev, "owned", json_true());
	device_scope_text(cell, dev);
	assert_string_equal(cell, "own");
	json_object_set_new(dev, "shared", json_true());
	device_scope_text(cell, dev);
	assert_string_equal(cell, "shared");
	json_object_set_new(dev, "usable", json_false());
	device_scope_text(cell, dev);
	assert_string_equal(cell, "left");
	value_text(cell, NULL);
	assert_string_equal(cell, "-");
	value_text(cell, json_object_get(dev, "usable"));
	assert_string_equal(cell, "no");
	json_decref(dev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ .name = "numbers are decimal and fit in 32 bits",
		  .test_func = numbers },
		{ .name = "sizes may end in K, M or G and are below 4G",
		  .test_func = sizes },
		{ .name = "devices are named by name or by index",
		  .test_func = devices },
		{ .name = "a new device takes a name and pairs of words",
		  .test_func = device_params },
		{ .name = "GIDs are printed as UUIDs",
		  .test_func = gids },
		{ .name = "a message about a device becomes JSON",
		  .test_func = device_message },
		{ .name = "tokens are strings, quantities are numbers",
		  .test_func = dmb_message },
		{ .name = "every counter has a name",
		  .test_func = stats_message },
		{ .name = "a fabric event has a number and a name",
		  .test_func = event_names },
		{ .name = "malformed messages become no objects",
		  .test_func = malformed_messages },
		{ .name = "names of any bytes are printed, and harmless",
		  .test_func = foreign_names },
		{ .name = "table cells show state, scope and values",
		  .test_func = cells },
	};

	/* Messages about bad words are not for the reader. */
	if (!freopen("/dev/null", "w", stderr))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

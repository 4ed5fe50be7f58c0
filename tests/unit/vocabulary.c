// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Definitions in <linux/dibs.h> of GIDs, VLANs and signals mean the same on
 * machines of either byte order. Needs only a C library, so that it is easy to
 * build for another machine.
 */
#include <stdio.h>
#include <string.h>

#include <linux/dibs.h>

static int tests, failed;

static void ok(bool holds, const char *statement)
{
	printf("%sok %d - %s\n", holds ? "" : "not ", ++tests, statement);
	failed += !holds;
}

static void test_signal_mask(void)
{
	unsigned int all = 0, i;
	bool single = true;

	for (i = 0; i < DIBS_SIGNAL_BITS; i++) {
		u16 mask = dibs_signal_mask(i);

		single = single && mask && !(mask & (mask - 1));
		all |= mask;
	}
	ok(dibs_signal_mask(0) == 0x1000, "signal 0 is 0x1000");
	ok(dibs_signal_mask(12) == 0x0001, "signal 12 is the lowest bit");
	ok(dibs_signal_mask(13) == 0x8000, "signal 13 is the highest bit");
	ok(dibs_signal_mask(15) == 0x2000, "signal 15 is next to signal 0");
	ok(single, "every signal is a single bit");
	ok(all == 0xffff, "the 16 signals are 16 different bits");
}

static void test_gid(void)
{
	static const u8 bytes[16] = {
		0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
	};
	const u64 number = 0x0123456789abcdefULL;
	uuid_t gid = dibs_gid_from_u64(number);

	ok(!memcmp(gid.b, bytes, 16),
	   "a 64-bit GID becomes big-endian bytes followed by zeroes");
	ok(dibs_gid_to_u64(&gid) == number,
	   "a 64-bit GID converts to a UUID and back");
	gid = dibs_gid_from_u64(~0ULL);
	ok(dibs_gid_to_u64(&gid) == ~0ULL,
	   "a GID with all bits set converts to a UUID and back");
	memset(gid.b + 8, 0xff, 8);
	ok(dibs_gid_to_u64(&gid) == ~0ULL,
	   "the second half of a UUID does not affect its 64-bit GID");
	gid = dibs_gid_from_u64(0);
	ok(!dibs_gid_to_u64(&gid), "GID 0 converts to a UUID and back");
}

static void test_vlan(void)
{
	const struct dibs_vlan none = {}, stale = { .id = 5 };
	const struct dibs_vlan five = { .id = 5, .valid = true };
	const struct dibs_vlan six = { .id = 6, .valid = true };

	ok(dibs_vlan_equal(none, none), "no VLAN equals no VLAN");
	ok(dibs_vlan_equal(none, stale),
	   "an invalid VLAN equals no VLAN, whatever its id");
	ok(dibs_vlan_equal(five, five), "a VLAN equals itself");
	ok(!dibs_vlan_equal(five, six), "a VLAN differs from another VLAN");
	ok(!dibs_vlan_equal(five, stale),
	   "a VLAN differs from an invalid VLAN with its id");
	ok(!dibs_vlan_equal(none, five), "no VLAN differs from a VLAN");
}

/* User space gets these numbers; see docs/netlink.yaml. */
static void test_events(void)
{
	ok(DIBS_EVENT_BUF == 0 && DIBS_EVENT_DEV == 1 && DIBS_EVENT_SW == 2 &&
	   DIBS_EVENT_OTHER == 3, "types of events keep their numbers");
	ok(DIBS_EVENT_BUF_UNREGISTERED == 0 && DIBS_EVENT_DEV_DISABLED == 1 &&
	   DIBS_EVENT_DEV_ERROR == 2 && DIBS_EVENT_UNKNOWN == 3 &&
	   DIBS_EVENT_BUF_CUT == 4, "subtypes of events keep their numbers");
}

int main(void)
{
	test_signal_mask();
	test_gid();
	test_vlan();
	test_events();
	printf("1..%d\n", tests);
	return failed > 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Definitions in <linux/dibs.h> mean the same on machines of either byte order.
 */
#include <linux/dibs.h>

#include "test.h"

static void signal_bits(struct test *t)
{
	unsigned int idx;
	u16 all = 0;

	expect_eq(t, dibs_signal_mask(0), 0x1000);
	expect_eq(t, dibs_signal_mask(1), 0x0800);
	expect_eq(t, dibs_signal_mask(12), 0x0001);
	expect_eq(t, dibs_signal_mask(13), 0x8000);
	expect_eq(t, dibs_signal_mask(15), 0x2000);
	for (idx = 0; idx < DIBS_SIGNAL_BITS; idx++)
		all |= dibs_signal_mask(idx);
	expect_eq(t, all, 0xffff);
}

static void short_gid(struct test *t)
{
	static const u8 bytes[16] = { 1, 2, 3, 4, 5, 6, 7, 0xf8 };
	uuid_t gid = dibs_gid_from_u64(0x01020304050607f8ULL);

	expect_eq(t, memcmp(gid.b, bytes, sizeof(bytes)), 0);
	expect(t, dibs_gid_to_u64(&gid) == 0x01020304050607f8ULL);
}

static void vlans(struct test *t)
{
	const struct dibs_vlan none = {}, also_none = { .id = 7 };
	const struct dibs_vlan a = { 7, true }, b = { 8, true };

	expect(t, dibs_vlan_equal(none, also_none));
	expect(t, dibs_vlan_equal(a, a));
	expect(t, !dibs_vlan_equal(a, b));
	expect(t, !dibs_vlan_equal(a, also_none));
	expect(t, !dibs_vlan_equal(none, a));
}

const struct test_case vocabulary_cases[] = {
	{ "bit n of a signal is 0x1000 rotated right by n", signal_bits },
	{ "a 64-bit GID is the first bytes of a UUID, in big-endian order",
	  short_gid },
	{ "two VLANs are equal if both are none or have the same id", vlans },
	{}
};

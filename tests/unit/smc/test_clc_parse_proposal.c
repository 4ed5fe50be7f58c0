// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Does the parser accept the proposals that may be sent, and nothing else?
 */
#include "bytes.h"

/* Offsets in the sample "everything". */
#define AT_IPAREA	38
#define AT_SMCD		40
#define AT_V2_OFFSET	(AT_SMCD + 10)
#define AT_PREFIX	80
#define AT_V2		(AT_PREFIX + 8 + 8 * 17)
#define AT_SMCD_V2	(AT_V2 + 40 + 8 * 32)
#define AT_GIDS		(AT_SMCD_V2 + 48)

static void proposal_of_everything_is_the_longest(void **state)
{
	u8 bytes[SMC_CLC_BUF_LEN];

	(void)state;
	assert_int_equal(named_bytes("everything", bytes), SMC_CLC_LEN_MAX);
	assert_int_equal(get16(bytes + AT_IPAREA), 40);
	assert_int_equal(get16(bytes + AT_V2_OFFSET),
			 AT_V2 - AT_SMCD - SMC_CLC_V2_BASE);
	assert_int_equal(get16(bytes + AT_V2 + 6),
			 AT_SMCD_V2 - AT_V2 - SMC_CLC_SMCD_V2_BASE);
	assert_int_equal(AT_GIDS + 8 * 10 + 4, SMC_CLC_LEN_MAX);
}

/* Each count at its limit, with room for more, and beyond. */
static void proposal_counts_have_limits(void **state)
{
	static const unsigned int at[] = {
		AT_PREFIX + 7, AT_V2, AT_V2 + 1
	};
	u8 bytes[2 * SMC_CLC_BUF_LEN];
	struct message message;
	unsigned int i, count;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(at); i++) {
		size_t len = named_bytes("everything", bytes);

		/* Enough room, so that it is not the length that is refused. */
		len = insert(bytes, len, len - 4, 300);
		assert_int_equal(bytes[at[i]], 8);
		for (count = 0; count < 256; count++) {
			bytes[at[i]] = count;
			assert_int_equal(parse(bytes, len, &message),
					 count <= 8 ? 0 : -EBADMSG);
		}
	}
}

/* Each offset with all values. Those inside and ahead may mean something. */
static void proposal_offsets_stay_inside_and_in_order(void **state)
{
	static const unsigned int end = SMC_CLC_LEN_MAX - SMC_CLC_TRAILER_LEN;
	static const struct {
		unsigned int at, now, most;
		bool may_be_none;
	} offset[] = {
		{ AT_IPAREA, 40, end - 8 - 40, false },
		{ AT_V2_OFFSET, AT_V2 - AT_SMCD - 12, end - 40 - AT_SMCD - 12,
		  true },
		{ AT_V2 + 6, AT_SMCD_V2 - AT_V2 - 8, end - 48 - AT_V2 - 8,
		  true },
	};
	u8 bytes[SMC_CLC_BUF_LEN];
	struct message message;
	unsigned int i, value;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(offset); i++) {
		size_t len = named_bytes("everything", bytes);
		u8 *copy = watched(bytes, len);

		for (value = 0; value < 65536; value++) {
			int err;

			put16(copy + offset[i].at, value);
			err = message_parse(copy, len, &message);
			if (value == offset[i].now ||
			    (!value && offset[i].may_be_none))
				assert_int_equal(err, 0);
			else if (value < offset[i].now ||
				 value > offset[i].most)
				assert_int_equal(err, -EBADMSG);
		}
		free(copy);
	}
}

static void proposal_may_have_gaps(void **state)
{
	static const struct {
		unsigned int piece, offset;
	} gap[] = {
		{ AT_SMCD_V2, AT_V2 + 6 },
		{ AT_V2, AT_V2_OFFSET },
		{ AT_PREFIX, AT_IPAREA },
	};
	u8 bytes[2 * SMC_CLC_BUF_LEN];
	struct message want, got;
	unsigned int i, more;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(gap); i++) {
		for (more = 1; more < 100; more++) {
			size_t len = named_bytes("everything", bytes);

			assert_int_equal(parse(bytes, len, &want), 0);
			len = insert(bytes, len, gap[i].piece, more);
			put16(bytes + gap[i].offset,
			      get16(bytes + gap[i].offset) + more);
			if (gap[i].piece == AT_PREFIX)
				put16(bytes + AT_V2_OFFSET,
				      get16(bytes + AT_V2_OFFSET) + more);
			assert_int_equal(parse(bytes, len, &got), 0);
			assert_true(message_equal(&want, &got));
		}
	}
}

static void proposal_needs_two_entries_for_an_extended_gid(void **state)
{
	u8 bytes[SMC_CLC_BUF_LEN];
	struct message message;
	struct smc_clc_v2 *v2 = &message.proposal.v2;
	unsigned int count;
	size_t len;

	(void)state;
	len = named_bytes("everything", bytes);
	for (count = 0; count <= 8; count++) {
		bytes[AT_V2 + 1] = count;
		assert_int_equal(parse(bytes, len, &message), 0);
		assert_int_equal(v2->device_count, count / 2);
	}
	/* The second half of the first device is on another fabric: of 8
	 * entries the first is dropped, and the second names an ISM device.
	 */
	put16(bytes + AT_GIDS + 10 + 8, 0x1234);
	assert_int_equal(parse(bytes, len, &message), 0);
	assert_int_equal(v2->device_count, 4);
	assert_int_equal(v2->devices[0].chid, 0x1234);
	assert_memory_equal(v2->devices[0].gid.b, bytes + AT_GIDS + 10, 8);
	assert_int_equal(dibs_gid_to_u64(&v2->devices[0].gid),
			 0x18191a1b1c1d1e1full);
	assert_int_equal(v2->devices[0].gid.b[8], 0);
	assert_int_equal(v2->devices[1].chid, 0xff01);
}

static void proposal_of_version_1_has_no_version_2(void **state)
{
	u8 bytes[SMC_CLC_BUF_LEN];
	struct message message;
	size_t len;

	(void)state;
	len = named_bytes("everything", bytes);
	bytes[7] = 0x1f;
	assert_int_equal(parse(bytes, len, &message), 0);
	assert_int_equal(message.proposal.typev1, SMC_CLC_TYPE_BOTH);
	assert_int_equal(message.proposal.typev2, SMC_CLC_TYPE_NONE);
	assert_int_equal(message.proposal.prefix.ipv6_count, 8);
	assert_false(message.proposal.v2.present);
}

static void proposal_without_its_extensions_is_understood(void **state)
{
	u8 bytes[SMC_CLC_BUF_LEN];
	struct message message;
	size_t len;

	(void)state;
	len = named_bytes("v2_without_v2", bytes);
	assert_int_equal(parse(bytes, len, &message), 0);
	assert_false(message.proposal.v2.present);
	len = named_bytes("v2_without_smcd", bytes);
	assert_int_equal(parse(bytes, len, &message), 0);
	assert_true(message.proposal.v2.present);
	assert_false(message.proposal.v2.smcd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proposal_of_everything_is_the_longest),
		cmocka_unit_test(proposal_counts_have_limits),
		cmocka_unit_test(proposal_offsets_stay_inside_and_in_order),
		cmocka_unit_test(proposal_may_have_gaps),
		cmocka_unit_test(
			proposal_needs_two_entries_for_an_extended_gid),
		cmocka_unit_test(proposal_of_version_1_has_no_version_2),
		cmocka_unit_test(
			proposal_without_its_extensions_is_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

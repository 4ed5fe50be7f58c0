// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Does the parser accept the headers that may be sent, and nothing else?
 */
#include "bytes.h"

static void header_of_too_few_bytes_asks_for_more(void **state)
{
	struct smc_clc_header header;
	u8 bytes[SMC_CLC_BUF_LEN];
	size_t len;

	(void)state;
	sample_bytes(0, bytes);
	for (len = 0; len < SMC_CLC_HEADER_LEN; len++) {
		u8 *copy = watched(bytes, len);

		assert_int_equal(smc_clc_header_parse(copy, len, &header),
				 -EAGAIN);
		free(copy);
	}
	assert_int_equal(smc_clc_header_parse(bytes, 8, &header), 0);
}

static void header_refuses_other_bytes_at_the_first(void **state)
{
	struct smc_clc_header header;
	u8 bytes[SMC_CLC_BUF_LEN];
	unsigned int i, len;

	(void)state;
	for (i = 0; i < SMC_CLC_EYECATCHER_LEN; i++) {
		sample_bytes(0, bytes);
		bytes[i] ^= 0x55;
		for (len = i + 1; len <= SMC_CLC_HEADER_LEN; len++)
			assert_int_equal(smc_clc_header_parse(bytes, len,
							      &header),
					 -EPROTO);
	}
	assert_int_equal(message_parse((const u8 *)"GET / HT", 8,
				       &(struct message){}), -EPROTO);
}

static void header_may_have_either_eyecatcher(void **state)
{
	u8 bytes[SMC_CLC_BUF_LEN], last[2] = { 0xd9, 0xc4 };
	struct message message;
	unsigned int i, j, k;

	(void)state;
	for (i = 0; i < sample_count; i++) {
		size_t len = sample_bytes(i, bytes);

		for (j = 0; j < 2; j++) {
			for (k = 0; k < 2; k++) {
				bytes[3] = last[j];
				bytes[len - 1] = last[k];
				assert_int_equal(parse(bytes, len, &message),
						 0);
			}
		}
		for (j = 1; j <= SMC_CLC_TRAILER_LEN; j++) {
			bytes[len - j] ^= 0x55;
			assert_int_equal(parse(bytes, len, &message),
					 -EBADMSG);
			bytes[len - j] ^= 0x55;
		}
	}
}

static void header_knows_types_and_shortest_lengths(void **state)
{
	static const unsigned int least[] = { 0, 44, 48, 48, 28 };
	struct smc_clc_header header;
	u8 bytes[SMC_CLC_BUF_LEN];
	unsigned int type, len;

	(void)state;
	sample_bytes(0, bytes);
	for (type = 0; type < 256; type++) {
		bytes[4] = type;
		for (len = 0; len < 2 * SMC_CLC_BUF_LEN; len++) {
			int err = type >= 1 && type <= 4 && len >= least[type] ?
				0 : -EBADMSG;

			set_length(bytes, len);
			assert_int_equal(smc_clc_header_parse(bytes, 8,
							      &header), err);
			if (err)
				continue;
			assert_int_equal(header.msg, type);
			assert_int_equal(header.length, len);
			assert_int_equal(header.wanted,
					 len < SMC_CLC_BUF_LEN ?
					 len : SMC_CLC_BUF_LEN);
		}
	}
}

static void header_flags_mean_what_the_type_says(void **state)
{
	struct smc_clc_header header;
	u8 bytes[SMC_CLC_BUF_LEN];
	unsigned int type, flags;

	(void)state;
	sample_bytes(0, bytes);
	for (type = 1; type <= 4; type++) {
		bytes[4] = type;
		for (flags = 0; flags < 256; flags++) {
			unsigned int version = flags >> 4;
			bool known = version == 1 || version == 2;
			bool v2 = type == SMC_CLC_PROPOSAL && version != 1 &&
				  version;

			bytes[7] = flags;
			assert_int_equal(smc_clc_header_parse(bytes, 8,
							      &header),
					 known ? 0 : -EPROTONOSUPPORT);
			assert_int_equal(header.length, get16(bytes + 5));
			assert_int_equal(header.version, version);
			assert_int_equal(header.typev1, flags & 3);
			assert_int_equal(header.typev2,
					 v2 ? (flags >> 2 & 3) :
					 SMC_CLC_TYPE_NONE);
			assert_int_equal(header.first_contact, flags & 8 &&
					 (type == 2 || type == 3));
			assert_int_equal(header.out_of_sync,
					 flags & 8 && type == 4);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_of_too_few_bytes_asks_for_more),
		cmocka_unit_test(header_refuses_other_bytes_at_the_first),
		cmocka_unit_test(header_may_have_either_eyecatcher),
		cmocka_unit_test(header_knows_types_and_shortest_lengths),
		cmocka_unit_test(header_flags_mean_what_the_type_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

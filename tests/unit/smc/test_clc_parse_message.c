// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Does the parser accept what may be sent, and nothing else, for every kind of
 * message? The address sanitizer detects reads outside of a message.
 */
#include "bytes.h"

static void a_message_of_the_wrong_kind_is_refused(void **state)
{
	u8 bytes[SMC_CLC_BUF_LEN];
	unsigned int i;

	(void)state;
	for (i = 0; i < sample_count; i++) {
		size_t len = sample_bytes(i, bytes);
		struct message message;
		u8 kind = bytes[4];

		if (kind != SMC_CLC_PROPOSAL)
			assert_int_equal(smc_clc_proposal_parse(bytes, len,
				&message.proposal), -EBADMSG);
		if (kind != SMC_CLC_ACCEPT)
			assert_int_equal(smc_clc_accept_parse(bytes, len,
				&message.accept), -EBADMSG);
		if (kind != SMC_CLC_CONFIRM)
			assert_int_equal(smc_clc_confirm_parse(bytes, len,
				&message.accept), -EBADMSG);
		if (kind != SMC_CLC_DECLINE)
			assert_int_equal(smc_clc_decline_parse(bytes, len,
				&message.decline), -EBADMSG);
	}
}

static void bytes_that_are_no_message_are_refused(void **state)
{
	static const u8 bytes[64] = "GET / HTTP/1.1\r\n\r\n";
	struct message message;
	size_t len;

	(void)state;
	for (len = 1; len < sizeof(bytes); len++) {
		assert_int_equal(smc_clc_proposal_parse(bytes, len,
			&message.proposal), -EBADMSG);
		assert_int_equal(smc_clc_accept_parse(bytes, len,
			&message.accept), -EBADMSG);
		assert_int_equal(smc_clc_confirm_parse(bytes, len,
			&message.accept), -EBADMSG);
		assert_int_equal(smc_clc_decline_parse(bytes, len,
			&message.decline), -EBADMSG);
	}
}

static void other_versions_are_recognised(void **state)
{
	u8 bytes[SMC_CLC_BUF_LEN];
	struct message message;
	unsigned int i;

	(void)state;
	for (i = 0; i < sample_count; i++) {
		size_t len = sample_bytes(i, bytes);

		bytes[7] = 0x30 | (bytes[7] & 15);
		switch (bytes[4]) {
		case SMC_CLC_PROPOSAL:
			assert_int_equal(smc_clc_proposal_parse(bytes, len,
				&message.proposal), -EPROTONOSUPPORT);
			break;
		case SMC_CLC_ACCEPT:
			assert_int_equal(smc_clc_accept_parse(bytes, len,
				&message.accept), -EPROTONOSUPPORT);
			break;
		case SMC_CLC_CONFIRM:
			assert_int_equal(smc_clc_confirm_parse(bytes, len,
				&message.accept), -EPROTONOSUPPORT);
			break;
		default:
			assert_int_equal(smc_clc_decline_parse(bytes, len,
				&message.decline), -EPROTONOSUPPORT);
		}
	}
}

static void a_message_truncated_at_any_byte_is_refused(void **state)
{
	u8 bytes[SMC_CLC_BUF_LEN];
	struct message message;
	unsigned int i;
	size_t cut;

	(void)state;
	for (i = 0; i < sample_count; i++) {
		size_t len = sample_bytes(i, bytes);

		for (cut = 0; cut < len; cut++)
			assert_int_equal(parse(bytes, cut, &message),
					 cut < SMC_CLC_HEADER_LEN ? -EAGAIN :
					 -EBADMSG);
		bytes[len] = 0;
		assert_int_equal(parse(bytes, len + 1, &message), -EBADMSG);
	}
}

/* Shortens a message, with a length and a trailer that agree. */
static void a_message_shortened_to_any_length_is_refused(void **state)
{
	u8 bytes[SMC_CLC_BUF_LEN], part[SMC_CLC_BUF_LEN];
	struct message message;
	unsigned int i;
	size_t cut;

	(void)state;
	for (i = 0; i < sample_count; i++) {
		size_t len = sample_bytes(i, bytes);

		for (cut = 12; cut < len; cut++) {
			/* 28 bytes of a decline have everything that counts. */
			int want = bytes[4] == SMC_CLC_DECLINE && cut >= 28 ?
				0 : -EBADMSG;

			memcpy(part, bytes, cut);
			set_length(part, cut);
			memcpy(part + cut - SMC_CLC_TRAILER_LEN,
			       SMC_CLC_EYECATCHER_R, SMC_CLC_TRAILER_LEN);
			assert_int_equal(parse(part, cut, &message), want);
		}
	}
}

static void bytes_after_the_last_part_are_ignored(void **state)
{
	u8 bytes[2 * SMC_CLC_BUF_LEN];
	struct message want, got;
	unsigned int i, more;

	(void)state;
	for (i = 0; i < sample_count; i++) {
		for (more = 1; more < 64; more++) {
			size_t len = sample_bytes(i, bytes);

			/* A decline of version 1 has nothing there. */
			message_sample(i, &want);
			len = insert(bytes, len, len - SMC_CLC_TRAILER_LEN,
				     more);
			assert_int_equal(parse(bytes, len, &got), 0);
			assert_true(message_equal(&want, &got));
		}
	}
}

static void the_beginning_of_a_long_message_counts(void **state)
{
	static const unsigned int lengths[] = {
		SMC_CLC_BUF_LEN + 1, 4096, 65535
	};
	u8 bytes[SMC_CLC_BUF_LEN] = {};
	struct message want, got;
	unsigned int i, j;

	(void)state;
	for (i = 0; i < sample_count; i++) {
		message_sample(i, &want);
		for (j = 0; j < ARRAY_SIZE(lengths); j++) {
			memset(bytes, 0, sizeof(bytes));
			sample_bytes(i, bytes);
			set_length(bytes, lengths[j]);
			assert_int_equal(parse(bytes, SMC_CLC_BUF_LEN, &got),
					 0);
			assert_int_equal(parse(bytes, SMC_CLC_BUF_LEN - 1,
					       &got), -EBADMSG);
		}
	}
}

/* Whatever was understood is rebuilt, and means the same. */
static void any_byte_may_have_any_value(void **state)
{
	u8 bytes[SMC_CLC_BUF_LEN], built[SMC_CLC_BUF_LEN];
	struct message first, second;
	unsigned int i, value;
	size_t at;

	(void)state;
	for (i = 0; i < sample_count; i++) {
		size_t len = sample_bytes(i, bytes);
		u8 *copy = watched(bytes, len);

		for (at = 0; at < len; at++) {
			for (value = 0; value < 256; value++) {
				int n;

				copy[at] = value;
				if (message_parse(copy, len, &first))
					continue;
				n = message_build(built, sizeof(built),
						  &first);
				assert_true(n > 0);
				assert_int_equal(message_parse(built, n,
							       &second), 0);
				assert_true(message_equal(&first, &second));
			}
			copy[at] = bytes[at];
		}
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_of_the_wrong_kind_is_refused),
		cmocka_unit_test(bytes_that_are_no_message_are_refused),
		cmocka_unit_test(other_versions_are_recognised),
		cmocka_unit_test(a_message_truncated_at_any_byte_is_refused),
		cmocka_unit_test(a_message_shortened_to_any_length_is_refused),
		cmocka_unit_test(bytes_after_the_last_part_are_ignored),
		cmocka_unit_test(the_beginning_of_a_long_message_counts),
		cmocka_unit_test(any_byte_may_have_any_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

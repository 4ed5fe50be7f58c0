// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Does the builder encode what it is given, and refuse what cannot be encoded?
 */
#include "message.h"
#include "sample.h"
#include "test.h"

static int build(const struct message *message)
{
	u8 buf[SMC_CLC_LEN_MAX];

	return message_build(buf, sizeof(buf), message);
}

static void built_messages_are_understood(void **state)
{
	struct message want, got;
	unsigned int i;

	(void)state;
	for (i = 0; i < sample_count; i++) {
		u8 buf[SMC_CLC_LEN_MAX];
		int len;

		message_sample(i, &want);
		len = message_build(buf, sizeof(buf), &want);
		assert_true(len > 0);
		assert_int_equal(message_parse(buf, len, &got), 0);
		assert_true(message_equal(&want, &got));
	}
}

static void lengths_are_those_of_the_specification(void **state)
{
	static const struct {
		const char *name;
		int len;
	} known[] = {
		{ "v2_loopback", 40 + 40 + 40 + 48 + 20 + 4 },
		{ "v2_four_emulated", 40 + 40 + 40 + 32 + 48 + 80 + 4 },
		{ "v1_smcr", 40 + 8 + 4 },
		{ "v1_smcd", 40 + 40 + 8 + 17 + 4 },
		{ "everything", 652 },
		{ "accept_v1", 48 },
		{ "accept_reuse", 78 },
		{ "accept_v20", 78 + 36 },
		{ "accept_v21", 78 + 52 },
		{ "confirm_v1", 48 },
		{ "decline_v1", 28 },
		{ "decline_v2", 44 },
	};
	struct message message;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(known); i++) {
		sample(known[i].name, &message);
		assert_int_equal(build(&message), known[i].len);
	}
}

static void a_buffer_that_is_too_short_is_not_touched(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < sample_count; i++) {
		struct message message;
		int len, size;

		message_sample(i, &message);
		len = build(&message);
		for (size = 0; size <= len; size++) {
			u8 zero[SMC_CLC_LEN_MAX] = {};
			u8 *buf = watched(zero, size);

			assert_int_equal(message_build(buf, size, &message),
					 size < len ? -EMSGSIZE : len);
			if (size < len)
				assert_memory_equal(buf, zero, size);
			free(buf);
		}
	}
}

static void only_known_versions_are_built(void **state)
{
	struct message message;
	unsigned int version;

	(void)state;
	for (version = 0; version < 256; version++) {
		bool known = version == 1 || version == 2;

		sample("v1_smcr", &message);
		message.proposal.version = version;
		assert_int_equal(build(&message), known ? 52 : -EINVAL);
		sample("confirm_v1", &message);
		message.accept.version = version;
		assert_int_equal(build(&message) > 0, known);
		sample("decline_v1", &message);
		message.decline.version = version;
		assert_int_equal(build(&message) > 0, known);
	}
}

static void proposal_types_and_versions_agree(void **state)
{
	unsigned int type;

	(void)state;
	for (type = 0; type < 256; type++) {
		struct message message;

		sample("v1_smcd", &message);
		message.proposal.typev1 = type;
		assert_int_equal(build(&message) > 0, type < 4);
		sample("v1_smcd", &message);
		message.proposal.typev2 = type;
		assert_int_equal(build(&message) > 0,
				 type == SMC_CLC_TYPE_NONE);
		sample("v2_loopback", &message);
		message.proposal.typev2 = type;
		assert_int_equal(build(&message) > 0,
				 type == SMC_CLC_TYPE_D ||
				 type == SMC_CLC_TYPE_BOTH);
		sample("v2_smcr", &message);
		message.proposal.typev2 = type;
		assert_int_equal(build(&message) > 0,
				 type < 4 && type != SMC_CLC_TYPE_NONE);
	}
}

static void proposal_counts_have_limits(void **state)
{
	struct message message;
	unsigned int count;

	(void)state;
	for (count = 0; count < 256; count++) {
		sample("everything", &message);
		message.proposal.prefix.ipv6_count = count;
		assert_int_equal(build(&message) > 0, count <= 8);
		sample("everything", &message);
		message.proposal.v2.eid_count = count;
		assert_int_equal(build(&message) > 0, count <= 8);
		sample("v2_ism", &message);
		message.proposal.v2.device_count = count;
		assert_int_equal(build(&message) > 0, count <= 8);
		sample("v2_loopback", &message);
		message.proposal.v2.release = count;
		assert_int_equal(build(&message) > 0, count <= 15);
	}
}

static void at_most_four_emulated_devices_are_built(void **state)
{
	struct message message;
	struct smc_clc_v2 *v2 = &message.proposal.v2;
	unsigned int emulated, ism;

	(void)state;
	for (emulated = 0; emulated <= 8; emulated++) {
		for (ism = 0; ism + emulated <= 8; ism++) {
			unsigned int i;

			sample("v2_ism", &message);
			for (i = 0; i < emulated; i++)
				v2->devices[ism + i].chid = 0xff00 + i;
			v2->device_count = emulated + ism;
			assert_int_equal(build(&message) > 0,
					 2 * emulated + ism <= 8);
		}
	}
}

static void sixty_four_bits_cannot_hold_an_extended_gid(void **state)
{
	struct message message;

	(void)state;
	sample("v2_loopback", &message);
	message.proposal.v2.devices[0].chid = 0xfeff;
	assert_int_equal(build(&message), -EINVAL);
	sample("accept_reuse", &message);
	message.accept.device.chid = 0xfeff;
	assert_int_equal(build(&message), -EINVAL);
	sample("accept_ism", &message);
	message.accept.device.gid.b[15] = 1;
	assert_int_equal(build(&message), -EINVAL);
}

static void answers_have_limits(void **state)
{
	struct message message;
	unsigned int value;

	(void)state;
	for (value = 0; value < 256; value++) {
		sample("accept_reuse", &message);
		message.accept.dmbe_size = value;
		assert_int_equal(build(&message) > 0,
				 value <= SMC_CLC_DMBE_SIZE_MAX);
		sample("accept_v21", &message);
		message.accept.contact.release = value;
		assert_int_equal(build(&message) > 0, value <= 15);
		sample("accept_v21", &message);
		message.accept.contact.os = value;
		assert_int_equal(build(&message) > 0, value <= 15);
		sample("decline_v2", &message);
		message.decline.os = value;
		assert_int_equal(build(&message) > 0, value <= 15);
	}
	sample("accept_v21", &message);
	message.accept.contact.present = false;
	assert_int_equal(build(&message), -EINVAL);
	sample("accept_reuse", &message);
	message.accept.contact.present = true;
	assert_int_equal(build(&message), -EINVAL);
	sample("accept_v1", &message);
	message.accept.contact.present = true;
	assert_int_equal(build(&message), -EINVAL);
}

static void hostname_is_padded_or_cut(void **state)
{
	static const char longest[] = "a2345678901234567890123456789012";
	u8 hostname[SMC_CLC_HOSTNAME_LEN];

	(void)state;
	smc_clc_hostname_set(hostname, "");
	assert_memory_equal(hostname, "                                ", 32);
	smc_clc_hostname_set(hostname, "z14");
	assert_memory_equal(hostname, "z14                             ", 32);
	smc_clc_hostname_set(hostname, longest);
	assert_memory_equal(hostname, longest, 32);
	smc_clc_hostname_set(hostname, "a23456789012345678901234567890123456");
	assert_memory_equal(hostname, longest, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(built_messages_are_understood),
		cmocka_unit_test(lengths_are_those_of_the_specification),
		cmocka_unit_test(a_buffer_that_is_too_short_is_not_touched),
		cmocka_unit_test(only_known_versions_are_built),
		cmocka_unit_test(proposal_types_and_versions_agree),
		cmocka_unit_test(proposal_counts_have_limits),
		cmocka_unit_test(at_most_four_emulated_devices_are_built),
		cmocka_unit_test(sixty_four_bits_cannot_hold_an_extended_gid),
		cmocka_unit_test(answers_have_limits),
		cmocka_unit_test(hostname_is_padded_or_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

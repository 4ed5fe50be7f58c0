// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Does the parser accept the accepts, confirms and declines that may be sent,
 * and nothing else?
 */
#include "bytes.h"

static void accept_has_a_size_that_exists(void **state)
{
	static const char * const names[] = {
		"accept_v1", "accept_reuse", "confirm_v1", "confirm_v21"
	};
	u8 bytes[SMC_CLC_BUF_LEN];
	struct message message;
	unsigned int i, size;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		size_t len = named_bytes(names[i], bytes);

		for (size = 0; size < 16; size++) {
			/* The lower half is reserved. */
			bytes[25] = size << 4 | 15;
			assert_int_equal(parse(bytes, len, &message),
					 size <= SMC_CLC_DMBE_SIZE_MAX ?
					 0 : -EBADMSG);
			if (size <= SMC_CLC_DMBE_SIZE_MAX)
				assert_int_equal(message.accept.dmbe_size,
						 size);
		}
	}
}

static void accept_of_another_type_is_recognised(void **state)
{
	u8 bytes[SMC_CLC_BUF_LEN];
	struct message message;
	size_t len;
	u8 type;

	(void)state;
	len = named_bytes("accept_v21", bytes);
	for (type = 0; type < 4; type++) {
		bytes[7] = (bytes[7] & ~3) | type;
		assert_int_equal(parse(bytes, len, &message),
				 type == SMC_CLC_TYPE_D ? 0 : -EPFNOSUPPORT);
	}
}

static void accept_on_ism_has_no_extended_gid(void **state)
{
	u8 bytes[SMC_CLC_BUF_LEN];
	struct message message;
	size_t len;

	(void)state;
	len = named_bytes("accept_reuse", bytes);
	put16(bytes + 32, 0xfeff);
	assert_int_equal(parse(bytes, len, &message), 0);
	assert_int_equal(message.accept.device.gid.b[7], 0x17);
	assert_int_equal(message.accept.device.gid.b[8], 0);
	put16(bytes + 32, 0xff00);
	assert_int_equal(parse(bytes, len, &message), 0);
	assert_int_equal(message.accept.device.gid.b[8], 0x18);
}

static void accept_of_a_later_release_is_understood(void **state)
{
	u8 bytes[SMC_CLC_BUF_LEN];
	struct message message;
	unsigned int release;
	size_t len;

	(void)state;
	len = named_bytes("accept_v21", bytes);
	for (release = 0; release < 16; release++) {
		bytes[75] = SMC_CLC_OS_ZOS << 4 | release;
		assert_int_equal(parse(bytes, len, &message), 0);
		assert_int_equal(message.accept.contact.release, release);
		assert_int_equal(message.accept.contact.os, SMC_CLC_OS_ZOS);
	}
	/* Fields that release 0 lacks are not required from others. */
	len = named_bytes("accept_v20", bytes);
	assert_int_equal(parse(bytes, len, &message), 0);
	bytes[75] |= 1;
	assert_int_equal(parse(bytes, len, &message), -EBADMSG);
}

static void decline_of_version_2_may_be_short(void **state)
{
	u8 bytes[SMC_CLC_BUF_LEN];
	struct message message;
	size_t len;

	(void)state;
	len = named_bytes("decline_v1", bytes);
	bytes[7] = 0x20;
	assert_int_equal(parse(bytes, len, &message), 0);
	assert_int_equal(message.decline.diagnosis, 0x04000000);
	assert_int_equal(message.decline.extra[0], 0);
	assert_false(message.decline.out_of_sync);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accept_has_a_size_that_exists),
		cmocka_unit_test(accept_of_another_type_is_recognised),
		cmocka_unit_test(accept_on_ism_has_no_extended_gid),
		cmocka_unit_test(accept_of_a_later_release_is_understood),
		cmocka_unit_test(decline_of_version_2_may_be_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

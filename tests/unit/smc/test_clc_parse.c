// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Does the parser take what may be sent, and nothing else? The address
 * sanitizer watches that it does not read outside of a message.
 */
#include "../../../clients/smc/clc_wire.h"
#include "message.h"
#include "test.h"

/* A sample's bytes. */
static size_t sample_bytes(unsigned int index, u8 *buf)
{
	struct message message;
	int len;

	message_sample(index, &message);
	len = message_build(buf, SMC_CLC_BUF_LEN, &message);
	assert_true(len > 0);
	return len;
}

static size_t named_bytes(const char *name, u8 *buf)
{
	unsigned int i;

	for (i = 0; i < sample_count; i++)
		if (!strcmp(samples[i].name, name))
			return sample_bytes(i, buf);
	fail_msg("%s: no such sample", name);
	return 0;
}

static void set_length(u8 *bytes, size_t len)
{
	bytes[5] = len >> 8;
	bytes[6] = len;
}

static void put16(u8 *at, unsigned int value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static unsigned int get16(const u8 *at)
{
	return at[0] << 8 | at[1];
}

/* Parses a copy that ends where @len says. */
static int parse(const u8 *bytes, size_t len, struct message *message)
{
	u8 *copy = watched(bytes, len);
	int err = message_parse(copy, len, message);

	free(copy);
	return err;
}

/* Inserts zeros and says so in the length. */
static size_t insert(u8 *bytes, size_t len, size_t at, size_t count)
{
	memmove(bytes + at + count, bytes + at, len - at);
	memset(bytes + at, 0, count);
	set_length(bytes, len + count);
	return len + count;
}

/* --- the header ----------------------------------------------------------- */

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

static void header_tells_other_bytes_at_the_first(void **state)
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

static void header_takes_either_eyecatcher(void **state)
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

/* --- messages as a whole -------------------------------------------------- */

static void wrong_kind_is_refused(void **state)
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

static void what_is_no_message_is_refused(void **state)
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

static void other_versions_are_told_apart(void **state)
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

static void truncated_at_any_byte_is_refused(void **state)
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

/* Shorter, with a length and a trailer that agree. */
static void shortened_to_any_length_is_refused(void **state)
{
	u8 bytes[SMC_CLC_BUF_LEN], part[SMC_CLC_BUF_LEN];
	struct message message;
	unsigned int i;
	size_t cut;

	(void)state;
	for (i = 0; i < sample_count; i++) {
		size_t len = sample_bytes(i, bytes);

		for (cut = 12; cut < len; cut++) {
			/* 28 bytes of a decline tell all that counts. */
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

static void bytes_behind_the_last_piece_are_ignored(void **state)
{
	u8 bytes[2 * SMC_CLC_BUF_LEN];
	struct message want, got;
	unsigned int i, more;

	(void)state;
	for (i = 0; i < sample_count; i++) {
		for (more = 1; more < 64; more++) {
			size_t len = sample_bytes(i, bytes);

			/* Of a decline of version 1 nothing is known there. */
			message_sample(i, &want);
			len = insert(bytes, len, len - SMC_CLC_TRAILER_LEN,
				     more);
			assert_int_equal(parse(bytes, len, &got), 0);
			assert_true(message_equal(&want, &got));
		}
	}
}

static void of_a_long_message_the_beginning_counts(void **state)
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

/* Whatever was understood is built again and means the same. */
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

/* --- proposal ------------------------------------------------------------- */

/* In the sample "everything". */
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

		/* Room, so that not the length is what is refused. */
		len = insert(bytes, len, len - 4, 300);
		assert_int_equal(bytes[at[i]], 8);
		for (count = 0; count < 256; count++) {
			bytes[at[i]] = count;
			assert_int_equal(parse(bytes, len, &message),
					 count <= 8 ? 0 : -EBADMSG);
		}
	}
}

/* Each offset: all values. What lies inside and behind may mean something. */
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
	/* The second half of the first is on another fabric: of 8 entries the
	 * first goes, the second names an ISM device.
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

/* --- accept, confirm, decline --------------------------------------------- */

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

static void accept_of_another_type_is_told_apart(void **state)
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
	/* What release 0 has not is not there for others to miss. */
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
		cmocka_unit_test(header_of_too_few_bytes_asks_for_more),
		cmocka_unit_test(header_tells_other_bytes_at_the_first),
		cmocka_unit_test(header_takes_either_eyecatcher),
		cmocka_unit_test(header_knows_types_and_shortest_lengths),
		cmocka_unit_test(header_flags_mean_what_the_type_says),
		cmocka_unit_test(wrong_kind_is_refused),
		cmocka_unit_test(what_is_no_message_is_refused),
		cmocka_unit_test(other_versions_are_told_apart),
		cmocka_unit_test(truncated_at_any_byte_is_refused),
		cmocka_unit_test(shortened_to_any_length_is_refused),
		cmocka_unit_test(bytes_behind_the_last_piece_are_ignored),
		cmocka_unit_test(of_a_long_message_the_beginning_counts),
		cmocka_unit_test(any_byte_may_have_any_value),
		cmocka_unit_test(proposal_of_everything_is_the_longest),
		cmocka_unit_test(proposal_counts_have_limits),
		cmocka_unit_test(proposal_offsets_stay_inside_and_in_order),
		cmocka_unit_test(proposal_may_have_gaps),
		cmocka_unit_test(
			proposal_needs_two_entries_for_an_extended_gid),
		cmocka_unit_test(proposal_of_version_1_has_no_version_2),
		cmocka_unit_test(
			proposal_without_its_extensions_is_understood),
		cmocka_unit_test(accept_has_a_size_that_exists),
		cmocka_unit_test(accept_of_another_type_is_told_apart),
		cmocka_unit_test(accept_on_ism_has_no_extended_gid),
		cmocka_unit_test(accept_of_a_later_release_is_understood),
		cmocka_unit_test(decline_of_version_2_may_be_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

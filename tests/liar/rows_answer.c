// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * A server's accept, a client's confirm and either end's decline with a changed
 * field. Accept and confirm name a DMB that does not exist (RTOKEN), unless
 * something else is wrong first. For correct ones see bridge.c.
 */
#include <string.h>

#include "liar.h"

static void one_more(struct message *message)
{
	message->data[message->len++] = 0;
}

static void as_long_as_can_be(struct message *message)
{
	set_length(message, MESSAGE_MAX);
}

static void just_not_looked_at(struct message *message)
{
	set_length(message, 1025);
}

static void just_looked_at(struct message *message)
{
	set_length(message, 1024);
}

static void trailer_r(struct message *message)
{
	put(message, message->len - 1, 1, 0xd9);
}

static void no_contact(struct message *message)
{
	set_length(message, ACCEPT_LEN);
}

static void contact_cut(struct message *message)
{
	set_length(message, FIRST_LEN - 1);
}

static void contact_2_0(struct message *message)
{
	put(message, AT_OS, 1, 0x20);
	set_length(message, ACCEPT_LEN + 36);
}

static void contact_2_0_cut(struct message *message)
{
	put(message, AT_OS, 1, 0x20);
	set_length(message, ACCEPT_LEN + 35);
}

static void hostname(struct message *message)
{
	memset(message->data + AT_CONTACT + 4, 0xff, 32);
}

static void version_1(struct message *message)
{
	set_length(message, 48);
}

/* What accept and confirm have in common, with the same consequences. */
#define ANSWER_ROWS							\
	{ "length 0", AT_LENGTH, 2, 0, INTERNAL },			\
	{ "length 8, only a header", AT_LENGTH, 2, 8, INTERNAL },	\
	{ "length 47, one less than the shortest",			\
	  AT_LENGTH, 2, 47, INTERNAL },					\
	{ "length 48, which cuts it short",				\
	  AT_LENGTH, 2, 48, INTERNAL, 82 },				\
	{ "length 77, which cuts it short",				\
	  AT_LENGTH, 2, 77, INTERNAL, 53 },				\
	{ "a length one too small", AT_LENGTH, 2, 129, INTERNAL, 1 },	\
	{ "a length one too large", AT_LENGTH, 2, 131, INTERNAL,	\
	  .edit = one_more },						\
	{ "length 1024", .reason = RTOKEN, .edit = just_looked_at },	\
	{ "length 1025, one more than is read", .reason = RTOKEN,	\
	  .edit = just_not_looked_at },					\
	{ "length 65535", .reason = RTOKEN,				\
	  .edit = as_long_as_can_be },					\
	{ "type 0", AT_TYPE, 1, 0, INTERNAL },				\
	{ "type 4, a decline", AT_TYPE, 1, 4, DECLINED },		\
	{ "type 5", AT_TYPE, 1, 5, INTERNAL },				\
	{ "type 255", AT_TYPE, 1, 255, INTERNAL },			\
	{ "a wrong byte 0 in its eyecatcher",				\
	  0, 1, 0xe3, NO_SMC, FIRST_LEN },				\
	{ "a wrong byte 3 in its eyecatcher",				\
	  3, 1, 0xc5, NO_SMC, FIRST_LEN },				\
	{ "the eyecatcher of SMC-R", 3, 1, 0xd9, RTOKEN },		\
	{ "a wrong byte 0 in its trailer", 126, 1, 0, INTERNAL },	\
	{ "a wrong byte 3 in its trailer", 129, 1, 0xc5, INTERNAL },	\
	{ "the trailer of SMC-R",					\
	  .reason = RTOKEN, .edit = trailer_r },			\
	{ "version 0", AT_FLAGS, 1, 0x09, VERSION },			\
	{ "version 1", AT_FLAGS, 1, 0x19, VERSION },			\
	{ "version 1 in its own form", AT_FLAGS, 1, 0x19, VERSION,	\
	  .edit = version_1 },						\
	{ "version 3", AT_FLAGS, 1, 0x39, VERSION },			\
	{ "version 15", AT_FLAGS, 1, 0xf9, VERSION },			\
	{ "the type of SMC-R", AT_FLAGS, 1, 0x28, MODE },		\
	{ "the type of no protocol", AT_FLAGS, 1, 0x2a, MODE },		\
	{ "both types", AT_FLAGS, 1, 0x2b, MODE },			\
	{ "an unknown flag", AT_FLAGS, 1, 0x2d, RTOKEN },		\
	{ "first contact without its extension",			\
	  .reason = INTERNAL, .edit = no_contact },			\
	{ "a first contact of 2.1 one byte short", .reason = INTERNAL,	\
	  .edit = contact_cut },					\
	{ "a first contact of 2.0 one byte short", .reason = INTERNAL,	\
	  .edit = contact_2_0_cut },					\
	{ "release 2", AT_OS, 1, 0x22, RELEASE },			\
	{ "release 15", AT_OS, 1, 0x2f, RELEASE },			\
	{ "system 0", AT_OS, 1, 0x01, RTOKEN },				\
	{ "system 15", AT_OS, 1, 0xf1, RTOKEN },			\
	{ "all flags of first contact", AT_CONTACT, 1, 0xff, RTOKEN },	\
	{ "a host name of 0xff bytes",					\
	  .reason = RTOKEN, .edit = hostname },				\
	{ "all features", AT_CONTACT + 38, 2, 0xffff, RTOKEN },		\
	{ "GID 0", AT_A_GID, 8, 0, NO_DEVICE },				\
	{ "a GID of all ones", AT_A_GID, 8, ~0ULL, NO_DEVICE },		\
	{ "a GID whose second half is 0",				\
	  AT_GID_EXT, 8, 0, NO_DEVICE },				\
	{ "CHID 0", AT_CHID, 2, 0, NO_DEVICE },				\
	{ "CHID 0xfeff", AT_CHID, 2, 0xfeff, NO_DEVICE },		\
	{ "CHID 0xff00", AT_CHID, 2, 0xff00, NO_DEVICE },		\
	{ "CHID 0xfffe", AT_CHID, 2, 0xfffe, NO_DEVICE },		\
	{ "an EID of others", AT_A_EID, 1, 'X', NO_EID },		\
	{ "an EID in small letters", AT_A_EID, 1, 'd', NO_EID },	\
	{ "an EID padded with zeroes", AT_A_EID + 31, 1, 0, NO_EID },	\
	{ "token 0", AT_TOKEN, 8, 0, RTOKEN },				\
	{ "token 1", AT_TOKEN, 8, 1, RTOKEN },				\
	{ "a token of all ones", AT_TOKEN, 8, ~0ULL, RTOKEN },		\
	{ "a random token", AT_TOKEN, 8, NO_TOKEN, RTOKEN },		\
	{ "index 1", AT_INDEX, 1, 1, RTOKEN },				\
	{ "index 255", AT_INDEX, 1, 255, RTOKEN },			\
	{ "size code 0", AT_SIZE, 1, 0x00, RTOKEN },			\
	{ "size code 6, the standard's largest",			\
	  AT_SIZE, 1, 0x60, RTOKEN },					\
	{ "size code 8, the largest", AT_SIZE, 1, 0x80, RTOKEN },	\
	{ "size code 9", AT_SIZE, 1, 0x90, INTERNAL },			\
	{ "size code 15", AT_SIZE, 1, 0xf0, INTERNAL },			\
	{ "a reserved half of the size set",				\
	  AT_SIZE, 1, 0x0f, RTOKEN },					\
	{ "reserved bits of the DMB set",				\
	  AT_SIZE + 1, 2, 0xffff, RTOKEN },				\
	{ "link group 0", AT_LINK, 4, 0, RTOKEN },			\
	{ "a link group of all ones", AT_LINK, 4, ~0ULL, RTOKEN }

const struct row accept_rows[] = {
	ANSWER_ROWS,
	{ "type 1, a proposal", AT_TYPE, 1, 1, MODE, .silent = true },
	{ "type 3, a confirm", AT_TYPE, 1, 3, INTERNAL },
	{ "release 0 and its shorter form",
	  .reason = RTOKEN, .edit = contact_2_0 },
	{ "release 0 in the form of 2.1", AT_OS, 1, 0x20, RTOKEN },
};

const unsigned int accept_count = sizeof(accept_rows) / sizeof(*accept_rows);

const struct row confirm_rows[] = {
	ANSWER_ROWS,
	{ "type 1, a proposal", AT_TYPE, 1, 1, INTERNAL },
	{ "type 2, an accept", AT_TYPE, 1, 2, INTERNAL },
	{ "no first contact", AT_FLAGS, 1, 0x21, SYNC },
	{ "release 0 and its shorter form",
	  .reason = RELEASE, .edit = contact_2_0 },
	{ "release 0 in the form of 2.1", AT_OS, 1, 0x20, RELEASE },
};

const unsigned int confirm_count = sizeof(confirm_rows) / sizeof(*confirm_rows);

/* --- declines ------------------------------------------------------------ */

static void without_extra(struct message *message)
{
	set_length(message, 28);
}

static void half_of_extra(struct message *message)
{
	set_length(message, 43);
}

const struct row decline_rows[] = {
	{ "nothing wrong", .reason = DECLINED },
	{ "length 0", AT_LENGTH, 2, 0, INTERNAL },
	{ "length 27, one less than the shortest", AT_LENGTH, 2, 27, INTERNAL },
	{ "length 28, which cuts it short", AT_LENGTH, 2, 28, DECLINED, 16 },
	{ "no further diagnosis", .reason = DECLINED,
	  .edit = without_extra },
	{ "a part of the further diagnosis",
	  .reason = DECLINED, .edit = half_of_extra },
	{ "length 1025", .reason = DECLINED, .edit = just_not_looked_at },
	{ "length 65535", .reason = DECLINED, .edit = as_long_as_can_be },
	{ "version 0", AT_FLAGS, 1, 0x00, VERSION },
	{ "version 1", AT_FLAGS, 1, 0x10, DECLINED },
	{ "version 15", AT_FLAGS, 1, 0xf0, VERSION },
	{ "all flags", AT_FLAGS, 1, 0x2f, DECLINED },
	{ "diagnosis 0", AT_DIAGNOSIS, 4, 0, DECLINED },
	{ "an unknown diagnosis", AT_DIAGNOSIS, 4, ~0ULL, DECLINED },
	{ "the diagnosis of an unknown link group",
	  AT_DIAGNOSIS, 4, SYNC, DECLINED },
	{ "a wrong trailer", 40, 4, 0, DECLINED },
};

const unsigned int decline_count = sizeof(decline_rows) / sizeof(*decline_rows);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * A client's proposal with a changed field. One that is TAKEN is answered by an
 * accept.
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

static void eyecatcher_d(struct message *message)
{
	put(message, 3, 1, 0xc4);
}

static void trailer_d(struct message *message)
{
	put(message, message->len - 1, 1, 0xc4);
}

/* Our EID is the last of that many. */
static void eids(struct message *message, unsigned int count)
{
	unsigned int i;

	insert(message, AT_EID, 32 * (count - 1));
	for (i = 0; i + 1 < count; i++) {
		memset(message->data + AT_EID + 32 * i, ' ', 32);
		message->data[AT_EID + 32 * i] = 'A' + i;
	}
	put(message, AT_EIDS, 1, count);
	put(message, AT_D_OFFSET, 2, 32 + 32 * count);
}

static void eight_eids(struct message *message)
{
	eids(message, 8);
}

static void nine_eids(struct message *message)
{
	eids(message, 9);
}

/* Our device is the last of that many; each takes two entries. */
static void devices(struct message *message, unsigned int count)
{
	unsigned int i;

	insert(message, AT_GID, 20 * (count - 1));
	for (i = 0; i + 1 < count; i++) {
		put(message, AT_GID + 20 * i + 8, 2, 0xff00 + i);
		put(message, AT_GID + 20 * i + 18, 2, 0xff00 + i);
	}
	put(message, AT_GIDS, 1, 2 * count);
}

static void four_devices(struct message *message)
{
	devices(message, 4);
}

static void nine_entries(struct message *message)
{
	devices(message, 5);
	put(message, AT_GIDS, 1, 9);
}

static void both_chids(struct message *message)
{
	put(message, AT_GID + 18, 2, get(message, AT_GID + 8, 2));
}

static void gap_before_devices(struct message *message)
{
	insert(message, AT_SEID, 5);
	put(message, AT_D_OFFSET, 2, 64 + 5);
}

static void gap_before_v2(struct message *message)
{
	insert(message, AT_EIDS, 5);
	put(message, AT_V2_OFFSET, 2, 28 + 5);
}

static void no_eid_but_blanks(struct message *message)
{
	memset(message->data + AT_EID, ' ', 32);
}

static void version_1_subnet(struct message *message)
{
	set_length(message, 92);
	put(message, AT_IPAREA, 2, 40);
	put(message, AT_EIDS, 8, 0);
}

static void version_1_with(struct message *message, unsigned int count)
{
	insert(message, AT_EIDS, 8 + 17 * count);
	put(message, AT_V2_OFFSET, 2, 28 + 8 + 17 * count);
	put(message, AT_IPAREA, 2, 40);
	put(message, AT_EIDS + 7, 1, count);
}

static void eight_prefixes(struct message *message)
{
	version_1_with(message, 8);
}

static void nine_prefixes(struct message *message)
{
	version_1_with(message, 9);
}

const struct row proposal_rows[] = {
	{ "nothing wrong", .reason = TAKEN },
	/* lengths */
	{ "length 0", AT_LENGTH, 2, 0, INTERNAL },
	{ "length 7, less than a header", AT_LENGTH, 2, 7, INTERNAL },
	{ "length 8, only a header", AT_LENGTH, 2, 8, INTERNAL },
	{ "length 43, one less than the shortest", AT_LENGTH, 2, 43, INTERNAL },
	{ "length 44, which cuts it short", AT_LENGTH, 2, 44, INTERNAL, 180 },
	{ "a length one too small", AT_LENGTH, 2, 223, INTERNAL, 1 },
	{ "a length one too large",
	  AT_LENGTH, 2, 225, INTERNAL, .edit = one_more },
	{ "length 1024", .reason = TAKEN, .edit = just_looked_at },
	{ "length 1025, one more than is read", .reason = TAKEN,
	  .edit = just_not_looked_at },
	{ "length 65535", .reason = TAKEN, .edit = as_long_as_can_be },
	/* header and trailer */
	{ "type 0", AT_TYPE, 1, 0, INTERNAL },
	{ "type 2, an accept", AT_TYPE, 1, 2, INTERNAL },
	{ "type 3, a confirm", AT_TYPE, 1, 3, INTERNAL },
	{ "type 4, a decline", AT_TYPE, 1, 4, DECLINED },
	{ "type 5", AT_TYPE, 1, 5, INTERNAL },
	{ "type 255", AT_TYPE, 1, 255, INTERNAL },
	{ "a wrong byte 0 in its eyecatcher",
	  0, 1, 0xe3, NO_SMC, PROPOSAL_LEN },
	{ "a wrong byte 1 in its eyecatcher", 1, 1, 0, NO_SMC, PROPOSAL_LEN },
	{ "a wrong byte 2 in its eyecatcher",
	  2, 1, 0xff, NO_SMC, PROPOSAL_LEN },
	{ "a wrong byte 3 in its eyecatcher",
	  3, 1, 0xc5, NO_SMC, PROPOSAL_LEN },
	{ "the eyecatcher of SMC-D", .reason = TAKEN, .edit = eyecatcher_d },
	{ "a wrong byte 0 in its trailer", 220, 1, 0, INTERNAL },
	{ "a wrong byte 3 in its trailer", 223, 1, 0xc5, INTERNAL },
	{ "the trailer of SMC-D", .reason = TAKEN, .edit = trailer_d },
	{ "version 0", AT_FLAGS, 1, 0x06, VERSION },
	{ "version 1 and nothing of SMC-D", AT_FLAGS, 1, 0x16, VERSION },
	{ "version 1 and SMC-D", AT_FLAGS, 1, 0x15, VERSION,
	  .edit = version_1_subnet },
	{ "version 3", AT_FLAGS, 1, 0x36, VERSION },
	{ "version 15", AT_FLAGS, 1, 0xf6, VERSION },
	{ "SMC-R in version 1 and no subnet", AT_FLAGS, 1, 0x24, INTERNAL },
	{ "SMC-D in version 1 and no subnet", AT_FLAGS, 1, 0x25, INTERNAL },
	{ "both types in version 1 and no subnet",
	  AT_FLAGS, 1, 0x27, INTERNAL },
	{ "both types in version 1 and 8 prefixes", AT_FLAGS, 1, 0x27, TAKEN,
	  .edit = eight_prefixes },
	{ "both types in version 1 and 9 prefixes", AT_FLAGS, 1, 0x27, INTERNAL,
	  .edit = nine_prefixes },
	{ "SMC-R in version 2", AT_FLAGS, 1, 0x22, MODE },
	{ "no type in version 2", AT_FLAGS, 1, 0x2a, VERSION },
	{ "both types in version 2", AT_FLAGS, 1, 0x2e, TAKEN },
	/* fields that are not for SMC-D */
	{ "any peer id", 8, 8, ~0ULL, TAKEN },
	{ "any GID of SMC-R", 16, 8, ~0ULL, TAKEN },
	{ "any MAC address", 32, 6, ~0ULL, TAKEN },
	{ "an offset of a missing subnet", AT_IPAREA, 2, 65535, TAKEN },
	{ "any GID of version 1", 40, 8, ~0ULL, TAKEN },
	{ "any CHID of version 1", 48, 2, ~0ULL, TAKEN },
	{ "reserved bits of the SMC-D area set", 60, 8, ~0ULL, TAKEN },
	/* offsets */
	{ "no offset of version 2", AT_V2_OFFSET, 2, 0, NO_V2 },
	{ "an offset of version 2 one too small",
	  AT_V2_OFFSET, 2, 27, INTERNAL },
	{ "an offset of version 2 one too large",
	  AT_V2_OFFSET, 2, 29, INTERNAL },
	{ "an offset of version 2 just inside", AT_V2_OFFSET, 2, 128, NO_D_V2 },
	{ "an offset of version 2 just outside",
	  AT_V2_OFFSET, 2, 129, INTERNAL },
	{ "an offset of version 2 of 65535", AT_V2_OFFSET, 2, 65535, INTERNAL },
	{ "a gap before version 2", .reason = TAKEN, .edit = gap_before_v2 },
	{ "no offset of SMC-D", AT_D_OFFSET, 2, 0, NO_D_V2 },
	{ "an offset of SMC-D of 1", AT_D_OFFSET, 2, 1, INTERNAL },
	{ "an offset of SMC-D one too small", AT_D_OFFSET, 2, 63, INTERNAL },
	{ "an offset of SMC-D one too large", AT_D_OFFSET, 2, 65, INTERNAL },
	{ "an offset of SMC-D of 65535", AT_D_OFFSET, 2, 65535, INTERNAL },
	{ "a gap before SMC-D", .reason = TAKEN, .edit = gap_before_devices },
	/* counts */
	{ "no EID", AT_EIDS, 1, 0, NO_EID },
	{ "a count of 2 EIDs but one EID", AT_EIDS, 1, 2, INTERNAL },
	{ "a count of 8 EIDs but one EID", AT_EIDS, 1, 8, INTERNAL },
	{ "a count of 9 EIDs but one EID", AT_EIDS, 1, 9, INTERNAL },
	{ "a count of 255 EIDs but one EID", AT_EIDS, 1, 255, INTERNAL },
	{ "8 EIDs", .reason = TAKEN, .edit = eight_eids },
	{ "9 EIDs", .reason = INTERNAL, .edit = nine_eids },
	{ "no device", AT_GIDS, 1, 0, NO_DEVICE },
	{ "half of a device", AT_GIDS, 1, 1, NO_DEVICE },
	{ "a count of 3 entries but 2 entries", AT_GIDS, 1, 3, INTERNAL },
	{ "a count of 8 entries but 2 entries", AT_GIDS, 1, 8, INTERNAL },
	{ "a count of 255 entries but 2 entries", AT_GIDS, 1, 255, INTERNAL },
	{ "8 entries", .reason = TAKEN, .edit = four_devices },
	{ "9 entries", .reason = INTERNAL, .edit = nine_entries },
	/* values */
	{ "release 0", AT_V2_FLAGS, 1, 0x00, TAKEN },
	{ "release 15", AT_V2_FLAGS, 1, 0xf0, TAKEN },
	{ "a system EID of zeroes", AT_V2_FLAGS, 1, 0x11, TAKEN },
	{ "all flags", AT_V2_FLAGS, 1, 0xff, TAKEN },
	{ "a limit of 0 connections and links", AT_MAX_CONNS, 2, 0, TAKEN },
	{ "no features", AT_FEATURES, 2, 0, TAKEN },
	{ "all features", AT_FEATURES, 2, 0xffff, TAKEN },
	{ "an EID of others", AT_EID, 1, 'X', NO_EID },
	{ "an EID in small letters", AT_EID, 1, 'd', NO_EID },
	{ "an EID padded with zeroes", AT_EID + 31, 1, 0, NO_EID },
	{ "an EID of blanks", .reason = NO_EID, .edit = no_eid_but_blanks },
	{ "a GID whose first half is 0", AT_GID, 8, 0, NO_DEVICE },
	{ "a GID whose first half is all ones", AT_GID, 8, ~0ULL, NO_DEVICE },
	{ "a GID whose second half is 0", AT_GID + 10, 8, 0, NO_DEVICE },
	{ "CHID 0 in the first entry", AT_GID + 8, 2, 0, NO_DEVICE },
	{ "CHID 0xfeff in the first entry", AT_GID + 8, 2, 0xfeff, NO_DEVICE },
	{ "CHID 0xff00 in the first entry", AT_GID + 8, 2, 0xff00, NO_DEVICE },
	{ "CHID 0 in the second entry", AT_GID + 18, 2, 0, NO_DEVICE },
	{ "CHID 0xff00", AT_GID + 8, 2, 0xff00, NO_DEVICE,
	  .edit = both_chids },
	{ "CHID 0xfffe", AT_GID + 8, 2, 0xfffe, NO_DEVICE,
	  .edit = both_chids },
};

const unsigned int proposal_count =
	sizeof(proposal_rows) / sizeof(*proposal_rows);

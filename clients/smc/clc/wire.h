/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * The layout of CLC messages on the TCP connection, and nothing else. clc.h
 * says what the fields mean to the host. Source: RFC 7609, appendix A.2
 * (version 1); "IBM Shared Memory Communications Version 2", second and third
 * edition (2.0 and 2.1).
 *
 * All numbers are big-endian, nothing is aligned. A message is
 *
 *	header 8 | body | areas by type and flags | trailer 4
 *
 * and its length covers all of it. The trailer repeats an eyecatcher.
 *
 *	         0         4    5        7      8
 *	header   eyecatcher type length   flags
 *
 *	flags    7 6 5 4   3 2                    1 0
 *	proposal version   type of version 2      type of version 1
 *	accept   version   first contact, unused  type
 *	confirm  as accept
 *	decline  version   out of sync, unused    unused
 *
 * The areas of a proposal come in this order; gaps between them may hold what a
 * later edition adds. Offsets count from the bytes that SMC_CLC_*_BASE name.
 *
 *	0    struct smc_clc_wire_proposal, 40
 *	40   struct smc_clc_wire_smcd, 40      any SMC-D, or any version 2
 *	+    struct smc_clc_wire_prefix, 8     a type of version 1
 *	+      n x struct smc_clc_wire_prefix6, 17
 *	+    struct smc_clc_wire_v2, 40        a type of version 2
 *	+      n x UEID, 32
 *	+    struct smc_clc_wire_smcd_v2, 48   type of version 2 has SMC-D
 *	+      n x struct smc_clc_wire_gid, 10
 *	+    trailer
 *
 * Accept and confirm for SMC-D:
 *
 *	0    struct smc_clc_wire_accept, 32
 *	32   version 1: 12 reserved            version 2: chid, EID, gid_ext, 42
 *	44   trailer                           74: first contact extension, or
 *	                                       trailer
 */
#ifndef _DIBS_SMC_CLC_WIRE_H
#define _DIBS_SMC_CLC_WIRE_H

#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

#define SMC_CLC_EYECATCHER_LEN	4
#define SMC_CLC_EYECATCHER_R	"\xe2\xd4\xc3\xd9"	/* "SMCR", EBCDIC */
#define SMC_CLC_EYECATCHER_D	"\xe2\xd4\xc3\xc4"	/* "SMCD", EBCDIC */
#define SMC_CLC_TRAILER_LEN	SMC_CLC_EYECATCHER_LEN

/* Header flags. */
#define SMC_CLC_VERSION_SHIFT	4
#define SMC_CLC_TYPEV2_SHIFT	2
#define SMC_CLC_TYPE_MASK	0x03
#define SMC_CLC_FIRST_CONTACT	0x08	/* accept, confirm */
#define SMC_CLC_OUT_OF_SYNC	0x08	/* decline */

/* Flags of struct smc_clc_wire_v2. */
#define SMC_CLC_RELEASE_SHIFT	4
#define SMC_CLC_SEID_ENABLED	0x01

/* Flags of struct smc_clc_wire_first_contact. */
#define SMC_CLC_V2_DIRECT	0x80

/* os_release: operating system in the upper half, release in the lower. */
#define SMC_CLC_OS_SHIFT	4
#define SMC_CLC_RELEASE_MASK	0x0f

/* dmbe_size: the compressed size is in the upper half of the byte. */
#define SMC_CLC_DMBE_SIZE_SHIFT	4

/* The byte that an offset counts from, and in which structure. */
#define SMC_CLC_PREFIX_BASE	40	/* iparea_offset, in the message */
#define SMC_CLC_V2_BASE		12	/* v2_offset, in the SMC-D area */
#define SMC_CLC_SMCD_V2_BASE	8	/* smcd_v2_offset, in the v2 area */

struct smc_clc_wire_header {
	u8 eyecatcher[SMC_CLC_EYECATCHER_LEN];
	u8 type;
	__be16 length;
	u8 flags;
} __packed;

struct smc_clc_wire_proposal {
	struct smc_clc_wire_header header;
	u8 peer_id[8];
	u8 roce_gid[16];
	u8 mac[6];
	__be16 iparea_offset;
} __packed;

struct smc_clc_wire_smcd {
	u8 ism_gid[8];
	__be16 ism_chid;
	__be16 v2_offset;	/* 0: no version 2 area */
	u8 oui[3];
	u8 vendor[5];
	u8 reserved[20];
} __packed;

struct smc_clc_wire_prefix {
	__be32 ipv4;
	u8 ipv4_len;
	u8 reserved[2];
	u8 ipv6_count;
} __packed;

struct smc_clc_wire_prefix6 {
	u8 addr[16];
	u8 len;
} __packed;

struct smc_clc_wire_v2 {
	u8 eid_count;
	u8 gid_count;
	u8 reserved1;
	u8 flags;
	u8 reserved2[2];
	__be16 smcd_v2_offset;	/* 0: no SMC-D version 2 area */
	u8 roce_gid[16];
	u8 max_conns;
	u8 max_links;
	__be16 feature_mask;
	u8 reserved3[12];
} __packed;

struct smc_clc_wire_smcd_v2 {
	u8 seid[32];		/* only if SMC_CLC_SEID_ENABLED */
	u8 reserved[16];
} __packed;

/*
 * A device with an extended GID (chid 0xFF00 and above) has two of these, with
 * the same chid: bytes 0 to 7 of its GID, then bytes 8 to 15.
 */
struct smc_clc_wire_gid {
	u8 gid[8];
	__be16 chid;
} __packed;

struct smc_clc_wire_accept {
	struct smc_clc_wire_header header;
	u8 gid[8];
	__be64 token;
	u8 dmbe_idx;
	u8 dmbe_size;
	u8 reserved[2];
	__be32 link_id;
} __packed;

struct smc_clc_wire_accept_v1 {
	struct smc_clc_wire_accept accept;
	u8 reserved[12];
} __packed;

struct smc_clc_wire_accept_v2 {
	struct smc_clc_wire_accept accept;
	__be16 chid;
	u8 eid[32];
	u8 gid_ext[8];		/* only if the device has an extended GID */
} __packed;

struct smc_clc_wire_first_contact {
	u8 flags;
	u8 os_release;
	u8 reserved[2];
	u8 hostname[32];
} __packed;

/* Follows the above from release 1 on. */
struct smc_clc_wire_first_contact_v21 {
	u8 max_conns;		/* SMC-R */
	u8 max_links;		/* SMC-R */
	__be16 feature_mask;
	u8 vendor[4];
	u8 reserved[8];
} __packed;

struct smc_clc_wire_decline {
	struct smc_clc_wire_header header;
	u8 peer_id[8];
	__be32 diagnosis;
	u8 os;
	u8 reserved[3];
} __packed;

/* Follows the above from version 2 on. */
struct smc_clc_wire_decline_v2 {
	__be32 extra[4];
} __packed;

#define SMC_CLC_ASSERT_AT(type, field, at) \
	static_assert(offsetof(struct smc_clc_wire_##type, field) == (at))
#define SMC_CLC_ASSERT_LEN(type, len) \
	static_assert(sizeof(struct smc_clc_wire_##type) == (len))

SMC_CLC_ASSERT_AT(header, type, 4);
SMC_CLC_ASSERT_AT(header, length, 5);
SMC_CLC_ASSERT_AT(header, flags, 7);
SMC_CLC_ASSERT_LEN(header, 8);

SMC_CLC_ASSERT_AT(proposal, peer_id, 8);
SMC_CLC_ASSERT_AT(proposal, roce_gid, 16);
SMC_CLC_ASSERT_AT(proposal, mac, 32);
SMC_CLC_ASSERT_AT(proposal, iparea_offset, 38);
SMC_CLC_ASSERT_LEN(proposal, 40);

SMC_CLC_ASSERT_AT(smcd, ism_chid, 8);
SMC_CLC_ASSERT_AT(smcd, v2_offset, 10);
SMC_CLC_ASSERT_AT(smcd, oui, SMC_CLC_V2_BASE);
SMC_CLC_ASSERT_LEN(smcd, 40);

SMC_CLC_ASSERT_AT(prefix, ipv6_count, 7);
SMC_CLC_ASSERT_LEN(prefix, 8);
SMC_CLC_ASSERT_LEN(prefix6, 17);

SMC_CLC_ASSERT_AT(v2, flags, 3);
SMC_CLC_ASSERT_AT(v2, smcd_v2_offset, 6);
SMC_CLC_ASSERT_AT(v2, roce_gid, SMC_CLC_SMCD_V2_BASE);
SMC_CLC_ASSERT_AT(v2, max_conns, 24);
SMC_CLC_ASSERT_AT(v2, feature_mask, 26);
SMC_CLC_ASSERT_LEN(v2, 40);

SMC_CLC_ASSERT_LEN(smcd_v2, 48);
SMC_CLC_ASSERT_AT(gid, chid, 8);
SMC_CLC_ASSERT_LEN(gid, 10);

SMC_CLC_ASSERT_AT(accept, gid, 8);
SMC_CLC_ASSERT_AT(accept, token, 16);
SMC_CLC_ASSERT_AT(accept, dmbe_idx, 24);
SMC_CLC_ASSERT_AT(accept, dmbe_size, 25);
SMC_CLC_ASSERT_AT(accept, link_id, 28);
SMC_CLC_ASSERT_LEN(accept, 32);
SMC_CLC_ASSERT_LEN(accept_v1, 48 - SMC_CLC_TRAILER_LEN);
SMC_CLC_ASSERT_AT(accept_v2, chid, 32);
SMC_CLC_ASSERT_AT(accept_v2, eid, 34);
SMC_CLC_ASSERT_AT(accept_v2, gid_ext, 66);
SMC_CLC_ASSERT_LEN(accept_v2, 78 - SMC_CLC_TRAILER_LEN);

SMC_CLC_ASSERT_AT(first_contact, hostname, 4);
SMC_CLC_ASSERT_LEN(first_contact, 36);
SMC_CLC_ASSERT_AT(first_contact_v21, feature_mask, 2);
SMC_CLC_ASSERT_LEN(first_contact_v21, 52 - 36);

SMC_CLC_ASSERT_AT(decline, peer_id, 8);
SMC_CLC_ASSERT_AT(decline, diagnosis, 16);
SMC_CLC_ASSERT_AT(decline, os, 20);
SMC_CLC_ASSERT_LEN(decline, 28 - SMC_CLC_TRAILER_LEN);
SMC_CLC_ASSERT_LEN(decline_v2, 16);

#undef SMC_CLC_ASSERT_AT
#undef SMC_CLC_ASSERT_LEN

#endif /* _DIBS_SMC_CLC_WIRE_H */

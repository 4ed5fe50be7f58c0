/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * CLC messages as the host sees them, with a parser and a builder. With these
 * messages, two ends of a TCP connection agree to use SMC:
 *
 *	client                          server
 *	  | -- proposal: my devices, EIDs --> |
 *	  | <-- accept: device, DMB token --- |
 *	  | -- confirm: DMB token ----------> |
 *
 * or one of them sends a decline and both stay on TCP.
 *
 * Pure functions: no kernel services, no locks, any context. wire.h has the
 * layout of the bytes, match.h the choices that follow from the messages.
 */
#ifndef _DIBS_SMC_CLC_H
#define _DIBS_SMC_CLC_H

#include <linux/dibs.h>
#include <linux/types.h>

#include "clc/eid.h"

#define SMC_CLC_HEADER_LEN	8
/* The longest message of all supported editions: a proposal. */
#define SMC_CLC_LEN_MAX		652
/* Bytes of a message that are parsed: more than any known edition defines. */
#define SMC_CLC_BUF_LEN		1024

#define SMC_CLC_V1		1
#define SMC_CLC_V2		2
/* The supported release of version 2: 2.1. */
#define SMC_CLC_RELEASE		1

#define SMC_CLC_EIDS_MAX	8
#define SMC_CLC_GIDS_MAX	8
/* A device with an extended GID takes two of the entries. */
#define SMC_CLC_EMULATED_MAX	(SMC_CLC_GIDS_MAX / 2)
#define SMC_CLC_PREFIXES_MAX	8
#define SMC_CLC_HOSTNAME_LEN	32

/*
 * Size code n of a DMB stands for 16 KiB << n. The standard has those up to 1
 * MiB; longer ones are only used between ends in one kernel.
 */
#define SMC_CLC_DMBE_SIZE_STANDARD	6
#define SMC_CLC_DMBE_SIZE_MAX		8

/* Feature mask bit: the sender supports devices with extended GIDs. */
#define SMC_CLC_FEATURE_EMULATED	0x0001

/* Operating systems in accept, confirm and decline. */
#define SMC_CLC_OS_ZOS		1
#define SMC_CLC_OS_LINUX	2
#define SMC_CLC_OS_AIX		3

/**
 * enum smc_clc_msg - types of messages
 * @SMC_CLC_PROPOSAL: client to server: what could be used
 * @SMC_CLC_ACCEPT:   server to client: what shall be used
 * @SMC_CLC_CONFIRM:  client to server: agreed
 * @SMC_CLC_DECLINE:  either direction: stay on TCP
 */
enum smc_clc_msg {
	SMC_CLC_PROPOSAL = 1,
	SMC_CLC_ACCEPT = 2,
	SMC_CLC_CONFIRM = 3,
	SMC_CLC_DECLINE = 4,
};

/**
 * enum smc_clc_type - what is proposed, separately for each version
 * @SMC_CLC_TYPE_R:    SMC-R (RDMA)
 * @SMC_CLC_TYPE_D:    SMC-D (DMBs)
 * @SMC_CLC_TYPE_NONE: not this version
 * @SMC_CLC_TYPE_BOTH: SMC-R and SMC-D
 */
enum smc_clc_type {
	SMC_CLC_TYPE_R = 0,
	SMC_CLC_TYPE_D = 1,
	SMC_CLC_TYPE_NONE = 2,
	SMC_CLC_TYPE_BOTH = 3,
};

/**
 * struct smc_clc_header - the first eight bytes of a message, parsed
 * @length:        length of the whole message
 * @wanted:        bytes from its start that the parser needs: all, or
 *                 SMC_CLC_BUF_LEN of a longer one; the rest is to be drained
 * @msg:           enum smc_clc_msg
 * @version:       SMC_CLC_V1 or SMC_CLC_V2
 * @typev1:        enum smc_clc_type; the only type in an accept or confirm
 * @typev2:        enum smc_clc_type; NONE in anything but a proposal of v2
 * @first_contact: accept, confirm: first connection of a link group
 * @out_of_sync:   decline: the sender drops the link group
 */
struct smc_clc_header {
	u16 length;
	u16 wanted;
	u8 msg;
	u8 version;
	u8 typev1;
	u8 typev2;
	bool first_contact;
	bool out_of_sync;
};

/**
 * struct smc_clc_device - a device as identified to a peer
 * @gid:  bytes as on the wire. ISM: bytes 0 to 7 and zeros, as
 *        dibs_gid_from_u64() makes it; extended GID: all 16
 * @chid: fabric id
 */
struct smc_clc_device {
	uuid_t gid;
	u16 chid;
};

/**
 * smc_clc_chid_is_emulated() - do devices on this fabric have extended GIDs?
 * @chid: fabric id
 *
 * Return: true for loopback and virtual devices ("Emulated-ISM").
 */
static inline bool smc_clc_chid_is_emulated(u16 chid)
{
	return chid >= DIBS_FABRIC_VIRTUAL_MIN;
}

/**
 * struct smc_clc_prefix6 - an IPv6 prefix of the client
 * @addr: address, network order
 * @len:  prefix length
 */
struct smc_clc_prefix6 {
	u8 addr[16];
	u8 len;
};

/**
 * struct smc_clc_prefix - the client's subnets; version 1 only
 * @ipv4:       IPv4 subnet, host order
 * @ipv4_len:   its prefix length
 * @ipv6_count: entries of @ipv6 in use
 * @ipv6:       IPv6 prefixes
 */
struct smc_clc_prefix {
	u32 ipv4;
	u8 ipv4_len;
	u8 ipv6_count;
	struct smc_clc_prefix6 ipv6[SMC_CLC_PREFIXES_MAX];
};

/**
 * struct smc_clc_v2 - the version 2 extension of a proposal
 * @present:      the extension is present; else the rest is meaningless
 * @smcd:         the SMC-D version 2 extension is present, too; else @seid and
 *                @devices are meaningless
 * @release:      0: version 2.0, 1: version 2.1, up to 15
 * @seid_enabled: @seid is present
 * @max_conns:    SMC-R: maximum of connections in a link group
 * @max_links:    SMC-R: maximum of links in a link group
 * @feature_mask: SMC_CLC_FEATURE_...
 * @roce_gid:     SMC-R: GID
 * @eid_count:    entries of @eids in use
 * @device_count: entries of @devices in use
 * @eids:         UEIDs in the client's order of preference
 * @seid:         system EID
 * @devices:      devices the client could use, in its order of preference
 */
struct smc_clc_v2 {
	bool present;
	bool smcd;
	bool seid_enabled;
	u8 release;
	u8 max_conns;
	u8 max_links;
	u16 feature_mask;
	u8 roce_gid[16];
	u8 eid_count;
	u8 device_count;
	struct smc_eid eids[SMC_CLC_EIDS_MAX];
	struct smc_eid seid;
	struct smc_clc_device devices[SMC_CLC_GIDS_MAX];
};

/**
 * struct smc_clc_proposal - a proposal, host order
 * @version:  SMC_CLC_V1 or SMC_CLC_V2
 * @typev1:   enum smc_clc_type
 * @typev2:   enum smc_clc_type; NONE if @version is 1
 * @peer_id:  SMC-R: the client's id
 * @roce_gid: SMC-R: GID
 * @mac:      SMC-R: MAC address
 * @ism:      SMC-D version 1: the device; its GID is 64 bits
 * @prefix:   meaningful if @typev1 is not NONE
 * @v2:       meaningful if @typev2 is not NONE
 */
struct smc_clc_proposal {
	u8 version;
	u8 typev1;
	u8 typev2;
	u8 peer_id[8];
	u8 roce_gid[16];
	u8 mac[6];
	struct smc_clc_device ism;
	struct smc_clc_prefix prefix;
	struct smc_clc_v2 v2;
};

/**
 * smc_clc_type_has_smcd() - does a type include SMC-D?
 * @type: enum smc_clc_type
 *
 * Return: true if so.
 */
static inline bool smc_clc_type_has_smcd(u8 type)
{
	return type == SMC_CLC_TYPE_D || type == SMC_CLC_TYPE_BOTH;
}

/**
 * smc_clc_has_smcd_area() - does a proposal have an SMC-D area?
 * @proposal: its version and types are set
 *
 * Version 2 needs it even for SMC-R: it has the offset of the v2 extension.
 *
 * Return: true if so.
 */
static inline bool
smc_clc_has_smcd_area(const struct smc_clc_proposal *proposal)
{
	return smc_clc_type_has_smcd(proposal->typev1) ||
	       proposal->typev2 != SMC_CLC_TYPE_NONE;
}

/**
 * struct smc_clc_first_contact - data exchanged only at first contact
 * @present:      it is present: a version 2 message with @first_contact set
 * @v2_direct:    SMC-R: no router between them
 * @release:      negotiated release of version 2
 * @os:           SMC_CLC_OS_...
 * @feature_mask: negotiated features; release 1 and later
 * @hostname:     ASCII, padded with blanks, not terminated
 */
struct smc_clc_first_contact {
	bool present;
	bool v2_direct;
	u8 release;
	u8 os;
	u16 feature_mask;
	u8 hostname[SMC_CLC_HOSTNAME_LEN];
};

/**
 * struct smc_clc_accept - an accept or a confirm for SMC-D, host order
 * @version:       SMC_CLC_V1 or SMC_CLC_V2
 * @first_contact: first connection of a link group
 * @dmbe_idx:      index of the element in the DMB, 0 unless the peer shares a
 *                 DMB between connections. It shifts every offset by element
 *                 sizes, so whoever attaches must bound it
 * @dmbe_size:     size code of the element, up to SMC_CLC_DMBE_SIZE_MAX
 * @link_id:       the sender's id of the link group
 * @token:         token of the sender's DMB
 * @device:        the sender's device; no chid in version 1
 * @eid:           version 2: the common EID
 * @contact:       first contact extension
 */
struct smc_clc_accept {
	u8 version;
	bool first_contact;
	u8 dmbe_idx;
	u8 dmbe_size;
	u32 link_id;
	u64 token;
	struct smc_clc_device device;
	struct smc_eid eid;
	struct smc_clc_first_contact contact;
};

/**
 * struct smc_clc_decline - a decline, host order
 * @version:     SMC_CLC_V1 or SMC_CLC_V2
 * @out_of_sync: the sender drops the link group
 * @os:          SMC_CLC_OS_...
 * @peer_id:     SMC-R: the sender's id
 * @diagnosis:   enum dibs_smc_reason, or any other number
 * @extra:       additional diagnosis; version 2
 */
struct smc_clc_decline {
	u8 version;
	bool out_of_sync;
	u8 os;
	u8 peer_id[8];
	u32 diagnosis;
	u32 extra[4];
};

int smc_clc_header_parse(const void *data, size_t len,
			 struct smc_clc_header *header);
int smc_clc_proposal_parse(const void *data, size_t len,
			   struct smc_clc_proposal *proposal);
int smc_clc_accept_parse(const void *data, size_t len,
			 struct smc_clc_accept *accept);
int smc_clc_confirm_parse(const void *data, size_t len,
			  struct smc_clc_accept *confirm);
int smc_clc_decline_parse(const void *data, size_t len,
			  struct smc_clc_decline *decline);

int smc_clc_proposal_build(void *buf, size_t size,
			   const struct smc_clc_proposal *proposal);
int smc_clc_accept_build(void *buf, size_t size,
			 const struct smc_clc_accept *accept);
int smc_clc_confirm_build(void *buf, size_t size,
			  const struct smc_clc_accept *confirm);
int smc_clc_decline_build(void *buf, size_t size,
			  const struct smc_clc_decline *decline);
void smc_clc_hostname_set(u8 hostname[SMC_CLC_HOSTNAME_LEN],
			  const char *nodename);

#endif /* _DIBS_SMC_CLC_H */

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Parses a CLC message into a struct. The peer is untrusted: every length,
 * count and offset is checked here, and nothing outside the given bytes is
 * read. Reserved bits are ignored, because later editions may use them. For the
 * same reason unknown bytes may stand between the areas and after the last one.
 * Called by the handshake; any context.
 */
#include <linux/errno.h>
#include <linux/string.h>
#include <asm/byteorder.h>

#include "clc/clc.h"
#include "clc/wire.h"

/* The bytes not yet parsed: an area starts at the end of the last or later. */
struct smc_clc_bytes {
	const u8 *data;
	size_t next;
	size_t end;
};

/*
 * The only function that makes pointers into what a peer sent. Returns NULL if
 * the bytes are out of range.
 */
static const void *smc_clc_piece(struct smc_clc_bytes *bytes, size_t at,
				 size_t len)
{
	if (at < bytes->next || at > bytes->end || bytes->end - at < len)
		return NULL;
	bytes->next = at + len;
	return bytes->data + at;
}

static bool smc_clc_is_eyecatcher(const u8 *data, size_t len)
{
	return !memcmp(data, SMC_CLC_EYECATCHER_R, len) ||
	       !memcmp(data, SMC_CLC_EYECATCHER_D, len);
}

static int smc_clc_length_check(const struct smc_clc_header *header)
{
	size_t least;

	switch (header->msg) {
	case SMC_CLC_PROPOSAL:
		least = sizeof(struct smc_clc_wire_proposal);
		break;
	case SMC_CLC_ACCEPT:
	case SMC_CLC_CONFIRM:
		least = sizeof(struct smc_clc_wire_accept_v1);
		break;
	case SMC_CLC_DECLINE:
		least = sizeof(struct smc_clc_wire_decline);
		break;
	default:
		return -EBADMSG;
	}
	if (header->length < least + SMC_CLC_TRAILER_LEN)
		return -EBADMSG;
	return 0;
}

static void smc_clc_flags_parse(struct smc_clc_header *header, u8 flags)
{
	header->version = flags >> SMC_CLC_VERSION_SHIFT;
	header->typev1 = flags & SMC_CLC_TYPE_MASK;
	header->typev2 = SMC_CLC_TYPE_NONE;
	if (header->msg == SMC_CLC_DECLINE)
		header->out_of_sync = flags & SMC_CLC_OUT_OF_SYNC;
	else if (header->msg != SMC_CLC_PROPOSAL)
		header->first_contact = flags & SMC_CLC_FIRST_CONTACT;
	else if (header->version >= SMC_CLC_V2)
		header->typev2 = flags >> SMC_CLC_TYPEV2_SHIFT &
				 SMC_CLC_TYPE_MASK;
}

/**
 * smc_clc_header_parse() - read the header of a message
 * @data:   first bytes of the stream, only peeked at
 * @len:    number of bytes
 * @header: result for 0 and -EPROTONOSUPPORT
 *
 * Return:
 * 0: a message; receive &smc_clc_header.wanted bytes for its parser, then drain
 * up to &smc_clc_header.length.
 * -EAGAIN: possibly a message; wait for SMC_CLC_HEADER_LEN bytes.
 * -EPROTO: no CLC message at all; the bytes are the program's.
 * -EBADMSG: starts like a message but is invalid; its end is unknown.
 * -EPROTONOSUPPORT: a message of an unknown version; drain its length.
 */
int smc_clc_header_parse(const void *data, size_t len,
			 struct smc_clc_header *header)
{
	const struct smc_clc_wire_header *wire = data;
	int err;

	if (len < SMC_CLC_HEADER_LEN) {
		size_t part = len < SMC_CLC_EYECATCHER_LEN ?
			len : SMC_CLC_EYECATCHER_LEN;

		return smc_clc_is_eyecatcher(data, part) ? -EAGAIN : -EPROTO;
	}
	if (!smc_clc_is_eyecatcher(data, SMC_CLC_EYECATCHER_LEN))
		return -EPROTO;
	memset(header, 0, sizeof(*header));
	header->msg = wire->type;
	header->length = be16_to_cpu(wire->length);
	header->wanted = header->length < SMC_CLC_BUF_LEN ?
		header->length : SMC_CLC_BUF_LEN;
	smc_clc_flags_parse(header, wire->flags);
	err = smc_clc_length_check(header);
	if (err)
		return err;
	if (header->version < SMC_CLC_V1 || header->version > SMC_CLC_V2)
		return -EPROTONOSUPPORT;
	return 0;
}

/*
 * Starts parsing a message: it must be of type @msg and have all bytes that the
 * header wants. The trailer of a longer message is not among them, so it is not
 * checked.
 */
static int smc_clc_open(const void *data, size_t len, enum smc_clc_msg msg,
			struct smc_clc_header *header,
			struct smc_clc_bytes *bytes)
{
	int err = smc_clc_header_parse(data, len, header);

	if (err == -EPROTONOSUPPORT)
		return err;
	if (err || header->msg != msg || len != header->wanted)
		return -EBADMSG;
	bytes->data = data;
	bytes->next = 0;
	bytes->end = len;
	if (header->wanted < header->length)
		return 0;
	bytes->end -= SMC_CLC_TRAILER_LEN;
	if (!smc_clc_is_eyecatcher(bytes->data + bytes->end,
				   SMC_CLC_TRAILER_LEN))
		return -EBADMSG;
	return 0;
}

/* @ext has bytes 8 to 15, or is NULL. */
static void smc_clc_gid_parse(uuid_t *gid, const u8 *first, const u8 *ext)
{
	memset(gid, 0, sizeof(*gid));
	memcpy(gid->b, first, 8);
	if (ext)
		memcpy(gid->b + 8, ext, 8);
}

/* --- proposal ------------------------------------------------------------- */

static int smc_clc_prefix_parse(struct smc_clc_bytes *bytes, size_t at,
				struct smc_clc_prefix *prefix)
{
	const struct smc_clc_wire_prefix6 *wire6;
	const struct smc_clc_wire_prefix *wire;
	unsigned int i;

	wire = smc_clc_piece(bytes, at, sizeof(*wire));
	if (!wire || wire->ipv6_count > SMC_CLC_PREFIXES_MAX)
		return -EBADMSG;
	prefix->ipv4 = be32_to_cpu(wire->ipv4);
	prefix->ipv4_len = wire->ipv4_len;
	prefix->ipv6_count = wire->ipv6_count;
	wire6 = smc_clc_piece(bytes, bytes->next,
			      prefix->ipv6_count * sizeof(*wire6));
	if (!wire6)
		return -EBADMSG;
	for (i = 0; i < prefix->ipv6_count; i++) {
		memcpy(prefix->ipv6[i].addr, wire6[i].addr, 16);
		prefix->ipv6[i].len = wire6[i].len;
	}
	return 0;
}

/* Skips a single entry of an extended GID, which needs two to be a device. */
static void smc_clc_devices_parse(const struct smc_clc_wire_gid *wire,
				  unsigned int count, struct smc_clc_v2 *v2)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		const u8 *ext = NULL;
		u16 chid = be16_to_cpu(wire[i].chid);
		const u8 *first = wire[i].gid;
		struct smc_clc_device *device;

		if (smc_clc_chid_is_emulated(chid)) {
			if (i + 1 == count || wire[i + 1].chid != wire[i].chid)
				continue;
			ext = wire[++i].gid;
		}
		device = &v2->devices[v2->device_count++];
		device->chid = chid;
		smc_clc_gid_parse(&device->gid, first, ext);
	}
}

static int smc_clc_smcd_v2_parse(struct smc_clc_bytes *bytes, size_t at,
				 unsigned int gid_count, struct smc_clc_v2 *v2)
{
	const struct smc_clc_wire_smcd_v2 *wire;
	const struct smc_clc_wire_gid *gids;

	wire = smc_clc_piece(bytes, at, sizeof(*wire));
	if (!wire || gid_count > SMC_CLC_GIDS_MAX)
		return -EBADMSG;
	gids = smc_clc_piece(bytes, bytes->next, gid_count * sizeof(*gids));
	if (!gids)
		return -EBADMSG;
	if (v2->seid_enabled)
		memcpy(v2->seid.text, wire->seid, SMC_EID_LEN);
	smc_clc_devices_parse(gids, gid_count, v2);
	v2->smcd = true;
	return 0;
}

static int smc_clc_v2_parse(struct smc_clc_bytes *bytes, size_t at, u8 typev2,
			    struct smc_clc_v2 *v2)
{
	const struct smc_clc_wire_v2 *wire;
	const struct smc_eid *eids;
	unsigned int smcd_v2_offset;

	wire = smc_clc_piece(bytes, at, sizeof(*wire));
	if (!wire || wire->eid_count > SMC_CLC_EIDS_MAX)
		return -EBADMSG;
	eids = smc_clc_piece(bytes, bytes->next,
			     wire->eid_count * sizeof(*eids));
	if (!eids)
		return -EBADMSG;
	v2->present = true;
	v2->release = wire->flags >> SMC_CLC_RELEASE_SHIFT;
	v2->seid_enabled = wire->flags & SMC_CLC_SEID_ENABLED;
	v2->max_conns = wire->max_conns;
	v2->max_links = wire->max_links;
	v2->feature_mask = be16_to_cpu(wire->feature_mask);
	memcpy(v2->roce_gid, wire->roce_gid, sizeof(v2->roce_gid));
	v2->eid_count = wire->eid_count;
	memcpy(v2->eids, eids, v2->eid_count * sizeof(*eids));

	smcd_v2_offset = be16_to_cpu(wire->smcd_v2_offset);
	if (!smc_clc_type_has_smcd(typev2) || !smcd_v2_offset)
		return 0;
	return smc_clc_smcd_v2_parse(bytes, at + SMC_CLC_SMCD_V2_BASE +
				     smcd_v2_offset, wire->gid_count, v2);
}

static int smc_clc_pieces_parse(struct smc_clc_bytes *bytes,
				unsigned int iparea_offset,
				struct smc_clc_proposal *proposal)
{
	const struct smc_clc_wire_smcd *smcd = NULL;
	size_t at = bytes->next;
	int err;

	if (smc_clc_has_smcd_area(proposal)) {
		smcd = smc_clc_piece(bytes, at, sizeof(*smcd));
		if (!smcd)
			return -EBADMSG;
		smc_clc_gid_parse(&proposal->ism.gid, smcd->ism_gid, NULL);
		proposal->ism.chid = be16_to_cpu(smcd->ism_chid);
	}
	if (proposal->typev1 != SMC_CLC_TYPE_NONE) {
		err = smc_clc_prefix_parse(bytes, SMC_CLC_PREFIX_BASE +
					   iparea_offset, &proposal->prefix);
		if (err)
			return err;
	}
	if (proposal->typev2 == SMC_CLC_TYPE_NONE || !smcd->v2_offset)
		return 0;
	return smc_clc_v2_parse(bytes, at + SMC_CLC_V2_BASE +
				be16_to_cpu(smcd->v2_offset), proposal->typev2,
				&proposal->v2);
}

/**
 * smc_clc_proposal_parse() - read a proposal
 * @data:     message
 * @len:      &smc_clc_header.wanted
 * @proposal: result
 *
 * Accepts a proposal without the extensions that its types require:
 * smc_clc_proposal_check() knows how to answer it.
 *
 * Return: 0; -EPROTONOSUPPORT: unknown version; -EBADMSG: any other error.
 * After an error @proposal is undefined.
 */
int smc_clc_proposal_parse(const void *data, size_t len,
			   struct smc_clc_proposal *proposal)
{
	const struct smc_clc_wire_proposal *wire;
	struct smc_clc_header header;
	struct smc_clc_bytes bytes;
	int err;

	err = smc_clc_open(data, len, SMC_CLC_PROPOSAL, &header, &bytes);
	if (err)
		return err;
	/* Never NULL: smc_clc_header_parse() has checked the length. */
	wire = smc_clc_piece(&bytes, 0, sizeof(*wire));
	memset(proposal, 0, sizeof(*proposal));
	proposal->version = header.version;
	proposal->typev1 = header.typev1;
	proposal->typev2 = header.typev2;
	memcpy(proposal->peer_id, wire->peer_id, sizeof(wire->peer_id));
	memcpy(proposal->roce_gid, wire->roce_gid, sizeof(wire->roce_gid));
	memcpy(proposal->mac, wire->mac, sizeof(wire->mac));
	return smc_clc_pieces_parse(&bytes, be16_to_cpu(wire->iparea_offset),
				    proposal);
}

/* --- accept and confirm --------------------------------------------------- */

static int smc_clc_contact_parse(struct smc_clc_bytes *bytes,
				 struct smc_clc_first_contact *contact)
{
	const struct smc_clc_wire_first_contact_v21 *v21;
	const struct smc_clc_wire_first_contact *wire;

	wire = smc_clc_piece(bytes, bytes->next, sizeof(*wire));
	if (!wire)
		return -EBADMSG;
	contact->present = true;
	contact->v2_direct = wire->flags & SMC_CLC_V2_DIRECT;
	contact->os = wire->os_release >> SMC_CLC_OS_SHIFT;
	contact->release = wire->os_release & SMC_CLC_RELEASE_MASK;
	memcpy(contact->hostname, wire->hostname, SMC_CLC_HOSTNAME_LEN);
	if (!contact->release)
		return 0;
	v21 = smc_clc_piece(bytes, bytes->next, sizeof(*v21));
	if (!v21)
		return -EBADMSG;
	contact->feature_mask = be16_to_cpu(v21->feature_mask);
	return 0;
}

static int smc_clc_accept_v2_parse(struct smc_clc_bytes *bytes,
				   struct smc_clc_accept *accept)
{
	const struct smc_clc_wire_accept_v2 *wire;
	struct smc_clc_device *device = &accept->device;

	wire = smc_clc_piece(bytes, 0, sizeof(*wire));
	if (!wire)
		return -EBADMSG;
	device->chid = be16_to_cpu(wire->chid);
	if (smc_clc_chid_is_emulated(device->chid))
		smc_clc_gid_parse(&device->gid, wire->accept.gid,
				  wire->gid_ext);
	memcpy(accept->eid.text, wire->eid, SMC_EID_LEN);
	if (!accept->first_contact)
		return 0;
	return smc_clc_contact_parse(bytes, &accept->contact);
}

static int smc_clc_answer_parse(const void *data, size_t len,
				enum smc_clc_msg msg,
				struct smc_clc_accept *accept)
{
	const struct smc_clc_wire_accept *wire = data;
	struct smc_clc_header header;
	struct smc_clc_bytes bytes;
	int err;

	err = smc_clc_open(data, len, msg, &header, &bytes);
	if (err)
		return err;
	if (header.typev1 != SMC_CLC_TYPE_D)
		return -EPFNOSUPPORT;
	/* smc_clc_header_parse() has checked that all of *wire is there. */
	memset(accept, 0, sizeof(*accept));
	accept->version = header.version;
	accept->first_contact = header.first_contact;
	accept->dmbe_idx = wire->dmbe_idx;
	accept->dmbe_size = wire->dmbe_size >> SMC_CLC_DMBE_SIZE_SHIFT;
	if (accept->dmbe_size > SMC_CLC_DMBE_SIZE_MAX)
		return -EBADMSG;
	accept->link_id = be32_to_cpu(wire->link_id);
	accept->token = be64_to_cpu(wire->token);
	smc_clc_gid_parse(&accept->device.gid, wire->gid, NULL);
	if (header.version < SMC_CLC_V2)
		return 0;
	return smc_clc_accept_v2_parse(&bytes, accept);
}

/**
 * smc_clc_accept_parse() - read an accept
 * @data:   message
 * @len:    &smc_clc_header.wanted
 * @accept: result
 *
 * Return: 0; -EPROTONOSUPPORT: unknown version; -EPFNOSUPPORT: not SMC-D;
 * -EBADMSG: any other error. After an error @accept is undefined.
 */
int smc_clc_accept_parse(const void *data, size_t len,
			 struct smc_clc_accept *accept)
{
	return smc_clc_answer_parse(data, len, SMC_CLC_ACCEPT, accept);
}

/**
 * smc_clc_confirm_parse() - read a confirm
 * @data:    message
 * @len:     &smc_clc_header.wanted
 * @confirm: result
 *
 * Return: as smc_clc_accept_parse().
 */
int smc_clc_confirm_parse(const void *data, size_t len,
			  struct smc_clc_accept *confirm)
{
	return smc_clc_answer_parse(data, len, SMC_CLC_CONFIRM, confirm);
}

/* --- decline -------------------------------------------------------------- */

/**
 * smc_clc_decline_parse() - read a decline
 * @data:    message
 * @len:     &smc_clc_header.wanted
 * @decline: result
 *
 * Accepts a version 2 decline without the extra diagnosis: the peer does not
 * want SMC, whatever else it says.
 *
 * Return: 0; -EPROTONOSUPPORT: unknown version; -EBADMSG: any other error.
 * After an error @decline is undefined.
 */
int smc_clc_decline_parse(const void *data, size_t len,
			  struct smc_clc_decline *decline)
{
	const struct smc_clc_wire_decline_v2 *v2;
	const struct smc_clc_wire_decline *wire;
	struct smc_clc_header header;
	struct smc_clc_bytes bytes;
	unsigned int i;
	int err;

	err = smc_clc_open(data, len, SMC_CLC_DECLINE, &header, &bytes);
	if (err)
		return err;
	/* Never NULL: smc_clc_header_parse() has checked the length. */
	wire = smc_clc_piece(&bytes, 0, sizeof(*wire));
	memset(decline, 0, sizeof(*decline));
	decline->version = header.version;
	decline->out_of_sync = header.out_of_sync;
	decline->os = wire->os >> SMC_CLC_OS_SHIFT;
	memcpy(decline->peer_id, wire->peer_id, sizeof(wire->peer_id));
	decline->diagnosis = be32_to_cpu(wire->diagnosis);
	if (header.version < SMC_CLC_V2)
		return 0;
	v2 = smc_clc_piece(&bytes, bytes.next, sizeof(*v2));
	if (!v2)
		return 0;
	for (i = 0; i < 4; i++)
		decline->extra[i] = be32_to_cpu(v2->extra[i]);
	return 0;
}

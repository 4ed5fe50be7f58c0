// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Writes a CLC message from a struct into the caller's buffer. Reserved bytes
 * are zero, areas follow each other without gaps. Called by the handshake; any
 * context.
 */
#include <linux/errno.h>
#include <linux/string.h>
#include <asm/byteorder.h>

#include "clc/clc.h"
#include "clc/wire.h"

/* The message being built: a zeroed buffer that is long enough. */
struct smc_clc_out {
	u8 *buf;
	size_t len;
};

static void *smc_clc_out_piece(struct smc_clc_out *out, size_t len)
{
	void *piece = out->buf + out->len;

	out->len += len;
	return piece;
}

static int smc_clc_out_start(struct smc_clc_out *out, void *buf, size_t size,
			     size_t len)
{
	if (len > size)
		return -EMSGSIZE;
	memset(buf, 0, len);
	out->buf = buf;
	out->len = 0;
	return 0;
}

/* Writes the trailer, and the header, which needs the final length. */
static int smc_clc_out_finish(struct smc_clc_out *out, enum smc_clc_msg msg,
			      const char *eyecatcher, u8 flags)
{
	struct smc_clc_wire_header *header = (void *)out->buf;

	memcpy(smc_clc_out_piece(out, SMC_CLC_TRAILER_LEN), eyecatcher,
	       SMC_CLC_TRAILER_LEN);
	memcpy(header->eyecatcher, eyecatcher, SMC_CLC_EYECATCHER_LEN);
	header->type = msg;
	header->length = cpu_to_be16(out->len);
	header->flags = flags;
	return out->len;
}

static bool smc_clc_version_ok(u8 version)
{
	return version == SMC_CLC_V1 || version == SMC_CLC_V2;
}

/* Can a message identify the device? Only extended GIDs have over 64 bits. */
static bool smc_clc_device_ok(const struct smc_clc_device *device)
{
	static const u8 none[8];

	return smc_clc_chid_is_emulated(device->chid) ||
	       !memcmp(device->gid.b + 8, none, sizeof(none));
}

/* --- proposal ------------------------------------------------------------- */

/* Number of entries in the list of GIDs, or -EINVAL. */
static int smc_clc_gid_count(const struct smc_clc_v2 *v2)
{
	unsigned int i, count = 0;

	if (v2->device_count > SMC_CLC_GIDS_MAX)
		return -EINVAL;
	for (i = 0; i < v2->device_count; i++) {
		if (!smc_clc_device_ok(&v2->devices[i]))
			return -EINVAL;
		count++;
		if (smc_clc_chid_is_emulated(v2->devices[i].chid))
			count++;
	}
	return count > SMC_CLC_GIDS_MAX ? -EINVAL : count;
}

/* Bytes of the version 2 extensions, including SMC-D's, or -EINVAL. */
static int smc_clc_v2_length(const struct smc_clc_proposal *proposal)
{
	const struct smc_clc_v2 *v2 = &proposal->v2;
	size_t len = sizeof(struct smc_clc_wire_v2);
	int gids;

	if (proposal->typev2 == SMC_CLC_TYPE_NONE ||
	    v2->eid_count > SMC_CLC_EIDS_MAX ||
	    v2->release > SMC_CLC_RELEASE_MASK)
		return -EINVAL;
	len += v2->eid_count * sizeof(struct smc_eid);
	if (!v2->smcd)
		return len;
	gids = smc_clc_gid_count(v2);
	if (gids < 0 || !smc_clc_type_has_smcd(proposal->typev2))
		return -EINVAL;
	return len + sizeof(struct smc_clc_wire_smcd_v2) +
	       gids * sizeof(struct smc_clc_wire_gid);
}

static int smc_clc_prefix_length(const struct smc_clc_proposal *proposal)
{
	if (proposal->typev1 == SMC_CLC_TYPE_NONE)
		return 0;
	if (proposal->prefix.ipv6_count > SMC_CLC_PREFIXES_MAX)
		return -EINVAL;
	return sizeof(struct smc_clc_wire_prefix) +
	       proposal->prefix.ipv6_count *
	       sizeof(struct smc_clc_wire_prefix6);
}

static int smc_clc_proposal_length(const struct smc_clc_proposal *proposal)
{
	int prefix, v2 = 0;
	size_t len = sizeof(struct smc_clc_wire_proposal);

	if (!smc_clc_version_ok(proposal->version) ||
	    (proposal->typev1 | proposal->typev2) & ~SMC_CLC_TYPE_MASK ||
	    (proposal->version == SMC_CLC_V1 &&
	     proposal->typev2 != SMC_CLC_TYPE_NONE))
		return -EINVAL;
	prefix = smc_clc_prefix_length(proposal);
	if (proposal->v2.present)
		v2 = smc_clc_v2_length(proposal);
	if (prefix < 0 || v2 < 0)
		return -EINVAL;
	if (smc_clc_has_smcd_area(proposal))
		len += sizeof(struct smc_clc_wire_smcd);
	return len + prefix + v2 + SMC_CLC_TRAILER_LEN;
}

static void smc_clc_prefix_build(struct smc_clc_out *out,
				 const struct smc_clc_prefix *prefix)
{
	struct smc_clc_wire_prefix *wire;
	unsigned int i;

	wire = smc_clc_out_piece(out, sizeof(*wire));
	wire->ipv4 = cpu_to_be32(prefix->ipv4);
	wire->ipv4_len = prefix->ipv4_len;
	wire->ipv6_count = prefix->ipv6_count;
	for (i = 0; i < prefix->ipv6_count; i++) {
		struct smc_clc_wire_prefix6 *wire6;

		wire6 = smc_clc_out_piece(out, sizeof(*wire6));
		memcpy(wire6->addr, prefix->ipv6[i].addr, sizeof(wire6->addr));
		wire6->len = prefix->ipv6[i].len;
	}
}

static void smc_clc_gid_build(struct smc_clc_out *out, const u8 *gid, u16 chid)
{
	struct smc_clc_wire_gid *wire;

	wire = smc_clc_out_piece(out, sizeof(*wire));
	memcpy(wire->gid, gid, sizeof(wire->gid));
	wire->chid = cpu_to_be16(chid);
}

/* Returns the number of entries in the list of GIDs. */
static unsigned int smc_clc_smcd_v2_build(struct smc_clc_out *out,
					  const struct smc_clc_v2 *v2)
{
	struct smc_clc_wire_smcd_v2 *wire;
	unsigned int i, gids = 0;

	wire = smc_clc_out_piece(out, sizeof(*wire));
	if (v2->seid_enabled)
		memcpy(wire->seid, v2->seid.text, SMC_EID_LEN);
	for (i = 0; i < v2->device_count; i++) {
		const struct smc_clc_device *device = &v2->devices[i];

		smc_clc_gid_build(out, device->gid.b, device->chid);
		gids++;
		if (!smc_clc_chid_is_emulated(device->chid))
			continue;
		smc_clc_gid_build(out, device->gid.b + 8, device->chid);
		gids++;
	}
	return gids;
}

static void smc_clc_v2_build(struct smc_clc_out *out,
			     const struct smc_clc_v2 *v2)
{
	struct smc_clc_wire_v2 *wire;
	size_t at = out->len, len;

	wire = smc_clc_out_piece(out, sizeof(*wire));
	wire->eid_count = v2->eid_count;
	wire->flags = v2->release << SMC_CLC_RELEASE_SHIFT;
	if (v2->seid_enabled)
		wire->flags |= SMC_CLC_SEID_ENABLED;
	memcpy(wire->roce_gid, v2->roce_gid, sizeof(wire->roce_gid));
	wire->max_conns = v2->max_conns;
	wire->max_links = v2->max_links;
	wire->feature_mask = cpu_to_be16(v2->feature_mask);
	len = v2->eid_count * sizeof(struct smc_eid);
	memcpy(smc_clc_out_piece(out, len), v2->eids, len);
	if (!v2->smcd)
		return;
	wire->smcd_v2_offset = cpu_to_be16(out->len - at -
					   SMC_CLC_SMCD_V2_BASE);
	wire->gid_count = smc_clc_smcd_v2_build(out, v2);
}

static void smc_clc_pieces_build(struct smc_clc_out *out,
				 struct smc_clc_wire_proposal *wire,
				 const struct smc_clc_proposal *proposal)
{
	struct smc_clc_wire_smcd *smcd = NULL;
	size_t at = out->len;

	if (smc_clc_has_smcd_area(proposal)) {
		smcd = smc_clc_out_piece(out, sizeof(*smcd));
		memcpy(smcd->ism_gid, proposal->ism.gid.b,
		       sizeof(smcd->ism_gid));
		smcd->ism_chid = cpu_to_be16(proposal->ism.chid);
	}
	if (proposal->typev1 != SMC_CLC_TYPE_NONE) {
		wire->iparea_offset = cpu_to_be16(out->len -
						  SMC_CLC_PREFIX_BASE);
		smc_clc_prefix_build(out, &proposal->prefix);
	}
	if (proposal->v2.present) {
		smcd->v2_offset = cpu_to_be16(out->len - at - SMC_CLC_V2_BASE);
		smc_clc_v2_build(out, &proposal->v2);
	}
}

/**
 * smc_clc_proposal_build() - write a proposal
 * @buf:      buffer; SMC_CLC_LEN_MAX bytes are always enough
 * @size:     size of @buf
 * @proposal: content. Extensions marked as not present are left out, even if
 *            the types require them
 *
 * Return: bytes written, -EINVAL if @proposal cannot be expressed (for example
 * if it has too many devices), -EMSGSIZE if @buf is too short.
 */
int smc_clc_proposal_build(void *buf, size_t size,
			   const struct smc_clc_proposal *proposal)
{
	struct smc_clc_wire_proposal *wire;
	struct smc_clc_out out;
	u8 flags;
	int len;

	len = smc_clc_proposal_length(proposal);
	if (len < 0)
		return len;
	if (smc_clc_out_start(&out, buf, size, len))
		return -EMSGSIZE;
	wire = smc_clc_out_piece(&out, sizeof(*wire));
	memcpy(wire->peer_id, proposal->peer_id, sizeof(wire->peer_id));
	memcpy(wire->roce_gid, proposal->roce_gid, sizeof(wire->roce_gid));
	memcpy(wire->mac, proposal->mac, sizeof(wire->mac));
	smc_clc_pieces_build(&out, wire, proposal);

	flags = proposal->version << SMC_CLC_VERSION_SHIFT | proposal->typev1;
	if (proposal->version == SMC_CLC_V2)
		flags |= proposal->typev2 << SMC_CLC_TYPEV2_SHIFT;
	return smc_clc_out_finish(&out, SMC_CLC_PROPOSAL, SMC_CLC_EYECATCHER_R,
				  flags);
}

/* --- accept and confirm --------------------------------------------------- */

static bool smc_clc_contact_ok(const struct smc_clc_accept *accept)
{
	const struct smc_clc_first_contact *contact = &accept->contact;

	if (accept->version == SMC_CLC_V1)
		return !contact->present;
	return contact->present == accept->first_contact &&
	       contact->release <= SMC_CLC_RELEASE_MASK &&
	       contact->os <= SMC_CLC_RELEASE_MASK;
}

static size_t smc_clc_answer_length(const struct smc_clc_accept *accept)
{
	size_t len;

	if (accept->version == SMC_CLC_V1)
		return sizeof(struct smc_clc_wire_accept_v1) +
		       SMC_CLC_TRAILER_LEN;
	len = sizeof(struct smc_clc_wire_accept_v2) + SMC_CLC_TRAILER_LEN;
	if (!accept->contact.present)
		return len;
	len += sizeof(struct smc_clc_wire_first_contact);
	if (accept->contact.release)
		len += sizeof(struct smc_clc_wire_first_contact_v21);
	return len;
}

static void smc_clc_contact_build(struct smc_clc_out *out,
				  const struct smc_clc_first_contact *contact)
{
	struct smc_clc_wire_first_contact_v21 *v21;
	struct smc_clc_wire_first_contact *wire;

	wire = smc_clc_out_piece(out, sizeof(*wire));
	if (contact->v2_direct)
		wire->flags = SMC_CLC_V2_DIRECT;
	wire->os_release = contact->os << SMC_CLC_OS_SHIFT | contact->release;
	memcpy(wire->hostname, contact->hostname, SMC_CLC_HOSTNAME_LEN);
	if (!contact->release)
		return;
	v21 = smc_clc_out_piece(out, sizeof(*v21));
	v21->feature_mask = cpu_to_be16(contact->feature_mask);
}

static void smc_clc_accept_v2_build(struct smc_clc_out *out,
				    const struct smc_clc_accept *accept)
{
	struct smc_clc_wire_accept_v2 *wire = (void *)out->buf;

	/* wire->accept is written already. */
	smc_clc_out_piece(out, sizeof(*wire) - sizeof(wire->accept));
	wire->chid = cpu_to_be16(accept->device.chid);
	memcpy(wire->eid, accept->eid.text, SMC_EID_LEN);
	memcpy(wire->gid_ext, accept->device.gid.b + 8, sizeof(wire->gid_ext));
	if (accept->contact.present)
		smc_clc_contact_build(out, &accept->contact);
}

static int smc_clc_answer_build(void *buf, size_t size, enum smc_clc_msg msg,
				const struct smc_clc_accept *accept)
{
	struct smc_clc_wire_accept *wire;
	struct smc_clc_out out;
	u8 flags;

	if (!smc_clc_version_ok(accept->version) ||
	    !smc_clc_contact_ok(accept) ||
	    !smc_clc_device_ok(&accept->device) ||
	    accept->dmbe_size > SMC_CLC_DMBE_SIZE_MAX)
		return -EINVAL;
	if (smc_clc_out_start(&out, buf, size, smc_clc_answer_length(accept)))
		return -EMSGSIZE;
	wire = smc_clc_out_piece(&out, sizeof(*wire));
	memcpy(wire->gid, accept->device.gid.b, sizeof(wire->gid));
	wire->token = cpu_to_be64(accept->token);
	wire->dmbe_idx = accept->dmbe_idx;
	wire->dmbe_size = accept->dmbe_size << SMC_CLC_DMBE_SIZE_SHIFT;
	wire->link_id = cpu_to_be32(accept->link_id);
	if (accept->version == SMC_CLC_V1)
		smc_clc_out_piece(&out, sizeof(struct smc_clc_wire_accept_v1) -
				  sizeof(*wire));
	else
		smc_clc_accept_v2_build(&out, accept);

	flags = accept->version << SMC_CLC_VERSION_SHIFT | SMC_CLC_TYPE_D;
	if (accept->first_contact)
		flags |= SMC_CLC_FIRST_CONTACT;
	return smc_clc_out_finish(&out, msg, SMC_CLC_EYECATCHER_D, flags);
}

/**
 * smc_clc_accept_build() - write an accept
 * @buf:    buffer; SMC_CLC_LEN_MAX bytes are always enough
 * @size:   size of @buf
 * @accept: content
 *
 * Return: bytes written, -EINVAL if @accept cannot be expressed, -EMSGSIZE if
 * @buf is too short.
 */
int smc_clc_accept_build(void *buf, size_t size,
			 const struct smc_clc_accept *accept)
{
	return smc_clc_answer_build(buf, size, SMC_CLC_ACCEPT, accept);
}

/**
 * smc_clc_confirm_build() - write a confirm
 * @buf:     buffer; SMC_CLC_LEN_MAX bytes are always enough
 * @size:    size of @buf
 * @confirm: content
 *
 * Return: as smc_clc_accept_build().
 */
int smc_clc_confirm_build(void *buf, size_t size,
			  const struct smc_clc_accept *confirm)
{
	return smc_clc_answer_build(buf, size, SMC_CLC_CONFIRM, confirm);
}

/**
 * smc_clc_hostname_set() - fill in the host name
 * @hostname: result, as on the wire
 * @nodename: name as returned by uname(2); truncated if too long
 *
 * Return: nothing.
 */
void smc_clc_hostname_set(u8 hostname[SMC_CLC_HOSTNAME_LEN],
			  const char *nodename)
{
	memset(hostname, ' ', SMC_CLC_HOSTNAME_LEN);
	memcpy(hostname, nodename, strnlen(nodename, SMC_CLC_HOSTNAME_LEN));
}

/* --- decline -------------------------------------------------------------- */

/**
 * smc_clc_decline_build() - write a decline
 * @buf:     buffer; SMC_CLC_LEN_MAX bytes are always enough
 * @size:    size of @buf
 * @decline: content
 *
 * Return: bytes written, -EINVAL if @decline cannot be expressed, -EMSGSIZE if
 * @buf is too short.
 */
int smc_clc_decline_build(void *buf, size_t size,
			  const struct smc_clc_decline *decline)
{
	struct smc_clc_wire_decline *wire;
	struct smc_clc_wire_decline_v2 *v2;
	struct smc_clc_out out;
	size_t len = sizeof(*wire) + SMC_CLC_TRAILER_LEN;
	unsigned int i;
	u8 flags;

	if (!smc_clc_version_ok(decline->version) ||
	    decline->os > SMC_CLC_RELEASE_MASK)
		return -EINVAL;
	if (decline->version == SMC_CLC_V2)
		len += sizeof(*v2);
	if (smc_clc_out_start(&out, buf, size, len))
		return -EMSGSIZE;
	wire = smc_clc_out_piece(&out, sizeof(*wire));
	memcpy(wire->peer_id, decline->peer_id, sizeof(wire->peer_id));
	wire->diagnosis = cpu_to_be32(decline->diagnosis);
	wire->os = decline->os << SMC_CLC_OS_SHIFT;
	if (decline->version == SMC_CLC_V2) {
		v2 = smc_clc_out_piece(&out, sizeof(*v2));
		for (i = 0; i < 4; i++)
			v2->extra[i] = cpu_to_be32(decline->extra[i]);
	}
	flags = decline->version << SMC_CLC_VERSION_SHIFT;
	if (decline->out_of_sync)
		flags |= SMC_CLC_OUT_OF_SYNC;
	return smc_clc_out_finish(&out, SMC_CLC_DECLINE, SMC_CLC_EYECATCHER_R,
				  flags);
}

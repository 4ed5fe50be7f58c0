// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * What follows from CLC messages. The order of questions, on the server:
 *
 *	smc_clc_proposal_check()   is it SMC-D version 2 at all?
 *	smc_clc_eid_match()        the EID in common
 *	smc_clc_pair_next()        devices on one fabric; then the device itself
 *	                           is asked whether it reaches the peer's GID
 *
 * on the client: smc_clc_accept_check(), smc_clc_offer_next(), and with the
 * confirm on the server: smc_clc_confirm_check(). Whether a link group is there
 * when the peer says so (SYNC if not) is for who keeps them.
 *
 * Called by the handshake; any context.
 */
#include <linux/errno.h>
#include <linux/string.h>

#include "clc_match.h"
#include "reason.h"

/**
 * smc_clc_reason_from_errno() - the reason for a step that failed
 * @err: negative errno of a parser, or of a step of the handshake
 *
 * No code means "message not understood". INTERNAL comes closest, and unlike
 * SYNC it makes no peer drop a link group.
 *
 * Return: enum dibs_smc_reason, or 0 for 0.
 */
u32 smc_clc_reason_from_errno(int err)
{
	switch (err) {
	case 0:
		return 0;
	case -ENOMEM:
		return DIBS_SMC_MEMORY;
	case -ENOSPC:
		return DIBS_SMC_DMB_LIMIT;
	case -ENODEV:
		return DIBS_SMC_NO_D_DEVICE;
	case -ETIMEDOUT:
		return DIBS_SMC_TIMEOUT_CONFIRM;
	case -EPROTO:
		return DIBS_SMC_PEER_NO_SMC;
	case -EPROTONOSUPPORT:
		return DIBS_SMC_VERSION;
	case -EPFNOSUPPORT:
		return DIBS_SMC_MODE;
	default:
		return DIBS_SMC_INTERNAL;
	}
}

/**
 * smc_clc_proposal_check() - does a peer propose SMC-D version 2?
 * @proposal: as parsed
 *
 * Return: 0 if so, else why it is to be declined.
 */
u32 smc_clc_proposal_check(const struct smc_clc_proposal *proposal)
{
	const struct smc_clc_v2 *v2 = &proposal->v2;

	if (proposal->typev2 == SMC_CLC_TYPE_NONE)
		return DIBS_SMC_VERSION;
	if (!smc_clc_type_has_smcd(proposal->typev2))
		return DIBS_SMC_MODE;
	if (!v2->present)
		return DIBS_SMC_NO_V2_EXTENSION;
	if (!v2->smcd)
		return DIBS_SMC_NO_D_EXTENSION;
	if (!v2->device_count)
		return DIBS_SMC_NO_D_DEVICE;
	return 0;
}

/**
 * smc_clc_eid_match() - choose the EID in common
 * @offer: of the proposal, after smc_clc_proposal_check()
 * @local: our EIDs
 * @eid:   result
 *
 * The SEID if both have the same one and use it, else the first of the peer's
 * UEIDs that is ours, too.
 *
 * Return: 0, else why it is to be declined: NO_SEID if the peer sent none and
 * we have nothing else, NO_UEID otherwise.
 */
u32 smc_clc_eid_match(const struct smc_clc_v2 *offer,
		      const struct smc_eid_table *local, struct smc_eid *eid)
{
	unsigned int i;

	if (offer->seid_enabled && local->seid_enabled &&
	    smc_eid_equal(&offer->seid, &local->seid)) {
		*eid = local->seid;
		return 0;
	}
	for (i = 0; i < offer->eid_count; i++) {
		if (smc_eid_table_has(local, &offer->eids[i])) {
			*eid = offer->eids[i];
			return 0;
		}
	}
	if (!offer->seid_enabled && local->seid_enabled && !local->count)
		return DIBS_SMC_NO_SEID;
	return DIBS_SMC_NO_UEID;
}

/**
 * smc_clc_pair_next() - next pair of devices that are on one fabric
 * @offer: of the proposal
 * @local: our devices, favourite first
 * @count: how many
 * @pair:  where to begin looking: {} at first; add one to @offer to go on
 *
 * Our order decides, then the peer's. That they are on one fabric does not say
 * that they reach each other: ask the device.
 *
 * Return: true: @pair is the next one; false: there is none.
 */
bool smc_clc_pair_next(const struct smc_clc_v2 *offer,
		       const struct smc_clc_device *local, unsigned int count,
		       struct smc_clc_pair *pair)
{
	for (; pair->local < count; pair->local++, pair->offer = 0) {
		u16 chid = local[pair->local].chid;

		for (; pair->offer < offer->device_count; pair->offer++)
			if (offer->devices[pair->offer].chid == chid)
				return true;
	}
	return false;
}

/**
 * smc_clc_release_min() - the release that both speak
 * @release: the peer's
 *
 * Return: the lower one of the peer's and ours.
 */
u8 smc_clc_release_min(u8 release)
{
	return release < SMC_CLC_RELEASE ? release : SMC_CLC_RELEASE;
}

static bool smc_clc_offers_eid(const struct smc_clc_v2 *offer,
			       const struct smc_eid *eid)
{
	struct smc_eid_table table = {
		.ueids = offer->eids,
		.count = offer->eid_count,
	};

	return smc_eid_table_has(&table, eid) ||
	       (offer->seid_enabled && smc_eid_equal(&offer->seid, eid));
}

/**
 * smc_clc_accept_check() - does an accept answer what was proposed?
 * @offer:  what we proposed
 * @accept: the server's answer
 *
 * Return: 0 if so, else why it is to be declined.
 */
u32 smc_clc_accept_check(const struct smc_clc_v2 *offer,
			 const struct smc_clc_accept *accept)
{
	unsigned int index = 0;

	if (accept->version != SMC_CLC_V2)
		return DIBS_SMC_VERSION;
	if (accept->contact.release > offer->release)
		return DIBS_SMC_RELEASE;
	if (!smc_clc_offers_eid(offer, &accept->eid))
		return DIBS_SMC_NO_UEID;
	if (!smc_clc_offer_next(offer, accept, &index))
		return DIBS_SMC_NO_D_DEVICE;
	return 0;
}

/**
 * smc_clc_offer_next() - next of our devices that an accept may mean
 * @offer:  what we proposed
 * @accept: the server's answer, with the GID of the server's device
 * @index:  where to begin looking: 0 at first; add one to go on
 *
 * A loopback device talks to itself alone: there both ends have one GID. On
 * other fabrics every device with the CHID is meant that reaches that GID.
 *
 * Return: true: @index is the next one; false: there is none.
 */
bool smc_clc_offer_next(const struct smc_clc_v2 *offer,
			const struct smc_clc_accept *accept,
			unsigned int *index)
{
	const struct smc_clc_device *server = &accept->device;

	for (; *index < offer->device_count; (*index)++) {
		const struct smc_clc_device *device = &offer->devices[*index];

		if (device->chid != server->chid)
			continue;
		if (device->chid != DIBS_FABRIC_LOOPBACK ||
		    uuid_equal(&device->gid, &server->gid))
			return true;
	}
	return false;
}

/**
 * smc_clc_confirm_check() - does a confirm repeat what was accepted?
 * @accept:  what we sent
 * @peer:    the device of the proposal that was chosen
 * @confirm: the client's answer
 *
 * Return: 0 if so, else why it is to be declined.
 */
u32 smc_clc_confirm_check(const struct smc_clc_accept *accept,
			  const struct smc_clc_device *peer,
			  const struct smc_clc_accept *confirm)
{
	const struct smc_clc_device *device = &confirm->device;

	if (confirm->version != accept->version)
		return DIBS_SMC_VERSION;
	if (confirm->first_contact != accept->first_contact)
		return DIBS_SMC_SYNC;
	if (confirm->contact.release != accept->contact.release)
		return DIBS_SMC_RELEASE;
	if (!smc_eid_equal(&confirm->eid, &accept->eid))
		return DIBS_SMC_NO_UEID;
	if (device->chid != peer->chid ||
	    !uuid_equal(&device->gid, &peer->gid))
		return DIBS_SMC_NO_D_DEVICE;
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * What follows from CLC messages. The order of checks on the server:
 *
 *	smc_clc_proposal_check()   is it SMC-D version 2 at all?
 *	smc_clc_eid_match()        the common EID
 *	smc_clc_pair_next()        devices on one fabric; then the device itself
 *	                           is asked whether it reaches the peer's GID
 *
 * On the client: smc_clc_accept_check(), smc_clc_offer_next(). With the confirm
 * on the server: smc_clc_confirm_check(). conn/group.c checks whether a link
 * group exists that the peer says exists (if not, SYNC).
 *
 * Called by the handshake; any context.
 */
#include <linux/errno.h>
#include <linux/string.h>

#include <uapi/linux/dibs_smc.h>

#include "clc/match.h"

/**
 * smc_clc_reason_from_errno() - the reason to decline for an error
 * @err: negative errno of a parser, or of a handshake step
 *
 * The standard has no code for "message not understood". INTERNAL comes closest
 * and, unlike SYNC, makes no peer drop a link group.
 *
 * Return: enum dibs_smc_reason, or 0 for 0.
 */
u32 smc_clc_reason_from_errno(int err)
{
	switch (err) {
	case 0:
		return 0;
	case -ENOMEM:
		return DIBS_SMC_REASON_MEMORY;
	case -ENOSPC:
		return DIBS_SMC_REASON_DMB_LIMIT;
	case -ENODEV:
		return DIBS_SMC_REASON_NO_D_DEVICE;
	case -ETIMEDOUT:
		return DIBS_SMC_REASON_TIMEOUT_CONFIRM;
	case -EPROTO:
		return DIBS_SMC_REASON_PEER_NO_SMC;
	case -EPROTONOSUPPORT:
		return DIBS_SMC_REASON_VERSION;
	case -EPFNOSUPPORT:
		return DIBS_SMC_REASON_MODE;
	default:
		return DIBS_SMC_REASON_INTERNAL;
	}
}

/**
 * smc_clc_proposal_check() - does a peer propose SMC-D version 2?
 * @proposal: as parsed
 *
 * Return: 0 if so, else the reason to decline.
 */
u32 smc_clc_proposal_check(const struct smc_clc_proposal *proposal)
{
	const struct smc_clc_v2 *v2 = &proposal->v2;

	if (proposal->typev2 == SMC_CLC_TYPE_NONE)
		return DIBS_SMC_REASON_VERSION;
	if (!smc_clc_type_has_smcd(proposal->typev2))
		return DIBS_SMC_REASON_MODE;
	if (!v2->present)
		return DIBS_SMC_REASON_NO_V2_EXTENSION;
	if (!v2->smcd)
		return DIBS_SMC_REASON_NO_D_EXTENSION;
	if (!v2->device_count)
		return DIBS_SMC_REASON_NO_D_DEVICE;
	return 0;
}

/**
 * smc_clc_eid_match() - choose the common EID
 * @offer: the proposal's, after smc_clc_proposal_check()
 * @local: our EIDs
 * @eid:   result
 *
 * Chooses the SEID if both ends have the same and use it, else the first of the
 * peer's UEIDs that is also ours.
 *
 * Return: 0, else the reason to decline: NO_SEID if the peer sent no SEID and
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
		return DIBS_SMC_REASON_NO_SEID;
	return DIBS_SMC_REASON_NO_UEID;
}

/**
 * smc_clc_pair_next() - next pair of devices on the same fabric
 * @offer: the proposal's
 * @local: our devices, in order of preference
 * @count: number of our devices
 * @pair:  where to start: {} at first; add one to its @offer to continue
 *
 * Our order decides first, then the peer's. Devices on one fabric do not always
 * reach each other: ask the device.
 *
 * Return: true if @pair is the next one, false if there is none.
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
 * smc_clc_release_min() - the release that both ends support
 * @release: the peer's
 *
 * Return: the lower of the peer's and ours.
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
 * Return: 0 if so, else the reason to decline.
 */
u32 smc_clc_accept_check(const struct smc_clc_v2 *offer,
			 const struct smc_clc_accept *accept)
{
	unsigned int index = 0;

	if (accept->version != SMC_CLC_V2)
		return DIBS_SMC_REASON_VERSION;
	if (accept->contact.release > offer->release)
		return DIBS_SMC_REASON_RELEASE;
	if (!smc_clc_offers_eid(offer, &accept->eid))
		return DIBS_SMC_REASON_NO_UEID;
	if (!smc_clc_offer_next(offer, accept, &index))
		return DIBS_SMC_REASON_NO_D_DEVICE;
	return 0;
}

/**
 * smc_clc_offer_next() - next of our devices that an accept may mean
 * @offer:  what we proposed
 * @accept: the server's answer, with the GID of the server's device
 * @index:  where to start: 0 at first; add one to continue
 *
 * A loopback device only reaches itself, so both ends have the same GID there.
 * On other fabrics the accept may mean any device with its CHID that reaches
 * its GID.
 *
 * Return: true if @index is the next one, false if there is none.
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
 * @peer:    the device chosen from the proposal
 * @confirm: the client's answer
 *
 * Return: 0 if so, else the reason to decline.
 */
u32 smc_clc_confirm_check(const struct smc_clc_accept *accept,
			  const struct smc_clc_device *peer,
			  const struct smc_clc_accept *confirm)
{
	const struct smc_clc_device *device = &confirm->device;

	if (confirm->version != accept->version)
		return DIBS_SMC_REASON_VERSION;
	if (confirm->first_contact != accept->first_contact)
		return DIBS_SMC_REASON_SYNC;
	if (confirm->contact.release != accept->contact.release)
		return DIBS_SMC_REASON_RELEASE;
	if (!smc_eid_equal(&confirm->eid, &accept->eid))
		return DIBS_SMC_REASON_NO_UEID;
	if (device->chid != peer->chid ||
	    !uuid_equal(&device->gid, &peer->gid))
		return DIBS_SMC_REASON_NO_D_DEVICE;
	return 0;
}

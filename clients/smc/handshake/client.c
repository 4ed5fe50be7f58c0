// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The client's steps of a handshake, see handshake.h. Process context, in the
 * socket's work.
 */
#include <linux/utsname.h>

#include "clc/match.h"
#include "conn/group.h"
#include "handshake/eids.h"
#include "handshake/handshake.h"

static enum smc_verdict smc_client_agreed(struct smc_handshake *hs)
{
	return SMC_AGREED;
}

/* Waits until the server reports in our DMB that it is ready, or declines. */
static enum smc_verdict smc_client_await_ready(struct smc_handshake *hs)
{
	enum smc_verdict verdict;

	if (smc_cdc_is_dibs(hs->conn))
		return SMC_AGREED;
	verdict = smc_handshake_receive(hs, SMC_CLC_DECLINE);
	/* It may have become ready and closed between the two checks. */
	return smc_cdc_is_dibs(hs->conn) ? SMC_AGREED : verdict;
}

/* Builds the confirm: our data, in the form of the accept that it answers. */
static enum smc_verdict smc_client_confirm(struct smc_handshake *hs,
					   unsigned int dev, u8 size_code)
{
	struct smc_clc_accept confirm = hs->accept;
	int len;

	confirm.dmbe_idx = 0;
	confirm.dmbe_size = size_code;
	confirm.link_id = hs->group->id;
	confirm.token = dibs_dmb_token(hs->conn->dmb);
	confirm.device = hs->choice.device[dev];
	if (confirm.contact.present) {
		confirm.contact.os = SMC_CLC_OS_LINUX;
		confirm.contact.feature_mask &= SMC_CLC_FEATURE_EMULATED;
		smc_clc_hostname_set(confirm.contact.hostname,
				     init_uts_ns.name.nodename);
	}
	len = smc_clc_confirm_build(hs->io.out, sizeof(hs->io.out), &confirm);
	if (len < 0)
		return smc_handshake_error(hs, len);
	hs->io.out_len = len;
	hs->io.out_done = 0;
	hs->step = confirm.device.chid == DIBS_FABRIC_LOOPBACK ?
		   smc_client_await_ready : smc_client_agreed;
	return SMC_NEXT;
}

static enum smc_verdict smc_client_use_device(struct smc_handshake *hs,
					      unsigned int index)
{
	struct dibs_dev *dev = hs->choice.dev[index];
	const struct smc_clc_accept *accept = &hs->accept;
	u8 size_code = smc_conn_size_code(hs->sk, dev);
	int err;

	hs->group = smc_group_join(dev, &accept->device.gid, SMC_ROLE_CLIENT,
				   !accept->first_contact);
	if (!hs->group)
		return smc_handshake_decline(hs, accept->first_contact ?
					     DIBS_SMC_REASON_MEMORY :
					     DIBS_SMC_REASON_SYNC);
	hs->conn = smc_conn_alloc(hs->smc);
	if (!hs->conn)
		return smc_handshake_error(hs, -ENOMEM);
	err = smc_conn_register(hs->conn, dev, &accept->device.gid, &size_code,
				smc_handshake_memcg(hs));
	if (err)
		return smc_handshake_conn_error(hs, err);
	err = smc_conn_attach(hs->conn, dev, &accept->device.gid,
			      accept->token, accept->dmbe_size);
	if (err)
		return smc_handshake_conn_error(hs, err);
	err = smc_conn_announce(hs->conn);
	if (err)
		return smc_handshake_conn_error(hs, err);
	return smc_client_confirm(hs, index, size_code);
}

/* Finds the first device that the accept may mean and that reaches its GID. */
static bool smc_client_find_device(struct smc_handshake *hs,
				   unsigned int *index)
{
	const struct smc_clc_v2 *offer = &hs->proposal.v2;
	const uuid_t *rgid = &hs->accept.device.gid;
	const struct dibs_vlan no_vlan = {};

	for (*index = 0; smc_clc_offer_next(offer, &hs->accept, index);
	     ++*index) {
		if (!dibs_query_remote_gid(smc_dibs_client,
					   hs->choice.dev[*index], rgid,
					   no_vlan))
			return true;
	}
	return false;
}

static enum smc_verdict smc_client_await_accept(struct smc_handshake *hs)
{
	enum smc_verdict verdict;
	unsigned int index;
	u32 reason;
	int err;

	verdict = smc_handshake_receive(hs, SMC_CLC_ACCEPT);
	if (verdict != SMC_NEXT)
		return verdict;
	err = smc_clc_accept_parse(hs->io.in, hs->io.header.wanted,
				   &hs->accept);
	if (err)
		return smc_handshake_error(hs, err);
	reason = smc_clc_accept_check(&hs->proposal.v2, &hs->accept);
	if (reason)
		return smc_handshake_decline(hs, reason);
	/* We do not support a DMB that several connections share. */
	if (hs->accept.dmbe_idx)
		return smc_handshake_decline(hs, DIBS_SMC_REASON_RTOKEN);
	if (!smc_client_find_device(hs, &index))
		return smc_handshake_decline(hs, DIBS_SMC_REASON_NO_D_DEVICE);
	return smc_client_use_device(hs, index);
}

static void smc_client_fill_proposal(struct smc_handshake *hs)
{
	struct smc_clc_proposal *proposal = &hs->proposal;
	struct smc_clc_v2 *v2 = &proposal->v2;
	unsigned int i;

	proposal->version = SMC_CLC_V2;
	proposal->typev1 = SMC_CLC_TYPE_NONE;
	proposal->typev2 = SMC_CLC_TYPE_D;
	v2->present = true;
	v2->smcd = true;
	v2->release = SMC_CLC_RELEASE;
	v2->feature_mask = SMC_CLC_FEATURE_EMULATED;
	v2->eid_count = smc_eids_get(v2->eids, SMC_CLC_EIDS_MAX);
	v2->seid_enabled = smc_choice_seid(&hs->choice, &v2->seid);
	v2->device_count = hs->choice.count;
	for (i = 0; i < hs->choice.count; i++)
		v2->devices[i] = hs->choice.device[i];
}

/* The first step: TCP has connected. */
enum smc_verdict smc_client_propose(struct smc_handshake *hs)
{
	int len;

	/* TCP clears the bit if the server's SYN had no SMC option. */
	if (!smc_tcp_wants_smc(hs->sk)) {
		hs->reason = DIBS_SMC_REASON_PEER_NO_SMC;
		return SMC_FALLBACK;
	}
	if (smc_handshake_is_ipsec(hs))
		return smc_handshake_decline(hs, DIBS_SMC_REASON_IPSEC);
	smc_choice_make(&hs->choice, hs->sk);
	if (!hs->choice.count)
		return smc_handshake_decline(hs, DIBS_SMC_REASON_NO_DEVICE);
	smc_client_fill_proposal(hs);
	len = smc_clc_proposal_build(hs->io.out, sizeof(hs->io.out),
				     &hs->proposal);
	if (len < 0)
		return smc_handshake_error(hs, len);
	hs->io.out_len = len;
	hs->step = smc_client_await_accept;
	return SMC_NEXT;
}

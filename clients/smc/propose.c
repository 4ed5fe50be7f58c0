// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The client's steps of a handshake, see handshake.h.
 */
#include <linux/utsname.h>

#include "clc_match.h"
#include "eids.h"
#include "group.h"
#include "handshake.h"

static enum smc_verdict smc_agreed(struct smc_handshake *hs)
{
	return SMC_AGREED;
}

/* The server has said in our DMB that it is ready, or has to decline. */
static enum smc_verdict smc_await_ready(struct smc_handshake *hs)
{
	enum smc_verdict verdict;

	if (smc_conn_is_dibs(hs->conn))
		return SMC_AGREED;
	verdict = smc_handshake_receive(hs, SMC_CLC_DECLINE);
	/* It may have said so, and closed, while we looked elsewhere. */
	return smc_conn_is_dibs(hs->conn) ? SMC_AGREED : verdict;
}

/* The confirm is ours, in the form of the accept it answers. */
static enum smc_verdict smc_confirm(struct smc_handshake *hs, unsigned int dev,
				    u8 size_code)
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
		   smc_await_ready : smc_agreed;
	return SMC_NEXT;
}

static enum smc_verdict smc_accepted_on(struct smc_handshake *hs,
					unsigned int index)
{
	struct dibs_dev *dev = hs->choice.dev[index];
	const struct smc_clc_accept *accept = &hs->accept;
	u8 size_code = smc_conn_size_code(hs->sk, dev);
	int err;

	hs->group = smc_group_join(dev, &accept->device.gid, DIBS_SMC_CLIENT,
				   !accept->first_contact);
	if (!hs->group)
		return smc_handshake_decline(hs, accept->first_contact ?
					     DIBS_SMC_MEMORY : DIBS_SMC_SYNC);
	hs->conn = smc_conn_alloc(hs->smc);
	if (!hs->conn)
		return smc_handshake_error(hs, -ENOMEM);
	err = smc_conn_register(hs->conn, dev, &accept->device.gid, &size_code,
				smc_handshake_memcg(hs));
	if (err)
		return smc_handshake_decline(hs, smc_conn_reason(err));
	err = smc_conn_attach(hs->conn, dev, &accept->device.gid,
			      accept->token, accept->dmbe_size);
	if (err)
		return smc_handshake_decline(hs, smc_conn_reason(err));
	err = smc_conn_announce(hs->conn);
	if (err)
		return smc_handshake_decline(hs, smc_conn_reason(err));
	return smc_confirm(hs, index, size_code);
}

/* Of our devices that the accept may mean, the first that reaches its sender. */
static bool smc_find_accepted(struct smc_handshake *hs, unsigned int *index)
{
	const struct smc_clc_v2 *offer = &hs->proposal.v2;
	const uuid_t *rgid = &hs->accept.device.gid;
	const struct dibs_vlan no_vlan = {};

	for (*index = 0; smc_clc_offer_next(offer, &hs->accept, index);
	     ++*index) {
		if (!dibs_query_remote_gid(smc_client, hs->choice.dev[*index],
					   rgid, no_vlan))
			return true;
	}
	return false;
}

static enum smc_verdict smc_await_accept(struct smc_handshake *hs)
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
	/* A DMB that is shared by several connections is none of ours. */
	if (hs->accept.dmbe_idx)
		return smc_handshake_decline(hs, DIBS_SMC_RTOKEN);
	if (!smc_find_accepted(hs, &index))
		return smc_handshake_decline(hs, DIBS_SMC_NO_D_DEVICE);
	return smc_accepted_on(hs, index);
}

static void smc_proposal_fill(struct smc_handshake *hs)
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
enum smc_verdict smc_propose(struct smc_handshake *hs)
{
	int len;

	/* TCP takes the bit back if the server's SYN had no option. */
	if (!smc_tcp_wants_smc(hs->sk)) {
		hs->reason = DIBS_SMC_PEER_NO_SMC;
		return SMC_FALLBACK;
	}
	if (smc_handshake_is_ipsec(hs))
		return smc_handshake_decline(hs, DIBS_SMC_IPSEC);
	smc_choice_make(&hs->choice, hs->sk);
	if (!hs->choice.count)
		return smc_handshake_decline(hs, DIBS_SMC_NO_DEVICE);
	smc_proposal_fill(hs);
	len = smc_clc_proposal_build(hs->io.out, sizeof(hs->io.out),
				     &hs->proposal);
	if (len < 0)
		return smc_handshake_error(hs, len);
	hs->io.out_len = len;
	hs->step = smc_await_accept;
	return SMC_NEXT;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The server's steps of a handshake, see handshake.h. Process context, in the
 * socket's work.
 */
#include <linux/utsname.h>

#include "clc/match.h"
#include "conn/group.h"
#include "handshake/eids.h"
#include "handshake/handshake.h"

/* The listener's TCP_DEFER_ACCEPT in seconds, 0 if it is not set. */
static unsigned int smc_server_defer_accept(const struct smc_handshake *hs)
{
	const struct sock *listener = hs->req ? hs->req->rsk_listener : NULL;
	unsigned int tries = 0;

	if (listener)
		tries = READ_ONCE(inet_csk(listener)
				  ->icsk_accept_queue.rskq_defer_accept);
	/* TCP counts retransmissions, each of which waits twice as long. */
	return tries ? BIT(min(tries, 7U)) - 1 : 0;
}

static enum smc_verdict smc_server_await_bytes(struct smc_handshake *hs)
{
	if (smc_rx_waiting(hs->conn) || smc_cdc_peer_flags(hs->conn).state ||
	    time_after_eq(jiffies, hs->deadline))
		return SMC_AGREED;
	return SMC_WAIT;
}

static enum smc_verdict smc_server_await_confirm(struct smc_handshake *hs)
{
	struct smc_clc_accept confirm;
	enum smc_verdict verdict;
	unsigned int defer;
	u32 reason;
	int err;

	verdict = smc_handshake_receive(hs, SMC_CLC_CONFIRM);
	if (verdict != SMC_NEXT)
		return verdict;
	err = smc_clc_confirm_parse(hs->io.in, hs->io.header.wanted, &confirm);
	if (err)
		return smc_handshake_error(hs, err);
	reason = smc_clc_confirm_check(&hs->accept, &hs->peer, &confirm);
	if (reason)
		return smc_handshake_decline(hs, reason);
	if (confirm.dmbe_idx)
		return smc_handshake_decline(hs, DIBS_SMC_REASON_RTOKEN);
	err = smc_conn_attach(hs->conn, dibs_dmb_dev(hs->conn->dmb),
			      &hs->peer.gid, confirm.token, confirm.dmbe_size);
	if (err)
		return smc_handshake_conn_error(hs, err);
	/* What smc_group_confirm() takes over for the link group. */
	hs->accept.link_id = confirm.link_id;
	hs->accept.contact = confirm.contact;
	defer = smc_server_defer_accept(hs);
	if (!defer)
		return SMC_AGREED;
	err = smc_conn_announce(hs->conn);
	if (err)
		return smc_handshake_conn_error(hs, err);
	hs->step = smc_server_await_bytes;
	hs->deadline = jiffies + defer * HZ;
	return SMC_NEXT;
}

/*
 * Finds the first pair of devices on one fabric that reach each other. Returns
 * our device or NULL.
 */
static struct dibs_dev *smc_server_find_device(struct smc_handshake *hs,
					       struct smc_clc_device *own)
{
	const struct smc_clc_v2 *offer = &hs->proposal.v2;
	const struct dibs_vlan no_vlan = {};
	struct smc_clc_pair pair = {};

	for (; smc_clc_pair_next(offer, hs->choice.device, hs->choice.count,
				 &pair); pair.offer++) {
		struct dibs_dev *dev = hs->choice.dev[pair.local];

		hs->peer = offer->devices[pair.offer];
		*own = hs->choice.device[pair.local];
		if (!dibs_query_remote_gid(smc_dibs_client, dev, &hs->peer.gid,
					   no_vlan))
			return dev;
	}
	return NULL;
}

static void smc_server_fill_contact(struct smc_handshake *hs,
				    struct smc_clc_first_contact *contact)
{
	const struct smc_clc_v2 *offer = &hs->proposal.v2;

	contact->present = true;
	contact->release = smc_clc_release_min(offer->release);
	contact->os = SMC_CLC_OS_LINUX;
	contact->feature_mask = offer->feature_mask & SMC_CLC_FEATURE_EMULATED;
	smc_clc_hostname_set(contact->hostname, init_uts_ns.name.nodename);
}

static enum smc_verdict smc_server_use_device(struct smc_handshake *hs,
					      struct dibs_dev *dev)
{
	struct smc_clc_accept *accept = &hs->accept;
	int err, len;

	hs->group = smc_group_join(dev, &hs->peer.gid, SMC_ROLE_SERVER, false);
	hs->conn = smc_conn_alloc(hs->smc);
	if (!hs->group || !hs->conn)
		return smc_handshake_error(hs, -ENOMEM);
	accept->dmbe_size = smc_conn_size_code(hs->sk, dev);
	err = smc_conn_register(hs->conn, dev, &hs->peer.gid,
				&accept->dmbe_size, smc_handshake_memcg(hs));
	if (err)
		return smc_handshake_conn_error(hs, err);
	accept->version = SMC_CLC_V2;
	accept->first_contact = !READ_ONCE(hs->group->confirmed);
	accept->link_id = hs->group->id;
	accept->token = dibs_dmb_token(hs->conn->dmb);
	if (accept->first_contact)
		smc_server_fill_contact(hs, &accept->contact);
	len = smc_clc_accept_build(hs->io.out, sizeof(hs->io.out), accept);
	if (len < 0)
		return smc_handshake_error(hs, len);
	hs->io.out_len = len;
	/* Except on loopback, the client goes on once its confirm is sent. */
	hs->no_return = accept->device.chid != DIBS_FABRIC_LOOPBACK;
	hs->step = smc_server_await_confirm;
	return SMC_NEXT;
}

static enum smc_verdict smc_server_answer(struct smc_handshake *hs)
{
	struct smc_eid ueids[SMC_EIDS_MAX];
	struct smc_eid_table local = { .ueids = ueids };
	struct dibs_dev *dev;
	u32 reason;

	if (smc_handshake_is_ipsec(hs))
		return smc_handshake_decline(hs, DIBS_SMC_REASON_IPSEC);
	reason = smc_clc_proposal_check(&hs->proposal);
	if (reason)
		return smc_handshake_decline(hs, reason);
	smc_choice_make(&hs->choice, hs->sk);
	if (!hs->choice.count)
		return smc_handshake_decline(hs, DIBS_SMC_REASON_NO_DEVICE);
	local.count = smc_eids_get(ueids, SMC_EIDS_MAX);
	local.seid_enabled = smc_choice_seid(&hs->choice, &local.seid);
	reason = smc_clc_eid_match(&hs->proposal.v2, &local, &hs->accept.eid);
	if (reason)
		return smc_handshake_decline(hs, reason);
	dev = smc_server_find_device(hs, &hs->accept.device);
	if (!dev)
		return smc_handshake_decline(hs, DIBS_SMC_REASON_NO_D_DEVICE);
	return smc_server_use_device(hs, dev);
}

/* The first step: TCP has connected, the client asked for SMC. */
enum smc_verdict smc_server_await_proposal(struct smc_handshake *hs)
{
	enum smc_verdict verdict;
	int err;

	verdict = smc_handshake_receive(hs, SMC_CLC_PROPOSAL);
	if (verdict != SMC_NEXT)
		return verdict;
	err = smc_clc_proposal_parse(hs->io.in, hs->io.header.wanted,
				     &hs->proposal);
	if (err)
		return smc_handshake_error(hs, err);
	return smc_server_answer(hs);
}

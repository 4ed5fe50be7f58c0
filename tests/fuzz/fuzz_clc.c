// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * A peer may send any bytes before a connection is established. Whatever the
 * parser understands has to be within limits, be rebuilt, and mean the same
 * when it is parsed again; then the decisions of the handshake are made.
 */
#include <linux/errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../clients/smc/clc/match.h"
#include "../unit/smc/message.h"

#define REQUIRE(condition) \
	do { \
		if (!(condition)) \
			abort(); \
	} while (0)

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

static void check_header(const u8 *data, size_t len)
{
	struct smc_clc_header header;
	int err = smc_clc_header_parse(data, len, &header);

	REQUIRE((err == -EAGAIN) <= (len < SMC_CLC_HEADER_LEN));
	if (err)
		return;
	REQUIRE(header.wanted <= SMC_CLC_BUF_LEN);
	REQUIRE(header.wanted <= header.length);
	REQUIRE(header.wanted > SMC_CLC_HEADER_LEN);
}

/* Calls each parser, whatever the header says. */
static void check_parsers(const u8 *data, size_t len)
{
	struct message message;

	smc_clc_proposal_parse(data, len, &message.proposal);
	smc_clc_accept_parse(data, len, &message.accept);
	smc_clc_confirm_parse(data, len, &message.accept);
	smc_clc_decline_parse(data, len, &message.decline);
}

static void check_rebuilt(const struct message *message)
{
	u8 built[SMC_CLC_LEN_MAX];
	struct message again;
	int len = message_build(built, sizeof(built), message);

	REQUIRE(len > 0);
	REQUIRE(!message_parse(built, len, &again));
	REQUIRE(message_equal(message, &again));
}

/* An accept repeats the offer, except for one field. */
static void check_accept(const struct smc_clc_accept *accept)
{
	struct smc_clc_v2 offer = {
		.release = SMC_CLC_RELEASE,
		.eid_count = 1,
		.device_count = 1,
	};
	bool good = accept->version == SMC_CLC_V2 &&
		    accept->contact.release <= SMC_CLC_RELEASE;

	offer.eids[0] = accept->eid;
	offer.devices[0] = accept->device;
	REQUIRE(!smc_clc_accept_check(&offer, accept) == good);
	offer.devices[0].chid ^= 1;
	REQUIRE(smc_clc_accept_check(&offer, accept));
	offer.devices[0] = accept->device;
	offer.devices[0].gid.b[15] ^= 1;
	REQUIRE(!smc_clc_accept_check(&offer, accept) ==
		(good && accept->device.chid != DIBS_FABRIC_LOOPBACK));
	offer.devices[0] = accept->device;
	offer.eids[0].text[31] ^= 1;
	REQUIRE(smc_clc_accept_check(&offer, accept));
	offer.seid_enabled = true;
	offer.seid = accept->eid;
	REQUIRE(!smc_clc_accept_check(&offer, accept) == good);
	REQUIRE(smc_clc_release_min(accept->contact.release) <=
		SMC_CLC_RELEASE);
}

static void check_confirm(const struct smc_clc_accept *confirm)
{
	struct smc_clc_device peer = confirm->device;
	struct smc_clc_accept accept = *confirm;

	REQUIRE(!smc_clc_confirm_check(&accept, &peer, confirm));
	peer.gid.b[0] ^= 1;
	REQUIRE(smc_clc_confirm_check(&accept, &peer, confirm));
	peer = confirm->device;
	peer.chid ^= 1;
	REQUIRE(smc_clc_confirm_check(&accept, &peer, confirm));
	peer = confirm->device;
	accept.eid.text[0] ^= 1;
	REQUIRE(smc_clc_confirm_check(&accept, &peer, confirm));
	accept.contact.release ^= 1;
	REQUIRE(smc_clc_confirm_check(&accept, &peer, confirm));
	accept.first_contact = !accept.first_contact;
	REQUIRE(smc_clc_confirm_check(&accept, &peer, confirm));
	accept.version ^= 1;
	REQUIRE(smc_clc_confirm_check(&accept, &peer, confirm));
}

/* A program's EID may be any bytes, too. */
static void check_eid(const u8 *data, size_t len)
{
	struct smc_eid eid;

	if (!smc_eid_from_text(&eid, (const char *)data, len))
		REQUIRE(smc_eid_is_ueid(&eid) && len <= SMC_EID_LEN);
}

static void check_proposal(const struct smc_clc_proposal *proposal)
{
	const struct smc_clc_v2 *v2 = &proposal->v2;
	struct smc_clc_device local[] = {
		{ .chid = 0xffff }, { .chid = 0xff01 }, { .chid = 0x07c0 },
	};
	struct smc_clc_pair pair = {};
	struct smc_eid_table table = {};
	struct smc_eid eid;

	REQUIRE(v2->eid_count <= SMC_CLC_EIDS_MAX);
	REQUIRE(v2->device_count <= SMC_CLC_GIDS_MAX);
	REQUIRE(proposal->prefix.ipv6_count <= SMC_CLC_PREFIXES_MAX);
	if (smc_clc_proposal_check(proposal))
		return;
	table.ueids = &v2->eids[SMC_CLC_EIDS_MAX - 1];
	table.count = 1;
	smc_clc_eid_match(v2, &table, &eid);
	table.seid_enabled = true;
	table.seid = v2->seid;
	REQUIRE(!v2->seid_enabled || !smc_clc_eid_match(v2, &table, &eid));
	table.count = 0;
	REQUIRE(!v2->seid_enabled == !!smc_clc_eid_match(v2, &table, &eid));
	for (; smc_clc_pair_next(v2, local, 3, &pair); pair.offer++)
		REQUIRE(v2->devices[pair.offer].chid == local[pair.local].chid);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct message message;

	/* No message, no pointer. */
	if (!len)
		return 0;
	check_header(data, len);
	check_parsers(data, len);
	check_eid(data, len);
	if (message_parse(data, len, &message))
		return 0;
	check_rebuilt(&message);
	if (message.kind == SMC_CLC_PROPOSAL)
		check_proposal(&message.proposal);
	if (message.kind == SMC_CLC_ACCEPT)
		check_accept(&message.accept);
	if (message.kind == SMC_CLC_CONFIRM)
		check_confirm(&message.accept);
	return 0;
}

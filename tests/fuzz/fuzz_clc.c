// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * What a peer may send before a connection is there: any bytes. Whatever the
 * parser understands has to keep the limits, be built again, and mean the same
 * when it comes back; then the questions of the handshake are asked.
 */
#include <linux/errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../clients/smc/clc_match.h"
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

/* Each parser by itself, whatever the header says. */
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
	for (; smc_clc_pair_next(v2, local, 3, &pair); pair.offer++)
		REQUIRE(v2->devices[pair.offer].chid == local[pair.local].chid);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct message message;

	/* No message: no pointer either. */
	if (!len)
		return 0;
	check_header(data, len);
	check_parsers(data, len);
	if (message_parse(data, len, &message))
		return 0;
	check_rebuilt(&message);
	if (message.kind == SMC_CLC_PROPOSAL)
		check_proposal(&message.proposal);
	return 0;
}

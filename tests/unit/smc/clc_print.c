// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Prints every sample message for tshark.py: a line "message NAME KIND HEX",
 * then "FIELD VALUE..." for each field that another decoder should find, with
 * tshark's names of fields.
 */
#include <stdio.h>

#include "message.h"

static void print_text(const char *field, const u8 *text)
{
	printf("%s %.32s\n", field, text);
}

static unsigned long long half(const u8 *bytes)
{
	unsigned long long value = 0;
	unsigned int i;

	for (i = 0; i < 8; i++)
		value = value << 8 | bytes[i];
	return value;
}

static void print_devices(const struct smc_clc_v2 *v2)
{
	unsigned int i;

	for (i = 0; i < v2->device_count; i++) {
		const struct smc_clc_device *device = &v2->devices[i];

		printf("smc.proposal.ism.gid 0x%016llx\n",
		       half(device->gid.b));
		printf("smc.proposal.smc.chid 0x%04x\n", device->chid);
		if (!smc_clc_chid_is_emulated(device->chid))
			continue;
		printf("smc.proposal.ism.gid 0x%016llx\n",
		       half(device->gid.b + 8));
		printf("smc.proposal.smc.chid 0x%04x\n", device->chid);
	}
}

static void print_proposal(const struct smc_clc_proposal *proposal)
{
	const struct smc_clc_v2 *v2 = &proposal->v2;
	unsigned int i;

	printf("smc.proposal.smc.version %u\n", proposal->version);
	if (proposal->version == SMC_CLC_V1)
		return;
	printf("smc.proposal.smc.type %u\n", proposal->typev1);
	printf("smc.proposal.smcv2.type %u\n", proposal->typev2);
	if (proposal->typev1 != SMC_CLC_TYPE_NONE)
		printf("smc.proposal.ipv6.prefix.count %u\n",
		       proposal->prefix.ipv6_count);
	/* tshark does not decode the area of a peer that cannot use it. */
	if (smc_clc_type_has_smcd(proposal->typev1) ||
	    smc_clc_type_has_smcd(proposal->typev2)) {
		printf("smc.proposal.ism.gid 0x%016llx\n",
		       half(proposal->ism.gid.b));
		printf("smc.proposal.smc.chid 0x%04x\n", proposal->ism.chid);
	}
	if (!v2->present)
		return;
	printf("smc.proposal.eid.count %u\n", v2->eid_count);
	printf("smc.proposal.smc.version.relnum %u\n", v2->release);
	printf("smc.proposal.smc.seid %u\n", v2->seid_enabled);
	for (i = 0; i < v2->eid_count; i++)
		print_text("smc.proposal.eid", v2->eids[i].text);
	if (v2->smcd && v2->seid_enabled)
		print_text("smc.proposal.system.eid", v2->seid.text);
	if (v2->smcd)
		print_devices(v2);
}

static void print_accept(const struct smc_clc_accept *accept, bool confirm)
{
	const char *name = confirm ? "confirm" : "accept";
	const char *link = confirm ? "client" : "server";
	char field[64];

	printf("smc.%s.smc.type 1\n", name);
	printf("smc.%s.first.contact %u\n", name, accept->first_contact);
	printf("smc.%s.sender.%s.ism.gid 0x%016llx\n", name, link,
	       half(accept->device.gid.b));
	printf("smc.%s.dmb.token 0x%016llx\n", name,
	       (unsigned long long)accept->token);
	printf("smc.%s.dmbe.conn.index %u\n", name, accept->dmbe_idx);
	printf("smc.%s.dmbe.buffer.size %u\n", name, accept->dmbe_size);
	printf("smc.%s.%s.linkid 0x%08x\n", name, link, accept->link_id);
	if (accept->version == SMC_CLC_V1)
		return;
	printf("smc.%s.smc.chid 0x%04x\n", name, accept->device.chid);
	snprintf(field, sizeof(field), "smc.%s.eid", name);
	print_text(field, accept->eid.text);
	if (!accept->contact.present)
		return;
	printf("smc.%s.os.type %u\n", name, accept->contact.os);
	printf("smc.%s.smc.version.relnum %u\n", name,
	       accept->contact.release);
	snprintf(field, sizeof(field), "smc.%s.peer.host.name", name);
	print_text(field, accept->contact.hostname);
}

static void print_decline(const struct smc_clc_decline *decline)
{
	unsigned int i;

	printf("smc.decline.osync %u\n", decline->out_of_sync);
	printf("smc.sender.peer.id 0x%016llx\n", half(decline->peer_id));
	printf("smc.peer.diag.info 0x%08x\n", decline->diagnosis);
	if (decline->version == SMC_CLC_V1)
		return;
	for (i = 0; i < 4; i++)
		printf("smc.peer.diag.info 0x%08x\n", decline->extra[i]);
	printf("smc.decline.os.type %u\n", decline->os);
}

static int print_message(const char *name, const struct message *message)
{
	u8 buf[SMC_CLC_LEN_MAX];
	int i, len = message_build(buf, sizeof(buf), message);

	if (len < 0)
		return 1;
	printf("message %s %u ", name, message->kind);
	for (i = 0; i < len; i++)
		printf("%02x", buf[i]);
	printf("\nsmc.clc_msg %u\nsmc.length %u\n", message->kind, len);
	switch (message->kind) {
	case SMC_CLC_PROPOSAL:
		print_proposal(&message->proposal);
		break;
	case SMC_CLC_DECLINE:
		print_decline(&message->decline);
		break;
	default:
		print_accept(&message->accept,
			     message->kind == SMC_CLC_CONFIRM);
	}
	return 0;
}

int main(void)
{
	struct message message;
	unsigned int i;
	int failed = 0;

	for (i = 0; i < sample_count; i++) {
		message_sample(i, &message);
		failed |= print_message(samples[i].name, &message);
	}
	return failed;
}

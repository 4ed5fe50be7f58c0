// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * CLC messages of any kind for tests.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <string.h>

#include "message.h"

int message_parse(const u8 *data, size_t len, struct message *message)
{
	struct smc_clc_header header;
	int err;

	memset(message, 0, sizeof(*message));
	err = smc_clc_header_parse(data, len, &header);
	if (err)
		return err;
	message->kind = header.msg;
	switch (header.msg) {
	case SMC_CLC_PROPOSAL:
		return smc_clc_proposal_parse(data, len, &message->proposal);
	case SMC_CLC_ACCEPT:
		return smc_clc_accept_parse(data, len, &message->accept);
	case SMC_CLC_CONFIRM:
		return smc_clc_confirm_parse(data, len, &message->accept);
	default:
		return smc_clc_decline_parse(data, len, &message->decline);
	}
}

int message_build(u8 *buf, size_t size, const struct message *message)
{
	switch (message->kind) {
	case SMC_CLC_PROPOSAL:
		return smc_clc_proposal_build(buf, size, &message->proposal);
	case SMC_CLC_ACCEPT:
		return smc_clc_accept_build(buf, size, &message->accept);
	case SMC_CLC_CONFIRM:
		return smc_clc_confirm_build(buf, size, &message->accept);
	default:
		return smc_clc_decline_build(buf, size, &message->decline);
	}
}

/* Both are zero wherever nothing was filled in, padding included. */
bool message_equal(const struct message *a, const struct message *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static void fill_bytes(void *to, size_t len, u8 first)
{
	u8 *byte = to;

	while (len--)
		*byte++ = first++;
}

static void fill_eid(struct smc_eid *eid, const char *text)
{
	smc_eid_from_text(eid, text, strlen(text));
}

static void fill_device(struct smc_clc_device *device, u8 first, u16 chid)
{
	size_t len = smc_clc_chid_is_emulated(chid) ? 16 : 8;

	fill_bytes(device->gid.b, len, first);
	device->chid = chid;
}

/* --- proposals ----------------------------------------------------------- */

static struct smc_clc_proposal *new_proposal(struct message *message,
					     u8 version, u8 typev1, u8 typev2)
{
	struct smc_clc_proposal *proposal = &message->proposal;

	memset(message, 0, sizeof(*message));
	message->kind = SMC_CLC_PROPOSAL;
	proposal->version = version;
	proposal->typev1 = typev1;
	proposal->typev2 = typev2;
	return proposal;
}

static void v2_loopback(struct message *message)
{
	struct smc_clc_v2 *v2 = &new_proposal(message, SMC_CLC_V2,
					      SMC_CLC_TYPE_NONE,
					      SMC_CLC_TYPE_D)->v2;

	v2->present = true;
	v2->smcd = true;
	v2->release = 1;
	v2->feature_mask = SMC_CLC_FEATURE_EMULATED;
	v2->device_count = 1;
	fill_device(&v2->devices[0], 0x10, 0xffff);
}

static void v2_four_emulated(struct message *message)
{
	struct smc_clc_v2 *v2;
	unsigned int i;

	v2_loopback(message);
	v2 = &message->proposal.v2;
	v2->device_count = SMC_CLC_EMULATED_MAX;
	for (i = 1; i < SMC_CLC_EMULATED_MAX; i++)
		fill_device(&v2->devices[i], 0x20 * i, 0xff00 + i);
	v2->eid_count = 1;
	fill_eid(&v2->eids[0], "A");
}

static void v2_ism(struct message *message)
{
	struct smc_clc_v2 *v2;
	unsigned int i;

	v2_loopback(message);
	memset(message->proposal.v2.devices, 0,
	       sizeof(message->proposal.v2.devices));
	v2 = &message->proposal.v2;
	v2->release = 0;
	v2->feature_mask = 0;
	v2->device_count = SMC_CLC_GIDS_MAX;
	for (i = 0; i < SMC_CLC_GIDS_MAX; i++)
		fill_device(&v2->devices[i], 0x80 + i, 0x07c0 + i);
	v2->seid_enabled = true;
	fill_eid(&v2->seid, "IBM-SYSZ-ISMSEID00000000A1B28561");
}

static void v2_without_smcd(struct message *message)
{
	v2_loopback(message);
	memset(&message->proposal.v2, 0, sizeof(message->proposal.v2));
	message->proposal.v2.present = true;
}

static void v2_without_v2(struct message *message)
{
	new_proposal(message, SMC_CLC_V2, SMC_CLC_TYPE_NONE, SMC_CLC_TYPE_D);
}

static void v2_smcr(struct message *message)
{
	struct smc_clc_proposal *proposal =
		new_proposal(message, SMC_CLC_V2, SMC_CLC_TYPE_NONE,
			     SMC_CLC_TYPE_R);

	fill_bytes(proposal->peer_id, 8, 1);
	proposal->v2.present = true;
	fill_bytes(proposal->v2.roce_gid, 16, 0x40);
	proposal->v2.max_conns = 255;
	proposal->v2.max_links = 2;
}

static void v2_none(struct message *message)
{
	new_proposal(message, SMC_CLC_V2, SMC_CLC_TYPE_NONE,
		     SMC_CLC_TYPE_NONE);
}

static void fill_v1(struct smc_clc_proposal *proposal, unsigned int prefixes)
{
	unsigned int i;

	fill_bytes(proposal->peer_id, 8, 0x01);
	fill_bytes(proposal->roce_gid, 16, 0x30);
	fill_bytes(proposal->mac, 6, 0x50);
	proposal->prefix.ipv4 = 0x0a000100;
	proposal->prefix.ipv4_len = 24;
	proposal->prefix.ipv6_count = prefixes;
	for (i = 0; i < prefixes; i++) {
		fill_bytes(proposal->prefix.ipv6[i].addr, 16, 0x60 + i);
		proposal->prefix.ipv6[i].len = 64 + i;
	}
}

static void v1_smcr(struct message *message)
{
	fill_v1(new_proposal(message, SMC_CLC_V1, SMC_CLC_TYPE_R,
			     SMC_CLC_TYPE_NONE), 0);
}

static void v1_smcd(struct message *message)
{
	struct smc_clc_proposal *proposal =
		new_proposal(message, SMC_CLC_V1, SMC_CLC_TYPE_D,
			     SMC_CLC_TYPE_NONE);

	fill_v1(proposal, 1);
	fill_device(&proposal->ism, 0x70, 0);
}

static void everything(struct message *message)
{
	static const char * const eids[SMC_CLC_EIDS_MAX] = {
		"E1", "E-2", "E.3", "4", "E5", "E6", "E7",
		"A2345678901234567890123456789012",
	};
	struct smc_clc_proposal *proposal;
	unsigned int i;

	v2_four_emulated(message);
	proposal = &message->proposal;
	proposal->typev1 = SMC_CLC_TYPE_BOTH;
	proposal->typev2 = SMC_CLC_TYPE_BOTH;
	fill_v1(proposal, SMC_CLC_PREFIXES_MAX);
	fill_device(&proposal->ism, 0x70, 0x07c1);
	proposal->v2.release = 15;
	proposal->v2.max_conns = 255;
	proposal->v2.max_links = 2;
	proposal->v2.seid_enabled = true;
	fill_eid(&proposal->v2.seid, "IBM-SYSZ-ISMSEID00000000A1B28561");
	fill_bytes(proposal->v2.roce_gid, 16, 0x40);
	proposal->v2.eid_count = SMC_CLC_EIDS_MAX;
	for (i = 0; i < SMC_CLC_EIDS_MAX; i++)
		fill_eid(&proposal->v2.eids[i], eids[i]);
}

/* --- answers ------------------------------------------------------------- */

static struct smc_clc_accept *new_accept(struct message *message, u8 kind,
					 u8 version)
{
	struct smc_clc_accept *accept = &message->accept;

	memset(message, 0, sizeof(*message));
	message->kind = kind;
	accept->version = version;
	accept->dmbe_size = SMC_CLC_DMBE_SIZE_MAX;
	accept->link_id = 0x00010000;
	accept->token = 0x18efbf6cb06d4a6cull;
	fill_device(&accept->device, 0x10, 0);
	if (version == SMC_CLC_V2) {
		fill_device(&accept->device, 0x10, 0xffff);
		fill_eid(&accept->eid, "FIRST-EID");
	}
	return accept;
}

static void fill_contact(struct smc_clc_accept *accept, u8 release)
{
	accept->first_contact = true;
	accept->contact.present = true;
	accept->contact.os = SMC_CLC_OS_LINUX;
	accept->contact.release = release;
	if (release)
		accept->contact.feature_mask = SMC_CLC_FEATURE_EMULATED;
	smc_clc_hostname_set(accept->contact.hostname, "host.example");
}

static void accept_v1(struct message *message)
{
	new_accept(message, SMC_CLC_ACCEPT, SMC_CLC_V1)->first_contact = true;
}

static void accept_reuse(struct message *message)
{
	new_accept(message, SMC_CLC_ACCEPT, SMC_CLC_V2);
}

static void accept_ism(struct message *message)
{
	struct smc_clc_device *device;

	device = &new_accept(message, SMC_CLC_ACCEPT, SMC_CLC_V2)->device;
	memset(device, 0, sizeof(*device));
	fill_device(device, 0x90, 0x07c0);
}

static void accept_v20(struct message *message)
{
	fill_contact(new_accept(message, SMC_CLC_ACCEPT, SMC_CLC_V2), 0);
}

static void accept_v21(struct message *message)
{
	fill_contact(new_accept(message, SMC_CLC_ACCEPT, SMC_CLC_V2), 1);
}

static void confirm_v1(struct message *message)
{
	new_accept(message, SMC_CLC_CONFIRM, SMC_CLC_V1);
}

static void confirm_reuse(struct message *message)
{
	new_accept(message, SMC_CLC_CONFIRM, SMC_CLC_V2)->dmbe_idx = 255;
}

static void confirm_v20(struct message *message)
{
	fill_contact(new_accept(message, SMC_CLC_CONFIRM, SMC_CLC_V2), 0);
}

static void confirm_v21(struct message *message)
{
	struct smc_clc_accept *confirm =
		new_accept(message, SMC_CLC_CONFIRM, SMC_CLC_V2);

	fill_contact(confirm, 1);
	confirm->contact.v2_direct = true;
}

/* --- declines ------------------------------------------------------------ */

static void decline_v1(struct message *message)
{
	memset(message, 0, sizeof(*message));
	message->kind = SMC_CLC_DECLINE;
	message->decline.version = SMC_CLC_V1;
	message->decline.os = SMC_CLC_OS_AIX;
	message->decline.out_of_sync = true;
	message->decline.diagnosis = 0x04000000;
	fill_bytes(message->decline.peer_id, 8, 1);
}

static void decline_v2(struct message *message)
{
	memset(message, 0, sizeof(*message));
	message->kind = SMC_CLC_DECLINE;
	message->decline.version = SMC_CLC_V2;
	message->decline.os = SMC_CLC_OS_LINUX;
	message->decline.diagnosis = 0x03030008;
	message->decline.extra[0] = 0x01020304;
	message->decline.extra[3] = 0x0a0b0c0d;
}

#define SAMPLE(function) { #function, function }
const struct sample samples[] = {
	SAMPLE(v2_loopback),
	SAMPLE(v2_four_emulated),
	SAMPLE(v2_ism),
	SAMPLE(v2_without_smcd),
	SAMPLE(v2_without_v2),
	SAMPLE(v2_smcr),
	SAMPLE(v2_none),
	SAMPLE(v1_smcr),
	SAMPLE(v1_smcd),
	SAMPLE(everything),
	SAMPLE(accept_v1),
	SAMPLE(accept_reuse),
	SAMPLE(accept_ism),
	SAMPLE(accept_v20),
	SAMPLE(accept_v21),
	SAMPLE(confirm_v1),
	SAMPLE(confirm_reuse),
	SAMPLE(confirm_v20),
	SAMPLE(confirm_v21),
	SAMPLE(decline_v1),
	SAMPLE(decline_v2),
};

const unsigned int sample_count = ARRAY_SIZE(samples);

void message_sample(unsigned int index, struct message *message)
{
	samples[index].fill(message);
}

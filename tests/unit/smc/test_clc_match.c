// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * What do two ends have in common, and why do they decline if nothing?
 */
#include "../../../clients/smc/clc/match.h"
#include <uapi/linux/dibs_smc.h>
#include "message.h"
#include "sample.h"
#include "test.h"

static struct smc_eid eid(const char *text)
{
	struct smc_eid result;

	assert_int_equal(smc_eid_from_text(&result, text, strlen(text)), 0);
	return result;
}

static void each_proposal_gets_the_right_answer(void **state)
{
	static const struct {
		const char *name;
		u32 reason;
	} known[] = {
		{ "v2_loopback", 0 },
		{ "v2_four_emulated", 0 },
		{ "v2_ism", 0 },
		{ "everything", 0 },
		{ "v1_smcd", 0x030c0000 },
		{ "v1_smcr", 0x030c0000 },
		{ "v2_none", 0x030c0000 },
		{ "v2_smcr", 0x03040000 },
		{ "v2_without_v2", 0x03030004 },
		{ "v2_without_smcd", 0x03030005 },
	};
	struct message message;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(known); i++) {
		sample(known[i].name, &message);
		assert_int_equal(smc_clc_proposal_check(&message.proposal),
				 known[i].reason);
	}
	sample("v2_loopback", &message);
	message.proposal.v2.device_count = 0;
	assert_int_equal(smc_clc_proposal_check(&message.proposal),
			 0x03030007);
}

static void errors_have_reasons(void **state)
{
	(void)state;
	assert_int_equal(smc_clc_reason_from_errno(0), 0);
	assert_int_equal(smc_clc_reason_from_errno(-ENOMEM), 0x01010000);
	assert_int_equal(smc_clc_reason_from_errno(-ENOSPC), 0x030d0000);
	assert_int_equal(smc_clc_reason_from_errno(-ENODEV), 0x03030007);
	assert_int_equal(smc_clc_reason_from_errno(-ETIMEDOUT), 0x02010000);
	assert_int_equal(smc_clc_reason_from_errno(-EPROTO), 0x03010000);
	assert_int_equal(smc_clc_reason_from_errno(-EPROTONOSUPPORT),
			 0x030c0000);
	assert_int_equal(smc_clc_reason_from_errno(-EPFNOSUPPORT), 0x03040000);
	assert_int_equal(smc_clc_reason_from_errno(-EBADMSG), 0x09990000);
	assert_int_equal(smc_clc_reason_from_errno(-EIO), 0x09990000);
}

/* --- EIDs ---------------------------------------------------------------- */

static void equal_seids_come_before_ueids(void **state)
{
	struct smc_clc_v2 offer = { .seid_enabled = true, .eid_count = 1 };
	struct smc_eid_table local = { .seid_enabled = true, .count = 1 };
	struct smc_eid ueid = eid("UEID"), got;

	(void)state;
	offer.seid = eid("SEID");
	offer.eids[0] = ueid;
	local.seid = eid("SEID");
	local.ueids = &ueid;
	assert_int_equal(smc_clc_eid_match(&offer, &local, &got), 0);
	assert_true(smc_eid_equal(&got, &local.seid));

	local.seid = eid("OTHER");
	assert_int_equal(smc_clc_eid_match(&offer, &local, &got), 0);
	assert_true(smc_eid_equal(&got, &ueid));

	local.seid = eid("SEID");
	local.seid_enabled = false;
	assert_int_equal(smc_clc_eid_match(&offer, &local, &got), 0);
	assert_true(smc_eid_equal(&got, &ueid));

	local.seid_enabled = true;
	offer.seid_enabled = false;
	assert_int_equal(smc_clc_eid_match(&offer, &local, &got), 0);
	assert_true(smc_eid_equal(&got, &ueid));
}

static void the_peers_first_ueid_of_ours_is_taken(void **state)
{
	struct smc_eid ours[3] = { eid("A"), eid("B"), eid("C") }, got;
	struct smc_eid_table local = { .ueids = ours, .count = 3 };
	struct smc_clc_v2 offer = { .eid_count = 3 };

	(void)state;
	offer.eids[0] = eid("X");
	offer.eids[1] = eid("C");
	offer.eids[2] = eid("A");
	assert_int_equal(smc_clc_eid_match(&offer, &local, &got), 0);
	assert_true(smc_eid_equal(&got, &ours[2]));
	/* Entries beyond the count are ignored. */
	offer.eid_count = 1;
	assert_int_equal(smc_clc_eid_match(&offer, &local, &got), 0x03030008);
}

static void without_an_eid_in_common_the_reason_tells_which(void **state)
{
	struct smc_eid ours = eid("OURS"), got;
	struct smc_eid_table local = { .ueids = &ours };
	struct smc_clc_v2 offer = {};

	(void)state;
	/* As in the capture: neither side has any EID. */
	assert_int_equal(smc_clc_eid_match(&offer, &local, &got), 0x03030008);
	local.seid = eid("SEID");
	local.seid_enabled = true;
	assert_int_equal(smc_clc_eid_match(&offer, &local, &got), 0x03030006);
	local.count = 1;
	assert_int_equal(smc_clc_eid_match(&offer, &local, &got), 0x03030008);
	local.count = 0;
	offer.seid_enabled = true;
	assert_int_equal(smc_clc_eid_match(&offer, &local, &got), 0x03030008);
}

/* --- devices ------------------------------------------------------------- */

static void pairs_are_on_one_fabric_in_our_order(void **state)
{
	static const struct smc_clc_device local[] = {
		{ .chid = 0xffff }, { .chid = 0x0001 }, { .chid = 0x07c0 },
	};
	static const struct smc_clc_pair want[] = {
		{ 0, 1 }, { 0, 2 }, { 2, 0 }, { 2, 3 },
	};
	struct smc_clc_v2 offer = { .device_count = 4 };
	struct smc_clc_pair pair = {};
	unsigned int n = 0;

	(void)state;
	offer.devices[0].chid = 0x07c0;
	offer.devices[1].chid = 0xffff;
	offer.devices[2].chid = 0xffff;
	offer.devices[3].chid = 0x07c0;
	offer.devices[4].chid = 0x0001;
	for (; smc_clc_pair_next(&offer, local, 3, &pair); pair.offer++) {
		assert_true(n < ARRAY_SIZE(want));
		assert_int_equal(pair.local, want[n].local);
		assert_int_equal(pair.offer, want[n].offer);
		n++;
	}
	assert_int_equal(n, ARRAY_SIZE(want));
	pair = (struct smc_clc_pair){};
	assert_false(smc_clc_pair_next(&offer, local, 0, &pair));
}

static void loopback_is_known_by_gid_other_fabrics_by_chid(void **state)
{
	struct smc_clc_v2 offer = { .device_count = 4 };
	struct smc_clc_accept accept = {};
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		offer.devices[i].chid = i < 2 ? 0xffff : 0xfffe;
		offer.devices[i].gid.b[15] = i;
	}
	accept.device.chid = 0xffff;
	accept.device.gid.b[15] = 1;
	i = 0;
	assert_true(smc_clc_offer_next(&offer, &accept, &i));
	assert_int_equal(i++, 1);
	assert_false(smc_clc_offer_next(&offer, &accept, &i));

	accept.device.gid.b[15] = 9;
	i = 0;
	assert_false(smc_clc_offer_next(&offer, &accept, &i));

	accept.device.chid = 0xfffe;
	i = 0;
	assert_true(smc_clc_offer_next(&offer, &accept, &i));
	assert_int_equal(i++, 2);
	assert_true(smc_clc_offer_next(&offer, &accept, &i));
	assert_int_equal(i++, 3);
	assert_false(smc_clc_offer_next(&offer, &accept, &i));
}

static void ism_gids_are_the_first_half_of_a_uuid(void **state)
{
	struct smc_clc_device device;
	struct message message;

	(void)state;
	sample("accept_ism", &message);
	device = message.accept.device;
	assert_int_equal(dibs_gid_to_u64(&device.gid), 0x9091929394959697ull);
	device.gid = dibs_gid_from_u64(0x9091929394959697ull);
	assert_memory_equal(&device.gid, &message.accept.device.gid, 16);
}

static void releases_are_negotiated_downwards(void **state)
{
	(void)state;
	assert_int_equal(smc_clc_release_min(0), 0);
	assert_int_equal(smc_clc_release_min(1), 1);
	assert_int_equal(smc_clc_release_min(15), 1);
}

/* --- answers ------------------------------------------------------------- */

static void accept_must_answer_the_proposal(void **state)
{
	struct message offer, answer;
	struct smc_clc_v2 *v2 = &offer.proposal.v2;
	struct smc_clc_accept *accept = &answer.accept;

	(void)state;
	sample("v2_loopback", &offer);
	sample("accept_v21", &answer);
	assert_int_equal(smc_clc_accept_check(v2, accept), 0x03030008);
	v2->eids[0] = eid("FIRST-EID");
	v2->eid_count = 1;
	assert_int_equal(smc_clc_accept_check(v2, accept), 0);
	v2->seid = accept->eid;
	v2->eid_count = 0;
	assert_int_equal(smc_clc_accept_check(v2, accept), 0x03030008);
	v2->seid_enabled = true;
	assert_int_equal(smc_clc_accept_check(v2, accept), 0);
	v2->seid = eid("OTHER");
	assert_int_equal(smc_clc_accept_check(v2, accept), 0x03030008);
	v2->seid = accept->eid;

	accept->version = 1;
	assert_int_equal(smc_clc_accept_check(v2, accept), 0x030c0000);
	accept->version = 2;
	accept->contact.release = 2;
	assert_int_equal(smc_clc_accept_check(v2, accept), 0x03030009);
	accept->contact.release = 0;
	assert_int_equal(smc_clc_accept_check(v2, accept), 0);
	accept->device.chid = 0xfffe;
	assert_int_equal(smc_clc_accept_check(v2, accept), 0x03030007);
}

static void confirm_must_repeat_the_accept(void **state)
{
	struct message sent, answer;
	struct smc_clc_accept *accept = &sent.accept;
	struct smc_clc_accept *confirm = &answer.accept;
	struct smc_clc_device peer;

	(void)state;
	sample("accept_v21", &sent);
	sample("confirm_v21", &answer);
	peer = confirm->device;
	assert_int_equal(smc_clc_confirm_check(accept, &peer, confirm), 0);
	confirm->version = 1;
	assert_int_equal(smc_clc_confirm_check(accept, &peer, confirm),
			 0x030c0000);
	confirm->version = 2;
	confirm->first_contact = false;
	assert_int_equal(smc_clc_confirm_check(accept, &peer, confirm),
			 0x04000000);
	confirm->first_contact = true;
	confirm->contact.release = 0;
	assert_int_equal(smc_clc_confirm_check(accept, &peer, confirm),
			 0x03030009);
	confirm->contact.release = 1;
	confirm->eid = eid("OTHER");
	assert_int_equal(smc_clc_confirm_check(accept, &peer, confirm),
			 0x03030008);
	confirm->eid = accept->eid;
	confirm->device.chid = 0xfffe;
	assert_int_equal(smc_clc_confirm_check(accept, &peer, confirm),
			 0x03030007);
	confirm->device = peer;
	confirm->device.gid.b[15]++;
	assert_int_equal(smc_clc_confirm_check(accept, &peer, confirm),
			 0x03030007);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_proposal_gets_the_right_answer),
		cmocka_unit_test(errors_have_reasons),
		cmocka_unit_test(equal_seids_come_before_ueids),
		cmocka_unit_test(the_peers_first_ueid_of_ours_is_taken),
		cmocka_unit_test(
			without_an_eid_in_common_the_reason_tells_which),
		cmocka_unit_test(pairs_are_on_one_fabric_in_our_order),
		cmocka_unit_test(
			loopback_is_known_by_gid_other_fabrics_by_chid),
		cmocka_unit_test(ism_gids_are_the_first_half_of_a_uuid),
		cmocka_unit_test(releases_are_negotiated_downwards),
		cmocka_unit_test(accept_must_answer_the_proposal),
		cmocka_unit_test(confirm_must_repeat_the_accept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

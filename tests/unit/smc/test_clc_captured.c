// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Do we understand what another implementation sent, and would we have sent the
 * same bytes? captured/extract says where the messages come from.
 */
#include <dirent.h>

#include "message.h"
#include "test.h"

static size_t load(const char *name, u8 *buf, size_t size)
{
	char path[512];
	unsigned int byte;
	size_t len = 0;
	FILE *file;

	snprintf(path, sizeof(path), CAPTURED "/%s", name);
	file = fopen(path, "r");
	assert_non_null(file);
	while (len < size && fscanf(file, "%2x", &byte) == 1)
		buf[len++] = byte;
	fclose(file);
	return len;
}

static void every_message_is_rebuilt_byte_for_byte(void **state)
{
	unsigned int count = 0;
	struct dirent *entry;
	DIR *dir;

	(void)state;
	dir = opendir(CAPTURED);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		u8 bytes[SMC_CLC_BUF_LEN], built[SMC_CLC_BUF_LEN];
		struct message message;
		size_t len;

		if (!strstr(entry->d_name, ".hex"))
			continue;
		count++;
		len = load(entry->d_name, bytes, sizeof(bytes));
		assert_int_equal(message_parse(bytes, len, &message), 0);
		assert_int_equal(message_build(built, sizeof(built), &message),
				 len);
		assert_memory_equal(built, bytes, len);
	}
	closedir(dir);
	assert_int_equal(count, 10);
}

static void a_proposal_means_what_it_should(void **state)
{
	static const u8 gid[16] = {
		0x44, 0x41, 0x81, 0xf6, 0x1f, 0x16, 0x09, 0x4d,
		0x70, 0xd9, 0xa9, 0x81, 0x17, 0xb1, 0x82, 0xa7,
	};
	struct smc_clc_proposal *proposal;
	u8 bytes[SMC_CLC_BUF_LEN];
	struct message message;
	struct smc_clc_v2 *v2;
	struct smc_eid eid;
	size_t len;

	(void)state;
	len = load("smcd-v2-handshake-04-proposal.hex", bytes, sizeof(bytes));
	assert_int_equal(message_parse(bytes, len, &message), 0);
	assert_int_equal(message.kind, SMC_CLC_PROPOSAL);
	proposal = &message.proposal;
	v2 = &proposal->v2;
	assert_int_equal(proposal->version, SMC_CLC_V2);
	assert_int_equal(proposal->typev1, SMC_CLC_TYPE_NONE);
	assert_int_equal(proposal->typev2, SMC_CLC_TYPE_D);
	assert_true(v2->present && v2->smcd && !v2->seid_enabled);
	assert_int_equal(v2->release, 1);
	assert_int_equal(v2->feature_mask, SMC_CLC_FEATURE_EMULATED);
	assert_int_equal(v2->eid_count, 1);
	assert_int_equal(smc_eid_from_text(&eid, "FIRST-EID", 9), 0);
	assert_true(smc_eid_equal(&v2->eids[0], &eid));
	assert_int_equal(v2->device_count, 1);
	assert_int_equal(v2->devices[0].chid, 0xffff);
	assert_memory_equal(v2->devices[0].gid.b, gid, 16);
}

static void an_accept_means_what_it_should(void **state)
{
	static const char hostname[] = "(none)                          ";
	u8 bytes[SMC_CLC_BUF_LEN];
	struct smc_clc_accept *accept;
	struct message message;
	size_t len;

	(void)state;
	len = load("smcd-v2-handshake-06-accept.hex", bytes, sizeof(bytes));
	assert_int_equal(message_parse(bytes, len, &message), 0);
	assert_int_equal(message.kind, SMC_CLC_ACCEPT);
	accept = &message.accept;
	assert_int_equal(accept->version, SMC_CLC_V2);
	assert_true(accept->first_contact && accept->contact.present);
	assert_true(accept->token == 0x18efbf6cb06d4a6cull);
	assert_int_equal(accept->dmbe_idx, 0);
	assert_int_equal(accept->dmbe_size, 2);
	assert_int_equal(accept->link_id, 0x00010000);
	assert_int_equal(accept->device.chid, 0xffff);
	assert_int_equal(accept->contact.os, SMC_CLC_OS_LINUX);
	assert_int_equal(accept->contact.release, 1);
	assert_int_equal(accept->contact.feature_mask,
			 SMC_CLC_FEATURE_EMULATED);
	assert_memory_equal(accept->contact.hostname, hostname,
			    SMC_CLC_HOSTNAME_LEN);
}

static void a_decline_means_what_it_should(void **state)
{
	u8 bytes[SMC_CLC_BUF_LEN];
	struct message message;
	size_t len;

	(void)state;
	len = load("smcd-v2-decline-no-eid-06-decline.hex", bytes,
		   sizeof(bytes));
	assert_int_equal(message_parse(bytes, len, &message), 0);
	assert_int_equal(message.kind, SMC_CLC_DECLINE);
	assert_int_equal(message.decline.version, SMC_CLC_V2);
	assert_int_equal(message.decline.os, SMC_CLC_OS_LINUX);
	assert_int_equal(message.decline.diagnosis, 0x03030008);
	assert_false(message.decline.out_of_sync);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_is_rebuilt_byte_for_byte),
		cmocka_unit_test(a_proposal_means_what_it_should),
		cmocka_unit_test(an_accept_means_what_it_should),
		cmocka_unit_test(a_decline_means_what_it_should),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

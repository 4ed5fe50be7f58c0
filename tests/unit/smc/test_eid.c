// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Which strings are user EIDs, and when are two the same?
 */
#include "../../../clients/smc/clc/eid.h"
#include "test.h"

static int from(const char *text)
{
	struct smc_eid eid;

	return smc_eid_from_text(&eid, text, strlen(text));
}

static void ueids_follow_the_rules(void **state)
{
	(void)state;
	assert_int_equal(from("A"), 0);
	assert_int_equal(from("0"), 0);
	assert_int_equal(from("Z9.-"), 0);
	assert_int_equal(from("A2345678901234567890123456789012"), 0);
	assert_int_equal(from("PADDED   "), 0);
	assert_int_equal(from(""), -EINVAL);
	assert_int_equal(from(" A"), -EINVAL);
	assert_int_equal(from(".A"), -EINVAL);
	assert_int_equal(from("-A"), -EINVAL);
	assert_int_equal(from("a"), -EINVAL);
	assert_int_equal(from("Aa"), -EINVAL);
	assert_int_equal(from("A B"), -EINVAL);
	assert_int_equal(from("A_"), -EINVAL);
	assert_int_equal(from("A23456789012345678901234567890123"), -EINVAL);
}

static void each_byte_of_an_eid_counts(void **state)
{
	struct smc_eid eid, other;
	unsigned int at, value;

	(void)state;
	for (at = 0; at < SMC_EID_LEN; at++) {
		for (value = 0; value < 256; value++) {
			bool alnum = (value >= 'A' && value <= 'Z') ||
				     (value >= '0' && value <= '9');
			bool want = alnum || (at && (value == '.' ||
						     value == '-'));

			/*
			 * A blank is valid only if all that follow are blanks.
			 */
			if (value == ' ' && at == SMC_EID_LEN - 1)
				want = true;
			memset(eid.text, 'A', SMC_EID_LEN);
			other = eid;
			eid.text[at] = value;
			assert_int_equal(smc_eid_is_ueid(&eid), want);
			assert_int_equal(smc_eid_equal(&eid, &other),
					 value == 'A');
		}
	}
}

static void a_table_has_its_ueids_and_no_others(void **state)
{
	struct smc_eid eids[3], other;
	struct smc_eid_table table = { .ueids = eids };
	unsigned int i;

	(void)state;
	smc_eid_from_text(&eids[0], "ONE", 3);
	smc_eid_from_text(&eids[1], "TWO", 3);
	smc_eid_from_text(&eids[2], "THREE", 5);
	smc_eid_from_text(&other, "FOUR", 4);
	table.seid = other;
	table.seid_enabled = true;
	for (table.count = 0; table.count <= 3; table.count++) {
		for (i = 0; i < 3; i++)
			assert_int_equal(smc_eid_table_has(&table, &eids[i]),
					 i < table.count);
		assert_false(smc_eid_table_has(&table, &other));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ueids_follow_the_rules),
		cmocka_unit_test(each_byte_of_an_eid_counts),
		cmocka_unit_test(a_table_has_its_ueids_and_no_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

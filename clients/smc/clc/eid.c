// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Enterprise IDs. Called by the handshake and by netlink; any context.
 */
#include <linux/errno.h>
#include <linux/string.h>

#include "clc/eid.h"

/**
 * smc_eid_equal() - are two EIDs the same?
 * @a: one
 * @b: the other
 *
 * Return: true if all 32 bytes are equal.
 */
bool smc_eid_equal(const struct smc_eid *a, const struct smc_eid *b)
{
	return !memcmp(a->text, b->text, SMC_EID_LEN);
}

static bool smc_eid_alnum(u8 c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/**
 * smc_eid_is_ueid() - does an EID follow the rules for user EIDs?
 * @eid: the EID
 *
 * A UEID is a letter A to Z or a digit, then more of these, "." and "-", then
 * blanks.
 *
 * Return: true if so.
 */
bool smc_eid_is_ueid(const struct smc_eid *eid)
{
	unsigned int i = 1;

	if (!smc_eid_alnum(eid->text[0]))
		return false;
	while (i < SMC_EID_LEN &&
	       (smc_eid_alnum(eid->text[i]) || eid->text[i] == '.' ||
		eid->text[i] == '-'))
		i++;
	while (i < SMC_EID_LEN && eid->text[i] == ' ')
		i++;
	return i == SMC_EID_LEN;
}

/**
 * smc_eid_from_text() - make a user EID of text
 * @eid:  result, padded
 * @text: characters, not necessarily terminated
 * @len:  number of characters
 *
 * Return: 0, or -EINVAL if @text is too long or not a UEID; @eid is then
 * undefined.
 */
int smc_eid_from_text(struct smc_eid *eid, const char *text, size_t len)
{
	if (len > SMC_EID_LEN)
		return -EINVAL;
	memset(eid->text, ' ', SMC_EID_LEN);
	memcpy(eid->text, text, len);
	return smc_eid_is_ueid(eid) ? 0 : -EINVAL;
}

/**
 * smc_eid_table_has() - is an EID one of the table's user EIDs?
 * @table: the table
 * @eid:   the EID to look for
 *
 * Return: true if so; the table's SEID is not considered.
 */
bool smc_eid_table_has(const struct smc_eid_table *table,
		       const struct smc_eid *eid)
{
	unsigned int i;

	for (i = 0; i < table->count; i++)
		if (smc_eid_equal(&table->ueids[i], eid))
			return true;
	return false;
}

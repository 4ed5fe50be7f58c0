/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Enterprise IDs: names of groups of systems. Two ends use SMC version 2 only
 * if they have one in common. User EIDs (UEIDs) are configured; the system EID
 * (SEID) comes from the machine. Pure functions, any context.
 */
#ifndef _DIBS_SMC_EID_H
#define _DIBS_SMC_EID_H

#include <linux/types.h>

#define SMC_EID_LEN	32

/**
 * struct smc_eid - an EID as on the wire
 * @text: ASCII, padded with blanks, not terminated
 */
struct smc_eid {
	u8 text[SMC_EID_LEN];
};

/**
 * struct smc_eid_table - the EIDs of one end
 * @ueids:        user EIDs
 * @count:        number of user EIDs
 * @seid:         system EID
 * @seid_enabled: @seid is valid and may be used
 */
struct smc_eid_table {
	const struct smc_eid *ueids;
	unsigned int count;
	struct smc_eid seid;
	bool seid_enabled;
};

bool smc_eid_equal(const struct smc_eid *a, const struct smc_eid *b);
bool smc_eid_is_ueid(const struct smc_eid *eid);
int smc_eid_from_text(struct smc_eid *eid, const char *text, size_t len);
bool smc_eid_table_has(const struct smc_eid_table *table,
		       const struct smc_eid *eid);

#endif /* _DIBS_SMC_EID_H */

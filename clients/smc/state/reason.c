// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Maps a reason for falling back to the index of its counter, and back. Called
 * where fallbacks are counted and dumped; any context.
 */
#include "state/reason.h"

static const u32 smc_reason_codes[SMC_REASON_INDEXES] = {
#define X(name, code, text) code,
	DIBS_SMC_REASONS(X)
#undef X
};

unsigned int smc_reason_index(u32 code)
{
	unsigned int i;

	for (i = 0; i < SMC_REASON_INDEX_OTHER; i++) {
		if (smc_reason_codes[i] == code)
			break;
	}
	return i;
}

/* Returns 0 for SMC_REASON_INDEX_OTHER, which has no code of its own. */
u32 smc_reason_code(unsigned int index)
{
	return smc_reason_codes[index];
}

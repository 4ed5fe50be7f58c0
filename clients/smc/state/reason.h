/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * The role of an end in a connection, and reasons for falling back to TCP: the
 * codes of CLC decline messages. <linux/dibs_smc.h> defines them with
 * their texts. Any context.
 */
#ifndef _DIBS_SMC_REASON_H
#define _DIBS_SMC_REASON_H

#include <linux/types.h>
#include <uapi/linux/dibs_smc.h>

enum smc_role {
	SMC_ROLE_CLIENT,
	SMC_ROLE_SERVER,
	SMC_ROLES
};

/* Index of the counter of a code. The last one counts codes unknown here. */
enum smc_reason_index {
#define X(name, code, text) SMC_REASON_INDEX_##name,
	DIBS_SMC_REASONS(X)
#undef X
	SMC_REASON_INDEX_OTHER,
	SMC_REASON_INDEXES
};

unsigned int smc_reason_index(u32 code);
u32 smc_reason_code(unsigned int index);

#endif /* _DIBS_SMC_REASON_H */

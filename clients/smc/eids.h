/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * The user EIDs of this system.
 */
#ifndef _DIBS_SMC_EIDS_H
#define _DIBS_SMC_EIDS_H

#include "eid.h"

/* What administrators may add, as with the kernel's own SMC, and the default. */
#define SMC_UEIDS_MAX	4
#define SMC_EIDS_MAX	(SMC_UEIDS_MAX + 1)

unsigned int smc_eids_get(struct smc_eid *eids, unsigned int max);
int smc_eids_add(const char *text, size_t len);
int smc_eids_del(const char *text, size_t len);
void smc_eids_flush(void);
bool smc_eids_seid(char text[SMC_EID_LEN + 1]);
bool smc_eids_seid_enabled(void);
void smc_eids_enable_seid(bool enable);

#endif /* _DIBS_SMC_EIDS_H */

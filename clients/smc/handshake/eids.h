/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * The EIDs of this system. Process context, except smc_eids_seid_enabled() and
 * smc_eids_enable_seid(), which take no lock.
 */
#ifndef _DIBS_SMC_EIDS_H
#define _DIBS_SMC_EIDS_H

#include "clc/eid.h"

/* The user EIDs that administrators may add, as many as in the kernel's SMC. */
#define SMC_UEIDS_MAX	4
/* These and the default EID. */
#define SMC_EIDS_MAX	(SMC_UEIDS_MAX + 1)

unsigned int smc_eids_get(struct smc_eid *eids, unsigned int max);
int smc_eids_add(const char *text, size_t len);
int smc_eids_del(const char *text, size_t len);
void smc_eids_flush(void);
bool smc_eids_seid(const struct net *net, char text[SMC_EID_LEN + 1]);
bool smc_eids_seid_enabled(void);
void smc_eids_enable_seid(bool enable);

#endif /* _DIBS_SMC_EIDS_H */

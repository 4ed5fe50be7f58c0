/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * What follows from CLC messages: which EID and which device two ends have in
 * common and, for each kind of mismatch, the reason to decline. The caller
 * provides the devices and EIDs of this end. Pure functions, any context.
 */
#ifndef _DIBS_SMC_CLC_MATCH_H
#define _DIBS_SMC_CLC_MATCH_H

#include <linux/types.h>

#include "clc/clc.h"
#include "clc/eid.h"

/**
 * struct smc_clc_pair - a local device and a peer's device on the same fabric
 * @local: index into the list of local devices
 * @offer: index into the devices of the proposal
 */
struct smc_clc_pair {
	unsigned int local;
	unsigned int offer;
};

u32 smc_clc_reason_from_errno(int err);

u32 smc_clc_proposal_check(const struct smc_clc_proposal *proposal);
u32 smc_clc_eid_match(const struct smc_clc_v2 *offer,
		      const struct smc_eid_table *local, struct smc_eid *eid);
bool smc_clc_pair_next(const struct smc_clc_v2 *offer,
		       const struct smc_clc_device *local, unsigned int count,
		       struct smc_clc_pair *pair);
u8 smc_clc_release_min(u8 release);

u32 smc_clc_accept_check(const struct smc_clc_v2 *offer,
			 const struct smc_clc_accept *accept);
bool smc_clc_offer_next(const struct smc_clc_v2 *offer,
			const struct smc_clc_accept *accept,
			unsigned int *index);
u32 smc_clc_confirm_check(const struct smc_clc_accept *accept,
			  const struct smc_clc_device *peer,
			  const struct smc_clc_accept *confirm);

#endif /* _DIBS_SMC_CLC_MATCH_H */

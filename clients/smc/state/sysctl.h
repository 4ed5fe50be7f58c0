/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Sysctls of a namespace, net.smc.*. Reading one takes no lock; any context.
 */
#ifndef _DIBS_SMC_SYSCTL_H
#define _DIBS_SMC_SYSCTL_H

#include <linux/types.h>

struct net;

u32 smc_sysctl_rmem(const struct net *net, bool linear);
u32 smc_sysctl_busy_poll(const struct net *net);
bool smc_sysctl_mapped(const struct net *net);
bool smc_sysctl_enabled(const struct net *net);
bool smc_sysctl_limits_handshakes(const struct net *net);
void smc_sysctl_limit_handshakes(const struct net *net, bool limit);
unsigned long smc_sysctl_handshake_timeout(const struct net *net);
int smc_sysctls_start(void);
void smc_sysctls_stop(void);

#endif /* _DIBS_SMC_SYSCTL_H */

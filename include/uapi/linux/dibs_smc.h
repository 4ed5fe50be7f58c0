/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Copyright (C) The DIBS authors
 *
 * What dibs_smc tells beyond <linux/smc.h> and <linux/smc_diag.h>, in numbers
 * that those do not use: tools that do not know them skip them.
 */
#ifndef _UAPI_LINUX_DIBS_SMC_H
#define _UAPI_LINUX_DIBS_SMC_H

/* Attributes of sock_diag's answer, beside SMC_DIAG_FALLBACK and others. */
#define DIBS_SMC_DIAG_FAMILY		128	/* u8: AF_INET or AF_INET6 */

/* In SMC_GEN_FBACK_STATS. */
#define DIBS_SMC_NLA_FBACK_COUNT	128	/* u64: RSN_CNT ends at 65535 */

#endif /* _UAPI_LINUX_DIBS_SMC_H */

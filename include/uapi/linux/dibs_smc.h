/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Copyright (C) The DIBS authors
 *
 * What dibs_smc tells beyond <linux/smc.h> and <linux/smc_diag.h>, in numbers
 * that those do not use: tools that do not know them skip them.
 */
#ifndef _UAPI_LINUX_DIBS_SMC_H
#define _UAPI_LINUX_DIBS_SMC_H

#include <linux/types.h>

/* Attributes of sock_diag's answer, beside SMC_DIAG_FALLBACK and others. */
#define DIBS_SMC_DIAG_FAMILY		128	/* u8: AF_INET or AF_INET6 */
#define DIBS_SMC_DIAG_DEVICE		129	/* string: name; if SMC-D */

/*
 * SMC_DIAG_DMBINFO: struct smcd_diag_dmbinfo of <linux/smc_diag.h>, as newer
 * kernels have it, with its hole given a name. A GID's bytes 0 to 7 are in
 * ..._gid, 8 to 15 in ..._gid_ext, the first the most significant. Tokens are 0
 * without CAP_NET_ADMIN.
 */
struct dibs_smc_diag_dmbinfo {
	__u32		linkid;
	__u32		reserved;
	__aligned_u64	peer_gid;
	__aligned_u64	my_gid;
	__aligned_u64	token;
	__aligned_u64	peer_token;
	__aligned_u64	peer_gid_ext;
	__aligned_u64	my_gid_ext;
};

/* In SMC_GEN_FBACK_STATS. */
#define DIBS_SMC_NLA_FBACK_COUNT	128	/* u64: RSN_CNT ends at 65535 */

/* Beside SMC_NLA_EID_TABLE_ENTRY. */
#define DIBS_SMC_NLA_EID_DEFAULT	128	/* flag: cannot be removed */

/* In SMC_GEN_LGR_SMCD and SMC_GEN_DEV_SMCD. */
#define DIBS_SMC_NLA_DEVICE		128	/* string: name */
#define DIBS_SMC_NLA_LGR_SERVER		129	/* u8: 1 if the group is a server's */

/*
 * Attributes that <linux/smc.h> of 6.12 has and older ones lack. "uint" has four
 * bytes, or eight where four are too few.
 */
#define DIBS_SMC_NLA_LGR_D_EXT_GID	10	/* u64 */
#define DIBS_SMC_NLA_LGR_D_PEER_EXT_GID	11	/* u64 */
#define DIBS_SMC_NLA_LGR_D_SNDBUF_ALLOC	12	/* uint */
#define DIBS_SMC_NLA_LGR_D_DMB_ALLOC	13	/* uint */
#define DIBS_SMC_NLA_STATS_T_RX_RMB_USAGE	20	/* uint */
#define DIBS_SMC_NLA_STATS_T_TX_RMB_USAGE	21	/* uint */

#endif /* _UAPI_LINUX_DIBS_SMC_H */

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

/* A command of SMC_GEN_NETLINK: connections carried by SMC-D so far. */
#define DIBS_SMC_NETLINK_GET_CONNS	128
#define DIBS_SMC_NLA_CONNS_CLIENT	128	/* u64 */
#define DIBS_SMC_NLA_CONNS_SERVER	129	/* u64 */
#define DIBS_SMC_NLA_CONNS_PAD		130

#endif /* _UAPI_LINUX_DIBS_SMC_H */

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

/*
 * Why a connection fell back to TCP: X(name, code, text), in ascending order of
 * the codes, which are those of CLC decline messages: peers and the tools of
 * other SMC implementations know them, too.
 */
#define DIBS_SMC_REASONS(X)						\
	X(MEMORY, 0x01010000, "no memory")				\
	X(TIMEOUT_CONFIRM, 0x02010000, "time-out: confirm link")	\
	X(TIMEOUT_ADD, 0x02020000, "time-out: add link")		\
	X(CONFIG, 0x03000000, "configuration")				\
	X(PEER_NO_SMC, 0x03010000, "peer has no SMC")			\
	X(IPSEC, 0x03020000, "IPsec")					\
	X(NO_DEVICE, 0x03030000, "no device")				\
	X(NO_ISM, 0x03030001, "no ISM device")				\
	X(NO_RDMA, 0x03030002, "no RDMA device")			\
	X(NO_ISM_V2, 0x03030003, "no ISMv2 device")			\
	X(NO_V2_EXTENSION, 0x03030004, "no v2 extension in the proposal") \
	X(NO_D_EXTENSION, 0x03030005, "no SMC-Dv2 extension in the proposal") \
	X(NO_SEID, 0x03030006, "no SEID in the proposal")		\
	X(NO_D_DEVICE, 0x03030007, "no common SMC-Dv2 device")		\
	X(NO_UEID, 0x03030008, "no common UEID")			\
	X(RELEASE, 0x03030009, "release not supported")			\
	X(MAX_CONNECTIONS, 0x0303000a, "maximum of connections")	\
	X(MAX_LINKS, 0x0303000b, "maximum of links")			\
	X(MODE, 0x03040000, "mode mismatch")				\
	X(EYECATCHER, 0x03050000, "eye catcher in the RMBE")		\
	X(OPTION, 0x03060000, "option not supported (fast open)")	\
	X(PREFIX, 0x03070000, "IP prefix mismatch")			\
	X(GET_VLAN, 0x03080000, "cannot get VLAN")			\
	X(ISM_VLAN, 0x03090000, "cannot register VLAN")			\
	X(NO_LINK, 0x030a0000, "no active link")			\
	X(SERVER_LINK, 0x030b0000, "no link at the server")		\
	X(VERSION, 0x030c0000, "version mismatch")			\
	X(DMB_LIMIT, 0x030d0000, "limit of DMBs")			\
	X(NO_ROUTE, 0x030e0000, "no route")				\
	X(INDIRECT, 0x030f0000, "indirect route")			\
	X(OTHER_LAYER, 0x03f00000, "another layer has the socket (sockmap)") \
	X(SYNC, 0x04000000, "link groups out of step")			\
	X(PEER_DECLINED, 0x05000000, "peer declined")			\
	X(INTERNAL, 0x09990000, "internal error")			\
	X(RTOKEN, 0x09990001, "cannot exchange rtokens")		\
	X(READY_LINK, 0x09990002, "link not ready")			\
	X(REG_BUFFERS, 0x09990003, "cannot register buffers")

enum dibs_smc_reason {
#define X(name, code, text) DIBS_SMC_REASON_##name = code,
	DIBS_SMC_REASONS(X)
#undef X
};

/*
 * State of a connection, as sock_diag reports it in smc_diag_msg.diag_state:
 * X(name, number). The names are those of RFC 7609.
 */
#define DIBS_SMC_STATES(X)						\
	X(ACTIVE, 1)							\
	X(INIT, 2)							\
	X(CLOSED, 7)							\
	X(LISTEN, 10)							\
	X(PEERCLOSEWAIT1, 20)						\
	X(PEERCLOSEWAIT2, 21)						\
	X(APPCLOSEWAIT1, 22)						\
	X(APPCLOSEWAIT2, 23)						\
	X(APPFINCLOSEWAIT, 24)						\
	X(PEERFINCLOSEWAIT, 25)						\
	X(PEERABORTWAIT, 26)						\
	X(PROCESSABORT, 27)

/**
 * enum dibs_smc_state - state of a connection
 * @DIBS_SMC_STATE_ACTIVE:           both ends may write
 * @DIBS_SMC_STATE_INIT:             not connected
 * @DIBS_SMC_STATE_CLOSED:           nothing will be written or read any more
 * @DIBS_SMC_STATE_LISTEN:           a listener
 * @DIBS_SMC_STATE_PEERCLOSEWAIT1:   this end is done, the peer may still write
 * @DIBS_SMC_STATE_PEERCLOSEWAIT2:   both are done, the peer has not closed
 * @DIBS_SMC_STATE_APPCLOSEWAIT1:    the peer is done or closed, we may write
 * @DIBS_SMC_STATE_APPCLOSEWAIT2:    the same, and this end is done
 * @DIBS_SMC_STATE_APPFINCLOSEWAIT:  this end is done, the peer has closed
 * @DIBS_SMC_STATE_PEERFINCLOSEWAIT: this end has closed, the peer is done
 * @DIBS_SMC_STATE_PEERABORTWAIT:    this end has aborted
 * @DIBS_SMC_STATE_PROCESSABORT:     the peer has aborted, we have to close
 */
enum dibs_smc_state {
#define X(name, number) DIBS_SMC_STATE_##name = number,
	DIBS_SMC_STATES(X)
#undef X
};

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
#define DIBS_SMC_NLA_LGR_SERVER		129	/* u8: 1 for a server's group */

/*
 * Attributes that <linux/smc.h> of 6.12 has and older ones lack. A "uint" has
 * four bytes, or eight where four are too few.
 */
#define DIBS_SMC_NLA_LGR_D_EXT_GID	10	/* u64 */
#define DIBS_SMC_NLA_LGR_D_PEER_EXT_GID	11	/* u64 */
#define DIBS_SMC_NLA_LGR_D_SNDBUF_ALLOC	12	/* uint */
#define DIBS_SMC_NLA_LGR_D_DMB_ALLOC	13	/* uint */
#define DIBS_SMC_NLA_STATS_T_RX_RMB_USAGE	20	/* uint */
#define DIBS_SMC_NLA_STATS_T_TX_RMB_USAGE	21	/* uint */

#endif /* _UAPI_LINUX_DIBS_SMC_H */

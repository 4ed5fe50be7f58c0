/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Who began a connection, and why it is carried by TCP: the codes of CLC decline
 * messages, which both ends and the tools know. tools/reason.c has the texts.
 */
#ifndef _DIBS_SMC_REASON_H
#define _DIBS_SMC_REASON_H

#include <linux/types.h>

enum dibs_smc_role {
	DIBS_SMC_CLIENT,
	DIBS_SMC_SERVER,
	DIBS_SMC_ROLES
};

/* X(name, code), in the order of the codes */
#define DIBS_SMC_REASONS(X)			\
	X(MEMORY,		0x01010000)	\
	X(TIMEOUT_CONFIRM,	0x02010000)	\
	X(TIMEOUT_ADD,		0x02020000)	\
	X(CONFIG,		0x03000000)	\
	X(PEER_NO_SMC,		0x03010000)	\
	X(IPSEC,		0x03020000)	\
	X(NO_DEVICE,		0x03030000)	\
	X(NO_ISM,		0x03030001)	\
	X(NO_RDMA,		0x03030002)	\
	X(NO_ISM_V2,		0x03030003)	\
	X(NO_V2_EXTENSION,	0x03030004)	\
	X(NO_D_EXTENSION,	0x03030005)	\
	X(NO_SEID,		0x03030006)	\
	X(NO_D_DEVICE,		0x03030007)	\
	X(NO_UEID,		0x03030008)	\
	X(RELEASE,		0x03030009)	\
	X(MAX_CONNECTIONS,	0x0303000a)	\
	X(MAX_LINKS,		0x0303000b)	\
	X(MODE,			0x03040000)	\
	X(EYECATCHER,		0x03050000)	\
	X(OPTION,		0x03060000)	\
	X(PREFIX,		0x03070000)	\
	X(GET_VLAN,		0x03080000)	\
	X(ISM_VLAN,		0x03090000)	\
	X(NO_LINK,		0x030a0000)	\
	X(SERVER_LINK,		0x030b0000)	\
	X(VERSION,		0x030c0000)	\
	X(DMB_LIMIT,		0x030d0000)	\
	X(NO_ROUTE,		0x030e0000)	\
	X(INDIRECT,		0x030f0000)	\
	X(SYNC,			0x04000000)	\
	X(PEER_DECLINED,	0x05000000)	\
	X(INTERNAL,		0x09990000)	\
	X(RTOKEN,		0x09990001)	\
	X(READY_LINK,		0x09990002)	\
	X(REG_BUFFERS,		0x09990003)

enum dibs_smc_reason {
#define X(name, code) DIBS_SMC_##name = code,
	DIBS_SMC_REASONS(X)
#undef X
};

/* Where a code is counted. The last is for codes that only peers know. */
enum dibs_smc_reason_index {
#define X(name, code) DIBS_SMC_INDEX_##name,
	DIBS_SMC_REASONS(X)
#undef X
	DIBS_SMC_INDEX_OTHER,
	DIBS_SMC_INDEXES
};

unsigned int dibs_smc_reason_index(u32 code);
u32 dibs_smc_reason_code(unsigned int index);

#endif /* _DIBS_SMC_REASON_H */

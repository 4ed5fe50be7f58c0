/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * What <netinet/in.h> lacks, and <linux/in.h>, too, before Linux 6.11.
 */
#ifndef DIBS_TOOL_PROTOCOL_H
#define DIBS_TOOL_PROTOCOL_H

#ifndef IPPROTO_SMC
#define IPPROTO_SMC	256
#endif

#endif /* DIBS_TOOL_PROTOCOL_H */

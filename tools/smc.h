/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * What the files of "dibs smc" share: requests to sock_diag of AF_SMC and to
 * the generic netlink family SMC_GEN_NETLINK. Each is a socket of its own, so
 * that no state is left. 0, or 1 after one line about what went wrong.
 */
#ifndef DIBS_TOOL_SMC_H
#define DIBS_TOOL_SMC_H

#include <stdint.h>

#include <libmnl/libmnl.h>

int smc_diag_dump(uint8_t ext, mnl_cb_t handler, void *data);
int smc_genl_dump(uint8_t cmd, mnl_cb_t handler, void *data);
int smc_genl_get(uint8_t cmd, mnl_cb_t handler, void *data);
int smc_genl_change(uint8_t cmd, const char *eid);

#endif /* DIBS_TOOL_SMC_H */

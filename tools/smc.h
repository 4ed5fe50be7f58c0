/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * What the files of "dibs smc" share: requests to sock_diag of AF_SMC and to
 * the generic netlink families SMC_GEN_NETLINK and SMC_PNETID. Each is a socket
 * of its own, so that no state is left. 0, or 1 after one line about what went
 * wrong.
 */
#ifndef DIBS_TOOL_SMC_H
#define DIBS_TOOL_SMC_H

#include <stdint.h>

#include <libmnl/libmnl.h>

#include "dibs.h"

/* A text that goes along with a request, unless it is NULL. */
struct smc_attr {
	uint16_t type;
	const char *text;
};

#define SMC_ATTRS	2

/* smc_request.c */
int smc_diag_dump(uint8_t ext, mnl_cb_t handler, void *data);
int smc_genl_dump(const char *family, uint8_t cmd, mnl_cb_t handler,
		  void *data);
int smc_genl_change(const char *family, uint8_t cmd,
		    const struct smc_attr attrs[SMC_ATTRS]);

/* smc.c */
json_t *smc_code_text(uint32_t code);
json_t *smc_gid_text(uint64_t high, uint64_t low);
void smc_why_text(char cell[CELL_LEN], const json_t *row);
int smc_print(const struct column *columns, size_t n, json_t *list, int err);

/* smc_attr.c: attributes, 0 or "" if they are not what they should be */
uint64_t smc_attr_number(const struct nlattr *attr);
const char *smc_attr_text(const struct nlattr *attr);
const struct nlattr *smc_attr_find(const struct nlattr *nest, uint16_t type);

#endif /* DIBS_TOOL_SMC_H */

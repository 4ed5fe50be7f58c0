/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Shared by the files of "dibs smc".
 */
#ifndef DIBS_TOOL_SMC_H
#define DIBS_TOOL_SMC_H

#include <stdint.h>

#include <libmnl/libmnl.h>

#include "dibs.h"

/* smc.c */
const char *smc_reason_text(uint32_t code);
json_t *smc_code_text(uint32_t code);
json_t *smc_gid_text(uint64_t high, uint64_t low);
void smc_reason_cell(char cell[CELL_LEN], const json_t *row);

/*
 * smc_attr.c: attributes of a generic netlink message, and in a nest. Absent
 * ones are NULL, which reads as 0 and "", as do malformed ones.
 */
const struct nlattr *smc_attr_get(const struct nlmsghdr *nlh, uint16_t type);
const struct nlattr *smc_attr_find(const struct nlattr *nest, uint16_t type);
uint64_t smc_attr_number(const struct nlattr *attr);
const char *smc_attr_text(const struct nlattr *attr);

#endif /* DIBS_TOOL_SMC_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Memory of rings that nobody uses.
 */
#ifndef _DIBS_SMC_IDLE_H
#define _DIBS_SMC_IDLE_H

struct smc_conn;

void smc_idle_touch(struct smc_conn *conn);
void smc_idle_forget(struct smc_conn *conn);
void smc_idle_trim(struct smc_conn *conn);
int smc_idle_start(void);
void smc_idle_stop(void);

#endif /* _DIBS_SMC_IDLE_H */

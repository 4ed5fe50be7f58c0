/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Gives back the memory of idle rings, for send.c, conn.c and main.c. Process
 * context.
 */
#ifndef _DIBS_SMC_IDLE_H
#define _DIBS_SMC_IDLE_H

struct smc_conn;

void smc_idle_touch(struct smc_conn *conn);
void smc_idle_del(struct smc_conn *conn);
void smc_idle_trim(struct smc_conn *conn);
int smc_idle_start(void);
void smc_idle_stop(void);

#endif /* _DIBS_SMC_IDLE_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * The devices that connections may go through, and what of them is proposed.
 */
#ifndef _DIBS_SMC_DEVICE_H
#define _DIBS_SMC_DEVICE_H

#include <linux/dibs_client.h>

#include "clc.h"

struct net;
struct sock;

/**
 * struct smc_choice - devices that a namespace may use, favourite first
 * @count:  how many
 * @dev:    the devices, each with a reference
 * @device: the same, as they are told to a peer
 */
struct smc_choice {
	unsigned int count;
	struct dibs_dev *dev[SMC_CLC_GIDS_MAX];
	struct smc_clc_device device[SMC_CLC_GIDS_MAX];
};

bool smc_devices_any(struct net *net);
bool smc_devices_each(bool (*fn)(struct dibs_dev *dev, void *arg), void *arg);
void smc_choice_make(struct smc_choice *choice, struct sock *sk);
bool smc_choice_seid(const struct smc_choice *choice, struct smc_eid *seid);
void smc_choice_drop(struct smc_choice *choice);
int smc_devices_start(void);
void smc_devices_stop(void);

#endif /* _DIBS_SMC_DEVICE_H */

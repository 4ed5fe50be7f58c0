/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * The devices that connections may use, and the choice that a handshake
 * proposes. Process context, except smc_devices_any().
 */
#ifndef _DIBS_SMC_DEVICE_H
#define _DIBS_SMC_DEVICE_H

#include <linux/dibs_client.h>

#include "clc/clc.h"

struct net;
struct sock;

/**
 * struct smc_choice - devices that a connection may use, in order of preference
 * @count:  number of devices
 * @dev:    the devices, a reference to each
 * @device: the same devices as described to a peer
 */
struct smc_choice {
	unsigned int count;
	struct dibs_dev *dev[SMC_CLC_GIDS_MAX];
	struct smc_clc_device device[SMC_CLC_GIDS_MAX];
};

bool smc_devices_any(struct net *net);
bool smc_devices_each(const struct net *net,
		      bool (*fn)(struct dibs_dev *dev, void *arg), void *arg);
void smc_choice_make(struct smc_choice *choice, struct sock *sk);
bool smc_choice_seid(const struct smc_choice *choice, struct smc_eid *seid);
void smc_choice_drop(struct smc_choice *choice);
int smc_devices_start(void);
void smc_devices_stop(void);

#endif /* _DIBS_SMC_DEVICE_H */

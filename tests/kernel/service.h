/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * What system tests use while the module is loaded: commands written to
 * /sys/module/dibs_selftest/parameters/do (control.c), a load on all devices
 * (load.c), and DMBs as a file for user memory (user_device.c).
 */
#ifndef _DIBS_SELFTEST_SERVICE_H
#define _DIBS_SELFTEST_SERVICE_H

#include "client.h"

/* The client "selftest", and its device of this name, referenced, or NULL. */
extern struct tclient service;
struct dibs_dev *service_dev(struct tclient *tc, const char *name);

int control_start(void);
void control_stop(void);

int load_start(unsigned int threads);
/* -EIO if a DMB had other bytes than were written. */
int load_stop(void);

int race_run(void);

int user_device_start(void);
void user_device_stop(void);
void user_device_use(const char *name);

#endif /* _DIBS_SELFTEST_SERVICE_H */

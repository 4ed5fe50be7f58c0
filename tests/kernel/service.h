/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Services for system tests while the module is loaded: commands written to
 * /sys/module/dibs_selftest/parameters/do (control.c), load on all devices
 * (load.c), and a file that moves user memory (user_device.c).
 */
#ifndef _DIBS_SELFTEST_SERVICE_H
#define _DIBS_SELFTEST_SERVICE_H

#include "client.h"

extern struct tclient service;	/* the client "selftest" */
/* The device of a client with this name, referenced, or NULL. */
struct dibs_dev *service_dev(struct tclient *tc, const char *name);

int control_start(void);
void control_stop(void);

int load_start(unsigned int threads);
/* -EIO: a DMB had the wrong bytes, or a callback was late or overlapped. */
int load_stop(void);

int race_run(void);

int user_device_start(void);
void user_device_stop(void);
void user_device_use(const char *name);

#endif /* _DIBS_SELFTEST_SERVICE_H */

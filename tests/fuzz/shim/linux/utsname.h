/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) The DIBS authors */
#ifndef _SHIM_LINUX_UTSNAME_H
#define _SHIM_LINUX_UTSNAME_H

struct uts_namespace {
	struct {
		char nodename[65];
	} name;
};

extern struct uts_namespace init_uts_ns;

#endif

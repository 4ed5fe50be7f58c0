/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * What cases about the ISM driver start from: ism0 and ism1 on one fabric,
 * which simulators/ism provides when it is loaded, and a DMB between them.
 */
#ifndef _DIBS_SELFTEST_ISM_H
#define _DIBS_SELFTEST_ISM_H

#include <linux/dibs_ism_format.h>

#include "client.h"

#define ISM_LEN	(3 * ISM_MOVE_MAX)
/* The byte of the pair's DMB that neither end uses. */
#define ISM_SPARE	(ISM_LEN - 1)
#define ISM1_GID	0x15a0000000000002ULL
#define ISM_LOG	64

/**
 * struct ism_pair - a DMB of ism1, written by ism0
 * @tc:     client of both devices
 * @events: number of events of both devices since ism_pair_begin(), except
 *	    late ones of the previous case
 * @marks:  number of marker events, which follow all earlier events
 * @lock:   guards @log
 * @log:    the last of @events
 * @extra:  used by cases
 * @vid:    used by cases
 */
struct ism_pair {
	struct test *t;
	struct tclient tc;
	atomic_t events;
	atomic_t marks;
	spinlock_t lock;	/* guards log */
	struct dibs_event log[ISM_LOG];
	struct dibs_dev *owner;
	struct dibs_dev *mover;
	struct watch watch;
	struct dibs_dmb *dmb;
	struct dibs_attachment *att;
	struct dibs_dmb *extra;
	u16 vid;
};

/* NULL: the case has failed or is skipped. */
struct ism_pair *ism_pair_begin(struct test *t);
/* Works even if the devices are gone. NULL is ignored. */
void ism_pair_end(struct ism_pair *p);
/* Another DMB of ism1, in a VLAN unless @vlan is 0. ERR_PTR on failure. */
struct dibs_dmb *ism_register(struct ism_pair *p, u32 len, u16 vlan,
			      struct watch *watch);
struct dibs_attachment *ism_attach(struct ism_pair *p, struct dibs_dev *by);

/* Can ism1 reach ism0? 0 or -errno. */
int ism_ask_reachable(struct ism_pair *p);
/* How many of the last ISM_LOG events match? */
unsigned int ism_saw(struct ism_pair *p, u32 type, u32 subtype, u64 data);

/* Writes to a file of the simulator, see its README. 0 or -errno. */
int sim_write(const char *path, const char *text);
/* Writes to a file of an adapter. 0 or -errno. */
__printf(3, 4) int sim(const char *adapter, const char *file,
		       const char *fmt, ...);
/* Reads a file of an adapter as a string. 0 or -errno. */
int sim_read(const char *adapter, const char *file, char *text, size_t size);
/* Reads a number from a file of an adapter; -1 on failure. */
int sim_count(const char *adapter, const char *what);
/*
 * Finds the SBA and the event queue of ism1, using QUERY_INFO. False: the case
 * has failed. A case in which nothing may interrupt has to sim_mend() ism1
 * before ism_pair_begin(), so that no interrupt of the previous case is
 * pending.
 */
bool ism_areas(struct test *t, u8 **sba, u8 **ieq);
/* Restarts an adapter, which brings its device back. */
void sim_mend(struct test *t, const char *adapter);

#endif /* _DIBS_SELFTEST_ISM_H */

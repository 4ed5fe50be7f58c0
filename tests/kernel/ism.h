/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * What cases about the ISM driver start from: ism0 and ism1 on one fabric, as
 * simulators/ism has them when it is loaded, and a DMB between them.
 */
#ifndef _DIBS_SELFTEST_ISM_H
#define _DIBS_SELFTEST_ISM_H

#include <linux/dibs_ism_format.h>

#include "client.h"

#define ISM_LEN	(3 * ISM_MOVE_MAX)
#define ISM1_GID	0x15a0000000000002ULL
#define ISM_LOG	64

/**
 * struct ism_pair - a DMB of ism1, written by ism0
 * @tc:     has both devices
 * @events: of both, since it began; those that came late from what was before
 *	    are not among them
 * @marks:  events that say that all before them has come
 * @lock:   guards @log
 * @log:    the last of @events
 * @extra:  of cases
 * @vid:    of cases
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
/* Also if its devices are gone; NULL is ignored. */
void ism_pair_end(struct ism_pair *p);
/* One more DMB of ism1, in a VLAN unless that is 0. ERR_PTR. */
struct dibs_dmb *ism_register(struct ism_pair *p, u32 len, u16 vlan,
			      struct watch *watch);
struct dibs_attachment *ism_attach(struct ism_pair *p, struct dibs_dev *by);

/* Does ism1 reach ism0? 0 or -errno. */
int ism_ask_reachable(struct ism_pair *p);
/* How many of the last ISM_LOG events were such? */
unsigned int ism_saw(struct ism_pair *p, u32 type, u32 subtype, u64 data);

/* The simulator's files, see its README: 0 or -errno. */
int sim_write(const char *path, const char *text);
/* One of an adapter's. */
__printf(3, 4) int sim(const char *adapter, const char *file,
		       const char *fmt, ...);
/* What one of its files says, a string; 0 or -errno. */
int sim_read(const char *adapter, const char *file, char *text, size_t size);
/* A number that a file of an adapter has; -1: not to be had. */
int sim_count(const char *adapter, const char *what);
/*
 * The SBA and the event queue of ism1, by QUERY_INFO. False: the case has failed.
 * Where nothing was to interrupt it, sim_mend() it before ism_pair_begin(): what
 * interrupted the one before is not yet to come.
 */
bool ism_areas(struct test *t, u8 **sba, u8 **ieq);
/* An adapter begins anew, and its device comes back. */
void sim_mend(struct test *t, const char *adapter);

#endif /* _DIBS_SELFTEST_ISM_H */

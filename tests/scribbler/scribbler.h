/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * dibs_scribbler.ko: a hostile peer of SMC-D, for tests/system/smc-scribble.sh
 * and smc-secrets.sh. Only the peer of a connection can write into its DMB, and
 * the peer is this kernel's own code, which is honest. Therefore the lies come
 * from below: a device like loopback, whose memory changes behind its writers'
 * backs. For the owner of the memory, this is a peer that lies.
 *
 *	honest end --DMB--> device "scribble" <--DMB-- honest end
 *	                      ^    ^
 *	                 threads that write lies into DMBs of length "victims"
 *
 * The product needs no hook for this. Parameters, which can be accessed at any
 * time:
 *
 *	lie	the lie to tell, or "none"; see lie.c
 *	victims	length of the DMBs to lie into; others are left alone
 *	told	number of lies told, read-only
 *	search	search all new DMBs for old data, see target.c
 *	stain	first write into them, to show that the search works
 *	fresh	number of DMBs searched, read-only
 *	stained	number of those that were not all zero, read-only
 */
#ifndef _DIBS_SCRIBBLER_H
#define _DIBS_SCRIBBLER_H

#include <linux/prandom.h>
#include <linux/types.h>

struct dibs_dmb;

/* device.c */
int device_start(void);
void device_stop(void);

/* lie.c */
enum lie {
	LIE_NONE,
	LIE_BACKWARDS,
	LIE_JUMP,
	LIE_RANGE,
	LIE_WRAP,
	LIE_FLICKER,
	LIE_STATE,
	LIE_URGENT,
	LIE_ORIGIN,
	LIE_WANTS,
	LIE_SIGNALS,
	LIE_RING,
	LIE_CHAOS,
	LIE_CLOSED,
	LIES
};

extern const char *const lie_names[LIES];
void lie_tell(enum lie lie, struct dibs_dmb *dmb, struct rnd_state *random);

/* target.c */
int target_start(void);
void target_stop(void);
void target_add(struct dibs_dmb *dmb);
void target_del(struct dibs_dmb *dmb);
int target_search(struct dibs_dmb *dmb);

#endif /* _DIBS_SCRIBBLER_H */

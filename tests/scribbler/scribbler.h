/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * dibs_scribbler.ko: a hostile peer of SMC-D, for tests/system/smc-scribble.sh
 * and smc-secrets.sh. Nobody but the peer of a connection can write into its
 * DMB, and the peer is this kernel's own code, which is honest. So the lies
 * come from below: a device like loopback whose memory does not stay as its
 * writers left it. To its owner that is a peer that lies.
 *
 *	honest end --DMB--> device "scribble" <--DMB-- honest end
 *	                      ^    ^
 *	                 threads that lie into DMBs of the length "victims"
 *
 * The product has no hook for this and is not changed by it. Parameters, to be
 * written and read while it is loaded:
 *
 *	lie	which one is told, or "none"; all are in lie.c
 *	victims	length of the DMBs that are lied into; others are left alone
 *	told	how many lies were told, to be read
 *	search	look at all new DMBs, see target.c
 *	stain	write into them first, to show that the search finds it
 *	fresh	how many of them were looked at, to be read
 *	stained	in how many of those a byte was not zero, to be read
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

/* target.c: DMBs that are lied into */
int target_start(void);
void target_stop(void);
void target_add(struct dibs_dmb *dmb);
void target_del(struct dibs_dmb *dmb);
int target_search(struct dibs_dmb *dmb);

#endif /* _DIBS_SCRIBBLER_H */

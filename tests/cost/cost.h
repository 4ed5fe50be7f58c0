/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * The cost of an operation over a socket: streams and round trips between two
 * processes. Meaningful in a guest whose time is a count of instructions
 * (tests/cost/run).
 *
 *	process 1			process 2
 *	writes, for a given time	reads everything (stream)
 *	writes and reads again		reads and writes again (round trip)
 *
 * What is compared must not depend on chance: with buffers that TCP tunes and a
 * reader that may preempt the writer for each segment, one connection can be
 * half as fast as the next for as long as it lasts. So buffers have a fixed
 * size, and a reader waits for its turn (SCHED_BATCH).
 */
#ifndef _COST_H
#define _COST_H

#include <stdbool.h>
#include <stddef.h>

#ifndef IPPROTO_SMC
#define IPPROTO_SMC 256
#endif

#define COST_UNIX (-1)		/* instead of a protocol of AF_INET */
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct measurement {
	const char *name;
	size_t size;		/* at most 128 KiB */
	bool echo;
};

/* To be called once, before all others. */
void cost_begin(void);

/* Returns operations per second. */
double cost_rate(int protocol, const struct measurement *m);

/* Sorts the values. */
double cost_median(double *values, unsigned int nr);

#endif /* _COST_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) The DIBS authors
 *
 * What to run, and the results, in memory that main.c shares with the workers
 * of run.c.
 */

#ifndef DIBS_CONFORMANCE_RUN_H
#define DIBS_CONFORMANCE_RUN_H

#include <time.h>

#include "record.h"

#define CARRIERS 4

struct result {
	bool good;
	long ms;
	char skipped[80];
	char text[1600];	/* what is wrong, as comments of TAP */
};

struct job {
	const struct test *test;
	int family;
	bool done;
	struct result results[CARRIERS];
};

struct plan {
	const struct carrier *carrier[CARRIERS];
	unsigned int carriers;	/* the first is TCP */
	unsigned int count;
	unsigned int next;
	struct job jobs[];
};

struct plan *plan_make(unsigned int jobs);
void plan_start(struct plan *plan, unsigned int workers);

/* keys.c */
void keys_hold(void);
bool plan_wait(const struct job *job);

#endif

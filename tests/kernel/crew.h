/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * A crew: kernel threads, spread over the CPUs, each of which repeats one step
 * until it is stopped.
 */
#ifndef _DIBS_SELFTEST_CREW_H
#define _DIBS_SELFTEST_CREW_H

#include <linux/types.h>

#define CREW_MAX	16

struct task_struct;

struct crew_member {
	struct task_struct *task;
	void (*step)(void *arg, unsigned int nr);
	void *arg;
	unsigned int nr;
	u32 random;
};

struct crew {
	struct crew_member member[CREW_MAX];
	unsigned int nr;
};

/* Adds a thread. False: CREW_MAX reached or no memory. */
bool crew_add(struct crew *crew, void (*step)(void *arg, unsigned int nr),
	      void *arg);
/* Stops all threads, waiting until their steps have finished. */
void crew_stop(struct crew *crew);

/* A pseudo-random number; each @state has its own sequence. */
u32 crew_random(u32 *state);

/* Waits until *@value is at least @want; false after ten seconds. */
bool crew_wait(atomic_t *value, int want);

#endif /* _DIBS_SELFTEST_CREW_H */

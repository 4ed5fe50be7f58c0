// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * See crew.h.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#include "crew.h"

static int crew_main(void *data)
{
	struct crew_member *member = data;

	while (!kthread_should_stop()) {
		member->step(member->arg, member->nr);
		cond_resched();
	}
	return 0;
}

static unsigned int crew_cpu(unsigned int nr)
{
	unsigned int cpu, i = nr % num_online_cpus();

	for_each_online_cpu(cpu)
		if (!i--)
			return cpu;
	return 0;
}

bool crew_add(struct crew *crew, void (*step)(void *arg, unsigned int nr),
	      void *arg)
{
	struct crew_member *member = &crew->member[crew->nr];

	if (crew->nr == CREW_MAX)
		return false;
	member->step = step;
	member->arg = arg;
	member->nr = crew->nr;
	member->task = kthread_create(crew_main, member, "dibs_crew/%u",
				      member->nr);
	if (IS_ERR(member->task))
		return false;
	kthread_bind(member->task, crew_cpu(member->nr));
	crew->nr++;
	wake_up_process(member->task);
	return true;
}

void crew_stop(struct crew *crew)
{
	while (crew->nr)
		kthread_stop(crew->member[--crew->nr].task);
}

u32 crew_random(u32 *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

bool crew_wait(atomic_t *value, int want)
{
	unsigned long end = jiffies + 10 * HZ;

	while (atomic_read(value) < want) {
		if (time_after(jiffies, end))
			return false;
		usleep_range(50, 100);
	}
	return true;
}

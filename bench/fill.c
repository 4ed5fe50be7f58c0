// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Puts many DMBs that nobody touches on the device, to see what they cost and
 * what others cost beside them.
 */
#include <linux/err.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <linux/dibs_client.h>

#include "bench.h"

static struct bench_link *bench_crowd;
static u32 bench_crowd_len;

static u64 bench_free_bytes(void)
{
	struct sysinfo info;

	/* What is on its way out is gone. */
	rcu_barrier();
	si_meminfo(&info);
	return (u64)info.freeram * info.mem_unit;
}

void bench_empty(void)
{
	u32 i;

	for (i = 0; i < bench_crowd_len; i++) {
		dibs_unregister_dmb(bench_crowd[i].dmb);
		cond_resched();
	}
	kvfree(bench_crowd);
	bench_crowd = NULL;
	bench_crowd_len = 0;
}

/* Nanoseconds for one registration, times ten, and bytes for all. */
int bench_fill(struct dibs_dev *dev, u32 nr, u32 len, u64 *tenths,
	       u64 *bytes)
{
	struct bench_worker w = { .dev = dev };
	u64 free, start, ns = 0;
	int err = 0;
	u32 i;

	bench_empty();
	free = bench_free_bytes();
	bench_crowd = kvcalloc(nr, sizeof(*bench_crowd), GFP_KERNEL);
	if (!bench_crowd)
		return -ENOMEM;
	bench_crowd_len = nr;
	for (i = 0; i < nr && !err; i++) {
		start = ktime_get_ns();
		err = bench_register(&w, &bench_crowd[i], len);
		ns += ktime_get_ns() - start;
		cond_resched();
	}
	*tenths = div_u64(ns * 10, nr);
	*bytes = free - bench_free_bytes();
	return err;
}

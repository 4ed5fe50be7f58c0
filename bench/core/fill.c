// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Registers many DMBs that are never touched, to measure what they cost and how
 * they slow down operations on other DMBs.
 */
#include <linux/err.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <linux/dibs_client.h>

#include "bench.h"

static struct bench_link *bench_idle;
static u32 bench_nr_idle;

static u64 bench_free_bytes(void)
{
	struct sysinfo info;

	/* Memory whose freeing waits for RCU counts as free. */
	rcu_barrier();
	si_meminfo(&info);
	return (u64)info.freeram * info.mem_unit;
}

void bench_empty(void)
{
	u32 i;

	for (i = 0; i < bench_nr_idle; i++) {
		dibs_unregister_dmb(bench_idle[i].dmb);
		cond_resched();
	}
	kvfree(bench_idle);
	bench_idle = NULL;
	bench_nr_idle = 0;
}

/* @tenths_ns: per registration; @bytes: free memory consumed by all of them */
int bench_fill(struct dibs_dev *dev, u32 nr, u32 len, u64 *tenths_ns,
	       u64 *bytes)
{
	struct bench_worker w = { .dev = dev };
	u64 free, start, ns = 0;
	int err = 0;
	u32 i;

	bench_empty();
	free = bench_free_bytes();
	bench_idle = kvcalloc(nr, sizeof(*bench_idle), GFP_KERNEL);
	if (!bench_idle)
		return -ENOMEM;
	bench_nr_idle = nr;
	for (i = 0; i < nr && !err; i++) {
		start = ktime_get_ns();
		err = bench_register(&w, &bench_idle[i], len);
		ns += ktime_get_ns() - start;
		cond_resched();
	}
	*tenths_ns = div_u64(ns * 10, nr);
	*bytes = free - bench_free_bytes();
	return err;
}

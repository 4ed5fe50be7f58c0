// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Has a case done by one bound thread per CPU, all in the same span of time.
 * Runs in the context of whoever asks (main.c), whose memory cgroup pays and
 * whose memory is copied from.
 */
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/uaccess.h>

#include "../compat/memcg.h"
#include "bench.h"

/*
 * So long does a batch take, about: long for the clock, and short for a host
 * that lets others run now and then, so that most batches do not see it.
 */
#define BENCH_BATCH_NS		200000
#define BENCH_BATCH_MAX		BIT(20)

struct bench_crew;

struct bench_seat {
	struct bench_crew *crew;
	struct task_struct *task;
	struct bench_worker worker;
} ____cacheline_aligned_in_smp;

struct bench_crew {
	u32 cpus;
	u32 msecs;
	atomic_t missing;		/* workers not ready to start */
	atomic_t working;
	struct completion done;
	struct bench_seat seat[];
};

/* Finds the size of a batch, and warms up. */
static void bench_size_batch(struct bench_worker *w)
{
	w->batch = 1;
	while (!w->err && w->batch < BENCH_BATCH_MAX &&
	       w->test->loop(w, w->batch) < BENCH_BATCH_NS / 2) {
		w->batch *= 2;
		cond_resched();
	}
}

static void bench_start_together(struct bench_crew *crew)
{
	atomic_dec(&crew->missing);
	while (atomic_read(&crew->missing))
		cond_resched();
}

static void bench_work(struct bench_crew *crew, struct bench_worker *w)
{
	u64 end;

	if (w->test->set_up)
		w->err = w->test->set_up(w);
	bench_size_batch(w);
	bench_start_together(crew);
	end = ktime_get_ns() + crew->msecs * (u64)NSEC_PER_MSEC;
	do {
		if (!w->err)
			w->ns[w->nr++ % BENCH_BATCHES] =
				w->test->loop(w, w->batch);
		cond_resched();
	} while (!w->err && ktime_get_ns() < end);
	if (w->test->tear_down)
		w->test->tear_down(w);
}

static int bench_thread(void *data)
{
	struct bench_seat *seat = data;
	struct bench_worker *w = &seat->worker;
	struct bench_crew *crew = seat->crew;
	struct mem_cgroup *old;

	if (w->mm)
		kthread_use_mm(w->mm);
	old = dibs_memcg_enter(w->memcg);
	bench_work(crew, w);
	dibs_memcg_leave(old);
	if (w->mm)
		kthread_unuse_mm(w->mm);
	if (atomic_dec_and_test(&crew->working))
		complete(&crew->done);
	return 0;
}

/* Created and bound, but not started. */
static int bench_hire(struct bench_crew *crew)
{
	struct task_struct *task;
	int cpu, i = 0;

	for_each_online_cpu(cpu) {
		if (i == crew->cpus)
			return 0;
		task = kthread_create(bench_thread, &crew->seat[i],
				      "dibs_bench/%d", cpu);
		if (IS_ERR(task))
			return PTR_ERR(task);
		kthread_bind(task, cpu);
		get_task_struct(task);
		crew->seat[i++].task = task;
	}
	return i == crew->cpus ? 0 : -ENXIO;
}

static void bench_dismiss(struct bench_crew *crew)
{
	u32 i;

	for (i = 0; i < crew->cpus; i++) {
		if (!crew->seat[i].task)
			continue;
		/* It has returned, or was never started. */
		kthread_stop(crew->seat[i].task);
		put_task_struct(crew->seat[i].task);
	}
}

static int bench_compare(const void *a, const void *b)
{
	return *(const u64 *)a < *(const u64 *)b ? -1 :
	       *(const u64 *)a > *(const u64 *)b;
}

static u64 bench_median(struct bench_worker *w)
{
	u32 nr = min_t(u32, w->nr, BENCH_BATCHES);

	sort(w->ns, nr, sizeof(w->ns[0]), bench_compare, NULL);
	return w->ns[nr / 2];
}

/* Nanoseconds for one, of one worker, times ten. */
static int bench_result(struct bench_crew *crew, u64 *tenths)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < crew->cpus; i++) {
		struct bench_worker *w = &crew->seat[i].worker;

		if (w->err)
			return w->err;
		sum += div_u64(bench_median(w) * 10, w->batch);
	}
	*tenths = div_u64(sum, crew->cpus);
	return 0;
}

static int bench_run_crew(struct bench_crew *crew, u64 *tenths)
{
	int err;
	u32 i;

	err = bench_hire(crew);
	if (!err) {
		for (i = 0; i < crew->cpus; i++)
			wake_up_process(crew->seat[i].task);
		wait_for_completion(&crew->done);
		err = bench_result(crew, tenths);
	}
	bench_dismiss(crew);
	return err;
}

/* Gives each worker its part of a new piece of user memory, all there. */
static int bench_run_user(struct bench_crew *crew, u32 size, u64 *tenths)
{
	unsigned long part = BENCH_SKEW + PAGE_ALIGN(size);
	unsigned long len = part * crew->cpus;
	unsigned long addr;
	int err = 0;
	u32 i;

	addr = vm_mmap(NULL, 0, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, 0);
	if (IS_ERR_VALUE(addr))
		return addr;
	for (i = 0; i < crew->cpus; i++) {
		struct bench_worker *w = &crew->seat[i].worker;

		w->mm = current->mm;
		w->user = (void __user *)(addr + i * part + BENCH_SKEW);
	}
	if (clear_user((void __user *)addr, len))
		err = -EFAULT;
	else
		err = bench_run_crew(crew, tenths);
	vm_munmap(addr, len);
	return err;
}

int bench_run(const struct bench_case *test, struct dibs_dev *dev, u32 size,
	      u32 cpus, u32 msecs, u64 *tenths)
{
	struct mem_cgroup *memcg;
	struct bench_crew *crew;
	int err;
	u32 i;

	crew = kzalloc(struct_size(crew, seat, cpus), GFP_KERNEL);
	if (!crew)
		return -ENOMEM;
	memcg = dibs_memcg_current();
	crew->cpus = cpus;
	crew->msecs = msecs;
	atomic_set(&crew->missing, cpus);
	atomic_set(&crew->working, cpus);
	init_completion(&crew->done);
	for (i = 0; i < cpus; i++) {
		struct bench_worker *w = &crew->seat[i].worker;

		crew->seat[i].crew = crew;
		w->test = test;
		w->dev = dev;
		w->size = size;
		w->memcg = memcg;
	}
	if (test->user)
		err = bench_run_user(crew, size, tenths);
	else
		err = bench_run_crew(crew, tenths);
	dibs_memcg_put(memcg);
	kfree(crew);
	return err;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Runs a case on one bound thread per CPU, all at the same time. Called in the
 * context of the process that wrote the command (main.c): its memory cgroup is
 * charged, and user memory to copy from is mapped into its address space.
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

#include "../../compat/memcg.h"
#include "bench.h"

/*
 * Approximate length of a batch: long compared with reading the clock, and
 * short enough that most batches run without the host preempting the guest.
 */
#define BENCH_BATCH_NS		200000
#define BENCH_BATCH_MAX		BIT(20)

struct bench_run;

struct bench_thread {
	struct bench_run *run;
	struct task_struct *task;
	struct bench_worker worker;
} ____cacheline_aligned_in_smp;

struct bench_run {
	u32 cpus;
	u32 msecs;
	atomic_t not_ready;		/* threads still setting up */
	atomic_t running;		/* threads that have not finished */
	struct completion done;
	struct bench_thread thread[];
};

/* Also warms up caches. */
static void bench_size_batch(struct bench_worker *w)
{
	w->batch = 1;
	while (!w->err && w->batch < BENCH_BATCH_MAX &&
	       w->test->loop(w, w->batch) < BENCH_BATCH_NS / 2) {
		w->batch *= 2;
		cond_resched();
	}
}

/* A barrier: all threads start measuring at once. */
static void bench_wait_for_others(struct bench_run *run)
{
	atomic_dec(&run->not_ready);
	while (atomic_read(&run->not_ready))
		cond_resched();
}

static void bench_work(struct bench_run *run, struct bench_worker *w)
{
	u64 end;

	if (w->test->set_up)
		w->err = w->test->set_up(w);
	bench_size_batch(w);
	bench_wait_for_others(run);
	end = ktime_get_ns() + run->msecs * (u64)NSEC_PER_MSEC;
	do {
		if (!w->err)
			w->ns[w->nr++ % BENCH_BATCHES] =
				w->test->loop(w, w->batch);
		cond_resched();
	} while (!w->err && ktime_get_ns() < end);
	if (w->test->tear_down)
		w->test->tear_down(w);
}

static int bench_thread_main(void *data)
{
	struct bench_thread *thread = data;
	struct bench_worker *w = &thread->worker;
	struct bench_run *run = thread->run;
	struct mem_cgroup *old;

	if (w->mm)
		kthread_use_mm(w->mm);
	old = dibs_memcg_enter(w->memcg);
	bench_work(run, w);
	dibs_memcg_leave(old);
	if (w->mm)
		kthread_unuse_mm(w->mm);
	if (atomic_dec_and_test(&run->running))
		complete(&run->done);
	return 0;
}

/* Creates and binds the threads, without waking them. */
static int bench_create_threads(struct bench_run *run)
{
	struct task_struct *task;
	int cpu, i = 0;

	for_each_online_cpu(cpu) {
		if (i == run->cpus)
			return 0;
		task = kthread_create(bench_thread_main, &run->thread[i],
				      "dibs_bench/%d", cpu);
		if (IS_ERR(task))
			return PTR_ERR(task);
		kthread_bind(task, cpu);
		get_task_struct(task);
		run->thread[i++].task = task;
	}
	return i == run->cpus ? 0 : -ENXIO;
}

static void bench_stop_threads(struct bench_run *run)
{
	u32 i;

	for (i = 0; i < run->cpus; i++) {
		if (!run->thread[i].task)
			continue;
		/* The thread has returned or was never woken. */
		kthread_stop(run->thread[i].task);
		put_task_struct(run->thread[i].task);
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

/* Time per operation, the mean of all workers, in tenths of ns. */
static int bench_mean(struct bench_run *run, u64 *tenths_ns)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < run->cpus; i++) {
		struct bench_worker *w = &run->thread[i].worker;

		if (w->err)
			return w->err;
		sum += div_u64(bench_median(w) * 10, w->batch);
	}
	*tenths_ns = div_u64(sum, run->cpus);
	return 0;
}

static int bench_run_threads(struct bench_run *run, u64 *tenths_ns)
{
	int err;
	u32 i;

	err = bench_create_threads(run);
	if (!err) {
		for (i = 0; i < run->cpus; i++)
			wake_up_process(run->thread[i].task);
		wait_for_completion(&run->done);
		err = bench_mean(run, tenths_ns);
	}
	bench_stop_threads(run);
	return err;
}

/* Maps and populates user memory, and gives each worker its part. */
static int bench_run_user(struct bench_run *run, u32 size, u64 *tenths_ns)
{
	unsigned long part = BENCH_SKEW + PAGE_ALIGN(size);
	unsigned long len = part * run->cpus;
	unsigned long addr;
	int err = 0;
	u32 i;

	addr = vm_mmap(NULL, 0, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, 0);
	if (IS_ERR_VALUE(addr))
		return addr;
	for (i = 0; i < run->cpus; i++) {
		struct bench_worker *w = &run->thread[i].worker;

		w->mm = current->mm;
		w->user = (void __user *)(addr + i * part + BENCH_SKEW);
	}
	if (clear_user((void __user *)addr, len))
		err = -EFAULT;
	else
		err = bench_run_threads(run, tenths_ns);
	vm_munmap(addr, len);
	return err;
}

int bench_run(const struct bench_case *test, struct dibs_dev *dev, u32 size,
	      u32 cpus, u32 msecs, u64 *tenths_ns)
{
	struct mem_cgroup *memcg;
	struct bench_run *run;
	int err;
	u32 i;

	run = kzalloc(struct_size(run, thread, cpus), GFP_KERNEL);
	if (!run)
		return -ENOMEM;
	memcg = dibs_memcg_current();
	run->cpus = cpus;
	run->msecs = msecs;
	atomic_set(&run->not_ready, cpus);
	atomic_set(&run->running, cpus);
	init_completion(&run->done);
	for (i = 0; i < cpus; i++) {
		struct bench_worker *w = &run->thread[i].worker;

		run->thread[i].run = run;
		w->test = test;
		w->dev = dev;
		w->size = size;
		w->memcg = memcg;
	}
	if (test->user)
		err = bench_run_user(run, size, tenths_ns);
	else
		err = bench_run_threads(run, tenths_ns);
	dibs_memcg_put(memcg);
	kfree(run);
	return err;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * A case is an operation to measure. One worker per CPU, a thread bound to it,
 * repeats the operation on objects of its own; all workers run at once.
 */
#ifndef _DIBS_BENCH_H
#define _DIBS_BENCH_H

#include <linux/ktime.h>
#include <linux/sizes.h>
#include <linux/types.h>

struct bench_worker;
struct dibs_attachment;
struct dibs_dev;
struct dibs_dmb;
struct mem_cgroup;
struct mm_struct;
struct page;

/* Size of each destination, which is written from start to end, then again. */
#define BENCH_RING	SZ_1M
/*
 * Offset of sources from the start of their allocation. If both were aligned,
 * source and destination of large copies would compete for the same cache sets
 * and the same entries of QEMU's TLB.
 */
#define BENCH_SKEW	(2 * PAGE_SIZE)

/* A sample is the median of at most this many batches. */
#define BENCH_BATCHES	128

/* Kind of memory that a yardstick allocates or writes to. */
enum bench_memory {
	BENCH_EXACT,		/* physically contiguous */
	BENCH_VMALLOC,		/* virtually contiguous */
	BENCH_PAGES,		/* array of order-0 pages */
	BENCH_RUNS,		/* array of contiguous runs, split into pages */
	BENCH_FOLIOS,		/* array of contiguous runs, compound */
};

struct bench_ring {
	enum bench_memory kind;
	unsigned int order;
	u32 len;
	void *linear;
	struct page **runs;
};

/* A DMB and the attachment that writes into it. */
struct bench_link {
	struct dibs_dmb *dmb;
	struct dibs_attachment *att;
};

/**
 * struct bench_case - an operation to measure
 * @name:      name in bench/core/plan.py
 * @memory:    kind of memory, for yardsticks
 * @user:      workers need user memory to copy from
 * @set_up:    returns 0 or -errno; may be NULL
 * @loop:      runs the operation @n times and returns the measured time in ns;
 *             stores errors in bench_worker.err
 * @tear_down: called whether or not @set_up succeeded; may be NULL
 */
struct bench_case {
	const char *name;
	enum bench_memory memory;
	bool user;
	int (*set_up)(struct bench_worker *w);
	u64 (*loop)(struct bench_worker *w, u32 n);
	void (*tear_down)(struct bench_worker *w);
};

/**
 * struct bench_worker - state of one CPU's thread
 * @test:     the case
 * @size:     bytes per operation
 * @dev:      the device
 * @mm:       address space of @user, or NULL
 * @memcg:    memory cgroup to charge, or NULL
 * @user:     source in user memory, @size bytes
 * @source:   source in kernel memory, @size bytes
 * @offset:   where in the destination to write next
 * @ring:     destination of a yardstick
 * @link:     DMB that the case uses
 * @links:    DMBs of cases that use many
 * @stamp:    time of the last signal callback, if @stamping
 * @stamping: the signal callback reads the clock
 * @signals:  number of signal callbacks
 * @batch:    operations per batch
 * @nr:       batches run
 * @ns:       time of each batch, the last %BENCH_BATCHES of them
 * @err:      0 or -errno
 */
struct bench_worker {
	const struct bench_case *test;
	u32 size;
	struct dibs_dev *dev;
	struct mm_struct *mm;
	struct mem_cgroup *memcg;
	void __user *user;
	void *source;
	u32 offset;
	struct bench_ring ring;
	struct bench_link link;
	struct bench_link *links;
	u64 stamp;
	bool stamping;
	u64 signals;
	u32 batch;
	u32 nr;
	u64 ns[BENCH_BATCHES];
	int err;
};

/* Returns the offset to write to and advances it, with wrap-around. */
static inline u32 bench_next(struct bench_worker *w)
{
	u32 offset = w->offset;

	w->offset += w->size;
	if (w->offset + w->size > BENCH_RING)
		w->offset = 0;
	return offset;
}

/* Body of most loops; inlined to make the call of @step a direct one. */
static __always_inline u64 bench_repeat(struct bench_worker *w, u32 n,
					int (*step)(struct bench_worker *w))
{
	u64 start = ktime_get_ns();
	int err;

	while (n--) {
		err = step(w);
		if (unlikely(err))
			w->err = err;
	}
	return ktime_get_ns() - start;
}

/* main.c */
extern struct dibs_client *bench_client;

/* run.c */
int bench_run(const struct bench_case *test, struct dibs_dev *dev, u32 size,
	      u32 cpus, u32 msecs, u64 *tenths_ns);

/* cases.c */
const struct bench_case *bench_case_find(const char *name);

/* link.c: register, attach */
int bench_register(struct bench_worker *w, struct bench_link *link, u32 len);
int bench_attach(struct bench_worker *w, struct bench_link *link);
int bench_link_set_up(struct bench_worker *w);
void bench_link_tear_down(struct bench_worker *w);
int bench_links_set_up(struct bench_worker *w);
void bench_links_tear_down(struct bench_worker *w);
u64 bench_register_loop(struct bench_worker *w, u32 n);
u64 bench_touch_loop(struct bench_worker *w, u32 n);
u64 bench_attach_loop(struct bench_worker *w, u32 n);

/* move.c: moves, signals */
int bench_source_alloc(struct bench_worker *w);
void bench_source_free(struct bench_worker *w);
int bench_move_set_up(struct bench_worker *w);
int bench_latency_set_up(struct bench_worker *w);
void bench_move_tear_down(struct bench_worker *w);
void bench_signalled(struct bench_worker *w);
u64 bench_move_loop(struct bench_worker *w, u32 n);
u64 bench_move_signal_loop(struct bench_worker *w, u32 n);
u64 bench_move_user_loop(struct bench_worker *w, u32 n);
u64 bench_signal_loop(struct bench_worker *w, u32 n);
u64 bench_latency_loop(struct bench_worker *w, u32 n);

/* yardstick.c: the same work without the layer */
int bench_ring_set_up(struct bench_worker *w);
void bench_ring_tear_down(struct bench_worker *w);
u64 bench_copy_loop(struct bench_worker *w, u32 n);
u64 bench_copy_user_loop(struct bench_worker *w, u32 n);
u64 bench_alloc_loop(struct bench_worker *w, u32 n);
u64 bench_clock_loop(struct bench_worker *w, u32 n);

/* fill.c */
int bench_fill(struct dibs_dev *dev, u32 nr, u32 len, u64 *tenths_ns,
	       u64 *bytes);
void bench_empty(void);

#endif /* _DIBS_BENCH_H */

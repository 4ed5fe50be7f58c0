/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * A case is something to measure. A crew of workers, each a thread bound to
 * a CPU of its own, does it at the same time, each with objects of its own.
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

/* What is written to is so long, and written to from one end to the other. */
#define BENCH_RING	SZ_1M
/*
 * Sources start so far behind a round address. Else source and destination of
 * large copies compete for the same entries of caches and of QEMU's TLB.
 */
#define BENCH_SKEW	(2 * PAGE_SIZE)

/* A sample is the median of so many batches at most. */
#define BENCH_BATCHES	128

/* What memory a yardstick writes to. */
enum bench_memory {
	BENCH_EXACT,		/* physically contiguous */
	BENCH_VMALLOC,		/* contiguous by page tables */
	BENCH_PAGES,		/* an array of pages of order 0 */
	BENCH_RUNS,		/* of contiguous runs, each page on its own */
	BENCH_FOLIOS,		/* of contiguous runs that stay together */
};

struct bench_ring {
	enum bench_memory kind;
	unsigned int order;
	u32 len;
	void *linear;
	struct page **runs;
};

/* A DMB and the right to write into it. */
struct bench_link {
	struct dibs_dmb *dmb;
	struct dibs_attachment *att;
};

/**
 * struct bench_case - something to measure
 * @name:      as bench/run says it
 * @memory:    for yardsticks
 * @user:      the workers get user memory to copy from
 * @set_up:    may be NULL. 0 or -errno, then @tear_down follows, too
 * @loop:      does it @n times; returns the nanoseconds that count; failures
 *             go to bench_worker.err
 * @tear_down: may be NULL; works after half a setup
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
 * struct bench_worker - one CPU's share
 * @test:    the case
 * @size:    bytes
 * @dev:     the device
 * @mm:      of whoever asked, if the case wants user memory
 * @memcg:   pays, or NULL
 * @user:    @size bytes of @mm
 * @source:  as many of the kernel's
 * @offset:  where to write next
 * @ring:    a yardstick's memory
 * @link:    what the case writes to
 * @links:   more of it
 * @stamp:   when the callback ran, if @stamping
 * @stamping: the callback looks at the clock
 * @signals: callbacks that ran
 * @batch:   how many times a batch does it
 * @nr:      batches done
 * @ns:      nanoseconds of each
 * @err:     0 or -errno
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

/* Where to write next. */
static inline u32 bench_next(struct bench_worker *w)
{
	u32 offset = w->offset;

	w->offset += w->size;
	if (w->offset + w->size > BENCH_RING)
		w->offset = 0;
	return offset;
}

/* The body of most loops; inlined, so that the step is called directly. */
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

/* crew.c */
int bench_run(const struct bench_case *test, struct dibs_dev *dev, u32 size,
	      u32 cpus, u32 msecs, u64 *tenths);

/* cases.c */
const struct bench_case *bench_case_find(const char *name);

/* link.c: registering, attaching */
int bench_register(struct bench_worker *w, struct bench_link *link, u32 len);
int bench_attach(struct bench_worker *w, struct bench_link *link);
int bench_link_set_up(struct bench_worker *w);
void bench_link_tear_down(struct bench_worker *w);
int bench_links_set_up(struct bench_worker *w);
void bench_links_tear_down(struct bench_worker *w);
u64 bench_register_loop(struct bench_worker *w, u32 n);
u64 bench_touch_loop(struct bench_worker *w, u32 n);
u64 bench_attach_loop(struct bench_worker *w, u32 n);

/* move.c: moving, signalling */
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

/* yardstick.c: the same without the layer */
int bench_ring_set_up(struct bench_worker *w);
void bench_ring_tear_down(struct bench_worker *w);
u64 bench_copy_loop(struct bench_worker *w, u32 n);
u64 bench_copy_user_loop(struct bench_worker *w, u32 n);
u64 bench_alloc_loop(struct bench_worker *w, u32 n);
u64 bench_clock_loop(struct bench_worker *w, u32 n);

/* fill.c */
int bench_fill(struct dibs_dev *dev, u32 nr, u32 len, u64 *tenths,
	       u64 *bytes);
void bench_empty(void);

#endif /* _DIBS_BENCH_H */

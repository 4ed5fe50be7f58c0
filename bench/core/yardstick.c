// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * What the layer is compared with: allocating, and copying into, the kinds of
 * memory that a DMB could have. See docs/decisions/0002-dmb-memory.md.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/vmalloc.h>

#include "bench.h"

#define BENCH_GFP	(GFP_KERNEL_ACCOUNT | __GFP_ZERO)

/* As DIBS_RUN_ORDER, the largest order that the layer allocates. */
#define BENCH_RUN_ORDER	4

static struct page *bench_run_alloc(const struct bench_ring *ring)
{
	gfp_t gfp = BENCH_GFP;
	struct page *page;

	if (ring->kind == BENCH_FOLIOS)
		gfp |= __GFP_COMP;
	page = alloc_pages(gfp, ring->order);
	if (page && ring->kind == BENCH_RUNS)
		split_page(page, ring->order);
	return page;
}

static void bench_run_free(const struct bench_ring *ring, struct page *page)
{
	u32 i;

	if (ring->kind == BENCH_FOLIOS)
		__free_pages(page, ring->order);
	else
		for (i = 0; i < 1U << ring->order; i++)
			__free_page(page + i);
}

static u32 bench_nr_runs(const struct bench_ring *ring)
{
	return DIV_ROUND_UP(ring->len, PAGE_SIZE << ring->order);
}

static int bench_runs_alloc(struct bench_ring *ring)
{
	u32 i, nr = bench_nr_runs(ring);

	ring->runs = kvcalloc(nr, sizeof(*ring->runs), GFP_KERNEL_ACCOUNT);
	if (!ring->runs)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		ring->runs[i] = bench_run_alloc(ring);
		if (!ring->runs[i])
			return -ENOMEM;
	}
	return 0;
}

static void bench_runs_free(struct bench_ring *ring)
{
	u32 i, nr = bench_nr_runs(ring);

	for (i = 0; ring->runs && i < nr && ring->runs[i]; i++)
		bench_run_free(ring, ring->runs[i]);
	kvfree(ring->runs);
}

static int bench_ring_alloc(struct bench_ring *ring, enum bench_memory kind,
			    u32 len)
{
	ring->kind = kind;
	ring->len = len;
	ring->order = kind == BENCH_PAGES ? 0 : BENCH_RUN_ORDER;
	if (kind == BENCH_VMALLOC)
		ring->linear = __vmalloc(len, BENCH_GFP);
	else if (kind == BENCH_EXACT)
		ring->linear = alloc_pages_exact(len, BENCH_GFP);
	else
		return bench_runs_alloc(ring);
	return ring->linear ? 0 : -ENOMEM;
}

static void bench_ring_free(struct bench_ring *ring)
{
	if (ring->kind == BENCH_VMALLOC)
		vfree(ring->linear);
	else if (ring->kind != BENCH_EXACT)
		bench_runs_free(ring);
	else if (ring->linear)
		free_pages_exact(ring->linear, ring->len);
	memset(ring, 0, sizeof(*ring));
}

int bench_ring_set_up(struct bench_worker *w)
{
	int err;

	err = bench_source_alloc(w);
	return err ? : bench_ring_alloc(&w->ring, w->test->memory, BENCH_RING);
}

void bench_ring_tear_down(struct bench_worker *w)
{
	bench_ring_free(&w->ring);
	bench_source_free(w);
}

/* Returns the address at @offset; reduces @size to what is contiguous there. */
static inline void *bench_ring_span(const struct bench_ring *ring, u32 offset,
				    u32 *size)
{
	u32 run, within;

	if (ring->linear)
		return ring->linear + offset;
	run = PAGE_SIZE << ring->order;
	within = offset & (run - 1);
	*size = min(*size, run - within);
	return page_address(ring->runs[offset / run]) + within;
}

static int bench_copy_step(struct bench_worker *w)
{
	u32 offset = bench_next(w), done = 0;

	while (done < w->size) {
		u32 span = w->size - done;
		void *to = bench_ring_span(&w->ring, offset + done, &span);

		memcpy(to, w->source + done, span);
		done += span;
	}
	return 0;
}

u64 bench_copy_loop(struct bench_worker *w, u32 n)
{
	return bench_repeat(w, n, bench_copy_step);
}

static int bench_copy_user_step(struct bench_worker *w)
{
	u32 offset = bench_next(w), done = 0;
	struct iov_iter from;

	iov_iter_ubuf(&from, ITER_SOURCE, w->user, w->size);
	while (done < w->size) {
		u32 span = w->size - done;
		void *to = bench_ring_span(&w->ring, offset + done, &span);

		if (copy_from_iter(to, span, &from) != span)
			return -EFAULT;
		done += span;
	}
	return 0;
}

u64 bench_copy_user_loop(struct bench_worker *w, u32 n)
{
	return bench_repeat(w, n, bench_copy_user_step);
}

static int bench_alloc_step(struct bench_worker *w)
{
	int err;

	err = bench_ring_alloc(&w->ring, w->test->memory, w->size);
	bench_ring_free(&w->ring);
	return err;
}

u64 bench_alloc_loop(struct bench_worker *w, u32 n)
{
	return bench_repeat(w, n, bench_alloc_step);
}

static int bench_clock_step(struct bench_worker *w)
{
	w->stamp = ktime_get_ns();
	return 0;
}

u64 bench_clock_loop(struct bench_worker *w, u32 n)
{
	return bench_repeat(w, n, bench_clock_step);
}

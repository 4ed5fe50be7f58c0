// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Measures moves and signals: each worker writes into a DMB of its own.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/uio.h>

#include <linux/dibs_client.h>

#include "bench.h"

int bench_source_alloc(struct bench_worker *w)
{
	void *block = alloc_pages_exact(BENCH_SKEW + w->size,
					GFP_KERNEL | __GFP_ZERO);

	if (!block)
		return -ENOMEM;
	w->source = block + BENCH_SKEW;
	return 0;
}

void bench_source_free(struct bench_worker *w)
{
	if (w->source)
		free_pages_exact(w->source - BENCH_SKEW,
				 BENCH_SKEW + w->size);
}

int bench_move_set_up(struct bench_worker *w)
{
	int err;

	err = bench_source_alloc(w);
	return err ? : bench_link_set_up(w);
}

void bench_move_tear_down(struct bench_worker *w)
{
	bench_link_tear_down(w);
	bench_source_free(w);
}

int bench_latency_set_up(struct bench_worker *w)
{
	w->stamping = true;
	return bench_link_set_up(w);
}

/* Called from the signal callback. */
void bench_signalled(struct bench_worker *w)
{
	w->signals++;
	if (w->stamping)
		w->stamp = ktime_get_ns();
}

static int bench_move_step(struct bench_worker *w)
{
	return dibs_move_data(w->link.att, 0, false, bench_next(w), w->source,
			      w->size);
}

u64 bench_move_loop(struct bench_worker *w, u32 n)
{
	return bench_repeat(w, n, bench_move_step);
}

static int bench_move_signal_step(struct bench_worker *w)
{
	return dibs_move_data(w->link.att, 0, true, bench_next(w), w->source,
			      w->size);
}

u64 bench_move_signal_loop(struct bench_worker *w, u32 n)
{
	return bench_repeat(w, n, bench_move_signal_step);
}

static int bench_move_user_step(struct bench_worker *w)
{
	struct iov_iter from;
	ssize_t done;

	iov_iter_ubuf(&from, ITER_SOURCE, w->user, w->size);
	done = dibs_move_iter(w->link.att, 0, false, bench_next(w), &from,
			      w->size);
	if (done < 0)
		return done;
	return done == w->size ? 0 : -EIO;
}

u64 bench_move_user_loop(struct bench_worker *w, u32 n)
{
	return bench_repeat(w, n, bench_move_user_step);
}

static int bench_signal_step(struct bench_worker *w)
{
	return dibs_signal(w->link.att, 0);
}

u64 bench_signal_loop(struct bench_worker *w, u32 n)
{
	return bench_repeat(w, n, bench_signal_step);
}

/* From the call to the callback; includes reading the clock once. */
u64 bench_latency_loop(struct bench_worker *w, u32 n)
{
	u64 ns = 0, start;

	while (n-- && !w->err) {
		start = ktime_get_ns();
		w->err = dibs_signal(w->link.att, 0);
		ns += w->stamp - start;
	}
	return ns;
}

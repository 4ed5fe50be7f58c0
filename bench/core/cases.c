// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The table of cases.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "bench.h"

#define BENCH_MOVE(_name, _loop, ...) {					\
	.name = _name, .set_up = bench_move_set_up, .loop = _loop,	\
	.tear_down = bench_move_tear_down, __VA_ARGS__ }

#define BENCH_COPY(_name, _memory) {					\
	.name = _name, .set_up = bench_ring_set_up, .memory = _memory,	\
	.loop = bench_copy_loop, .tear_down = bench_ring_tear_down }

#define BENCH_COPY_USER(_name, _memory) {				\
	.name = _name, .set_up = bench_ring_set_up, .memory = _memory,	\
	.user = true, .loop = bench_copy_user_loop,			\
	.tear_down = bench_ring_tear_down }

#define BENCH_ALLOC(_name, _memory)					\
	{ .name = _name, .memory = _memory, .loop = bench_alloc_loop }

static const struct bench_case bench_cases[] = {
	/* Lifetime of DMBs and attachments */
	{ .name = "register", .loop = bench_register_loop },
	{ .name = "register_touched", .loop = bench_touch_loop },
	{ .name = "attach", .set_up = bench_links_set_up,
	  .loop = bench_attach_loop, .tear_down = bench_links_tear_down },

	/* Moves and signals */
	BENCH_MOVE("move", bench_move_loop),
	BENCH_MOVE("move_signal", bench_move_signal_loop),
	BENCH_MOVE("move_user", bench_move_user_loop, .user = true),
	{ .name = "signal", .set_up = bench_link_set_up,
	  .loop = bench_signal_loop, .tear_down = bench_link_tear_down },
	{ .name = "signal_latency", .set_up = bench_latency_set_up,
	  .loop = bench_latency_loop, .tear_down = bench_link_tear_down },

	/* Yardsticks and kinds of memory for DMBs */
	BENCH_COPY("copy_exact", BENCH_EXACT),
	BENCH_COPY("copy_vmalloc", BENCH_VMALLOC),
	BENCH_COPY("copy_pages", BENCH_PAGES),
	BENCH_COPY("copy_runs", BENCH_RUNS),
	BENCH_COPY_USER("copy_user_exact", BENCH_EXACT),
	BENCH_COPY_USER("copy_user_vmalloc", BENCH_VMALLOC),
	BENCH_COPY_USER("copy_user_pages", BENCH_PAGES),
	BENCH_COPY_USER("copy_user_runs", BENCH_RUNS),
	BENCH_ALLOC("alloc_exact", BENCH_EXACT),
	BENCH_ALLOC("alloc_vmalloc", BENCH_VMALLOC),
	BENCH_ALLOC("alloc_pages", BENCH_PAGES),
	BENCH_ALLOC("alloc_runs", BENCH_RUNS),
	BENCH_ALLOC("alloc_folios", BENCH_FOLIOS),
	{ .name = "clock", .loop = bench_clock_loop },
};

const struct bench_case *bench_case_find(const char *name)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(bench_cases); i++)
		if (!strcmp(bench_cases[i].name, name))
			return &bench_cases[i];
	return NULL;
}

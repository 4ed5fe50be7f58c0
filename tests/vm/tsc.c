// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Prints how fast the host's time-stamp counter runs, in kHz. An emulated guest
 * reads the same counter, and cannot find that out by itself while the host is
 * busy. Each look at the clock is tried until nothing came between.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

struct look {
	uint64_t ticks;
	uint64_t ns;
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static struct look look(void)
{
	uint64_t least = UINT64_MAX;
	struct look best = {};
	int i;

	for (i = 0; i < 1000; i++) {
		uint64_t before = __rdtsc(), ns = now(), after = __rdtsc();

		if (after - before < least) {
			least = after - before;
			best = (struct look){ before + least / 2, ns };
		}
	}
	return best;
}

int main(void)
{
	const struct timespec nap = { .tv_nsec = 100000000 };
	struct look from = look(), to;

	nanosleep(&nap, NULL);
	to = look();
	printf("%ju\n", (uintmax_t)((to.ticks - from.ticks) * 1000000 /
				    (to.ns - from.ns)));
	return 0;
}

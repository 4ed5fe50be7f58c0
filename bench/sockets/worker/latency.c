// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Percentiles and histogram of a sample's round trips or connections.
 */
#include <stdio.h>
#include <stdlib.h>

#include "worker.h"

/* Buckets of a histogram from one power of 2 to the next. */
#define STEPS_LOG	2
#define STEPS		(1 << STEPS_LOG)

static int compare(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Sorts @trip. @ns: the sum of all */
void show_latency(uint32_t *trip, uint64_t nr, uint64_t ns)
{
	qsort(trip, nr, sizeof(*trip), compare);
	printf(" mean=%ju p50=%u p99=%u p999=%u", (uintmax_t)(ns / nr),
	       trip[nr / 2], trip[nr * 99 / 100], trip[nr * 999 / 1000]);
}

/* Lower bound of the bucket: all but the highest bits are cleared. */
static uint32_t bucket(uint32_t ns)
{
	int bits = ns >= STEPS ? 31 - __builtin_clz(ns) - STEPS_LOG : 0;

	return ns >> bits << bits;
}

/* @trip is sorted. */
void show_histogram(const uint32_t *trip, uint64_t nr)
{
	uint64_t i, first;

	for (first = 0; first < nr; first = i) {
		i = first;
		while (i < nr && bucket(trip[i]) == bucket(trip[first]))
			i++;
		printf(" %u:%ju", bucket(trip[first]), (uintmax_t)(i - first));
	}
}

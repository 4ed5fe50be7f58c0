// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The user-space yardstick: prints the time of an empty system call in ns,
 * measured on one CPU for the given number of milliseconds.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BATCH 200
#define BATCHES 1000

static unsigned long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* A batch, so that reading the clock does not count. */
static unsigned long long batch(void)
{
	unsigned long long start = now();
	int i;

	for (i = 0; i < BATCH; i++)
		syscall(SYS_getppid);
	return now() - start;
}

static int compare(const void *a, const void *b)
{
	return *(const unsigned long long *)a < *(const unsigned long long *)b ? -1 :
	       *(const unsigned long long *)a > *(const unsigned long long *)b;
}

int main(int argc, char **argv)
{
	static unsigned long long ns[BATCHES];
	unsigned long long span, start;
	cpu_set_t cpus;
	int nr = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: getppid MILLISECONDS\n");
		return 2;
	}
	span = strtoull(argv[1], NULL, 10) * 1000000ULL;
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	batch();
	start = now();
	do
		ns[nr++] = batch();
	while (nr < BATCHES && now() - start < span);
	/* The median, like the kernel module: it ignores preempted batches. */
	qsort(ns, nr, sizeof(ns[0]), compare);
	printf("%.1f\n", (double)ns[nr / 2] / BATCH);
	return 0;
}

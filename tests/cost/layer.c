// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * What does an SMC socket cost that fell back to TCP? Streams and round trips
 * over both, in turn (cost.h), and their ratio, in TAP.
 *
 * To show how much chance is left, TCP is measured twice in each round, and
 * compared with itself.
 */

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "cost.h"

#define ROUNDS	3		/* which differ by less than 1 % */
#define WARM_UPS 4		/* uncounted rounds: the first differ by half */

enum carrier {
	TCP,
	SMC,
	TCP_AGAIN,
	CARRIERS
};

static const int protocols[CARRIERS] = {
	IPPROTO_TCP, IPPROTO_SMC, IPPROTO_TCP
};

static const char *const names[CARRIERS] = { "TCP", "SMC", "TCP again" };

static const struct measurement measurements[] = {
	{ "stream of 64 B", 64, false },
	{ "stream of 1 KiB", 1024, false },
	{ "stream of 16 KiB", 16384, false },
	{ "stream of 128 KiB", 131072, false },
	{ "round trip of 1 B", 1, true },
	{ "round trip of 4 KiB", 4096, true },
	{ "round trip of 64 KiB", 65536, true },
};

/* Neighbours in time are compared, whatever else happened then. */
static double ratio(const double *a, const double *b)
{
	double ratios[ROUNDS];
	unsigned int r;

	for (r = 0; r < ROUNDS; r++)
		ratios[r] = a[r] / b[r];
	return cost_median(ratios, ROUNDS);
}

static bool judge(unsigned int number, double least)
{
	const struct measurement *m = &measurements[number];
	double rates[CARRIERS][ROUNDS], smc, again;
	unsigned int r, i;

	for (r = 0; r < ROUNDS; r++) {
		for (i = 0; i < CARRIERS; i++) {
			unsigned int c = (r + i) % CARRIERS;

			rates[c][r] = cost_rate(protocols[c], m);
		}
	}
	smc = ratio(rates[SMC], rates[TCP]);
	again = ratio(rates[TCP_AGAIN], rates[TCP]);
	printf("%sok %u - a %s by SMC over TCP reaches %.2f of TCP\n",
	       smc < least ? "not " : "", number + 1, m->name, least);
	printf("# %s: %.3f of TCP; TCP of itself: %.3f\n", m->name, smc, again);
	for (i = 0; i < CARRIERS; i++) {
		double middle = cost_median(rates[i], ROUNDS);

		printf("# %s: %s %.0f/s (%.0f to %.0f)\n", m->name, names[i],
		       middle, rates[i][0], rates[i][ROUNDS - 1]);
	}
	fflush(stdout);
	return smc >= least;
}

/* The guest has just booted, and the first run pays for untouched memory. */
static void warm_up(void)
{
	unsigned int i;

	for (i = 0; i < WARM_UPS * CARRIERS; i++)
		cost_rate(protocols[i % CARRIERS], &measurements[0]);
}

int main(int argc, char **argv)
{
	double least = argc > 1 ? atof(argv[1]) : 0.95;
	unsigned int i, bad = 0;

	cost_begin();
	warm_up();
	printf("TAP version 13\n1..%zu\n", ARRAY_SIZE(measurements));
	for (i = 0; i < ARRAY_SIZE(measurements); i++)
		bad += !judge(i, least);
	return !!bad;
}

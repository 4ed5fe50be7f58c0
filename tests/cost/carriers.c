// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * What does an operation cost over SMC-D, compared with TCP and AF_UNIX?
 * Prints, for each measurement and carrier, the median of its time in
 * nanoseconds, which are instructions when tests/cost/run starts it (see
 * cost.h), and the spread of the rounds:
 *
 *	cost CARRIER MEDIAN LEAST MOST MEASUREMENT
 *
 * Readers must not busy-poll: for how long they do depends on averages.
 */

#include <err.h>
#include <netinet/in.h>
#include <stdio.h>

#include "cost.h"

#define ROUNDS 5

static const struct carrier {
	const char *name;
	int protocol;
	char mapped;		/* the value for net.smc.mapped, or 0 */
} carriers[] = {
	{ "mapped", IPPROTO_SMC, '1' },
	{ "moving", IPPROTO_SMC, '0' },
	{ "tcp", IPPROTO_TCP, 0 },
	{ "unix", COST_UNIX, 0 },
};

static const struct measurement measurements[] = {
	{ "stream of 64 B", 64, false },
	{ "stream of 64 KiB", 65536, false },
	{ "round trip of 1 B", 1, true },
};

static void set(const char *name, char value)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/smc/%s", name);
	file = fopen(path, "w");
	if (!file || fputc(value, file) < 0 || fclose(file))
		err(1, "%s", path);
}

static double cost(const struct carrier *c, const struct measurement *m)
{
	if (c->mapped)
		set("mapped", c->mapped);
	return 1e9 / cost_rate(c->protocol, m);
}

static void measure(const struct measurement *m)
{
	double ns[ARRAY_SIZE(carriers)][ROUNDS], median;
	unsigned int r, i;

	/* The first run pays for memory that nobody has touched before. */
	for (i = 0; i < ARRAY_SIZE(carriers); i++)
		cost(&carriers[i], m);
	for (r = 0; r < ROUNDS; r++)
		for (i = 0; i < ARRAY_SIZE(carriers); i++)
			ns[i][r] = cost(&carriers[i], m);
	for (i = 0; i < ARRAY_SIZE(carriers); i++) {
		median = cost_median(ns[i], ROUNDS);
		printf("cost %s %.0f %.0f %.0f %s\n", carriers[i].name, median,
		       ns[i][0], ns[i][ROUNDS - 1], m->name);
	}
	fflush(stdout);
}

int main(void)
{
	unsigned int i;

	cost_begin();
	set("busy_poll", '0');
	for (i = 0; i < ARRAY_SIZE(measurements); i++)
		measure(&measurements[i]);
	return 0;
}

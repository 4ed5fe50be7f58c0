// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * What the ends of each case do. Each runs until it is killed, and looks at no
 * clock, except for what goes there and back, whose length is asked for.
 */
#include <err.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "worker.h"

static void stream_server(int listener)
{
	int fd = accept_one(listener);
	ssize_t n;

	while ((n = get_some(fd)) > 0)
		counter->value += n;
	err(1, "read");
}

static void stream_client(void)
{
	int fd = connected();

	for (;;) {
		put(fd, size);
		if (is_probe)
			counter->value += size;
	}
}

/* Another one is over. Returns when that was. */
static uint64_t count_trip(uint64_t begin)
{
	uint64_t end = now();

	shared->trip[counter->value % MAX_TRIPS] = end - begin;
	counter->value++;
	return end;
}

static void trip_server(int listener)
{
	int fd = accept_one(listener);

	for (;;) {
		get(fd, size);
		put(fd, size);
	}
}

static void trip_client(void)
{
	int fd = connected();
	uint64_t begin = now();

	for (;;) {
		put(fd, size);
		get(fd, size);
		begin = count_trip(begin);
	}
}

static void connect_server(int listener)
{
	for (;;) {
		int fd = accept_one(listener);

		get(fd, 1);
		put(fd, 1);
		close(fd);
	}
}

static void connect_client(void)
{
	uint64_t begin = now();

	for (;;) {
		int fd = connected();

		put(fd, 1);
		get(fd, 1);
		close(fd);
		begin = count_trip(begin);
	}
}

/* --- connections that stay, and do nothing after a byte each way ---------- */

static void allow_files(void)
{
	struct rlimit limit = { 2 * IDLE_PAIRS, 2 * IDLE_PAIRS };

	if (setrlimit(RLIMIT_NOFILE, &limit))
		err(1, "setrlimit");
}

static void idle_server(int listener)
{
	allow_files();
	for (;;) {
		int fd = accept_one(listener);

		get(fd, 1);
		put(fd, 1);
	}
}

static void idle_client(void)
{
	allow_files();
	while (!shared->go)
		nap(1000000);
	while (counter->value < IDLE_PAIRS) {
		int fd = connected();

		put(fd, 1);
		get(fd, 1);
		counter->value++;
	}
	for (;;)
		pause();
}

static const struct bench_case cases[] = {
	{ "stream", stream_server, stream_client, 1, false },
	{ "streams8", stream_server, stream_client, 8, false },
	{ "streams64", stream_server, stream_client, 64, false },
	{ "trip", trip_server, trip_client, 1, false },
	{ "asleep", trip_server, trip_client, 1, true },
	{ "connect", connect_server, connect_client, 1, false },
	{ "idle", idle_server, idle_client, 1, false },
	{}
};

const struct bench_case *find_case(const char *name)
{
	const struct bench_case *c;

	for (c = cases; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	errx(2, "no such case: %s", name);
}

/* Is there a time of each? */
bool is_timed(const struct bench_case *c)
{
	return c->client == trip_client || c->client == connect_client;
}

bool is_idle(const struct bench_case *c)
{
	return c->client == idle_client;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Client and server of each case. They run until they are killed. Only clients
 * that time round trips or connections read the clock.
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

	while ((n = recv_some(fd)) > 0)
		counter->value += n;
	err(1, "read");
}

static void stream_client(void)
{
	int fd = connect_one();

	for (;;) {
		send_all(fd, size);
		if (is_sink)
			counter->value += size;
	}
}

/* Counts a round trip or connection that ends now. Returns the time. */
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
		recv_all(fd, size);
		send_all(fd, size);
	}
}

static void trip_client(void)
{
	int fd = connect_one();
	uint64_t begin = now();

	for (;;) {
		send_all(fd, size);
		recv_all(fd, size);
		begin = count_trip(begin);
	}
}

static void connect_server(int listener)
{
	for (;;) {
		int fd = accept_one(listener);

		recv_all(fd, 1);
		send_all(fd, 1);
		close(fd);
	}
}

static void connect_client(void)
{
	uint64_t begin = now();

	for (;;) {
		int fd = connect_one();

		send_all(fd, 1);
		recv_all(fd, 1);
		close(fd);
		begin = count_trip(begin);
	}
}

/* --- connections that are idle after a byte each way ---------------------- */

static void raise_file_limit(void)
{
	struct rlimit limit = { 2 * IDLE_CONNS, 2 * IDLE_CONNS };

	if (setrlimit(RLIMIT_NOFILE, &limit))
		err(1, "setrlimit");
}

static void idle_server(int listener)
{
	raise_file_limit();
	for (;;) {
		int fd = accept_one(listener);

		recv_all(fd, 1);
		send_all(fd, 1);
	}
}

static void idle_client(void)
{
	raise_file_limit();
	while (!shared->go)
		sleep_ns(1000000);
	while (counter->value < IDLE_CONNS) {
		int fd = connect_one();

		send_all(fd, 1);
		recv_all(fd, 1);
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
	{ "trip-sleep", trip_server, trip_client, 1, true },
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

/* Is the time of each operation recorded? */
bool is_timed(const struct bench_case *c)
{
	return c->client == trip_client || c->client == connect_client;
}

bool is_idle(const struct bench_case *c)
{
	return c->client == idle_client;
}

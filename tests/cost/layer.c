// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * What does an SMC socket cost whose bytes go through TCP all the same? Streams
 * and round trips over both, in turn, and their ratio, as TAP. Meaningful in a
 * guest whose time is a count of instructions (tests/cost/run).
 *
 *	process 1			process 2
 *	writes, for a given time	reads all (stream)
 *	writes and reads again		reads and writes again (round trip)
 */

#include <arpa/inet.h>
#include <err.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef IPPROTO_SMC
#define IPPROTO_SMC 256
#endif

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ROUNDS	9
#define WARM_UP	0.02		/* seconds, not counted */
#define MEASURE	0.15

struct measurement {
	const char *name;
	size_t size;
	bool echo;
};

static const struct measurement measurements[] = {
	{ "stream of 64 B", 64, false },
	{ "stream of 1 KiB", 1024, false },
	{ "stream of 16 KiB", 16384, false },
	{ "stream of 128 KiB", 131072, false },
	{ "round trip of 1 B", 1, true },
	{ "round trip of 4 KiB", 4096, true },
	{ "round trip of 64 KiB", 65536, true },
};

static char buffer[131072];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void connect_pair(int protocol, int fds[2])
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);
	int on = 1, i, l = socket(AF_INET, SOCK_STREAM, protocol);

	fds[0] = socket(AF_INET, SOCK_STREAM, protocol);
	if (l < 0 || fds[0] < 0)
		err(1, "socket");
	if (bind(l, (void *)&addr, sizeof(addr)) || listen(l, 1) ||
	    getsockname(l, (void *)&addr, &len) ||
	    connect(fds[0], (void *)&addr, sizeof(addr)))
		err(1, "connect");
	fds[1] = accept(l, NULL, NULL);
	if (fds[1] < 0)
		err(1, "accept");
	close(l);
	for (i = 0; i < 2; i++)
		setsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static bool read_all(int fd, size_t len)
{
	ssize_t n;

	for (; len; len -= n) {
		n = read(fd, buffer, len);
		if (n <= 0)
			return false;
	}
	return true;
}

__attribute__((noreturn))
static void peer(int fd, const struct measurement *m)
{
	if (m->echo) {
		while (read_all(fd, m->size) &&
		       write(fd, buffer, m->size) == (ssize_t)m->size)
			;
	} else {
		while (read(fd, buffer, 65536) > 0)
			;
	}
	_exit(0);
}

static long work(int fd, const struct measurement *m, double seconds)
{
	double end = now() + seconds;
	long count = 0;

	while (now() < end) {
		if (write(fd, buffer, m->size) != (ssize_t)m->size)
			err(1, "write");
		if (m->echo && !read_all(fd, m->size))
			err(1, "read");
		count++;
	}
	return count;
}

/* Operations a second */
static double measure(int protocol, const struct measurement *m)
{
	double begin, rate;
	int fds[2];
	pid_t pid;

	connect_pair(protocol, fds);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		close(fds[0]);
		peer(fds[1], m);
	}
	close(fds[1]);
	work(fds[0], m, WARM_UP);
	begin = now();
	rate = work(fds[0], m, MEASURE);
	rate /= now() - begin;
	close(fds[0]);
	waitpid(pid, NULL, 0);
	return rate;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), compare);
	return values[ROUNDS / 2];
}

static void say_spread(const char *name, const char *carrier,
		       const double *sorted)
{
	printf("# %s: %s %.0f/s (%.0f to %.0f)\n", name, carrier,
	       sorted[ROUNDS / 2], sorted[0], sorted[ROUNDS - 1]);
}

int main(int argc, char **argv)
{
	double least = argc > 1 ? atof(argv[1]) : 0.95;
	unsigned int i, r, bad = 0;

	signal(SIGPIPE, SIG_IGN);
	printf("TAP version 13\n1..%zu\n", ARRAY_SIZE(measurements));
	for (i = 0; i < ARRAY_SIZE(measurements); i++) {
		const struct measurement *m = &measurements[i];
		double tcp[ROUNDS], smc[ROUNDS], ratio;

		for (r = 0; r < ROUNDS; r++) {
			tcp[r] = measure(IPPROTO_TCP, m);
			smc[r] = measure(IPPROTO_SMC, m);
		}
		ratio = median(smc) / median(tcp);
		printf("%sok %u - %s: SMC on TCP is at least %.2f of TCP\n",
		       ratio < least ? "not " : "", i + 1, m->name, least);
		say_spread(m->name, "TCP", tcp);
		say_spread(m->name, "SMC", smc);
		printf("# %s: ratio %.3f\n", m->name, ratio);
		fflush(stdout);
		bad += ratio < least;
	}
	return !!bad;
}

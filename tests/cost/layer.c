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
 *
 * What is compared must not depend on chance, or it says nothing: with buffers
 * that TCP tunes and a reader that may push aside the writer for each segment,
 * one connection is half as fast as the next for as long as it lasts. So the
 * buffers are fixed, and a reader waits for its turn (SCHED_BATCH). What is
 * left shows: TCP is measured twice in each round, and compared with itself.
 */

#include <arpa/inet.h>
#include <err.h>
#include <netinet/tcp.h>
#include <sched.h>
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
#define ROUNDS	7
#define WARM_UP	0.02		/* seconds, not counted */
#define MEASURE	0.15
#define BUFFER	200000		/* the least for SO_SNDBUF and SO_RCVBUF */

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
	int l = socket(AF_INET, SOCK_STREAM, protocol);
	int on = 1, size = BUFFER, i;

	fds[0] = socket(AF_INET, SOCK_STREAM, protocol);
	if (l < 0 || fds[0] < 0)
		err(1, "socket");
	/* An accepted socket has its listener's. */
	if (setsockopt(l, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) ||
	    setsockopt(l, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) ||
	    setsockopt(fds[0], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) ||
	    setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)))
		err(1, "buffers");
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

/* Sorts. */
static double median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), compare);
	return values[ROUNDS / 2];
}

/* What is next to each other in time is compared, whatever went on then. */
static double ratio(const double *a, const double *b)
{
	double ratios[ROUNDS];
	unsigned int r;

	for (r = 0; r < ROUNDS; r++)
		ratios[r] = a[r] / b[r];
	return median(ratios);
}

static bool judge(unsigned int number, double least)
{
	const struct measurement *m = &measurements[number];
	double rates[CARRIERS][ROUNDS], smc, again;
	unsigned int r, i;

	for (r = 0; r < ROUNDS; r++) {
		for (i = 0; i < CARRIERS; i++) {
			unsigned int c = (r + i) % CARRIERS;

			rates[c][r] = measure(protocols[c], m);
		}
	}
	smc = ratio(rates[SMC], rates[TCP]);
	again = ratio(rates[TCP_AGAIN], rates[TCP]);
	printf("%sok %u - %s: SMC on TCP is at least %.2f of TCP\n",
	       smc < least ? "not " : "", number + 1, m->name, least);
	printf("# %s: %.3f of TCP; TCP of itself: %.3f\n", m->name, smc, again);
	for (i = 0; i < CARRIERS; i++) {
		double middle = median(rates[i]);

		printf("# %s: %s %.0f/s (%.0f to %.0f)\n", m->name, names[i],
		       middle, rates[i][0], rates[i][ROUNDS - 1]);
	}
	fflush(stdout);
	return smc >= least;
}

int main(int argc, char **argv)
{
	double least = argc > 1 ? atof(argv[1]) : 0.95;
	struct sched_param none = {};
	unsigned int i, bad = 0;

	signal(SIGPIPE, SIG_IGN);
	if (sched_setscheduler(0, SCHED_BATCH, &none))
		err(1, "SCHED_BATCH");
	printf("TAP version 13\n1..%zu\n", ARRAY_SIZE(measurements));
	for (i = 0; i < ARRAY_SIZE(measurements); i++)
		bad += !judge(i, least);
	return !!bad;
}

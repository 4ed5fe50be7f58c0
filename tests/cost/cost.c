// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * See cost.h.
 */

#include <arpa/inet.h>
#include <err.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cost.h"

#define WARM_UP	0.02		/* seconds, not counted */
#define MEASURE	0.15
#define BUFFER	200000		/* least SO_SNDBUF and SO_RCVBUF */

static char buffer[131072];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void fix_buffers(int fd)
{
	int size = BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)))
		err(1, "buffers");
}

static void unix_pair(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		err(1, "socketpair");
	fix_buffers(fds[0]);
	fix_buffers(fds[1]);
}

static void inet_pair(int protocol, int fds[2])
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);
	int l = socket(AF_INET, SOCK_STREAM, protocol);
	int on = 1, i;

	fds[0] = socket(AF_INET, SOCK_STREAM, protocol);
	if (l < 0 || fds[0] < 0)
		err(1, "socket");
	/* An accepted socket inherits them from its listener. */
	fix_buffers(l);
	fix_buffers(fds[0]);
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

double cost_rate(int protocol, const struct measurement *m)
{
	double begin, rate;
	int fds[2];
	pid_t pid;

	if (protocol == COST_UNIX)
		unix_pair(fds);
	else
		inet_pair(protocol, fds);
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

double cost_median(double *values, unsigned int nr)
{
	qsort(values, nr, sizeof(*values), compare);
	return values[nr / 2];
}

void cost_begin(void)
{
	struct sched_param none = {};

	signal(SIGPIPE, SIG_IGN);
	if (sched_setscheduler(0, SCHED_BATCH, &none))
		err(1, "SCHED_BATCH");
}

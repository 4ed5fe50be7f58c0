// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Takes samples of transports:
 *
 *	worker ROUNDS MSECS TRANSPORT,... CASE SIZE [CASE SIZE]...
 *
 * prints a line "sample CASE SIZE TRANSPORT VALUE..." for each, all transports
 * of a case one after the other. Transports are tcp, unix and smc; mapped and
 * moving are smc with net.smc.mapped set so. Cases are
 *
 *	stream	writes of SIZE bytes, reads of 64 KiB.   Prints bytes a second
 *	trip	SIZE bytes there and back.               ns: mean, p50, p99
 *	connect	connect, 1 byte each way, close.         Prints them a second
 *
 *	   client ------- connection -------> server
 *	      \                                 /
 *	    trips, connects                  bytes       shared memory
 *	              \                     /
 *	                worker: sleeps, reads the counter, sleeps, reads it again
 *
 * The ends look at no clock (except for trips, whose length is asked for), and
 * nothing counts that still lies in a buffer. Both ends are killed afterwards.
 * SMC sockets are TCP sockets but for their protocol, so the worker does not
 * care which module they are of.
 */
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef IPPROTO_SMC
#define IPPROTO_SMC 256
#endif

#define READ_SIZE	(64 << 10)
#define WARM_NS		100000000
#define MAX_TRIPS	(1 << 20)

struct shared {
	volatile uint64_t count;	/* bytes, trips or connections */
	uint32_t trip[MAX_TRIPS];	/* ns */
};

static struct shared *shared;
static const char *case_name;
static const char *transport;
static size_t size;
static char *buffer;

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void nap(uint64_t ns)
{
	struct timespec t = { ns / 1000000000, ns % 1000000000 };

	nanosleep(&t, NULL);
}

/* --- sockets -------------------------------------------------------------- */

static union {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_un un;
} addr;
static socklen_t addr_len;

static int make(void)
{
	int fd, on = 1;

	if (!strcmp(transport, "unix")) {
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		if (fd < 0)
			err(1, "socket");
		return fd;
	}
	fd = socket(AF_INET, SOCK_STREAM,
		    strcmp(transport, "tcp") ? IPPROTO_SMC : IPPROTO_TCP);
	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static int listen_somewhere(void)
{
	int fd = make();

	if (!strcmp(transport, "unix")) {
		addr.un.sun_family = AF_UNIX;
		addr_len = sizeof(sa_family_t); /* the kernel finds a name */
	} else {
		addr.in.sin_family = AF_INET;
		addr.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		addr_len = sizeof(addr.in);
	}
	if (bind(fd, &addr.any, addr_len) || listen(fd, 64))
		err(1, "listen");
	addr_len = sizeof(addr);
	if (getsockname(fd, &addr.any, &addr_len))
		err(1, "getsockname");
	return fd;
}

static int accept_one(int listener)
{
	int fd = accept(listener, NULL, NULL), on = 1;

	if (fd < 0)
		err(1, "accept");
	if (strcmp(transport, "unix"))
		setsockopt(fd, SOL_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static int connected(void)
{
	int fd = make();

	if (connect(fd, &addr.any, addr_len))
		err(1, "connect");
	return fd;
}

static void put(int fd, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = write(fd, buffer + done, len - done);
		if (n <= 0)
			err(1, "write");
		done += n;
	}
}

static void get(int fd, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = read(fd, buffer + done, len - done);
		if (n <= 0)
			err(1, "read");
		done += n;
	}
}

/* --- cases: each end runs until it is killed ------------------------------ */

static void stream_server(int listener)
{
	int fd = accept_one(listener);
	ssize_t n;

	while ((n = read(fd, buffer, READ_SIZE)) > 0)
		shared->count += n;
	err(1, "read");
}

static void stream_client(void)
{
	int fd = connected();

	for (;;)
		put(fd, size);
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
	uint64_t begin = now(), end;

	for (;; begin = end) {
		put(fd, size);
		get(fd, size);
		end = now();
		shared->trip[shared->count % MAX_TRIPS] = end - begin;
		shared->count++;
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
	for (;;) {
		int fd = connected();

		put(fd, 1);
		get(fd, 1);
		close(fd);
		shared->count++;
	}
}

static const struct bench_case {
	const char *name;
	void (*server)(int listener);
	void (*client)(void);
} cases[] = {
	{ "stream", stream_server, stream_client },
	{ "trip", trip_server, trip_client },
	{ "connect", connect_server, connect_client },
	{}
};

static const struct bench_case *find_case(const char *name)
{
	const struct bench_case *c;

	for (c = cases; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	errx(2, "no such case: %s", name);
}

/* --- a sample ------------------------------------------------------------- */

static pid_t start(const struct bench_case *c, int listener)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (listener >= 0)
		c->server(listener);
	else
		c->client();
	_exit(1);
}

/*
 * An end that ended by itself did so because something went wrong. Both are
 * halted before either is killed, as the other one would notice that.
 */
static void halt(pid_t pid)
{
	int status;

	kill(pid, SIGSTOP);
	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		errx(1, "an end gave up");
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int compare(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void show(const char *format, ...)
{
	va_list values;

	printf("sample %s %zu %s ", case_name, size, transport);
	va_start(values, format);
	vprintf(format, values);
	va_end(values);
	putchar('\n');
}

static void show_trips(uint64_t first, uint64_t last, uint64_t ns)
{
	uint64_t nr = last - first;

	if (last > MAX_TRIPS)
		errx(1, "more trips than there is room for");
	if (nr < 5)
		errx(1, "only %ju trips", (uintmax_t)nr);
	qsort(shared->trip + first, nr, sizeof(*shared->trip), compare);
	show("%ju %u %u", (uintmax_t)(ns / nr), shared->trip[first + nr / 2],
	     shared->trip[first + nr * 99 / 100]);
}

static void take(const struct bench_case *c, uint64_t ns)
{
	int listener = listen_somewhere();
	pid_t server = start(c, listener), client = start(c, -1);
	uint64_t first, last, begin;

	nap(WARM_NS);
	begin = now();
	first = shared->count;
	nap(ns);
	ns = now() - begin;
	last = shared->count;
	halt(client);
	halt(server);
	end(client);
	end(server);
	if (last == first)
		errx(1, "nothing happened");
	if (c->client == trip_client)
		show_trips(first, last, ns);
	else
		show("%.0f", (last - first) * 1e9 / ns);
}

static void choose_path(bool mapped)
{
	FILE *file = fopen("/proc/sys/net/smc/mapped", "w");

	if (!file || fprintf(file, "%d", mapped) < 0 || fclose(file))
		err(1, "net.smc.mapped");
}

/* Each sample is a process of its own; one that fails leaves a gap. */
static void sample(const struct bench_case *c, const char *name, uint64_t ns)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid) {
		waitpid(pid, NULL, 0);
		return;
	}
	case_name = c->name;
	transport = name;
	if (!strcmp(name, "mapped") || !strcmp(name, "moving"))
		choose_path(!strcmp(name, "mapped"));
	buffer = malloc(size > READ_SIZE ? size : READ_SIZE);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!buffer || shared == MAP_FAILED)
		err(1, "memory");
	memset(buffer, 1, size > READ_SIZE ? size : READ_SIZE);
	take(c, ns);
	exit(0);
}

static void all_transports(const struct bench_case *c, const char *names,
			   uint64_t ns)
{
	char *list = strdup(names), *rest = list, *name;

	while ((name = strsep(&rest, ",")))
		sample(c, name, ns);
	free(list);
}

int main(int argc, char **argv)
{
	int round, i, rounds;
	uint64_t ns;

	if (argc < 6 || argc % 2)
		errx(2, "ROUNDS MSECS TRANSPORT,... CASE SIZE...");
	setvbuf(stdout, NULL, _IOLBF, 0);
	rounds = atoi(argv[1]);
	ns = strtoul(argv[2], NULL, 0) * 1000000ull;
	for (round = 0; round < rounds; round++) {
		for (i = 4; i < argc; i += 2) {
			size = strtoul(argv[i + 1], NULL, 0);
			all_transports(find_case(argv[i]), argv[3], ns);
		}
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Samples transports:
 *
 *	worker ROUNDS MSECS TRANSPORT,... CASE SIZE [CASE SIZE]...
 *
 * For each case, all transports are sampled one after the other. Each sample
 * prints a line
 *
 *	sample CASE SIZE TRANSPORT NAME=VALUE...
 *
 * and, if round trips or connections were timed, a line
 *
 *	histogram CASE SIZE TRANSPORT NS:NUMBER...
 *
 * where NUMBER of them took at least NS, but less than the next NS. Transports:
 *
 *	tcp, unix, smc
 *	mapped, moving	smc with net.smc.mapped set to 1, 0
 *	ism		smc between two network namespaces
 *	sink		a copy-only socket (../sink), for stream
 *	memory		a ring in shared memory, for stream and trip
 *
 * Cases:
 *
 *	stream		writes of SIZE bytes, reads of 64 KiB
 *	streams8, 64	8 or 64 streams at once
 *	trip		round trips of SIZE bytes
 *	trip-sleep	the same, and readers never busy-poll
 *			(net.smc.busy_poll=0)
 *	connect		connect, 1 byte each way, close
 *	idle		memory of idle connections
 *
 * Names of values:
 *
 *	rate		bytes, round trips or connections per second
 *	cpu		CPU time in ns for each of them, of all CPUs:
 *			interrupts and other tasks are included
 *	fairness	rate of the slowest stream relative to the mean
 *	mean p50 p99 p999	of round trips or connections, in ns
 *	bytes		memory per idle connection, both ends together
 *
 *	   client ------- connection -------> server
 *	      \                                 /
 *	    trips, connects                  bytes       shared memory
 *	              \                     /
 *	                worker: sleeps, reads the counter, sleeps, reads it again
 *
 * Data that is still in a buffer does not count. Client and server run until
 * they are killed.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "worker.h"

#define MSEC		1000000ull
#define WARM_UP		(100 * MSEC)
#define TIMEOUT		(20000 * MSEC)
/* Until idle connections have released the memory that they do release. */
#define IDLE_SETTLE	(6000 * MSEC)

struct shared *shared;
struct counter *counter;
const char *transport;
bool is_sink, is_memory;
size_t size;
char *buffer;

static pid_t pids[2 * MAX_PAIRS];
static unsigned int nr_pids;

uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

void sleep_ns(uint64_t ns)
{
	struct timespec t = { ns / 1000000000, ns % 1000000000 };

	nanosleep(&t, NULL);
}

/* --- client and server processes ------------------------------------------ */

/* Forks the server of a pair or, without a listener, its client. */
static void start_process(const struct bench_case *c, unsigned int pair,
			  int listener)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid) {
		pids[nr_pids++] = pid;
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	counter = &shared->count[pair];
	if (listener >= 0)
		c->server(listener);
	else
		c->client();
	_exit(1);
}

static void start_all(const struct bench_case *c)
{
	int listener = listen_any();
	unsigned int i;

	for (i = 0; i < c->pairs; i++) {
		if (listener >= 0)
			start_process(c, i, listener);
		start_process(c, i, -1);
	}
}

/*
 * A process that exited by itself has failed. All are stopped before any is
 * killed, so that none fails because its peer is gone.
 */
static void kill_all(void)
{
	unsigned int i;
	int status;

	for (i = 0; i < nr_pids; i++) {
		kill(pids[i], SIGSTOP);
		if (waitpid(pids[i], &status, WUNTRACED) != pids[i] ||
		    !WIFSTOPPED(status))
			errx(1, "client or server failed");
	}
	for (i = 0; i < nr_pids; i++)
		kill(pids[i], SIGKILL);
	for (i = 0; i < nr_pids; i++)
		waitpid(pids[i], NULL, 0);
}

/* Waits until the counter of every pair has reached @count. */
static void wait_for_count(const struct bench_case *c, uint64_t count)
{
	uint64_t deadline = now() + TIMEOUT;
	unsigned int i = 0;

	while (i < c->pairs) {
		if (shared->count[i].value >= count) {
			i++;
			continue;
		}
		if (now() > deadline || waitpid(-1, NULL, WNOHANG) > 0)
			errx(1, "pair %u makes no progress", i);
		sleep_ns(MSEC);
	}
}

/* --- /proc ---------------------------------------------------------------- */

/* In ns, the sum of all CPUs since boot. */
static uint64_t idle_time(void)
{
	unsigned long long idle, wait;
	FILE *file = fopen("/proc/stat", "r");

	if (!file || fscanf(file, "cpu %*u %*u %*u %llu %llu", &idle,
			    &wait) != 2)
		err(1, "/proc/stat");
	fclose(file);
	return (idle + wait) * (1000000000ull / sysconf(_SC_CLK_TCK));
}

static uint64_t free_memory(void)
{
	unsigned long long kib;
	FILE *file = fopen("/proc/meminfo", "r");

	if (!file || fscanf(file, "MemTotal: %*u kB MemFree: %llu", &kib) != 1)
		err(1, "/proc/meminfo");
	fclose(file);
	return kib << 10;
}

/* Returns the old value, or -1 if there is no such sysctl. */
static int set_sysctl(const char *name, int value)
{
	char path[64];
	int old = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/smc/%s", name);
	file = fopen(path, "r+");
	if (!file)
		return -1;
	if (fscanf(file, "%d", &old) != 1)
		err(1, "%s", path);
	rewind(file);
	if (fprintf(file, "%d", value) < 0 || fclose(file))
		err(1, "%s", path);
	return old;
}

/* --- samples -------------------------------------------------------------- */

static void begin_line(const char *word, const struct bench_case *c)
{
	printf("%s %s %zu %s", word, c->name, size, transport);
}

/* Exits if the sample is of no use. */
static void check(const struct bench_case *c, uint64_t last, uint64_t total)
{
	if (!total)
		errx(1, "no progress");
	if (!is_timed(c))
		return;
	if (last > MAX_TRIPS)
		errx(1, "more than %u round trips", MAX_TRIPS);
	if (total < 5)
		errx(1, "only %ju round trips", (uintmax_t)total);
}

/* Ends the line of the sample, and begins the histogram's. */
static void show_times(const struct bench_case *c, uint32_t *trip, uint64_t nr,
		       uint64_t ns)
{
	show_latency(trip, nr, ns);
	putchar('\n');
	begin_line("histogram", c);
	show_histogram(trip, nr);
}

static void sample_busy(const struct bench_case *c, uint64_t ns)
{
	uint64_t first[MAX_PAIRS], begin, idle, nr, total = 0, worst = ~0ull;
	uint64_t cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int i;

	start_all(c);
	wait_for_count(c, 1);
	sleep_ns(WARM_UP);
	begin = now();
	idle = idle_time();
	for (i = 0; i < c->pairs; i++)
		first[i] = shared->count[i].value;
	sleep_ns(ns);
	ns = now() - begin;
	idle = idle_time() - idle;
	for (i = 0; i < c->pairs; i++) {
		nr = shared->count[i].value - first[i];
		total += nr;
		worst = nr < worst ? nr : worst;
	}
	kill_all();
	check(c, first[0] + total, total);
	begin_line("sample", c);
	printf(" rate=%.0f cpu=%.6g", total * 1e9 / ns,
	       idle < cpus * ns ? (double)(cpus * ns - idle) / total : 0.);
	if (c->pairs > 1)
		printf(" fairness=%.3f", (double)worst * c->pairs / total);
	if (is_timed(c))
		show_times(c, shared->trip + first[0], total, ns);
	putchar('\n');
}

static void sample_idle(const struct bench_case *c)
{
	uint64_t before, after;

	start_all(c);
	sleep_ns(WARM_UP);
	before = free_memory();
	shared->go = true;
	wait_for_count(c, IDLE_CONNS);
	sleep_ns(IDLE_SETTLE);
	after = free_memory();
	kill_all();
	begin_line("sample", c);
	printf(" bytes=%.0f\n", ((double)before - after) / IDLE_CONNS);
}

/* With many streams it takes longer until each had its turn. */
static void sample_case(const struct bench_case *c, uint64_t ns)
{
	int busy_poll = -1;

	if (transport_is("mapped") || transport_is("moving"))
		set_sysctl("mapped", transport_is("mapped"));
	if (c->no_busy_poll)
		busy_poll = set_sysctl("busy_poll", 0);
	if (is_idle(c))
		sample_idle(c);
	else
		sample_busy(c, c->pairs > 8 ? 4 * ns : ns);
	if (busy_poll >= 0)
		set_sysctl("busy_poll", busy_poll);
}

/* In a process of its own: if it fails, only this sample is missing. */
static void sample(const struct bench_case *c, const char *name, uint64_t ns)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid) {
		waitpid(pid, NULL, 0);
		return;
	}
	transport = name;
	is_sink = transport_is("sink");
	is_memory = transport_is("memory");
	if (asprintf(&program_invocation_short_name, "%s %zu over %s", c->name,
		     size, name) < 0)
		exit(1);
	buffer = malloc(size > READ_SIZE ? size : READ_SIZE);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!buffer || shared == MAP_FAILED)
		err(1, "memory");
	memset(buffer, 1, size > READ_SIZE ? size : READ_SIZE);
	sample_case(c, ns);
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
		errx(2, "usage: ROUNDS MSECS TRANSPORT,... CASE SIZE...");
	setvbuf(stdout, NULL, _IOLBF, 0);
	rounds = atoi(argv[1]);
	ns = strtoul(argv[2], NULL, 0) * MSEC;
	for (round = 0; round < rounds; round++) {
		for (i = 4; i < argc; i += 2) {
			size = strtoul(argv[i + 1], NULL, 0);
			all_transports(find_case(argv[i]), argv[3], ns);
		}
	}
	return 0;
}

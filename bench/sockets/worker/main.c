// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Takes samples of transports:
 *
 *	worker ROUNDS MSECS TRANSPORT,... CASE SIZE [CASE SIZE]...
 *
 * prints a line "sample CASE SIZE TRANSPORT NAME=VALUE..." for each, all
 * transports of a case one after the other, and of what goes there and back a
 * line "histogram CASE SIZE TRANSPORT NS:NUMBER...": how many of them took NS
 * or more, but less than the next NS. Transports are tcp, unix and smc;
 * mapped and moving are smc with net.smc.mapped set so; ism is smc between two
 * namespaces; probe is a socket that throws away what is written, only good
 * for stream; memory is memory that both ends share, for stream and trip. Cases
 * are
 *
 *	stream		writes of SIZE bytes, reads of 64 KiB
 *	streams8, 64	so many of them at once
 *	trip		SIZE bytes there and back
 *	asleep		likewise, and nobody waits awake (net.smc.busy_poll=0)
 *	connect		connect, 1 byte each way, close
 *	idle		memory of connections on which nothing happens any more
 *
 * and names are
 *
 *	rate		bytes, trips or connections a second
 *	cpu		ns that processors were busy for each of them, with
 *			whatever for: interrupts and other tasks are in it
 *	share		of the worst of several streams; 1: its fair share
 *	mean p50 p99 p999	of trips and connections, ns
 *	bytes		of an idle connection, both ends together
 *
 *	   client ------- connection -------> server
 *	      \                                 /
 *	    trips, connects                  bytes       shared memory
 *	              \                     /
 *	                worker: sleeps, reads the counter, sleeps, reads it again
 *
 * Nothing counts that still lies in a buffer. Ends are killed afterwards.
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
#define WARM		(100 * MSEC)
#define PATIENCE	(20000 * MSEC)
/* After this, idle connections have given back what they do give back. */
#define FORGOTTEN	(6000 * MSEC)

struct shared *shared;
struct counter *counter;
const char *transport;
bool is_probe, is_memory;
size_t size;
char *buffer;

static pid_t ends[2 * MAX_PAIRS];
static unsigned int nr_ends;

uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

void nap(uint64_t ns)
{
	struct timespec t = { ns / 1000000000, ns % 1000000000 };

	nanosleep(&t, NULL);
}

/* --- ends ----------------------------------------------------------------- */

static void start(const struct bench_case *c, unsigned int pair, int listener)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid) {
		ends[nr_ends++] = pid;
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
	int listener = listen_somewhere();
	unsigned int i;

	for (i = 0; i < c->pairs; i++) {
		if (listener >= 0)
			start(c, i, listener);
		start(c, i, -1);
	}
}

/*
 * An end that ended by itself did so because something went wrong. All are
 * halted before any is killed, as the other one would notice that.
 */
static void end_all(void)
{
	unsigned int i;
	int status;

	for (i = 0; i < nr_ends; i++) {
		kill(ends[i], SIGSTOP);
		if (waitpid(ends[i], &status, WUNTRACED) != ends[i] ||
		    !WIFSTOPPED(status))
			errx(1, "an end gave up");
	}
	for (i = 0; i < nr_ends; i++)
		kill(ends[i], SIGKILL);
	for (i = 0; i < nr_ends; i++)
		waitpid(ends[i], NULL, 0);
}

/* Waits until every pair has come so far. */
static void await(const struct bench_case *c, uint64_t count)
{
	uint64_t deadline = now() + PATIENCE;
	unsigned int i = 0;

	while (i < c->pairs) {
		if (shared->count[i].value >= count) {
			i++;
			continue;
		}
		if (now() > deadline || waitpid(-1, NULL, WNOHANG) > 0)
			errx(1, "pair %u does not get on", i);
		nap(MSEC);
	}
}

/* --- what the kernel says ------------------------------------------------- */

/* Nanoseconds that no processor had anything to do, since the boot. */
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

/* Returns what it was; -1 where there is no such switch. */
static int set(const char *name, int value)
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

/* Nothing is said of a sample that is none. */
static void check(const struct bench_case *c, uint64_t last, uint64_t total)
{
	if (!total)
		errx(1, "nothing happened");
	if (!is_timed(c))
		return;
	if (last > MAX_TRIPS)
		errx(1, "more than there is room for");
	if (total < 5)
		errx(1, "only %ju there and back", (uintmax_t)total);
}

/* The line of a sample ends, and another one begins. */
static void show_times(const struct bench_case *c, uint32_t *trip, uint64_t nr,
		       uint64_t ns)
{
	show_latency(trip, nr, ns);
	putchar('\n');
	begin_line("histogram", c);
	show_histogram(trip, nr);
}

static void take(const struct bench_case *c, uint64_t ns)
{
	uint64_t first[MAX_PAIRS], begin, idle, nr, total = 0, worst = ~0ull;
	uint64_t cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int i;

	start_all(c);
	await(c, 1);
	nap(WARM);
	begin = now();
	idle = idle_time();
	for (i = 0; i < c->pairs; i++)
		first[i] = shared->count[i].value;
	nap(ns);
	ns = now() - begin;
	idle = idle_time() - idle;
	for (i = 0; i < c->pairs; i++) {
		nr = shared->count[i].value - first[i];
		total += nr;
		worst = nr < worst ? nr : worst;
	}
	end_all();
	check(c, first[0] + total, total);
	begin_line("sample", c);
	printf(" rate=%.0f cpu=%.6g", total * 1e9 / ns,
	       idle < cpus * ns ? (double)(cpus * ns - idle) / total : 0.);
	if (c->pairs > 1)
		printf(" share=%.3f", (double)worst * c->pairs / total);
	if (is_timed(c))
		show_times(c, shared->trip + first[0], total, ns);
	putchar('\n');
}

static void take_idle(const struct bench_case *c)
{
	uint64_t before, after;

	start_all(c);
	nap(WARM);
	before = free_memory();
	shared->go = true;
	await(c, IDLE_PAIRS);
	nap(FORGOTTEN);
	after = free_memory();
	end_all();
	begin_line("sample", c);
	printf(" bytes=%.0f\n", ((double)before - after) / IDLE_PAIRS);
}

/* The more streams, the longer it takes until each had its turn. */
static void take_any(const struct bench_case *c, uint64_t ns)
{
	int busy_poll = -1;

	if (transport_is("mapped") || transport_is("moving"))
		set("mapped", transport_is("mapped"));
	if (c->asleep)
		busy_poll = set("busy_poll", 0);
	if (is_idle(c))
		take_idle(c);
	else
		take(c, c->pairs > 8 ? 4 * ns : ns);
	if (busy_poll >= 0)
		set("busy_poll", busy_poll);
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
	transport = name;
	is_probe = transport_is("probe");
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
	take_any(c, ns);
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
	ns = strtoul(argv[2], NULL, 0) * MSEC;
	for (round = 0; round < rounds; round++) {
		for (i = 4; i < argc; i += 2) {
			size = strtoul(argv[i + 1], NULL, 0);
			all_transports(find_case(argv[i]), argv[3], ns);
		}
	}
	return 0;
}

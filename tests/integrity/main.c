// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * integrity serve|connect [OPTION...]: many connections at once; each end
 * writes a stream that the other knows by heart (pattern.h).
 *
 *	serve      prints "listening" when it listens
 *	connect    makes all connections at once
 *
 * Both print "moving" when bytes have arrived on all connections, and finally
 * how their ends fared; see usage().
 */

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "end.h"

#ifndef IPPROTO_SMC
#define IPPROTO_SMC 256
#endif

struct setting setting = {
	.seed = 1,
	.bytes = 1 << 20,
	.moving = 1,
	.connections = 1,
	.patience = 60,
};

static struct sockaddr_in address = { .sin_family = AF_INET };
static struct end *ends;
static atomic_uint moving;
static const char *const outcome_names[OUTCOMES] = {
	"done", "cut", "reset", "silent", "broken", "wrong"
};

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static void say(const char *what)
{
	puts(what);
	fflush(stdout);
}

void end_moving(void)
{
	if (atomic_fetch_add(&moving, 1) + 1 == setting.connections)
		say("moving");
}

static int new_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, setting.tcp ? 0 : IPPROTO_SMC);

	if (fd < 0)
		die("socket");
	return fd;
}

static void start(pthread_t *thread, void *(*run)(void *), void *arg)
{
	if (pthread_create(thread, NULL, run, arg))
		die("pthread_create");
}

/* --- the server ---------------------------------------------------------- */

static void *serve_one(void *arg)
{
	struct end *end = arg;
	uint32_t number;

	/* The role, which numbers the stream that this end sends. */
	if (recv(end->fd, &number, sizeof(number), MSG_WAITALL) !=
	    sizeof(number)) {
		end->in.error = errno;
		close(end->fd);
		return NULL;
	}
	end->number = ntohl(number);
	end_run(end);
	return NULL;
}

static void serve(pthread_t *threads)
{
	int listener = new_socket(), one = 1;
	struct pollfd p = { .fd = listener, .events = POLLIN };
	unsigned int i;

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, setting.connections))
		die("listen");
	say("listening");
	for (i = 0; i < setting.connections; i++) {
		if (poll(&p, 1, setting.patience * 1000) != 1) {
			errno = ETIMEDOUT;
			die("accept");
		}
		ends[i].server = true;
		ends[i].fd = accept(listener, NULL, NULL);
		if (ends[i].fd < 0)
			die("accept");
		start(&threads[i], serve_one, &ends[i]);
	}
	close(listener);
}

/* --- the client ---------------------------------------------------------- */

static void *connect_one(void *arg)
{
	struct end *end = arg;
	uint32_t number = htonl(end->number);

	end->fd = new_socket();
	if (connect(end->fd, (struct sockaddr *)&address, sizeof(address)))
		die("connect");
	if (send(end->fd, &number, sizeof(number), MSG_NOSIGNAL) !=
	    sizeof(number)) {
		end->out.error = errno;
		close(end->fd);
		return NULL;
	}
	end_run(end);
	return NULL;
}

static void connect_all(pthread_t *threads)
{
	unsigned int i;

	for (i = 0; i < setting.connections; i++) {
		ends[i].number = i;
		start(&threads[i], connect_one, &ends[i]);
	}
}

/* --- both ---------------------------------------------------------------- */

/* Prints how many ends fared how, and how many bytes they read. */
static int report(enum outcome wanted)
{
	unsigned int count[OUTCOMES] = {}, i;
	uint64_t bytes = 0;

	for (i = 0; i < setting.connections; i++) {
		count[end_outcome(&ends[i])]++;
		bytes += ends[i].in.pos;
		if (end_outcome(&ends[i]) >= BROKEN || ends[i].wrong)
			printf("connection %u: in %s after %llu, out %s after %llu\n",
			       ends[i].number, strerror(ends[i].in.error),
			       (unsigned long long)ends[i].in.pos,
			       strerror(ends[i].out.error),
			       (unsigned long long)ends[i].out.pos);
	}
	for (i = 0; i < OUTCOMES; i++)
		printf("%s %u ", outcome_names[i], count[i]);
	printf("bytes %llu\n", (unsigned long long)bytes);
	fflush(stdout);
	return count[wanted] != setting.connections;
}

static void usage(void)
{
	fputs("Usage: integrity serve|connect [OPTION...]\n"
	      "  -a ADDRESS  127.0.0.1          -p PORT     7777\n"
	      "  -c NUMBER   connections        -b BYTES    per stream\n"
	      "  -s SEED                        -u          urgent bytes, too\n"
	      "  -t          over TCP           -w SECONDS  longest call\n"
	      "  -m BYTES    print \"moving\" when all have received that many\n"
	      "  -x WHAT     do damage: change, lose, repeat or end\n"
	      "  -e OUTCOME  expected of all ends: done, reset\n"
	      "Exit status: 0 as expected, 1 if not, 2 for other errors.\n",
	      stderr);
	exit(2);
}

static enum outcome outcome_by_name(const char *name)
{
	int i;

	for (i = 0; i < OUTCOMES; i++) {
		if (!strcmp(outcome_names[i], name))
			return i;
	}
	usage();
	return DONE;
}

static enum outcome parse(int argc, char **argv)
{
	enum outcome wanted = DONE;
	int c;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons(7777);
	while ((c = getopt(argc, argv, "a:b:c:e:m:p:s:tuw:x:")) != -1) {
		switch (c) {
		case 'a':
			if (!inet_aton(optarg, &address.sin_addr))
				usage();
			break;
		case 'b':
			setting.bytes = strtoull(optarg, NULL, 0);
			break;
		case 'c':
			setting.connections = atoi(optarg);
			break;
		case 'e':
			wanted = outcome_by_name(optarg);
			setting.errors = wanted != DONE;
			break;
		case 'm':
			setting.moving = strtoull(optarg, NULL, 0);
			break;
		case 'p':
			address.sin_port = htons(atoi(optarg));
			break;
		case 's':
			setting.seed = strtoull(optarg, NULL, 0);
			break;
		case 't':
			setting.tcp = true;
			break;
		case 'u':
			setting.urgent = true;
			break;
		case 'w':
			setting.patience = atoi(optarg);
			break;
		case 'x':
			setting.damage = optarg;
			break;
		default:
			usage();
		}
	}
	if (optind + 1 != argc || !setting.connections || !setting.bytes)
		usage();
	return wanted;
}

int main(int argc, char **argv)
{
	enum outcome wanted = parse(argc, argv);
	struct rlimit files = { 4096, 4096 };
	pthread_t *threads;
	unsigned int i;

	signal(SIGPIPE, SIG_IGN);	/* splice() knows no MSG_NOSIGNAL */
	setrlimit(RLIMIT_NOFILE, &files);
	ends = calloc(setting.connections, sizeof(*ends));
	threads = calloc(setting.connections, sizeof(*threads));
	if (!ends || !threads)
		die("integrity");
	if (!strcmp(argv[optind], "serve"))
		serve(threads);
	else if (!strcmp(argv[optind], "connect"))
		connect_all(threads);
	else
		usage();
	for (i = 0; i < setting.connections; i++)
		pthread_join(threads[i], NULL);
	return report(wanted);
}

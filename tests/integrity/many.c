// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Many connections of one process with itself, for connections_hold of
 * tests/system/lib/lib.sh and for tests/soak/smc-many.sh.
 *
 *	many hold NUMBER	opens that many, exchanges bytes over each,
 *				prints "open" and waits for a line; exchanges
 *				bytes again, closes all, prints "closed", and
 *				waits for another line
 *	many churn NUMBER	one after the other, each with an exchange
 *
 * Port 7778. Exit status: 0, or 1 with a line that says what went wrong.
 */

#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#ifndef IPPROTO_SMC
#define IPPROTO_SMC 256
#endif

#define PORT 7778
#define BYTES 600
/* Makes ports available while closed connections still occupy some. */
#define ADDRESSES 16
#define PATIENCE 120

struct pair {
	int client;
	int server;
};

static unsigned int done;

static void die(const char *what)
{
	printf("connection %u: %s: %s\n", done, what, strerror(errno));
	exit(1);
}

static int new_socket(void)
{
	struct timeval patience = { .tv_sec = PATIENCE };
	int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_SMC);

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	return fd;
}

static int start_listener(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
	};
	int fd = new_socket(), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(fd, 16))
		die("listen");
	return fd;
}

static struct pair open_pair(int listener, unsigned int number)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK +
					 number % ADDRESSES),
	};
	struct pair pair = { .client = new_socket() };

	if (connect(pair.client, (struct sockaddr *)&address, sizeof(address)))
		die("connect");
	pair.server = accept(listener, NULL, NULL);
	if (pair.server < 0)
		die("accept");
	return pair;
}

static void transfer(int from, int to, uint32_t number)
{
	uint32_t out[BYTES / 4], in[BYTES / 4];
	unsigned int i;

	for (i = 0; i < BYTES / 4; i++)
		out[i] = number * 2654435761u + i;
	if (send(from, out, BYTES, MSG_NOSIGNAL) != BYTES)
		die("send");
	if (recv(to, in, BYTES, MSG_WAITALL) != BYTES)
		die("recv");
	errno = EILSEQ;
	if (memcmp(in, out, BYTES))
		die("bytes");
}

static void exchange(struct pair pair, uint32_t number)
{
	transfer(pair.client, pair.server, number);
	transfer(pair.server, pair.client, ~number);
}

static void close_pair(struct pair pair)
{
	char c;

	close(pair.client);
	if (recv(pair.server, &c, 1, 0))
		die("end");
	close(pair.server);
}

static void say_and_wait(const char *what)
{
	puts(what);
	fflush(stdout);
	if (getchar() != '\n')
		exit(1);
}

static void hold(int listener, unsigned int number)
{
	struct pair *pairs = calloc(number, sizeof(*pairs));

	if (!pairs)
		die("calloc");
	for (done = 0; done < number; done++) {
		pairs[done] = open_pair(listener, done);
		exchange(pairs[done], done);
	}
	say_and_wait("open");
	for (done = 0; done < number; done++)
		exchange(pairs[done], done + number);
	for (done = 0; done < number; done++)
		close_pair(pairs[done]);
	free(pairs);
	say_and_wait("closed");
}

static void churn(int listener, unsigned int number)
{
	for (done = 0; done < number; done++) {
		struct pair pair = open_pair(listener, done);

		exchange(pair, done);
		close_pair(pair);
	}
}

int main(int argc, char **argv)
{
	unsigned int number = argc == 3 ? strtoul(argv[2], NULL, 0) : 0;
	struct rlimit files = { 2 * number + 64, 2 * number + 64 };
	int listener;

	if (!number) {
		fputs("Usage: many hold|churn NUMBER\n", stderr);
		return 2;
	}
	if (!strcmp(argv[1], "hold") && setrlimit(RLIMIT_NOFILE, &files))
		die("setrlimit");
	listener = start_listener();
	if (!strcmp(argv[1], "hold"))
		hold(listener, number);
	else
		churn(listener, number);
	return 0;
}

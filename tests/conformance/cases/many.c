// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * Many connections, many workers, ports that are used again.
 */

#include "conformance.h"

static int port_by(int fd, int (*name)(int, struct sockaddr *, socklen_t *))
{
	struct addr addr = { .len = sizeof(addr.any) };

	if (name(fd, &addr.sa, &addr.len))
		broken("name");
	return port_of(&addr);
}

/* Its index in @c: the first to connect need not be accepted first. */
static int client_of(int s, const int *c)
{
	int i;

	for (i = 0; i < 100; i++)
		if (port_by(c[i], getsockname) == port_by(s, getpeername))
			return i;
	broken("peer");
}

static void many_at_once(void)
{
	struct addr where;
	int l = listening_with(&where, 200, -1, 0, 0), c[100], s[100], i;
	int right = 0;

	for (i = 0; i < 100; i++) {
		c[i] = sock(0);
		if (connect(c[i], SA(where)))
			broken("connect");
	}
	for (i = 0; i < 100; i++) {
		int fd = accept(l, NULL, NULL);

		if (fd < 0)
			broken("accept");
		s[client_of(fd, c)] = fd;
	}
	for (i = 0; i < 100; i++)
		right += send_all(c[i], 100, i) == 100;
	WANT(right, 100);
	for (i = 0; i < 100; i++)
		right -= expect_pattern(s[i], 100, i) == 100;
	WANT(right, 0);
	for (i = 0; i < 100; i++) {
		right += !close(c[i]);
		right += recv(s[i], (char[9]){}, 9, 0) == 0;
		right += !close(s[i]);
	}
	WANT(right, 300);
}

static void many_in_turn(void)
{
	struct addr where;
	int l = listening(&where), i, right = 0;

	for (i = 0; i < 100; i++) {
		struct pair p = accept_one(l, &where);

		right += send(p.c, "x", 1, 0) == 1;
		right += recv(p.s, (char[9]){}, 9, 0) == 1;
		right += !close(p.s);
		right += recv(p.c, (char[9]){}, 9, 0) == 0;
		right += !close(p.c);
	}
	WANT(right, 500);
}

static void many_clients(void)
{
	struct addr where;
	int l = listening_with(&where, 64, -1, 0, 0), i, j, right = 0;

	for (i = 1; i <= 4; i++) {
		if (part())
			continue;
		for (j = 0; j < 15; j++) {
			int c = sock(0);

			right += !connect(c, SA(where));
			right += send_all(c, 1000, j) == 1000;
			shutdown(c, SHUT_WR);
			right += drain(c) == 1;
			close(c);
		}
		WANT(right, 45);
		done();
	}
	for (i = 0; i < 60; i++) {
		int s = accept(l, NULL, NULL);

		right += drain(s) == 1000;
		right += send(s, "k", 1, MSG_NOSIGNAL) == 1;
		close(s);
	}
	WANT(right, 120);
	for (i = 1; i <= 4; i++)
		join(i);
}

static void many_connects_pending(void)
{
	struct addr where;
	int l = listening_with(&where, 64, -1, 0, 0), c[40], i, open;

	for (i = 0; i < 40; i++) {
		c[i] = sock(SOCK_NONBLOCK);
		connect(c[i], SA(where));
	}
	SOON(({
		for (i = 0, open = 0; i < 40; i++)
			open += poll_now(c[i]) & POLLOUT ? 1 : 0;
		open;
	}), 40);
	for (i = 0, open = 0; i < 40; i++)
		open += accept(l, NULL, NULL) >= 0;
	WANT(open, 40);
}

static void many_time_wait(void)
{
	struct addr where;
	int l = listening_with(&where, 5, SOL_SOCKET, SO_REUSEADDR, 1);
	struct pair p = accept_one(l, &where);
	int again = sock(0);

	/* The server closes first: its end stays in TIME_WAIT. */
	WANT(close(p.s), 0);
	WANT(recv(p.c, (char[9]){}, 9, 0), 0);
	WANT(close(p.c), 0);
	WANT(close(l), 0);
	FAIL(bind(again, SA(where)), EADDRINUSE);
	set_int(again, SOL_SOCKET, SO_REUSEADDR, 1);
	WANT(bind(again, SA(where)), 0);
	WANT(listen(again, 1), 0);
	p = accept_one(again, &where);
	WANT(send(p.c, "x", 1, 0), 1);
	WANT(recv(p.s, (char[9]){}, 9, 0), 1);
}

static void many_time_wait_client(void)
{
	struct addr where, mine = loopback(0);
	int l = listening(&where), c = sock(0), s;

	set_int(c, SOL_SOCKET, SO_REUSEADDR, 1);
	WANT(bind(c, SA(mine)), 0);
	mine = own_name(c);
	WANT(connect(c, SA(where)), 0);
	s = accept(l, NULL, NULL);
	WANT(close(c), 0);
	WANT(recv(s, (char[9]){}, 9, 0), 0);
	WANT(close(s), 0);
	c = sock(0);
	set_int(c, SOL_SOCKET, SO_REUSEADDR, 1);
	WANT(bind(c, SA(mine)), 0);
	/* Once the old one is in TIME_WAIT, and no longer in FIN_WAIT2. */
	SOON(connect(c, SA(where)), 0);
	WANT(send(c, "x", 1, 0), 1);
}

static void many_listeners(void)
{
	struct addr where[30];
	int l[30], i, right = 0;

	for (i = 0; i < 30; i++)
		l[i] = listening(&where[i]);
	for (i = 0; i < 30; i++) {
		struct pair p = accept_one(l[i], &where[i]);

		right += send(p.c, "x", 1, 0) == 1;
		close(p.c);
		close(p.s);
	}
	WANT(right, 30);
}

static void many_echo(void)
{
	struct pair p = connected();
	char byte;
	int i, right = 0;

	if (!part()) {
		for (i = 0; i < 300; i++) {
			if (recv(p.s, &byte, 1, 0) == 1)
				right += send(p.s, &byte, 1, 0) == 1;
		}
		WANT(right, 300);
		done();
	}
	for (i = 0; i < 300; i++) {
		byte = i;
		if (send(p.c, &byte, 1, 0) == 1 && recv(p.c, &byte, 1, 0) == 1)
			right += byte == (char)i;
	}
	WANT(right, 300);
	join(1);
}

static void many_sizes(void)
{
	struct pair p = connected();
	size_t sum = 0, size;

	if (!part()) {
		for (size = 1; size < 40000; size = size * 3 + 1) {
			if (expect_pattern(p.s, size, sum) != size)
				broken("wrong bytes");
			sum += size;
		}
		NOTE("bytes", sum);
		done();
	}
	for (size = 1; size < 40000; size = size * 3 + 1) {
		WANT(send_all(p.c, size, sum) == size, 1);
		sum += size;
	}
	join(1);
}

static void many_writers(void)
{
	struct pair p = connected_small();
	int i, counts[4] = {};

	for (i = 1; i <= 4; i++) {
		if (!part()) {
			char block[500];
			int j, sent = 0;

			memset(block, i - 1, sizeof(block));
			for (j = 0; j < 50; j++)
				sent += send(p.c, block, 500, 0);
			WANT(sent, 25000);
			done();
		}
	}
	for (i = 0; i < 100000; i++) {
		static char got[8192];
		ssize_t n = recv(p.s, got, sizeof(got), 0), k;

		for (k = 0; k < n; k++)
			counts[got[k] & 3]++;
		if (n <= 0)
			break;
		if (counts[0] + counts[1] + counts[2] + counts[3] == 100000)
			break;
	}
	WANT(counts[0], 25000);
	WANT(counts[1], 25000);
	WANT(counts[2], 25000);
	WANT(counts[3], 25000);
	for (i = 1; i <= 4; i++)
		join(i);
}

static const struct test many_tests[] = {
	CASE(many_at_once, "100 connections work at once"),
	CASE(many_in_turn, "100 connections work in turn"),
	CASE(many_clients, "four clients connect 15 times each, at once"),
	CASE(many_connects_pending, "40 connects can be in progress at once"),
	CASE(many_time_wait, "a server's port in TIME_WAIT is used again"),
	CASE(many_time_wait_client, "a client's port in TIME_WAIT is used again"),
	CASE(many_listeners, "30 listeners work at once"),
	CASE(many_echo, "300 round trips of one byte work"),
	CASE(many_sizes, "writes of many sizes arrive unchanged"),
	CASE(many_writers, "four writers into one connection lose nothing"),
};

GROUP(many);

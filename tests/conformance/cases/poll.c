// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * poll() and select().
 */

#include "conformance.h"

#include <sys/select.h>

static void poll_states(void)
{
	struct pair p = connected();

	MASK(p.l, 0);
	MASK(p.c, POLLOUT);
	MASK(p.s, POLLOUT);
	WANT(send(p.c, "x", 1, 0), 1);
	MASK(p.s, POLLIN | POLLOUT);
	WANT(recv(p.s, (char[9]){}, 9, 0), 1);
	MASK(p.s, POLLOUT);
}

static void poll_only_asked(void)
{
	struct pair p = connected();
	struct pollfd f = { .fd = p.s, .events = POLLOUT };

	WANT(send(p.c, "x", 1, 0), 1);
	SOON(queued_in(p.s), 1);
	WANT(poll(&f, 1, 0), 1);
	WANT(f.revents, POLLOUT);
	f.events = POLLIN;
	WANT(poll(&f, 1, 0), 1);
	WANT(f.revents, POLLIN);
	f.events = 0;
	WANT(poll(&f, 1, 0), 0);
	f.events = POLLPRI;
	WANT(poll(&f, 1, 0), 0);
}

static void poll_errors_unasked(void)
{
	struct linger now = { .l_onoff = 1 };
	struct pair p = connected();
	struct pollfd f = { .fd = p.s };

	setsockopt(p.c, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	WANT(close(p.c), 0);
	WANT(poll(&f, 1, 10000), 1);
	WANT(f.revents, POLLERR | POLLHUP);
}

static void poll_wakes_for_data(void)
{
	struct pair p = connected();

	if (!part()) {
		struct pollfd f = { .fd = p.s, .events = POLLIN };

		WANT(poll(&f, 1, 60000), 1);
		WANT(f.revents, POLLIN);
		done();
	}
	asleep(1);
	WANT(send(p.c, "x", 1, 0), 1);
	join(1);
}

static void poll_wakes_for_connection(void)
{
	struct addr where;
	int l = listening(&where), c = sock(0);

	if (!part()) {
		struct pollfd f = { .fd = l, .events = POLLIN };

		WANT(poll(&f, 1, 60000), 1);
		WANT(f.revents, POLLIN);
		done();
	}
	asleep(1);
	WANT(connect(c, SA(where)), 0);
	join(1);
}

static void poll_wakes_for_room(void)
{
	struct pair p = connected_small();
	size_t sent = fill(p.c);

	if (!part()) {
		struct pollfd f = { .fd = p.c, .events = POLLOUT };

		WANT(poll(&f, 1, 60000), 1);
		WANT(f.revents, POLLOUT);
		done();
	}
	asleep(1);
	WANT(expect_pattern(p.s, sent, 0) == sent, 1);
	join(1);
}

static void poll_wakes_for_end(void)
{
	struct pair p = connected();

	if (!part()) {
		struct pollfd f = { .fd = p.s, .events = POLLRDHUP };

		WANT(poll(&f, 1, 60000), 1);
		WANT(f.revents, POLLRDHUP);
		done();
	}
	asleep(1);
	WANT(shutdown(p.c, SHUT_WR), 0);
	join(1);
}

static void poll_wakes_for_reset(void)
{
	struct linger now = { .l_onoff = 1 };
	struct pair p = connected();

	setsockopt(p.c, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	if (!part()) {
		struct pollfd f = { .fd = p.s };

		close(p.c);
		WANT(poll(&f, 1, 60000), 1);
		WANT(f.revents & POLLERR, POLLERR);
		done();
	}
	asleep(1);
	WANT(close(p.c), 0);
	join(1);
}

static void poll_time_out(void)
{
	struct pair p = connected();
	struct pollfd f = { .fd = p.s, .events = POLLIN };
	long begin = now_ms();

	WANT(poll(&f, 1, 50), 0);
	WANT(now_ms() - begin >= 40, 1);
	WANT(f.revents, 0);
}

static void poll_closed_descriptor(void)
{
	struct pair p = connected();
	struct pollfd f = { .fd = p.c, .events = POLLIN };

	WANT(close(p.c), 0);
	WANT(poll(&f, 1, 0), 1);
	WANT(f.revents, POLLNVAL);
}

static void poll_many(void)
{
	struct pair p[8];
	struct pollfd f[8];
	int i;

	for (i = 0; i < 8; i++) {
		p[i] = connected();
		f[i] = (struct pollfd){ .fd = p[i].s, .events = POLLIN };
	}
	WANT(poll(f, 8, 0), 0);
	WANT(send(p[3].c, "x", 1, 0), 1);
	WANT(poll(f, 8, 10000), 1);
	WANT(f[3].revents, POLLIN);
	WANT(send(p[6].c, "x", 1, 0), 1);
	SOON(poll(f, 8, 0), 2);
}

static void poll_before_connect(void)
{
	struct addr where;
	int c = sock(SOCK_NONBLOCK);

	listening(&where);
	if (!part()) {
		/* An unconnected socket is writable and hung up. */
		struct pollfd f = { .fd = c, .events = POLLOUT };

		WANT(poll(&f, 1, 60000), 1);
		WANT(f.revents, POLLOUT | POLLHUP);
		f.events = POLLIN;
		WANT(poll(&f, 1, 60000), 1);
		WANT(f.revents, POLLHUP);
		done();
	}
	join(1);
	CALL(connect(c, SA(where)));
	MASK(c, POLLOUT);
}

static void poll_before_listen(void)
{
	struct addr where = loopback(0);
	int l = sock(0), c = sock(0);

	WANT(bind(l, SA(where)), 0);
	where = own_name(l);
	MASK(l, POLLOUT | POLLHUP);
	WANT(listen(l, 1), 0);
	MASK(l, 0);
	WANT(connect(c, SA(where)), 0);
	MASK(l, POLLIN);
}

static void poll_select(void)
{
	struct timeval none = {};
	struct pair p = connected();
	fd_set in, out, except;

	WANT(send(p.c, "x", 1, 0), 1);
	SOON(queued_in(p.s), 1);
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&except);
	FD_SET(p.s, &in);
	FD_SET(p.c, &in);
	FD_SET(p.s, &out);
	FD_SET(p.c, &out);
	FD_SET(p.s, &except);
	WANT(select(p.s + 10, &in, &out, &except, &none), 3);
	WANT(!!FD_ISSET(p.s, &in), 1);
	WANT(!!FD_ISSET(p.c, &in), 0);
	WANT(!!FD_ISSET(p.s, &out), 1);
	WANT(!!FD_ISSET(p.c, &out), 1);
	WANT(!!FD_ISSET(p.s, &except), 0);
}

static void poll_select_end(void)
{
	struct timeval none = {};
	struct pair p = connected();
	fd_set in, except;

	WANT(close(p.c), 0);
	MASK(p.s, POLLIN | POLLOUT | POLLRDHUP);
	FD_ZERO(&in);
	FD_ZERO(&except);
	FD_SET(p.s, &in);
	FD_SET(p.s, &except);
	WANT(select(p.s + 1, &in, NULL, &except, &none), 1);
	WANT(!!FD_ISSET(p.s, &in), 1);
}

static void poll_thresholds(void)
{
	struct pair p = connected_small();
	size_t sent = fill(p.c), read = 0;
	struct pollfd f = { .fd = p.c, .events = POLLOUT };

	/* Becomes writable before everything is read, and stays so. */
	while (read < sent && poll(&f, 1, 0) == 0) {
		size_t some = sent - read < 1000 ? sent - read : 1000;

		read += expect_pattern(p.s, some, read);
		poll(&f, 1, 20);
	}
	WANT(read <= sent, 1);
	MASK(p.c, POLLOUT);
	WANT(expect_pattern(p.s, sent - read, read) == sent - read, 1);
}

static const struct test poll_tests[] = {
	CASE(poll_states, "poll() follows the data"),
	CASE(poll_only_asked, "poll() reports what was asked for"),
	CASE(poll_errors_unasked, "poll() reports errors without being asked"),
	CASE(poll_wakes_for_data, "data wakes poll()"),
	CASE(poll_wakes_for_connection, "a connection wakes poll()"),
	CASE(poll_wakes_for_room, "room wakes poll()"),
	CASE(poll_wakes_for_end, "the end wakes poll() for POLLRDHUP"),
	CASE(poll_wakes_for_reset, "a reset wakes poll() without any event asked for"),
	CASE(poll_time_out, "poll() ends when its timeout expires"),
	CASE(poll_closed_descriptor, "a closed descriptor is POLLNVAL"),
	CASE(poll_many, "poll() finds the one ready socket among many"),
	CASE(poll_before_connect, "a socket can be polled before connect()"),
	CASE(poll_before_listen, "a socket can be polled before listen()"),
	CASE(poll_select, "select() agrees with poll()"),
	CASE(poll_select_end, "the end is readable and no exception to select()"),
	CASE(poll_thresholds, "a full connection becomes writable as it empties"),
};

GROUP(poll);

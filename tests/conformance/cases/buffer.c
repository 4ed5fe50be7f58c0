// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * SO_SNDBUF, SO_RCVBUF and SO_RCVLOWAT.
 */

#include "conformance.h"

static void buffer_set_sizes(void)
{
	int fd = sock(0);

	set_int(fd, SOL_SOCKET, SO_SNDBUF, 50000);
	set_int(fd, SOL_SOCKET, SO_RCVBUF, 60000);
	WANT(get_int(fd, SOL_SOCKET, SO_SNDBUF), 100000);
	WANT(get_int(fd, SOL_SOCKET, SO_RCVBUF), 120000);
}

static void buffer_smallest(void)
{
	int fd = sock(0);

	set_int(fd, SOL_SOCKET, SO_SNDBUF, 1);
	set_int(fd, SOL_SOCKET, SO_RCVBUF, 0);
	CALL(get_int(fd, SOL_SOCKET, SO_SNDBUF));
	CALL(get_int(fd, SOL_SOCKET, SO_RCVBUF));
	set_int(fd, SOL_SOCKET, SO_SNDBUF, -1);
	CALL(get_int(fd, SOL_SOCKET, SO_SNDBUF));
}

static void buffer_forced(void)
{
	int fd = sock(0);

	set_int(fd, SOL_SOCKET, SO_SNDBUFFORCE, 10000000);
	set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, 10000000);
	WANT(get_int(fd, SOL_SOCKET, SO_SNDBUF), 20000000);
	WANT(get_int(fd, SOL_SOCKET, SO_RCVBUF), 20000000);
}

static void buffer_defaults(void)
{
	int fd = sock(0);

	CALL(get_int(fd, SOL_SOCKET, SO_SNDBUF));
	CALL(get_int(fd, SOL_SOCKET, SO_RCVBUF));
	CALL(get_int(fd, SOL_SOCKET, SO_RCVLOWAT));
	CALL(get_int(fd, SOL_SOCKET, SO_SNDLOWAT));
}

static void buffer_small_carries_much(void)
{
	struct pair p = connected_small();

	if (!part()) {
		WANT(expect_pattern(p.s, 400000, 0), 400000);
		done();
	}
	WANT(send_all(p.c, 400000, 0), 400000);
	join(1);
}

static void buffer_changed_later(void)
{
	struct pair p = connected();

	set_int(p.c, SOL_SOCKET, SO_SNDBUF, 20000);
	set_int(p.s, SOL_SOCKET, SO_RCVBUF, 20000);
	WANT(get_int(p.c, SOL_SOCKET, SO_SNDBUF), 40000);
	WANT(get_int(p.s, SOL_SOCKET, SO_RCVBUF), 40000);
	if (!part()) {
		WANT(expect_pattern(p.s, 300000, 0), 300000);
		done();
	}
	WANT(send_all(p.c, 300000, 0), 300000);
	join(1);
}

static void buffer_low_water(void)
{
	struct pair p = connected();

	set_int(p.s, SOL_SOCKET, SO_RCVLOWAT, 10);
	WANT(get_int(p.s, SOL_SOCKET, SO_RCVLOWAT), 10);
	WANT(send_all(p.c, 9, 0), 9);
	SOON(queued_in(p.s), 9);
	MASK(p.s, POLLOUT);
	WANT(send_all(p.c, 1, 9), 1);
	MASK(p.s, POLLIN | POLLOUT);
	WANT(recv(p.s, (char[20]){}, 20, 0), 10);
}

static void buffer_low_water_wait(void)
{
	struct pair p = connected();

	set_int(p.s, SOL_SOCKET, SO_RCVLOWAT, 5);
	if (!part()) {
		WANT(recv(p.s, (char[20]){}, 20, 0), 6);
		done();
	}
	asleep(1);
	WANT(send(p.c, "abc", 3, 0), 3);
	SOON(queued_in(p.s), 3);
	asleep(1);
	WANT(send(p.c, "def", 3, 0), 3);
	join(1);
}

static void buffer_low_water_end(void)
{
	struct pair p = connected();

	set_int(p.s, SOL_SOCKET, SO_RCVLOWAT, 100);
	WANT(send(p.c, "abc", 3, 0), 3);
	WANT(shutdown(p.c, SHUT_WR), 0);
	MASK(p.s, POLLIN | POLLOUT | POLLRDHUP);
	WANT(recv(p.s, (char[20]){}, 20, 0), 3);
}

/* More than anything that the handshake sends. */
static void buffer_low_water_before(void)
{
	struct addr where;
	int l = listening(&where), c = sock(0), s;

	set_int(l, SOL_SOCKET, SO_RCVLOWAT, 5000);
	set_int(c, SOL_SOCKET, SO_RCVLOWAT, 5000);
	WANT(connect(c, SA(where)), 0);
	s = accept(l, NULL, NULL);
	WANT(get_int(s, SOL_SOCKET, SO_RCVLOWAT), 5000);
	WANT(send_all(c, 5000, 0), 5000);
	WANT(expect_pattern(s, 5000, 0), 5000);
}

static void buffer_low_water_values(void)
{
	int fd = sock(0);

	set_int(fd, SOL_SOCKET, SO_RCVLOWAT, 0);
	WANT(get_int(fd, SOL_SOCKET, SO_RCVLOWAT), 1);
	CALL(setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &(int){ -5 }, 4));
	CALL(get_int(fd, SOL_SOCKET, SO_RCVLOWAT));
	FAIL(setsockopt(fd, SOL_SOCKET, SO_SNDLOWAT, &(int){ 5 }, 4),
	     ENOPROTOOPT);
}

static void buffer_low_water_wakes_poll(void)
{
	struct pair p = connected();

	set_int(p.s, SOL_SOCKET, SO_RCVLOWAT, 100);
	if (!part()) {
		struct pollfd f = { .fd = p.s, .events = POLLIN };

		WANT(poll(&f, 1, 10000), 1);
		WANT(queued_in(p.s) >= 100, 1);
		done();
	}
	asleep(1);
	WANT(send_all(p.c, 50, 0), 50);
	WANT(send_all(p.c, 50, 50), 50);
	join(1);
}

static void buffer_low_water_lowered(void)
{
	struct pair p = connected();

	set_int(p.s, SOL_SOCKET, SO_RCVLOWAT, 100);
	WANT(send(p.c, "abc", 3, 0), 3);
	SOON(queued_in(p.s), 3);
	if (!part()) {
		struct pollfd f = { .fd = p.s, .events = POLLIN };

		WANT(poll(&f, 1, 60000), 1);
		WANT(f.revents, POLLIN);
		done();
	}
	asleep(1);
	set_int(p.s, SOL_SOCKET, SO_RCVLOWAT, 50);
	asleep(1);
	set_int(p.s, SOL_SOCKET, SO_RCVLOWAT, 2);
	join(1);
}

/* Nothing has come that the new mark would make readable. */
static void buffer_low_water_quiet(void)
{
	struct pair p = connected();

	WANT(set_nonblock(p.s), 0);
	FAIL(recv(p.s, (char[9]){}, 9, 0), EAGAIN);
	catch_signal(SIGIO, SA_RESTART);
	WANT(fcntl(p.s, F_SETOWN, getpid()), 0);
	WANT(fcntl(p.s, F_SETFL, O_RDWR | O_NONBLOCK | O_ASYNC), 0);
	set_int(p.s, SOL_SOCKET, SO_RCVLOWAT, 100);
	set_int(p.s, SOL_SOCKET, SO_RCVLOWAT, 1);
	WANT(caught(SIGIO), 0);
}

/* A sender becomes writable when a third of its buffer is free. */
static void buffer_write_threshold(void)
{
	struct pair p = connected_small();
	size_t sent = fill(p.c);

	MASK(p.c, 0);
	WANT(expect_pattern(p.s, 100, 0), 100);
	MASK(p.c, 0);
	WANT(expect_pattern(p.s, sent - 100, 100) == sent - 100, 1);
	MASK(p.c, POLLOUT);
}

/* TCP takes some more than 2.5 MB, and so does loopback. */
static void buffer_default_room(void)
{
	struct pair p = connected();
	size_t sent = fill(p.c);

	if (setting.path != PATH_TCP && access("/sys/class/dibs/lo", F_OK))
		skip("rings of other devices than loopback are shorter");
	SHOULD("2 MB fit", sent >= 2000000, 1);
	WANT(expect_pattern(p.s, sent, 0) == sent, 1);
}

static void buffer_send_bound(void)
{
	struct pair p = connected();
	size_t sent;

	set_int(p.c, SOL_SOCKET, SO_SNDBUF, 4096);
	sent = fill(p.c);
	SHOULD("200 kB do not fit", sent < 200000, 1);
	SHOULD("60 kB fit", sent > 60000, 1);
	MASK(p.c, 0);
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

/* The bound is below what is unread, and the receiver does not know it. */
static void buffer_send_bound_late(void)
{
	struct pair p = connected();
	size_t sent = fill(p.c);

	set_int(p.c, SOL_SOCKET, SO_SNDBUF, 4096);
	if (!part()) {
		struct pollfd f = { .fd = p.c, .events = POLLOUT };

		WANT(poll(&f, 1, 60000), 1);
		WANT(f.revents, POLLOUT);
		done();
	}
	asleep(1);
	WANT(expect_pattern(p.s, sent, 0) == sent, 1);
	join(1);
	WANT(send_all(p.c, 1000, 0), 1000);
	WANT(expect_pattern(p.s, 1000, 0), 1000);
}

static void buffer_send_bound_much(void)
{
	struct pair p = connected();

	set_int(p.c, SOL_SOCKET, SO_SNDBUF, 4096);
	if (!part()) {
		WANT(expect_pattern(p.s, 1000000, 0), 1000000);
		done();
	}
	WANT(send_all(p.c, 1000000, 0), 1000000);
	join(1);
}

/* A writer that waits for room is not one that has nothing more to say. */
static void buffer_low_water_beyond_bound(void)
{
	struct pair p = connected();

	set_int(p.c, SOL_SOCKET, SO_SNDBUF, 4096);
	set_int(p.s, SOL_SOCKET, SO_RCVLOWAT, 400000);
	if (!part()) {
		WANT(send_all(p.c, 1000000, 0), 1000000);
		done();
	}
	MASK(p.s, POLLIN | POLLOUT);
	set_int(p.s, SOL_SOCKET, SO_RCVLOWAT, 1);
	WANT(expect_pattern(p.s, 1000000, 0), 1000000);
	join(1);
}

static const struct test buffer_tests[] = {
	CASE(buffer_set_sizes, "buffer sizes are doubled and kept"),
	CASE(buffer_smallest, "buffers have a smallest size"),
	CASE(buffer_forced, "SO_SNDBUFFORCE and SO_RCVBUFFORCE exceed the limits"),
	CASE(buffer_defaults, "buffers have TCP's default sizes"),
	CASE(buffer_small_carries_much, "small buffers carry much data"),
	CASE(buffer_changed_later, "buffers may change while connected"),
	CASE(buffer_low_water, "SO_RCVLOWAT delays POLLIN"),
	CASE(buffer_low_water_wait, "SO_RCVLOWAT delays recv()"),
	CASE(buffer_low_water_end, "the end overrules SO_RCVLOWAT"),
	CASE(buffer_low_water_before, "SO_RCVLOWAT before connect() delays no begin"),
	CASE(buffer_low_water_values, "low-water marks are checked"),
	CASE(buffer_low_water_wakes_poll, "poll() sleeps until SO_RCVLOWAT is reached"),
	CASE(buffer_low_water_lowered, "lowering SO_RCVLOWAT to what has come wakes poll()"),
	CASE(buffer_low_water_quiet, "changing SO_RCVLOWAT raises no SIGIO if nothing has come"),
	CASE(buffer_write_threshold, "POLLOUT waits for enough room"),
	CASE(buffer_default_room, "2 MB are taken before anybody reads"),
	CASE(buffer_low_water_beyond_bound, "SO_RCVLOWAT beyond what SO_SNDBUF allows stops nobody"),
	CASE(buffer_send_bound, "SO_SNDBUF bounds what is taken before anybody reads"),
	CASE(buffer_send_bound_late, "SO_SNDBUF below what is unread does not keep a sender waiting"),
	CASE(buffer_send_bound_much, "much passes a bound of SO_SNDBUF"),
};

GROUP(buffer);

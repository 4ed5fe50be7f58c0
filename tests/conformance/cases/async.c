// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * O_ASYNC, FIOASYNC, F_SETOWN and F_SETSIG.
 */

#include "conformance.h"

static void arm(int fd)
{
	catch_signal(SIGIO, SA_RESTART);
	WANT(fcntl(fd, F_SETOWN, getpid()), 0);
	WANT(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC), 0);
}

static void async_data(void)
{
	struct pair p = connected();

	arm(p.s);
	WANT(fcntl(p.s, F_GETFL), O_RDWR | O_ASYNC);
	WANT(caught(SIGIO), 0);
	WANT(send(p.c, "x", 1, 0), 1);
	SOON(caught(SIGIO), 1);
}

static void async_after_read(void)
{
	struct pair p = connected();

	WANT(send(p.c, "x", 1, 0), 1);
	WANT(recv(p.s, (char[9]){}, 9, 0), 1);
	arm(p.s);
	WANT(send(p.c, "y", 1, 0), 1);
	SOON(caught(SIGIO), 1);
}

static void async_remainder(void)
{
	struct pair p = connected();
	int before;

	arm(p.s);
	WANT(send(p.c, "ab", 2, 0), 2);
	SOON(caught(SIGIO) >= 1, 1);
	SOON(queued_in(p.s), 2);
	WANT(recv(p.s, (char[1]){}, 1, 0), 1);
	before = caught(SIGIO);
	WANT(send(p.c, "c", 1, 0), 1);
	SOON(caught(SIGIO) > before, 1);
}

static void async_off(void)
{
	struct pair p = connected();

	arm(p.s);
	WANT(fcntl(p.s, F_SETFL, 0), 0);
	WANT(send(p.c, "x", 1, 0), 1);
	SOON(queued_in(p.s), 1);
	WANT(caught(SIGIO), 0);
}

static void async_by_ioctl(void)
{
	struct pair p = connected();
	int on = 1;

	catch_signal(SIGIO, SA_RESTART);
	WANT(fcntl(p.s, F_SETOWN, getpid()), 0);
	WANT(ioctl(p.s, FIOASYNC, &on), 0);
	WANT(fcntl(p.s, F_GETFL), O_RDWR | O_ASYNC);
	WANT(send(p.c, "x", 1, 0), 1);
	SOON(caught(SIGIO), 1);
	on = 0;
	WANT(ioctl(p.s, FIOASYNC, &on), 0);
	WANT(fcntl(p.s, F_GETFL), O_RDWR);
}

static void async_accept(void)
{
	struct addr where;
	int l = listening(&where), c = sock(0);

	arm(l);
	WANT(connect(c, SA(where)), 0);
	SOON(caught(SIGIO) >= 1, 1);
}

static void async_connect(void)
{
	struct addr where;
	int c = sock(SOCK_NONBLOCK);
	int l = listening(&where), seen = 0;
	struct wait wait = {};

	arm(c);
	CALL(connect(c, SA(where)));
	/* Look only after a signal; the last one says that it is done. */
	do {
		if (caught(SIGIO) == seen)
			continue;
		seen = caught(SIGIO);
		if (poll_now(c) & POLLOUT)
			break;
	} while (wait_more(&wait));
	SHOULD("writable after a signal", !!(poll_now(c) & POLLOUT), 1);
	WANT(accept(l, NULL, NULL) >= 0, 1);
}

static void async_refused(void)
{
	struct addr where = nobody();
	int c = sock(SOCK_NONBLOCK);

	arm(c);
	FAIL(connect(c, SA(where)), EINPROGRESS);
	SOON(caught(SIGIO) >= 1, 1);
}

static void async_end(void)
{
	struct pair p = connected();

	arm(p.s);
	WANT(close(p.c), 0);
	SOON(caught(SIGIO) >= 1, 1);
}

static void async_room(void)
{
	struct pair p = connected_small();
	size_t sent;
	int before;

	arm(p.c);
	sent = fill(p.c);
	before = caught(SIGIO);
	WANT(expect_pattern(p.s, sent, 0) == sent, 1);
	SOON(caught(SIGIO) > before, 1);
	MASK(p.c, POLLOUT);
}

static void async_chosen_signal(void)
{
	struct pair p = connected();

	catch_info(SIGRTMIN);
	WANT(fcntl(p.s, F_SETSIG, SIGRTMIN), 0);
	WANT(fcntl(p.s, F_GETSIG) == SIGRTMIN, 1);
	WANT(fcntl(p.s, F_SETOWN, getpid()), 0);
	WANT(fcntl(p.s, F_SETFL, O_ASYNC), 0);
	WANT(send(p.c, "x", 1, 0), 1);
	SOON(caught(SIGRTMIN) >= 1, 1);
	WANT(caught_fd() == p.s, 1);
	WANT(caught_band() & POLLIN, POLLIN);
}

static void async_urgent_band(void)
{
	struct pair p = connected();

	catch_signal(SIGURG, SA_RESTART);
	arm(p.s);
	WANT(send(p.c, "!", 1, MSG_OOB), 1);
	SOON(caught(SIGURG), 1);
}

static void async_owner_group(void)
{
	struct pair p = connected();

	catch_signal(SIGIO, SA_RESTART);
	WANT(fcntl(p.s, F_SETOWN, -getpgrp()), 0);
	WANT(fcntl(p.s, F_SETFL, O_ASYNC), 0);
	WANT(send(p.c, "x", 1, 0), 1);
	SOON(caught(SIGIO), 1);
}

static void async_owner_thread(void)
{
	struct f_owner_ex owner = { F_OWNER_TID, getpid() }, got = {};
	struct pair p = connected();

	WANT(fcntl(p.s, F_SETOWN_EX, &owner), 0);
	WANT(fcntl(p.s, F_GETOWN_EX, &got), 0);
	WANT(got.type, F_OWNER_TID);
	WANT(got.pid == getpid(), 1);
	FAIL(fcntl(p.s, F_SETOWN, 99999999), ESRCH);
}

static void async_before_connect(void)
{
	struct addr where;
	int l = listening(&where), c = sock(0), s;
	int before;

	arm(c);
	WANT(connect(c, SA(where)), 0);
	s = accept(l, NULL, NULL);
	before = caught(SIGIO);
	WANT(send(s, "x", 1, 0), 1);
	SOON(caught(SIGIO) > before, 1);
}

/* A program may wait for the rest of a message before it reads any of it. */
static void async_without_read(void)
{
	struct pair p = connected();
	int before, waiting;

	arm(p.s);
	WANT(send(p.c, "he", 2, 0), 2);
	SOON(caught(SIGIO) >= 1, 1);
	WANT(ioctl(p.s, FIONREAD, &waiting), 0);
	before = caught(SIGIO);
	WANT(send(p.c, "llo", 3, 0), 3);
	SOON(caught(SIGIO) > before, 1);
	before = caught(SIGIO);
	WANT(send(p.c, "!", 1, 0), 1);
	SOON(caught(SIGIO) > before, 1);
	WANT(recv(p.s, (char[9]){}, 9, 0), 6);
}

static void async_closed(void)
{
	struct pair p = connected();

	arm(p.s);
	WANT(close(p.s), 0);
	WANT(send(p.c, "x", 1, MSG_NOSIGNAL), 1);
}

static const struct test async_tests[] = {
	CASE(async_data, "data raises SIGIO"),
	CASE(async_after_read, "SIGIO that is switched on after a read reports what comes next"),
	CASE(async_remainder, "data raises SIGIO while other bytes are left"),
	CASE(async_without_read, "data raises SIGIO each time, even if nobody reads"),
	CASE(async_off, "without O_ASYNC there is no SIGIO"),
	CASE(async_by_ioctl, "FIOASYNC switches SIGIO on and off"),
	CASE(async_accept, "a connection raises SIGIO at the listener"),
	CASE(async_connect, "a connection raises SIGIO at the caller"),
	CASE(async_refused, "a refused connection raises SIGIO"),
	CASE(async_end, "the end raises SIGIO"),
	CASE(async_room, "room raises SIGIO"),
	CASE(async_chosen_signal, "F_SETSIG chooses the signal and names the cause"),
	CASE(async_urgent_band, "urgent data raises SIGURG beside SIGIO"),
	CASE(async_owner_group, "a group can be the owner"),
	CASE(async_owner_thread, "a thread can be the owner"),
	CASE(async_before_connect, "O_ASYNC set before connect() stays good"),
	CASE(async_closed, "closing an asynchronous socket is quiet"),
};

GROUP(async);

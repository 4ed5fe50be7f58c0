// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * TCP_CORK, TCP_NODELAY and MSG_MORE together.
 */

#include "conformance.h"

static void cork_holds_back(void)
{
	struct pair p = connected();

	set_int(p.c, IPPROTO_TCP, TCP_CORK, 1);
	WANT(get_int(p.c, IPPROTO_TCP, TCP_CORK), 1);
	WANT(send(p.c, "ab", 2, 0), 2);
	WANT(send(p.c, "cd", 2, 0), 2);
	FAIL(recv(p.s, (char[9]){}, 9, MSG_DONTWAIT), EAGAIN);
	set_int(p.c, IPPROTO_TCP, TCP_CORK, 0);
	SOON(queued_in(p.s), 4);
	WANT(get_int(p.c, IPPROTO_TCP, TCP_CORK), 0);
}

/* 200 ms is the longest that TCP keeps corked bytes. */
static void cork_ends_by_itself(void)
{
	struct pair p = connected();

	set_int(p.c, IPPROTO_TCP, TCP_CORK, 1);
	WANT(send(p.c, "ab", 2, 0), 2);
	SOON(queued_in(p.s), 2);
	WANT(get_int(p.c, IPPROTO_TCP, TCP_CORK), 1);
}

static void cork_pushed_by_nodelay(void)
{
	struct pair p = connected();

	set_int(p.c, IPPROTO_TCP, TCP_CORK, 1);
	WANT(send(p.c, "ab", 2, 0), 2);
	set_int(p.c, IPPROTO_TCP, TCP_NODELAY, 1);
	SOON(queued_in(p.s), 2);
	WANT(get_int(p.c, IPPROTO_TCP, TCP_CORK), 1);
	WANT(get_int(p.c, IPPROTO_TCP, TCP_NODELAY), 1);
}

static void cork_pushed_by_shutdown(void)
{
	struct pair p = connected();

	set_int(p.c, IPPROTO_TCP, TCP_CORK, 1);
	WANT(send(p.c, "ab", 2, 0), 2);
	WANT(shutdown(p.c, SHUT_WR), 0);
	WANT(drain(p.s), 2);
}

static void cork_pushed_by_close(void)
{
	struct pair p = connected();

	set_int(p.c, IPPROTO_TCP, TCP_CORK, 1);
	WANT(send(p.c, "abc", 3, MSG_MORE), 3);
	WANT(close(p.c), 0);
	WANT(drain(p.s), 3);
}

static void cork_large_passes(void)
{
	struct pair p = connected();

	set_int(p.c, IPPROTO_TCP, TCP_CORK, 1);
	if (!part()) {
		WANT(expect_pattern(p.s, 400000, 0), 400000);
		done();
	}
	WANT(send_all(p.c, 400000, 0), 400000);
	join(1);
}

static void cork_more_then_nodelay(void)
{
	struct pair p = connected();

	set_int(p.c, IPPROTO_TCP, TCP_NODELAY, 1);
	WANT(send(p.c, "ab", 2, MSG_MORE), 2);
	FAIL(recv(p.s, (char[9]){}, 9, MSG_DONTWAIT), EAGAIN);
	WANT(send(p.c, "cd", 2, 0), 2);
	SOON(queued_in(p.s), 4);
}

static void cork_nodelay_default(void)
{
	struct pair p = connected();
	int i;

	WANT(get_int(p.c, IPPROTO_TCP, TCP_NODELAY), 0);
	for (i = 0; i < 10; i++)
		WANT(send(p.c, "x", 1, 0), 1);
	SOON(queued_in(p.s), 10);
}

static const struct test cork_tests[] = {
	CASE(cork_holds_back, "TCP_CORK holds back until it is pulled"),
	CASE(cork_ends_by_itself, "corked bytes leave after a while"),
	CASE(cork_pushed_by_nodelay, "TCP_NODELAY pushes what is corked"),
	CASE(cork_pushed_by_shutdown, "shutdown() pushes what is corked"),
	CASE(cork_pushed_by_close, "close() pushes what is corked"),
	CASE(cork_large_passes, "much data passes a cork"),
	CASE(cork_more_then_nodelay, "MSG_MORE holds back in spite of TCP_NODELAY"),
	CASE(cork_nodelay_default, "small sends arrive without TCP_NODELAY"),
};

GROUP(cork);

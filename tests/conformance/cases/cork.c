// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * TCP_CORK, TCP_NODELAY and MSG_MORE together.
 */

#include "conformance.h"

/* recv() of corked pieces of two bytes, sent since then: it finds nothing until
 * 200 ms have passed. If this took too long, the bytes are read and others are
 * sent.
 */
static ssize_t recv_held(const struct pair *p, long since, int pieces,
			 int flags)
{
	int tries, code, i;
	ssize_t n, left;
	char got[9];

	for (tries = 0;; tries++) {
		n = recv(p->s, got, sizeof(got), MSG_DONTWAIT);
		code = errno;
		if (now_ms() - since <= 100 || tries == 20)
			break;
		for (left = 2 * pieces - (n > 0 ? n : 0); left > 0; left -= n) {
			n = recv(p->s, got, left, 0);
			if (n <= 0)
				return n;
		}
		since = now_ms();
		for (i = 0; i < pieces; i++) {
			n = send(p->c, "ab", 2, flags);
			if (n != 2)
				return n;
		}
	}
	errno = code;
	return n;
}

static void cork_holds_back(void)
{
	struct pair p = connected();
	long since;

	set_int(p.c, IPPROTO_TCP, TCP_CORK, 1);
	WANT(get_int(p.c, IPPROTO_TCP, TCP_CORK), 1);
	since = now_ms();
	WANT(send(p.c, "ab", 2, 0), 2);
	WANT(send(p.c, "cd", 2, 0), 2);
	FAIL(recv_held(&p, since, 2, 0), EAGAIN);
	set_int(p.c, IPPROTO_TCP, TCP_CORK, 0);
	SOON(queued_in(p.s), 4);
	WANT(get_int(p.c, IPPROTO_TCP, TCP_CORK), 0);
}

/* TCP keeps corked bytes for at most 200 ms. */
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
	long since;

	set_int(p.c, IPPROTO_TCP, TCP_NODELAY, 1);
	since = now_ms();
	WANT(send(p.c, "ab", 2, MSG_MORE), 2);
	FAIL(recv_held(&p, since, 1, MSG_MORE), EAGAIN);
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
	CASE(cork_holds_back, "TCP_CORK holds bytes back until it is cleared"),
	CASE(cork_ends_by_itself, "corked bytes leave after a while"),
	CASE(cork_pushed_by_nodelay, "TCP_NODELAY pushes corked bytes"),
	CASE(cork_pushed_by_shutdown, "shutdown() pushes corked bytes"),
	CASE(cork_pushed_by_close, "close() pushes corked bytes"),
	CASE(cork_large_passes, "much data passes a cork"),
	CASE(cork_more_then_nodelay, "MSG_MORE holds bytes back in spite of TCP_NODELAY"),
	CASE(cork_nodelay_default, "small sends arrive without TCP_NODELAY"),
};

GROUP(cork);

// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * listen().
 */

#include "conformance.h"

static void listen_bound(void)
{
	struct addr addr = loopback(0);
	int l = sock(0);

	WANT(bind(l, SA(addr)), 0);
	WANT(listen(l, 5), 0);
	WANT(get_int(l, SOL_SOCKET, SO_ACCEPTCONN), 1);
	MASK(l, 0);
}

static void listen_unbound(void)
{
	struct addr name;
	int l = sock(0), c = sock(0);

	WANT(listen(l, 5), 0);
	name = own_name(l);
	WANT(port_of(&name) > 0, 1);
	name = loopback(port_of(&name));
	WANT(connect(c, SA(name)), 0);
	MASK(l, POLLIN);
}

static void listen_again(void)
{
	struct addr where;
	struct pair p;
	int l = listening(&where);

	WANT(listen(l, 1), 0);
	WANT(listen(l, 100), 0);
	p = accept_one(l, &where);
	WANT(send(p.c, "x", 1, 0), 1);
	WANT(listen(l, 0), 0);
	p = accept_one(l, &where);
	WANT(send(p.c, "x", 1, 0), 1);
}

static void listen_connected(void)
{
	struct pair p = connected();

	FAIL(listen(p.c, 5), EINVAL);
	FAIL(listen(p.s, 5), EINVAL);
}

static void listen_connecting(void)
{
	struct addr nowhere = black_hole(0);
	int c = sock(SOCK_NONBLOCK);

	FAIL(connect(c, SA(nowhere)), EINPROGRESS);
	FAIL(listen(c, 5), EINVAL);
}

static void listen_negative_backlog(void)
{
	struct addr where;
	struct pair p;
	int l = listening_with(&where, -1, -1, 0, 0);

	p = accept_one(l, &where);
	WANT(send(p.c, "x", 1, 0), 1);
}

static void listen_forbids(void)
{
	struct addr where;
	char byte;
	int l = listening(&where);

	FAIL(connect(l, SA(where)), EISCONN);
	FAIL(send(l, "x", 1, MSG_NOSIGNAL), EPIPE);
	FAIL(recv(l, &byte, 1, MSG_DONTWAIT), ENOTCONN);
	FAIL(getpeername(l, &where.sa, &where.len), ENOTCONN);
}

static void listen_shutdown(void)
{
	struct addr where;
	int l = listening(&where), c = sock(0);

	WANT(shutdown(l, SHUT_RDWR), 0);
	FAIL(connect(c, SA(where)), ECONNREFUSED);
	FAIL(accept(l, NULL, NULL), EINVAL);
	MASK(l, POLLOUT | POLLHUP);
	WANT(get_int(l, SOL_SOCKET, SO_ACCEPTCONN), 0);
	WANT(listen(l, 5), 0);
	where = own_name(l);
	where = loopback(port_of(&where));
	close(c);
	c = sock(0);
	WANT(connect(c, SA(where)), 0);
}

static void listen_shutdown_wakes(void)
{
	struct addr where;
	int l = listening(&where);

	if (!part()) {
		FAIL(accept(l, NULL, NULL), EINVAL);
		done();
	}
	asleep(1);
	WANT(shutdown(l, SHUT_RD), 0);
	join(1);
}

static void listen_closed_with_waiting(void)
{
	struct addr where;
	int l = listening(&where), c = sock(0);
	char byte;

	WANT(connect(c, SA(where)), 0);
	WANT(close(l), 0);
	MASK(c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	FAIL(recv(c, &byte, 1, 0), ECONNRESET);
}

static void listen_reuseport_spreads(void)
{
	struct addr where = loopback(0);
	int a = sock(SOCK_NONBLOCK), b = sock(SOCK_NONBLOCK), i, got = 0;

	set_int(a, SOL_SOCKET, SO_REUSEPORT, 1);
	set_int(b, SOL_SOCKET, SO_REUSEPORT, 1);
	WANT(bind(a, SA(where)), 0);
	where = own_name(a);
	WANT(bind(b, SA(where)), 0);
	WANT(listen(a, 50), 0);
	WANT(listen(b, 50), 0);
	for (i = 0; i < 20; i++) {
		int c = sock(0);

		if (connect(c, SA(where)))
			broken("connect");
	}
	SOON(({
		while (accept(a, NULL, NULL) >= 0)
			got++;
		while (accept(b, NULL, NULL) >= 0)
			got++;
		got;
	}), 20);
}

static void listen_full_backlog(void)
{
	struct addr where;
	int l = listening_with(&where, 1, -1, 0, 0), i, c[4], open = 0;

	for (i = 0; i < 4; i++) {
		c[i] = sock(SOCK_NONBLOCK);
		connect(c[i], SA(where));
	}
	SOON(({
		for (i = 0, open = 0; i < 4; i++)
			open += !!(poll_now(c[i]) & POLLOUT);
		open >= 2;
	}), 1);
	/* A retransmitted SYN finds room. */
	for (i = 0; i < 4; i++)
		WANT(accept(l, NULL, NULL) >= 0, 1);
	SOON(({
		for (i = 0, open = 0; i < 4; i++)
			open += !!(poll_now(c[i]) & POLLOUT);
		open;
	}), 4);
}

/*
 * Clients of all kinds come at once, and each waiting process accepts one. A
 * connection for which nobody was woken would be left over.
 */
static void listen_all_wait(void)
{
	enum { PARTS = 4, TURNS = 25 };
	struct addr where;
	int l = listening(&where), i, k;

	for (i = 0; i < PARTS; i++) {
		if (part())
			continue;
		for (k = 0; k < TURNS; k++) {
			WANT(accept(l, NULL, NULL) >= 0, 1);
			tell(0);
			hear();
		}
		done();
	}
	for (k = 0; k < TURNS; k++) {
		for (i = 0; i < PARTS; i++) {
			int c = i % 2 ? sock(SOCK_NONBLOCK) :
					socket(setting.family, SOCK_STREAM |
					       SOCK_NONBLOCK, IPPROTO_TCP);

			connect(c, SA(where));
		}
		for (i = 0; i < PARTS; i++)
			hear();
		for (i = 0; i < PARTS; i++)
			tell(i + 1);
	}
	for (i = 0; i < PARTS; i++)
		join(i + 1);
}

static void listen_inherits(void)
{
	struct addr where;
	struct pair p;
	int l = listening_with(&where, 5, SOL_SOCKET, SO_KEEPALIVE, 1);

	set_int(l, IPPROTO_TCP, TCP_NODELAY, 1);
	set_int(l, IPPROTO_TCP, TCP_KEEPIDLE, 77);
	set_int(l, SOL_SOCKET, SO_PRIORITY, 3);
	set_int(l, SOL_SOCKET, SO_RCVLOWAT, 10);
	set_timeout(l, SO_RCVTIMEO, 5000);
	p = accept_one(l, &where);
	WANT(get_int(p.s, SOL_SOCKET, SO_KEEPALIVE), 1);
	WANT(get_int(p.s, IPPROTO_TCP, TCP_NODELAY), 1);
	WANT(get_int(p.s, IPPROTO_TCP, TCP_KEEPIDLE), 77);
	CALL(get_int(p.s, SOL_SOCKET, SO_PRIORITY));
	WANT(get_int(p.s, SOL_SOCKET, SO_RCVLOWAT), 10);
	CALL(get_int(p.s, SOL_SOCKET, SO_RCVTIMEO));
	WANT(get_int(p.s, SOL_SOCKET, SO_REUSEADDR), 0);
	WANT(get_int(p.s, SOL_SOCKET, SO_ACCEPTCONN), 0);
}

static const struct test listen_tests[] = {
	CASE(listen_bound, "a listener reports SO_ACCEPTCONN"),
	CASE(listen_unbound, "listen() without bind() chooses a port"),
	CASE(listen_again, "a second listen() changes the backlog"),
	CASE(listen_connected, "a connected socket cannot listen"),
	CASE(listen_connecting, "a connecting socket cannot listen"),
	CASE(listen_negative_backlog, "a negative backlog is taken as a large one"),
	CASE(listen_forbids, "a listener neither connects nor carries data"),
	CASE(listen_shutdown, "shutdown() ends a listener, listen() revives it"),
	CASE(listen_shutdown_wakes, "shutdown() of a listener wakes accept()"),
	CASE(listen_closed_with_waiting, "closing a listener resets connections that wait in it"),
	CASE(listen_reuseport_spreads, "listeners with SO_REUSEPORT share what arrives"),
	CASE_FLAGS(listen_all_wait, MAY_FALL_BACK, "each process in accept() gets one of many connections"),
	CASE_FLAGS(listen_full_backlog, MAY_FALL_BACK, "clients beyond the backlog connect later"),
	CASE(listen_inherits, "an accepted socket inherits its listener's options"),
};

GROUP(listen);

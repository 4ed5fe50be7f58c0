// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * epoll: level-triggered and its options.
 */

#include "conformance.h"

static int watch(int e, int fd, unsigned int events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(e, EPOLL_CTL_ADD, fd, &event);
}

static int rearm(int e, int fd, unsigned int events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(e, EPOLL_CTL_MOD, fd, &event);
}

/* Returns the events of the descriptor that is ready, or 0. */
static int ready(int e, int timeout)
{
	struct epoll_event event = {};

	return epoll_wait(e, &event, 1, timeout) == 1 ? (int)event.events : 0;
}

static void epoll_level(void)
{
	struct pair p = connected();
	int e = epoll_create1(0);

	WANT(watch(e, p.s, EPOLLIN | EPOLLRDHUP), 0);
	WANT(ready(e, 0), 0);
	WANT(send(p.c, "ab", 2, 0), 2);
	WANT(ready(e, 10000), EPOLLIN);
	WANT(ready(e, 0), EPOLLIN);
	WANT(recv(p.s, (char[9]){}, 1, 0), 1);
	WANT(ready(e, 0), EPOLLIN);
	WANT(recv(p.s, (char[9]){}, 1, 0), 1);
	WANT(ready(e, 0), 0);
	WANT(close(p.c), 0);
	WANT(ready(e, 10000), EPOLLIN | EPOLLRDHUP);
}

static void epoll_writable(void)
{
	struct pair p = connected_small();
	int e = epoll_create1(0);
	size_t sent;

	WANT(watch(e, p.c, EPOLLOUT), 0);
	WANT(ready(e, 0), EPOLLOUT);
	sent = fill(p.c);
	WANT(ready(e, 0), 0);
	WANT(expect_pattern(p.s, sent, 0) == sent, 1);
	WANT(ready(e, 10000), EPOLLOUT);
}

static void epoll_new_socket(void)
{
	int e = epoll_create1(0), fd = sock(0);

	WANT(watch(e, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP), 0);
	WANT(ready(e, 0), EPOLLOUT | EPOLLHUP);
}

static void epoll_listener(void)
{
	struct addr where;
	int l = listening(&where), c = sock(0), e = epoll_create1(0);

	WANT(watch(e, l, EPOLLIN | EPOLLOUT), 0);
	WANT(ready(e, 0), 0);
	WANT(connect(c, SA(where)), 0);
	WANT(ready(e, 10000), EPOLLIN);
	WANT(accept(l, NULL, NULL) >= 0, 1);
	WANT(ready(e, 0), 0);
}

static void epoll_before_listen(void)
{
	struct addr where = loopback(0);
	int l = sock(0), c = sock(0), e = epoll_create1(0);

	WANT(watch(e, l, EPOLLIN), 0);
	WANT(bind(l, SA(where)), 0);
	where = own_name(l);
	WANT(listen(l, 1), 0);
	WANT(ready(e, 0), 0);
	if (!part()) {
		WANT(ready(e, 60000), EPOLLIN);
		done();
	}
	asleep(1);
	WANT(connect(c, SA(where)), 0);
	join(1);
}

static void epoll_before_connect(void)
{
	struct addr where;
	int l = listening(&where), c = sock(0), e = epoll_create1(0), s;

	WANT(watch(e, c, EPOLLIN | EPOLLRDHUP), 0);
	WANT(ready(e, 0), EPOLLHUP);
	WANT(connect(c, SA(where)), 0);
	s = accept(l, NULL, NULL);
	WANT(ready(e, 0), 0);
	if (!part()) {
		WANT(ready(e, 60000), EPOLLIN);
		done();
	}
	asleep(1);
	WANT(send(s, "x", 1, 0), 1);
	join(1);
	WANT(close(s), 0);
	SOON(ready(e, 0), EPOLLIN | EPOLLRDHUP);
}

static void epoll_oneshot(void)
{
	struct pair p = connected();
	int e = epoll_create1(0);

	WANT(watch(e, p.s, EPOLLIN | EPOLLONESHOT), 0);
	WANT(send(p.c, "x", 1, 0), 1);
	WANT(ready(e, 10000), EPOLLIN);
	WANT(ready(e, 0), 0);
	WANT(send(p.c, "x", 1, 0), 1);
	SOON(queued_in(p.s), 2);
	WANT(ready(e, 0), 0);
	WANT(rearm(e, p.s, EPOLLIN | EPOLLONESHOT), 0);
	WANT(ready(e, 0), EPOLLIN);
	WANT(ready(e, 0), 0);
}

static void epoll_exclusive(void)
{
	struct addr where;
	int l = listening(&where), c = sock(0), a = epoll_create1(0);
	int b = epoll_create1(0);

	WANT(watch(a, l, EPOLLIN | EPOLLEXCLUSIVE), 0);
	WANT(watch(b, l, EPOLLIN | EPOLLEXCLUSIVE), 0);
	FAIL(rearm(a, l, EPOLLIN | EPOLLEXCLUSIVE), EINVAL);
	FAIL(watch(epoll_create1(0), l, EPOLLPRI | EPOLLEXCLUSIVE), EINVAL);
	if (!part()) {
		WANT(ready(a, 60000), EPOLLIN);
		WANT(accept(l, NULL, NULL) >= 0, 1);
		done();
	}
	asleep(1);
	WANT(connect(c, SA(where)), 0);
	join(1);
	WANT(ready(b, 0), 0);
}

static void epoll_urgent(void)
{
	struct pair p = connected();
	int e = epoll_create1(0);

	WANT(watch(e, p.s, EPOLLPRI | EPOLLIN), 0);
	WANT(send(p.c, "!", 1, MSG_OOB), 1);
	WANT(ready(e, 10000), EPOLLPRI);
	WANT(recv(p.s, (char[9]){}, 1, MSG_OOB), 1);
	WANT(ready(e, 0), 0);
}

static void epoll_reset(void)
{
	struct linger now = { .l_onoff = 1 };
	struct pair p = connected();
	int e = epoll_create1(0);

	WANT(watch(e, p.s, 0), 0);
	setsockopt(p.c, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	WANT(close(p.c), 0);
	SOON(ready(e, 0), EPOLLERR | EPOLLHUP);
	WANT(socket_error(p.s), ECONNRESET);
	WANT(ready(e, 0), EPOLLHUP);
}

static void epoll_control(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct pair p = connected();
	int e = epoll_create1(0);

	WANT(epoll_ctl(e, EPOLL_CTL_ADD, p.c, &event), 0);
	FAIL(epoll_ctl(e, EPOLL_CTL_ADD, p.c, &event), EEXIST);
	FAIL(epoll_ctl(e, EPOLL_CTL_MOD, p.s, &event), ENOENT);
	WANT(epoll_ctl(e, EPOLL_CTL_DEL, p.c, NULL), 0);
	FAIL(epoll_ctl(e, EPOLL_CTL_DEL, p.c, NULL), ENOENT);
	FAIL(epoll_ctl(p.c, EPOLL_CTL_ADD, p.s, &event), EINVAL);
}

static void epoll_forgets_closed(void)
{
	struct pair p = connected();
	int e = epoll_create1(0);

	WANT(watch(e, p.c, EPOLLOUT), 0);
	WANT(ready(e, 0), EPOLLOUT);
	WANT(close(p.c), 0);
	WANT(ready(e, 0), 0);
}

static void epoll_keeps_copy(void)
{
	struct pair p = connected();
	int e = epoll_create1(0), copy = dup(p.s);

	WANT(watch(e, p.s, EPOLLIN), 0);
	WANT(close(p.s), 0);
	WANT(send(p.c, "x", 1, 0), 1);
	WANT(ready(e, 10000), EPOLLIN);
	WANT(recv(copy, (char[9]){}, 9, 0), 1);
	WANT(ready(e, 0), 0);
}

static void epoll_two_watchers(void)
{
	struct pair p = connected();
	int a = epoll_create1(0), b = epoll_create1(0);

	WANT(watch(a, p.s, EPOLLIN), 0);
	WANT(watch(b, p.s, EPOLLIN), 0);
	WANT(send(p.c, "x", 1, 0), 1);
	WANT(ready(a, 10000), EPOLLIN);
	WANT(ready(b, 10000), EPOLLIN);
}

static void epoll_nested(void)
{
	struct pair p = connected();
	int inner = epoll_create1(0), outer = epoll_create1(0);

	WANT(watch(inner, p.s, EPOLLIN), 0);
	WANT(watch(outer, inner, EPOLLIN), 0);
	WANT(ready(outer, 0), 0);
	WANT(send(p.c, "x", 1, 0), 1);
	WANT(ready(outer, 10000), EPOLLIN);
	MASK(inner, POLLIN);
	WANT(recv(p.s, (char[9]){}, 9, 0), 1);
	WANT(ready(outer, 0), 0);
}

static const struct test epoll_tests[] = {
	CASE(epoll_level, "epoll reports data as long as it is there"),
	CASE(epoll_writable, "epoll reports room as long as it is there"),
	CASE(epoll_new_socket, "epoll takes a new socket"),
	CASE(epoll_listener, "epoll reports connections"),
	CASE(epoll_before_listen, "epoll follows a socket that begins to listen"),
	CASE(epoll_before_connect, "epoll follows a socket that connects"),
	CASE(epoll_oneshot, "EPOLLONESHOT makes epoll report once"),
	CASE(epoll_exclusive, "EPOLLEXCLUSIVE wakes one waiter"),
	CASE(epoll_urgent, "epoll reports urgent data"),
	CASE(epoll_reset, "epoll reports a reset without being asked"),
	CASE(epoll_control, "epoll_ctl() checks its arguments"),
	CASE(epoll_forgets_closed, "epoll forgets a closed socket"),
	CASE(epoll_keeps_copy, "epoll keeps a socket as long as a copy is open"),
	CASE(epoll_two_watchers, "two epolls see the same socket"),
	CASE(epoll_nested, "an epoll in an epoll sees a socket"),
};

GROUP(epoll);

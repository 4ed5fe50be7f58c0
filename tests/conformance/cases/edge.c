// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * epoll: edge-triggered.
 */

#include "conformance.h"

static int watch(int fd, unsigned int events)
{
	struct epoll_event event = { .events = events | EPOLLET };
	int e = epoll_create1(0);

	if (epoll_ctl(e, EPOLL_CTL_ADD, fd, &event))
		broken("epoll_ctl");
	return e;
}

static int ready(int e, int timeout)
{
	struct epoll_event event = {};

	return epoll_wait(e, &event, 1, timeout) == 1 ? (int)event.events : 0;
}

static void edge_data_once(void)
{
	struct pair p = connected();
	int e = watch(p.s, EPOLLIN);

	WANT(send(p.c, "ab", 2, 0), 2);
	WANT(ready(e, 10000), EPOLLIN);
	WANT(ready(e, 0), 0);
	WANT(recv(p.s, (char[9]){}, 1, 0), 1);
	WANT(ready(e, 0), 0);
	WANT(send(p.c, "c", 1, 0), 1);
	WANT(ready(e, 10000), EPOLLIN);
	WANT(ready(e, 0), 0);
}

static void edge_data_before(void)
{
	struct pair p = connected();

	WANT(send(p.c, "ab", 2, 0), 2);
	SOON(queued_in(p.s), 2);
	WANT(ready(watch(p.s, EPOLLIN), 0), EPOLLIN);
}

static void edge_room(void)
{
	struct pair p = connected_small();
	int e = watch(p.c, EPOLLOUT);
	size_t sent;

	WANT(ready(e, 0), EPOLLOUT);
	WANT(ready(e, 0), 0);
	sent = fill(p.c);
	ready(e, 0);
	if (!part()) {
		WANT(ready(e, 60000), EPOLLOUT);
		done();
	}
	asleep(1);
	WANT(expect_pattern(p.s, sent, 0) == sent, 1);
	join(1);
}

/* Once by TCP, possibly again by the DMB, and then no more. */
static void edge_end(void)
{
	struct pair p = connected();
	int e = watch(p.s, EPOLLIN | EPOLLRDHUP);

	WANT(send(p.c, "ab", 2, 0), 2);
	WANT(ready(e, 10000), EPOLLIN);
	WANT(shutdown(p.c, SHUT_WR), 0);
	WANT(ready(e, 10000), EPOLLIN | EPOLLRDHUP);
	SOON(ready(e, 10), 0);
	WANT(ready(e, 0), 0);
}

static void edge_reset(void)
{
	struct linger now = { .l_onoff = 1 };
	struct pair p = connected();
	int e = watch(p.s, EPOLLIN | EPOLLRDHUP);

	setsockopt(p.c, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	WANT(close(p.c), 0);
	WANT(ready(e, 10000), EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP);
	SOON(ready(e, 10), 0);
	WANT(ready(e, 0), 0);
}

static void edge_accept(void)
{
	struct addr where;
	int l = listening(&where), e = watch(l, EPOLLIN), i;

	for (i = 0; i < 3; i++) {
		WANT(connect(sock(0), SA(where)), 0);
		WANT(ready(e, 10000), EPOLLIN);
		WANT(ready(e, 10), 0);
	}
	for (i = 0; i < 3; i++)
		WANT(accept(l, NULL, NULL) >= 0, 1);
}

static void edge_connect(void)
{
	struct addr where;
	int c = sock(SOCK_NONBLOCK), e = watch(c, EPOLLOUT);

	listening(&where);
	WANT(ready(e, 0), EPOLLOUT | EPOLLHUP);
	CALL(connect(c, SA(where)));
	WANT(ready(e, 10000), EPOLLOUT);
	WANT(ready(e, 0), 0);
}

static void edge_refused(void)
{
	struct addr where = nobody();
	int c = sock(SOCK_NONBLOCK), e = watch(c, EPOLLOUT | EPOLLIN);

	WANT(ready(e, 0), EPOLLOUT | EPOLLHUP);
	FAIL(connect(c, SA(where)), EINPROGRESS);
	WANT(ready(e, 10000), EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP);
}

static void edge_urgent(void)
{
	struct pair p = connected();
	int e = watch(p.s, EPOLLPRI);

	WANT(send(p.c, "!", 1, MSG_OOB), 1);
	WANT(ready(e, 10000), EPOLLPRI);
	WANT(ready(e, 0), 0);
	WANT(recv(p.s, (char[9]){}, 1, MSG_OOB), 1);
	WANT(send(p.c, "!", 1, MSG_OOB), 1);
	WANT(ready(e, 10000), EPOLLPRI);
}

/* The loop of every event-driven server: read until EAGAIN, then sleep. */
static void edge_loop(void)
{
	struct pair p = connected_small();
	int e = watch(p.s, EPOLLIN | EPOLLRDHUP);
	static unsigned char got[3000];
	size_t sum = 0;
	bool right = true;
	ssize_t n = -1;

	if (!part()) {
		WANT(send_all(p.c, 300000, 0), 300000);
		shutdown(p.c, SHUT_WR);
		done();
	}
	while (n) {
		if (!ready(e, 10000))
			break;
		while ((n = recv(p.s, got, sizeof(got), MSG_DONTWAIT)) > 0) {
			right &= is_pattern(got, n, sum);
			sum += n;
		}
	}
	WANT(sum, 300000);
	WANT(right, 1);
	join(1);
}

static void edge_loop_writer(void)
{
	struct pair p = connected_small();
	int e = watch(p.c, EPOLLOUT);
	static unsigned char out[5000];
	size_t sum = 0;
	ssize_t n;

	if (!part()) {
		WANT(expect_pattern(p.s, 300000, 0), 300000);
		done();
	}
	while (sum < 300000) {
		size_t want = 300000 - sum < 5000 ? 300000 - sum : 5000;

		pattern(out, want, sum);
		n = send(p.c, out, want, MSG_DONTWAIT);
		if (n > 0)
			sum += n;
		else if (!ready(e, 10000))
			break;
	}
	WANT(sum, 300000);
	join(1);
}

static void edge_modified_rearms(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	struct pair p = connected();
	int e = watch(p.s, EPOLLIN);

	WANT(send(p.c, "ab", 2, 0), 2);
	WANT(ready(e, 10000), EPOLLIN);
	WANT(ready(e, 0), 0);
	WANT(epoll_ctl(e, EPOLL_CTL_MOD, p.s, &event), 0);
	WANT(ready(e, 0), EPOLLIN);
	WANT(ready(e, 0), 0);
}

static const struct test edge_tests[] = {
	CASE(edge_data_once, "new data is reported once"),
	CASE(edge_data_before, "data that is there at the start is reported"),
	CASE(edge_room, "new room is reported"),
	CASE(edge_end, "the end is reported, but not again and again"),
	CASE(edge_reset, "a reset is reported, but not again and again"),
	CASE(edge_accept, "each connection is reported once"),
	CASE(edge_connect, "a finished connect() is reported once"),
	CASE(edge_refused, "a refused connect() is reported"),
	CASE(edge_urgent, "urgent data is reported once"),
	CASE(edge_loop, "an edge-triggered reader misses nothing"),
	CASE(edge_loop_writer, "an edge-triggered writer misses nothing"),
	CASE(edge_modified_rearms, "EPOLL_CTL_MOD makes epoll report again"),
};

GROUP(edge);

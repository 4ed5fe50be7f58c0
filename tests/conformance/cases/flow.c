// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * More than buffers hold, without blocking: a program that waits with poll(),
 * epoll or SIGIO learns of all bytes and of all room.
 */

#include "conformance.h"

#include <time.h>

/* Waits for an event; returns false if it never comes. */
typedef bool wait_fn(int fd, short events);

static bool wait_by_poll(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, setting.patience * 500) == 1;
}

static int epolls[2] = { -1, -1 };

static bool wait_by_epoll(int fd, short events)
{
	struct epoll_event event;

	(void)fd;
	return epoll_wait(epolls[!!(events & POLLOUT)], &event, 1,
			  setting.patience * 500) == 1;
}

static bool wait_by_signal(int fd, short events)
{
	struct timespec limit = { .tv_sec = setting.patience / 2 };
	sigset_t set;

	(void)fd;
	(void)events;
	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	return sigtimedwait(&set, NULL, &limit) == SIGIO;
}

static void write_much(int fd, wait_fn *wait)
{
	static unsigned char buf[16384];
	unsigned int turn = 0;
	size_t sum = 0;
	ssize_t n;

	while (sum < MUCH) {
		size_t size = odd_size(turn++, MUCH - sum);

		pattern(buf, size, sum);
		n = send(fd, buf, size, MSG_DONTWAIT);
		if (n > 0)
			sum += n;
		else if (errno != EAGAIN || !wait(fd, POLLOUT))
			break;
	}
	WANT(sum, MUCH);
}

static void read_much(int fd, wait_fn *wait)
{
	static unsigned char buf[16384];
	unsigned int turn = 3;
	size_t sum = 0;
	ssize_t n;

	while (sum < MUCH) {
		n = recv(fd, buf, odd_size(turn++, MUCH - sum), MSG_DONTWAIT);
		if (n > 0 && is_pattern(buf, n, sum))
			sum += n;
		else if (n >= 0 || errno != EAGAIN || !wait(fd, POLLIN))
			break;
	}
	WANT(sum, MUCH);
}

static void flow_poll(void)
{
	struct pair p = connected_small();

	if (!part()) {
		write_much(p.c, wait_by_poll);
		done();
	}
	read_much(p.s, wait_by_poll);
	join(1);
}

static void watch(int fd, unsigned int events)
{
	struct epoll_event event = { .events = events };
	int e = epoll_create1(0);

	if (epoll_ctl(e, EPOLL_CTL_ADD, fd, &event))
		broken("epoll_ctl");
	epolls[!!(events & EPOLLOUT)] = e;
}

static void run_epoll(unsigned int flags)
{
	struct pair p = connected_small();

	watch(p.s, EPOLLIN | flags);
	watch(p.c, EPOLLOUT | flags);
	if (!part()) {
		write_much(p.c, wait_by_epoll);
		done();
	}
	read_much(p.s, wait_by_epoll);
	join(1);
}

static void flow_epoll(void)
{
	run_epoll(0);
}

static void flow_epoll_edge(void)
{
	run_epoll(EPOLLET);
}

static void own_signal(int fd)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (fcntl(fd, F_SETOWN, getpid()) ||
	    fcntl(fd, F_SETFL, O_RDWR | O_ASYNC))
		broken("O_ASYNC");
}

static void flow_signals(void)
{
	struct pair p = connected_small();

	if (!part()) {
		own_signal(p.c);
		write_much(p.c, wait_by_signal);
		done();
	}
	own_signal(p.s);
	read_much(p.s, wait_by_signal);
	join(1);
}

static void flow_room_again(void)
{
	struct pair p = connected_small();
	int i;

	watch(p.c, EPOLLOUT);
	for (i = 0; i < 3; i++) {
		size_t sent = fill(p.c);

		MASK(p.c, 0);
		if (!part()) {
			WANT(wait_by_epoll(p.c, POLLOUT), 1);
			done();
		}
		asleep(i + 1);
		WANT(expect_pattern(p.s, sent, 0) == sent, 1);
		join(i + 1);
		MASK(p.c, POLLOUT);
	}
}

static const struct test flow_tests[] = {
	CASE(flow_poll, "poll() is enough to move more than buffers hold"),
	CASE(flow_epoll, "epoll is enough to move more than buffers hold"),
	CASE(flow_epoll_edge, "edges are enough to move more than buffers hold"),
	CASE(flow_signals, "SIGIO is enough to move more than buffers hold"),
	CASE(flow_room_again, "room is reported each time it comes"),
};

GROUP(flow);

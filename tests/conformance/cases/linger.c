// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * SO_LINGER.
 */

#include "conformance.h"

static int set_linger(int fd, int on, int seconds)
{
	struct linger l = { on, seconds };

	return setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
}

static void linger_values(void)
{
	struct linger l = { 9, 9 };
	socklen_t len = sizeof(l);
	int fd = sock(0);

	WANT(getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &len), 0);
	WANT(l.l_onoff, 0);
	WANT(set_linger(fd, 5, 7), 0);
	WANT(getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &len), 0);
	WANT(l.l_onoff, 1);
	WANT(l.l_linger, 7);
	FAIL(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, 4), EINVAL);
	WANT(set_linger(fd, 0, 3), 0);
	WANT(getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &len), 0);
	WANT(l.l_onoff, 0);
}

static void linger_zero_resets(void)
{
	struct pair p = connected();
	char byte;

	WANT(set_linger(p.c, 1, 0), 0);
	WANT(close(p.c), 0);
	MASK(p.s, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	FAIL(recv(p.s, &byte, 1, 0), ECONNRESET);
	WANT(recv(p.s, &byte, 1, 0), 0);
	FAIL(send(p.s, "x", 1, MSG_NOSIGNAL), EPIPE);
}

/* The reset overtakes: unread bytes are gone. */
static void linger_zero_drops_unread(void)
{
	struct pair p = connected();

	WANT(send(p.c, "abc", 3, 0), 3);
	SOON(queued_in(p.s), 3);
	WANT(set_linger(p.c, 1, 0), 0);
	WANT(close(p.c), 0);
	MASK(p.s, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	CALL(recv(p.s, (char[9]){}, 9, 0));
	CALL(recv(p.s, (char[9]){}, 9, 0));
	CALL(recv(p.s, (char[9]){}, 9, 0));
}

static void linger_zero_wakes_reader(void)
{
	struct pair p = connected();

	WANT(set_linger(p.c, 1, 0), 0);
	if (!part()) {
		close(p.c);
		FAIL(recv(p.s, (char[9]){}, 9, 0), ECONNRESET);
		done();
	}
	asleep(1);
	WANT(close(p.c), 0);
	join(1);
}

static void linger_zero_wakes_writer(void)
{
	struct pair p = connected_small();

	fill(p.s);
	WANT(set_linger(p.c, 1, 0), 0);
	if (!part()) {
		close(p.c);
		FAIL(send(p.s, "x", 1, MSG_NOSIGNAL), ECONNRESET);
		FAIL(send(p.s, "x", 1, MSG_NOSIGNAL), EPIPE);
		done();
	}
	asleep(1);
	WANT(close(p.c), 0);
	join(1);
}

static void linger_waits_for_delivery(void)
{
	struct pair p = connected_small();
	size_t sent = fill(p.c);

	WANT(set_linger(p.c, 1, 60), 0);
	if (!part()) {
		close(p.s);
		hear();
		WANT(close(p.c), 0);
		done();
	}
	WANT(close(p.c), 0);
	tell(1);
	WANT(expect_pattern(p.s, sent, 0) == sent, 1);
	WANT(recv(p.s, (char[9]){}, 9, 0), 0);
	WANT(close(p.s), 0);
	join(1);
}

static void linger_gives_up_waiting(void)
{
	struct pair p = connected_small();
	size_t sent = fill(p.c);
	long begin = now_ms();

	WANT(set_linger(p.c, 1, 1), 0);
	WANT(close(p.c), 0);
	WANT(now_ms() - begin >= 500, 1);
	/* The bytes still arrive. */
	WANT(expect_pattern(p.s, sent, 0) == sent, 1);
	WANT(recv(p.s, (char[9]){}, 9, 0), 0);
}

static void linger_off_returns_at_once(void)
{
	struct pair p = connected_small();
	size_t sent = fill(p.c);
	long begin = now_ms();

	WANT(close(p.c), 0);
	WANT(now_ms() - begin < 5000, 1);
	WANT(expect_pattern(p.s, sent, 0) == sent, 1);
	WANT(recv(p.s, (char[9]){}, 9, 0), 0);
}

static void linger_after_shutdown(void)
{
	struct pair p = connected();

	WANT(set_linger(p.c, 1, 0), 0);
	WANT(send(p.c, "abc", 3, 0), 3);
	WANT(shutdown(p.c, SHUT_WR), 0);
	WANT(drain(p.s), 3);
	WANT(close(p.s), 0);
	MASK(p.c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	WANT(close(p.c), 0);
}

static void linger_on_listener(void)
{
	struct linger l = { 9, 9 };
	socklen_t len = sizeof(l);
	struct addr where;
	int fd = listening(&where);
	struct pair p;

	WANT(set_linger(fd, 1, 0), 0);
	p = accept_one(fd, &where);
	WANT(getsockopt(p.s, SOL_SOCKET, SO_LINGER, &l, &len), 0);
	WANT(l.l_onoff, 1);
	WANT(l.l_linger, 0);
	WANT(close(p.s), 0);
	MASK(p.c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	FAIL(recv(p.c, (char[9]){}, 9, 0), ECONNRESET);
}

static void linger_unconnected(void)
{
	int fd = sock(0);

	WANT(set_linger(fd, 1, 60), 0);
	WANT(close(fd), 0);
}

static const struct test linger_tests[] = {
	CASE(linger_values, "SO_LINGER keeps its value"),
	CASE(linger_zero_resets, "SO_LINGER of 0 resets the connection"),
	CASE(linger_zero_drops_unread, "a reset with unread bytes is seen as TCP shows it"),
	CASE(linger_zero_wakes_reader, "a reset wakes a reader"),
	CASE(linger_zero_wakes_writer, "a reset wakes a writer"),
	CASE(linger_waits_for_delivery, "close() that lingers delivers all bytes"),
	CASE(linger_gives_up_waiting, "close() lingers no longer than asked, and nothing is lost"),
	CASE(linger_off_returns_at_once, "close() without SO_LINGER returns, and nothing is lost"),
	CASE(linger_after_shutdown, "SO_LINGER of 0 after a full close is harmless"),
	CASE(linger_on_listener, "SO_LINGER is inherited from the listener"),
	CASE(linger_unconnected, "SO_LINGER delays no unconnected socket"),
};

GROUP(linger);

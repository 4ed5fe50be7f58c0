// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * Urgent data: MSG_OOB, SIGURG, SO_OOBINLINE, SIOCATMARK.
 */

#include "conformance.h"

static int at_mark(int fd)
{
	int mark = -1;

	return ioctl(fd, SIOCATMARK, &mark) ? -errno : mark;
}

static void urgent_byte(void)
{
	struct pair p = connected();
	char got[9];

	WANT(send(p.c, "ab", 2, 0), 2);
	WANT(send(p.c, "!", 1, MSG_OOB), 1);
	WANT(send(p.c, "cd", 2, 0), 2);
	MASK(p.s, POLLIN | POLLPRI | POLLOUT);
	WANT(recv(p.s, got, 1, MSG_OOB), 1);
	WANT(got[0], '!');
	FAIL(recv(p.s, got, 1, MSG_OOB), EINVAL);
	SOON(queued_in(p.s), 2);
	WANT(recv(p.s, got, 9, 0), 2);
	WANT(memcmp(got, "ab", 2), 0);
	WANT(at_mark(p.s), 1);
	WANT(recv(p.s, got, 9, 0), 2);
	WANT(memcmp(got, "cd", 2), 0);
	WANT(at_mark(p.s), 0);
}

static void urgent_none(void)
{
	struct pair p = connected();
	char byte;

	FAIL(recv(p.s, &byte, 1, MSG_OOB), EINVAL);
	WANT(at_mark(p.s), 0);
	WANT(send(p.c, "x", 1, 0), 1);
	FAIL(recv(p.s, &byte, 1, MSG_OOB), EINVAL);
}

static void urgent_last_of_many(void)
{
	struct pair p = connected();
	char got[9];

	WANT(send(p.c, "abc!", 4, MSG_OOB), 4);
	MASK(p.s, POLLIN | POLLPRI | POLLOUT);
	WANT(recv(p.s, got, 9, MSG_OOB), 1);
	WANT(got[0], '!');
	WANT(recv(p.s, got, 9, 0), 3);
	WANT(memcmp(got, "abc", 3), 0);
	MASK(p.s, POLLOUT);
}

static void urgent_peek(void)
{
	struct pair p = connected();
	char got[9];

	WANT(send(p.c, "!", 1, MSG_OOB), 1);
	MASK(p.s, POLLPRI | POLLOUT);
	WANT(recv(p.s, got, 1, MSG_OOB | MSG_PEEK), 1);
	WANT(recv(p.s, got, 1, MSG_OOB | MSG_PEEK), 1);
	WANT(recv(p.s, got, 1, MSG_OOB), 1);
	FAIL(recv(p.s, got, 1, MSG_OOB), EINVAL);
}

static void urgent_inline(void)
{
	struct pair p = connected();
	char got[9];

	set_int(p.s, SOL_SOCKET, SO_OOBINLINE, 1);
	WANT(get_int(p.s, SOL_SOCKET, SO_OOBINLINE), 1);
	WANT(send(p.c, "ab", 2, 0), 2);
	WANT(send(p.c, "!", 1, MSG_OOB), 1);
	WANT(send(p.c, "cd", 2, 0), 2);
	SOON(queued_in(p.s), 5);
	FAIL(recv(p.s, got, 1, MSG_OOB), EINVAL);
	WANT(recv(p.s, got, 9, 0), 2);
	WANT(at_mark(p.s), 1);
	SOON(queued_in(p.s), 3);
	WANT(recv(p.s, got, 9, 0), 3);
	WANT(memcmp(got, "!cd", 3), 0);
	WANT(at_mark(p.s), 0);
}

static void urgent_signal(void)
{
	struct pair p = connected();

	catch_signal(SIGURG, SA_RESTART);
	WANT(fcntl(p.s, F_SETOWN, getpid()), 0);
	WANT(fcntl(p.s, F_GETOWN) == getpid(), 1);
	WANT(send(p.c, "x", 1, 0), 1);
	SOON(queued_in(p.s), 1);
	WANT(caught(SIGURG), 0);
	WANT(send(p.c, "!", 1, MSG_OOB), 1);
	SOON(caught(SIGURG), 1);
	MASK(p.s, POLLIN | POLLPRI | POLLOUT);
}

static void urgent_signal_by_ioctl(void)
{
	struct pair p = connected();
	int pid = getpid();

	catch_signal(SIGURG, SA_RESTART);
	WANT(ioctl(p.s, FIOSETOWN, &pid), 0);
	WANT(send(p.c, "!", 1, MSG_OOB), 1);
	SOON(caught(SIGURG), 1);
	pid = 0;
	WANT(ioctl(p.s, SIOCGPGRP, &pid), 0);
	WANT(pid == getpid(), 1);
	pid = getpid();
	WANT(ioctl(p.s, SIOCSPGRP, &pid), 0);
}

static void urgent_without_owner(void)
{
	struct pair p = connected();

	catch_signal(SIGURG, SA_RESTART);
	WANT(send(p.c, "!", 1, MSG_OOB), 1);
	MASK(p.s, POLLPRI | POLLOUT);
	WANT(caught(SIGURG), 0);
}

static void urgent_wakes(void)
{
	struct pair p = connected();

	if (!part()) {
		struct pollfd f = { .fd = p.s, .events = POLLPRI };

		WANT(poll(&f, 1, 10000), 1);
		WANT(f.revents, POLLPRI);
		done();
	}
	asleep(1);
	WANT(send(p.c, "!", 1, MSG_OOB), 1);
	join(1);
}

static void urgent_select(void)
{
	struct timeval t = { .tv_sec = 10 };
	struct pair p = connected();
	fd_set except;

	WANT(send(p.c, "!", 1, MSG_OOB), 1);
	FD_ZERO(&except);
	FD_SET(p.s, &except);
	WANT(select(p.s + 1, NULL, NULL, &except, &t), 1);
	WANT(!!FD_ISSET(p.s, &except), 1);
}

static void urgent_replaced(void)
{
	struct pair p = connected();
	char got[9];

	WANT(send(p.c, "1", 1, MSG_OOB), 1);
	MASK(p.s, POLLPRI | POLLOUT);
	WANT(send(p.c, "2", 1, MSG_OOB), 1);
	SOON(recv(p.s, got, 1, MSG_OOB | MSG_PEEK) == 1 && got[0] == '2', 1);
	WANT(recv(p.s, got, 1, MSG_OOB), 1);
	CALL(recv(p.s, got, 9, MSG_DONTWAIT));
	NOTE("first", got[0]);
}

static void urgent_stops_recv(void)
{
	struct pair p = connected();
	char got[20];

	WANT(send(p.c, "abc", 3, 0), 3);
	WANT(send(p.c, "!", 1, MSG_OOB), 1);
	WANT(send(p.c, "defg", 4, 0), 4);
	MASK(p.s, POLLIN | POLLPRI | POLLOUT);
	WANT(recv(p.s, got, 20, 0), 3);
	WANT(recv(p.s, got, 4, MSG_WAITALL), 4);
	WANT(memcmp(got, "defg", 4), 0);
}

static void urgent_after_shutdown(void)
{
	struct pair p = connected();
	char got[9];

	WANT(send(p.c, "!", 1, MSG_OOB), 1);
	WANT(shutdown(p.c, SHUT_WR), 0);
	MASK(p.s, POLLIN | POLLPRI | POLLOUT | POLLRDHUP);
	WANT(recv(p.s, got, 1, MSG_OOB), 1);
	WANT(recv(p.s, got, 9, 0), 0);
	FAIL(send(p.c, "!", 1, MSG_OOB | MSG_NOSIGNAL), EPIPE);
}

static void urgent_at_end_without_any(void)
{
	struct pair p = connected();
	char got[9];

	WANT(shutdown(p.c, SHUT_WR), 0);
	MASK(p.s, POLLIN | POLLOUT | POLLRDHUP);
	FAIL(recv(p.s, got, 1, MSG_OOB), EINVAL);
}

static const struct test urgent_tests[] = {
	CASE(urgent_byte, "an urgent byte overtakes and leaves a mark"),
	CASE(urgent_none, "MSG_OOB without an urgent byte is EINVAL"),
	CASE(urgent_last_of_many, "the last byte of MSG_OOB is the urgent one"),
	CASE(urgent_peek, "MSG_PEEK leaves the urgent byte"),
	CASE(urgent_inline, "SO_OOBINLINE leaves the byte in the stream"),
	CASE(urgent_signal, "urgent data raises SIGURG"),
	CASE(urgent_signal_by_ioctl, "FIOSETOWN selects which process gets SIGURG"),
	CASE(urgent_without_owner, "urgent data raises no SIGURG without an owner"),
	CASE(urgent_wakes, "urgent data wakes poll() for POLLPRI"),
	CASE(urgent_select, "select() sees urgent data as an exception"),
	CASE(urgent_replaced, "a second urgent byte replaces the first"),
	CASE(urgent_stops_recv, "recv() stops at the mark"),
	CASE(urgent_after_shutdown, "an urgent byte before the end can be read"),
	CASE(urgent_at_end_without_any, "MSG_OOB at the end without a byte is EINVAL"),
};

GROUP(urgent);

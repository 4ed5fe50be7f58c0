// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * SO_RCVTIMEO and SO_SNDTIMEO.
 */

#include "conformance.h"

static void timeout_recv(void)
{
	struct pair p = connected();
	long begin = now_ms();
	char byte;

	WANT(set_timeout(p.s, SO_RCVTIMEO, 300), 0);
	FAIL(recv(p.s, &byte, 1, 0), EAGAIN);
	WANT(now_ms() - begin >= 40, 1);
	FAIL(read(p.s, &byte, 1), EAGAIN);
	WANT(send(p.c, "x", 1, 0), 1);
	WANT(recv(p.s, &byte, 1, 0), 1);
}

static void timeout_waitall(void)
{
	struct pair p = connected();
	char got[9];

	WANT(set_timeout(p.s, SO_RCVTIMEO, 50), 0);
	WANT(send(p.c, "abc", 3, 0), 3);
	SOON(queued_in(p.s), 3);
	WANT(recv(p.s, got, 9, MSG_WAITALL), 3);
	FAIL(recv(p.s, got, 9, MSG_WAITALL), EAGAIN);
}

static void timeout_send(void)
{
	struct pair p = connected_small();
	long begin;

	fill(p.c);
	WANT(set_timeout(p.c, SO_SNDTIMEO, 300), 0);
	begin = now_ms();
	FAIL(send(p.c, "x", 1, 0), EAGAIN);
	WANT(now_ms() - begin >= 40, 1);
}

static void timeout_send_partial(void)
{
	static char big[4000000];
	struct pair p = connected_small();
	ssize_t n;

	pattern(big, sizeof(big), 0);
	WANT(set_timeout(p.c, SO_SNDTIMEO, 50), 0);
	n = send(p.c, big, sizeof(big), 0);
	WANT(n > 0 && n < (ssize_t)sizeof(big), 1);
	WANT(expect_pattern(p.s, n, 0) == (size_t)n, 1);
}

static void timeout_values(void)
{
	struct timeval t = { 1, 500000 };
	socklen_t len = sizeof(t);
	int fd = sock(0);

	WANT(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)), 0);
	t.tv_sec = 0;
	WANT(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, &len), 0);
	WANT(t.tv_sec, 1);
	WANT(t.tv_usec, 500000);
	WANT(getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, &len), 0);
	WANT(t.tv_sec, 0);
	t.tv_usec = 1000000;
	FAIL(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)), EDOM);
	t.tv_usec = -1;
	FAIL(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)), EDOM);
	FAIL(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, 4), EINVAL);
	t.tv_usec = 0;
	t.tv_sec = -1;
	WANT(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)), 0);
}

static void timeout_negative_is_now(void)
{
	struct timeval t = { -1, 0 };
	struct pair p = connected();
	char byte;

	WANT(setsockopt(p.s, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)), 0);
	FAIL(recv(p.s, &byte, 1, 0), EAGAIN);
}

static void timeout_zero_is_ever(void)
{
	struct pair p = connected();

	WANT(set_timeout(p.s, SO_RCVTIMEO, 50), 0);
	WANT(set_timeout(p.s, SO_RCVTIMEO, 0), 0);
	if (!part()) {
		WANT(recv(p.s, (char[9]){}, 9, 0), 1);
		done();
	}
	asleep(1);
	WANT(send(p.c, "x", 1, 0), 1);
	join(1);
}

static void timeout_dontwait(void)
{
	struct pair p = connected();
	long begin = now_ms();

	WANT(set_timeout(p.s, SO_RCVTIMEO, 60000), 0);
	FAIL(recv(p.s, (char[9]){}, 9, MSG_DONTWAIT), EAGAIN);
	WANT(now_ms() - begin < 30000, 1);
}

static void timeout_ends_with_peer(void)
{
	struct pair p = connected();

	WANT(set_timeout(p.s, SO_RCVTIMEO, 60000), 0);
	if (!part()) {
		close(p.c);
		WANT(recv(p.s, (char[9]){}, 9, 0), 0);
		done();
	}
	asleep(1);
	WANT(close(p.c), 0);
	join(1);
}

static const struct test timeout_tests[] = {
	CASE(timeout_recv, "SO_RCVTIMEO ends recv()"),
	CASE(timeout_waitall, "SO_RCVTIMEO ends MSG_WAITALL with the bytes that came"),
	CASE(timeout_send, "SO_SNDTIMEO ends send()"),
	CASE(timeout_send_partial, "SO_SNDTIMEO ends send() with the bytes that were sent"),
	CASE(timeout_values, "timeouts are kept and checked"),
	CASE(timeout_negative_is_now, "a negative timeout does not wait"),
	CASE(timeout_zero_is_ever, "a timeout of 0 waits for ever"),
	CASE(timeout_dontwait, "MSG_DONTWAIT wins over a timeout"),
	CASE(timeout_ends_with_peer, "the peer's close() ends a wait with a timeout"),
};

GROUP(timeout);

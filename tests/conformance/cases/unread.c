// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * An end closes while buffers are full: what becomes of the bytes that nobody
 * has read?
 */

#include "conformance.h"

/* Reads everything, a little at a time. */
static long expect_slowly(int fd)
{
	unsigned char buf[613];
	long sum = 0;
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		if (!is_pattern(buf, n, sum))
			return -1;
		sum += n;
	}
	return n < 0 ? -errno : sum;
}

static void unread_shutdown(void)
{
	struct pair p = connected_small();
	long sent = fill(p.c);

	WANT(shutdown(p.c, SHUT_WR), 0);
	WANT(expect_slowly(p.s) == sent, 1);
	WANT(recv(p.s, (char[9]){}, 9, 0), 0);
	/* The other direction is as before. */
	if (!part()) {
		WANT(send_odd(p.s, MUCH), MUCH);
		done();
	}
	WANT(expect_odd(p.c, MUCH), MUCH);
	join(1);
}

static void unread_close(void)
{
	struct pair p = connected_small();

	if (!part()) {
		close(p.s);
		WANT(send_odd(p.c, MUCH), MUCH);
		done();
	}
	WANT(close(p.c), 0);
	WANT(expect_slowly(p.s), MUCH);
	WANT(recv(p.s, (char[9]){}, 9, 0), 0);
	join(1);
}

static void unread_reader_closes(void)
{
	struct pair p = connected_small();

	fill(p.c);
	WANT(close(p.s), 0);
	MASK(p.c, POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
	FAIL(send(p.c, "x", 1, MSG_NOSIGNAL), ECONNRESET);
	FAIL(send(p.c, "x", 1, MSG_NOSIGNAL), EPIPE);
	WANT(recv(p.c, (char[9]){}, 9, 0), 0);
}

static void unread_reader_closes_under_writer(void)
{
	struct pair p = connected_small();

	fill(p.c);
	if (!part()) {
		close(p.s);
		FAIL(send(p.c, "x", 1, MSG_NOSIGNAL), ECONNRESET);
		FAIL(send(p.c, "x", 1, MSG_NOSIGNAL), EPIPE);
		done();
	}
	asleep(1);
	WANT(close(p.s), 0);
	join(1);
}

static void unread_reader_killed(void)
{
	struct pair p = connected_small();

	if (!part()) {
		close(p.c);
		WANT(expect_pattern(p.s, 50000, 0), 50000);
		tell(0);
		hear();
		done();
	}
	WANT(close(p.s), 0);
	if (!part()) {
		WANT(send_all(p.c, MUCH, 0) < MUCH, 1);
		/* send() first returned the bytes sent before the reset. */
		if (send(p.c, "x", 1, MSG_NOSIGNAL) < 0)
			FAIL(send(p.c, "x", 1, MSG_NOSIGNAL), EPIPE);
		done();
	}
	WANT(close(p.c), 0);
	hear();
	asleep(2);
	WANT(kill(pid_of(1), SIGKILL), 0);
	join(1);
	join(2);
}

static void unread_sender_killed(void)
{
	struct pair p = connected_small();
	long got;

	if (!part()) {
		close(p.s);
		send_all(p.c, MUCH, 0);
		done();
	}
	WANT(close(p.c), 0);
	asleep(1);
	WANT(expect_pattern(p.s, 5003, 0), 5003);
	WANT(kill(pid_of(1), SIGKILL), 0);
	join(1);
	got = drain(p.s);
	WANT(got > 0 && got < MUCH, 1);
	WANT(recv(p.s, (char[9]){}, 9, 0), 0);
}

static const struct test unread_tests[] = {
	CASE(unread_shutdown, "SHUT_WR with full buffers loses nothing"),
	CASE(unread_close, "close() with full buffers loses nothing"),
	CASE(unread_reader_closes, "a reader that closes with full buffers resets the connection"),
	CASE(unread_reader_closes_under_writer, "a reader's reset wakes the writer"),
	CASE(unread_reader_killed, "a killed reader with unread bytes resets the connection"),
	CASE(unread_sender_killed, "a killed sender's bytes arrive from full buffers"),
};

GROUP(unread);

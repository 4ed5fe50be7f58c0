// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * shutdown().
 */

#include "conformance.h"

static void shutdown_write(void)
{
	struct pair p = connected();
	char got[9];

	WANT(send(p.c, "abc", 3, 0), 3);
	WANT(shutdown(p.c, SHUT_WR), 0);
	MASK(p.c, POLLOUT);
	MASK(p.s, POLLIN | POLLOUT | POLLRDHUP);
	WANT(recv(p.s, got, 9, 0), 3);
	WANT(recv(p.s, got, 9, 0), 0);
	WANT(send(p.s, "xyz", 3, 0), 3);
	WANT(recv(p.c, got, 9, 0), 3);
	FAIL(send(p.c, "x", 1, MSG_NOSIGNAL), EPIPE);
}

static void shutdown_write_large_reply(void)
{
	struct pair p = connected();

	if (!part()) {
		WANT(drain(p.s), 5);
		WANT(send_all(p.s, 500000, 0), 500000);
		WANT(close(p.s), 0);
		done();
	}
	WANT(send(p.c, "query", 5, 0), 5);
	WANT(shutdown(p.c, SHUT_WR), 0);
	WANT(close(p.s), 0);
	WANT(expect_pattern(p.c, 500000, 0), 500000);
	WANT(recv(p.c, (char[9]){}, 9, 0), 0);
	join(1);
}

static void shutdown_read(void)
{
	struct pair p = connected();
	char got[9];

	WANT(shutdown(p.s, SHUT_RD), 0);
	MASK(p.s, POLLIN | POLLOUT | POLLRDHUP);
	WANT(recv(p.s, got, 9, 0), 0);
	/* Linux goes on receiving. */
	WANT(send(p.c, "abc", 3, 0), 3);
	SOON(queued_in(p.s), 3);
	WANT(recv(p.s, got, 9, 0), 3);
	WANT(recv(p.s, got, 9, 0), 0);
	WANT(send(p.s, "x", 1, 0), 1);
	WANT(recv(p.c, got, 9, 0), 1);
}

static void shutdown_read_with_data(void)
{
	struct pair p = connected();
	char got[9];

	WANT(send(p.c, "abc", 3, 0), 3);
	SOON(queued_in(p.s), 3);
	WANT(shutdown(p.s, SHUT_RD), 0);
	WANT(recv(p.s, got, 2, 0), 2);
	WANT(recv(p.s, got, 9, 0), 1);
	WANT(recv(p.s, got, 9, 0), 0);
}

static void shutdown_read_wakes(void)
{
	struct pair p = connected();

	if (!part()) {
		WANT(recv(p.s, (char[9]){}, 9, 0), 0);
		done();
	}
	asleep(1);
	WANT(shutdown(p.s, SHUT_RD), 0);
	join(1);
}

static void shutdown_write_wakes_writer(void)
{
	struct pair p = connected_small();

	fill(p.c);
	if (!part()) {
		FAIL(send(p.c, "x", 1, MSG_NOSIGNAL), EPIPE);
		done();
	}
	asleep(1);
	WANT(shutdown(p.c, SHUT_WR), 0);
	join(1);
}

static void shutdown_both(void)
{
	struct pair p = connected();
	char got[9];

	WANT(shutdown(p.c, SHUT_RDWR), 0);
	MASK(p.c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	MASK(p.s, POLLIN | POLLOUT | POLLRDHUP);
	WANT(recv(p.c, got, 9, 0), 0);
	WANT(recv(p.s, got, 9, 0), 0);
	FAIL(send(p.c, "x", 1, MSG_NOSIGNAL), EPIPE);
	WANT(send(p.s, "x", 1, MSG_NOSIGNAL), 1);
}

static void shutdown_one_after_the_other(void)
{
	struct pair p = connected();

	WANT(shutdown(p.c, SHUT_RD), 0);
	MASK(p.c, POLLIN | POLLOUT | POLLRDHUP);
	WANT(shutdown(p.c, SHUT_WR), 0);
	MASK(p.c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	MASK(p.s, POLLIN | POLLOUT | POLLRDHUP);
}

static void shutdown_by_both_ends(void)
{
	struct pair p = connected();

	WANT(shutdown(p.c, SHUT_WR), 0);
	MASK(p.s, POLLIN | POLLOUT | POLLRDHUP);
	WANT(shutdown(p.s, SHUT_WR), 0);
	MASK(p.c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	MASK(p.s, POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	WANT(recv(p.c, (char[9]){}, 9, 0), 0);
	WANT(recv(p.s, (char[9]){}, 9, 0), 0);
	WANT(close(p.c), 0);
	WANT(close(p.s), 0);
}

static void shutdown_again(void)
{
	struct pair p = connected();

	WANT(shutdown(p.c, SHUT_WR), 0);
	WANT(shutdown(p.c, SHUT_WR), 0);
	WANT(shutdown(p.c, SHUT_RD), 0);
	WANT(shutdown(p.c, SHUT_RDWR), 0);
	FAIL(shutdown(p.c, 3), EINVAL);
	FAIL(shutdown(p.c, -1), EINVAL);
	WANT(shutdown(p.s, SHUT_WR), 0);
	MASK(p.s, POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	/* TCP's last acknowledgement may be late, as below. */
	SOON(shutdown(p.s, SHUT_WR), -1);
	FAIL(shutdown(p.s, SHUT_WR), ENOTCONN);
}

static void shutdown_after_peer_closed(void)
{
	struct pair p = connected();

	WANT(close(p.s), 0);
	MASK(p.c, POLLIN | POLLOUT | POLLRDHUP);
	WANT(shutdown(p.c, SHUT_WR), 0);
	MASK(p.c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	/* On a busy machine TCP's last acknowledgement takes a moment. */
	SOON(shutdown(p.c, SHUT_WR), -1);
	FAIL(shutdown(p.c, SHUT_WR), ENOTCONN);
}

static void shutdown_after_reset(void)
{
	struct linger now = { .l_onoff = 1 };
	struct pair p = connected();

	setsockopt(p.s, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	WANT(close(p.s), 0);
	MASK(p.c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	FAIL(shutdown(p.c, SHUT_WR), ENOTCONN);
	WANT(socket_error(p.c), ECONNRESET);
	WANT(socket_error(p.c), 0);
	MASK(p.c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
}

static void shutdown_delivers_unsent(void)
{
	struct pair p = connected_small();
	size_t sent = fill(p.c);

	WANT(shutdown(p.c, SHUT_WR), 0);
	WANT(expect_pattern(p.s, sent, 0) == sent, 1);
	WANT(recv(p.s, (char[9]){}, 9, 0), 0);
	WANT(send(p.s, "ok", 2, 0), 2);
	WANT(recv(p.c, (char[9]){}, 9, 0), 2);
}

static void shutdown_seen_by_copies(void)
{
	struct pair p = connected();

	if (!part()) {
		WANT(shutdown(p.c, SHUT_WR), 0);
		done();
	}
	join(1);
	FAIL(send(p.c, "x", 1, MSG_NOSIGNAL), EPIPE);
	WANT(recv(p.s, (char[9]){}, 9, 0), 0);
}

/* The peer's bytes are answered with a reset, as nobody can read them. */
static void shutdown_refuses(int first, int second)
{
	struct pair p = connected();
	char got[9];

	WANT(send(p.c, "abc", 3, 0), 3);
	SOON(queued_in(p.s), 3);
	WANT(shutdown(p.s, first), 0);
	WANT(shutdown(p.s, second), 0);
	WANT(recv(p.c, got, 9, 0), 0);
	WANT(send(p.c, "xyz", 3, 0), 3);
	MASK(p.c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	MASK(p.s, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	FAIL(send(p.c, "x", 1, MSG_NOSIGNAL), EPIPE);
	WANT(recv(p.s, got, 9, 0), 3);
	FAIL(recv(p.s, got, 9, 0), ECONNRESET);
	WANT(recv(p.s, got, 9, 0), 0);
}

static void shutdown_both_refuses(void)
{
	shutdown_refuses(SHUT_RDWR, SHUT_RDWR);
}

static void shutdown_one_by_one_refuses(void)
{
	shutdown_refuses(SHUT_RD, SHUT_WR);
}

static const struct test shutdown_tests[] = {
	CASE(shutdown_write, "SHUT_WR ends one direction only"),
	CASE(shutdown_write_large_reply, "a reply comes after SHUT_WR"),
	CASE(shutdown_read, "SHUT_RD makes recv() return the end, but not lose later bytes"),
	CASE(shutdown_read_with_data, "SHUT_RD leaves what has arrived"),
	CASE(shutdown_read_wakes, "SHUT_RD wakes a reader"),
	CASE(shutdown_write_wakes_writer, "SHUT_WR wakes a writer"),
	CASE(shutdown_both, "SHUT_RDWR ends both directions"),
	CASE(shutdown_one_after_the_other, "SHUT_RD and SHUT_WR add up"),
	CASE(shutdown_both_refuses, "bytes to an end that called SHUT_RDWR reset the connection"),
	CASE(shutdown_one_by_one_refuses, "bytes to an end that called SHUT_RD and SHUT_WR reset the connection"),
	CASE(shutdown_by_both_ends, "SHUT_WR of both ends is a hang-up"),
	CASE(shutdown_again, "shutdown() may be repeated until all is over"),
	CASE(shutdown_after_peer_closed, "shutdown() after the peer's close() ends the connection"),
	CASE(shutdown_after_reset, "shutdown() after a reset is not connected"),
	CASE(shutdown_delivers_unsent, "SHUT_WR delivers bytes that were not sent yet"),
	CASE(shutdown_seen_by_copies, "shutdown() is for every copy of the socket"),
};

GROUP(shutdown);

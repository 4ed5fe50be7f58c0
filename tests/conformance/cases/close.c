// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * close(), and what the peer sees of it.
 */

#include <sys/mman.h>

#include "conformance.h"

static void close_tells_peer(void)
{
	struct pair p = connected();

	WANT(close(p.c), 0);
	MASK(p.s, POLLIN | POLLOUT | POLLRDHUP);
	WANT(recv(p.s, (char[9]){}, 9, 0), 0);
	FAIL(close(p.c), EBADF);
}

static void close_wakes_reader(void)
{
	struct pair p = connected();

	if (!part()) {
		close(p.c);
		WANT(recv(p.s, (char[9]){}, 9, 0), 0);
		done();
	}
	asleep(1);
	WANT(close(p.c), 0);
	join(1);
}

static void close_unread_resets(void)
{
	struct pair p = connected();

	WANT(send(p.c, "abc", 3, 0), 3);
	SOON(queued_in(p.s), 3);
	WANT(close(p.s), 0);
	MASK(p.c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	FAIL(recv(p.c, (char[9]){}, 9, 0), ECONNRESET);
	WANT(recv(p.c, (char[9]){}, 9, 0), 0);
}

static void close_partly_read_resets(void)
{
	struct pair p = connected();

	WANT(send(p.c, "abc", 3, 0), 3);
	WANT(recv(p.s, (char[9]){}, 2, MSG_WAITALL), 2);
	WANT(close(p.s), 0);
	MASK(p.c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	WANT(socket_error(p.c), ECONNRESET);
}

/* It has sent bytes that the peer could still read, and then resets. */
static void close_unread_after_sending(void)
{
	struct pair p = connected();

	WANT(send(p.c, "abc", 3, 0), 3);
	WANT(send(p.s, "reply", 5, 0), 5);
	SOON(queued_in(p.s), 3);
	SOON(queued_in(p.c), 5);
	WANT(close(p.s), 0);
	MASK(p.c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	CALL(recv(p.c, (char[9]){}, 9, 0));
	CALL(recv(p.c, (char[9]){}, 9, 0));
	CALL(recv(p.c, (char[9]){}, 9, 0));
}

static void close_after_send_loses_nothing(void)
{
	struct pair p = connected();

	if (!part()) {
		close(p.c);
		WANT(expect_pattern(p.s, 300000, 0), 300000);
		WANT(recv(p.s, (char[9]){}, 9, 0), 0);
		done();
	}
	WANT(send_all(p.c, 300000, 0), 300000);
	WANT(close(p.c), 0);
	join(1);
}

static void close_unsent_loses_nothing(void)
{
	struct pair p = connected_small();
	size_t sent = fill(p.c);

	WANT(close(p.c), 0);
	WANT(expect_pattern(p.s, sent, 0) == sent, 1);
	WANT(recv(p.s, (char[9]){}, 9, 0), 0);
}

/* The peer closes with nothing unread while our bytes are in flight. */
static void close_unsent_to_closed_peer(void)
{
	struct pair p = connected();

	WANT(shutdown(p.c, SHUT_RD), 0);
	WANT(close(p.s), 0);
	MASK(p.c, POLLIN | POLLOUT | POLLRDHUP);
	WANT(send(p.c, "x", 1, MSG_NOSIGNAL), 1);
	MASK(p.c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	WANT(close(p.c), 0);
}

/* Bytes sent just before the close are readable after the sender is gone. */
static void close_at_once(void)
{
	struct addr where;
	int l = listening(&where), i, s;
	char got[9];

	for (i = 0; i < 20; i++) {
		int c = sock(0);

		if (connect(c, SA(where)) || send(c, "hello", 5, 0) != 5)
			broken("send");
		close(c);
		s = accept(l, NULL, NULL);
		WANT(recv(s, got, 9, MSG_WAITALL), 5);
		WANT(recv(s, got, 9, 0), 0);
		close(s);
	}
}

static void close_reply_at_once(void)
{
	struct addr where;
	int l = listening(&where), i;

	if (!part()) {
		for (i = 0; i < 20; i++) {
			int s = accept(l, NULL, NULL);

			recv(s, (char[9]){}, 4, MSG_WAITALL);
			send(s, "reply", 5, 0);
			close(s);
		}
		done();
	}
	for (i = 0; i < 20; i++) {
		int c = sock(0);

		WANT(connect(c, SA(where)), 0);
		WANT(send(c, "ask!", 4, 0), 4);
		WANT(recv(c, (char[9]){}, 9, MSG_WAITALL), 5);
		WANT(close(c), 0);
	}
	join(1);
}

static void close_of_a_copy(void)
{
	struct pair p = connected();
	int copy = dup(p.c);

	WANT(close(p.c), 0);
	FAIL(recv(p.s, (char[9]){}, 9, MSG_DONTWAIT), EAGAIN);
	WANT(send(copy, "x", 1, 0), 1);
	WANT(recv(p.s, (char[9]){}, 9, 0), 1);
	WANT(close(copy), 0);
	WANT(recv(p.s, (char[9]){}, 9, 0), 0);
}

static void close_while_connecting(void)
{
	struct addr where;
	int l = listening_with(&where, 64, -1, 0, 0), i;

	for (i = 0; i < 20; i++) {
		int c = sock(SOCK_NONBLOCK);

		connect(c, SA(where));
		close(c);
	}
	WANT(get_int(l, SOL_SOCKET, SO_ACCEPTCONN), 1);
	/* How many were accepted, and how they ended, depends on timing. */
	WANT(connect(sock(0), SA(where)), 0);
}

static void close_by_exit(void)
{
	struct pair p = connected();

	if (!part()) {
		close(p.s);
		WANT(send(p.c, "bye", 3, 0), 3);
		_exit(0);
	}
	WANT(close(p.c), 0);
	join(1);
	WANT(drain(p.s), 3);
}

static void close_by_kill(void)
{
	struct pair p = connected();

	if (!part()) {
		close(p.s);
		WANT(recv(p.c, (char[9]){}, 9, 0), -2);
		done();
	}
	WANT(close(p.c), 0);
	asleep(1);
	WANT(kill(pid_of(1), SIGKILL), 0);
	join(1);
	WANT(drain(p.s), 0);
}

static void close_by_kill_unread(void)
{
	struct pair p = connected();

	if (!part()) {
		close(p.s);
		hear();
		done();
	}
	WANT(close(p.c), 0);
	WANT(send(p.s, "abc", 3, 0), 3);
	asleep(1);
	WANT(kill(pid_of(1), SIGKILL), 0);
	join(1);
	MASK(p.s, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	WANT(drain(p.s), -ECONNRESET);
}

static void close_both_at_once(void)
{
	int i;

	for (i = 0; i < 10; i++) {
		struct pair p = connected();

		WANT(send(p.c, "a", 1, 0), 1);
		WANT(recv(p.s, (char[9]){}, 9, 0), 1);
		if (!part()) {
			close(p.c);
			WANT(close(p.s), 0);
			done();
		}
		WANT(close(p.s), 0);
		WANT(close(p.c), 0);
		join(i + 1);
	}
}

/* As much as buffers hold is lost, and no more. */
static void close_then_large_send(void)
{
	const size_t len = 256 << 20;
	struct pair p = connected();
	void *zeros = mmap(NULL, len, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS |
			   MAP_NORESERVE, -1, 0);
	ssize_t sent;

	WANT(close(p.s), 0);
	WANT(recv(p.c, (char[9]){}, 9, 0), 0);
	sent = send(p.c, zeros, len, MSG_NOSIGNAL);
	SHOULD("some is sent", sent > 0, 1);
	SHOULD("most is not", sent < 16 << 20, 1);
	MASK(p.c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	FAIL(send(p.c, "x", 1, MSG_NOSIGNAL), EPIPE);
	FAIL(send(p.c, "x", 1, MSG_NOSIGNAL), EPIPE);
}

/* A FIN, then a reset, since bytes are unread. */
static void close_unread_after_shutdown(void)
{
	struct pair p = connected();
	socklen_t len = sizeof(int);
	int error = 0;

	WANT(send(p.c, "abc", 3, 0), 3);
	SOON(queued_in(p.s), 3);
	WANT(shutdown(p.s, SHUT_WR), 0);
	WANT(recv(p.c, (char[9]){}, 9, 0), 0);
	WANT(close(p.s), 0);
	MASK(p.c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	WANT(getsockopt(p.c, SOL_SOCKET, SO_ERROR, &error, &len), 0);
	NOTE("error", error);
	FAIL(send(p.c, "x", 1, MSG_NOSIGNAL), EPIPE);
	WANT(recv(p.c, (char[9]){}, 9, 0), 0);
}

static const struct test close_tests[] = {
	CASE(close_then_large_send, "a large send() to a closed peer is cut short"),
	CASE(close_unread_after_shutdown, "a reset behind the end of the stream is EPIPE"),
	CASE(close_tells_peer, "close() ends the peer's stream"),
	CASE(close_wakes_reader, "close() wakes the peer's reader"),
	CASE(close_unread_resets, "close() with unread data resets the connection"),
	CASE(close_partly_read_resets, "close() with partly read data resets the connection"),
	CASE(close_unread_after_sending, "a reset with a reply unread is seen as TCP shows it"),
	CASE(close_after_send_loses_nothing, "close() after send() loses nothing"),
	CASE(close_unsent_loses_nothing, "close() with unsent data loses nothing"),
	CASE(close_unsent_to_closed_peer, "data for a closed peer is answered by a reset"),
	CASE(close_at_once, "bytes sent just before a close are readable"),
	CASE(close_reply_at_once, "replies sent just before a close are readable"),
	CASE(close_of_a_copy, "only the last copy's close() ends the stream"),
	CASE_FLAGS(close_while_connecting, MAY_FALL_BACK, "a close() while connecting does not harm the listener"),
	CASE(close_by_exit, "the end of a process closes its connections"),
	CASE(close_by_kill, "SIGKILL closes connections"),
	CASE(close_by_kill_unread, "SIGKILL with unread data resets connections"),
	CASE(close_both_at_once, "both ends may close at once"),
};

GROUP(close);

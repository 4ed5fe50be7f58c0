// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * recv() and its flags, read(), readv().
 */

#include "conformance.h"

#include <sys/mman.h>

static void receive_ways(void)
{
	struct pair p = connected();
	char a[3], b[3];
	struct iovec v[2] = { { a, 2 }, { b, 3 } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };

	WANT(send_all(p.c, 20, 0), 20);
	SOON(queued_in(p.s), 20);
	WANT(read(p.s, a, 2), 2);
	WANT(is_pattern(a, 2, 0), 1);
	WANT(readv(p.s, v, 2), 5);
	WANT(is_pattern(a, 2, 2) && is_pattern(b, 3, 4), 1);
	WANT(recvmsg(p.s, &m, 0), 5);
	WANT(is_pattern(a, 2, 7) && is_pattern(b, 3, 9), 1);
	WANT(recvfrom(p.s, a, 3, 0, NULL, NULL), 3);
	WANT(is_pattern(a, 3, 12), 1);
	WANT(queued_in(p.s), 5);
}

static void receive_what_is_there(void)
{
	struct pair p = connected();
	char got[100];

	WANT(send(p.c, "abc", 3, 0), 3);
	WANT(recv(p.s, got, sizeof(got), 0), 3);
	FAIL(recv(p.s, got, sizeof(got), MSG_DONTWAIT), EAGAIN);
}

static void receive_empty(void)
{
	struct pair p = connected();
	char byte;

	FAIL(recv(p.s, &byte, 1, MSG_DONTWAIT), EAGAIN);
	WANT(set_nonblock(p.s), 0);
	FAIL(recv(p.s, &byte, 1, 0), EAGAIN);
	FAIL(read(p.s, &byte, 1), EAGAIN);
	MASK(p.s, POLLOUT);
}

static void receive_wakes(void)
{
	struct pair p = connected();

	if (!part()) {
		WANT(recv(p.s, (char[9]){}, 9, 0), 5);
		done();
	}
	asleep(1);
	WANT(send(p.c, "hello", 5, 0), 5);
	join(1);
}

static void receive_nothing(void)
{
	struct pair p = connected();
	char byte;

	FAIL(recv(p.s, &byte, 0, MSG_DONTWAIT), EAGAIN);
	WANT(read(p.s, &byte, 0), 0);
	WANT(readv(p.s, NULL, 0), 0);
	WANT(send(p.c, "x", 1, 0), 1);
	SOON(queued_in(p.s), 1);
	WANT(recv(p.s, &byte, 0, MSG_DONTWAIT), 0);
	WANT(queued_in(p.s), 1);
}

static void receive_peek(void)
{
	struct pair p = connected();
	char got[9];

	WANT(send(p.c, "abcdef", 6, 0), 6);
	WANT(recv(p.s, got, 3, MSG_PEEK), 3);
	WANT(recv(p.s, got, 9, MSG_PEEK), 6);
	WANT(memcmp(got, "abcdef", 6), 0);
	WANT(queued_in(p.s), 6);
	WANT(recv(p.s, got, 2, 0), 2);
	WANT(recv(p.s, got, 9, MSG_PEEK), 4);
	WANT(memcmp(got, "cdef", 4), 0);
	WANT(recv(p.s, got, 9, 0), 4);
	FAIL(recv(p.s, got, 9, MSG_PEEK | MSG_DONTWAIT), EAGAIN);
}

static void receive_peek_large(void)
{
	static char got[100000];
	struct pair p = connected();

	WANT(send_all(p.c, 50000, 0), 50000);
	SOON(queued_in(p.s), 50000);
	WANT(recv(p.s, got, sizeof(got), MSG_PEEK), 50000);
	WANT(is_pattern(got, 50000, 0), 1);
	WANT(recv(p.s, got, 20000, 0), 20000);
	WANT(recv(p.s, got, sizeof(got), MSG_PEEK), 30000);
	WANT(is_pattern(got, 30000, 20000), 1);
	WANT(expect_pattern(p.s, 30000, 20000), 30000);
}

static void receive_peek_offset(void)
{
	struct pair p = connected();
	char got[9];

	WANT(send(p.c, "abcdef", 6, 0), 6);
	SOON(queued_in(p.s), 6);
	if (setsockopt(p.s, SOL_SOCKET, SO_PEEK_OFF, &(int){ 2 }, 4)) {
		CALL(get_int(p.s, SOL_SOCKET, SO_PEEK_OFF));
		return;
	}
	CALL(recv(p.s, got, 2, MSG_PEEK));
	CALL(get_int(p.s, SOL_SOCKET, SO_PEEK_OFF));
	NOTE("got c", got[0]);
	CALL(recv(p.s, got, 9, MSG_PEEK));
	NOTE("got e", got[0]);
	CALL(recv(p.s, got, 9, 0));
	CALL(get_int(p.s, SOL_SOCKET, SO_PEEK_OFF));
}

static void receive_peek_wakes(void)
{
	struct pair p = connected();

	if (!part()) {
		WANT(recv(p.s, (char[9]){}, 9, MSG_PEEK), 5);
		WANT(recv(p.s, (char[9]){}, 9, 0), 5);
		done();
	}
	asleep(1);
	WANT(send(p.c, "hello", 5, 0), 5);
	join(1);
}

static void receive_waitall(void)
{
	struct pair p = connected();
	char got[10];

	if (!part()) {
		WANT(recv(p.s, got, 10, MSG_WAITALL), 10);
		WANT(is_pattern(got, 10, 0), 1);
		done();
	}
	asleep(1);
	WANT(send_all(p.c, 4, 0), 4);
	SOON(queued_in(p.s), 0);
	asleep(1);
	WANT(send_all(p.c, 6, 4), 6);
	join(1);
}

static void receive_waitall_end(void)
{
	struct pair p = connected();
	char got[10];

	WANT(send(p.c, "abc", 3, 0), 3);
	WANT(shutdown(p.c, SHUT_WR), 0);
	WANT(recv(p.s, got, 10, MSG_WAITALL), 3);
	WANT(recv(p.s, got, 10, MSG_WAITALL), 0);
}

static void receive_waitall_dontwait(void)
{
	struct pair p = connected();
	char got[10];

	WANT(send(p.c, "abc", 3, 0), 3);
	SOON(queued_in(p.s), 3);
	WANT(recv(p.s, got, 10, MSG_WAITALL | MSG_DONTWAIT), 3);
}

static void receive_waitall_larger_than_buffer(void)
{
	static char got[600000];
	struct pair p = connected_small();

	if (!part()) {
		WANT(send_all(p.c, sizeof(got), 0), sizeof(got));
		done();
	}
	WANT(recv(p.s, got, sizeof(got), MSG_WAITALL), sizeof(got));
	WANT(is_pattern(got, sizeof(got), 0), 1);
	join(1);
}

static void receive_peek_waitall(void)
{
	struct pair p = connected();
	char got[6];

	if (!part()) {
		WANT(recv(p.s, got, 6, MSG_PEEK | MSG_WAITALL), 6);
		WANT(memcmp(got, "abcdef", 6), 0);
		done();
	}
	WANT(send(p.c, "abcdef", 6, 0), 6);
	join(1);
	WANT(queued_in(p.s), 6);
}

/* TCP drops the bytes and does not touch the buffer. */
static void receive_trunc(void)
{
	struct pair p = connected();
	char got[9] = "zzzzzzzz";

	WANT(send(p.c, "abcdef", 6, 0), 6);
	SOON(queued_in(p.s), 6);
	WANT(recv(p.s, got, 4, MSG_TRUNC), 4);
	WANT(got[0], 'z');
	WANT(recv(p.s, NULL, 1, MSG_TRUNC), 1);
	WANT(recv(p.s, got, 4, 0), 1);
	WANT(got[0], 'f');
}

static void receive_peek_trunc(void)
{
	struct pair p = connected();
	char got[9];

	WANT(send(p.c, "abcdef", 6, 0), 6);
	SOON(queued_in(p.s), 6);
	CALL(recv(p.s, got, 3, MSG_TRUNC | MSG_PEEK));
	WANT(queued_in(p.s), 6);
}

static void receive_end(void)
{
	struct pair p = connected();
	char byte;

	WANT(send(p.c, "ab", 2, 0), 2);
	WANT(close(p.c), 0);
	MASK(p.s, POLLIN | POLLOUT | POLLRDHUP);
	WANT(recv(p.s, &byte, 1, 0), 1);
	WANT(recv(p.s, &byte, 1, 0), 1);
	WANT(recv(p.s, &byte, 1, 0), 0);
	WANT(recv(p.s, &byte, 1, 0), 0);
	WANT(recv(p.s, &byte, 1, MSG_PEEK), 0);
	MASK(p.s, POLLIN | POLLOUT | POLLRDHUP);
}

static void receive_two_readers(void)
{
	struct pair p = connected();
	int i;

	for (i = 1; i <= 2; i++) {
		if (!part()) {
			WANT(recv(p.s, (char[4]){}, 4, MSG_WAITALL), 4);
			done();
		}
		asleep(i);
	}
	WANT(send(p.c, "abcdefgh", 8, 0), 8);
	join(1);
	join(2);
}

static void receive_error_queue(void)
{
	struct pair p = connected();
	char byte;

	FAIL(recv(p.s, &byte, 1, MSG_ERRQUEUE), EAGAIN);
	FAIL(recv(p.s, &byte, 1, MSG_ERRQUEUE | MSG_DONTWAIT), EAGAIN);
}

static void receive_unknown_flags(void)
{
	struct pair p = connected();
	char got[9];

	WANT(send(p.c, "abcdef", 6, 0), 6);
	SOON(queued_in(p.s), 6);
	CALL(recv(p.s, got, 1, MSG_DONTROUTE));
	CALL(recv(p.s, got, 1, MSG_EOR));
	CALL(recv(p.s, got, 1, MSG_NOSIGNAL));
	CALL(recv(p.s, got, 1, 0x01000000));
	WANT(queued_in(p.s), 2);
}

static void receive_mapped(void)
{
	struct pair p = connected();

	/*
	 * TCP allows its receive queue to be mapped, whether or not it has
	 * data.
	 */
	CALL(mmap(NULL, 4096, PROT_READ, MAP_SHARED, p.s, 0) == MAP_FAILED);
}

static const struct test receive_tests[] = {
	CASE(receive_ways, "every way to receive takes from the same stream"),
	CASE(receive_what_is_there, "recv() returns what is there"),
	CASE(receive_empty, "recv() without data is EAGAIN"),
	CASE(receive_wakes, "data wakes recv()"),
	CASE(receive_nothing, "receiving nothing takes nothing"),
	CASE(receive_peek, "MSG_PEEK leaves the data"),
	CASE(receive_peek_large, "MSG_PEEK sees all that is there"),
	CASE(receive_peek_offset, "SO_PEEK_OFF moves as with TCP"),
	CASE(receive_peek_wakes, "data wakes MSG_PEEK"),
	CASE(receive_waitall, "MSG_WAITALL waits for all"),
	CASE(receive_waitall_end, "MSG_WAITALL returns at the end of the stream"),
	CASE(receive_waitall_dontwait, "MSG_DONTWAIT wins over MSG_WAITALL"),
	CASE(receive_waitall_larger_than_buffer, "MSG_WAITALL may exceed the buffer"),
	CASE(receive_peek_waitall, "MSG_PEEK with MSG_WAITALL waits and leaves the data"),
	CASE(receive_trunc, "MSG_TRUNC drops bytes"),
	CASE(receive_peek_trunc, "MSG_TRUNC with MSG_PEEK takes nothing"),
	CASE(receive_end, "recv() after the last byte returns the end, again and again"),
	CASE(receive_two_readers, "two readers share the stream"),
	CASE(receive_error_queue, "the error queue is empty"),
	CASE(receive_unknown_flags, "flags that mean nothing to a stream are taken as TCP takes them"),
	CASE(receive_mapped, "a connected socket is mapped as TCP's is"),
};

GROUP(receive);

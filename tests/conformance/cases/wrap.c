// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * More than a buffer holds, in pieces of odd sizes: if bytes lie in a ring, its
 * end turns up in the middle of everything.
 */

#include "conformance.h"

#include <sys/mman.h>
#include <sys/sendfile.h>

static void wrap_both_ways(void)
{
	struct pair p = connected_small();

	if (!part()) {
		WANT(send_odd(p.c, MUCH), MUCH);
		done();
	}
	if (!part()) {
		WANT(send_odd(p.s, MUCH), MUCH);
		done();
	}
	if (!part()) {
		WANT(expect_odd(p.c, MUCH), MUCH);
		done();
	}
	WANT(expect_odd(p.s, MUCH), MUCH);
	join(1);
	join(2);
	join(3);
}

/* --- ways to receive ----------------------------------------------------- */

static void wrap_peek(void)
{
	static unsigned char buf[5003];
	struct pair p = connected_small();
	int i, right = 0;

	for (i = 0; i < 40; i++) {
		right += send_all(p.c, 5003, i) == 5003;
		right += recv(p.s, buf, 5003, MSG_PEEK | MSG_WAITALL) == 5003;
		right += is_pattern(buf, 5003, i);
		right += recv(p.s, buf, 1001, MSG_PEEK) == 1001;
		right += is_pattern(buf, 1001, i);
		right += expect_pattern(p.s, 5003, i) == 5003;
	}
	WANT(right, 240);
}

static void wrap_peek_offset(void)
{
	static unsigned char buf[5003];
	struct pair p = connected_small();
	int i, right = 0;

	if (CALL(setsockopt(p.s, SOL_SOCKET, SO_PEEK_OFF, &(int){ 0 }, 4)))
		return;
	for (i = 0; i < 40; i++) {
		right += send_all(p.c, 5003, i) == 5003;
		while (queued_in(p.s) < 5003)
			;
		right += recv(p.s, buf, 3001, MSG_PEEK) == 3001;
		right += is_pattern(buf, 3001, i);
		right += recv(p.s, buf, 5003, MSG_PEEK) == 2002;
		right += is_pattern(buf, 2002, i + 3001);
		right += expect_pattern(p.s, 5003, i) == 5003;
		right += get_int(p.s, SOL_SOCKET, SO_PEEK_OFF) == 0;
	}
	WANT(right, 280);
}

static void wrap_waitall(void)
{
	static unsigned char got[(2 << 20) + 1];
	struct pair p = connected();

	if (!part()) {
		WANT(send_all(p.c, sizeof(got), 0), sizeof(got));
		done();
	}
	WANT(recv(p.s, got, sizeof(got), MSG_WAITALL), sizeof(got));
	WANT(is_pattern(got, sizeof(got), 0), 1);
	join(1);
}

/* --- urgent bytes -------------------------------------------------------- */

static bool at_mark(int fd)
{
	int mark = 0;

	return !ioctl(fd, SIOCATMARK, &mark) && mark;
}

static bool send_around_urgent(int fd)
{
	return send_all(fd, 1000, 0) == 1000 &&
	       send(fd, "!", 1, MSG_OOB) == 1 && send_all(fd, 333, 5) == 333;
}

static bool wait_urgent(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLPRI };

	return poll(&p, 1, setting.patience * 500) == 1;
}

static void wrap_urgent(void)
{
	unsigned char buf[1334], byte = 0;
	struct pair p = connected_small();
	int i, right = 0;

	for (i = 0; i < 60; i++) {
		right += send_around_urgent(p.c);
		right += wait_urgent(p.s);
		right += recv(p.s, buf, 1334, MSG_WAITALL) == 1000;
		right += is_pattern(buf, 1000, 0);
		right += at_mark(p.s);
		right += recv(p.s, &byte, 1, MSG_OOB) == 1 && byte == '!';
		right += recv(p.s, buf, 333, MSG_WAITALL) == 333;
		right += is_pattern(buf, 333, 5);
	}
	WANT(right, 480);
}

static void wrap_urgent_inline(void)
{
	unsigned char buf[1334];
	struct pair p = connected_small();
	int i, right = 0;

	set_int(p.s, SOL_SOCKET, SO_OOBINLINE, 1);
	for (i = 0; i < 60; i++) {
		right += send_around_urgent(p.c);
		right += wait_urgent(p.s);
		right += recv(p.s, buf, 1334, MSG_WAITALL) == 1000;
		right += is_pattern(buf, 1000, 0);
		right += at_mark(p.s);
		right += recv(p.s, buf, 334, MSG_WAITALL) == 334;
		right += buf[0] == '!' && is_pattern(buf + 1, 333, 5);
	}
	WANT(right, 420);
}

/* --- pipes and files ----------------------------------------------------- */

static size_t splice_all(int from, int to, size_t len)
{
	size_t sum = 0;

	while (sum < len) {
		ssize_t n = splice(from, NULL, to, NULL, len - sum, 0);

		if (n <= 0)
			break;
		sum += n;
	}
	return sum;
}

static size_t write_pattern(int fd, size_t len)
{
	static unsigned char buf[4001];
	size_t sum = 0;

	while (sum < len) {
		size_t size = len - sum < 4001 ? len - sum : 4001;

		pattern(buf, size, sum);
		if (write(fd, buf, size) != (ssize_t)size)
			break;
		sum += size;
	}
	return sum;
}

static size_t read_pattern(int fd, size_t len)
{
	static unsigned char buf[4001];
	size_t sum = 0;

	while (sum < len) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n <= 0 || !is_pattern(buf, n, sum))
			break;
		sum += n;
	}
	return sum;
}

static void wrap_splice(void)
{
	struct pair p = connected_small();
	int in[2], out[2];

	if (pipe(in) || pipe(out))
		broken("pipe");
	if (!part()) {
		WANT(write_pattern(in[1], MUCH), MUCH);
		done();
	}
	if (!part()) {
		WANT(splice_all(in[0], p.c, MUCH), MUCH);
		done();
	}
	if (!part()) {
		WANT(splice_all(p.s, out[1], MUCH), MUCH);
		done();
	}
	WANT(read_pattern(out[0], MUCH), MUCH);
	join(1);
	join(2);
	join(3);
}

static void wrap_sendfile(void)
{
	const size_t len = 3 << 20;
	int file = memfd_create("pattern", 0);
	struct pair p = connected();
	off_t offset = 0;

	WANT(write_pattern(file, len) == len, 1);
	if (!part()) {
		WANT(expect_pattern(p.s, len, 0) == len, 1);
		done();
	}
	while (offset < (off_t)len &&
	       sendfile(p.c, file, &offset, len - offset) > 0)
		;
	WANT(offset == (off_t)len, 1);
	join(1);
}

static const struct test wrap_tests[] = {
	CASE(wrap_both_ways, "pieces of odd sizes arrive in both directions at once"),
	CASE(wrap_peek, "MSG_PEEK sees what recv() gets, wherever it lies"),
	CASE(wrap_peek_offset, "SO_PEEK_OFF moves on, wherever bytes lie"),
	CASE(wrap_waitall, "MSG_WAITALL waits for 2 MiB"),
	CASE(wrap_urgent, "urgent bytes keep their place, wherever they lie"),
	CASE(wrap_urgent_inline, "urgent bytes stay inline, wherever they lie"),
	CASE(wrap_splice, "splice() moves more than buffers hold"),
	CASE(wrap_sendfile, "sendfile() sends 3 MiB"),
};

GROUP(wrap);

// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * splice(), vmsplice(), tee() and sendfile().
 */

#include "conformance.h"

#include <sys/mman.h>
#include <sys/sendfile.h>

static int pattern_file(size_t len)
{
	int fd = memfd_create("pattern", 0);
	unsigned char *memory;

	if (fd < 0 || ftruncate(fd, len))
		broken("memfd");
	memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		broken("mmap");
	pattern(memory, len, 0);
	munmap(memory, len);
	return fd;
}

static void make_pipe(int fds[2])
{
	if (pipe(fds))
		broken("pipe");
}

static void splice_in(void)
{
	struct pair p = connected();
	unsigned char got[100];
	int fds[2];

	make_pipe(fds);
	pattern(got, 100, 0);
	WANT(write(fds[1], got, 100), 100);
	WANT(splice(fds[0], NULL, p.c, NULL, 100, 0), 100);
	WANT(expect_pattern(p.s, 100, 0), 100);
}

static void splice_out(void)
{
	struct pair p = connected();
	unsigned char got[200];
	int fds[2];

	make_pipe(fds);
	WANT(send_all(p.c, 100, 0), 100);
	SOON(queued_in(p.s), 100);
	WANT(splice(p.s, NULL, fds[1], NULL, 200, 0), 100);
	WANT(read(fds[0], got, 200), 100);
	WANT(is_pattern(got, 100, 0), 1);
	WANT(queued_in(p.s), 0);
}

static void splice_out_some(void)
{
	struct pair p = connected();
	unsigned char got[200];
	int fds[2];

	make_pipe(fds);
	WANT(send_all(p.c, 100, 0), 100);
	SOON(queued_in(p.s), 100);
	WANT(splice(p.s, NULL, fds[1], NULL, 30, 0), 30);
	WANT(queued_in(p.s), 70);
	WANT(splice(p.s, NULL, fds[1], NULL, 70, 0), 70);
	WANT(read(fds[0], got, 200), 100);
	WANT(is_pattern(got, 100, 0), 1);
}

static void splice_out_empty(void)
{
	struct pair p = connected();
	int fds[2];

	make_pipe(fds);
	WANT(splice(p.s, NULL, fds[1], NULL, 0, 0), 0);
	WANT(set_nonblock(p.s), 0);
	FAIL(splice(p.s, NULL, fds[1], NULL, 10, 0), EAGAIN);
	WANT(shutdown(p.c, SHUT_WR), 0);
	MASK(p.s, POLLIN | POLLOUT | POLLRDHUP);
	WANT(splice(p.s, NULL, fds[1], NULL, 10, 0), 0);
}

static void splice_out_wakes(void)
{
	struct pair p = connected();
	int fds[2];

	make_pipe(fds);
	if (!part()) {
		WANT(splice(p.s, NULL, fds[1], NULL, 10, 0), 5);
		done();
	}
	asleep(1);
	WANT(send(p.c, "hello", 5, 0), 5);
	join(1);
}

static void splice_out_low_water(void)
{
	struct pair p = connected();
	int fds[2];

	make_pipe(fds);
	set_int(p.s, SOL_SOCKET, SO_RCVLOWAT, 100);
	WANT(send(p.c, "abc", 3, 0), 3);
	SOON(queued_in(p.s), 3);
	WANT(splice(p.s, NULL, fds[1], NULL, 200, 0), 3);
}

static void splice_out_peek_offset(void)
{
	struct pair p = connected();
	int fds[2];

	make_pipe(fds);
	WANT(send_all(p.c, 100, 0), 100);
	SOON(queued_in(p.s), 100);
	if (CALL(setsockopt(p.s, SOL_SOCKET, SO_PEEK_OFF, &(int){ 50 }, 4)))
		return;
	WANT(splice(p.s, NULL, fds[1], NULL, 20, 0), 20);
	CALL(get_int(p.s, SOL_SOCKET, SO_PEEK_OFF));
	WANT(recv(p.s, (char[10]){}, 10, 0), 10);
	CALL(get_int(p.s, SOL_SOCKET, SO_PEEK_OFF));
}

static void splice_out_urgent(void)
{
	struct pair p = connected();
	char got[9] = "";
	int fds[2];

	make_pipe(fds);
	WANT(send(p.c, "ab!", 3, MSG_OOB), 3);
	WANT(send(p.c, "cd", 2, 0), 2);
	MASK(p.s, POLLIN | POLLPRI | POLLOUT);
	SOON(queued_in(p.s), 2);
	WANT(splice(p.s, NULL, fds[1], NULL, 9, 0), 2);
	WANT(splice(p.s, NULL, fds[1], NULL, 9, 0), 0);
	/* It does not pass a mark that has been read either. */
	WANT(recv(p.s, got, 1, MSG_OOB), 1);
	WANT(splice(p.s, NULL, fds[1], NULL, 9, 0), 0);
	WANT(set_nonblock(p.s), 0);
	FAIL(splice(p.s, NULL, fds[1], NULL, 9, 0), EAGAIN);
	WANT(shutdown(p.c, SHUT_WR), 0);
	MASK(p.s, POLLIN | POLLRDHUP | POLLOUT);
	WANT(splice(p.s, NULL, fds[1], NULL, 9, 0), 0);
	WANT(recv(p.s, got, 9, 0), 2);
	WANT(memcmp(got, "cd", 2), 0);
}

static void splice_out_urgent_inline(void)
{
	struct pair p = connected();
	char got[9] = "";
	int fds[2];

	make_pipe(fds);
	set_int(p.s, SOL_SOCKET, SO_OOBINLINE, 1);
	WANT(send(p.c, "!", 1, MSG_OOB), 1);
	WANT(send(p.c, "cd", 2, 0), 2);
	SOON(queued_in(p.s), 3);
	WANT(splice(p.s, NULL, fds[1], NULL, 9, 0), 0);
	WANT(recv(p.s, got, 1, 0), 1);
	WANT(splice(p.s, NULL, fds[1], NULL, 9, 0), 2);
}

static void splice_out_unconnected(void)
{
	int fds[2], fd = sock(0);

	make_pipe(fds);
	FAIL(splice(fd, NULL, fds[1], NULL, 10, 0), ENOTCONN);
	WANT(write(fds[1], "x", 1), 1);
	FAIL(splice(fds[0], NULL, fd, NULL, 1, 0), EPIPE);
}

static void splice_offsets(void)
{
	struct pair p = connected();
	loff_t offset = 0;
	int fds[2];

	make_pipe(fds);
	FAIL(splice(p.s, &offset, fds[1], NULL, 10, 0), EINVAL);
	WANT(write(fds[1], "x", 1), 1);
	FAIL(splice(fds[0], NULL, p.c, &offset, 1, 0), EINVAL);
	FAIL(splice(p.s, NULL, p.c, NULL, 1, 0), EINVAL);
}

static void splice_after_shutdown(void)
{
	struct pair p = connected();
	int fds[2];

	make_pipe(fds);
	catch_signal(SIGPIPE, 0);
	WANT(shutdown(p.c, SHUT_WR), 0);
	WANT(write(fds[1], "x", 1), 1);
	FAIL(splice(fds[0], NULL, p.c, NULL, 1, 0), EPIPE);
	CALL(caught(SIGPIPE));
}

static void splice_through(void)
{
	struct pair a = connected(), b = connected();
	int fds[2];

	make_pipe(fds);
	if (!part()) {
		WANT(send_all(a.c, 300000, 0), 300000);
		shutdown(a.c, SHUT_WR);
		done();
	}
	if (!part()) {
		WANT(expect_pattern(b.s, 300000, 0), 300000);
		done();
	}
	for (;;) {
		ssize_t n = splice(a.s, NULL, fds[1], NULL, 65536, 0);

		if (n <= 0)
			break;
		while (n > 0) {
			ssize_t m = splice(fds[0], NULL, b.c, NULL, n, 0);

			if (m <= 0)
				broken("splice");
			n -= m;
		}
	}
	join(1);
	join(2);
}

static void splice_vmsplice(void)
{
	struct pair p = connected();
	unsigned char out[5000];
	struct iovec v = { out, sizeof(out) };
	int fds[2];

	make_pipe(fds);
	pattern(out, sizeof(out), 0);
	WANT(vmsplice(fds[1], &v, 1, 0), 5000);
	WANT(splice(fds[0], NULL, p.c, NULL, 5000, SPLICE_F_MORE), 5000);
	WANT(shutdown(p.c, SHUT_WR), 0);
	WANT(expect_pattern(p.s, 5000, 0), 5000);
}

static void splice_tee(void)
{
	struct pair p = connected();
	int a[2], b[2];

	make_pipe(a);
	make_pipe(b);
	WANT(send_all(p.c, 100, 0), 100);
	SOON(queued_in(p.s), 100);
	WANT(splice(p.s, NULL, a[1], NULL, 100, 0), 100);
	WANT(tee(a[0], b[1], 100, 0), 100);
	WANT(splice(a[0], NULL, p.s, NULL, 100, 0), 100);
	WANT(splice(b[0], NULL, p.s, NULL, 100, 0), 100);
	WANT(expect_pattern(p.c, 100, 0), 100);
	WANT(expect_pattern(p.c, 100, 0), 100);
	FAIL(tee(p.s, a[1], 1, 0), EINVAL);
}

static void splice_sendfile(void)
{
	struct pair p = connected();
	int file = pattern_file(400000);
	off_t offset = 0;

	if (!part()) {
		WANT(expect_pattern(p.s, 400000, 0), 400000);
		done();
	}
	while (offset < 400000) {
		if (sendfile(p.c, file, &offset, 400000 - offset) <= 0)
			broken("sendfile");
	}
	WANT(offset, 400000);
	WANT(sendfile(p.c, file, &offset, 10), 0);
	join(1);
}

static void splice_sendfile_part(void)
{
	struct pair p = connected();
	int file = pattern_file(10000);
	off_t offset = 5000;

	WANT(sendfile(p.c, file, &offset, 1000), 1000);
	WANT(offset, 6000);
	WANT(expect_pattern(p.s, 1000, 5000), 1000);
	WANT(lseek(file, 7000, SEEK_SET), 7000);
	WANT(sendfile(p.c, file, NULL, 1000), 1000);
	WANT(expect_pattern(p.s, 1000, 7000), 1000);
	WANT(sendfile(p.c, file, NULL, 0), 0);
}

static void splice_sendfile_full(void)
{
	struct pair p = connected_small();
	int file = pattern_file(10000);
	off_t offset = 0;

	fill(p.c);
	WANT(set_nonblock(p.c), 0);
	FAIL(sendfile(p.c, file, &offset, 1000), EAGAIN);
	WANT(offset, 0);
}

static void splice_sendfile_from_socket(void)
{
	struct pair p = connected();
	int file = memfd_create("out", 0);

	WANT(send(p.c, "abc", 3, 0), 3);
	SOON(queued_in(p.s), 3);
	CALL(sendfile(file, p.s, NULL, 3));
}

static void splice_sendfile_corked(void)
{
	struct pair p = connected();
	int file = pattern_file(100);
	off_t offset = 0;

	set_int(p.c, IPPROTO_TCP, TCP_CORK, 1);
	WANT(send_all(p.c, 10, 0), 10);
	offset = 10;
	WANT(sendfile(p.c, file, &offset, 90), 90);
	set_int(p.c, IPPROTO_TCP, TCP_CORK, 0);
	WANT(expect_pattern(p.s, 100, 0), 100);
}

/* Bytes changed after sendfile() may be sent old or new, but all are sent. */
static void splice_file_truncated(void)
{
	struct pair p = connected();
	int file = pattern_file(8192);
	off_t offset = 0;

	WANT(sendfile(p.c, file, &offset, 8192), 8192);
	WANT(ftruncate(file, 0), 0);
	SOON(queued_in(p.s), 8192);
}

static const struct test splice_tests[] = {
	CASE(splice_in, "splice() from a pipe sends"),
	CASE(splice_out, "splice() to a pipe receives"),
	CASE(splice_out_some, "splice() takes no more than asked"),
	CASE(splice_out_empty, "splice() without data is EAGAIN, at the end 0"),
	CASE(splice_out_wakes, "data wakes splice()"),
	CASE(splice_out_low_water, "splice() takes less than SO_RCVLOWAT"),
	CASE(splice_out_peek_offset, "SO_PEEK_OFF moves on splice() as with TCP"),
	CASE(splice_out_urgent, "splice() stops at the urgent mark"),
	CASE(splice_out_urgent_inline, "splice() stops at an inline urgent mark"),
	CASE(splice_out_unconnected, "splice() needs a connection"),
	CASE(splice_offsets, "splice() takes no offsets and one pipe"),
	CASE(splice_after_shutdown, "splice() after shutdown() is EPIPE"),
	CASE(splice_through, "a proxy splices 300 kB from socket to socket"),
	CASE(splice_vmsplice, "vmsplice() and SPLICE_F_MORE send"),
	CASE(splice_tee, "tee() doubles what came from a socket"),
	CASE(splice_sendfile, "sendfile() sends a file"),
	CASE(splice_sendfile_part, "sendfile() sends a part of a file"),
	CASE(splice_sendfile_full, "sendfile() without room is EAGAIN"),
	CASE(splice_sendfile_from_socket, "sendfile() from a socket does what TCP does"),
	CASE(splice_sendfile_corked, "sendfile() completes a corked head"),
	CASE(splice_file_truncated, "a file that is cut after sendfile() is sent whole"),
};

GROUP(splice);

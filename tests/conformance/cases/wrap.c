// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * More than a buffer holds, in pieces that fit nowhere: where bytes lie in a
 * ring, its end comes up in the middle of everything.
 */

#include <time.h>
#include <linux/errqueue.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "conformance.h"

#define MUCH 300000		/* many times what connected_small() buffers */

static const size_t odd_sizes[] = { 1, 4099, 7, 1021, 13, 16383, 257 };

static size_t odd_size(unsigned int turn, size_t left)
{
	size_t size = odd_sizes[turn % ARRAY_SIZE(odd_sizes)];

	return size < left ? size : left;
}

static size_t send_odd(int fd, size_t len)
{
	static unsigned char buf[16384];
	unsigned int turn;
	size_t sum = 0;
	ssize_t n;

	for (turn = 0; sum < len; turn++) {
		size_t size = odd_size(turn, len - sum);

		pattern(buf, size, sum);
		n = send(fd, buf, size, MSG_NOSIGNAL);
		if (n <= 0)
			break;
		sum += n;
	}
	return sum;
}

static size_t expect_odd(int fd, size_t len)
{
	static unsigned char buf[16384];
	unsigned int turn;
	size_t sum = 0;
	ssize_t n;

	for (turn = 3; sum < len; turn++) {
		n = recv(fd, buf, odd_size(turn, len - sum), 0);
		if (n <= 0 || !is_pattern(buf, n, sum))
			break;
		sum += n;
	}
	return sum;
}

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

/* --- waiting by poll(), epoll and signals --------------------------------------- */

/* Waits for an event; false: it never came. */
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

static void wrap_poll(void)
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

static void wrap_epoll(void)
{
	run_epoll(0);
}

static void wrap_epoll_edge(void)
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

static void wrap_signals(void)
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

static void wrap_room_again(void)
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

/* --- ways to receive ---------------------------------------------------------------- */

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

/* --- urgent bytes -------------------------------------------------------------------- */

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

/* --- pipes and files ------------------------------------------------------------------- */

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

/* --- ends ------------------------------------------------------------------------------- */

/* Reads all, a little at a time. */
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

static void wrap_shutdown_slow_reader(void)
{
	struct pair p = connected_small();
	long sent = fill(p.c);

	WANT(shutdown(p.c, SHUT_WR), 0);
	WANT(expect_slowly(p.s) == sent, 1);
	WANT(recv(p.s, (char[9]){}, 9, 0), 0);
	/* The other way is as before. */
	if (!part()) {
		WANT(send_odd(p.s, MUCH), MUCH);
		done();
	}
	WANT(expect_odd(p.c, MUCH), MUCH);
	join(1);
}

static void wrap_close_slow_reader(void)
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

static void wrap_reader_closes(void)
{
	struct pair p = connected_small();

	fill(p.c);
	WANT(close(p.s), 0);
	MASK(p.c, POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
	FAIL(send(p.c, "x", 1, MSG_NOSIGNAL), ECONNRESET);
	FAIL(send(p.c, "x", 1, MSG_NOSIGNAL), EPIPE);
	WANT(recv(p.c, (char[9]){}, 9, 0), 0);
}

static void wrap_reader_closes_under_writer(void)
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

static void wrap_reader_killed(void)
{
	struct pair p = connected_small();

	if (!part()) {
		close(p.c);
		WANT(expect_pattern(p.s, 50000, 0), 50000);
		hear();
		done();
	}
	WANT(close(p.s), 0);
	if (!part()) {
		WANT(send_all(p.c, MUCH, 0) < MUCH, 1);
		/* What was sent when it broke was told first. */
		if (send(p.c, "x", 1, MSG_NOSIGNAL) < 0)
			FAIL(send(p.c, "x", 1, MSG_NOSIGNAL), EPIPE);
		done();
	}
	WANT(close(p.c), 0);
	asleep(2);
	asleep(1);
	WANT(kill(pid_of(1), SIGKILL), 0);
	join(1);
	join(2);
}

static void wrap_sender_killed(void)
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

static void wrap_accept_closed(void)
{
	struct addr where;
	int l = listening(&where), i, s;

	for (i = 1; i <= 3; i++) {
		int c = sock(0);

		WANT(connect(c, SA(where)), 0);
		WANT(send_all(c, i * 10007, i), i * 10007);
		WANT(close(c), 0);
	}
	for (i = 1; i <= 3; i++) {
		s = accept(l, NULL, NULL);
		WANT(expect_pattern(s, i * 10007, i), i * 10007);
		WANT(recv(s, (char[9]){}, 9, 0), 0);
		MASK(s, POLLIN | POLLOUT | POLLRDHUP);
		WANT(close(s), 0);
	}
}

/* As soon as poll() says so, it is usable. */
static void wrap_connect_polled(void)
{
	struct addr where;
	int l = listening_with(&where, 32, -1, 0, 0), i, right = 0;

	for (i = 0; i < 20; i++) {
		int c = sock(SOCK_NONBLOCK), s;
		struct pollfd p = { .fd = c, .events = POLLIN | POLLOUT };

		right += connect(c, SA(where)) == 0 || errno == EINPROGRESS;
		right += poll(&p, 1, setting.patience * 500) == 1;
		right += p.revents == POLLOUT;
		right += socket_error(c) == 0;
		right += send(c, "hello", 5, 0) == 5;
		s = accept(l, NULL, NULL);
		right += recv(s, (char[9]){}, 5, MSG_WAITALL) == 5;
		close(s);
		close(c);
	}
	WANT(right, 120);
}

/* --- many writers, and none that copies ---------------------------------------------------- */

static int shared_fd;

static void *write_letters(void *letter)
{
	char buf[997];
	int i;

	memset(buf, *(char *)letter, sizeof(buf));
	for (i = 0; i < 20; i++) {
		if (send(shared_fd, buf, sizeof(buf), MSG_NOSIGNAL) !=
		    sizeof(buf))
			break;
	}
	return NULL;
}

static void wrap_threads(void)
{
	static char letters[8] = "abcdefgh";
	size_t seen[256] = {}, sum = 0, i;
	struct pair p = connected_small();
	unsigned char buf[1500];
	pthread_t threads[8];
	ssize_t n;

	shared_fd = p.c;
	for (i = 0; i < 8; i++) {
		if (pthread_create(&threads[i], NULL, write_letters,
				   &letters[i]))
			broken("pthread_create");
	}
	while (sum < 8 * 20 * 997) {
		n = recv(p.s, buf, sizeof(buf), 0);
		if (n <= 0)
			break;
		sum += n;
		while (n > 0)
			seen[buf[--n]]++;
	}
	for (i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < 8; i++)
		WANT(seen[(int)letters[i]], 20 * 997);
}

/* The completion: first and last number; -1 if there is none. */
static int completed(int fd, unsigned int *from, unsigned int *to)
{
	union {
		struct cmsghdr header;
		char room[200];
	} control = {};
	struct msghdr m = { .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	struct sock_extended_err *e = (void *)CMSG_DATA(&control.header);

	if (recvmsg(fd, &m, MSG_ERRQUEUE) < 0)
		return -1;
	*from = e->ee_info;
	*to = e->ee_data;
	return m.msg_controllen && e->ee_errno == 0 ? e->ee_origin : -1;
}

static void wrap_zerocopy(void)
{
	static unsigned char buf[40000];
	unsigned int from = 9, to = 9;
	struct pair p = connected();
	int i;

	set_int(p.c, SOL_SOCKET, SO_ZEROCOPY, 1);
	for (i = 0; i < 2; i++) {
		pattern(buf, sizeof(buf), i);
		WANT(send(p.c, buf, sizeof(buf), MSG_ZEROCOPY), 40000);
		WANT(expect_pattern(p.s, 40000, i), 40000);
		MASK(p.c, POLLOUT | POLLERR);
		WANT(completed(p.c, &from, &to), SO_EE_ORIGIN_ZEROCOPY);
		WANT(from, i);
		WANT(to, i);
		MASK(p.c, POLLOUT);
	}
	FAIL(completed(p.c, &from, &to), EAGAIN);
	WANT(socket_error(p.c), 0);
}

static const struct test wrap_tests[] = {
	CASE(wrap_both_ways, "odd sizes both ways at once"),
	CASE(wrap_poll, "poll() is enough to move more than buffers hold"),
	CASE(wrap_epoll, "epoll is enough to move more than buffers hold"),
	CASE(wrap_epoll_edge, "edges are enough to move more than buffers hold"),
	CASE(wrap_signals, "SIGIO is enough to move more than buffers hold"),
	CASE(wrap_room_again, "room is reported each time it comes"),
	CASE(wrap_peek, "MSG_PEEK sees what recv() gets, wherever it lies"),
	CASE(wrap_peek_offset, "SO_PEEK_OFF moves on, wherever bytes lie"),
	CASE(wrap_waitall, "MSG_WAITALL waits for 2 MiB"),
	CASE(wrap_urgent, "urgent bytes keep their place, wherever they lie"),
	CASE(wrap_urgent_inline, "urgent bytes stay inline, wherever they lie"),
	CASE(wrap_splice, "splice() moves more than buffers hold"),
	CASE(wrap_sendfile, "sendfile() sends 3 MiB"),
	CASE(wrap_shutdown_slow_reader, "SHUT_WR with full buffers loses nothing"),
	CASE(wrap_close_slow_reader, "close() with full buffers loses nothing"),
	CASE(wrap_reader_closes, "a reader that leaves full buffers resets"),
	CASE(wrap_reader_closes_under_writer, "a reset by a reader wakes the writer"),
	CASE(wrap_reader_killed, "a killed reader resets what it did not read"),
	CASE(wrap_sender_killed, "a killed sender's bytes arrive from full buffers"),
	CASE(wrap_accept_closed, "what closed before accept() is all there"),
	CASE(wrap_connect_polled, "a connection that polls writable is usable"),
	CASE(wrap_threads, "eight threads write into one socket"),
	CASE(wrap_zerocopy, "MSG_ZEROCOPY tells when it is done"),
};

GROUP(wrap);

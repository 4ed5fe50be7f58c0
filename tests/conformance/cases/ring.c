// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * io_uring.
 */

#include "conformance.h"

#include "uring.h"

/* Submits an entry and waits until it completes. */
static int run(int op, int fd, const void *addr, unsigned int len)
{
	uring_entry(op, fd, addr, len, 1);
	if (uring_submit() != 1)
		broken("submit");
	return uring_wait(1);
}

static void uring_send_recv(void)
{
	struct pair p = connected();
	unsigned char buf[1000], got[2000];

	uring_start();
	pattern(buf, sizeof(buf), 0);
	WANT(run(IORING_OP_SEND, p.c, buf, 1000), 1000);
	SOON(queued_in(p.s), 1000);
	WANT(run(IORING_OP_RECV, p.s, got, 2000), 1000);
	WANT(is_pattern(got, 1000, 0), 1);
}

static void uring_read_write(void)
{
	struct pair p = connected();
	unsigned char buf[100], got[200];

	uring_start();
	pattern(buf, sizeof(buf), 0);
	WANT(run(IORING_OP_WRITE, p.c, buf, 100), 100);
	SOON(queued_in(p.s), 100);
	WANT(run(IORING_OP_READ, p.s, got, 200), 100);
	WANT(is_pattern(got, 100, 0), 1);
}

static void uring_messages(void)
{
	struct pair p = connected();
	char got[9] = "";
	struct iovec out[2] = { { "ab", 2 }, { "cd", 2 } };
	struct iovec in = { got, 9 };
	struct msghdr send = { .msg_iov = out, .msg_iovlen = 2 };
	struct msghdr recv = { .msg_iov = &in, .msg_iovlen = 1 };

	uring_start();
	WANT(run(IORING_OP_SENDMSG, p.c, &send, 1), 4);
	SOON(queued_in(p.s), 4);
	WANT(run(IORING_OP_RECVMSG, p.s, &recv, 1), 4);
	WANT(strcmp(got, "abcd"), 0);
}

static void uring_recv_waits(void)
{
	struct pair p = connected();
	char got[9];

	uring_start();
	uring_entry(IORING_OP_RECV, p.s, got, 9, 1);
	WANT(uring_submit(), 1);
	WANT(uring_look(1), -EBUSY);
	WANT(send(p.c, "hello", 5, 0), 5);
	WANT(uring_wait(1), 5);
	WANT(memcmp(got, "hello", 5), 0);
}

static void uring_recv_nonblocking(void)
{
	struct pair p = connected();
	char got[9];

	uring_start();
	WANT(set_nonblock(p.s), 0);
	uring_entry(IORING_OP_RECV, p.s, got, 9, 1)->msg_flags = MSG_DONTWAIT;
	WANT(uring_submit(), 1);
	WANT(uring_wait(1), -EAGAIN);
	/* Without the flag it waits nevertheless. */
	uring_entry(IORING_OP_RECV, p.s, got, 9, 2);
	WANT(uring_submit(), 1);
	WANT(uring_look(2), -EBUSY);
	WANT(send(p.c, "abc", 3, 0), 3);
	WANT(uring_wait(2), 3);
}

static void uring_recv_waitall(void)
{
	struct pair p = connected();
	char got[9];

	uring_start();
	uring_entry(IORING_OP_RECV, p.s, got, 6, 1)->msg_flags = MSG_WAITALL;
	WANT(uring_submit(), 1);
	WANT(send(p.c, "abc", 3, 0), 3);
	SOON(queued_in(p.s), 0);
	WANT(send(p.c, "def", 3, 0), 3);
	WANT(uring_wait(1), 6);
	WANT(memcmp(got, "abcdef", 6), 0);
}

static void uring_recv_end(void)
{
	struct pair p = connected();
	char got[9];

	uring_start();
	uring_entry(IORING_OP_RECV, p.s, got, 9, 1);
	WANT(uring_submit(), 1);
	WANT(close(p.c), 0);
	WANT(uring_wait(1), 0);
}

static void uring_recv_reset(void)
{
	struct linger now = { .l_onoff = 1 };
	struct pair p = connected();
	char got[9];

	uring_start();
	setsockopt(p.c, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	uring_entry(IORING_OP_RECV, p.s, got, 9, 1);
	WANT(uring_submit(), 1);
	WANT(close(p.c), 0);
	WANT(uring_wait(1), -ECONNRESET);
}

static void uring_send_waits(void)
{
	struct pair p = connected_small();
	size_t sent = fill(p.c);

	uring_start();
	uring_entry(IORING_OP_SEND, p.c, "x", 1, 1)->msg_flags = MSG_NOSIGNAL;
	WANT(uring_submit(), 1);
	WANT(uring_look(1), -EBUSY);
	WANT(expect_pattern(p.s, sent, 0) == sent, 1);
	WANT(uring_wait(1), 1);
	WANT(recv(p.s, (char[9]){}, 9, 0), 1);
}

static void uring_send_broken(void)
{
	struct pair p = connected();

	uring_start();
	WANT(shutdown(p.c, SHUT_WR), 0);
	uring_entry(IORING_OP_SEND, p.c, "x", 1, 1)->msg_flags = MSG_NOSIGNAL;
	WANT(uring_submit(), 1);
	WANT(uring_wait(1), -EPIPE);
}

static void uring_accept(void)
{
	struct addr where, from = {}, name;
	socklen_t len = sizeof(from.any);
	int l = listening(&where), c = sock(0), s;

	uring_start();
	uring_entry(IORING_OP_ACCEPT, l, &from.any, 0, 1)->off =
		(uintptr_t)&len;
	WANT(uring_submit(), 1);
	WANT(uring_look(1), -EBUSY);
	WANT(connect(c, SA(where)), 0);
	s = uring_wait(1);
	WANT(s >= 0, 1);
	from.len = len;
	name = own_name(c);
	WANT(same_addr(&from, &name), 1);
	WANT(send(c, "x", 1, 0), 1);
	WANT(recv(s, (char[9]){}, 9, 0), 1);
}

static void uring_accept_flags(void)
{
	struct addr where;
	int l = listening(&where), s;

	uring_start();
	WANT(connect(sock(0), SA(where)), 0);
	uring_entry(IORING_OP_ACCEPT, l, NULL, 0, 1)->accept_flags =
		SOCK_NONBLOCK | SOCK_CLOEXEC;
	WANT(uring_submit(), 1);
	s = uring_wait(1);
	WANT(fcntl(s, F_GETFL), O_RDWR | O_NONBLOCK);
	WANT(fcntl(s, F_GETFD), FD_CLOEXEC);
}

static void uring_accept_shutdown(void)
{
	struct addr where;
	int l = listening(&where);

	uring_start();
	uring_entry(IORING_OP_ACCEPT, l, NULL, 0, 1);
	WANT(uring_submit(), 1);
	WANT(shutdown(l, SHUT_RDWR), 0);
	WANT(uring_wait(1), -EINVAL);
}

static int run_connect(int fd, const struct addr *where)
{
	uring_entry(IORING_OP_CONNECT, fd, &where->any, 0, 1)->off = where->len;
	if (uring_submit() != 1)
		broken("submit");
	return uring_wait(1);
}

static void uring_connect(void)
{
	struct addr where;
	int l = listening(&where), c = sock(0), s;

	uring_start();
	WANT(run_connect(c, &where), 0);
	s = accept(l, NULL, NULL);
	WANT(send(c, "abc", 3, 0), 3);
	WANT(recv(s, (char[9]){}, 9, 0), 3);
	WANT(run_connect(c, &where), -EISCONN);
}

/* The listener sees only the retransmitted SYN: connect has to wait. */
static void uring_connect_late(void)
{
	struct addr where;
	int l = listening(&where), c = sock(0);

	uring_start();
	go_deaf(l);
	uring_entry(IORING_OP_CONNECT, c, &where.any, 0, 1)->off = where.len;
	WANT(uring_submit(), 1);
	WANT(uring_look(1), -EBUSY);
	WANT(setsockopt(l, SOL_SOCKET, SO_DETACH_FILTER, &l, sizeof(l)), 0);
	WANT(uring_wait(1), 0);
	WANT(send(c, "abc", 3, 0), 3);
	WANT(recv(accept(l, NULL, NULL), (char[9]){}, 9, 0), 3);
}

static void uring_connect_refused(void)
{
	struct addr where = nobody();

	uring_start();
	WANT(run_connect(sock(0), &where), -ECONNREFUSED);
	CALL(run_connect(sock(SOCK_NONBLOCK), &where));
}

static void uring_poll(void)
{
	struct pair p = connected();

	uring_start();
	/* The 16 bits, whose place is the same in either byte order. */
	uring_entry(IORING_OP_POLL_ADD, p.s, NULL, 0, 1)->poll_events = POLLIN;
	uring_entry(IORING_OP_POLL_ADD, p.c, NULL, 0, 2)->poll_events = POLLOUT;
	WANT(uring_submit(), 2);
	WANT(uring_wait(2), POLLOUT);
	WANT(uring_look(1), -EBUSY);
	WANT(send(p.c, "x", 1, 0), 1);
	WANT(uring_wait(1), POLLIN);
}

static void uring_poll_before_connect(void)
{
	struct addr where;
	int l = listening(&where), c = sock(0), s;

	uring_start();
	WANT(connect(c, SA(where)), 0);
	s = accept(l, NULL, NULL);
	uring_entry(IORING_OP_POLL_ADD, c, NULL, 0, 1)->poll_events =
		POLLRDHUP;
	WANT(uring_submit(), 1);
	WANT(uring_look(1), -EBUSY);
	WANT(close(s), 0);
	WANT(uring_wait(1), POLLRDHUP);
}

/* Each reader gets less than it asked for, and then waits for news only. */
static void uring_poll_again(void)
{
	struct pair p = connected();
	int i;

	uring_start();
	uring_entry(IORING_OP_POLL_ADD, p.s, NULL, IORING_POLL_ADD_MULTI, 1)
		->poll_events = POLLIN;
	WANT(uring_submit(), 1);
	for (i = 0; i < 3; i++) {
		uring_forget(1);
		WANT(send(p.c, "abc", 3, 0), 3);
		WANT(uring_wait(1), POLLIN);
		WANT(recv(p.s, (char[9]){}, 9, 0), 3);
	}
}

/* The reader does not read everything, but does read at each event. */
static void uring_poll_remainder(void)
{
	struct pair p = connected();
	int i;

	uring_start();
	uring_entry(IORING_OP_POLL_ADD, p.s, NULL, IORING_POLL_ADD_MULTI, 1)
		->poll_events = POLLIN;
	WANT(uring_submit(), 1);
	for (i = 0; i < 3; i++) {
		uring_forget(1);
		WANT(send(p.c, "abc", 3, 0), 3);
		WANT(uring_wait(1), POLLIN);
		WANT(recv(p.s, (char[2]){}, 2, 0), 2);
	}
}

static void uring_inq(void)
{
	struct pair p = connected();
	struct io_uring_sqe *sqe;
	int n;

	uring_start();
	WANT(send(p.c, "abc", 3, 0), 3);
	SOON(queued_in(p.s), 3);
	sqe = uring_entry(IORING_OP_URING_CMD, p.s, NULL, 0, 1);
	sqe->cmd_op = 0;	/* SOCKET_URING_OP_SIOCINQ */
	WANT(uring_submit(), 1);
	n = uring_wait(1);
	if (n == -EOPNOTSUPP)
		skip("io_uring has no commands for sockets");
	NOTE("SIOCINQ", n);
}

static void uring_cancel(void)
{
	struct pair p = connected();
	char got[9];

	uring_start();
	uring_entry(IORING_OP_RECV, p.s, got, 9, 1);
	WANT(uring_submit(), 1);
	uring_entry(IORING_OP_ASYNC_CANCEL, -1, (void *)1, 0, 2);
	WANT(uring_submit(), 1);
	WANT(uring_wait(2), 0);
	WANT(uring_wait(1), -ECANCELED);
	WANT(send(p.c, "x", 1, 0), 1);
	WANT(recv(p.s, got, 9, 0), 1);
}

static void uring_splice(void)
{
	struct pair p = connected();
	struct io_uring_sqe *sqe;
	unsigned char got[200];
	int fds[2];

	uring_start();
	if (pipe(fds))
		broken("pipe");
	WANT(send_all(p.c, 100, 0), 100);
	SOON(queued_in(p.s), 100);
	sqe = uring_entry(IORING_OP_SPLICE, fds[1], NULL, 100, 1);
	sqe->splice_fd_in = p.s;
	sqe->splice_off_in = -1;
	sqe->off = -1;
	WANT(uring_submit(), 1);
	WANT(uring_wait(1), 100);
	WANT(read(fds[0], got, 200), 100);
	WANT(is_pattern(got, 100, 0), 1);
}

static void uring_shutdown(void)
{
	struct pair p = connected();

	uring_start();
	WANT(run(IORING_OP_SHUTDOWN, p.c, NULL, SHUT_WR), 0);
	WANT(recv(p.s, (char[9]){}, 9, 0), 0);
}

static void uring_linked(void)
{
	struct pair p = connected();
	char got[9] = "";

	uring_start();
	uring_entry(IORING_OP_SEND, p.c, "abc", 3, 1)->flags = IOSQE_IO_LINK;
	uring_entry(IORING_OP_SEND, p.c, "def", 3, 2)->flags = IOSQE_IO_LINK;
	uring_entry(IORING_OP_SHUTDOWN, p.c, NULL, SHUT_WR, 3);
	WANT(uring_submit(), 3);
	WANT(uring_wait(1), 3);
	WANT(uring_wait(2), 3);
	WANT(uring_wait(3), 0);
	WANT(recv(p.s, got, 9, MSG_WAITALL), 6);
	WANT(strcmp(got, "abcdef"), 0);
}

static void uring_closed_while_waiting(void)
{
	struct pair p = connected();
	char got[9];

	uring_start();
	uring_entry(IORING_OP_RECV, p.s, got, 9, 1);
	WANT(uring_submit(), 1);
	WANT(close(p.s), 0);
	/* The ring still holds the socket. */
	WANT(send(p.c, "abc", 3, 0), 3);
	WANT(uring_wait(1), 3);
}

static const struct test uring_tests[] = {
	CASE(uring_send_recv, "io_uring sends and receives"),
	CASE(uring_read_write, "io_uring reads and writes"),
	CASE(uring_messages, "io_uring sends and receives messages"),
	CASE(uring_recv_waits, "data completes io_uring's recv"),
	CASE(uring_recv_nonblocking, "io_uring's recv without data is EAGAIN if it must not wait"),
	CASE(uring_recv_waitall, "io_uring's recv waits for all"),
	CASE(uring_recv_end, "the end of the stream completes io_uring's recv"),
	CASE(uring_recv_reset, "a reset completes io_uring's recv"),
	CASE(uring_send_waits, "room completes io_uring's send"),
	CASE(uring_send_broken, "io_uring's send after shutdown() is EPIPE"),
	CASE(uring_accept, "a connection completes io_uring's accept"),
	CASE(uring_accept_flags, "io_uring's accept applies flags"),
	CASE(uring_accept_shutdown, "shutdown() completes io_uring's accept"),
	CASE(uring_connect, "io_uring connects"),
	CASE(uring_connect_late, "io_uring completes a connect that has to wait"),
	CASE(uring_connect_refused, "io_uring's connect is refused"),
	CASE(uring_poll, "io_uring polls"),
	CASE(uring_poll_before_connect, "io_uring's poll sees the end"),
	CASE(uring_poll_again, "io_uring's multishot poll reports what comes after a short read"),
	CASE(uring_poll_remainder, "io_uring's multishot poll reports what comes while bytes are left"),
	CASE(uring_inq, "io_uring's SIOCINQ counts what has come"),
	CASE(uring_cancel, "io_uring's recv can be cancelled"),
	CASE(uring_splice, "io_uring splices"),
	CASE(uring_shutdown, "io_uring shuts down"),
	CASE(uring_linked, "linked sends keep their order"),
	CASE(uring_closed_while_waiting, "io_uring keeps a closed socket it waits on"),
};

GROUP(uring);

// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * connect() that does not block.
 */

#include "conformance.h"

#include <linux/filter.h>

static void nonblock_connects(void)
{
	struct addr where;
	int l = listening(&where), c = sock(SOCK_NONBLOCK);

	FAIL(connect(c, SA(where)), EINPROGRESS);
	MASK(c, POLLOUT);
	WANT(socket_error(c), 0);
	WANT(connect(c, SA(where)), 0);
	FAIL(connect(c, SA(where)), EISCONN);
	WANT(accept(l, NULL, NULL) >= 0, 1);
}

static void nonblock_pending(void)
{
	struct addr nowhere = black_hole(0), addr = { .len = sizeof(addr.any) };
	int c = sock(SOCK_NONBLOCK);
	char byte;

	FAIL(connect(c, SA(nowhere)), EINPROGRESS);
	FAIL(connect(c, SA(nowhere)), EALREADY);
	MASK(c, 0);
	WANT(socket_error(c), 0);
	FAIL(send(c, "x", 1, MSG_NOSIGNAL), EAGAIN);
	FAIL(recv(c, &byte, 1, 0), EAGAIN);
	FAIL(getpeername(c, &addr.sa, &addr.len), ENOTCONN);
	WANT(getsockname(c, &addr.sa, &addr.len), 0);
	WANT(port_of(&addr) > 0, 1);
	WANT(queued_in(c), 0);
	WANT(queued_out(c), 0);
}

static void nonblock_pending_blocking_send(void)
{
	struct addr nowhere = black_hole(0);
	int c = sock(SOCK_NONBLOCK);

	FAIL(connect(c, SA(nowhere)), EINPROGRESS);
	fcntl(c, F_SETFL, 0);
	WANT(set_timeout(c, SO_SNDTIMEO, 30), 0);
	WANT(set_timeout(c, SO_RCVTIMEO, 30), 0);
	FAIL(send(c, "x", 1, MSG_NOSIGNAL), EAGAIN);
	FAIL(recv(c, &(char){ 0 }, 1, 0), EAGAIN);
	FAIL(connect(c, SA(nowhere)), EALREADY);
}

static void nonblock_refused(void)
{
	struct addr where = nobody();
	int c = sock(SOCK_NONBLOCK);

	FAIL(connect(c, SA(where)), EINPROGRESS);
	MASK(c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	WANT(socket_error(c), ECONNREFUSED);
	WANT(socket_error(c), 0);
	MASK(c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
}

static void nonblock_refused_by_connect(void)
{
	struct addr where = nobody();
	int c = sock(SOCK_NONBLOCK);

	FAIL(connect(c, SA(where)), EINPROGRESS);
	MASK(c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	FAIL(connect(c, SA(where)), ECONNREFUSED);
	FAIL(connect(c, SA(where)), EINPROGRESS);
	MASK(c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
}

static void nonblock_refused_by_send(void)
{
	struct addr where = nobody();
	int c = sock(SOCK_NONBLOCK);

	FAIL(connect(c, SA(where)), EINPROGRESS);
	MASK(c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	FAIL(send(c, "x", 1, MSG_NOSIGNAL), ECONNREFUSED);
	FAIL(send(c, "x", 1, MSG_NOSIGNAL), EPIPE);
}

static void nonblock_refused_by_recv(void)
{
	struct addr where = nobody();
	int c = sock(SOCK_NONBLOCK);
	char byte;

	FAIL(connect(c, SA(where)), EINPROGRESS);
	MASK(c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	FAIL(recv(c, &byte, 1, 0), ECONNREFUSED);
	WANT(recv(c, &byte, 1, 0), 0);
}

static void nonblock_unreachable(void)
{
	struct addr where = unreachable(80);
	int c = sock(SOCK_NONBLOCK);

	FAIL(connect(c, SA(where)), ENETUNREACH);
	WANT(socket_error(c), 0);
	MASK(c, POLLOUT | POLLHUP);
}

static void nonblock_poller_before(void)
{
	struct epoll_event event = { .events = EPOLLOUT | EPOLLIN };
	struct addr where;
	int c = sock(SOCK_NONBLOCK), e = epoll_create1(0);

	listening(&where);
	WANT(epoll_ctl(e, EPOLL_CTL_ADD, c, &event), 0);
	WANT(epoll_wait(e, &event, 1, 0), 1);
	WANT(event.events, EPOLLOUT | EPOLLHUP);
	CALL(connect(c, SA(where)));
	WANT(epoll_wait(e, &event, 1, 5000), 1);
	SOON(({ epoll_wait(e, &event, 1, 0); event.events; }), EPOLLOUT);
}

static void nonblock_sleeper_wakes(void)
{
	struct addr where;
	int l = listening(&where), c = sock(SOCK_NONBLOCK);

	go_deaf(l);
	FAIL(connect(c, SA(where)), EINPROGRESS);
	if (!part()) {
		struct pollfd p = { .fd = c, .events = POLLOUT };

		WANT(poll(&p, 1, 10000), 1);
		WANT(p.revents, POLLOUT);
		done();
	}
	asleep(1);
	/* The SYN that is retransmitted after a second gets through. */
	WANT(setsockopt(l, SOL_SOCKET, SO_DETACH_FILTER, &l, sizeof(l)), 0);
	join(1);
	WANT(socket_error(c), 0);
}

/* The connection is usable as soon as poll() says so. */
static void nonblock_polled(void)
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

static void nonblock_then_blocking(void)
{
	struct addr where;
	int c = sock(SOCK_NONBLOCK);

	listening(&where);
	FAIL(connect(c, SA(where)), EINPROGRESS);
	fcntl(c, F_SETFL, 0);
	CALL(connect(c, SA(where)));
	FAIL(connect(c, SA(where)), EISCONN);
}

static void nonblock_closed_pending(void)
{
	struct addr nowhere = black_hole(0);
	int c = sock(SOCK_NONBLOCK);

	FAIL(connect(c, SA(nowhere)), EINPROGRESS);
	WANT(close(c), 0);
}

static void nonblock_shut_pending(void)
{
	struct addr nowhere = black_hole(0);
	int c = sock(SOCK_NONBLOCK);

	FAIL(connect(c, SA(nowhere)), EINPROGRESS);
	CALL(shutdown(c, SHUT_RDWR));
	CALL(poll_now(c));
	CALL(send(c, "x", 1, MSG_NOSIGNAL));
	CALL(connect(c, SA(nowhere)));
}

static void nonblock_unspec_pending(void)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct addr nowhere = black_hole(0), where;
	int c = sock(SOCK_NONBLOCK);

	listening(&where);
	FAIL(connect(c, SA(nowhere)), EINPROGRESS);
	WANT(connect(c, &none, sizeof(none)), 0);
	MASK(c, POLLOUT | POLLHUP | POLLERR);
	WANT(socket_error(c), ECONNRESET);
	FAIL(connect(c, SA(where)), EINPROGRESS);
	MASK(c, POLLOUT);
}

/* Both SYNs are lost and retransmitted: a simultaneous open. */
static void nonblock_simultaneous(void)
{
	struct addr a = loopback(0), b = loopback(0);
	int x = sock(SOCK_NONBLOCK), y = sock(SOCK_NONBLOCK);
	int lx, ly;

	/* Listeners on the same ports swallow the first SYNs. */
	lx = socket(setting.family, SOCK_STREAM, 0);
	ly = socket(setting.family, SOCK_STREAM, 0);
	set_int(lx, SOL_SOCKET, SO_REUSEADDR, 1);
	set_int(ly, SOL_SOCKET, SO_REUSEADDR, 1);
	set_int(x, SOL_SOCKET, SO_REUSEADDR, 1);
	set_int(y, SOL_SOCKET, SO_REUSEADDR, 1);
	bind(lx, SA(a));
	bind(ly, SA(b));
	a = own_name(lx);
	b = own_name(ly);
	WANT(bind(x, SA(a)), 0);
	WANT(bind(y, SA(b)), 0);
	go_deaf(lx);
	go_deaf(ly);
	if (listen(lx, 1) || listen(ly, 1))
		broken("listen");
	FAIL(connect(x, SA(b)), EINPROGRESS);
	FAIL(connect(y, SA(a)), EINPROGRESS);
	MASK(x, POLLOUT);
	MASK(y, POLLOUT);
	WANT(socket_error(x), 0);
	WANT(socket_error(y), 0);
	WANT(send(x, "ab", 2, 0), 2);
	MASK(y, POLLIN | POLLOUT);
	WANT(send(y, "cd", 2, 0), 2);
	WANT(recv(y, (char[4]){}, 4, 0), 2);
	MASK(x, POLLIN | POLLOUT);
	WANT(recv(x, (char[4]){}, 4, 0), 2);
}

static const struct test nonblock_tests[] = {
	CASE(nonblock_connects, "a connect() in progress ends writable"),
	CASE(nonblock_pending, "a connecting socket does nothing else"),
	CASE(nonblock_pending_blocking_send, "send() and recv() wait for the connection"),
	CASE(nonblock_refused, "SO_ERROR reports a refused connection once"),
	CASE(nonblock_refused_by_connect, "connect() reports a refused connection and then tries again"),
	CASE(nonblock_refused_by_send, "send() reports a refused connection once"),
	CASE(nonblock_refused_by_recv, "recv() reports a refused connection once"),
	CASE(nonblock_unreachable, "a missing route is reported at once"),
	CASE(nonblock_poller_before, "epoll sees a socket that connects after EPOLL_CTL_ADD"),
	CASE(nonblock_sleeper_wakes, "poll() wakes when the connection is established"),
	CASE(nonblock_polled, "a connection that polls writable is usable"),
	CASE(nonblock_then_blocking, "another process can wait for a connect()"),
	CASE(nonblock_closed_pending, "a connecting socket can be closed"),
	CASE(nonblock_shut_pending, "shutdown() ends connecting"),
	CASE(nonblock_unspec_pending, "AF_UNSPEC ends connecting"),
	CASE_FLAGS(nonblock_simultaneous, FALLS_BACK, "two sockets that connect to each other are connected"),
};

GROUP(nonblock);

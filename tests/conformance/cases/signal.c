// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * Signals that interrupt blocking calls.
 */

#include "conformance.h"

/* What a blocked call does when a handler runs:
 *
 *	handler		no timeout	timeout set
 *	SA_RESTART	goes on		EINTR
 *	plain		EINTR		EINTR
 */

static void signal_recv(void)
{
	struct pair p = connected();

	if (!part()) {
		catch_signal(SIGUSR1, 0);
		FAIL(recv(p.s, (char[9]){}, 9, 0), EINTR);
		WANT(caught(SIGUSR1), 1);
		done();
	}
	interrupt(1, SIGUSR1);
	join(1);
}

static void signal_recv_restart(void)
{
	struct pair p = connected();

	if (!part()) {
		catch_signal(SIGUSR1, SA_RESTART);
		WANT(recv(p.s, (char[9]){}, 9, 0), 1);
		WANT(caught(SIGUSR1), 1);
		done();
	}
	interrupt(1, SIGUSR1);
	asleep(1);
	WANT(send(p.c, "x", 1, 0), 1);
	join(1);
}

static void signal_recv_restart_timeout(void)
{
	struct pair p = connected();

	WANT(set_timeout(p.s, SO_RCVTIMEO, 60000), 0);
	if (!part()) {
		catch_signal(SIGUSR1, SA_RESTART);
		FAIL(recv(p.s, (char[9]){}, 9, 0), EINTR);
		done();
	}
	interrupt(1, SIGUSR1);
	join(1);
}

static void signal_waitall(void)
{
	struct pair p = connected();

	WANT(send(p.c, "abc", 3, 0), 3);
	SOON(queued_in(p.s), 3);
	if (!part()) {
		catch_signal(SIGUSR1, SA_RESTART);
		WANT(recv(p.s, (char[9]){}, 9, MSG_WAITALL), 3);
		done();
	}
	SOON(queued_in(p.s), 0);
	interrupt(1, SIGUSR1);
	join(1);
}

static void signal_send(void)
{
	struct pair p = connected_small();

	fill(p.c);
	if (!part()) {
		catch_signal(SIGUSR1, 0);
		FAIL(send(p.c, "x", 1, 0), EINTR);
		done();
	}
	interrupt(1, SIGUSR1);
	join(1);
}

static void signal_send_restart(void)
{
	struct pair p = connected_small();
	size_t sent = fill(p.c);

	if (!part()) {
		catch_signal(SIGUSR1, SA_RESTART);
		WANT(send(p.c, "x", 1, 0), 1);
		WANT(caught(SIGUSR1), 1);
		done();
	}
	interrupt(1, SIGUSR1);
	asleep(1);
	WANT(expect_pattern(p.s, sent, 0) == sent, 1);
	join(1);
}

static void signal_send_restart_timeout(void)
{
	struct pair p = connected_small();

	fill(p.c);
	WANT(set_timeout(p.c, SO_SNDTIMEO, 60000), 0);
	if (!part()) {
		catch_signal(SIGUSR1, SA_RESTART);
		FAIL(send(p.c, "x", 1, 0), EINTR);
		done();
	}
	interrupt(1, SIGUSR1);
	join(1);
}

static void signal_send_partial(void)
{
	static char big[4000000];
	struct pair p = connected_small();

	pattern(big, sizeof(big), 0);
	if (!part()) {
		ssize_t n;

		catch_signal(SIGUSR1, SA_RESTART);
		n = send(p.c, big, sizeof(big), 0);
		WANT(n > 0 && n < (ssize_t)sizeof(big), 1);
		WANT(send(p.c, "", 0, 0), 0);
		done();
	}
	interrupt(1, SIGUSR1);
	join(1);
}

static void signal_accept(void)
{
	struct addr where;
	int l = listening(&where);

	if (!part()) {
		catch_signal(SIGUSR1, 0);
		FAIL(accept(l, NULL, NULL), EINTR);
		done();
	}
	interrupt(1, SIGUSR1);
	join(1);
}

static void signal_accept_restart(void)
{
	struct addr where;
	int l = listening(&where), c = sock(0);

	if (!part()) {
		catch_signal(SIGUSR1, SA_RESTART);
		WANT(accept(l, NULL, NULL) >= 0, 1);
		WANT(caught(SIGUSR1), 1);
		done();
	}
	interrupt(1, SIGUSR1);
	asleep(1);
	WANT(connect(c, SA(where)), 0);
	join(1);
}

static void signal_accept_restart_timeout(void)
{
	struct addr where;
	int l = listening(&where);

	WANT(set_timeout(l, SO_RCVTIMEO, 60000), 0);
	if (!part()) {
		catch_signal(SIGUSR1, SA_RESTART);
		FAIL(accept(l, NULL, NULL), EINTR);
		done();
	}
	interrupt(1, SIGUSR1);
	join(1);
}

static void signal_connect(void)
{
	struct addr nowhere = black_hole(0);

	if (!part()) {
		int c = sock(0);

		catch_signal(SIGUSR1, 0);
		FAIL(connect(c, SA(nowhere)), EINTR);
		set_nonblock(c);
		FAIL(connect(c, SA(nowhere)), EALREADY);
		done();
	}
	interrupt(1, SIGUSR1);
	join(1);
}

static void signal_connect_goes_on(void)
{
	struct addr where = black_hole(0);
	int c = sock(0);

	if (!part()) {
		catch_signal(SIGUSR1, SA_RESTART);
		FAIL(connect(c, SA(where)), ETIMEDOUT);
		WANT(caught(SIGUSR1), 1);
		done();
	}
	interrupt(1, SIGUSR1);
	/* Not earlier, or connect() may be over when the signal comes. */
	set_int(c, IPPROTO_TCP, TCP_USER_TIMEOUT, 1500);
	join(1);
}

static void signal_connect_restart_timeout(void)
{
	struct addr nowhere = black_hole(0);

	if (!part()) {
		int c = sock(0);

		catch_signal(SIGUSR1, SA_RESTART);
		WANT(set_timeout(c, SO_SNDTIMEO, 60000), 0);
		FAIL(connect(c, SA(nowhere)), EINTR);
		done();
	}
	interrupt(1, SIGUSR1);
	join(1);
}

static void signal_poll(void)
{
	struct pair p = connected();

	if (!part()) {
		struct pollfd f = { .fd = p.s, .events = POLLIN };

		catch_signal(SIGUSR1, SA_RESTART);
		FAIL(poll(&f, 1, 60000), EINTR);
		done();
	}
	interrupt(1, SIGUSR1);
	join(1);
}

static void signal_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct pair p = connected();

	if (!part()) {
		int e = epoll_create1(0);

		epoll_ctl(e, EPOLL_CTL_ADD, p.s, &event);
		catch_signal(SIGUSR1, SA_RESTART);
		FAIL(epoll_wait(e, &event, 1, 60000), EINTR);
		done();
	}
	interrupt(1, SIGUSR1);
	join(1);
}

static void signal_ignored(void)
{
	struct pair p = connected();

	if (!part()) {
		signal(SIGUSR1, SIG_IGN);
		WANT(recv(p.s, (char[9]){}, 9, 0), 1);
		done();
	}
	interrupt(1, SIGUSR1);
	asleep(1);
	WANT(send(p.c, "x", 1, 0), 1);
	join(1);
}

static void signal_stop_and_go(void)
{
	struct pair p = connected();

	if (!part()) {
		WANT(recv(p.s, (char[9]){}, 9, 0), 1);
		done();
	}
	interrupt(1, SIGSTOP);
	WANT(waitpid(pid_of(1), NULL, WUNTRACED) == pid_of(1), 1);
	WANT(kill(pid_of(1), SIGCONT), 0);
	asleep(1);
	WANT(send(p.c, "x", 1, 0), 1);
	join(1);
}

static const struct test signal_tests[] = {
	CASE(signal_recv, "a signal ends recv()"),
	CASE(signal_recv_restart, "SA_RESTART lets recv() go on"),
	CASE(signal_recv_restart_timeout, "SA_RESTART does not restart recv() with SO_RCVTIMEO"),
	CASE(signal_waitall, "a signal ends MSG_WAITALL with the bytes that came"),
	CASE(signal_send, "a signal ends send()"),
	CASE(signal_send_restart, "SA_RESTART lets send() go on"),
	CASE(signal_send_restart_timeout, "SA_RESTART does not restart send() with SO_SNDTIMEO"),
	CASE(signal_send_partial, "a signal ends send() with the bytes that were sent"),
	CASE(signal_accept, "a signal ends accept()"),
	CASE(signal_accept_restart, "SA_RESTART lets accept() go on"),
	CASE(signal_accept_restart_timeout, "SA_RESTART does not restart accept() with a timeout"),
	CASE(signal_connect, "a signal ends connect(), which goes on"),
	CASE(signal_connect_goes_on, "SA_RESTART lets connect() go on"),
	CASE(signal_connect_restart_timeout, "SA_RESTART does not restart connect() with a timeout"),
	CASE(signal_poll, "a signal ends poll()"),
	CASE(signal_epoll, "a signal ends epoll_wait()"),
	CASE(signal_ignored, "an ignored signal disturbs nothing"),
	CASE(signal_stop_and_go, "a stopped and continued reader goes on"),
};

GROUP(signal);

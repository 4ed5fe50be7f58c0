// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * Keepalive, namespaces, and peers that vanish.
 */

#include "conformance.h"

#include <linux/filter.h>
#include <sched.h>

static void drop_all(int fd)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { .len = 1, .filter = &drop };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
		       sizeof(program)))
		broken("filter");
}

/* The peer receives nothing and never answers: it might as well be off. */
static void life_keepalive_ends(void)
{
	struct pair p = connected();

	set_int(p.c, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_int(p.c, IPPROTO_TCP, TCP_KEEPIDLE, 1);
	set_int(p.c, IPPROTO_TCP, TCP_KEEPINTVL, 1);
	set_int(p.c, IPPROTO_TCP, TCP_KEEPCNT, 1);
	drop_all(p.s);
	if (!part()) {
		FAIL(recv(p.c, (char[9]){}, 9, 0), ETIMEDOUT);
		done();
	}
	join(1);
	MASK(p.c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	FAIL(send(p.c, "x", 1, MSG_NOSIGNAL), EPIPE);
}

static void life_keepalive_lives(void)
{
	struct pair p = connected();

	set_int(p.c, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_int(p.c, IPPROTO_TCP, TCP_KEEPIDLE, 1);
	set_int(p.c, IPPROTO_TCP, TCP_KEEPINTVL, 1);
	set_int(p.c, IPPROTO_TCP, TCP_KEEPCNT, 1);
	WANT(set_timeout(p.c, SO_RCVTIMEO, 2500), 0);
	FAIL(recv(p.c, (char[9]){}, 9, 0), EAGAIN);
	WANT(send(p.s, "x", 1, 0), 1);
	WANT(recv(p.c, (char[9]){}, 9, 0), 1);
}

/* A socket belongs to the namespace it was made in. */
static void life_foreign_namespace(void)
{
	struct pair p = connected();
	struct addr where;
	int l = listening(&where), c = sock(0);

	if (unshare(CLONE_NEWNET))
		broken("unshare");
	WANT(connect(c, SA(where)), 0);
	WANT(accept(l, NULL, NULL) >= 0, 1);
	WANT(send(p.c, "abc", 3, 0), 3);
	WANT(recv(p.s, (char[9]){}, 9, 0), 3);
	c = sock(0);
	SHOULD("connect fails", connect(c, SA(where)), -1);
}

/* Only the sockets keep the namespace alive. */
static void life_last_of_namespace(void)
{
	struct pair p = connected();

	WANT(close(p.l), 0);
	if (unshare(CLONE_NEWNET))
		broken("unshare");
	WANT(send(p.c, "abc", 3, 0), 3);
	WANT(recv(p.s, (char[9]){}, 9, 0), 3);
	WANT(send(p.c, "abc", 3, 0), 3);
	WANT(close(p.c), 0);
	WANT(drain(p.s), 3);
	WANT(close(p.s), 0);
}

static void life_interface_down(void)
{
	struct pair p = connected();
	struct addr where = peer_name(p.c);

	WANT(send(p.c, "abc", 3, 0), 3);
	WANT(recv(p.s, (char[9]){}, 9, 0), 3);
	WANT(set_sysctl("net/ipv6/conf/lo/disable_ipv6", "1"), 0);
	if (setting.family == AF_INET) {
		WANT(send(p.c, "abc", 3, 0), 3);
		WANT(recv(p.s, (char[9]){}, 9, 0), 3);
	} else {
		CALL(connect(sock(SOCK_NONBLOCK), SA(where)));
	}
}

static void life_killed_in_the_middle(void)
{
	struct pair p = connected_small();

	if (!part()) {
		close(p.s);
		send_all(p.c, 100000000, 0);
		done();
	}
	WANT(close(p.c), 0);
	WANT(expect_pattern(p.s, 50000, 0), 50000);
	WANT(kill(pid_of(1), SIGKILL), 0);
	join(1);
	/* Bytes that send() accepted still arrive, and then the end. */
	WANT(drain(p.s) >= 0, 1);
}

static void life_both_killed(void)
{
	struct pair p = connected();

	if (!part()) {
		send_all(p.c, 100000000, 0);
		done();
	}
	if (!part()) {
		expect_pattern(p.s, 100000000, 0);
		done();
	}
	WANT(close(p.c), 0);
	WANT(close(p.s), 0);
	tell(0);
	hear();
	kill(pid_of(1), SIGKILL);
	kill(pid_of(2), SIGKILL);
	join(1);
	join(2);
}

static void life_listener_killed(void)
{
	struct addr where;
	int l = listening(&where), c = sock(0);

	if (!part()) {
		accept(l, NULL, NULL);
		tell(0);
		hear();
		done();
	}
	WANT(close(l), 0);
	WANT(connect(c, SA(where)), 0);
	hear();
	WANT(kill(pid_of(1), SIGKILL), 0);
	join(1);
	WANT(recv(c, (char[9]){}, 9, 0), 0);
	FAIL(connect(sock(0), SA(where)), ECONNREFUSED);
}

static void life_user_timeout(void)
{
	struct pair p = connected();

	set_int(p.c, IPPROTO_TCP, TCP_USER_TIMEOUT, 700);
	set_timeout(p.c, SO_RCVTIMEO, setting.patience * 500);
	drop_all(p.s);
	WANT(send(p.c, "x", 1, 0), 1);
	FAIL(recv(p.c, (char[9]){}, 9, 0), ETIMEDOUT);
	FAIL(send(p.c, "x", 1, MSG_NOSIGNAL), EPIPE);
}

static const struct test life_tests[] = {
	CASE(life_keepalive_ends, "keepalive ends a dead connection"),
	CASE(life_keepalive_lives, "keepalive leaves a live connection alone"),
	CASE(life_foreign_namespace, "a socket stays in its namespace"),
	CASE_FLAGS(life_last_of_namespace, OWN_NET, "sockets work in a namespace that all processes have left"),
	CASE_FLAGS(life_interface_down, OWN_NET, "connections outlive IPv6 being switched off"),
	CASE(life_killed_in_the_middle, "all bytes of a killed sender arrive before the end"),
	CASE(life_both_killed, "both ends may be killed"),
	CASE(life_listener_killed, "connections of a killed server end"),
	CASE(life_user_timeout, "TCP_USER_TIMEOUT ends a dead connection"),
};

GROUP(life);

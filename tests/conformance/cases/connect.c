// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * connect() that blocks.
 */

#include "conformance.h"

static void connect_works(void)
{
	struct addr where, name;
	int l = listening(&where), c = sock(0);

	WANT(connect(c, SA(where)), 0);
	name = peer_name(c);
	WANT(same_addr(&name, &where), 1);
	MASK(c, POLLOUT);
	MASK(l, POLLIN);
	WANT(socket_error(c), 0);
}

static void connect_again(void)
{
	struct pair p = connected();
	struct addr where = peer_name(p.c);

	FAIL(connect(p.c, SA(where)), EISCONN);
	FAIL(connect(p.s, SA(where)), EISCONN);
	WANT(send(p.c, "x", 1, 0), 1);
}

static void connect_refused(void)
{
	struct addr where = nobody();
	int c = sock(0);

	FAIL(connect(c, SA(where)), ECONNREFUSED);
	WANT(socket_error(c), 0);
	MASK(c, POLLOUT | POLLHUP);
	FAIL(send(c, "x", 1, MSG_NOSIGNAL), EPIPE);
}

static void connect_after_refused(void)
{
	struct addr where = nobody();
	int c = sock(0), s, l;

	FAIL(connect(c, SA(where)), ECONNREFUSED);
	FAIL(connect(c, SA(where)), ECONNREFUSED);
	l = listening(&where);
	WANT(connect(c, SA(where)), 0);
	s = accept(l, NULL, NULL);
	WANT(send(c, "hello", 5, 0), 5);
	WANT(expect_pattern(s, 0, 0), 0);
	WANT(recv(s, (char[9]){}, 9, 0), 5);
}

static void connect_unreachable(void)
{
	struct addr where = unreachable(80);
	int c = sock(0);

	FAIL(connect(c, SA(where)), ENETUNREACH);
	FAIL(connect(c, SA(where)), ENETUNREACH);
	WANT(socket_error(c), 0);
}

static void connect_short_address(void)
{
	struct addr where;
	int c = sock(0);

	listening(&where);
	FAIL(connect(c, &where.sa, 0), EINVAL);
	FAIL(connect(c, &where.sa, 1), EINVAL);
	FAIL(connect(c, &where.sa, 8), EINVAL);
	FAIL(connect(c, &where.sa, -1), EINVAL);
	FAIL(connect(c, &where.sa, 4096), EINVAL);
	WANT(connect(c, &where.sa, sizeof(where.any)), 0);
}

static void connect_wrong_family(void)
{
	struct addr where;
	int c = sock(0);

	listening(&where);
	where.sa.sa_family = AF_UNIX;
	FAIL(connect(c, SA(where)), EAFNOSUPPORT);
	where.sa.sa_family = AF_SMC;
	FAIL(connect(c, SA(where)), EAFNOSUPPORT);
	where.sa.sa_family = 255;
	FAIL(connect(c, SA(where)), EAFNOSUPPORT);
	where.sa.sa_family = setting.family;
	WANT(connect(c, SA(where)), 0);
}

static void connect_v4_address_on_v6(void)
{
	struct addr where = loopback(9);
	int c = sock(0);

	where.sa.sa_family = AF_INET;
	FAIL(connect(c, &where.sa, sizeof(where.v4)), EINVAL);
	FAIL(connect(c, SA(where)), EAFNOSUPPORT);
}

static void connect_mapped(void)
{
	struct addr where = wildcard(0), to;
	int l = sock(0), c = sock(0), s;

	WANT(bind(l, SA(where)), 0);
	WANT(listen(l, 1), 0);
	where = own_name(l);
	to = where;
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &to.v6.sin6_addr);
	WANT(connect(c, SA(to)), 0);
	s = accept(l, NULL, NULL);
	WANT(send_all(c, 70000, 0), 70000);
	WANT(expect_pattern(s, 70000, 0), 70000);
}

static void connect_mapped_v6only(void)
{
	struct addr to = loopback(9);
	int c = sock(0);

	set_int(c, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &to.v6.sin6_addr);
	FAIL(connect(c, SA(to)), ENETUNREACH);
}

static void connect_wildcard(void)
{
	struct addr where, name;
	int c = sock(0);

	listening(&where);
	where = wildcard(port_of(&where));
	WANT(connect(c, SA(where)), 0);
	name = peer_name(c);
	where = loopback(port_of(&where));
	WANT(same_addr(&name, &where), 1);
}

static void connect_unspec_unused(void)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	int c = sock(0);

	WANT(connect(c, &none, sizeof(none)), 0);
	MASK(c, POLLOUT | POLLHUP);
}

static void connect_unspec_disconnects(void)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct pair p = connected();
	struct addr addr = { .len = sizeof(addr.any) };
	char byte;

	WANT(connect(p.c, &none, sizeof(none)), 0);
	FAIL(getpeername(p.c, &addr.sa, &addr.len), ENOTCONN);
	CALL(socket_error(p.c));
	FAIL(send(p.c, "x", 1, MSG_NOSIGNAL), EPIPE);
	MASK(p.s, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	FAIL(recv(p.s, &byte, 1, 0), ECONNRESET);
}

static void connect_after_disconnect(void)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct pair p = connected();
	struct addr where = own_name(p.l);
	int s;

	WANT(connect(p.c, &none, sizeof(none)), 0);
	WANT(connect(p.c, SA(where)), 0);
	s = accept(p.l, NULL, NULL);
	WANT(send_all(p.c, 1000, 0), 1000);
	WANT(expect_pattern(s, 1000, 0), 1000);
}

static void connect_unspec_after_end(void)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct pair p = connected();

	WANT(shutdown(p.s, SHUT_WR), 0);
	WANT(recv(p.c, (char[9]){}, 9, 0), 0);
	WANT(connect(p.c, &none, sizeof(none)), 0);
	CALL(send(p.c, "x", 1, MSG_NOSIGNAL));
	CALL(send(p.c, "x", 1, MSG_NOSIGNAL));
}

static void connect_unspec_wakes(void)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct pair p = connected();

	if (!part()) {
		CALL(recv(p.c, (char[9]){}, 9, 0));
		done();
	}
	asleep(1);
	WANT(connect(p.c, &none, sizeof(none)), 0);
	join(1);
}

static void connect_unspec_listener(void)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct addr where;
	int l = listening(&where), c = sock(0);

	WANT(connect(l, &none, sizeof(none)), 0);
	WANT(get_int(l, SOL_SOCKET, SO_ACCEPTCONN), 0);
	FAIL(connect(c, SA(where)), ECONNREFUSED);
}

static void connect_time_out(void)
{
	struct addr nowhere = black_hole(0);
	long begin = now_ms();
	int c = sock(0);

	WANT(set_timeout(c, SO_SNDTIMEO, 300), 0);
	FAIL(connect(c, SA(nowhere)), EINPROGRESS);
	WANT(now_ms() - begin >= 40, 1);
	FAIL(connect(c, SA(nowhere)), EALREADY);
}

static void connect_gives_up(void)
{
	struct addr nowhere = black_hole(0);
	int c = sock(0);

	set_int(c, IPPROTO_TCP, TCP_SYNCNT, 1);
	set_int(c, IPPROTO_TCP, TCP_USER_TIMEOUT, 500);
	FAIL(connect(c, SA(nowhere)), ETIMEDOUT);
	WANT(socket_error(c), 0);
}

static void connect_itself(void)
{
	struct addr me = loopback(0), name;
	char byte = 0;
	int c = sock(0);

	WANT(bind(c, SA(me)), 0);
	me = own_name(c);
	WANT(connect(c, SA(me)), 0);
	name = peer_name(c);
	WANT(same_addr(&me, &name), 1);
	WANT(send(c, "x", 1, 0), 1);
	WANT(recv(c, &byte, 1, 0), 1);
	WANT(byte, 'x');
	WANT(shutdown(c, SHUT_WR), 0);
	WANT(recv(c, &byte, 1, 0), 0);
}

static void connect_same_pair_twice(void)
{
	struct pair p = connected();
	struct addr where = peer_name(p.c), mine = own_name(p.c);
	int c = sock(0);

	set_int(c, SOL_SOCKET, SO_REUSEADDR, 1);
	FAIL(bind(c, SA(mine)), EADDRINUSE);
	WANT(connect(c, SA(where)), 0);
}

static void connect_no_port_left(void)
{
	struct addr where = loopback(0);
	int i, c = -1;

	listening(&where);
	WANT(set_sysctl("net/ipv4/ip_local_port_range", "20000 20003"), 0);
	for (i = 0; i < 4; i++) {
		c = sock(0);
		WANT(connect(c, SA(where)), 0);
	}
	FAIL(connect(sock(0), SA(where)), EADDRNOTAVAIL);
	where = loopback(0);
	CALL(bind(c = sock(0), SA(where)));
}

static const struct test connect_tests[] = {
	CASE(connect_works, "connect() to a listener succeeds before accept()"),
	CASE(connect_again, "connect() of a connected socket is refused"),
	CASE(connect_refused, "connect() to a closed port is refused"),
	CASE(connect_after_refused, "a refused socket can connect later"),
	CASE(connect_unreachable, "connect() without a route fails at once"),
	CASE(connect_short_address, "connect() refuses addresses of a wrong length"),
	CASE(connect_wrong_family, "connect() refuses addresses of other families"),
	CASE_FLAGS(connect_v4_address_on_v6, ONLY_V6, "connect() of an IPv6 socket refuses an IPv4 address"),
	CASE_FLAGS(connect_mapped, ONLY_V6, "connect() to a mapped address goes by IPv4"),
	CASE_FLAGS(connect_mapped_v6only, ONLY_V6, "IPV6_V6ONLY forbids mapped addresses"),
	CASE(connect_wildcard, "connect() to the wildcard reaches this machine"),
	CASE(connect_unspec_unused, "AF_UNSPEC on a new socket does nothing"),
	CASE(connect_unspec_disconnects, "AF_UNSPEC resets a connection"),
	CASE(connect_after_disconnect, "a disconnected socket can connect again"),
	CASE(connect_unspec_after_end, "AF_UNSPEC after the end of the stream is a reset"),
	CASE(connect_unspec_wakes, "AF_UNSPEC wakes who waits in recv()"),
	CASE(connect_unspec_listener, "AF_UNSPEC ends a listener"),
	CASE(connect_time_out, "SO_SNDTIMEO ends connect(), which goes on"),
	CASE(connect_gives_up, "connect() to a silent peer times out"),
	CASE_FLAGS(connect_itself, FALLS_BACK, "a socket can connect to itself"),
	CASE(connect_same_pair_twice, "a port in use can be connected to again, not bound"),
	CASE_FLAGS(connect_no_port_left, OWN_NET, "connect() without a free port is refused"),
};

GROUP(connect);

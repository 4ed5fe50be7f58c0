// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * accept() and accept4().
 */

#include "conformance.h"

static void accept_names_peer(void)
{
	struct addr where, from = { .len = sizeof(from.any) }, name;
	int l = listening(&where), c = sock(0), s;

	WANT(connect(c, SA(where)), 0);
	s = accept(l, &from.sa, &from.len);
	WANT(s >= 0, 1);
	name = own_name(c);
	WANT(same_addr(&from, &name), 1);
	name = peer_name(s);
	WANT(same_addr(&from, &name), 1);
	name = own_name(s);
	WANT(same_addr(&where, &name), 1);
}

static void accept_short_name(void)
{
	struct addr where, from = { .len = 4 };
	socklen_t whole = setting.family == AF_INET ? sizeof(from.v4) :
						      sizeof(from.v6);
	int l = listening(&where), c = sock(0);

	memset(&from.any, 0x55, sizeof(from.any));
	WANT(connect(c, SA(where)), 0);
	WANT(accept(l, &from.sa, &from.len) >= 0, 1);
	WANT(from.len, whole);
	WANT(from.sa.sa_family, setting.family);
	WANT(((unsigned char *)&from.any)[4], 0x55);
}

static void accept_bad_length(void)
{
	struct addr where, from = {};
	int l = listening(&where), c = sock(0);

	from.len = -1;
	WANT(connect(c, SA(where)), 0);
	FAIL(accept(l, &from.sa, &from.len), EINVAL);
	MASK(l, 0);
}

static void accept_nonblocking(void)
{
	struct addr where;
	int l = listening(&where), c = sock(0);

	WANT(set_nonblock(l), 0);
	FAIL(accept(l, NULL, NULL), EAGAIN);
	WANT(connect(c, SA(where)), 0);
	MASK(l, POLLIN);
	WANT(accept(l, NULL, NULL) >= 0, 1);
	FAIL(accept(l, NULL, NULL), EAGAIN);
	MASK(l, 0);
}

static void accept_flags(void)
{
	struct addr where;
	int l = listening(&where), c = sock(0), d = sock(0), s;

	WANT(connect(c, SA(where)), 0);
	WANT(connect(d, SA(where)), 0);
	s = accept4(l, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	WANT(fcntl(s, F_GETFL), O_RDWR | O_NONBLOCK);
	WANT(fcntl(s, F_GETFD), FD_CLOEXEC);
	FAIL(accept4(l, NULL, NULL, 1), EINVAL);
	s = accept4(l, NULL, NULL, 0);
	WANT(fcntl(s, F_GETFL), O_RDWR);
	WANT(fcntl(s, F_GETFD), 0);
}

static void accept_flags_not_inherited(void)
{
	struct addr where;
	int l = listening(&where), c = sock(0), s;

	WANT(set_nonblock(l), 0);
	WANT(connect(c, SA(where)), 0);
	MASK(l, POLLIN);
	s = accept(l, NULL, NULL);
	WANT(fcntl(s, F_GETFL), O_RDWR);
}

static void accept_wakes(void)
{
	struct addr where;
	int l = listening(&where), c = sock(0);

	if (!part()) {
		WANT(accept(l, NULL, NULL) >= 0, 1);
		done();
	}
	asleep(1);
	WANT(connect(c, SA(where)), 0);
	join(1);
}

static void accept_one_each(void)
{
	struct addr where;
	int l = listening(&where), i;

	for (i = 1; i <= 3; i++) {
		if (!part()) {
			char byte = 0;
			int s = accept(l, NULL, NULL);

			WANT(recv(s, &byte, 1, 0), 1);
			WANT(byte, 'x');
			done();
		}
		asleep(i);
	}
	for (i = 1; i <= 3; i++) {
		int c = sock(0);

		WANT(connect(c, SA(where)), 0);
		WANT(send(c, "x", 1, 0), 1);
	}
	for (i = 1; i <= 3; i++)
		join(i);
}

/* Returns how many connections wait in the listener's queue. */
static int waiting_at(int l)
{
	return tcp_info_of(l).tcpi_unacked;
}

/* Clients that write into the server's memory are connected once it can accept;
 * over TCP and adapters the server may be a moment behind.
 */
static void expect_waiting(int l, int wanted)
{
	if (setting.path == PATH_MAPPED && !setting.carrier->tcp)
		WANT(waiting_at(l), wanted);
	else
		SOON(waiting_at(l), wanted);
}

static void accept_in_order(void)
{
	struct addr where, name, from;
	int l = listening(&where), c[5], i;

	for (i = 0; i < 5; i++) {
		c[i] = sock(0);
		WANT(connect(c[i], SA(where)), 0);
		expect_waiting(l, i + 1);
	}
	for (i = 0; i < 5; i++) {
		from.len = sizeof(from.any);
		WANT(accept(l, &from.sa, &from.len) >= 0, 1);
		name = own_name(c[i]);
		WANT(same_addr(&name, &from), 1);
	}
}

/* Linux hands out the connection nevertheless. */
static void accept_already_closed(void)
{
	struct addr where;
	int l = listening(&where), c = sock(0), s;

	WANT(connect(c, SA(where)), 0);
	WANT(send(c, "bye", 3, 0), 3);
	WANT(close(c), 0);
	s = accept(l, NULL, NULL);
	WANT(s >= 0, 1);
	MASK(s, POLLIN | POLLOUT | POLLRDHUP);
	WANT(drain(s), 3);
}

static void accept_all_closed(void)
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

static void accept_already_reset(void)
{
	struct linger now = { .l_onoff = 1 };
	struct addr where;
	int l = listening(&where), c = sock(0), s;
	char byte;

	WANT(connect(c, SA(where)), 0);
	WANT(setsockopt(c, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
	WANT(close(c), 0);
	s = accept(l, NULL, NULL);
	WANT(s >= 0, 1);
	MASK(s, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	FAIL(recv(s, &byte, 1, 0), ECONNRESET);
}

static void accept_time_out(void)
{
	struct addr where;
	int l = listening(&where);
	long begin = now_ms();

	WANT(set_timeout(l, SO_RCVTIMEO, 300), 0);
	FAIL(accept(l, NULL, NULL), EAGAIN);
	WANT(now_ms() - begin >= 40, 1);
}

static void accept_no_descriptor(void)
{
	struct addr where;
	int l = listening(&where), c = sock(0), fd, last = -1;

	WANT(connect(c, SA(where)), 0);
	while ((fd = dup(0)) >= 0)
		last = fd;
	FAIL(accept(l, NULL, NULL), EMFILE);
	MASK(l, POLLIN);
	WANT(close(last), 0);
	WANT(accept(l, NULL, NULL) >= 0, 1);
}

static void accept_defer(void)
{
	struct addr where;
	int l = listening_with(&where, 5, IPPROTO_TCP, TCP_DEFER_ACCEPT, 5);
	int c = sock(0), s;
	char byte;

	WANT(set_nonblock(l), 0);
	WANT(connect(c, SA(where)), 0);
	FAIL(accept(l, NULL, NULL), EAGAIN);
	WANT(send(c, "x", 1, 0), 1);
	MASK(l, POLLIN);
	s = accept(l, NULL, NULL);
	WANT(recv(s, &byte, 1, MSG_DONTWAIT), 1);
}

static void accept_mapped(void)
{
	struct addr from = { .len = sizeof(from.any) };
	struct addr where = wildcard(0), name;
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	int l = sock(0), c, s;

	WANT(bind(l, SA(where)), 0);
	WANT(listen(l, 1), 0);
	where = own_name(l);
	v4.sin_port = where.v6.sin6_port;
	v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c = socket(AF_INET, SOCK_STREAM, setting.carrier->tcp ? 0 :
		   setting.carrier->own_family ? 0 : IPPROTO_SMC);
	WANT(connect(c, (struct sockaddr *)&v4, sizeof(v4)), 0);
	s = accept(l, &from.sa, &from.len);
	WANT(from.sa.sa_family, AF_INET6);
	WANT(!!IN6_IS_ADDR_V4MAPPED(&from.v6.sin6_addr), 1);
	name = own_name(s);
	WANT(!!IN6_IS_ADDR_V4MAPPED(&name.v6.sin6_addr), 1);
	WANT(send(c, "x", 1, 0), 1);
	WANT(recv(s, &(char){ 0 }, 1, 0), 1);
}

/* If only one end is an SMC socket, both simply talk TCP. */
static void accept_plain_client(void)
{
	struct addr where;
	int l = listening(&where), s;
	int c = socket(setting.family, SOCK_STREAM, 0);

	WANT(connect(c, SA(where)), 0);
	s = accept(l, NULL, NULL);
	WANT(send_all(c, 100000, 0), 100000);
	WANT(expect_pattern(s, 100000, 0), 100000);
	WANT(send_all(s, 1000, 7), 1000);
	WANT(expect_pattern(c, 1000, 7), 1000);
	WANT(close(c), 0);
	WANT(drain(s), 0);
}

static void accept_at_plain_server(void)
{
	struct addr where = loopback(0);
	int l = socket(setting.family, SOCK_STREAM, 0), c = sock(0), s;

	WANT(bind(l, SA(where)), 0);
	WANT(listen(l, 5), 0);
	where = own_name(l);
	WANT(connect(c, SA(where)), 0);
	s = accept(l, NULL, NULL);
	WANT(send_all(c, 100000, 0), 100000);
	WANT(expect_pattern(s, 100000, 0), 100000);
	WANT(send_all(s, 1000, 7), 1000);
	WANT(expect_pattern(c, 1000, 7), 1000);
	WANT(close(s), 0);
	WANT(drain(c), 0);
}

static const struct test accept_tests[] = {
	CASE(accept_names_peer, "accept() names the peer"),
	CASE(accept_short_name, "accept() cuts the name and says its length"),
	CASE(accept_bad_length, "accept() with a negative length is refused"),
	CASE(accept_nonblocking, "accept() without blocking takes what is there"),
	CASE(accept_flags, "accept4() applies its flags and refuses others"),
	CASE(accept_flags_not_inherited, "accept() does not inherit O_NONBLOCK"),
	CASE(accept_wakes, "a connection wakes accept()"),
	CASE(accept_one_each, "each connection wakes one accept()"),
	CASE(accept_in_order, "connections are accepted in their order"),
	CASE(accept_already_closed, "a connection closed by its peer is accepted with its data"),
	CASE(accept_all_closed, "bytes of a connection closed before accept() are all there"),
	CASE(accept_already_reset, "a connection reset by its peer is accepted with its error"),
	CASE(accept_time_out, "SO_RCVTIMEO ends accept()"),
	CASE(accept_no_descriptor, "accept() without a free descriptor loses nothing"),
	CASE(accept_defer, "TCP_DEFER_ACCEPT waits for data"),
	CASE_FLAGS(accept_mapped, ONLY_V6, "an IPv6 listener accepts IPv4"),
	CASE_FLAGS(accept_plain_client, FALLS_BACK, "a plain TCP client is served"),
	CASE_FLAGS(accept_at_plain_server, FALLS_BACK, "a plain TCP server is understood"),
};

GROUP(accept);

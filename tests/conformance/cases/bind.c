// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * bind().
 */

#include "conformance.h"

static void bind_any_port(void)
{
	struct addr addr = loopback(0), name;
	int fd = sock(0);

	WANT(bind(fd, SA(addr)), 0);
	name = own_name(fd);
	WANT(name.sa.sa_family, setting.family);
	WANT(port_of(&name) > 0, 1);
	addr = loopback(port_of(&name));
	WANT(same_addr(&addr, &name), 1);
}

static void bind_given_port(void)
{
	struct addr addr = nobody(), name;
	int fd = sock(0);

	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	FAIL(bind(fd, SA(addr)), EADDRINUSE);
	addr = loopback(17);
	WANT(bind(fd, SA(addr)), 0);
	name = own_name(fd);
	WANT(port_of(&name), 17);
}

static void bind_twice(void)
{
	struct addr addr = loopback(0);
	int fd = sock(0);

	WANT(bind(fd, SA(addr)), 0);
	FAIL(bind(fd, SA(addr)), EINVAL);
}

static void bind_taken(void)
{
	struct addr where;
	int fd = sock(0);

	listening(&where);
	FAIL(bind(fd, SA(where)), EADDRINUSE);
	where = wildcard(port_of(&where));
	FAIL(bind(fd, SA(where)), EADDRINUSE);
	where = loopback(0);
	WANT(bind(fd, SA(where)), 0);
}

static void bind_foreign_address(void)
{
	struct addr addr = unreachable(0);
	int fd = sock(0);

	FAIL(bind(fd, SA(addr)), EADDRNOTAVAIL);
}

static void bind_freebind(void)
{
	struct addr addr = unreachable(0);
	int fd = sock(0);

	set_int(fd, IPPROTO_IP, IP_FREEBIND, 1);
	WANT(bind(fd, SA(addr)), 0);
}

static void bind_wrong_family(void)
{
	struct addr addr = loopback(0);
	int fd = sock(0);

	addr.sa.sa_family = AF_UNIX;
	FAIL(bind(fd, SA(addr)), EAFNOSUPPORT);
	addr.sa.sa_family = AF_SMC;
	FAIL(bind(fd, SA(addr)), EAFNOSUPPORT);
	addr.sa.sa_family = AF_UNSPEC;
	CALL(bind(fd, SA(addr)));
}

static void bind_other_ip_family(void)
{
	struct addr addr = loopback(0);
	int fd = sock(0);

	addr.sa.sa_family = setting.family == AF_INET ? AF_INET6 : AF_INET;
	CALL(bind(fd, SA(addr)));
}

/* For historical reasons, AF_UNSPEC with the wildcard address is AF_INET. */
static void bind_unspec_wildcard(void)
{
	struct addr addr = wildcard(0);
	int fd = sock(0);

	addr.sa.sa_family = AF_UNSPEC;
	WANT(bind(fd, SA(addr)), 0);
}

static void bind_short_address(void)
{
	struct addr addr = loopback(0);
	int fd = sock(0);

	FAIL(bind(fd, &addr.sa, 0), EINVAL);
	FAIL(bind(fd, &addr.sa, 2), EINVAL);
	FAIL(bind(fd, &addr.sa, 15), EINVAL);
	FAIL(bind(fd, &addr.sa, -1), EINVAL);
	FAIL(bind(fd, &addr.sa, 4096), EINVAL);
	WANT(bind(fd, &addr.sa, sizeof(addr.any)), 0);
}

static void bind_reuseaddr(void)
{
	struct addr addr = loopback(0);
	int a = sock(0), b = sock(0);

	set_int(a, SOL_SOCKET, SO_REUSEADDR, 1);
	WANT(bind(a, SA(addr)), 0);
	addr = own_name(a);
	FAIL(bind(b, SA(addr)), EADDRINUSE);
	set_int(b, SOL_SOCKET, SO_REUSEADDR, 1);
	WANT(bind(b, SA(addr)), 0);
	WANT(listen(a, 1), 0);
	FAIL(listen(b, 1), EADDRINUSE);
}

static void bind_reuseport(void)
{
	struct addr addr = loopback(0);
	int a = sock(0), b = sock(0);

	set_int(a, SOL_SOCKET, SO_REUSEPORT, 1);
	set_int(b, SOL_SOCKET, SO_REUSEPORT, 1);
	WANT(bind(a, SA(addr)), 0);
	addr = own_name(a);
	WANT(bind(b, SA(addr)), 0);
	WANT(listen(a, 1), 0);
	WANT(listen(b, 1), 0);
}

static void bind_before_connect(void)
{
	struct addr where, mine = loopback(0), name;
	int c = sock(0), s;

	int l = listening(&where);

	WANT(bind(c, SA(mine)), 0);
	mine = own_name(c);
	WANT(connect(c, SA(where)), 0);
	name = own_name(c);
	WANT(same_addr(&mine, &name), 1);
	s = accept(l, NULL, NULL);
	name = peer_name(s);
	WANT(same_addr(&mine, &name), 1);
}

static void bind_after_connect(void)
{
	struct addr addr = loopback(0);
	struct pair p = connected();

	FAIL(bind(p.c, SA(addr)), EINVAL);
	FAIL(bind(p.s, SA(addr)), EINVAL);
	FAIL(bind(p.l, SA(addr)), EINVAL);
}

static void bind_no_port(void)
{
	struct addr addr = loopback(0), name;
	int fd = sock(0);

	set_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	WANT(bind(fd, SA(addr)), 0);
	name = own_name(fd);
	WANT(port_of(&name), 0);
	listening(&addr);
	WANT(connect(fd, SA(addr)), 0);
	name = own_name(fd);
	WANT(port_of(&name) > 0, 1);
}

static void bind_frees_port(void)
{
	struct addr addr = loopback(0);
	int a = sock(0), b = sock(0);

	WANT(bind(a, SA(addr)), 0);
	addr = own_name(a);
	WANT(close(a), 0);
	WANT(bind(b, SA(addr)), 0);
}

static void bind_v6only(void)
{
	struct addr addr = wildcard(0);
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	int a = sock(0), b;

	WANT(get_int(a, IPPROTO_IPV6, IPV6_V6ONLY), 0);
	set_int(a, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	WANT(bind(a, SA(addr)), 0);
	addr = own_name(a);
	v4.sin_port = addr.v6.sin6_port;
	b = socket(AF_INET, SOCK_STREAM, 0);
	WANT(bind(b, (struct sockaddr *)&v4, sizeof(v4)), 0);
	FAIL(setsockopt(a, IPPROTO_IPV6, IPV6_V6ONLY, &(int){ 0 }, 4), EINVAL);
}

static const struct test bind_tests[] = {
	CASE(bind_any_port, "bind() to port 0 chooses a port"),
	CASE(bind_given_port, "bind() takes the port it is given"),
	CASE(bind_twice, "a second bind() is refused"),
	CASE(bind_taken, "bind() to a taken port is refused and leaves no trace"),
	CASE(bind_foreign_address, "bind() to a foreign address is refused"),
	CASE(bind_freebind, "IP_FREEBIND lets bind() take a foreign address"),
	CASE(bind_wrong_family, "bind() refuses addresses of other families"),
	CASE(bind_other_ip_family, "bind() to the other IP family fails as TCP does"),
	CASE_FLAGS(bind_unspec_wildcard, ONLY_V4, "bind() takes AF_UNSPEC with the wildcard"),
	CASE(bind_short_address, "bind() refuses addresses of a wrong length"),
	CASE(bind_reuseaddr, "SO_REUSEADDR shares a port until one listens"),
	CASE(bind_reuseport, "SO_REUSEPORT shares a port between listeners"),
	CASE(bind_before_connect, "connect() keeps the name bind() gave"),
	CASE(bind_after_connect, "bind() of a connected socket is refused"),
	CASE(bind_no_port, "IP_BIND_ADDRESS_NO_PORT leaves the port to connect()"),
	CASE(bind_frees_port, "close() gives the port back"),
	CASE_FLAGS(bind_v6only, ONLY_V6, "IPV6_V6ONLY leaves the port to IPv4"),
};

GROUP(bind);

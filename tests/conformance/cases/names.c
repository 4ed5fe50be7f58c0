// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * getsockname() and getpeername().
 */

#include "conformance.h"

static void names_unbound(void)
{
	struct addr name, any = wildcard(0);
	int fd = sock(0);

	name = own_name(fd);
	WANT(same_addr(&name, &any), 1);
}

static void names_match(void)
{
	struct pair p = connected();
	struct addr c = own_name(p.c), s = peer_name(p.s);

	WANT(same_addr(&c, &s), 1);
	c = peer_name(p.c);
	s = own_name(p.s);
	WANT(same_addr(&c, &s), 1);
	s = own_name(p.l);
	WANT(same_addr(&c, &s), 1);
}

static void names_lengths(void)
{
	struct pair p = connected();
	socklen_t whole = setting.family == AF_INET ?
		sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	struct addr addr = { .len = 3 };

	WANT(getsockname(p.c, &addr.sa, &addr.len), 0);
	WANT(addr.len, whole);
	addr.len = 0;
	WANT(getpeername(p.c, &addr.sa, &addr.len), 0);
	WANT(addr.len, whole);
	addr.len = -5;
	FAIL(getsockname(p.c, &addr.sa, &addr.len), EINVAL);
	FAIL(getpeername(p.c, &addr.sa, &addr.len), EINVAL);
}

static void names_fault(void)
{
	struct pair p = connected();
	struct addr addr = { .len = sizeof(addr.any) };

	FAIL(getsockname(p.c, bad_pointer(), &addr.len), EFAULT);
	FAIL(getpeername(p.c, bad_pointer(), &addr.len), EFAULT);
	FAIL(getsockname(p.c, &addr.sa, bad_pointer()), EFAULT);
	FAIL(getpeername(p.c, &addr.sa, bad_pointer()), EFAULT);
}

static void names_after_shutdown(void)
{
	struct pair p = connected();
	struct addr addr = { .len = sizeof(addr.any) };

	WANT(shutdown(p.c, SHUT_RDWR), 0);
	WANT(getpeername(p.c, &addr.sa, &addr.len), 0);
	WANT(getsockname(p.c, &addr.sa, &addr.len), 0);
	MASK(p.s, POLLIN | POLLOUT | POLLRDHUP);
	WANT(getpeername(p.s, &addr.sa, &addr.len), 0);
}

static void names_after_reset(void)
{
	struct linger now = { .l_onoff = 1 };
	struct pair p = connected();
	struct addr addr = { .len = sizeof(addr.any) };

	setsockopt(p.c, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	WANT(close(p.c), 0);
	MASK(p.s, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	FAIL(getpeername(p.s, &addr.sa, &addr.len), ENOTCONN);
	WANT(getsockname(p.s, &addr.sa, &addr.len), 0);
}

static void names_scope(void)
{
	struct pair p = connected();
	struct addr name = own_name(p.s);

	WANT(name.v6.sin6_scope_id, 0);
	WANT(name.v6.sin6_flowinfo, 0);
}

static void names_in_proc(void)
{
	const char *path = setting.family == AF_INET ? "/proc/net/tcp" :
						       "/proc/net/tcp6";
	struct pair p = connected();
	struct addr name = own_name(p.s);
	char want[16], text[400];
	bool found = false;
	FILE *file = fopen(path, "re");

	snprintf(want, sizeof(want), ":%04X ", port_of(&name));
	while (file && fgets(text, sizeof(text), file))
		found |= !!strstr(text, want);
	WANT(found, 1);
}

static const struct test names_tests[] = {
	CASE(names_unbound, "an unbound socket is named by the wildcard"),
	CASE(names_match, "both ends name each other alike"),
	CASE(names_lengths, "names are cut to the length of the buffer"),
	CASE(names_fault, "a bad pointer for a name is EFAULT"),
	CASE(names_after_shutdown, "names stay after shutdown()"),
	CASE(names_after_reset, "a reset takes the peer's name away"),
	CASE_FLAGS(names_scope, ONLY_V6, "IPv6 names have no scope on loopback"),
	CASE(names_in_proc, "the connection is listed in /proc/net/tcp"),
};

GROUP(names);

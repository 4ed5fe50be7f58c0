// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * Sockets and addresses of the carrier and family under test.
 */

#include <linux/filter.h>

#include "conformance.h"

int sock_type(int type)
{
	if (setting.carrier->own_family)
		return socket(AF_SMC, type, setting.family == AF_INET6);
	return socket(setting.family, type,
		      setting.carrier->tcp ? IPPROTO_TCP : IPPROTO_SMC);
}

int sock(int flags)
{
	int fd = sock_type(SOCK_STREAM | flags);

	if (fd < 0)
		broken("socket");
	return fd;
}

static struct addr make_addr(const char *v4, const char *v6, int port)
{
	struct addr addr = {};

	addr.sa.sa_family = setting.family;
	if (setting.family == AF_INET) {
		addr.len = sizeof(addr.v4);
		addr.v4.sin_port = htons(port);
		inet_pton(AF_INET, v4, &addr.v4.sin_addr);
	} else {
		addr.len = sizeof(addr.v6);
		addr.v6.sin6_port = htons(port);
		inet_pton(AF_INET6, v6, &addr.v6.sin6_addr);
	}
	return addr;
}

struct addr loopback(int port)
{
	return make_addr("127.0.0.1", "::1", port);
}

struct addr wildcard(int port)
{
	return make_addr("0.0.0.0", "::", port);
}

struct addr unreachable(int port)
{
	return make_addr("192.0.2.1", "2001:db8::1", port);
}

/* Drops everything that arrives, SYNs included, until SO_DETACH_FILTER. */
void go_deaf(int fd)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { .len = 1, .filter = &drop };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
		       sizeof(program)))
		broken("SO_ATTACH_FILTER");
}

/* A plain TCP listener that drops every SYN. */
struct addr black_hole(int port)
{
	struct addr addr = loopback(port);
	int fd = socket(setting.family, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, SA(addr)))
		broken("black hole");
	go_deaf(fd);
	if (listen(fd, 1))
		broken("black hole");
	return own_name(fd);
}

struct addr own_name(int fd)
{
	struct addr addr = { .len = sizeof(addr.any) };

	if (getsockname(fd, &addr.sa, &addr.len))
		broken("getsockname");
	return addr;
}

struct addr peer_name(int fd)
{
	struct addr addr = { .len = sizeof(addr.any) };

	if (getpeername(fd, &addr.sa, &addr.len))
		broken("getpeername");
	return addr;
}

int port_of(const struct addr *addr)
{
	return ntohs(addr->sa.sa_family == AF_INET ? addr->v4.sin_port :
						     addr->v6.sin6_port);
}

bool same_addr(const struct addr *a, const struct addr *b)
{
	if (a->len != b->len || a->sa.sa_family != b->sa.sa_family ||
	    port_of(a) != port_of(b))
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
	return !memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr,
		       sizeof(a->v6.sin6_addr));
}

/* Bound and never listening: the port stays in use, and closed. */
struct addr nobody(void)
{
	struct addr addr = loopback(0);
	int fd = socket(setting.family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, SA(addr)))
		broken("nobody");
	return own_name(fd);
}

int listening_with(struct addr *where, int backlog, int level, int option,
		   int value)
{
	struct addr addr = loopback(0);
	int l = sock(0);

	if (level >= 0)
		set_int(l, level, option, value);
	if (bind(l, SA(addr)) || listen(l, backlog))
		broken("listen");
	*where = own_name(l);
	return l;
}

int listening(struct addr *where)
{
	return listening_with(where, 16, -1, 0, 0);
}

struct pair accept_one(int l, const struct addr *where)
{
	struct pair p = { .l = l, .c = sock(0) };

	if (connect(p.c, &where->sa, where->len))
		broken("connect");
	p.s = accept(l, NULL, NULL);
	if (p.s < 0)
		broken("accept");
	prove_carrier(p.c);
	prove_carrier(p.s);
	return p;
}

struct pair connected(void)
{
	struct addr where;
	int l = listening(&where);

	return accept_one(l, &where);
}

struct pair connected_small(void)
{
	struct addr where;
	struct pair p = { .l = listening_with(&where, 16, SOL_SOCKET,
					      SO_RCVBUF, 16384) };

	set_int(p.l, SOL_SOCKET, SO_SNDBUF, 16384);
	p.c = sock(0);
	set_int(p.c, SOL_SOCKET, SO_RCVBUF, 16384);
	set_int(p.c, SOL_SOCKET, SO_SNDBUF, 16384);
	if (connect(p.c, SA(where)))
		broken("connect");
	p.s = accept(p.l, NULL, NULL);
	if (p.s < 0)
		broken("accept");
	prove_carrier(p.c);
	prove_carrier(p.s);
	return p;
}

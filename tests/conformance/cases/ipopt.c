// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * Options of IPPROTO_IP and IPPROTO_IPV6.
 */

#include "conformance.h"

static void try_int(int fd, int level, int option, int value, const char *name)
{
	char label[64];
	int error;

	error = setsockopt(fd, level, option, &value, sizeof(value)) ?
		-errno : 0;
	snprintf(label, sizeof(label), "setsockopt(%s)", name);
	NOTE(label, error);
	snprintf(label, sizeof(label), "getsockopt(%s)", name);
	NOTE(label, get_int(fd, level, option));
}

#define V4(fd, option, value) try_int(fd, IPPROTO_IP, option, value, #option)
#define V6(fd, option, value) try_int(fd, IPPROTO_IPV6, option, value, #option)

static void try_v4(int fd)
{
	V4(fd, IP_TOS, 0x10);
	V4(fd, IP_TTL, 77);
	V4(fd, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
	V4(fd, IP_RECVERR, 1);
	V4(fd, IP_FREEBIND, 1);
	V4(fd, IP_TRANSPARENT, 1);
	V4(fd, IP_MINTTL, 5);
	V4(fd, IP_RECVTOS, 1);
	V4(fd, IP_RECVTTL, 1);
	V4(fd, IP_PKTINFO, 1);
	V4(fd, IP_NODEFRAG, 1);
	V4(fd, IP_HDRINCL, 1);
	V4(fd, IP_MULTICAST_TTL, 3);
	V4(fd, IP_MULTICAST_LOOP, 0);
	V4(fd, IP_BIND_ADDRESS_NO_PORT, 1);
	V4(fd, IP_TTL, 256);
	V4(fd, IP_TTL, -1);
	V4(fd, IP_TOS, 0x1ff);
	V4(fd, 9999, 1);
}

static void try_v6(int fd)
{
	V6(fd, IPV6_TCLASS, 0x20);
	V6(fd, IPV6_UNICAST_HOPS, 66);
	V6(fd, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO);
	V6(fd, IPV6_RECVERR, 1);
	V6(fd, IPV6_V6ONLY, 1);
	V6(fd, IPV6_RECVPKTINFO, 1);
	V6(fd, IPV6_RECVTCLASS, 1);
	V6(fd, IPV6_RECVHOPLIMIT, 1);
	V6(fd, IPV6_DONTFRAG, 1);
	V6(fd, IPV6_MTU, 1400);
	V6(fd, IPV6_AUTOFLOWLABEL, 1);
	V6(fd, IPV6_FREEBIND, 1);
	V6(fd, IPV6_TRANSPARENT, 1);
	V6(fd, IPV6_MINHOPCOUNT, 4);
	V6(fd, IPV6_UNICAST_HOPS, 999);
	V6(fd, IPV6_TCLASS, 0x1ff);
	V6(fd, IPV6_MULTICAST_HOPS, 3);
	V6(fd, 9999, 1);
}

static void ipopt_v4_new(void)
{
	try_v4(sock(0));
}

/*
 * Some options drop TCP's route, which the next packet looks up again, and
 * other options show. A late acknowledgement could come in between by chance,
 * so it is sent now.
 */
static struct pair connected_and_quiet(void)
{
	struct pair p = connected();

	set_int(p.c, SOL_TCP, TCP_QUICKACK, 1);
	set_int(p.s, SOL_TCP, TCP_QUICKACK, 1);
	return p;
}

static void ipopt_v4_connected(void)
{
	struct pair p = connected_and_quiet();

	try_v4(p.c);
	try_v4(p.s);
	WANT(send(p.c, "x", 1, 0), 1);
	WANT(recv(p.s, (char[9]){}, 9, 0), 1);
}

static void ipopt_v4_listening(void)
{
	struct addr where;

	try_v4(listening(&where));
}

static void ipopt_v6_new(void)
{
	try_v6(sock(0));
}

static void ipopt_v6_connected(void)
{
	struct pair p = connected_and_quiet();

	try_v6(p.c);
	try_v6(p.s);
	WANT(send(p.c, "x", 1, 0), 1);
	WANT(recv(p.s, (char[9]){}, 9, 0), 1);
}

static void ipopt_v6_listening(void)
{
	struct addr where;

	try_v6(listening(&where));
}

static void ipopt_v6_on_v4(void)
{
	struct pair p = connected();

	FAIL(setsockopt(p.c, IPPROTO_IPV6, IPV6_TCLASS, &(int){ 1 }, 4),
	     ENOPROTOOPT);
	CALL(get_int(p.c, IPPROTO_IPV6, IPV6_V6ONLY));
}

static void ipopt_inherited(void)
{
	struct addr where;
	int l = listening_with(&where, 5, IPPROTO_IP, IP_TTL, 33);
	struct pair p = accept_one(l, &where);

	WANT(get_int(p.s, IPPROTO_IP, IP_TTL), 33);
}

static void ipopt_one_byte(void)
{
	unsigned char value = 0x10;
	socklen_t len = 1;
	int fd = sock(0);

	WANT(setsockopt(fd, IPPROTO_IP, IP_TOS, &value, 1), 0);
	value = 0;
	WANT(getsockopt(fd, IPPROTO_IP, IP_TOS, &value, &len), 0);
	WANT(value, 0x10);
	WANT(len, 1);
}

static void ipopt_kept_by_connect(void)
{
	struct addr where;
	int c = sock(0);

	listening(&where);
	set_int(c, IPPROTO_IP, IP_TTL, 44);
	set_int(c, IPPROTO_IP, IP_TOS, 0x08);
	WANT(connect(c, SA(where)), 0);
	WANT(get_int(c, IPPROTO_IP, IP_TTL), 44);
	WANT(get_int(c, IPPROTO_IP, IP_TOS), 0x08);
	if (setting.family == AF_INET)
		CALL(get_int(c, IPPROTO_IP, IP_MTU));
	else
		CALL(get_int(c, IPPROTO_IPV6, IPV6_MTU));
}

static void ipopt_to_v4(void)
{
	struct pair p = connected();

	FAIL(setsockopt(p.c, IPPROTO_IPV6, IPV6_ADDRFORM, &(int){ AF_INET }, 4),
	     EADDRNOTAVAIL);
	FAIL(setsockopt(sock(0), IPPROTO_IPV6, IPV6_ADDRFORM,
			&(int){ AF_INET }, 4), ENOTCONN);
}

/* Turns an IPv6 socket with a mapped address into an IPv4 one. */
static void ipopt_to_v4_mapped(void)
{
	struct addr where = wildcard(0);
	int l = sock(0), c = sock(0), s;

	WANT(bind(l, SA(where)), 0);
	WANT(listen(l, 1), 0);
	where = own_name(l);
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &where.v6.sin6_addr);
	WANT(connect(c, SA(where)), 0);
	s = accept(l, NULL, NULL);
	CALL(setsockopt(c, IPPROTO_IPV6, IPV6_ADDRFORM, &(int){ AF_INET }, 4));
	where = own_name(c);
	CALL(where.sa.sa_family);
	WANT(send(c, "abc", 3, 0), 3);
	WANT(recv(s, (char[9]){}, 9, 0), 3);
	WANT(send(s, "abc", 3, 0), 3);
	WANT(recv(c, (char[9]){}, 9, 0), 3);
}

static const struct test ipopt_tests[] = {
	CASE(ipopt_v4_new, "a new socket has TCP's IP options"),
	CASE(ipopt_v4_connected, "a connection has TCP's IP options"),
	CASE(ipopt_v4_listening, "a listener has TCP's IP options"),
	CASE_FLAGS(ipopt_v6_new, ONLY_V6, "a new socket has TCP's IPv6 options"),
	CASE_FLAGS(ipopt_v6_connected, ONLY_V6, "a connection has TCP's IPv6 options"),
	CASE_FLAGS(ipopt_v6_listening, ONLY_V6, "a listener has TCP's IPv6 options"),
	CASE_FLAGS(ipopt_v6_on_v4, ONLY_V4, "an IPv4 socket has no IPv6 options"),
	CASE(ipopt_inherited, "IP_TTL is inherited from the listener"),
	CASE(ipopt_one_byte, "IP options may be one byte long"),
	CASE(ipopt_kept_by_connect, "IP options outlive connect()"),
	CASE_FLAGS(ipopt_to_v4, ONLY_V6, "IPV6_ADDRFORM needs a mapped connection"),
	CASE_FLAGS(ipopt_to_v4_mapped, ONLY_V6, "IPV6_ADDRFORM does what TCP does"),
};

GROUP(ipopt);

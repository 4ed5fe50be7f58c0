// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * Options with a wrong length, level or pointer: nothing is applied.
 */

#include "conformance.h"

static int set_len(int fd, int level, int option, int value, socklen_t len)
{
	return setsockopt(fd, level, option, &value, len);
}

static void badopt_short(void)
{
	int fd = sock(0), was;

	FAIL(set_len(fd, SOL_SOCKET, SO_KEEPALIVE, 1, 0), EINVAL);
	FAIL(set_len(fd, SOL_SOCKET, SO_KEEPALIVE, 1, 3), EINVAL);
	FAIL(set_len(fd, SOL_SOCKET, SO_KEEPALIVE, 1, -1), EINVAL);
	WANT(get_int(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
	was = get_int(fd, SOL_SOCKET, SO_SNDBUF);
	FAIL(set_len(fd, SOL_SOCKET, SO_SNDBUF, 5000, 2), EINVAL);
	WANT(get_int(fd, SOL_SOCKET, SO_SNDBUF) == was, 1);
	FAIL(set_len(fd, SOL_SOCKET, SO_RCVLOWAT, 50, 1), EINVAL);
	WANT(get_int(fd, SOL_SOCKET, SO_RCVLOWAT), 1);
}

static void badopt_short_tcp(void)
{
	struct pair p = connected();

	FAIL(set_len(p.c, IPPROTO_TCP, TCP_NODELAY, 1, 3), EINVAL);
	FAIL(set_len(p.c, IPPROTO_TCP, TCP_NODELAY, 1, 0), EINVAL);
	FAIL(set_len(p.c, IPPROTO_TCP, TCP_NODELAY, 1, -1), EINVAL);
	WANT(get_int(p.c, IPPROTO_TCP, TCP_NODELAY), 0);
	FAIL(set_len(p.c, IPPROTO_TCP, TCP_CORK, 1, 2), EINVAL);
	WANT(get_int(p.c, IPPROTO_TCP, TCP_CORK), 0);
	FAIL(set_len(p.c, IPPROTO_TCP, TCP_KEEPIDLE, 9, 3), EINVAL);
	WANT(get_int(p.c, IPPROTO_TCP, TCP_KEEPIDLE), 7200);
	FAIL(set_len(p.c, IPPROTO_TCP, TCP_DEFER_ACCEPT, 9, 1), EINVAL);
	WANT(get_int(p.c, IPPROTO_TCP, TCP_DEFER_ACCEPT), 0);
	FAIL(set_len(p.c, IPPROTO_TCP, TCP_FASTOPEN, 9, 1), EINVAL);
}

static void badopt_long(void)
{
	long value[4] = { 1 };
	int fd = sock(0);

	CALL(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, value, sizeof(value)));
	CALL(get_int(fd, SOL_SOCKET, SO_KEEPALIVE));
	CALL(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, value, sizeof(value)));
	CALL(get_int(fd, IPPROTO_TCP, TCP_NODELAY));
	CALL(setsockopt(fd, IPPROTO_IP, IP_TTL, value, sizeof(value)));
	CALL(get_int(fd, IPPROTO_IP, IP_TTL));
}

static void badopt_short_ip(void)
{
	int fd = sock(0);

	CALL(set_len(fd, IPPROTO_IP, IP_FREEBIND, 1, 0));
	CALL(get_int(fd, IPPROTO_IP, IP_FREEBIND));
	FAIL(set_len(fd, IPPROTO_IP, IP_TTL, 9, 0), EINVAL);
	CALL(set_len(fd, IPPROTO_IP, IP_TTL, 9, -1));
	CALL(get_int(fd, IPPROTO_IP, IP_TTL));
}

static void badopt_short_ipv6(void)
{
	int fd = sock(0);

	FAIL(set_len(fd, IPPROTO_IPV6, IPV6_TCLASS, 9, 3), EINVAL);
	FAIL(set_len(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1, 1), EINVAL);
	WANT(get_int(fd, IPPROTO_IPV6, IPV6_V6ONLY), 0);
	FAIL(set_len(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 9, 0), EINVAL);
	CALL(get_int(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS));
}

static void badopt_get_lengths(void)
{
	struct pair p = connected();
	unsigned char value[8];
	socklen_t len;
	static const socklen_t lengths[] = { 0, 1, 2, 3, 4, 8, -1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		memset(value, 0x55, sizeof(value));
		len = lengths[i];
		CALL(getsockopt(p.c, SOL_SOCKET, SO_TYPE, value, &len));
		CALL(len);
		CALL(value[0]);
		CALL(value[3]);
		len = lengths[i];
		memset(value, 0x55, sizeof(value));
		CALL(getsockopt(p.c, IPPROTO_TCP, TCP_NODELAY, value, &len));
		CALL(len);
		CALL(value[0]);
		CALL(value[3]);
		len = lengths[i];
		memset(value, 0x55, sizeof(value));
		CALL(getsockopt(p.c, IPPROTO_IP, IP_TTL, value, &len));
		CALL(len);
		CALL(value[3]);
	}
}

static void badopt_pointers(void)
{
	struct pair p = connected();
	socklen_t len = 4;
	int value = 1;

	FAIL(setsockopt(p.c, SOL_SOCKET, SO_KEEPALIVE, bad_pointer(), 4),
	     EFAULT);
	FAIL(setsockopt(p.c, SOL_SOCKET, SO_KEEPALIVE, NULL, 4), EFAULT);
	FAIL(setsockopt(p.c, IPPROTO_TCP, TCP_NODELAY, bad_pointer(), 4),
	     EFAULT);
	FAIL(setsockopt(p.c, IPPROTO_TCP, TCP_CONGESTION, bad_pointer(), 4),
	     EFAULT);
	FAIL(setsockopt(p.c, IPPROTO_IP, IP_TTL, bad_pointer(), 4), EFAULT);
	FAIL(setsockopt(p.c, SOL_SOCKET, SO_LINGER, bad_pointer(), 8), EFAULT);
	FAIL(getsockopt(p.c, SOL_SOCKET, SO_TYPE, bad_pointer(), &len), EFAULT);
	FAIL(getsockopt(p.c, SOL_SOCKET, SO_TYPE, &value, bad_pointer()),
	     EFAULT);
	FAIL(getsockopt(p.c, SOL_SOCKET, SO_TYPE, &value, NULL), EFAULT);
	FAIL(getsockopt(p.c, IPPROTO_TCP, TCP_NODELAY, bad_pointer(), &len),
	     EFAULT);
	FAIL(getsockopt(p.c, IPPROTO_TCP, TCP_INFO, &value, bad_pointer()),
	     EFAULT);
	FAIL(getsockopt(p.c, IPPROTO_IP, IP_TTL, bad_pointer(), &len), EFAULT);
	WANT(get_int(p.c, SOL_SOCKET, SO_KEEPALIVE), 0);
	WANT(get_int(p.c, IPPROTO_TCP, TCP_NODELAY), 0);
}

static void badopt_levels(void)
{
	struct pair p = connected();
	int value = 1;
	socklen_t len = 4;

	FAIL(setsockopt(p.c, 9999, 1, &value, 4), ENOPROTOOPT);
	CALL(getsockopt(p.c, 9999, 1, &value, &len));
	FAIL(setsockopt(p.c, IPPROTO_UDP, 1, &value, 4), ENOPROTOOPT);
	CALL(getsockopt(p.c, IPPROTO_UDP, 1, &value, &len));
	FAIL(setsockopt(p.c, -1, 1, &value, 4), ENOPROTOOPT);
	CALL(getsockopt(p.c, -1, 1, &value, &len));
	CALL(setsockopt(p.c, SOL_RAW, 1, &value, 4));
}

/* SOL_SMC has options of its own; TCP sockets do not have that level. */
static void badopt_smc_level(void)
{
	struct pair p = connected();
	int value = 1;
	socklen_t len = 4;

	CALL(setsockopt(p.l, 286, 1, &value, 4));
	CALL(getsockopt(p.l, 286, 1, &value, &len));
}

static const struct test badopt_tests[] = {
	CASE(badopt_short, "short options of SOL_SOCKET change nothing"),
	CASE(badopt_short_tcp, "short TCP options change nothing"),
	CASE(badopt_long, "long options are read as far as needed"),
	CASE(badopt_short_ip, "short IP options are taken as TCP takes them"),
	CASE_FLAGS(badopt_short_ipv6, ONLY_V6, "short IPv6 options change nothing"),
	CASE(badopt_get_lengths, "getsockopt() returns as much as fits"),
	CASE(badopt_pointers, "a bad pointer for an option is EFAULT"),
	CASE(badopt_levels, "unknown levels are refused"),
	CASE(badopt_smc_level, "SOL_SMC is a level of SMC sockets alone"),
};

GROUP(badopt);

// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * Options of SOL_SOCKET.
 */

#include "conformance.h"

#include <linux/filter.h>
#include <net/if.h>

/* Sets and gets an option, and records what became of it. */
static void try_int(int fd, int option, int value, const char *name)
{
	char label[64];
	int error;

	error = setsockopt(fd, SOL_SOCKET, option, &value, sizeof(value)) ?
		-errno : 0;
	snprintf(label, sizeof(label), "setsockopt(%s)", name);
	NOTE(label, error);
	snprintf(label, sizeof(label), "getsockopt(%s)", name);
	NOTE(label, get_int(fd, SOL_SOCKET, option));
}

#define TRY(fd, option, value) try_int(fd, option, value, #option)

static void try_all(int fd)
{
	TRY(fd, SO_DEBUG, 1);
	TRY(fd, SO_REUSEADDR, 1);
	TRY(fd, SO_REUSEPORT, 1);
	TRY(fd, SO_KEEPALIVE, 1);
	TRY(fd, SO_BROADCAST, 1);
	TRY(fd, SO_OOBINLINE, 1);
	TRY(fd, SO_DONTROUTE, 1);
	TRY(fd, SO_NO_CHECK, 1);
	TRY(fd, SO_PASSCRED, 1);
	TRY(fd, SO_PRIORITY, 5);
	TRY(fd, SO_MARK, 77);
	TRY(fd, SO_RXQ_OVFL, 1);
	TRY(fd, SO_NOFCS, 1);
	TRY(fd, SO_LOCK_FILTER, 0);
	TRY(fd, SO_SELECT_ERR_QUEUE, 1);
	TRY(fd, SO_BUSY_POLL, 10);
	TRY(fd, SO_PREFER_BUSY_POLL, 1);
	TRY(fd, SO_INCOMING_CPU, 1);
	TRY(fd, SO_TXREHASH, 1);
	TRY(fd, SO_RESERVE_MEM, 0);
	TRY(fd, SO_BUF_LOCK, 1);
	TRY(fd, SO_TIMESTAMPNS, 1);
	TRY(fd, SO_TYPE, 1);
	TRY(fd, SO_ACCEPTCONN, 1);
	TRY(fd, SO_ERROR, 1);
	TRY(fd, 9999, 1);
}

static void sockopt_all_new(void)
{
	try_all(sock(0));
}

static void sockopt_all_listening(void)
{
	struct addr where;

	try_all(listening(&where));
}

static void sockopt_all_connected(void)
{
	struct pair p = connected();

	try_all(p.c);
	try_all(p.s);
	WANT(send(p.c, "x", 1, 0), 1);
	WANT(recv(p.s, (char[9]){}, 9, 0), 1);
}

static void sockopt_set_before_connect(void)
{
	struct addr where;
	int c = sock(0);

	listening(&where);
	set_int(c, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_int(c, SOL_SOCKET, SO_PRIORITY, 4);
	set_int(c, SOL_SOCKET, SO_MARK, 9);
	set_int(c, SOL_SOCKET, SO_OOBINLINE, 1);
	WANT(connect(c, SA(where)), 0);
	WANT(get_int(c, SOL_SOCKET, SO_KEEPALIVE), 1);
	WANT(get_int(c, SOL_SOCKET, SO_PRIORITY), 4);
	WANT(get_int(c, SOL_SOCKET, SO_MARK), 9);
	WANT(get_int(c, SOL_SOCKET, SO_OOBINLINE), 1);
}

static void sockopt_bind_to_device(void)
{
	char name[IFNAMSIZ] = "";
	socklen_t len = sizeof(name);
	struct addr where;
	struct pair p = {};
	int c = sock(0), l = sock(0);

	WANT(setsockopt(c, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3), 0);
	WANT(getsockopt(c, SOL_SOCKET, SO_BINDTODEVICE, name, &len), 0);
	WANT(strcmp(name, "lo"), 0);
	WANT(len, 3);
	FAIL(setsockopt(c, SOL_SOCKET, SO_BINDTODEVICE, "nodev", 6), ENODEV);
	WANT(setsockopt(l, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3), 0);
	where = loopback(0);
	WANT(bind(l, SA(where)), 0);
	WANT(listen(l, 1), 0);
	where = own_name(l);
	WANT(connect(c, SA(where)), 0);
	p.s = accept(l, NULL, NULL);
	len = sizeof(name);
	WANT(getsockopt(p.s, SOL_SOCKET, SO_BINDTODEVICE, name, &len), 0);
	WANT(strcmp(name, "lo"), 0);
}

static void sockopt_bind_to_ifindex(void)
{
	int fd = sock(0);

	CALL(setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &(int){ 1 }, 4));
	WANT(get_int(fd, SOL_SOCKET, SO_BINDTOIFINDEX), 1);
	FAIL(setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &(int){ -1 }, 4),
	     EINVAL);
}

static void sockopt_incoming(void)
{
	struct pair p = connected();
	int cpu;

	WANT(send(p.c, "x", 1, 0), 1);
	SOON(queued_in(p.s), 1);
	cpu = get_int(p.s, SOL_SOCKET, SO_INCOMING_CPU);
	WANT(cpu >= 0 && cpu < 4096, 1);
	WANT(get_int(p.s, SOL_SOCKET, SO_INCOMING_NAPI_ID), 0);
}

static void sockopt_filter(void)
{
	struct sock_filter keep = BPF_STMT(BPF_RET | BPF_K, 0xffff);
	struct sock_fprog program = { .len = 1, .filter = &keep };
	struct pair p = connected();

	FAIL(setsockopt(p.s, SOL_SOCKET, SO_DETACH_FILTER, &keep, 4), ENOENT);
	WANT(setsockopt(p.s, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			sizeof(program)), 0);
	WANT(send(p.c, "abc", 3, 0), 3);
	WANT(recv(p.s, (char[9]){}, 9, 0), 3);
	WANT(setsockopt(p.s, SOL_SOCKET, SO_DETACH_FILTER, &keep, 4), 0);
	FAIL(setsockopt(p.s, SOL_SOCKET, SO_ATTACH_FILTER, &program, 3),
	     EINVAL);
}

static void sockopt_peer_credentials(void)
{
	struct { int pid, uid, gid; } cred = {};
	socklen_t len = sizeof(cred);
	struct pair p = connected();

	CALL(getsockopt(p.c, SOL_SOCKET, SO_PEERCRED, &cred, &len));
	CALL(cred.pid);
	CALL(cred.uid);
	CALL(cred.gid);
	len = 100;
	CALL(getsockopt(p.c, SOL_SOCKET, SO_PEERSEC, (char[100]){}, &len));
}

static void sockopt_peer_name(void)
{
	struct pair p = connected();
	struct addr addr = { .len = sizeof(addr.any) }, name = peer_name(p.c);

	CALL(getsockopt(p.c, SOL_SOCKET, SO_PEERNAME, &addr.any, &addr.len));
	addr.len = name.len;
	WANT(getsockopt(p.c, SOL_SOCKET, SO_PEERNAME, &addr.any, &addr.len), 0);
	WANT(same_addr(&addr, &name), 1);
	FAIL(getsockopt(p.l, SOL_SOCKET, SO_PEERNAME, &addr.any, &addr.len),
	     ENOTCONN);
}

static void sockopt_cookie(void)
{
	struct pair p = connected();
	uint64_t c = 0, s = 0, again = 0;
	socklen_t len = 8;

	WANT(getsockopt(p.c, SOL_SOCKET, SO_COOKIE, &c, &len), 0);
	WANT(getsockopt(p.s, SOL_SOCKET, SO_COOKIE, &s, &len), 0);
	WANT(getsockopt(p.c, SOL_SOCKET, SO_COOKIE, &again, &len), 0);
	WANT(c != 0 && c == again && c != s, 1);
}

static void sockopt_memory(void)
{
	struct pair p = connected();
	uint32_t memory[9] = {};
	socklen_t len = sizeof(memory);

	WANT(send(p.c, "abc", 3, 0), 3);
	SOON(queued_in(p.s), 3);
	WANT(getsockopt(p.s, SOL_SOCKET, SO_MEMINFO, memory, &len), 0);
	WANT(len, 36);
	WANT(memory[1] == (uint32_t)get_int(p.s, SOL_SOCKET, SO_RCVBUF), 1);
}

static void sockopt_zerocopy(void)
{
	struct pair p = connected();

	CALL(setsockopt(p.c, SOL_SOCKET, SO_ZEROCOPY, &(int){ 1 }, 4));
	CALL(get_int(p.c, SOL_SOCKET, SO_ZEROCOPY));
	WANT(send(p.c, "abc", 3, 0), 3);
	WANT(recv(p.s, (char[9]){}, 9, 0), 3);
}

static void sockopt_pacing(void)
{
	int fd = sock(0);

	CALL(get_int(fd, SOL_SOCKET, SO_MAX_PACING_RATE));
	CALL(setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &(int){ 9999 }, 4));
	CALL(get_int(fd, SOL_SOCKET, SO_MAX_PACING_RATE));
}

static void sockopt_unprivileged(void)
{
	int fd = sock(0);

	if (setuid(65534))
		skip("cannot give up root");
	FAIL(setsockopt(fd, SOL_SOCKET, SO_MARK, &(int){ 1 }, 4), EPERM);
	FAIL(setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &(int){ 7 }, 4), EPERM);
	FAIL(setsockopt(fd, SOL_SOCKET, SO_DEBUG, &(int){ 1 }, 4), EACCES);
	FAIL(setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &(int){ 1 }, 4), EPERM);
}

static void sockopt_low_port_unprivileged(void)
{
	struct addr addr = loopback(99);
	int fd = sock(0);

	if (setuid(65534))
		skip("cannot give up root");
	FAIL(bind(fd, SA(addr)), EACCES);
	WANT(sock(0) >= 0, 1);
}

static const struct test sockopt_tests[] = {
	CASE(sockopt_all_new, "a new socket has TCP's options of SOL_SOCKET"),
	CASE(sockopt_all_listening, "a listener has TCP's options of SOL_SOCKET"),
	CASE(sockopt_all_connected, "a connection has TCP's options of SOL_SOCKET"),
	CASE(sockopt_set_before_connect, "options outlive connect()"),
	CASE(sockopt_bind_to_device, "SO_BINDTODEVICE binds and is inherited"),
	CASE(sockopt_bind_to_ifindex, "SO_BINDTOIFINDEX binds"),
	CASE(sockopt_incoming, "SO_INCOMING_CPU and _NAPI_ID are those of the last packet"),
	CASE(sockopt_filter, "a filter can be attached and detached"),
	CASE(sockopt_peer_credentials, "there are no credentials of the peer"),
	CASE(sockopt_peer_name, "SO_PEERNAME names the peer"),
	CASE(sockopt_cookie, "SO_COOKIE is the socket's own"),
	CASE(sockopt_memory, "SO_MEMINFO describes the buffers"),
	CASE(sockopt_zerocopy, "SO_ZEROCOPY is taken as TCP takes it"),
	CASE(sockopt_pacing, "SO_MAX_PACING_RATE is kept"),
	CASE(sockopt_unprivileged, "privileged options need privileges"),
	CASE(sockopt_low_port_unprivileged, "low ports need privileges, sockets do not"),
};

GROUP(sockopt);

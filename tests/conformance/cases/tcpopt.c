// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * Options of IPPROTO_TCP.
 */

#include <sys/mman.h>

#include "conformance.h"

#ifndef TCP_TX_DELAY
#define TCP_TX_DELAY 37
#endif
#ifndef TCP_INQ
#define TCP_INQ 36
#endif

static void try_int(int fd, int option, int value, const char *name)
{
	char label[64];
	int error;

	error = setsockopt(fd, IPPROTO_TCP, option, &value, sizeof(value)) ?
		-errno : 0;
	snprintf(label, sizeof(label), "setsockopt(%s)", name);
	NOTE(label, error);
	snprintf(label, sizeof(label), "getsockopt(%s)", name);
	NOTE(label, get_int(fd, IPPROTO_TCP, option));
}

#define TRY(fd, option, value) try_int(fd, option, value, #option)

static void try_all(int fd)
{
	TRY(fd, TCP_NODELAY, 1);
	TRY(fd, TCP_MAXSEG, 1000);
	TRY(fd, TCP_CORK, 1);
	TRY(fd, TCP_CORK, 0);
	TRY(fd, TCP_KEEPIDLE, 100);
	TRY(fd, TCP_KEEPINTVL, 50);
	TRY(fd, TCP_KEEPCNT, 4);
	TRY(fd, TCP_SYNCNT, 3);
	TRY(fd, TCP_LINGER2, 20);
	TRY(fd, TCP_DEFER_ACCEPT, 5);
	TRY(fd, TCP_WINDOW_CLAMP, 50000);
	TRY(fd, TCP_QUICKACK, 1);
	TRY(fd, TCP_THIN_LINEAR_TIMEOUTS, 1);
	TRY(fd, TCP_THIN_DUPACK, 1);
	TRY(fd, TCP_USER_TIMEOUT, 7000);
	TRY(fd, TCP_NOTSENT_LOWAT, 30000);
	TRY(fd, TCP_SAVE_SYN, 1);
	TRY(fd, TCP_INQ, 1);
	TRY(fd, TCP_TX_DELAY, 0);
	TRY(fd, TCP_KEEPIDLE, 0);
	TRY(fd, TCP_KEEPCNT, 9999);
	TRY(fd, TCP_NODELAY, -1);
	TRY(fd, TCP_MAXSEG, 1);
	TRY(fd, TCP_LINGER2, -1);
	TRY(fd, TCP_USER_TIMEOUT, -1);
	TRY(fd, TCP_QUICKACK, 0);
	TRY(fd, TCP_REPAIR_QUEUE, 1);
	TRY(fd, 9999, 1);
}

static void tcpopt_all_new(void)
{
	try_all(sock(0));
}

static void tcpopt_all_listening(void)
{
	struct addr where;

	try_all(listening(&where));
}

static void tcpopt_all_connected(void)
{
	struct pair p = connected();

	try_all(p.c);
	try_all(p.s);
	WANT(send(p.c, "x", 1, 0), 1);
	WANT(recv(p.s, (char[9]){}, 9, 0), 1);
}

static void tcpopt_set_before_connect(void)
{
	struct addr where;
	int c = sock(0);

	listening(&where);
	set_int(c, IPPROTO_TCP, TCP_NODELAY, 1);
	set_int(c, IPPROTO_TCP, TCP_KEEPINTVL, 33);
	set_int(c, IPPROTO_TCP, TCP_USER_TIMEOUT, 4444);
	WANT(connect(c, SA(where)), 0);
	WANT(get_int(c, IPPROTO_TCP, TCP_NODELAY), 1);
	WANT(get_int(c, IPPROTO_TCP, TCP_KEEPINTVL), 33);
	WANT(get_int(c, IPPROTO_TCP, TCP_USER_TIMEOUT), 4444);
}

static int state_of(int fd)
{
	return tcp_info_of(fd).tcpi_state;
}

static void tcpopt_info_states(void)
{
	struct addr nowhere = black_hole(0);
	struct pair p = connected();
	int fd = sock(SOCK_NONBLOCK);

	WANT(state_of(fd), 7);		/* TCP_CLOSE */
	WANT(state_of(p.l), 10);	/* TCP_LISTEN */
	WANT(state_of(p.c), 1);		/* TCP_ESTABLISHED */
	WANT(state_of(p.s), 1);
	FAIL(connect(fd, SA(nowhere)), EINPROGRESS);
	WANT(state_of(fd), 2);		/* TCP_SYN_SENT */
	WANT(shutdown(p.c, SHUT_WR), 0);
	SOON(state_of(p.c), 5);		/* TCP_FIN_WAIT2 */
	SOON(state_of(p.s), 8);		/* TCP_CLOSE_WAIT */
}

static void tcpopt_info_lengths(void)
{
	struct pair p = connected();
	char info[1000];
	socklen_t len = 8;

	WANT(getsockopt(p.c, IPPROTO_TCP, TCP_INFO, info, &len), 0);
	WANT(len, 8);
	len = sizeof(info);
	WANT(getsockopt(p.c, IPPROTO_TCP, TCP_INFO, info, &len), 0);
	CALL(len);
	len = 0;
	WANT(getsockopt(p.c, IPPROTO_TCP, TCP_INFO, info, &len), 0);
	len = -1;
	FAIL(getsockopt(p.c, IPPROTO_TCP, TCP_INFO, info, &len), EINVAL);
	FAIL(setsockopt(p.c, IPPROTO_TCP, TCP_INFO, info, 8), ENOPROTOOPT);
}

static void tcpopt_maxseg(void)
{
	struct addr where;
	int c = sock(0);

	listening(&where);
	set_int(c, IPPROTO_TCP, TCP_MAXSEG, 900);
	WANT(connect(c, SA(where)), 0);
	WANT(get_int(c, IPPROTO_TCP, TCP_MAXSEG) <= 900, 1);
	WANT(get_int(c, IPPROTO_TCP, TCP_MAXSEG) > 500, 1);
}

static void tcpopt_congestion(void)
{
	char name[16] = "";
	socklen_t len = sizeof(name);
	struct pair p = connected();

	WANT(setsockopt(p.c, IPPROTO_TCP, TCP_CONGESTION, "reno", 4), 0);
	WANT(getsockopt(p.c, IPPROTO_TCP, TCP_CONGESTION, name, &len), 0);
	WANT(strcmp(name, "reno"), 0);
	FAIL(setsockopt(p.c, IPPROTO_TCP, TCP_CONGESTION, "nonsense", 8),
	     ENOENT);
	FAIL(setsockopt(p.c, IPPROTO_TCP, TCP_CONGESTION, "", 0), EINVAL);
	WANT(send_all(p.c, 1000, 0), 1000);
	WANT(expect_pattern(p.s, 1000, 0), 1000);
}

static void tcpopt_congestion_inherited(void)
{
	char name[16] = "";
	socklen_t len = sizeof(name);
	struct addr where;
	int l = listening(&where);
	struct pair p;

	WANT(setsockopt(l, IPPROTO_TCP, TCP_CONGESTION, "reno", 4), 0);
	p = accept_one(l, &where);
	WANT(getsockopt(p.s, IPPROTO_TCP, TCP_CONGESTION, name, &len), 0);
	WANT(strcmp(name, "reno"), 0);
}

static void tcpopt_ulp(void)
{
	char name[16] = "";
	socklen_t len = sizeof(name);
	struct pair p = connected();

	FAIL(setsockopt(p.c, IPPROTO_TCP, TCP_ULP, "nonsense", 8), ENOENT);
	CALL(getsockopt(p.c, IPPROTO_TCP, TCP_ULP, name, &len));
	CALL(len);
	WANT(send(p.c, "x", 1, 0), 1);
}

static void tcpopt_ulp_unconnected(void)
{
	int fd = sock(0);

	CALL(setsockopt(fd, IPPROTO_TCP, TCP_ULP, "nonsense", 8));
	FAIL(setsockopt(fd, IPPROTO_TCP, TCP_ULP, "", 0), EINVAL);
}

static void tcpopt_ulp_length(void)
{
	char name[16] = "untouched";
	socklen_t len = 3;
	int fd = sock(0);

	CALL(getsockopt(fd, IPPROTO_TCP, TCP_ULP, name, &len));
	CALL(len);
	len = 0;
	CALL(getsockopt(fd, IPPROTO_TCP, TCP_ULP, NULL, &len));
	CALL(len);
	len = -1;
	CALL(getsockopt(fd, IPPROTO_TCP, TCP_ULP, name, &len));
	CALL(getsockopt(fd, IPPROTO_TCP, TCP_ULP, name, (void *)8));
	WANT(strcmp(name, "untouched"), 0);
}

/* Is there kTLS? Asking for the layer loads it, whoever asks. */
static bool kernel_has_tls(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool has;

	has = !setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", 3) ||
	      errno != ENOENT;
	close(fd);
	return has;
}

static void tcpopt_ulp_tls(void)
{
	struct pair p = connected();
	int fd = sock(0);
	char byte;

	if (!kernel_has_tls())
		skip("this kernel has no kTLS");
	CALL(setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", 3));
	CALL(setsockopt(p.c, IPPROTO_TCP, TCP_ULP, "tls", 3));
	WANT(send(p.c, "x", 1, 0), 1);
	WANT(recv(p.s, &byte, 1, 0), 1);
}

static void tcpopt_fastopen_listener(void)
{
	struct addr where;
	int l = listening(&where);
	struct pair p;

	CALL(setsockopt(l, IPPROTO_TCP, TCP_FASTOPEN, &(int){ 5 }, 4));
	CALL(get_int(l, IPPROTO_TCP, TCP_FASTOPEN));
	p = accept_one(l, &where);
	WANT(send(p.c, "x", 1, 0), 1);
	WANT(recv(p.s, (char[9]){}, 9, 0), 1);
	CALL(setsockopt(p.c, IPPROTO_TCP, TCP_FASTOPEN, &(int){ 5 }, 4));
}

static void tcpopt_fastopen_connect(void)
{
	struct addr where;
	int l = listening(&where), c = sock(0), s;

	CALL(setsockopt(c, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &(int){ 1 }, 4));
	CALL(get_int(c, IPPROTO_TCP, TCP_FASTOPEN_CONNECT));
	WANT(connect(c, SA(where)), 0);
	WANT(send(c, "abc", 3, 0), 3);
	s = accept(l, NULL, NULL);
	WANT(recv(s, (char[9]){}, 9, 0), 3);
}

static void tcpopt_fastopen_sendto(void)
{
	struct addr where;
	int l = listening(&where), c = sock(0), s;

	CALL(sendto(c, "abc", 3, MSG_FASTOPEN, SA(where)));
	s = accept(l, NULL, NULL);
	WANT(recv(s, (char[9]){}, 9, 0), 3);
	FAIL(sendto(c, "abc", 3, MSG_FASTOPEN, SA(where)), EISCONN);
	WANT(send(c, "abc", 3, 0), 3);
	WANT(recv(s, (char[9]){}, 9, 0), 3);
}

static void tcpopt_fastopen_sendto_nobody(void)
{
	struct addr where = nobody();
	int c = sock(0);

	FAIL(sendto(c, "abc", 3, MSG_FASTOPEN | MSG_NOSIGNAL, NULL, 0), EINVAL);
	FAIL(sendto(c, "abc", 3, MSG_FASTOPEN | MSG_NOSIGNAL, SA(where)),
	     ECONNREFUSED);
}

static void tcpopt_user_timeout(void)
{
	int fd = sock(0);

	set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1234);
	WANT(get_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 1234);
	FAIL(setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(int){ -1 }, 4),
	     EINVAL);
	WANT(get_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 1234);
}

static void tcpopt_notsent_low_water(void)
{
	struct pair p = connected_small();

	set_int(p.c, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 4096);
	WANT(get_int(p.c, IPPROTO_TCP, TCP_NOTSENT_LOWAT), 4096);
	fill(p.c);
	MASK(p.c, 0);
}

static void tcpopt_repair_refused_unprivileged(void)
{
	int fd = sock(0);

	if (setuid(65534))
		skip("cannot give up root");
	FAIL(setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &(int){ 1 }, 4), EPERM);
}

static void tcpopt_repair_connected(void)
{
	struct pair p = connected();

	CALL(setsockopt(p.c, IPPROTO_TCP, TCP_REPAIR, &(int){ 1 }, 4));
	CALL(setsockopt(p.c, IPPROTO_TCP, TCP_REPAIR, &(int){ 0 }, 4));
	WANT(send(p.c, "abc", 3, 0), 3);
	WANT(recv(p.s, (char[9]){}, 9, 0), 3);
}

/* TCP_REPAIR makes up a connection without asking anybody. */
static void tcpopt_repair_connect(void)
{
	struct addr where = nobody();
	int c = sock(SOCK_NONBLOCK);

	WANT(setsockopt(c, IPPROTO_TCP, TCP_REPAIR, &(int){ 1 }, 4), 0);
	WANT(connect(c, SA(where)), 0);
	MASK(c, POLLOUT);
	CALL(send(c, "abc", 3, MSG_NOSIGNAL));
	WANT(socket_error(c), 0);
	WANT(close(c), 0);
}

static void tcpopt_zerocopy_receive(void)
{
	struct tcp_zerocopy_receive zc = { .length = 4096 };
	struct pair p = connected();
	socklen_t len = sizeof(zc);
	void *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, p.s, 0);

	WANT(page != MAP_FAILED, 1);
	zc.address = (uintptr_t)page;
	WANT(send(p.c, "abc", 3, 0), 3);
	SOON(queued_in(p.s), 3);
	CALL(getsockopt(p.s, IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, &zc, &len));
	WANT(recv(p.s, (char[9]){}, 9, 0), 3);
}

static void tcpopt_saved_syn(void)
{
	struct addr where;
	int l = listening_with(&where, 5, IPPROTO_TCP, TCP_SAVE_SYN, 1);
	struct pair p = accept_one(l, &where);
	char syn[200];
	socklen_t len = sizeof(syn);

	WANT(getsockopt(p.s, IPPROTO_TCP, TCP_SAVED_SYN, syn, &len), 0);
	WANT(len > 40, 1);
	WANT((syn[0] & 0xf0) >> 4, setting.family == AF_INET ? 4 : 6);
	len = sizeof(syn);
	WANT(getsockopt(p.s, IPPROTO_TCP, TCP_SAVED_SYN, syn, &len), 0);
	WANT(len, 0);
}

static void tcpopt_md5(void)
{
	struct tcp_md5sig md5 = {};
	struct addr peer = loopback(0);
	int fd = sock(0);

	memcpy(&md5.tcpm_addr, &peer.any, peer.len);
	md5.tcpm_keylen = 4;
	memcpy(md5.tcpm_key, "abcd", 4);
	CALL(setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &md5, sizeof(md5)));
	FAIL(setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &md5, 3), EINVAL);
}

static const struct test tcpopt_tests[] = {
	CASE(tcpopt_repair_connected, "a connection is repaired as TCP's is"),
	CASE_FLAGS(tcpopt_repair_connect, FALLS_BACK, "TCP_REPAIR makes up a connection"),
	CASE(tcpopt_zerocopy_receive, "TCP_ZEROCOPY_RECEIVE does what TCP does"),
	CASE(tcpopt_all_new, "a new socket has TCP's options"),
	CASE(tcpopt_all_listening, "a listener has TCP's options"),
	CASE(tcpopt_all_connected, "a connection has TCP's options"),
	CASE(tcpopt_set_before_connect, "TCP options outlive connect()"),
	CASE(tcpopt_info_states, "TCP_INFO shows the state"),
	CASE(tcpopt_info_lengths, "TCP_INFO is cut to the length of the buffer"),
	CASE(tcpopt_maxseg, "TCP_MAXSEG limits segments"),
	CASE(tcpopt_congestion, "TCP_CONGESTION chooses an algorithm"),
	CASE(tcpopt_congestion_inherited, "TCP_CONGESTION is inherited"),
	CASE(tcpopt_ulp, "TCP_ULP refuses what does not exist"),
	CASE(tcpopt_ulp_length, "TCP_ULP names no layer, whatever the length"),
	CASE(tcpopt_ulp_tls, "TCP_ULP does with kTLS what TCP does"),
	CASE(tcpopt_ulp_unconnected, "TCP_ULP needs a connection"),
	CASE_FLAGS(tcpopt_fastopen_listener, FALLS_BACK, "TCP_FASTOPEN works on a listener"),
	CASE_FLAGS(tcpopt_fastopen_connect, FALLS_BACK, "TCP_FASTOPEN_CONNECT connects with the first data"),
	CASE_FLAGS(tcpopt_fastopen_sendto, FALLS_BACK, "MSG_FASTOPEN connects and sends"),
	CASE(tcpopt_fastopen_sendto_nobody, "MSG_FASTOPEN to nobody is refused"),
	CASE(tcpopt_user_timeout, "TCP_USER_TIMEOUT is kept and checked"),
	CASE(tcpopt_notsent_low_water, "TCP_NOTSENT_LOWAT is kept"),
	CASE(tcpopt_repair_refused_unprivileged, "TCP_REPAIR needs privileges"),
	CASE(tcpopt_saved_syn, "TCP_SAVED_SYN returns the SYN once"),
	CASE(tcpopt_md5, "TCP_MD5SIG takes a key"),
};

GROUP(tcpopt);

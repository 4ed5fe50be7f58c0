// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * sendmsg(), recvmsg(), recvmmsg() and ancillary data.
 */

#include "conformance.h"

#include <limits.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>

static void message_flags_cleared(void)
{
	struct pair p = connected();
	char got[8];
	struct iovec v = { got, sizeof(got) };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_flags = -1 };

	WANT(send(p.c, "abc", 3, 0), 3);
	WANT(recvmsg(p.s, &m, 0), 3);
	WANT(m.msg_flags, 0);
	WANT(m.msg_controllen, 0);
}

static void message_name_is_empty(void)
{
	struct pair p = connected();
	struct addr from = { .len = sizeof(from.any) };
	char got[8];
	struct iovec v = { got, sizeof(got) };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
			    .msg_name = &from.any,
			    .msg_namelen = sizeof(from.any) };

	WANT(send(p.c, "abc", 3, 0), 3);
	WANT(recvmsg(p.s, &m, 0), 3);
	WANT(m.msg_namelen, 0);
	WANT(send(p.c, "abc", 3, 0), 3);
	WANT(recvfrom(p.s, got, 8, 0, &from.sa, &from.len), 3);
	WANT(from.len, 0);
}

static void message_recvmmsg(void)
{
	struct pair p = connected();
	char a[3], b[3];
	struct iovec v[2] = { { a, 3 }, { b, 3 } };
	struct mmsghdr m[2] = {};
	struct timespec soon = { .tv_nsec = 1000 };

	m[0].msg_hdr.msg_iov = &v[0];
	m[0].msg_hdr.msg_iovlen = 1;
	m[1].msg_hdr.msg_iov = &v[1];
	m[1].msg_hdr.msg_iovlen = 1;
	WANT(send(p.c, "abcdef", 6, 0), 6);
	SOON(queued_in(p.s), 6);
	WANT(recvmmsg(p.s, m, 2, 0, NULL), 2);
	WANT(m[0].msg_len, 3);
	WANT(m[1].msg_len, 3);
	WANT(memcmp(b, "def", 3), 0);
	FAIL(recvmmsg(p.s, m, 2, MSG_DONTWAIT, NULL), EAGAIN);
	WANT(send(p.c, "xy", 2, 0), 2);
	WANT(recvmmsg(p.s, m, 2, MSG_WAITFORONE, NULL), 1);
	soon.tv_nsec = 2000000000;
	FAIL(recvmmsg(p.s, m, 2, 0, &soon), EINVAL);
}

static void message_recvmmsg_end(void)
{
	struct pair p = connected();
	char a[3];
	struct iovec v = { a, 3 };
	struct mmsghdr m[2] = {};

	m[0].msg_hdr.msg_iov = &v;
	m[0].msg_hdr.msg_iovlen = 1;
	m[1] = m[0];
	WANT(send(p.c, "ab", 2, 0), 2);
	WANT(shutdown(p.c, SHUT_WR), 0);
	WANT(recvmmsg(p.s, m, 2, 0, NULL), 2);
	WANT(m[0].msg_len, 2);
	WANT(m[1].msg_len, 0);
}

static void message_many_pieces(void)
{
	static struct iovec v[IOV_MAX];
	static char out[IOV_MAX * 3], in[IOV_MAX * 3];
	struct msghdr m = { .msg_iov = v, .msg_iovlen = IOV_MAX };
	struct pair p = connected();
	int i;

	pattern(out, sizeof(out), 0);
	for (i = 0; i < IOV_MAX; i++)
		v[i] = (struct iovec){ out + 3 * i, 3 };
	WANT(sendmsg(p.c, &m, 0), sizeof(out));
	for (i = 0; i < IOV_MAX; i++)
		v[i] = (struct iovec){ in + 3 * i, 3 };
	WANT(recvmsg(p.s, &m, MSG_WAITALL), sizeof(in));
	WANT(is_pattern(in, sizeof(in), 0), 1);
}

static void message_too_many_pieces(void)
{
	static struct iovec v[IOV_MAX + 1];
	struct msghdr m = { .msg_iov = v, .msg_iovlen = IOV_MAX + 1 };
	struct pair p = connected();
	volatile int below_zero = -1;

	FAIL(sendmsg(p.c, &m, 0), EMSGSIZE);
	FAIL(recvmsg(p.s, &m, 0), EMSGSIZE);
	FAIL(writev(p.c, v, IOV_MAX + 1), EINVAL);
	FAIL(readv(p.s, v, IOV_MAX + 1), EINVAL);
	FAIL(writev(p.c, v, below_zero), EINVAL);
}

static void message_no_pieces(void)
{
	struct msghdr m = {};
	struct pair p = connected();

	WANT(sendmsg(p.c, &m, 0), 0);
	FAIL(recvmsg(p.s, &m, MSG_DONTWAIT), EAGAIN);
	WANT(send(p.c, "x", 1, 0), 1);
	SOON(queued_in(p.s), 1);
	WANT(recvmsg(p.s, &m, MSG_DONTWAIT), 0);
	WANT(queued_in(p.s), 1);
}

static void message_huge_piece(void)
{
	struct pair p = connected_small();
	struct iovec v = { "x", -1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	CALL(sendmsg(p.c, &m, MSG_DONTWAIT) < 0);
	CALL(writev(p.c, &v, 1));
}

static void message_bad_header(void)
{
	struct pair p = connected();
	struct msghdr m = { .msg_iov = bad_pointer(), .msg_iovlen = 1 };

	FAIL(sendmsg(p.c, bad_pointer(), 0), EFAULT);
	FAIL(recvmsg(p.s, bad_pointer(), 0), EFAULT);
	FAIL(sendmsg(p.c, &m, 0), EFAULT);
	FAIL(recvmsg(p.s, &m, 0), EFAULT);
}

static void message_foreign_control(void)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(4)];
	} control = {};
	struct pair p = connected();
	struct iovec v = { "x", 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };

	control.header.cmsg_len = CMSG_LEN(4);
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = 9999;
	FAIL(sendmsg(p.c, &m, 0), EINVAL);
	control.header.cmsg_level = IPPROTO_IP;
	control.header.cmsg_type = IP_TTL;
	CALL(sendmsg(p.c, &m, 0));
	control.header.cmsg_len = 3;
	FAIL(sendmsg(p.c, &m, 0), EINVAL);
}

/* A stream does not pass descriptors. */
static void message_rights(void)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {};
	struct pair p = connected();
	struct iovec v = { "x", 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };

	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	CALL(sendmsg(p.c, &m, 0));
}

static void message_in_queue(void)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {};
	struct pair p = connected();
	char got[3];
	struct iovec v = { got, 3 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	int left = -1;

	CALL(setsockopt(p.s, IPPROTO_TCP, TCP_INQ, &(int){ 1 }, 4));
	CALL(get_int(p.s, IPPROTO_TCP, TCP_INQ));
	WANT(send(p.c, "abcdefgh", 8, 0), 8);
	SOON(queued_in(p.s), 8);
	WANT(recvmsg(p.s, &m, 0), 3);
	CALL(m.msg_controllen);
	if (m.msg_controllen) {
		CALL(control.header.cmsg_type);
		memcpy(&left, CMSG_DATA(&control.header), sizeof(left));
	}
	CALL(left);
}

/* Receives up to @len bytes; returns what TCP_INQ says, or -errno. */
static int left_after(int fd, size_t len)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {};
	static char got[200];
	struct iovec v = { got, len };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	int left;

	if (recvmsg(fd, &m, MSG_DONTWAIT) < 0)
		return -errno;
	if (!m.msg_controllen)
		broken("no TCP_INQ");
	memcpy(&left, CMSG_DATA(&control.header), sizeof(left));
	return left;
}

static void message_in_queue_end(void)
{
	struct pair p = connected();

	set_int(p.s, IPPROTO_TCP, TCP_INQ, 1);
	WANT(send_all(p.c, 100, 0), 100);
	WANT(shutdown(p.c, SHUT_WR), 0);
	MASK(p.s, POLLIN | POLLOUT | POLLRDHUP);
	SOON(queued_in(p.s), 100);
	WANT(left_after(p.s, 10), 91);
	WANT(left_after(p.s, 90), 1);
	WANT(left_after(p.s, 10), 1);
	WANT(left_after(p.s, 10), 1);
}

static void message_in_queue_shut(void)
{
	struct pair p = connected();

	set_int(p.s, IPPROTO_TCP, TCP_INQ, 1);
	WANT(send_all(p.c, 100, 0), 100);
	SOON(queued_in(p.s), 100);
	WANT(shutdown(p.s, SHUT_RD), 0);
	WANT(left_after(p.s, 10), 90);
	WANT(left_after(p.s, 100), 0);
	WANT(left_after(p.s, 100), 0);
}

static void message_in_queue_reset(void)
{
	struct linger now = { .l_onoff = 1 };
	struct pair p = connected();
	struct pollfd f = { .fd = p.s };

	set_int(p.s, IPPROTO_TCP, TCP_INQ, 1);
	WANT(send_all(p.c, 100, 0), 100);
	SOON(queued_in(p.s), 100);
	WANT(left_after(p.s, 100), 0);
	setsockopt(p.c, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	WANT(close(p.c), 0);
	WANT(poll(&f, 1, 10000), 1);
	WANT(left_after(p.s, 100), -ECONNRESET);
	WANT(left_after(p.s, 100), 0);
}

static void message_timestamp(void)
{
	char control[200];
	struct pair p = connected();
	char got[3];
	struct iovec v = { got, 3 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
			    .msg_control = control };

	CALL(setsockopt(p.s, SOL_SOCKET, SO_TIMESTAMP, &(int){ 1 }, 4));
	CALL(get_int(p.s, SOL_SOCKET, SO_TIMESTAMP));
	/* The kernel begins to timestamp packets a moment later. */
	SOON(({
		m.msg_controllen = sizeof(control);
		if (send(p.c, "abc", 3, 0) != 3 || recvmsg(p.s, &m, 0) != 3)
			broken("message");
		m.msg_controllen;
	}), CMSG_SPACE(sizeof(struct timeval)));
}

static void message_no_room_for_control(void)
{
	struct pair p = connected();
	char got[3], control[4];
	struct iovec v = { got, 3 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };

	setsockopt(p.s, IPPROTO_TCP, TCP_INQ, &(int){ 1 }, 4);
	WANT(send(p.c, "abc", 3, 0), 3);
	WANT(recvmsg(p.s, &m, 0), 3);
	CALL(m.msg_flags);
}

static const struct test message_tests[] = {
	CASE(message_flags_cleared, "recvmsg() reports no flags on plain data"),
	CASE(message_name_is_empty, "recvmsg() names nobody on a connected stream"),
	CASE(message_recvmmsg, "recvmmsg() fills message after message"),
	CASE(message_recvmmsg_end, "recvmmsg() goes on to the end"),
	CASE(message_many_pieces, "1024 pieces are sent and received"),
	CASE(message_too_many_pieces, "more than 1024 pieces are refused"),
	CASE(message_no_pieces, "a message without pieces moves nothing"),
	CASE(message_huge_piece, "a piece beyond memory fails as with TCP"),
	CASE(message_bad_header, "a bad message header is EFAULT"),
	CASE(message_foreign_control, "unknown ancillary data is refused"),
	CASE(message_rights, "SCM_RIGHTS over a stream does what TCP does"),
	CASE(message_in_queue, "TCP_INQ tells how much is left"),
	CASE(message_in_queue_end, "TCP_INQ counts the end of the stream"),
	CASE(message_in_queue_shut, "TCP_INQ counts no end that shutdown() made"),
	CASE(message_in_queue_reset, "TCP_INQ counts no reset"),
	CASE(message_timestamp, "SO_TIMESTAMP adds what TCP adds"),
	CASE(message_no_room_for_control, "MSG_CTRUNC is set as TCP sets it"),
};

GROUP(message);

// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * Bad pointers in every argument: EFAULT, and nothing is lost.
 */

#include "conformance.h"

#include <sys/mman.h>

/* A usable page followed by an unusable one. */
static unsigned char *edge(void)
{
	static unsigned char *pages;

	if (!pages) {
		pages = mmap(NULL, 3 * 65536, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (mprotect(pages + 2 * 65536, 65536, PROT_NONE))
			broken("mprotect");
	}
	return pages + 2 * 65536;
}

static void fault_send(void)
{
	struct pair p = connected();

	FAIL(send(p.c, bad_pointer(), 10, 0), EFAULT);
	FAIL(write(p.c, bad_pointer(), 10), EFAULT);
	FAIL(send(p.c, NULL, 1, 0), EFAULT);
	FAIL(send(p.c, bad_pointer(), 1, MSG_OOB), EFAULT);
	WANT(send(p.c, "x", 1, 0), 1);
	SOON(queued_in(p.s), 1);
}

/* The bytes before the fault have been sent. */
static void fault_send_partly(void)
{
	struct pair p = connected();
	ssize_t n;

	pattern(edge() - 50000, 50000, 0);
	/* How much depends on the pieces in which it is copied. */
	n = send(p.c, edge() - 50000, 60000, 0);
	WANT(n > 0 && n <= 50000, 1);
	WANT(expect_pattern(p.s, n, 0) == (size_t)n, 1);
	WANT(send(p.c, "x", 1, 0), 1);
	WANT(recv(p.s, (char[9]){}, 9, 0), 1);
}

static void fault_writev_partly(void)
{
	struct pair p = connected();
	struct iovec v[2] = { { "abc", 3 }, { bad_pointer(), 3 } };

	CALL(writev(p.c, v, 2));
	WANT(send(p.c, "z", 1, 0), 1);
	SOON(queued_in(p.s) >= 1, 1);
}

static void fault_recv(void)
{
	struct pair p = connected();
	char got[9];

	WANT(send(p.c, "abc", 3, 0), 3);
	SOON(queued_in(p.s), 3);
	FAIL(recv(p.s, bad_pointer(), 3, 0), EFAULT);
	FAIL(read(p.s, bad_pointer(), 3), EFAULT);
	FAIL(recv(p.s, bad_pointer(), 3, MSG_PEEK), EFAULT);
	WANT(queued_in(p.s), 3);
	WANT(recv(p.s, got, 9, 0), 3);
	WANT(memcmp(got, "abc", 3), 0);
}

static void fault_recv_partly(void)
{
	struct pair p = connected();
	ssize_t n;

	WANT(send_all(p.c, 1000, 0), 1000);
	SOON(queued_in(p.s), 1000);
	n = CALL(recv(p.s, edge() - 100, 1000, 0));
	if (n > 0)
		CALL(is_pattern(edge() - 100, n, 0));
	else
		n = 0;
	WANT(expect_pattern(p.s, 1000 - n, n), 1000 - n);
}

static void fault_recv_read_only(void)
{
	static const char text[16] __attribute__((aligned(16))) = "constant";
	struct pair p = connected();

	WANT(send(p.c, "abc", 3, 0), 3);
	SOON(queued_in(p.s), 3);
	FAIL(recv(p.s, (void *)(uintptr_t)text, 3, 0), EFAULT);
	WANT(queued_in(p.s), 3);
}

static void fault_recv_empty(void)
{
	struct pair p = connected();

	FAIL(recv(p.s, bad_pointer(), 3, MSG_DONTWAIT), EAGAIN);
	WANT(shutdown(p.c, SHUT_WR), 0);
	MASK(p.s, POLLIN | POLLOUT | POLLRDHUP);
	WANT(recv(p.s, bad_pointer(), 3, 0), 0);
}

static void fault_urgent(void)
{
	struct pair p = connected();

	WANT(send(p.c, "!", 1, MSG_OOB), 1);
	MASK(p.s, POLLPRI | POLLOUT);
	CALL(recv(p.s, bad_pointer(), 1, MSG_OOB));
	MASK(p.s, POLLOUT);
}

static void fault_addresses(void)
{
	struct addr where;
	int l = listening(&where), c = sock(0), fd = sock(0);
	socklen_t len = sizeof(where.any);

	FAIL(bind(fd, bad_pointer(), where.len), EFAULT);
	FAIL(connect(c, bad_pointer(), where.len), EFAULT);
	FAIL(connect(c, NULL, where.len), EFAULT);
	WANT(connect(c, SA(where)), 0);
	FAIL(sendto(c, "x", 1, 0, bad_pointer(), where.len), EFAULT);
	FAIL(accept(l, bad_pointer(), &len), EFAULT);
}

static void fault_recvfrom(void)
{
	struct pair p = connected();
	struct addr from = { .len = sizeof(from.any) };
	char got[9];

	WANT(send(p.c, "abc", 3, 0), 3);
	SOON(queued_in(p.s), 3);
	CALL(recvfrom(p.s, got, 1, 0, bad_pointer(), &from.len));
	CALL(recvfrom(p.s, got, 1, 0, &from.sa, bad_pointer()));
	CALL(queued_in(p.s));
}

static void fault_ioctls(void)
{
	struct pair p = connected();

	FAIL(ioctl(p.c, SIOCINQ, bad_pointer()), EFAULT);
	FAIL(ioctl(p.c, SIOCOUTQ, bad_pointer()), EFAULT);
	FAIL(ioctl(p.c, SIOCOUTQNSD, bad_pointer()), EFAULT);
	FAIL(ioctl(p.c, SIOCATMARK, bad_pointer()), EFAULT);
	FAIL(ioctl(p.c, FIONBIO, bad_pointer()), EFAULT);
	FAIL(ioctl(p.c, FIOASYNC, bad_pointer()), EFAULT);
}

static void fault_mmsg(void)
{
	struct pair p = connected();
	struct iovec v[2] = { { "abc", 3 }, { bad_pointer(), 3 } };
	struct mmsghdr m[2] = {};

	m[0].msg_hdr.msg_iov = &v[0];
	m[0].msg_hdr.msg_iovlen = 1;
	m[1].msg_hdr.msg_iov = &v[1];
	m[1].msg_hdr.msg_iovlen = 1;
	WANT(sendmmsg(p.c, m, 2, 0), 1);
	SOON(queued_in(p.s), 3);
	FAIL(sendmmsg(p.c, bad_pointer(), 2, 0), EFAULT);
	FAIL(recvmmsg(p.s, bad_pointer(), 2, MSG_DONTWAIT, NULL), EFAULT);
	WANT(queued_in(p.s), 3);
}

static void fault_after_end(void)
{
	struct pair p = connected();

	WANT(shutdown(p.c, SHUT_WR), 0);
	FAIL(send(p.c, bad_pointer(), 3, MSG_NOSIGNAL), EPIPE);
}

static const struct test fault_tests[] = {
	CASE(fault_send, "send() from a bad pointer sends nothing"),
	CASE(fault_send_partly, "send() sends what lies before a bad page"),
	CASE(fault_writev_partly, "writev() sends what lies before a bad piece"),
	CASE(fault_recv, "recv() to a bad pointer loses nothing"),
	CASE(fault_recv_partly, "recv() fills what lies before a bad page"),
	CASE(fault_recv_read_only, "recv() into read-only memory loses nothing"),
	CASE(fault_recv_empty, "a bad pointer matters only where there is data"),
	CASE(fault_urgent, "an urgent byte survives a bad pointer"),
	CASE(fault_addresses, "bad pointers for addresses are EFAULT"),
	CASE(fault_recvfrom, "recvfrom() with a bad pointer for the name does what TCP does"),
	CASE(fault_ioctls, "bad pointers for ioctl() are EFAULT"),
	CASE(fault_mmsg, "a bad message ends sendmmsg() with the count of those sent"),
	CASE(fault_after_end, "a bad pointer is not used after the end of the stream"),
};

GROUP(fault);

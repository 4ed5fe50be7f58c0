// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * send() and its flags, write(), writev().
 */

#include "conformance.h"

#include <linux/errqueue.h>
#include <pthread.h>
#include <sys/resource.h>

static void send_arrives(void)
{
	struct pair p = connected();
	char got[16] = "";

	WANT(send(p.c, "hello", 5, 0), 5);
	WANT(recv(p.s, got, sizeof(got), 0), 5);
	WANT(memcmp(got, "hello", 5), 0);
	WANT(send(p.s, "world!", 6, 0), 6);
	WANT(recv(p.c, got, sizeof(got), 0), 6);
	WANT(memcmp(got, "world!", 6), 0);
}

static void send_ways(void)
{
	struct pair p = connected();
	struct iovec v[3] = { { "ab", 2 }, { NULL, 0 }, { "cde", 3 } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 3 };
	char got[32] = "";

	WANT(write(p.c, "1", 1), 1);
	WANT(writev(p.c, v, 3), 5);
	WANT(sendmsg(p.c, &m, 0), 5);
	WANT(sendto(p.c, "2", 1, 0, NULL, 0), 1);
	WANT(recv(p.s, got, 12, MSG_WAITALL), 12);
	WANT(strcmp(got, "1abcdeabcde2"), 0);
}

static void send_to_address_ignored(void)
{
	struct pair p = connected();
	struct addr other = loopback(9);

	WANT(sendto(p.c, "x", 1, 0, SA(other)), 1);
	WANT(recv(p.s, (char[4]){}, 4, 0), 1);
}

static void send_nothing(void)
{
	struct pair p = connected();

	WANT(send(p.c, "", 0, 0), 0);
	WANT(send(p.c, NULL, 0, 0), 0);
	WANT(write(p.c, "", 0), 0);
	WANT(writev(p.c, NULL, 0), 0);
	WANT(send(p.c, "x", 1, 0), 1);
	WANT(recv(p.s, (char[4]){}, 4, 0), 1);
	FAIL(recv(p.s, (char[4]){}, 4, MSG_DONTWAIT), EAGAIN);
}

static void send_large(void)
{
	struct pair p = connected();

	if (!part()) {
		WANT(expect_pattern(p.s, 3000000, 0), 3000000);
		done();
	}
	WANT(send_all(p.c, 3000000, 0), 3000000);
	join(1);
}

static void send_both_ways(void)
{
	struct pair p = connected();
	int i;

	for (i = 0; i < 2; i++) {
		int fd = i ? p.s : p.c;

		if (!part()) {
			WANT(send_all(fd, 500000, i), 500000);
			done();
		}
		if (!part()) {
			WANT(expect_pattern(fd, 500000, !i), 500000);
			done();
		}
	}
	for (i = 1; i <= 4; i++)
		join(i);
}

static void send_until_full(void)
{
	struct pair p = connected_small();
	size_t sent;

	sent = fill(p.c);
	WANT(sent > 0, 1);
	FAIL(send(p.c, "x", 1, MSG_DONTWAIT), EAGAIN);
	MASK(p.c, 0);
	WANT(expect_pattern(p.s, sent, 0) == sent, 1);
	MASK(p.c, POLLOUT);
	WANT(send(p.c, "x", 1, MSG_DONTWAIT), 1);
}

static void send_blocks_until_room(void)
{
	struct pair p = connected_small();
	size_t sent = fill(p.c);

	if (!part()) {
		WANT(send(p.c, "x", 1, 0), 1);
		done();
	}
	asleep(1);
	WANT(expect_pattern(p.s, sent, 0) == sent, 1);
	join(1);
	WANT(recv(p.s, (char[4]){}, 4, 0), 1);
}

static void send_partial(void)
{
	static char big[4000000];
	struct pair p = connected_small();
	ssize_t n;

	pattern(big, sizeof(big), 0);
	n = send(p.c, big, sizeof(big), MSG_DONTWAIT);
	WANT(n > 0 && n < (ssize_t)sizeof(big), 1);
	WANT(expect_pattern(p.s, n, 0) == (size_t)n, 1);
	SOON(queued_in(p.s), 0);
}

static void send_blocking_is_whole(void)
{
	static char big[1000000];
	struct pair p = connected_small();

	if (!part()) {
		pattern(big, sizeof(big), 0);
		WANT(send(p.c, big, sizeof(big), 0), sizeof(big));
		done();
	}
	asleep(1);
	WANT(expect_pattern(p.s, sizeof(big), 0), sizeof(big));
	join(1);
}

static void send_unknown_flags(void)
{
	struct pair p = connected();

	WANT(send(p.c, "a", 1, MSG_EOR), 1);
	CALL(send(p.c, "b", 1, MSG_DONTROUTE));
	CALL(send(p.c, "c", 1, 0x01000000));
	CALL(send(p.c, "d", 1, MSG_CONFIRM));
	CALL(send(p.c, "e", 1, MSG_TRUNC | MSG_PEEK));
	SOON(queued_in(p.s), 5);
	WANT(recv(p.s, (char[9]){}, 9, 0), 5);
}

static void send_after_shutdown(void)
{
	struct pair p = connected();

	catch_signal(SIGPIPE, 0);
	WANT(shutdown(p.c, SHUT_WR), 0);
	FAIL(send(p.c, "x", 1, 0), EPIPE);
	WANT(caught(SIGPIPE), 1);
	FAIL(send(p.c, "x", 1, MSG_NOSIGNAL), EPIPE);
	WANT(caught(SIGPIPE), 1);
	FAIL(write(p.c, "x", 1), EPIPE);
	WANT(caught(SIGPIPE), 2);
	FAIL(send(p.c, "", 0, MSG_NOSIGNAL), EPIPE);
}

/* The first send is answered by a reset, the second finds a broken pipe. */
static void send_to_closed_peer(void)
{
	struct pair p = connected();

	catch_signal(SIGPIPE, 0);
	WANT(close(p.s), 0);
	MASK(p.c, POLLIN | POLLOUT | POLLRDHUP);
	WANT(send(p.c, "x", 1, 0), 1);
	MASK(p.c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	FAIL(send(p.c, "x", 1, 0), EPIPE);
	WANT(caught(SIGPIPE), 1);
	CALL(socket_error(p.c));
}

static void send_more(void)
{
	struct pair p = connected();

	WANT(send(p.c, "ab", 2, MSG_MORE), 2);
	WANT(send(p.c, "cd", 2, 0), 2);
	SOON(queued_in(p.s), 4);
	WANT(recv(p.s, (char[9]){}, 9, 0), 4);
	/* Bytes that are held back leave with the end at the latest. */
	WANT(send(p.c, "ef", 2, MSG_MORE), 2);
	WANT(shutdown(p.c, SHUT_WR), 0);
	WANT(drain(p.s), 2);
}

static void send_mmsg(void)
{
	struct pair p = connected();
	struct iovec v[3] = { { "a", 1 }, { "bc", 2 }, { "def", 3 } };
	struct mmsghdr m[3] = {};
	char got[16] = "";
	int i;

	for (i = 0; i < 3; i++) {
		m[i].msg_hdr.msg_iov = &v[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	WANT(sendmmsg(p.c, m, 3, 0), 3);
	WANT(m[0].msg_len, 1);
	WANT(m[1].msg_len, 2);
	WANT(m[2].msg_len, 3);
	WANT(recv(p.s, got, 6, MSG_WAITALL), 6);
	WANT(strcmp(got, "abcdef"), 0);
	WANT(sendmmsg(p.c, m, 0, 0), 0);
}

static void send_zerocopy_not_asked_for(void)
{
	struct pair p = connected();

	WANT(send(p.c, "abc", 3, MSG_ZEROCOPY), 3);
	WANT(recv(p.s, (char[9]){}, 9, 0), 3);
	MASK(p.c, POLLOUT);
}

/* Returns the first and last number of a completion; -1 if there is none. */
static int completed(int fd, unsigned int *from, unsigned int *to)
{
	union {
		struct cmsghdr header;
		char room[200];
	} control = {};
	struct msghdr m = { .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	struct sock_extended_err *e = (void *)CMSG_DATA(&control.header);

	if (recvmsg(fd, &m, MSG_ERRQUEUE) < 0)
		return -1;
	*from = e->ee_info;
	*to = e->ee_data;
	return m.msg_controllen && e->ee_errno == 0 ? e->ee_origin : -1;
}

static void send_zerocopy(void)
{
	static unsigned char buf[40000];
	unsigned int from = 9, to = 9;
	struct pair p = connected();
	int i;

	set_int(p.c, SOL_SOCKET, SO_ZEROCOPY, 1);
	for (i = 0; i < 2; i++) {
		pattern(buf, sizeof(buf), i);
		WANT(send(p.c, buf, sizeof(buf), MSG_ZEROCOPY), 40000);
		WANT(expect_pattern(p.s, 40000, i), 40000);
		MASK(p.c, POLLOUT | POLLERR);
		WANT(completed(p.c, &from, &to), SO_EE_ORIGIN_ZEROCOPY);
		WANT(from, i);
		WANT(to, i);
		MASK(p.c, POLLOUT);
	}
	FAIL(completed(p.c, &from, &to), EAGAIN);
	WANT(socket_error(p.c), 0);
}

/* The memory counts as locked until the completion has been reported. */
static void send_zerocopy_limit(void)
{
	static unsigned char buf[40000];
	unsigned int from = 9, to = 9;
	struct pair p = connected();

	set_int(p.c, SOL_SOCKET, SO_ZEROCOPY, 1);
	if (!part()) {
		if (setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ 0, 0 }) ||
		    setuid(65534))
			broken("limit");
		FAIL(send(p.c, buf, sizeof(buf), MSG_ZEROCOPY), ENOBUFS);
		WANT(send(p.c, buf, 0, MSG_ZEROCOPY), 0);
		done();
	}
	join(1);
	FAIL(recv(p.s, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	FAIL(completed(p.c, &from, &to), EAGAIN);
	pattern(buf, sizeof(buf), 0);
	WANT(send(p.c, buf, sizeof(buf), MSG_ZEROCOPY), 40000);
	WANT(expect_pattern(p.s, 40000, 0), 40000);
	MASK(p.c, POLLOUT | POLLERR);
	WANT(completed(p.c, &from, &to), SO_EE_ORIGIN_ZEROCOPY);
	WANT(from, 0);
	WANT(to, 0);
}

/* A call that sends nothing has no number. */
static void send_zerocopy_failed(void)
{
	unsigned int from = 9, to = 9;
	struct pair p = connected();

	set_int(p.c, SOL_SOCKET, SO_ZEROCOPY, 1);
	CALL(send(p.c, bad_pointer(), 5, MSG_ZEROCOPY));
	FAIL(completed(p.c, &from, &to), EAGAIN);
	WANT(send(p.c, "abc", 3, MSG_ZEROCOPY), 3);
	WANT(recv(p.s, (char[9]){}, 9, 0), 3);
	MASK(p.c, POLLOUT | POLLERR);
	WANT(completed(p.c, &from, &to), SO_EE_ORIGIN_ZEROCOPY);
	WANT(from, 0);
	WANT(to, 0);
}

static int shared_fd;

static void *write_letters(void *letter)
{
	char buf[997];
	int i;

	memset(buf, *(char *)letter, sizeof(buf));
	for (i = 0; i < 20; i++) {
		if (send(shared_fd, buf, sizeof(buf), MSG_NOSIGNAL) !=
		    sizeof(buf))
			break;
	}
	return NULL;
}

static void send_threads(void)
{
	static char letters[8] = "abcdefgh";
	size_t seen[256] = {}, sum = 0, i;
	struct pair p = connected_small();
	unsigned char buf[1500];
	pthread_t threads[8];
	ssize_t n;

	shared_fd = p.c;
	for (i = 0; i < 8; i++) {
		if (pthread_create(&threads[i], NULL, write_letters,
				   &letters[i]))
			broken("pthread_create");
	}
	while (sum < 8 * 20 * 997) {
		n = recv(p.s, buf, sizeof(buf), 0);
		if (n <= 0)
			break;
		sum += n;
		while (n > 0)
			seen[buf[--n]]++;
	}
	for (i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < 8; i++)
		WANT(seen[(int)letters[i]], 20 * 997);
}

static const struct test send_tests[] = {
	CASE(send_arrives, "bytes arrive in both directions"),
	CASE(send_ways, "every way to send makes the same stream"),
	CASE(send_to_address_ignored, "sendto() ignores the address of a connected socket"),
	CASE(send_nothing, "send() of nothing does nothing"),
	CASE(send_large, "3 MB arrive unchanged"),
	CASE(send_both_ways, "both directions carry data at once"),
	CASE(send_until_full, "a full connection is EAGAIN and not writable"),
	CASE(send_blocks_until_room, "send() waits for room"),
	CASE(send_partial, "send() without blocking sends what fits"),
	CASE(send_blocking_is_whole, "send() that blocks sends everything"),
	CASE(send_unknown_flags, "flags that mean nothing to a stream are taken as TCP takes them"),
	CASE(send_after_shutdown, "send() after shutdown() is EPIPE and SIGPIPE"),
	CASE(send_to_closed_peer, "sending to a closed peer fails the second time"),
	CASE(send_more, "MSG_MORE holds bytes back until the next send() or the end"),
	CASE(send_mmsg, "sendmmsg() sends all its messages"),
	CASE(send_zerocopy_not_asked_for, "MSG_ZEROCOPY without SO_ZEROCOPY copies"),
	CASE(send_zerocopy, "MSG_ZEROCOPY reports its completion"),
	CASE(send_zerocopy_limit, "MSG_ZEROCOPY beyond RLIMIT_MEMLOCK sends nothing"),
	CASE(send_zerocopy_failed, "MSG_ZEROCOPY that sends nothing reports no completion"),
	CASE(send_threads, "eight threads can write into one socket"),
};

GROUP(send);

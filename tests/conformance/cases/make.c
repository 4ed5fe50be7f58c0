// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * Creating sockets, and what a socket can do that was never connected.
 */

#include "conformance.h"

#include <sys/mman.h>
#include <sys/stat.h>

static void make_stream(void)
{
	int fd = sock(0);

	WANT(get_int(fd, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
	WANT(get_int(fd, SOL_SOCKET, SO_ACCEPTCONN), 0);
	WANT(get_int(fd, SOL_SOCKET, SO_ERROR), 0);
	WANT(close(fd), 0);
}

static void make_names_itself(void)
{
	int fd = sock(0);

	CALL(get_int(fd, SOL_SOCKET, SO_PROTOCOL));
	CALL(get_int(fd, SOL_SOCKET, SO_DOMAIN));
	WANT(close(fd), 0);
}

static void make_datagram(void)
{
	FAIL(sock_type(SOCK_DGRAM), EPROTONOSUPPORT);
}

static void make_seqpacket(void)
{
	FAIL(sock_type(SOCK_SEQPACKET), ESOCKTNOSUPPORT);
}

static void make_bad_type(void)
{
	FAIL(sock_type(0), ESOCKTNOSUPPORT);
	FAIL(sock_type(14), EINVAL);
	FAIL(sock_type(SOCK_STREAM | 0x100), EINVAL);
}

static int bad_protocol(int protocol)
{
	return socket(setting.carrier->own_family ? AF_SMC : setting.family,
		      SOCK_STREAM, protocol);
}

static void make_bad_protocol(void)
{
	FAIL(bad_protocol(250), EPROTONOSUPPORT);
}

static void make_flags(void)
{
	int fd = sock(SOCK_NONBLOCK | SOCK_CLOEXEC);
	int plain = sock(0);

	WANT(fcntl(fd, F_GETFL), O_RDWR | O_NONBLOCK);
	WANT(fcntl(fd, F_GETFD), FD_CLOEXEC);
	WANT(fcntl(plain, F_GETFL), O_RDWR);
	WANT(fcntl(plain, F_GETFD), 0);
}

static int pair_of_socks(int fds[2])
{
	if (setting.carrier->own_family)
		return socketpair(AF_SMC, SOCK_STREAM, 0, fds);
	return socketpair(setting.family, SOCK_STREAM,
			  setting.carrier->tcp ? IPPROTO_TCP : IPPROTO_SMC, fds);
}

static void make_socketpair(void)
{
	int fds[2];

	FAIL(pair_of_socks(fds), EOPNOTSUPP);
}

static void make_is_a_file(void)
{
	struct stat st = {};
	int fd = sock(0);

	WANT(fstat(fd, &st), 0);
	WANT(!!S_ISSOCK(st.st_mode), 1);
	WANT(st.st_mode & 0777, 0777);
	FAIL(lseek(fd, 0, SEEK_CUR), ESPIPE);
	FAIL(ftruncate(fd, 0), EINVAL);
	FAIL(fsync(fd), EINVAL);
}

static void make_mmap(void)
{
	int fd = sock(0);

	/* TCP allows its receive queue to be mapped. */
	CALL(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
}

static void make_unused_mask(void)
{
	int fd = sock(0);

	MASK(fd, POLLOUT | POLLHUP);
}

static void make_unused_calls(void)
{
	struct addr addr = { .len = sizeof(addr.any) };
	int fd = sock(0);
	char byte;

	FAIL(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
	FAIL(recv(fd, &byte, 1, 0), ENOTCONN);
	FAIL(recv(fd, &byte, 1, MSG_DONTWAIT), ENOTCONN);
	FAIL(read(fd, &byte, 1), ENOTCONN);
	FAIL(getpeername(fd, &addr.sa, &addr.len), ENOTCONN);
	FAIL(accept(fd, NULL, NULL), EINVAL);
	FAIL(shutdown(fd, SHUT_WR), ENOTCONN);
	FAIL(shutdown(fd, 3), EINVAL);
	WANT(get_int(fd, SOL_SOCKET, SO_ERROR), 0);
}

static void make_unused_pipe_signal(void)
{
	int fd = sock(0);

	catch_signal(SIGPIPE, 0);
	FAIL(write(fd, "x", 1), EPIPE);
	WANT(caught(SIGPIPE), 1);
}

static void make_unused_queues(void)
{
	int fd = sock(0);

	WANT(queued_in(fd), 0);
	WANT(queued_out(fd), 0);
}

static void make_many(void)
{
	int fds[200], i, made = 0;

	for (i = 0; i < 200; i++) {
		fds[i] = sock_type(SOCK_STREAM);
		made += fds[i] >= 0;
	}
	WANT(made, 200);
	for (i = 0; i < 200; i++)
		made -= !close(fds[i]);
	WANT(made, 0);
}

static void make_beyond_limit(void)
{
	int fd, spare = sock(0);

	WANT(close(spare), 0);
	do
		fd = dup(0);
	while (fd >= 0);
	FAIL(sock_type(SOCK_STREAM), EMFILE);
}

static const struct test make_tests[] = {
	CASE(make_stream, "a new socket is a stream socket"),
	CASE(make_names_itself, "SO_PROTOCOL and SO_DOMAIN say what was asked for"),
	CASE(make_datagram, "a datagram socket cannot be made"),
	CASE(make_seqpacket, "a packet socket cannot be made"),
	CASE(make_bad_type, "a type that does not exist is refused"),
	CASE(make_bad_protocol, "a protocol that does not exist is refused"),
	CASE(make_flags, "SOCK_NONBLOCK and SOCK_CLOEXEC are applied"),
	CASE(make_socketpair, "socketpair() is refused"),
	CASE(make_is_a_file, "file calls see a socket"),
	CASE(make_mmap, "a new socket is mapped as TCP's is"),
	CASE(make_unused_mask, "poll() of a new socket says hung up and writable"),
	CASE(make_unused_calls, "calls on a new socket fail as not connected"),
	CASE(make_unused_pipe_signal, "writing to a new socket raises SIGPIPE"),
	CASE(make_unused_queues, "the queues of a new socket are empty"),
	CASE(make_many, "200 sockets can be made and closed"),
	CASE(make_beyond_limit, "no free descriptor is EMFILE"),
};

GROUP(make);

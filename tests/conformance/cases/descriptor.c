// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * Descriptors: fork(), dup(), exec(), SCM_RIGHTS, /proc.
 */

#include "conformance.h"

#include <sys/stat.h>
#include <sys/syscall.h>

static void descriptor_dup(void)
{
	struct pair p = connected();
	int copy = dup(p.s);

	WANT(send(p.c, "abcd", 4, 0), 4);
	WANT(recv(copy, (char[9]){}, 2, 0), 2);
	WANT(recv(p.s, (char[9]){}, 2, 0), 2);
	WANT(set_nonblock(copy), 0);
	WANT(fcntl(p.s, F_GETFL), O_RDWR | O_NONBLOCK);
}

static void descriptor_dup_before_connect(void)
{
	struct addr where;
	int l = listening(&where), c = sock(0), copy = dup(c), s;

	WANT(connect(c, SA(where)), 0);
	s = accept(l, NULL, NULL);
	WANT(send(copy, "x", 1, 0), 1);
	WANT(recv(s, (char[9]){}, 9, 0), 1);
	WANT(close(c), 0);
	WANT(send(s, "y", 1, 0), 1);
	WANT(recv(copy, (char[9]){}, 9, 0), 1);
}

static void descriptor_fork(void)
{
	struct pair p = connected();

	if (!part()) {
		WANT(recv(p.s, (char[9]){}, 9, 0), 3);
		WANT(send(p.s, "reply", 5, 0), 5);
		done();
	}
	WANT(send(p.c, "abc", 3, 0), 3);
	WANT(recv(p.c, (char[9]){}, 9, MSG_WAITALL | MSG_DONTWAIT) >= -1, 1);
	join(1);
	MASK(p.s, POLLOUT);
}

static void descriptor_fork_listener(void)
{
	struct addr where;
	int l = listening(&where), i;

	for (i = 1; i <= 3; i++) {
		if (!part()) {
			int s = accept(l, NULL, NULL);

			WANT(send(s, "x", 1, 0), 1);
			close(s);
			done();
		}
	}
	WANT(close(l), 0);
	for (i = 1; i <= 3; i++) {
		int c = sock(0);

		WANT(connect(c, SA(where)), 0);
		WANT(recv(c, (char[9]){}, 9, 0), 1);
	}
	for (i = 1; i <= 3; i++)
		join(i);
	FAIL(connect(sock(0), SA(where)), ECONNREFUSED);
}

static int pass(int way, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {};
	struct iovec v = { "", 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };

	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(way, &m, 0);
}

static int take(int way)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {};
	char byte;
	struct iovec v = { &byte, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	int fd = -1;

	if (recvmsg(way, &m, 0) == 1 && m.msg_controllen)
		memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

static void descriptor_passed(void)
{
	struct pair p = connected();
	int way[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, way))
		broken("socketpair");
	if (!part()) {
		int fd;

		close(p.s);
		close(p.c);
		fd = take(way[1]);
		WANT(fd >= 0, 1);
		WANT(recv(fd, (char[9]){}, 9, 0), 3);
		WANT(send(fd, "ok", 2, 0), 2);
		done();
	}
	WANT(pass(way[0], p.s), 1);
	WANT(close(p.s), 0);
	WANT(send(p.c, "abc", 3, 0), 3);
	WANT(recv(p.c, (char[9]){}, 2, MSG_WAITALL), 2);
	join(1);
	close(way[0]);
	close(way[1]);
	WANT(recv(p.c, (char[9]){}, 2, 0), 0);
}

/* Passed and never received: the last reference is in the queue. */
static void descriptor_lost_on_the_way(void)
{
	struct pair p = connected();
	int way[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, way))
		broken("socketpair");
	WANT(pass(way[0], p.s), 1);
	WANT(close(p.s), 0);
	FAIL(recv(p.c, (char[9]){}, 9, MSG_DONTWAIT), EAGAIN);
	WANT(close(way[0]), 0);
	WANT(close(way[1]), 0);
	MASK(p.c, POLLIN | POLLOUT | POLLRDHUP);
	WANT(recv(p.c, (char[9]){}, 9, 0), 0);
}

static void descriptor_unconnected_passed(void)
{
	struct addr where;
	int way[2], l = listening(&where), fd = sock(0), s;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, way))
		broken("socketpair");
	WANT(pass(way[0], fd), 1);
	if (!part()) {
		int c = take(way[1]);

		WANT(connect(c, SA(where)), 0);
		done();
	}
	join(1);
	s = accept(l, NULL, NULL);
	WANT(send(fd, "x", 1, 0), 1);
	WANT(recv(s, (char[9]){}, 9, 0), 1);
}

static void descriptor_exec(void)
{
	struct pair p = connected();

	WANT(fcntl(p.c, F_SETFD, FD_CLOEXEC), 0);
	if (!part()) {
		close(p.s);
		dup2(p.c, 1);
		execl("/proc/self/exe", "conformance", "--help", NULL);
		_exit(9);
	}
	WANT(close(p.c), 0);
	WANT(drain(p.s) > 100, 1);
	join(1);
}

static void descriptor_close_on_exec(void)
{
	struct pair p = connected();

	WANT(fcntl(p.c, F_SETFD, FD_CLOEXEC), 0);
	if (!part()) {
		close(p.s);
		close(1);
		execl("/proc/self/exe", "conformance", "--list", NULL);
		_exit(9);
	}
	WANT(close(p.c), 0);
	WANT(drain(p.s), 0);
	join(1);
}

static void descriptor_reopened(void)
{
	struct pair p = connected();
	char path[40], link[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", p.c);
	FAIL(open(path, O_RDWR), ENXIO);
	WANT(readlink(path, link, sizeof(link) - 1) > 0, 1);
	WANT(strncmp(link, "socket:[", 8), 0);
}

static void descriptor_inode(void)
{
	struct pair p = connected();
	struct stat c = {}, s = {}, again = {};

	WANT(fstat(p.c, &c), 0);
	WANT(fstat(p.s, &s), 0);
	WANT(c.st_ino != s.st_ino, 1);
	WANT(send(p.c, "x", 1, 0), 1);
	WANT(fstat(p.c, &again), 0);
	WANT(c.st_ino == again.st_ino, 1);
	WANT(fchmod(p.c, 0600), 0);
}

static void descriptor_stolen(void)
{
	struct pair p = connected();
	int part_fd;

	if (!part()) {
		hear();
		done();
	}
	part_fd = syscall(SYS_pidfd_getfd,
			  syscall(SYS_pidfd_open, pid_of(1), 0), p.s, 0);
	tell(1);
	join(1);
	if (part_fd < 0)
		skip("no pidfd_getfd");
	WANT(close(p.s), 0);
	WANT(send(p.c, "abc", 3, 0), 3);
	WANT(recv(part_fd, (char[9]){}, 9, 0), 3);
	WANT(close(part_fd), 0);
	MASK(p.c, POLLIN | POLLOUT | POLLRDHUP);
}

static void descriptor_wrong_kind(void)
{
	int fd = open("/dev/null", O_RDWR);

	FAIL(send(fd, "x", 1, 0), ENOTSOCK);
	FAIL(listen(fd, 1), ENOTSOCK);
	FAIL(listen(-1, 1), EBADF);
	WANT(sock(0) >= 0, 1);
}

static const struct test descriptor_tests[] = {
	CASE(descriptor_dup, "copies share stream and flags"),
	CASE(descriptor_dup_before_connect, "copies made before connect() are connected"),
	CASE(descriptor_fork, "a child uses its parent's connection"),
	CASE(descriptor_fork_listener, "children accept from their parent's listener"),
	CASE(descriptor_passed, "a connection can be passed to another process"),
	CASE(descriptor_lost_on_the_way, "a connection lost while it is passed is closed"),
	CASE(descriptor_unconnected_passed, "a socket connected by another process is connected here"),
	CASE(descriptor_exec, "a connection outlives exec()"),
	CASE(descriptor_close_on_exec, "FD_CLOEXEC closes a connection"),
	CASE(descriptor_reopened, "a socket cannot be opened by its /proc name"),
	CASE(descriptor_inode, "a socket keeps its inode"),
	CASE(descriptor_stolen, "pidfd_getfd() takes a connection over"),
	CASE(descriptor_wrong_kind, "a descriptor that is not a socket is refused"),
};

GROUP(descriptor);

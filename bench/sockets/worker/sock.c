// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Sockets of all transports. SMC sockets differ from TCP sockets only in their
 * protocol number, so this works with any SMC module.
 */
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "worker.h"

#ifndef IPPROTO_SMC
#define IPPROTO_SMC 256
#endif

/* The network namespaces of the ends over ISM, made by guest.py. */
#define ISM_SERVER	"/run/netns/blue"
#define ISM_CLIENT	"/run/netns/red"
#define ISM_ADDRESS	0x0a010002	/* 10.1.0.2 */

static union {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_un un;
} addr;
static socklen_t addr_len;

bool transport_is(const char *name)
{
	return !strcmp(transport, name);
}

static void enter_netns(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "%s", path);
	close(fd);
}

static int make_socket(void)
{
	int fd, on = 1;

	if (transport_is("unix")) {
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		if (fd < 0)
			err(1, "socket");
		return fd;
	}
	fd = socket(AF_INET, SOCK_STREAM,
		    transport_is("tcp") ? IPPROTO_TCP : IPPROTO_SMC);
	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

int listen_any(void)
{
	int fd;

	if (is_sink)
		return -1;
	if (is_memory)
		return 0;
	if (transport_is("ism"))
		enter_netns(ISM_SERVER);
	fd = make_socket();
	if (transport_is("unix")) {
		addr.un.sun_family = AF_UNIX;
		addr_len = sizeof(sa_family_t); /* the kernel picks a name */
	} else {
		addr.in.sin_family = AF_INET;
		addr.in.sin_addr.s_addr = htonl(transport_is("ism") ?
						ISM_ADDRESS : INADDR_LOOPBACK);
		addr_len = sizeof(addr.in);
	}
	if (bind(fd, &addr.any, addr_len) || listen(fd, 128))
		err(1, "listen");
	addr_len = sizeof(addr);
	if (getsockname(fd, &addr.any, &addr_len))
		err(1, "getsockname");
	return fd;
}

int accept_one(int listener)
{
	int fd, on = 1;

	if (is_memory) {
		memory_attach(true);
		return 0;
	}
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		err(1, "accept");
	if (!transport_is("unix"))
		setsockopt(fd, SOL_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

/* A copy-only socket, see ../sink. */
static int open_sink(void)
{
	int device = open("/dev/dibs_sink", O_RDWR), fd;

	fd = device < 0 ? -1 : ioctl(device, 0);
	if (fd < 0)
		err(1, "/dev/dibs_sink");
	close(device);
	return fd;
}

int connect_one(void)
{
	static bool entered;
	int fd;

	if (is_sink)
		return open_sink();
	if (is_memory) {
		memory_attach(false);
		return 0;
	}
	if (transport_is("ism") && !entered) {
		enter_netns(ISM_CLIENT);
		entered = true;
	}
	fd = make_socket();
	if (connect(fd, &addr.any, addr_len))
		err(1, "connect");
	return fd;
}

void send_all(int fd, size_t len)
{
	size_t done = 0;
	ssize_t n;

	if (is_memory) {
		memory_write(buffer, len);
		return;
	}
	while (done < len) {
		n = write(fd, buffer + done, len - done);
		if (n <= 0)
			err(1, "write");
		done += n;
	}
}

void recv_all(int fd, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = is_memory ? (ssize_t)memory_read(buffer + done, len - done) :
				read(fd, buffer + done, len - done);
		if (n <= 0)
			err(1, "read");
		done += n;
	}
}

/* Like read(), of up to READ_SIZE bytes. */
ssize_t recv_some(int fd)
{
	return is_memory ? (ssize_t)memory_read(buffer, READ_SIZE) :
			   read(fd, buffer, READ_SIZE);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Sockets of all transports. SMC sockets are TCP sockets but for their protocol,
 * so it does not matter which module they are of.
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

/* Where the ends over ISM are; guest.py makes the namespaces. */
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

static void enter(const char *namespace)
{
	int fd = open(namespace, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "%s", namespace);
	close(fd);
}

static int make(void)
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

int listen_somewhere(void)
{
	int fd;

	if (is_probe)
		return -1;
	if (is_memory)
		return 0;
	if (transport_is("ism"))
		enter(ISM_SERVER);
	fd = make();
	if (transport_is("unix")) {
		addr.un.sun_family = AF_UNIX;
		addr_len = sizeof(sa_family_t); /* the kernel finds a name */
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
		memory_join(true);
		return 0;
	}
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		err(1, "accept");
	if (!transport_is("unix"))
		setsockopt(fd, SOL_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

/* A socket that throws away what is written (bench/sink.c). */
static int sink(void)
{
	int device = open("/dev/dibs_sink", O_RDWR), fd;

	fd = device < 0 ? -1 : ioctl(device, 0);
	if (fd < 0)
		err(1, "/dev/dibs_sink");
	close(device);
	return fd;
}

int connected(void)
{
	static bool entered;
	int fd;

	if (is_probe)
		return sink();
	if (is_memory) {
		memory_join(false);
		return 0;
	}
	if (transport_is("ism") && !entered) {
		enter(ISM_CLIENT);
		entered = true;
	}
	fd = make();
	if (connect(fd, &addr.any, addr_len))
		err(1, "connect");
	return fd;
}

void put(int fd, size_t len)
{
	size_t done = 0;
	ssize_t n;

	if (is_memory) {
		memory_put(buffer, len);
		return;
	}
	while (done < len) {
		n = write(fd, buffer + done, len - done);
		if (n <= 0)
			err(1, "write");
		done += n;
	}
}

void get(int fd, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = is_memory ? (ssize_t)memory_get(buffer + done, len - done) :
				read(fd, buffer + done, len - done);
		if (n <= 0)
			err(1, "read");
		done += n;
	}
}

/* As read() of all that there is room for. */
ssize_t get_some(int fd)
{
	return is_memory ? (ssize_t)memory_get(buffer, READ_SIZE) :
			   read(fd, buffer, READ_SIZE);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * libdibs-preload.so: gives a program SMC sockets where it asks for TCP
 * sockets. "dibs run" puts it into LD_PRELOAD, or the user does. With
 * DIBS_TRACE=1 in the environment it reports each socket on standard error.
 *
 * It replaces socket() alone, and there only the protocol: the address family
 * stays. Without SMC the program gets the TCP socket it asked for, or the error
 * that it would have got.
 *
 * Called in any thread, in signal handlers and after vfork(), hence no
 * allocation, no stdio, no lock; errno is unchanged unless the call failed.
 */
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "protocol.h"

#define EXPORT __attribute__((visibility("default")))

typedef int socket_fn(int family, int type, int protocol);

/* Set before the program has threads; NULL while libraries are initialised. */
static socket_fn *next_socket;
static int tracing;

/* The kernel has no SMC, and would look for a module each time it is asked. */
static int missing;

__attribute__((constructor)) static void start(void)
{
	const char *trace = getenv("DIBS_TRACE");

	next_socket = (socket_fn *)dlsym(RTLD_NEXT, "socket");
	tracing = trace && *trace && strcmp(trace, "0");
}

static int plain_socket(int family, int type, int protocol)
{
	socket_fn *fn = next_socket;

	return fn ? fn(family, type, protocol) :
		    (int)syscall(SYS_socket, family, type, protocol);
}

static int is_tcp(int family, int type, int protocol)
{
	return (family == AF_INET || family == AF_INET6) &&
	       (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM &&
	       (protocol == 0 || protocol == IPPROTO_TCP);
}

static char *put_text(char *at, const char *text)
{
	while (*text)
		*at++ = *text++;
	return at;
}

static char *put_number(char *at, unsigned int number)
{
	char digits[12];
	int n = 0;

	do {
		digits[n++] = '0' + number % 10;
		number /= 10;
	} while (number);
	while (n)
		*at++ = digits[--n];
	return at;
}

/* "dibs: 1234: socket 5: SMC over IPv4". @err: why not SMC, or 0 */
static void trace(int fd, int family, int err)
{
	char line[96], *at = line;
	ssize_t ignored;

	at = put_text(at, "dibs: ");
	at = put_number(at, getpid());
	at = put_text(at, ": socket ");
	if (fd < 0)
		at = put_text(at, "-");
	else
		at = put_number(at, fd);
	at = put_text(at, err ? ": plain TCP over " : ": SMC over ");
	at = put_text(at, family == AF_INET ? "IPv4" : "IPv6");
	if (err) {
		at = put_text(at, ", error ");
		at = put_number(at, -err);
	}
	*at++ = '\n';
	ignored = write(STDERR_FILENO, line, at - line);
	(void)ignored;
}

/* 0 if *@fd is an SMC socket, or -errno. */
static int smc_socket(int family, int type, int *fd)
{
	if (__atomic_load_n(&missing, __ATOMIC_RELAXED))
		return -EPROTONOSUPPORT;
	*fd = plain_socket(family, type, IPPROTO_SMC);
	if (*fd >= 0)
		return 0;
	if (errno == EPROTONOSUPPORT)
		__atomic_store_n(&missing, 1, __ATOMIC_RELAXED);
	return -errno;
}

EXPORT int socket(int family, int type, int protocol)
{
	int saved = errno;
	int fd, err;

	if (!is_tcp(family, type, protocol))
		return plain_socket(family, type, protocol);
	err = smc_socket(family, type, &fd);
	if (err) {
		errno = saved;
		fd = plain_socket(family, type, protocol);
		saved = errno;
	}
	if (tracing)
		trace(fd, family, err);
	errno = saved;
	return fd;
}

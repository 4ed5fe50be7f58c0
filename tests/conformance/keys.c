// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * Some socket options make the kernel patch instructions in the path of all
 * packets, at the first such socket and after the last. That is slow, and
 * emulators do not always get it right while other CPUs execute these
 * instructions. So the first and last such sockets are held here, before and
 * after all cases.
 */

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <string.h>

#include "conformance.h"
#include "run.h"

/* The first connection of each family initialises random numbers for good. */
static void connect_once(int family)
{
	struct sockaddr_in6 v6 = {
		.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT
	};
	struct sockaddr_in v4 = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	struct sockaddr *sa = family == AF_INET6 ? (void *)&v6 : (void *)&v4;
	socklen_t len = family == AF_INET6 ? sizeof(v6) : sizeof(v4);
	int l = socket(family, SOCK_STREAM, 0);
	int c = socket(family, SOCK_STREAM, 0);

	if (!bind(l, sa, len) && !listen(l, 1) && !getsockname(l, sa, &len) &&
	    !connect(c, sa, len))
		close(accept(l, NULL, NULL));
	close(c);
	close(l);
}

/* Sockets that stay open as long as this process. */
void keys_hold(void)
{
	struct tcp_md5sig md5 = { .tcpm_keylen = 3, .tcpm_key = "key" };
	struct sockaddr_in *to = (void *)&md5.tcpm_addr;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	connect_once(AF_INET);
	connect_once(AF_INET6);
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on));
	to->sin_family = AF_INET;
	to->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &md5, sizeof(md5));
}

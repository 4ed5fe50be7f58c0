// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The liar's end of connections: plain TCP, and messages over it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "liar.h"

#define PATIENCE	60	/* seconds; longer than any timeout */

static int family = AF_INET;

/* To be called before there are any sockets. */
void use_ipv6(void)
{
	family = AF_INET6;
}

/* Returns an unconnected socket, for either end. */
int tcp_socket(int protocol)
{
	return socket(family, SOCK_STREAM | SOCK_CLOEXEC, protocol);
}

/* An address of this machine; port 0: any. */
void place_make(struct place *place, int port)
{
	memset(place, 0, sizeof(*place));
	if (family == AF_INET6) {
		place->in6.sin6_family = AF_INET6;
		place->in6.sin6_port = htons(port);
		place->in6.sin6_addr = in6addr_loopback;
		place->len = sizeof(place->in6);
	} else {
		place->in.sin_family = AF_INET;
		place->in.sin_port = htons(port);
		place->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		place->len = sizeof(place->in);
	}
}

int place_port(const struct place *place)
{
	return ntohs(family == AF_INET6 ? place->in6.sin6_port :
					  place->in.sin_port);
}

void patience(int fd)
{
	struct timeval limit = { .tv_sec = PATIENCE };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

int port_of(int fd)
{
	struct place place = { .len = sizeof(place.in6) };

	if (getsockname(fd, &place.any, &place.len))
		die("getsockname");
	return place_port(&place);
}

/* Returns 0 if the socket is no longer connected. */
int peer_port_of(int fd)
{
	struct place place = { .len = sizeof(place.in6) };

	if (getpeername(fd, &place.any, &place.len))
		return 0;
	return place_port(&place);
}

int liar_listen(void)
{
	int fd = liar_socket();
	struct place any;

	place_make(&any, 0);
	if (bind(fd, &any.any, any.len) || listen(fd, 4096))
		die("a liar's listen");
	patience(fd);
	return fd;
}

int liar_connect(int port)
{
	int fd = liar_socket();
	struct place place;

	place_make(&place, port);
	patience(fd);
	if (connect(fd, &place.any, place.len))
		die("a liar's connect");
	return fd;
}

int liar_accept(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	int on = 1;

	if (fd < 0)
		die("a liar's accept");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	patience(fd);
	return fd;
}

void liar_end(int fd)
{
	shutdown(fd, SHUT_WR);
}

/* Closes with a reset. */
void liar_reset(int fd)
{
	struct linger now = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

bool liar_send(int fd, const void *data, size_t len)
{
	ssize_t sent;

	if (!len)
		return true;
	sent = send(fd, data, len, MSG_NOSIGNAL);
	if (sent == (ssize_t)len)
		return true;
	return wrong("the liar's send: %s", sent < 0 ? strerror(errno) :
						       "short");
}

bool liar_tell(int fd, const struct message *message)
{
	return liar_send(fd, message->data, message->len);
}

static bool receive_all(int fd, void *data, size_t len)
{
	ssize_t n = len ? recv(fd, data, len, MSG_WAITALL) : 0;

	if (n == (ssize_t)len)
		return true;
	return wrong("the liar reads %zd of %zu bytes of a message: %s", n,
		     len, n < 0 ? strerror(errno) : "end");
}

/* The honest end's next message is of this kind. */
bool liar_hears(int fd, struct message *message, enum kind kind)
{
	size_t len;

	message->len = HEADER_LEN;
	if (!receive_all(fd, message->data, HEADER_LEN))
		return false;
	len = get(message, AT_LENGTH, 2);
	if (get(message, 0, 3) != 0xe2d4c3 || len < HEADER_LEN)
		return wrong("the honest end says what is no message");
	message->len = len;
	if (!receive_all(fd, message->data + HEADER_LEN, len - HEADER_LEN))
		return false;
	if (message->data[AT_TYPE] != kind)
		return wrong("the honest end says %u, not %u",
			     message->data[AT_TYPE], kind);
	return true;
}

bool liar_is_declined(int fd, uint32_t reason)
{
	static struct message decline;
	uint32_t got;

	if (!liar_hears(fd, &decline, DECLINE))
		return false;
	got = get(&decline, AT_DIAGNOSIS, 4);
	if (got != reason)
		return wrong("the honest end declines for %08x, not %08x",
			     got, reason);
	return true;
}

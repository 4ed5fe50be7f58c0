// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The honest end: IPPROTO_SMC sockets, what sock_diag says about them, and
 * bytes that must arrive.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/smc_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "liar.h"

#ifndef IPPROTO_SMC
#define IPPROTO_SMC 256
#endif
#ifndef AF_SMC
#define AF_SMC 43
#endif

/* From the kernel, which shows this state to no program. */
#define SMC_STATE_INIT	2

#define BACKLOG		4096
#define PATIENCE_MS	60000

static int listener;

static int honest_socket(void)
{
	int fd = tcp_socket(IPPROTO_SMC);

	if (fd < 0)
		die("an honest socket");
	patience(fd);
	return fd;
}

int honest_listen(int backlog)
{
	int fd = honest_socket();
	struct place any;

	place_make(&any, 0);
	if (bind(fd, &any.any, any.len) || listen(fd, backlog))
		die("an honest listen");
	return fd;
}

/* Makes the listener that all cases use; returns its port. */
int honest_start(void)
{
	listener = honest_listen(BACKLOG);
	return port_of(listener);
}

/* Sets the ring size of later connections. */
void honest_ring(int kib)
{
	int size = kib * 1024;

	if (setsockopt(listener, SOL_SOCKET, SO_RCVBUFFORCE, &size,
		       sizeof(size)))
		die("SO_RCVBUFFORCE");
}

/* Accepts the connection from @port, unless 0; closes others. */
int honest_accept(int port)
{
	struct place peer = { .len = sizeof(peer.in6) };
	int fd;

	for (;;) {
		fd = accept4(listener, &peer.any, &peer.len, SOCK_CLOEXEC);
		if (fd < 0) {
			wrong("the honest accept: %s", strerror(errno));
			return -1;
		}
		if (!port || place_port(&peer) == port)
			break;
		close(fd);
	}
	patience(fd);
	return fd;
}

int honest_begin(int port)
{
	int fd = honest_socket();
	struct place place;

	place_make(&place, port);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (!connect(fd, &place.any, place.len) || errno != EINPROGRESS)
		die("an honest connect");
	return fd;
}

int honest_finish(int fd)
{
	struct pollfd poller = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int error = 0;

	if (poll(&poller, 1, PATIENCE_MS) != 1)
		return ETIMEDOUT;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	fcntl(fd, F_SETFL, 0);
	return error;
}

/* --- time ---------------------------------------------------------------- */

static const char timeout_file[] = "/proc/sys/net/smc/handshake_timeout_ms";

long honest_timeout(void)
{
	FILE *file = fopen(timeout_file, "r");
	long ms;

	if (!file || fscanf(file, "%ld", &ms) != 1)
		die(timeout_file);
	fclose(file);
	return ms;
}

/* Sets the timeout of later handshakes. */
void honest_set_timeout(long ms)
{
	FILE *file = fopen(timeout_file, "w");

	if (!file || fprintf(file, "%ld", ms) < 0 || fclose(file))
		die(timeout_file);
}

/* By a clock that is never set. */
long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- sock_diag ----------------------------------------------------------- */

static void fate_read(const struct nlmsghdr *reply, struct fate *fate)
{
	const struct smc_diag_msg *msg = NLMSG_DATA(reply);
	struct rtattr *attr = (void *)(msg + 1);
	int left = NLMSG_PAYLOAD(reply, sizeof(*msg));

	memset(fate, 0, sizeof(*fate));
	fate->smcd = msg->diag_mode == SMC_DIAG_MODE_SMCD;
	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		const struct smc_diag_fallback *fallback = RTA_DATA(attr);
		const struct smcd_diag_dmbinfo *dmb = RTA_DATA(attr);

		switch (attr->rta_type) {
		case SMC_DIAG_FALLBACK:
			fate->reason = fallback->reason;
			fate->peer_diagnosis = fallback->peer_diagnosis;
			break;
		case SMC_DIAG_DMBINFO:
			fate->token = dmb->token;
			fate->peer_token = dmb->peer_token;
			break;
		}
	}
}

static int diag_socket(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
			    NETLINK_SOCK_DIAG);
	if (fd < 0)
		die("sock_diag");
	return fd;
}

static void diag_ask(void)
{
	struct {
		struct nlmsghdr header;
		struct smc_diag_req req;
	} ask = {
		.header = {
			.nlmsg_len = sizeof(ask),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		.req = {
			.diag_family = AF_SMC,
			.diag_ext = 1 << (SMC_DIAG_DMBINFO - 1),
		},
	};

	if (send(diag_socket(), &ask, sizeof(ask), 0) != sizeof(ask))
		die("sock_diag");
}

/* Calls @fn for all sockets. */
static void diag_walk(void (*fn)(const struct nlmsghdr *reply, void *arg),
		      void *arg)
{
	static char buffer[65536];
	struct nlmsghdr *reply;
	ssize_t n;

	diag_ask();
	for (;;) {
		n = recv(diag_socket(), buffer, sizeof(buffer), 0);
		if (n <= 0)
			die("sock_diag");
		for (reply = (void *)buffer; NLMSG_OK(reply, n);
		     reply = NLMSG_NEXT(reply, n)) {
			if (reply->nlmsg_type == NLMSG_DONE)
				return;
			if (reply->nlmsg_type == NLMSG_ERROR)
				die("sock_diag");
			fn(reply, arg);
		}
	}
}

struct search {
	int own, peer;		/* ports */
	bool found;
	struct fate *fate;
};

static void look_for(const struct nlmsghdr *reply, void *arg)
{
	const struct smc_diag_msg *msg = NLMSG_DATA(reply);
	struct search *search = arg;

	if (ntohs(msg->id.idiag_sport) != search->own ||
	    ntohs(msg->id.idiag_dport) != search->peer)
		return;
	search->found = true;
	fate_read(reply, search->fate);
}

bool honest_fate(int fd, struct fate *fate)
{
	struct search search = { .fate = fate };
	int peer = peer_port_of(fd);

	if (!peer)
		return wrong("the honest end has no peer");
	search.own = port_of(fd);
	search.peer = peer;
	diag_walk(look_for, &search);
	return search.found || wrong("sock_diag does not know the honest end");
}

struct tally {
	int port;
	unsigned int count;
};

/* Counts connections at that port that are in a handshake. */
static void tally_undecided(const struct nlmsghdr *reply, void *arg)
{
	const struct smc_diag_msg *msg = NLMSG_DATA(reply);
	struct tally *tally = arg;
	struct fate fate;

	fate_read(reply, &fate);
	tally->count += ntohs(msg->id.idiag_sport) == tally->port &&
			msg->id.idiag_dport && !fate.smcd && !fate.reason &&
			msg->diag_state == SMC_STATE_INIT;
}

unsigned int honest_undecided(int port)
{
	struct tally tally = { .port = port };

	diag_walk(tally_undecided, &tally);
	return tally.count;
}

bool honest_is(int fd, uint32_t reason)
{
	struct fate fate;

	if (!honest_fate(fd, &fate))
		return false;
	if (fate.smcd)
		return wrong("SMC-D carries the honest end");
	if (fate.reason != reason)
		return wrong("the honest end fell back for %08x, not %08x",
			     fate.reason, reason);
	return true;
}

bool honest_is_smcd(int fd)
{
	struct fate fate;

	if (!honest_fate(fd, &fate))
		return false;
	return fate.smcd || wrong("the honest end fell back for %08x",
				  fate.reason);
}

/* --- bytes --------------------------------------------------------------- */

/* Exactly these bytes come next. */
bool expect(int fd, const void *data, size_t len)
{
	static uint8_t got[1 << 17];
	ssize_t n;

	if (!len)
		return true;
	n = recv(fd, got, len, MSG_WAITALL);
	if (n != (ssize_t)len)
		return wrong("%zd of %zu bytes arrive: %s", n, len,
			     n < 0 ? strerror(errno) : "end");
	return !memcmp(got, data, len) || wrong("other bytes arrive");
}

/* The stream ends. */
bool is_over(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, 0);

	if (!n)
		return true;
	return wrong("no end: %s", n < 0 ? strerror(errno) : "a byte");
}

/* The connection was reset. */
bool is_reset(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, 0);

	if (n < 0 && (errno == ECONNRESET || errno == EPIPE))
		return true;
	return wrong("no reset: %s", n < 0 ? strerror(errno) :
				     n ? "a byte" : "end");
}

bool exchange(int from, int to, unsigned int seed, size_t len)
{
	static uint8_t bytes[1 << 16];
	size_t i;

	for (i = 0; i < len; i++) {
		seed = seed * 1103515245 + 12345;
		bytes[i] = seed >> 16;
	}
	/* Never the beginning of a message. */
	bytes[0] &= 0x7f;
	if (send(from, bytes, len, MSG_NOSIGNAL) != (ssize_t)len)
		return wrong("send: %s", strerror(errno));
	return expect(to, bytes, len);
}

bool both_ways(int a, int b)
{
	static unsigned int seed;

	return exchange(a, b, ++seed, 3000) && exchange(b, a, ++seed, 3000) &&
	       exchange(a, b, ++seed, 1);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) The DIBS authors
 *
 * Everything that cases of the socket conformance suite use.
 *
 * A case is a function. It makes sockets of the carrier under test and
 * *records* what calls return, as lines "label = value". The suite runs it over
 * TCP first, then over each SMC carrier, and compares the lines.
 *
 *	static void send_after_peer_left(void)
 *	{
 *		struct pair p = connected();
 *
 *		WANT(close(p.s), 0);
 *		MASK(p.c, POLLIN | POLLOUT | POLLRDHUP);
 *		NOTE("peer", compare_names(p.c));
 *	}
 *
 * WANT, FAIL and MASK also judge: what they demand holds for TCP itself, so
 * that a case that records nonsense cannot pass because it does so everywhere.
 *
 * A case that needs two processes forks parts, each with a record of its own:
 *
 *	if (!part()) {				|
 *		WANT(recv(p.s, b, 9, 0), 5);	|	asleep(1);
 *		done();				|	WANT(send(p.c, ..), 5);
 *	}					|	join(1);
 *
 * Nothing sleeps to synchronise: asleep() waits until a part is blocked in a
 * system call, tell() and hear() pass a byte, and MASK and SOON look again
 * until they see what they want or give up after a long time.
 */

#ifndef DIBS_CONFORMANCE_H
#define DIBS_CONFORMANCE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef AF_SMC
#define AF_SMC 43
#endif
#ifndef IPPROTO_SMC
#define IPPROTO_SMC 256
#endif
#ifndef TCP_ULP
#define TCP_ULP 31
#endif

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* --- the table of cases ------------------------------------------------- */

struct test {
	const char *name;	/* of its function; for --case and differences */
	const char *says;	/* the statement that it proves */
	void (*run)(void);
	unsigned int flags;
};

#define ONLY_V4	 1u
#define ONLY_V6	 2u
#define OWN_NET	 4u		/* runs in a network namespace of its own */
#define FALLS_BACK 8u		/* OWN_NET; some connection cannot use DMBs */
#define MAY_FALL_BACK 16u	/* OWN_NET; some may by chance not use DMBs */

#define CASE(function, statement) \
	{ .name = #function, .says = statement, .run = function }
#define CASE_FLAGS(function, bits, statement) \
	{ .name = #function, .says = statement, .run = function, .flags = bits }

struct group {
	const struct test *tests;
	unsigned int count;
};

#define GROUP(topic) \
	const struct group topic##_group = { topic##_tests, \
					     ARRAY_SIZE(topic##_tests) }

/* --- what is under test ------------------------------------------------- */

struct carrier {
	const char *name;
	bool tcp;
	bool own_family;	/* socket(AF_SMC) */
};

/* What carries the bytes of SMC sockets. */
enum path {
	PATH_ANY,		/* no matter what */
	PATH_TCP,
	PATH_MAPPED,		/* DMBs, written in place */
	PATH_MOVING,		/* DMBs, by a device's moves */
};

struct setting {
	const struct carrier *carrier;
	int family;		/* AF_INET or AF_INET6 */
	unsigned int patience;	/* seconds until a case counts as hung */
	enum path path;
	bool falls_back;	/* this case */
	uint32_t seed;
};

extern struct setting setting;

/* --- recording (record.c) ----------------------------------------------- */

/* Records a call's result and, if that is -1, its errno. */
#define CALL(call) ({						\
	long value_;						\
								\
	errno = 0;						\
	value_ = (long)(call);					\
	record_call(#call, value_, errno);			\
})
#define JUDGE(label, call, value, code) ({			\
	long value_;						\
								\
	errno = 0;						\
	value_ = (long)(call);					\
	record_want(label, value_, errno, value, code);		\
})
/* Like CALL, and the call must return exactly that. */
#define WANT(call, value) JUDGE(#call, call, value, 0)
/* Like CALL, and the call must fail with that errno. */
#define FAIL(call, code) JUDGE(#call, call, -1, code)
/* Records a number that is not a return value. */
#define NOTE(label, value) record_number(label, (long)(value))
/* Like NOTE, and the number must be that. */
#define SHOULD(label, value, wanted) \
	record_should(label, (long)(value), (long)(wanted))
/* The expression has that value now or soon. */
#define SOON(expression, wanted) ({				\
	long want_ = (wanted), value_;				\
	struct wait wait_ = {};					\
	do							\
		value_ = (long)(expression);			\
	while (value_ != want_ && wait_more(&wait_));		\
	record_should(#expression, value_, want_);		\
})
/* poll() returns exactly that mask now or soon. */
#define MASK(fd, wanted) record_mask(#fd, fd, wanted)

struct wait {
	long waited;
};

long record_call(const char *label, long value, int code);
long record_want(const char *label, long value, int code, long wanted,
		 int wanted_code);
long record_should(const char *label, long value, long wanted);
long record_mask(const char *label, int fd, int wanted);
void record_number(const char *label, long value);
void record_text(const char *label, const char *value);
bool wait_more(struct wait *wait);
const char *mask_name(unsigned int mask);
/* Ends the case: it cannot run here, which is not a failure. */
void skip(const char *why) __attribute__((noreturn));
/* Ends the case: its own preparation failed. */
void broken(const char *what) __attribute__((noreturn));

/* --- parts: further processes of a case (parts.c) ------------------------ */

/* Forks part 1, 2, ...; like fork(), returns 0 in the new one. */
int part(void);
void done(void) __attribute__((noreturn));
/* Waits until the part has called done(). */
void join(int number);
/* Waits until the part is blocked in a system call. */
void asleep(int number);
pid_t pid_of(int number);
/* Pass a byte from one part to another; 0 is the case itself. */
void tell(int number);
void hear(void);

/* --- sockets (sockets.c) ------------------------------------------------- */

struct addr {
	socklen_t len;
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_storage any;
	};
};

#define SA(addr) (&(addr).sa), ((addr).len)

struct pair {
	int c;			/* connected */
	int s;			/* accepted */
	int l;			/* the listener */
};

/* A new socket of the carrier; type flags (SOCK_NONBLOCK) may be added. */
int sock(int flags);
int sock_type(int type);
struct addr loopback(int port);
struct addr wildcard(int port);
struct addr black_hole(int port);	/* packets to it are lost */
void go_deaf(int fd);
struct addr unreachable(int port);	/* no route to it */
struct addr own_name(int fd);
struct addr peer_name(int fd);
int port_of(const struct addr *addr);
bool same_addr(const struct addr *a, const struct addr *b);
/* A port of the loopback address on which nobody listens. */
struct addr nobody(void);
int listening(struct addr *where);
int listening_with(struct addr *where, int backlog, int level, int option,
		   int value);
struct pair connected(void);
/* Both ends have small buffers, which are filled quickly. */
struct pair connected_small(void);
struct pair accept_one(int l, const struct addr *where);
/* Proves that the bytes of a socket take the path that was asked for. */
void prove_carrier(int fd);

/* --- small helpers (help.c) ---------------------------------------------- */

void set_int(int fd, int level, int option, int value);
int get_int(int fd, int level, int option);
int set_timeout(int fd, int option, long milliseconds);
int set_nonblock(int fd);
int socket_error(int fd);		/* SO_ERROR */
int queued_in(int fd);			/* SIOCINQ */
int queued_out(int fd);			/* SIOCOUTQ */
struct tcp_info tcp_info_of(int fd);
int poll_now(int fd);			/* the mask */
long now_ms(void);
unsigned char pattern_at(size_t offset);
void pattern(void *buf, size_t len, size_t offset);
bool is_pattern(const void *buf, size_t len, size_t offset);
/* Sends until it would block; returns how many bytes. */
size_t fill(int fd);
/* Waits for len bytes of pattern; returns how many were right. */
size_t expect_pattern(int fd, size_t len, size_t offset);
/* Reads to the end; returns how many bytes, or -errno. */
long drain(int fd);
size_t send_all(int fd, size_t len, size_t offset);
/* Many times what connected_small() buffers. */
#define MUCH 300000
/* Odd sizes that fit nowhere, one per turn, and not more than is left. */
size_t odd_size(unsigned int turn, size_t left);
/* Sends and receives len bytes of pattern in such pieces; return how many were
 * sent, and how many arrived right.
 */
size_t send_odd(int fd, size_t len);
size_t expect_odd(int fd, size_t len);
void catch_signal(int number, int flags);
void catch_info(int number);
int caught(int number);
int caught_band(void);
int caught_fd(void);
int set_sysctl(const char *name, const char *value);
void *bad_pointer(void);
bool kernel_has(const char *path);
/* Interrupts a part with one signal, once it sleeps. */
void interrupt(int number, int signal_number);

#endif

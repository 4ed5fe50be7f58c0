/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * A sample is a process (main.c) that forks a client and a server per pair
 * (cases.c). They inherit its variables, and share counters with it.
 */
#ifndef _WORKER_H
#define _WORKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MAX_PAIRS	64
#define MAX_TRIPS	(1u << 23)	/* round trips per sample */
#define IDLE_CONNS	500		/* connections of the case "idle" */
#define READ_SIZE	(64 << 10)
#define RING_SIZE	(1 << 20)	/* of the transport "memory" */

struct counter {
	volatile uint64_t value;	/* bytes, round trips or connections */
} __attribute__((aligned(64)));

struct ring {
	_Atomic uint64_t written __attribute__((aligned(128)));
	_Atomic uint64_t read __attribute__((aligned(128)));
	char bytes[RING_SIZE] __attribute__((aligned(128)));
};

struct shared {
	struct counter count[MAX_PAIRS];
	volatile bool go;		/* "idle": connect now */
	uint32_t trip[MAX_TRIPS];	/* ns */
	struct ring ring[2];		/* memory.c: by writer */
};

struct bench_case {
	const char *name;
	void (*server)(int listener);
	void (*client)(void);
	unsigned int pairs;
	bool no_busy_poll;		/* readers must sleep */
};

extern struct shared *shared;
extern struct counter *counter;		/* of the pair of this process */
extern const char *transport;
extern bool is_sink, is_memory;		/* the transport is */
extern size_t size;
extern char *buffer;

uint64_t now(void);
void sleep_ns(uint64_t ns);

/* sock.c */
bool transport_is(const char *name);
int listen_any(void);
int accept_one(int listener);
int connect_one(void);
void send_all(int fd, size_t len);
void recv_all(int fd, size_t len);
ssize_t recv_some(int fd);

/* memory.c */
void memory_attach(bool server);
void memory_write(const char *from, size_t len);
size_t memory_read(char *to, size_t len);

/* latency.c */
void show_latency(uint32_t *trip, uint64_t nr, uint64_t ns);
void show_histogram(const uint32_t *trip, uint64_t nr);

/* cases.c */
const struct bench_case *find_case(const char *name);
bool is_timed(const struct bench_case *c);
bool is_idle(const struct bench_case *c);

#endif /* _WORKER_H */

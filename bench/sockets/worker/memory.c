// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The transport "memory": a ring for each direction in memory that both ends
 * share. Data is copied in and out, both ends busy-wait, and no system call is
 * involved: the upper limit for data that goes from one CPU to another. The
 * round trip of a byte is the round trip of a cache line.
 */
#include <stdatomic.h>
#include <string.h>

#include "worker.h"

/* Data is published in pieces, so that writer and reader copy concurrently. */
#define PIECE	(16 << 10)

static struct ring *out, *in;

void memory_attach(bool server)
{
	out = &shared->ring[server];
	in = &shared->ring[!server];
}

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

void memory_write(const char *from, size_t len)
{
	uint64_t at = atomic_load_explicit(&out->written, memory_order_relaxed);

	while (len) {
		size_t n = min_size(min_size(len, PIECE), RING_SIZE - at % RING_SIZE);

		while (at + n - atomic_load_explicit(&out->read,
						     memory_order_acquire) >
		       RING_SIZE)
			;
		memcpy(out->bytes + at % RING_SIZE, from, n);
		at += n;
		atomic_store_explicit(&out->written, at, memory_order_release);
		from += n;
		len -= n;
	}
}

/* Like read(): returns at least one byte. */
size_t memory_read(char *to, size_t len)
{
	uint64_t at = atomic_load_explicit(&in->read, memory_order_relaxed);
	uint64_t end;
	size_t n;

	do {
		end = atomic_load_explicit(&in->written, memory_order_acquire);
	} while (end == at);
	n = min_size(min_size(len, end - at), RING_SIZE - at % RING_SIZE);
	memcpy(to, in->bytes + at % RING_SIZE, n);
	atomic_store_explicit(&in->read, at + n, memory_order_release);
	return n;
}

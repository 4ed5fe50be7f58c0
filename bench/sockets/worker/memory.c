// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The transport "memory": a ring for each direction in memory that the two ends
 * share, copied into and out of, waited for awake, and no kernel. It is the limit
 * of what goes from one processor to another. A round trip of a byte is how long
 * a cache line takes there and back.
 */
#include <stdatomic.h>
#include <string.h>

#include "worker.h"

/* A writer shows pieces of this size, so that the reader copies meanwhile. */
#define PIECE	(16 << 10)

static struct ring *out, *in;

void memory_join(bool server)
{
	out = &shared->ring[server];
	in = &shared->ring[!server];
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

void memory_put(const char *from, size_t len)
{
	uint64_t at = atomic_load_explicit(&out->written, memory_order_relaxed);

	while (len) {
		size_t n = least(least(len, PIECE), RING_SIZE - at % RING_SIZE);

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

/* As read(): some bytes, at least one. */
size_t memory_get(char *to, size_t len)
{
	uint64_t at = atomic_load_explicit(&in->read, memory_order_relaxed);
	uint64_t end;
	size_t n;

	do {
		end = atomic_load_explicit(&in->written, memory_order_acquire);
	} while (end == at);
	n = least(least(len, end - at), RING_SIZE - at % RING_SIZE);
	memcpy(to, in->bytes + at % RING_SIZE, n);
	atomic_store_explicit(&in->read, at + n, memory_order_release);
	return n;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * A peer may write any CDC fields into a DMB at any time. The input is the size
 * of the rings and then steps: the peer's cursors, and what this end does
 * meanwhile. Whatever the peer claims, what this end accepts keeps consumer <=
 * producer <= consumer + size in both directions, checked with numbers that do
 * not wrap.
 *
 *	bytes 0-3   size of both rings
 *	then        1 byte: what happens
 *	            0-3 a producer cursor, 4-7 a consumer cursor: 8 bytes, and
 *	                bit 0: a near miss, 8 bytes are added to the true cursor
 *	            8-11 we write, 12-15 we read: 4 bytes, how much
 */
#include <linux/errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../clients/smc/conn/cursor.h"

#define REQUIRE(condition) \
	do { \
		if (!(condition)) \
			abort(); \
	} while (0)

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

struct input {
	const u8 *data;
	size_t len;
};

/* One direction: cursors, and the same as numbers */
struct ring {
	struct smc_cursor producer, consumer, told;
	u64 produced, consumed;
	u64 confirmed;		/* what the writer was told */
	u8 flags;		/* of the writer */
};

static bool take(struct input *input, void *to, size_t len)
{
	if (input->len < len)
		return false;
	memcpy(to, input->data, len);
	input->data += len;
	input->len -= len;
	return true;
}

static void check_ring(u32 size, const struct ring *ring)
{
	REQUIRE(ring->producer.count == ring->produced % size);
	REQUIRE(ring->consumer.count == ring->consumed % size);
	REQUIRE(ring->producer.wrap == (u16)(ring->produced / size));
	REQUIRE(ring->consumer.wrap == (u16)(ring->consumed / size));
	REQUIRE(ring->consumed <= ring->produced);
	REQUIRE(ring->produced - ring->consumed <= size);
	REQUIRE(smc_cursor_readable(size, ring->consumer, ring->producer) ==
		ring->produced - ring->consumed);
}

static void peer_writes(u32 size, struct ring *ring, u64 word)
{
	int len = smc_cdc_producer_check(size, word, ring->told,
					 &ring->producer);

	REQUIRE(len >= 0 || len == -EPROTO);
	if (len > 0)
		ring->produced += len;
	REQUIRE(ring->produced - ring->confirmed <= size);
	ring->flags = smc_cdc_word_flags(word).prod;
}

static void peer_reads(u32 size, struct ring *ring, u64 word)
{
	int len = smc_cdc_consumer_check(size, word, ring->producer,
					 &ring->consumer);

	REQUIRE(len >= 0 || len == -EPROTO);
	if (len > 0)
		ring->consumed += len;
}

static void split(u32 size, struct smc_cursor cursor, u32 len)
{
	struct smc_piece piece[2];
	unsigned int i, pieces = smc_cursor_split(size, cursor, len, piece);

	for (i = 0; i < pieces; i++) {
		REQUIRE(piece[i].offset < size && piece[i].len <= len);
		REQUIRE(size - piece[i].offset >= piece[i].len);
		len -= piece[i].len;
	}
	REQUIRE(!len);
}

static void we_write(u32 size, struct ring *ring, u32 len)
{
	u32 room = smc_cursor_writable(size, ring->consumer, ring->producer);

	if (len > room)
		len = len % (room + 1);
	split(size, ring->producer, len);
	ring->producer = smc_cursor_add(size, ring->producer, len);
	ring->produced += len;
}

/* Nobody waits for an end that has read everything and reports nothing. */
static void we_tell(u32 size, struct ring *ring, bool urgent)
{
	struct smc_window window = {
		.size = size,
		.unconfirmed = ring->consumed - ring->confirmed,
		.room = size - (ring->produced - ring->confirmed),
		.prod_flags = ring->flags,
		.urgent_read = urgent,
	};

	if (smc_window_update_due(&window)) {
		ring->told = ring->consumer;
		ring->confirmed = ring->consumed;
	} else if (ring->consumed == ring->produced) {
		REQUIRE(window.room >= size / 2);
	}
}

static void we_read(u32 size, struct ring *ring, u32 len)
{
	u32 ready = smc_cursor_readable(size, ring->consumer, ring->producer);
	struct smc_cursor urgent = smc_cursor_sub(size, ring->producer, 1);

	if (len > ready)
		len = len % (ready + 1);
	REQUIRE(smc_urgent_clip(size, ring->consumer, urgent, len) <= len);
	split(size, ring->consumer, len);
	ring->consumer = smc_cursor_add(size, ring->consumer, len);
	ring->consumed += len;
	we_tell(size, ring, urgent.count == 1);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct input input = { data, len };
	struct smc_cdc_flags none = {};
	struct ring in = {}, out = {};
	u32 size, count;
	u64 word;
	u8 what;

	if (!take(&input, &size, sizeof(size)))
		return 0;
	size = size % SMC_RING_SIZE_MAX + 1;
	while (take(&input, &what, 1)) {
		if (what & 8) {
			if (!take(&input, &count, sizeof(count)))
				return 0;
			if (what & 4)
				we_read(size, &in, count);
			else
				we_write(size, &out, count);
		} else {
			if (!take(&input, &word, sizeof(word)))
				return 0;
			if (what & 1)
				word += smc_cdc_word(what & 4 ? out.consumer :
						     in.producer, none);
			if (what & 4)
				peer_reads(size, &out, word);
			else
				peer_writes(size, &in, word);
			smc_cdc_word_flags(word);
		}
		check_ring(size, &in);
		check_ring(size, &out);
	}
	return 0;
}

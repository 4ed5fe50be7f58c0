/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Cursor arithmetic. A ring of size bytes follows the CDC message in a DMB. The
 * writer's producer cursor and the reader's consumer cursor run through it:
 *
 *	           consumer              producer
 *	              |   not yet read      |    room
 *	 0 ...........|#####################|................. size
 *
 * Always: consumer <= producer <= consumer + size. The wrap distinguishes an
 * empty ring from a full one: count is equal, and wrap is equal or differs by
 * one.
 *
 * Cursors of this end are correct and are not checked again. A peer's CDC
 * fields are untrusted: smc_cdc_producer_check() and smc_cdc_consumer_check()
 * turn a field that was loaded once into a cursor for which the above holds, or
 * fail.
 *
 * Pure functions for both byte orders, called on the data path in any context,
 * and in user space by tests/unit/smc and tests/fuzz. Sizes are 2^n - 32 in
 * practice; any size from 1 to SMC_RING_SIZE_MAX works.
 */
#ifndef _DIBS_SMC_CURSOR_H
#define _DIBS_SMC_CURSOR_H

#include <linux/bits.h>
#include <linux/types.h>

#include "conn/cdc.h"

/* Keeps differences well within the range of an int. */
#define SMC_RING_SIZE_MAX	BIT(30)

/**
 * struct smc_cursor - a position in the byte stream through a ring
 * @wrap:  number of wrap-arounds, modulo 65536
 * @count: offset in the ring, less than its size
 */
struct smc_cursor {
	u16 wrap;
	u32 count;
};

/**
 * struct smc_piece - a contiguous part of a ring
 * @offset: offset in the ring; add SMC_CDC_LEN for the offset in the DMB
 * @len:    length in bytes
 */
struct smc_piece {
	u32 offset;
	u32 len;
};

/**
 * struct smc_cdc_flags - the flags of a consumer field
 * @prod:  SMC_CDC_WRITE_BLOCKED ...
 * @state: SMC_CDC_DONE_WRITING ...
 */
struct smc_cdc_flags {
	u8 prod;
	u8 state;
};

/**
 * struct smc_window - what decides whether the consumer cursor is sent
 * @size:        size of the ring that is read
 * @unconfirmed: bytes read since the consumer cursor was last sent
 * @room:        room that the writer knows of
 * @prod_flags:  the writer's producer flags, as last seen
 * @urgent_read: an urgent byte is among the unconfirmed ones
 */
struct smc_window {
	u32 size;
	u32 unconfirmed;
	u32 room;
	u8 prod_flags;
	bool urgent_read;
};

/* Inline: what every send and receive needs. The rest is in cursor.c. */

/**
 * smc_cursor_add() - advance a cursor
 * @size:   size of the ring
 * @cursor: where to start
 * @len:    bytes to advance, up to @size
 *
 * Return: the cursor @len bytes later.
 */
static inline struct smc_cursor
smc_cursor_add(u32 size, struct smc_cursor cursor, u32 len)
{
	cursor.count += len;
	if (cursor.count >= size) {
		cursor.count -= size;
		cursor.wrap++;
	}
	return cursor;
}

/**
 * smc_cursor_diff() - distance between two cursors
 * @size: size of the ring
 * @from: a cursor
 * @to:   another
 *
 * Wraps are assumed to be less than 32768 apart; 32768 counts as behind.
 *
 * Return: bytes from @from to @to, negative if @to is behind.
 */
static inline s64 smc_cursor_diff(u32 size, struct smc_cursor from,
				  struct smc_cursor to)
{
	s16 rounds = (s16)(u16)(to.wrap - from.wrap);

	return (s64)rounds * size + to.count - from.count;
}

/**
 * smc_cursor_readable() - bytes that can be read
 * @size:     size of the ring
 * @consumer: the reader's cursor
 * @producer: the writer's cursor
 *
 * Return: 0 to @size.
 */
static inline u32 smc_cursor_readable(u32 size, struct smc_cursor consumer,
				      struct smc_cursor producer)
{
	return smc_cursor_diff(size, consumer, producer);
}

/**
 * smc_cursor_writable() - bytes that there is room for
 * @size:     size of the ring
 * @consumer: the reader's cursor, as last sent to the writer
 * @producer: the writer's cursor
 *
 * Return: 0 to @size.
 */
static inline u32 smc_cursor_writable(u32 size, struct smc_cursor consumer,
				      struct smc_cursor producer)
{
	return size - smc_cursor_readable(size, consumer, producer);
}

/**
 * smc_cdc_word() - pack a producer or consumer field
 * @cursor: the cursor
 * @flags:  flags of the consumer field; {} for the producer field
 *
 * Return: the 64-bit word, to be stored in one access.
 */
static inline u64 smc_cdc_word(struct smc_cursor cursor,
			       struct smc_cdc_flags flags)
{
	union smc_cdc_word parts = {
		.wrap = cursor.wrap,
		.count = cursor.count,
		.prod_flags = flags.prod,
		.state_flags = flags.state,
	};

	return parts.word;
}

/**
 * smc_cdc_word_flags() - unpack the flags of a peer's consumer field
 * @word: the field, loaded once
 *
 * Any value is possible and harmless. A peer must not clear a state flag; a
 * caller that depends on that ORs the flags into those seen before.
 *
 * Return: the flags; unknown state flags are cleared.
 */
static inline struct smc_cdc_flags smc_cdc_word_flags(u64 word)
{
	union smc_cdc_word parts = { .word = word };
	struct smc_cdc_flags flags = {
		.prod = parts.prod_flags,
		.state = parts.state_flags & SMC_CDC_STATE_MASK,
	};

	return flags;
}

/**
 * smc_cdc_word_cursor() - unpack a cursor without checking it
 * @word: packed by this end, or a peer's where any value is harmless
 *
 * Return: the cursor.
 */
static inline struct smc_cursor smc_cdc_word_cursor(u64 word)
{
	union smc_cdc_word parts = { .word = word };
	struct smc_cursor cursor = {
		.wrap = parts.wrap,
		.count = parts.count,
	};

	return cursor;
}

struct smc_cursor smc_cursor_sub(u32 size, struct smc_cursor cursor, u32 len);
unsigned int smc_cursor_split(u32 size, struct smc_cursor cursor, u32 len,
			      struct smc_piece piece[2]);

int smc_cdc_producer_check(u32 size, u64 word, struct smc_cursor consumer,
			   struct smc_cursor *producer);
int smc_cdc_consumer_check(u32 size, u64 word, struct smc_cursor producer,
			   struct smc_cursor *consumer);

bool smc_window_update_due(const struct smc_window *window);
bool smc_window_write_blocked(u32 to_send, u32 room);

u32 smc_urgent_clip(u32 size, struct smc_cursor consumer,
		    struct smc_cursor urgent, u32 len);

#endif /* _DIBS_SMC_CURSOR_H */

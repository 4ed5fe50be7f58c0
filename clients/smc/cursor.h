/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Arithmetic of cursors. A ring of size bytes lies behind the CDC message in a
 * DMB; its writer's producer cursor and its reader's consumer cursor run
 * through it:
 *
 *	           consumer              producer
 *	              |   not yet read      |    room
 *	 0 ...........|#####################|................. size
 *
 * Always: consumer <= producer <= consumer + size. The wrap tells empty from
 * full: count is the same, wrap differs by one.
 *
 * Cursors that this end made are correct and are not checked again. A peer's
 * words are claims: smc_cdc_producer_check() and smc_cdc_consumer_check() turn
 * a word that was loaded once into a cursor that keeps the above, or refuse.
 *
 * Pure functions, for both byte orders. Sizes are 2^n - 32 in practice, and
 * any from 1 to SMC_RING_SIZE_MAX here.
 */
#ifndef _DIBS_SMC_CURSOR_H
#define _DIBS_SMC_CURSOR_H

#include <linux/bits.h>
#include <linux/types.h>

#include "cdc.h"

/* So that differences fit into an int with room to spare. */
#define SMC_RING_SIZE_MAX	BIT(30)

/**
 * struct smc_cursor - a place in the stream of bytes through a ring
 * @wrap:  rounds, modulo 65536
 * @count: offset in the ring, less than its size
 */
struct smc_cursor {
	u16 wrap;
	u32 count;
};

/**
 * struct smc_piece - bytes that lie together
 * @offset: in the ring; add SMC_CDC_LEN for the offset in the DMB
 * @len:    how many
 */
struct smc_piece {
	u32 offset;
	u32 len;
};

/**
 * struct smc_cdc_flags - the flags of a consumer word
 * @prod:  SMC_CDC_WRITE_BLOCKED ...
 * @state: SMC_CDC_DONE_WRITING ...
 */
struct smc_cdc_flags {
	u8 prod;
	u8 state;
};

/**
 * struct smc_window - what decides whether the peer is to be told what was read
 * @size:        of the ring that is read
 * @unconfirmed: bytes read and not told
 * @room:        room that the writer knows of
 * @prod_flags:  the writer's, as last seen
 * @urgent_read: an urgent byte is among the unconfirmed ones
 */
struct smc_window {
	u32 size;
	u32 unconfirmed;
	u32 room;
	u8 prod_flags;
	bool urgent_read;
};

/* Those that each send and receive needs are here, the others in cursor.c. */

/**
 * smc_cursor_add() - go forward
 * @size:   of the ring
 * @cursor: from where
 * @len:    how far, up to @size
 *
 * Return: the cursor @len bytes later.
 */
static inline struct smc_cursor smc_cursor_add(u32 size, struct smc_cursor cursor, u32 len)
{
	cursor.count += len;
	if (cursor.count >= size) {
		cursor.count -= size;
		cursor.wrap++;
	}
	return cursor;
}

/**
 * smc_cursor_diff() - how far is it?
 * @size: of the ring
 * @from: a cursor
 * @to:   another
 *
 * Wraps are taken to be less than 32768 rounds apart, 32768 to be behind.
 *
 * Return: bytes from @from to @to, negative if @to is behind.
 */
static inline s64 smc_cursor_diff(u32 size, struct smc_cursor from, struct smc_cursor to)
{
	s16 rounds = (s16)(u16)(to.wrap - from.wrap);

	return (s64)rounds * size + to.count - from.count;
}

/**
 * smc_cursor_readable() - bytes that wait to be read
 * @size:     of the ring
 * @consumer: its reader's cursor
 * @producer: its writer's cursor
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
 * @size:     of the ring
 * @consumer: its reader's cursor, as far as the writer was told
 * @producer: its writer's cursor
 *
 * Return: 0 to @size.
 */
static inline u32 smc_cursor_writable(u32 size, struct smc_cursor consumer,
				      struct smc_cursor producer)
{
	return size - smc_cursor_readable(size, consumer, producer);
}

/**
 * smc_cdc_word() - make a word
 * @cursor: where
 * @flags:  for the consumer word; {} in the producer word
 *
 * Return: the word, to be stored at once.
 */
static inline u64 smc_cdc_word(struct smc_cursor cursor, struct smc_cdc_flags flags)
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
 * smc_cdc_word_flags() - the flags of a peer's consumer word
 * @word: loaded once
 *
 * Any value is possible and none does harm. A peer that takes a state flag back
 * lies: or the flags into what was seen before.
 *
 * Return: the flags that are known here.
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
 * smc_cdc_word_cursor() - the cursor of a word, unchecked
 * @word: made here, or for a guess that does no harm
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

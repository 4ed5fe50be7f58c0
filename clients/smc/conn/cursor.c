// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Cursor arithmetic, see cursor.h. Called on the data path; any context.
 */
#include <linux/errno.h>

#include "conn/cursor.h"

/*
 * Unconfirmed bytes below which no update is due: at least this many, and a
 * tenth of a big ring.
 */
#define SMC_WINDOW_LEAST	2304
#define SMC_WINDOW_PART		10

/**
 * smc_cursor_sub() - move a cursor back
 * @size:   size of the ring
 * @cursor: where to start
 * @len:    bytes to go back, up to @size
 *
 * Return: the cursor @len bytes earlier.
 */
struct smc_cursor smc_cursor_sub(u32 size, struct smc_cursor cursor, u32 len)
{
	if (cursor.count < len) {
		cursor.count += size;
		cursor.wrap--;
	}
	cursor.count -= len;
	return cursor;
}

/**
 * smc_cursor_split() - map a range of the stream to contiguous parts of the
 * ring
 * @size:   size of the ring
 * @cursor: the first byte
 * @len:    length in bytes, up to @size
 * @piece:  result
 *
 * Return: number of pieces: 0 if @len is 0, 2 if the range wraps around, else
 * 1.
 */
unsigned int smc_cursor_split(u32 size, struct smc_cursor cursor, u32 len,
			      struct smc_piece piece[2])
{
	u32 to_end = size - cursor.count;

	if (!len)
		return 0;
	piece[0].offset = cursor.count;
	piece[0].len = len < to_end ? len : to_end;
	if (len <= to_end)
		return 1;
	piece[1].offset = 0;
	piece[1].len = len - to_end;
	return 2;
}

/*
 * Stores the cursor of @word in *@seen if it is neither behind that nor ahead
 * of
 * @limit, the farthest valid position. @limit is at most @size ahead of *@seen,
 * so a wrap that is off by a multiple of 65536 is the same cursor.
 */
static int smc_cdc_advance(u32 size, u64 word, struct smc_cursor limit,
			   struct smc_cursor *seen)
{
	struct smc_cursor cursor = smc_cdc_word_cursor(word);
	s64 len;

	if (cursor.count >= size)
		return -EPROTO;
	len = smc_cursor_diff(size, *seen, cursor);
	if (len < 0 || len > smc_cursor_diff(size, *seen, limit))
		return -EPROTO;
	*seen = cursor;
	return len;
}

/**
 * smc_cdc_producer_check() - validate a peer's producer field
 * @size:     size of our ring
 * @word:     the peer's producer field, loaded once
 * @consumer: our cursor, or the one last sent to the peer: its room ends @size
 *            bytes later
 * @producer: the peer's cursor, as last seen; advanced if @word is valid
 *
 * Return: bytes written since then, 0 to @size, or -EPROTO if @word is invalid.
 */
int smc_cdc_producer_check(u32 size, u64 word, struct smc_cursor consumer,
			   struct smc_cursor *producer)
{
	return smc_cdc_advance(size, word,
			       smc_cursor_add(size, consumer, size), producer);
}

/**
 * smc_cdc_consumer_check() - validate a peer's consumer field
 * @size:     size of the peer's ring
 * @word:     the peer's consumer field, loaded once
 * @producer: our cursor, as published: the peer cannot read beyond it
 * @consumer: the peer's cursor, as last seen; advanced if @word is valid
 *
 * Return: bytes read since then, 0 to @size, or -EPROTO if @word is invalid.
 */
int smc_cdc_consumer_check(u32 size, u64 word, struct smc_cursor producer,
			   struct smc_cursor *consumer)
{
	return smc_cdc_advance(size, word, producer, consumer);
}

/**
 * smc_window_update_due() - decide whether to send the consumer cursor
 * @window: what is known
 *
 * An update is due if the writer requested it, if an urgent byte was read, or
 * if enough was read and the writer is short of room. If everything has been
 * read and no update is due, the writer knows of room for at least half the
 * ring, so nobody waits for an update that does not come.
 *
 * Return: true if an update is due.
 */
bool smc_window_update_due(const struct smc_window *window)
{
	u32 limit = window->size / SMC_WINDOW_PART;

	if (!window->unconfirmed)
		return false;
	if (window->urgent_read || window->prod_flags & SMC_CDC_UPDATE_WANTED)
		return true;
	if (limit < SMC_WINDOW_LEAST)
		limit = SMC_WINDOW_LEAST;
	if (limit > window->size / 2)
		limit = window->size / 2;
	if (window->unconfirmed <= limit)
		return false;
	return window->room <= window->size / 2 ||
	       window->prod_flags & SMC_CDC_WRITE_BLOCKED;
}

/**
 * smc_window_write_blocked() - decide whether to set SMC_CDC_WRITE_BLOCKED
 * @to_send: bytes waiting to be written
 * @room:    bytes that there is room for, see smc_cursor_writable()
 *
 * Return: true if no room will be left.
 */
bool smc_window_write_blocked(u32 to_send, u32 room)
{
	return to_send >= room;
}

/**
 * smc_urgent_clip() - limit a read to the bytes before the urgent byte
 * @size:     size of the ring
 * @consumer: the reader's cursor
 * @urgent:   the urgent byte: smc_cursor_sub(producer, 1) when it arrived
 * @len:      bytes to be read
 *
 * As with TCP, a read stops before the urgent byte, so that the reader knows
 * where it is. 0 means that the next byte is urgent: the reader is at the mark.
 *
 * Return: 0 to @len; @len if the urgent byte has been read or is farther away.
 */
u32 smc_urgent_clip(u32 size, struct smc_cursor consumer,
		    struct smc_cursor urgent, u32 len)
{
	s64 before = smc_cursor_diff(size, consumer, urgent);

	return before >= 0 && before < len ? before : len;
}

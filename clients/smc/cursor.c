// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Arithmetic of cursors: see cursor.h. Called on the data path; any context.
 */
#include <linux/errno.h>

#include "cursor.h"

/* Unconfirmed bytes that are not worth a message; more for big rings. */
#define SMC_WINDOW_LEAST	2304
#define SMC_WINDOW_PART		10

/**
 * smc_cursor_sub() - go back
 * @size:   of the ring
 * @cursor: from where
 * @len:    how far, up to @size
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
 * smc_cursor_split() - where bytes of the stream lie in the ring
 * @size:   of the ring
 * @cursor: the first byte
 * @len:    how many, up to @size
 * @piece:  result
 *
 * Return: pieces filled in: 0 for no bytes, 2 if they go round, else 1.
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
 * Takes the cursor of @word for *@seen if it is neither behind that nor ahead
 * of @limit, the last place that it can truly be at. That is never more than
 * @size ahead of *@seen, so wraps that lie by 65536 rounds cannot be told from
 * the truth, and are the truth.
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
 * smc_cdc_producer_check() - what did the peer write?
 * @size:     of our ring
 * @word:     the peer's producer word, loaded once
 * @consumer: ours, as far as the peer was told: beyond that it had no room
 * @producer: the peer's, as last seen; moved on if @word can be true
 *
 * Return: bytes since then, 0 to @size, or -EPROTO: the peer lies.
 */
int smc_cdc_producer_check(u32 size, u64 word, struct smc_cursor consumer,
			   struct smc_cursor *producer)
{
	return smc_cdc_advance(size, word,
			       smc_cursor_add(size, consumer, size), producer);
}

/**
 * smc_cdc_consumer_check() - what did the peer read?
 * @size:     of the peer's ring
 * @word:     the peer's consumer word, loaded once
 * @producer: ours, as far as the peer was told: beyond that it cannot read
 * @consumer: the peer's, as last seen; moved on if @word can be true
 *
 * Return: bytes since then, 0 to @size, or -EPROTO: the peer lies.
 */
int smc_cdc_consumer_check(u32 size, u64 word, struct smc_cursor producer,
			   struct smc_cursor *consumer)
{
	return smc_cdc_advance(size, word, producer, consumer);
}

/**
 * smc_window_update_due() - is the writer to be told what was read?
 * @window: how things are
 *
 * If it asked for that, if an urgent byte was read, or if enough was read and
 * the writer is short of room. When all was read and this says no, the writer
 * knows of room for half the ring at least: nobody waits for an update that
 * does not come.
 *
 * Return: true if so.
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
 * smc_window_write_blocked() - is SMC_CDC_WRITE_BLOCKED to be set?
 * @to_send: bytes that wait to be written
 * @room:    bytes that there is room for, see smc_cursor_writable()
 *
 * Return: true if there will be no room left.
 */
bool smc_window_write_blocked(u32 to_send, u32 room)
{
	return to_send >= room;
}

/**
 * smc_urgent_clip() - how much can be read before the urgent byte?
 * @size:     of the ring
 * @consumer: its reader's cursor
 * @urgent:   the urgent byte: smc_cursor_sub(producer, 1) when it came
 * @len:      bytes that are to be read
 *
 * As with TCP, reading stops before the urgent byte, so that a reader knows
 * where it was; 0: the next byte is the urgent one, the reader is at the mark.
 *
 * Return: 0 to @len; @len if the urgent byte was read or is farther away.
 */
u32 smc_urgent_clip(u32 size, struct smc_cursor consumer,
		    struct smc_cursor urgent, u32 len)
{
	s64 before = smc_cursor_diff(size, consumer, urgent);

	return before >= 0 && before < len ? before : len;
}

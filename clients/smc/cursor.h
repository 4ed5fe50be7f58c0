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

struct smc_cursor smc_cursor_add(u32 size, struct smc_cursor cursor, u32 len);
struct smc_cursor smc_cursor_sub(u32 size, struct smc_cursor cursor, u32 len);
s64 smc_cursor_diff(u32 size, struct smc_cursor from, struct smc_cursor to);
u32 smc_cursor_readable(u32 size, struct smc_cursor consumer,
			struct smc_cursor producer);
u32 smc_cursor_writable(u32 size, struct smc_cursor consumer,
			struct smc_cursor producer);
unsigned int smc_cursor_split(u32 size, struct smc_cursor cursor, u32 len,
			      struct smc_piece piece[2]);

u64 smc_cdc_word(struct smc_cursor cursor, struct smc_cdc_flags flags);
struct smc_cdc_flags smc_cdc_word_flags(u64 word);
struct smc_cursor smc_cdc_word_cursor(u64 word);
int smc_cdc_producer_check(u32 size, u64 word, struct smc_cursor consumer,
			   struct smc_cursor *producer);
int smc_cdc_consumer_check(u32 size, u64 word, struct smc_cursor producer,
			   struct smc_cursor *consumer);

bool smc_window_update_due(const struct smc_window *window);
bool smc_window_write_blocked(u32 to_send, u32 room);

u32 smc_urgent_clip(u32 size, struct smc_cursor consumer,
		    struct smc_cursor urgent, u32 len);

#endif /* _DIBS_SMC_CURSOR_H */

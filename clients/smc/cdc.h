/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * The first 32 bytes of a DMB, written by the peer: how far it has written into
 * the ring behind them, how far it has read from ours, and its flags. Source:
 * RFC 7609, appendix A.4, as SMC-D changed it: no sequence number, host byte
 * order, as both ends run on one machine.
 *
 *	0      type, 0xFE
 *	1-3    reserved
 *	4-7    origin: SMC_CDC_ORIGIN_DIBS from ends like this one
 *	8-15   producer word: end of what the peer wrote into this ring
 *	16-23  consumer word: end of what the peer read from its own ring, and
 *	       its flags
 *	24     the owner wants a signal for new bytes
 *	25     the owner wants a signal for new room
 *	26-27  reserved
 *	28-31  where the urgent byte is: what the peer wrote before it, modulo 2^32
 *	32-    the ring
 *
 * Bytes 4 to 7 and from 24 on are reserved in the standard. What stands there
 * counts only where the origin says who wrote it. Bytes 24 and 25 are written
 * by the owner of the DMB, who sets them before it sleeps; a peer that has the
 * DMB mapped looks there, and signals only if it finds them set. A peer that
 * cannot look always signals.
 *
 * A word is one aligned unit of 64 bits, to be loaded and stored at once:
 *
 *	0-1  wrap     how often the cursor went round, modulo 65536
 *	2-5  count    where in the ring it stands, less than the ring's size
 *	6    flags of the producer
 *	7    flags of the connection's state
 *
 * The flags are looked at in the consumer word only. Its flags are about the
 * producer's bytes, so: bytes before the producer word, that before the
 * consumer word; who reads takes the consumer word first.
 */
#ifndef _DIBS_SMC_CDC_H
#define _DIBS_SMC_CDC_H

#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

#define SMC_CDC_LEN	32
#define SMC_CDC_TYPE	0xFE

/* Flags of the producer. */
#define SMC_CDC_WRITE_BLOCKED	0x80	/* has more than there is room for */
#define SMC_CDC_URGENT_PENDING	0x40	/* an urgent byte is to come */
#define SMC_CDC_URGENT_PRESENT	0x20	/* it is the last one written */
#define SMC_CDC_UPDATE_WANTED	0x10	/* wants the consumer word at once */
#define SMC_CDC_FAILOVER	0x08	/* SMC-R */

/* Flags of the connection's state: once set, they stay. */
#define SMC_CDC_DONE_WRITING	0x80	/* will send no more */
#define SMC_CDC_CLOSED		0x40	/* nor read */
#define SMC_CDC_ABORT		0x20	/* and bytes may have been lost */
#define SMC_CDC_STATE_MASK \
	(SMC_CDC_DONE_WRITING | SMC_CDC_CLOSED | SMC_CDC_ABORT)

/* A word and its parts. */
union smc_cdc_word {
	u64 word;
	struct {
		u16 wrap;
		u32 count;
		u8 prod_flags;
		u8 state_flags;
	} __packed;
};

/* "DIBS", in the byte order of the machine. */
#define SMC_CDC_ORIGIN_DIBS	0x44494253

struct smc_cdc {
	u8 type;
	u8 reserved1[3];
	u32 origin;
	u64 producer;
	u64 consumer;
	u8 wants_data;
	u8 wants_room;
	u8 reserved2[2];
	u32 urgent;
};

static_assert(sizeof(union smc_cdc_word) == sizeof(u64));
static_assert(offsetof(union smc_cdc_word, count) == 2);
static_assert(offsetof(union smc_cdc_word, prod_flags) == 6);
static_assert(offsetof(union smc_cdc_word, state_flags) == 7);
static_assert(offsetof(struct smc_cdc, producer) == 8);
static_assert(offsetof(struct smc_cdc, consumer) == 16);
static_assert(sizeof(struct smc_cdc) == SMC_CDC_LEN);

#endif /* _DIBS_SMC_CDC_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Layout of the CDC message, the first 32 bytes of a DMB. The peer writes it:
 * how far it has written into the ring that follows, how far it has read from
 * its own ring, and its flags. Source: RFC 7609, appendix A.4, with SMC-D's
 * changes: no sequence number, and host byte order, as both ends run on one
 * machine.
 *
 *	0      type, 0xFE
 *	1-3    reserved
 *	4-7    origin: SMC_CDC_ORIGIN_DIBS if this implementation wrote it
 *	8-15   producer field: end of what the peer wrote into this ring
 *	16-23  consumer field: end of what the peer read from its own ring, and
 *	       its flags
 *	24     the owner requests a signal for new bytes
 *	25     the owner requests a signal for new room
 *	26-27  reserved
 *	28-31  stream offset of the urgent byte: the number of bytes that the
 *	       peer wrote before it, modulo 2^32
 *	32-    the ring
 *
 * The standard reserves bytes 4 to 7, and those from 24 on. Their content is
 * only valid if the origin says so. Bytes 24 and 25 are written by the owner of
 * the DMB, which sets them before it sleeps. A peer that has mapped the DMB
 * reads them, and signals only if they are set. A peer that cannot read them
 * always signals.
 *
 * The producer and the consumer field are aligned 64-bit words, each loaded and
 * stored in one access:
 *
 *	0-1  wrap     how often the cursor has wrapped around, modulo 65536
 *	2-5  count    its offset in the ring, less than the size of the ring
 *	6    producer flags
 *	7    connection state flags
 *
 * Flags are only read from the consumer field. They are about bytes of the
 * producer, so an end writes bytes, then the producer field, then the consumer
 * field; the other end loads the consumer field first.
 */
#ifndef _DIBS_SMC_CDC_H
#define _DIBS_SMC_CDC_H

#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

#define SMC_CDC_LEN	32
#define SMC_CDC_TYPE	0xFE

/* Producer flags. */
#define SMC_CDC_WRITE_BLOCKED	0x80	/* has more bytes than room */
#define SMC_CDC_URGENT_PENDING	0x40	/* an urgent byte will follow */
#define SMC_CDC_URGENT_PRESENT	0x20	/* the last byte written is urgent */
#define SMC_CDC_UPDATE_WANTED	0x10	/* requests the consumer field now */
#define SMC_CDC_FAILOVER	0x08	/* SMC-R only */

/* Connection state flags: once set, they stay set. */
#define SMC_CDC_DONE_WRITING	0x80	/* will not send any more */
#define SMC_CDC_CLOSED		0x40	/* and will not read any more */
#define SMC_CDC_ABORT		0x20	/* and bytes may have been lost */
#define SMC_CDC_STATE_MASK \
	(SMC_CDC_DONE_WRITING | SMC_CDC_CLOSED | SMC_CDC_ABORT)

/* The producer or the consumer field, and its parts. */
union smc_cdc_word {
	u64 word;
	struct {
		u16 wrap;
		u32 count;
		u8 prod_flags;
		u8 state_flags;
	} __packed;
};

/* "DIBS", in host byte order. */
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

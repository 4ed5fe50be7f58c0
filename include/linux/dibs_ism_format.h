/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * What an ISM adapter and its driver say to each other: commands, the system
 * block area, the event queue, addresses of moves. All numbers are big-endian.
 *
 * Source: the interface of PCI function 1014:04ed of IBM Z, as collected in
 * docs/formats/ism.md, which also says what is not confirmed.
 */
#ifndef _LINUX_DIBS_ISM_FORMAT_H
#define _LINUX_DIBS_ISM_FORMAT_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/sizes.h>
#include <linux/stddef.h>
#include <linux/types.h>

#define ISM_PCI_VENDOR		0x1014
#define ISM_PCI_DEVICE		0x04ed

/* --- DMBs ---------------------------------------------------------------------- */

#define ISM_INDEX_END		1920	/* indexes of DMBs end here */
#define ISM_INDEX_FIRST		32	/* and begin here */
#define ISM_DMBS		(ISM_INDEX_END - ISM_INDEX_FIRST)
/* A DMB is no longer than that and crosses no multiple of it. */
#define ISM_DMB_LEN_MAX		SZ_1M
#define ISM_VLANS		64
/* An adapter with version 2 takes this reserved id as a VLAN. */
#define ISM_VLAN_V2		0x1fff

/* --- commands ------------------------------------------------------------------ */

/*
 * A command block, in address space 2: the body of the request is stored first,
 * then the header, which executes it. The response can be loaded at once, eight
 * bytes at a time: the header, then the body if ret is ISM_OK.
 */
enum ism_command {
	ISM_REG_SBA		= 0x01,
	ISM_REG_IEQ		= 0x02,
	ISM_READ_GID		= 0x03,
	ISM_ADD_VLAN		= 0x04,
	ISM_DEL_VLAN		= 0x05,
	ISM_SET_VLAN		= 0x06,
	ISM_RESET_VLAN		= 0x07,
	ISM_QUERY_INFO		= 0x08,
	ISM_QUERY_RGID		= 0x09,
	ISM_REG_DMB		= 0x0a,
	ISM_UNREG_DMB		= 0x0b,
	ISM_SIGNAL_IEQ		= 0x0e,
	ISM_UNREG_SBA		= 0x11,
	ISM_UNREG_IEQ		= 0x12,
};

#define ISM_OK			0
/* No adapter answered: what the driver writes where the answer is to come. */
#define ISM_ERROR		0xffff

/**
 * struct ism_request - the header of a request
 * @cmd:  enum ism_command
 * @zero: 0
 * @len:  bytes of the request, this header included
 */
struct ism_request {
	__be32 cmd;
	__be16 zero;
	__be16 len;
} __aligned(8);

/**
 * struct ism_response - the header of a response
 * @cmd: that of the request
 * @ret: ISM_OK, or what went wrong
 * @len: bytes of the response, this header included
 */
struct ism_response {
	__be32 cmd;
	__be16 ret;
	__be16 len;
} __aligned(8);

/* ISM_REG_SBA */
struct ism_reg_sba {
	struct ism_request head;
	__be64 sba;			/* DMA address of struct ism_sba */
};

/* ISM_REG_IEQ */
struct ism_reg_ieq {
	struct ism_request head;
	__be64 ieq;			/* DMA address of struct ism_ieq */
	__be64 len;			/* of it */
};

/* ISM_READ_GID: the answer */
struct ism_read_gid {
	struct ism_response head;
	__be64 gid;
};

/* ISM_ADD_VLAN, ISM_DEL_VLAN */
struct ism_set_vlan {
	struct ism_request head;
	__be64 vlan;
};

/* ISM_QUERY_INFO: the answer */
struct ism_query_info {
	struct ism_response head;
	__be32 version;
	__be32 max_len;			/* of a DMB */
	__be64 state;
	__be64 gid;
	__be64 sba;
	__be64 ieq;
	__be32 ieq_len;
	__be32 reserved;
	__be32 dmbs_owned;
	__be32 dmbs_used;
	__be32 vlan_required;
	__be32 vlan_count;
	__be16 vlan[ISM_VLANS];
};

/* ISM_QUERY_RGID: answered ISM_OK if the adapter can be reached */
struct ism_query_rgid {
	struct ism_request head;
	__be64 rgid;
	__be32 vlan_valid;
	__be32 vlan;
};

/* ISM_REG_DMB */
struct ism_reg_dmb {
	struct ism_request head;
	__be64 dmb;			/* its DMA address */
	__be32 len;
	__be32 index;			/* in the SBA */
	__be32 vlan_valid;
	__be32 vlan;
	__be64 rgid;			/* that may write into it */
};

/* ISM_REG_DMB: the answer */
struct ism_reg_dmb_answer {
	struct ism_response head;
	__be64 token;
};

/* ISM_UNREG_DMB */
struct ism_unreg_dmb {
	struct ism_request head;
	__be64 token;
};

/* ISM_SIGNAL_IEQ */
struct ism_signal_ieq {
	struct ism_request head;
	__be64 rgid;
	__be32 trigger_irq;
	__be32 event_code;
	__be64 info;
};

/* --- the system block area -------------------------------------------------------- */

#define ISM_SBA_SUMMARY		0x80	/* in flags[0]: a bit or ISM_SBA_EVENT is set */
#define ISM_SBA_EVENT		0x40	/* in flags[0]: the event queue has news */

/**
 * struct ism_sba - which DMBs were written to: a page that the adapter writes
 * @flags:    of the first byte, ISM_SBA_SUMMARY and ISM_SBA_EVENT
 * @bits:     DMB n is the bit 0x80 >> (n % 8) of byte n / 8
 * @reserved: 0
 * @masks:    by index: the signal mask, see dibs_signal_mask()
 *
 * The adapter sets a mask, then the bit, then the summary; if that was clear, it
 * interrupts. Whoever reads clears in the other direction: summary, bit, mask.
 */
struct ism_sba {
	u8 flags[4];
	u8 bits[ISM_INDEX_END / 8];
	u8 reserved[12];
	__be16 masks[ISM_INDEX_END];
};

/* --- the event queue ---------------------------------------------------------------- */

enum ism_event_type {
	ISM_EVENT_BUF	= 0,		/* a DMB: tok is its token */
	ISM_EVENT_DEV	= 1,		/* an adapter: tok is its GID */
	ISM_EVENT_SWR	= 2,		/* software: tok is the sender's GID, */
					/* code and info what it gave */
};

enum ism_event_code {
	ISM_EVENT_DEV_ERROR		= 0x01,	/* the GID is in error state */
	ISM_EVENT_BUF_OWNER_ERROR	= 0x02,
	ISM_EVENT_BUF_USER_ERROR	= 0x03,
	ISM_EVENT_BUF_UNREGISTERED	= 0x04,
	ISM_EVENT_BUF_OWNER_VLAN	= 0x05,	/* mismatch */
	ISM_EVENT_BUF_USER_VLAN		= 0x06,	/* mismatch */
	ISM_EVENT_DEV_DISABLED		= 0x07,	/* the GID has left */
	ISM_EVENT_BUF_USER_DISABLED	= 0x08,
};

struct ism_event {
	__be32 type;			/* enum ism_event_type */
	__be32 code;			/* enum ism_event_code, or the sender's */
	__be64 tok;
	__be64 time;
	__be64 info;
};

#define ISM_IEQ_ENTRIES		15

/**
 * struct ism_ieq - the event queue, in a page of its own
 * @idx:       1 + the entry written last; 0 before the first. Behind
 *             ISM_IEQ_ENTRIES it goes on with 1
 * @ieq_len:   of this struct
 * @entry_len: of an entry
 * @reserved:  0
 * @entry:     the ring
 *
 * The adapter writes the entry, then idx, then ISM_SBA_EVENT.
 */
struct ism_ieq {
	__be64 idx;
	__be64 ieq_len;
	__be64 entry_len;
	__be64 reserved;
	struct ism_event entry[ISM_IEQ_ENTRIES];
};

/* --- moves ---------------------------------------------------------------------------- */

/*
 * Bytes are moved by storing them in address space 0, at an address that has the
 * token in its high bits. No store crosses a multiple of ISM_MOVE_MAX.
 */
#define ISM_MOVE_MAX		SZ_4K
#define ISM_MOVE_IDX		GENMASK_ULL(27, 24)	/* number of the signal */
#define ISM_MOVE_SIGNAL		BIT_ULL(23)
#define ISM_MOVE_OFFSET		GENMASK_ULL(22, 0)
/* What a token may use: the rest. */
#define ISM_MOVE_TOKEN		GENMASK_ULL(63, 28)

static inline u64 ism_move_address(u64 token, unsigned int idx, bool signal,
				   u32 offset)
{
	return token | (u64)idx << 24 | (signal ? ISM_MOVE_SIGNAL : 0) |
	       offset;
}

static_assert(sizeof(struct ism_request) == 8);
static_assert(sizeof(struct ism_response) == 8);
static_assert(sizeof(struct ism_reg_sba) == 16);
static_assert(sizeof(struct ism_reg_ieq) == 24);
static_assert(sizeof(struct ism_read_gid) == 16);
static_assert(sizeof(struct ism_set_vlan) == 16);
static_assert(offsetof(struct ism_query_info, gid) == 24);
static_assert(offsetof(struct ism_query_info, ieq_len) == 48);
static_assert(offsetof(struct ism_query_info, dmbs_owned) == 56);
static_assert(offsetof(struct ism_query_info, vlan) == 72);
static_assert(sizeof(struct ism_query_info) == 200);
static_assert(sizeof(struct ism_query_rgid) == 24);
static_assert(sizeof(struct ism_reg_dmb) == 40);
static_assert(sizeof(struct ism_reg_dmb_answer) == 16);
static_assert(sizeof(struct ism_unreg_dmb) == 16);
static_assert(sizeof(struct ism_signal_ieq) == 32);
static_assert(offsetof(struct ism_sba, bits) == 4);
static_assert(offsetof(struct ism_sba, masks) == 256);
static_assert(sizeof(struct ism_sba) == SZ_4K);
static_assert(sizeof(struct ism_event) == 32);
static_assert(sizeof(struct ism_ieq) == 512);

#endif /* _LINUX_DIBS_ISM_FORMAT_H */

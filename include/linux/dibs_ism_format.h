/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * The interface between an ISM adapter and its driver: commands, the system
 * block area, the event queue, and addresses of moves. All numbers are
 * big-endian.
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

/* --- DMBs ----------------------------------------------------------------- */

#define ISM_INDEX_END		1920	/* indexes of DMBs are below this */
#define ISM_INDEX_FIRST		32	/* lowest index of a DMB */
#define ISM_DMBS		(ISM_INDEX_END - ISM_INDEX_FIRST)
/* A DMB is no longer than this, and crosses no multiple of it. */
#define ISM_DMB_LEN_MAX		SZ_1M
#define ISM_VLANS		64
/*
 * An adapter of version 2 accepts this reserved id as a VLAN. Peers look for a
 * GID in it before they choose version 2, so it takes one of ISM_VLANS.
 */
#define ISM_VLAN_V2		0x1fff

/*
 * --- commands --------------------------------------------------------------
 */

/**
 * enum ism_command - commands of an adapter
 * @ISM_REG_SBA:    &struct ism_reg_sba: register the system block area
 * @ISM_REG_IEQ:    &struct ism_reg_ieq: register the event queue
 * @ISM_READ_GID:   &struct ism_request, answered by &struct ism_read_gid
 * @ISM_ADD_VLAN:   &struct ism_set_vlan: join a VLAN
 * @ISM_DEL_VLAN:   &struct ism_set_vlan: leave a VLAN
 * @ISM_SET_VLAN:   &struct ism_request: peers need a VLAN to reach the adapter
 * @ISM_RESET_VLAN: &struct ism_request: peers no longer need one
 * @ISM_QUERY_INFO: &struct ism_request, answered by &struct ism_query_info
 * @ISM_QUERY_RGID: &struct ism_query_rgid: can an adapter be reached?
 * @ISM_REG_DMB:    &struct ism_reg_dmb, answered by &struct ism_reg_dmb_answer
 * @ISM_UNREG_DMB:  &struct ism_unreg_dmb: unregister a DMB
 * @ISM_SIGNAL_IEQ: &struct ism_signal_ieq: send an event to a peer
 * @ISM_UNREG_SBA:  &struct ism_request: unregister the system block area
 * @ISM_UNREG_IEQ:  &struct ism_request: unregister the event queue
 *
 * The command block is in address space 2. The body of the request is stored
 * first, then the header, which executes the command. The response can be
 * loaded immediately, eight bytes at a time: the header, then the body if ret
 * is ISM_OK. Unless noted above, &struct ism_response is the whole response.
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
/* The driver presets ret to this; it stays if no adapter answers. */
#define ISM_ERROR		0xffff

/**
 * struct ism_request - the header of a request: 8 bytes
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
 * struct ism_response - the header of a response: 8 bytes
 * @cmd: cmd of the request
 * @ret: ISM_OK, or an error code
 * @len: bytes of the response, this header included
 */
struct ism_response {
	__be32 cmd;
	__be16 ret;
	__be16 len;
} __aligned(8);

/**
 * struct ism_reg_sba - ISM_REG_SBA: 16 bytes
 * @head: the header
 * @sba:  DMA address of a &struct ism_sba, a multiple of 4 KiB. The adapter
 *	  writes there until it answers ISM_UNREG_SBA with ISM_OK, or not at all
 */
struct ism_reg_sba {
	struct ism_request head;
	__be64 sba;
};

/**
 * struct ism_reg_ieq - ISM_REG_IEQ: 24 bytes
 * @head: the header
 * @ieq:  DMA address of a &struct ism_ieq, a multiple of 4 KiB. The adapter
 *	  writes there until it answers ISM_UNREG_IEQ with ISM_OK, or not at all
 * @len:  its length: 512 bytes
 */
struct ism_reg_ieq {
	struct ism_request head;
	__be64 ieq;
	__be64 len;
};

/**
 * struct ism_read_gid - the answer to ISM_READ_GID: 16 bytes
 * @head: the header
 * @gid:  GID of the adapter, unique on its fabric; never 0
 */
struct ism_read_gid {
	struct ism_response head;
	__be64 gid;
};

/**
 * struct ism_set_vlan - ISM_ADD_VLAN, ISM_DEL_VLAN: 16 bytes
 * @head: the header
 * @vlan: id, 1 to 4094; or ISM_VLAN_V2
 */
struct ism_set_vlan {
	struct ism_request head;
	__be64 vlan;
};

/**
 * struct ism_query_info - the answer to ISM_QUERY_INFO: 200 bytes
 * @head:	   the header
 * @version:	   version of the adapter
 * @max_len:	   longest DMB; the unit is not confirmed
 * @state:	   state of the adapter; the meaning of its values is not known
 * @gid:	   same as from ISM_READ_GID
 * @sba:	   registered DMA address of the SBA, or 0
 * @ieq:	   registered DMA address of the event queue, or 0
 * @ieq_len:	   bytes of the event queue, or 0
 * @reserved:	   0
 * @dmbs_owned:	   number of DMBs registered with the adapter
 * @dmbs_used:	   number of peers' DMBs that it writes into
 * @vlan_required: 1 between ISM_SET_VLAN and ISM_RESET_VLAN, else 0
 * @vlan_count:	   number of VLANs it has joined
 * @vlan:	   their ids, @vlan_count of them
 */
struct ism_query_info {
	struct ism_response head;
	__be32 version;
	__be32 max_len;
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

/**
 * struct ism_query_rgid - ISM_QUERY_RGID: 24 bytes
 * @head:	the header
 * @rgid:	GID of the adapter in question; it can be reached if the answer
 *		is ISM_OK
 * @vlan_valid: 1: through @vlan; 0: without a VLAN
 * @vlan:	id, or 0
 */
struct ism_query_rgid {
	struct ism_request head;
	__be64 rgid;
	__be32 vlan_valid;
	__be32 vlan;
};

/**
 * struct ism_reg_dmb - ISM_REG_DMB: 40 bytes
 * @head:	the header
 * @dmb:	its DMA address. The adapter writes there until it answers
 *		ISM_UNREG_DMB with ISM_OK, or not at all
 * @len:	bytes, up to ISM_DMB_LEN_MAX
 * @index:	index in the SBA: from ISM_INDEX_FIRST, below ISM_INDEX_END
 * @vlan_valid: 1: for moves through @vlan; 0: without a VLAN
 * @vlan:	id, or 0
 * @rgid:	GID of the adapter that may write into it
 */
struct ism_reg_dmb {
	struct ism_request head;
	__be64 dmb;
	__be32 len;
	__be32 index;
	__be32 vlan_valid;
	__be32 vlan;
	__be64 rgid;
};

/**
 * struct ism_reg_dmb_answer - the answer to ISM_REG_DMB: 16 bytes
 * @head:  the header
 * @token: identifies the DMB on the fabric: bits of ISM_MOVE_TOKEN; never 0
 */
struct ism_reg_dmb_answer {
	struct ism_response head;
	__be64 token;
};

/**
 * struct ism_unreg_dmb - ISM_UNREG_DMB: 16 bytes
 * @head:  the header
 * @token: from &struct ism_reg_dmb_answer
 */
struct ism_unreg_dmb {
	struct ism_request head;
	__be64 token;
};

/**
 * struct ism_signal_ieq - ISM_SIGNAL_IEQ: 32 bytes
 * @head:	 the header
 * @rgid:	 GID of the adapter whose event queue gets an ISM_EVENT_SWR
 * @trigger_irq: 1: that adapter interrupts; 0: the event waits for the next
 *		 interrupt
 * @event_code:	 code of the event
 * @info:	 info of the event
 */
struct ism_signal_ieq {
	struct ism_request head;
	__be64 rgid;
	__be32 trigger_irq;
	__be32 event_code;
	__be64 info;
};

/*
 * --- the system block area --------------------------------------------------
 */

#define ISM_SBA_SUMMARY		0x80	/* in flags[0]: anything is set */
#define ISM_SBA_EVENT		0x40	/* in flags[0]: new events */

/**
 * struct ism_sba - which DMBs were written: a page that the adapter writes
 * @flags:    in the first byte, ISM_SBA_SUMMARY and ISM_SBA_EVENT
 * @bits:     DMB n has the bit 0x80 >> (n % 8) of byte n / 8
 * @reserved: 0
 * @masks:    by index: the signal mask, see dibs_signal_mask()
 *
 * The adapter sets a mask, then the bit, then the summary; if the summary was
 * clear, it interrupts. The driver clears them in reverse order: summary, bit,
 * mask.
 */
struct ism_sba {
	u8 flags[4];
	u8 bits[ISM_INDEX_END / 8];
	u8 reserved[12];
	__be16 masks[ISM_INDEX_END];
};

/*
 * --- the event queue --------------------------------------------------------
 */

/**
 * enum ism_event_type - what an event is about
 * @ISM_EVENT_BUF: a DMB: tok is its token, code an enum ism_event_code
 * @ISM_EVENT_DEV: an adapter: tok is its GID, code an enum ism_event_code
 * @ISM_EVENT_SWR: software: tok is the sender's GID; the sender chose code and
 *		   info
 */
enum ism_event_type {
	ISM_EVENT_BUF	= 0,
	ISM_EVENT_DEV	= 1,
	ISM_EVENT_SWR	= 2,
};

/**
 * enum ism_event_code - what has happened
 * @ISM_EVENT_DEV_ERROR:	 the adapter is in error state
 * @ISM_EVENT_BUF_OWNER_ERROR:	 the owner of the DMB is in error state
 * @ISM_EVENT_BUF_USER_ERROR:	 the writer of the DMB is in error state
 * @ISM_EVENT_BUF_UNREGISTERED:	 the DMB was unregistered
 * @ISM_EVENT_BUF_OWNER_VLAN:	 the owner of the DMB is not in the DMB's VLAN
 * @ISM_EVENT_BUF_USER_VLAN:	 the writer of the DMB is not in the DMB's VLAN
 * @ISM_EVENT_DEV_DISABLED:	 the adapter has left the fabric
 * @ISM_EVENT_BUF_USER_DISABLED: the writer of the DMB has left the fabric
 */
enum ism_event_code {
	ISM_EVENT_DEV_ERROR		= 0x01,
	ISM_EVENT_BUF_OWNER_ERROR	= 0x02,
	ISM_EVENT_BUF_USER_ERROR	= 0x03,
	ISM_EVENT_BUF_UNREGISTERED	= 0x04,
	ISM_EVENT_BUF_OWNER_VLAN	= 0x05,
	ISM_EVENT_BUF_USER_VLAN		= 0x06,
	ISM_EVENT_DEV_DISABLED		= 0x07,
	ISM_EVENT_BUF_USER_DISABLED	= 0x08,
};

/**
 * struct ism_event - an entry of the event queue: 32 bytes
 * @type: enum ism_event_type
 * @code: enum ism_event_code, or chosen by the sender
 * @tok:  a token or a GID, see enum ism_event_type
 * @time: when it happened; the unit is not confirmed
 * @info: chosen by the sender, for ISM_EVENT_SWR
 */
struct ism_event {
	__be32 type;
	__be32 code;
	__be64 tok;
	__be64 time;
	__be64 info;
};

#define ISM_IEQ_ENTRIES		15

/**
 * struct ism_ieq - the event queue, in a page of its own
 * @idx:       1 + index of the entry written last; 0 before the first. Wraps
 *             from ISM_IEQ_ENTRIES to 1
 * @ieq_len:   length of this struct
 * @entry_len: length of an entry
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

/*
 * --- moves ------------------------------------------------------------------
 */

/*
 * Bytes are moved by storing them in address space 0, at an address with the
 * token in its high bits. No store crosses a multiple of ISM_MOVE_MAX.
 */
#define ISM_MOVE_MAX		SZ_4K
#define ISM_MOVE_IDX		GENMASK_ULL(27, 24)	/* number of the bit */
#define ISM_MOVE_SIGNAL		BIT_ULL(23)
#define ISM_MOVE_OFFSET		GENMASK_ULL(22, 0)
/* The other bits hold the token. */
#define ISM_MOVE_TOKEN		GENMASK_ULL(63, 28)

/**
 * ism_move_address() - address to store bytes at to move them
 * @token:  token of the DMB. The caller checks that it has only bits of
 *	    ISM_MOVE_TOKEN
 * @idx:    bit number of the signal, 0 to 15, see dibs_signal_mask(); 0 without
 *	    @signal
 * @signal: signal the owner
 * @offset: offset in the DMB, within ISM_MOVE_OFFSET
 *
 * Return: an address in space 0.
 */
static inline u64 ism_move_address(u64 token, unsigned int idx, bool signal,
				   u32 offset)
{
	return token | (u64)idx << 24 | (signal ? ISM_MOVE_SIGNAL : 0) |
	       offset;
}

static_assert(offsetof(struct ism_request, cmd) == 0);
static_assert(offsetof(struct ism_request, zero) == 4);
static_assert(offsetof(struct ism_request, len) == 6);
static_assert(sizeof(struct ism_request) == 8);

static_assert(offsetof(struct ism_response, cmd) == 0);
static_assert(offsetof(struct ism_response, ret) == 4);
static_assert(offsetof(struct ism_response, len) == 6);
static_assert(sizeof(struct ism_response) == 8);

static_assert(offsetof(struct ism_reg_sba, sba) == 8);
static_assert(sizeof(struct ism_reg_sba) == 16);

static_assert(offsetof(struct ism_reg_ieq, ieq) == 8);
static_assert(offsetof(struct ism_reg_ieq, len) == 16);
static_assert(sizeof(struct ism_reg_ieq) == 24);

static_assert(offsetof(struct ism_read_gid, gid) == 8);
static_assert(sizeof(struct ism_read_gid) == 16);

static_assert(offsetof(struct ism_set_vlan, vlan) == 8);
static_assert(sizeof(struct ism_set_vlan) == 16);

static_assert(offsetof(struct ism_query_info, version) == 8);
static_assert(offsetof(struct ism_query_info, max_len) == 12);
static_assert(offsetof(struct ism_query_info, state) == 16);
static_assert(offsetof(struct ism_query_info, gid) == 24);
static_assert(offsetof(struct ism_query_info, sba) == 32);
static_assert(offsetof(struct ism_query_info, ieq) == 40);
static_assert(offsetof(struct ism_query_info, ieq_len) == 48);
static_assert(offsetof(struct ism_query_info, reserved) == 52);
static_assert(offsetof(struct ism_query_info, dmbs_owned) == 56);
static_assert(offsetof(struct ism_query_info, dmbs_used) == 60);
static_assert(offsetof(struct ism_query_info, vlan_required) == 64);
static_assert(offsetof(struct ism_query_info, vlan_count) == 68);
static_assert(offsetof(struct ism_query_info, vlan) == 72);
static_assert(sizeof(struct ism_query_info) == 200);

static_assert(offsetof(struct ism_query_rgid, rgid) == 8);
static_assert(offsetof(struct ism_query_rgid, vlan_valid) == 16);
static_assert(offsetof(struct ism_query_rgid, vlan) == 20);
static_assert(sizeof(struct ism_query_rgid) == 24);

static_assert(offsetof(struct ism_reg_dmb, dmb) == 8);
static_assert(offsetof(struct ism_reg_dmb, len) == 16);
static_assert(offsetof(struct ism_reg_dmb, index) == 20);
static_assert(offsetof(struct ism_reg_dmb, vlan_valid) == 24);
static_assert(offsetof(struct ism_reg_dmb, vlan) == 28);
static_assert(offsetof(struct ism_reg_dmb, rgid) == 32);
static_assert(sizeof(struct ism_reg_dmb) == 40);

static_assert(offsetof(struct ism_reg_dmb_answer, token) == 8);
static_assert(sizeof(struct ism_reg_dmb_answer) == 16);

static_assert(offsetof(struct ism_unreg_dmb, token) == 8);
static_assert(sizeof(struct ism_unreg_dmb) == 16);

static_assert(offsetof(struct ism_signal_ieq, rgid) == 8);
static_assert(offsetof(struct ism_signal_ieq, trigger_irq) == 16);
static_assert(offsetof(struct ism_signal_ieq, event_code) == 20);
static_assert(offsetof(struct ism_signal_ieq, info) == 24);
static_assert(sizeof(struct ism_signal_ieq) == 32);

static_assert(offsetof(struct ism_sba, bits) == 4);
static_assert(offsetof(struct ism_sba, masks) == 256);
static_assert(sizeof(struct ism_sba) == SZ_4K);

static_assert(offsetof(struct ism_event, type) == 0);
static_assert(offsetof(struct ism_event, code) == 4);
static_assert(offsetof(struct ism_event, tok) == 8);
static_assert(offsetof(struct ism_event, time) == 16);
static_assert(offsetof(struct ism_event, info) == 24);
static_assert(sizeof(struct ism_event) == 32);

static_assert(offsetof(struct ism_ieq, idx) == 0);
static_assert(offsetof(struct ism_ieq, ieq_len) == 8);
static_assert(offsetof(struct ism_ieq, entry_len) == 16);
static_assert(offsetof(struct ism_ieq, reserved) == 24);
static_assert(offsetof(struct ism_ieq, entry) == 32);
static_assert(sizeof(struct ism_ieq) == 512);

#endif /* _LINUX_DIBS_ISM_FORMAT_H */

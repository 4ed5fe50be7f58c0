/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Definitions that clients and device drivers share: GIDs, VLANs, signal masks
 * and events. Clients include <linux/dibs_client.h>, device drivers
 * <linux/dibs_device.h>; both headers include this one.
 */
#ifndef _LINUX_DIBS_H
#define _LINUX_DIBS_H

#include <linux/types.h>
#include <linux/uuid.h>
#include <asm/byteorder.h>
#include <uapi/linux/dibs.h>

/* The fabric of all loopback devices. Such a device talks only to itself. */
#define DIBS_FABRIC_LOOPBACK	0xFFFF
/* Virtual devices: DIBS_FABRIC_VIRTUAL_MIN to DIBS_FABRIC_LOOPBACK - 1. */
#define DIBS_FABRIC_VIRTUAL_MIN	0xFF00

/* Longest name of a device or client, including the terminating NUL. */
#define DIBS_NAME_LEN		16

/* Length of a system EID, which identifies a machine for SMC-D. */
#define DIBS_SEID_LEN		32

/* A signal carries one bit of a 16-bit mask; a move's idx is its number. */
#define DIBS_SIGNAL_BITS	16

/**
 * struct dibs_vlan - a VLAN, or none
 * @id:    VLAN id, 1 to 4094; ignored unless @valid
 * @valid: false means no VLAN
 *
 * Ignored by devices without VLAN operations.
 */
struct dibs_vlan {
	u16 id;
	bool valid;
};

/**
 * dibs_vlan_equal() - are two ends on the same VLAN?
 * @a: one end
 * @b: the other end
 *
 * Return: true if both have none or both have the same id.
 */
static inline bool dibs_vlan_equal(struct dibs_vlan a, struct dibs_vlan b)
{
	return a.valid == b.valid && (!a.valid || a.id == b.id);
}

/**
 * dibs_signal_mask() - the mask that the owner of a DMB gets for a bit number
 * @idx: bit number passed to a move, 0 to 15
 *
 * Bit number 0 is 0x1000, as on IBM's ISM adapter; number n is that value
 * rotated right by n.
 *
 * Return: a mask with one bit set.
 */
static inline u16 dibs_signal_mask(unsigned int idx)
{
	return (0x10001000U >> (idx & (DIBS_SIGNAL_BITS - 1))) & 0xffff;
}

/**
 * dibs_gid_from_u64() - the UUID form of a 64-bit GID
 * @gid: GID of an ISM adapter, in host byte order
 *
 * The GID fills the first eight bytes, big-endian; the rest is zero. No
 * generated UUID has that variant, so the two kinds never collide.
 *
 * Return: the GID as a UUID.
 */
static inline uuid_t dibs_gid_from_u64(u64 gid)
{
	uuid_t uuid = {};
	int i;

	for (i = 0; i < 8; i++)
		uuid.b[i] = gid >> (56 - 8 * i);
	return uuid;
}

/**
 * dibs_gid_to_u64() - the first 64 bits of a GID
 * @gid: a GID
 *
 * Return: bytes 0 to 7 as a big-endian number, in host byte order.
 */
static inline u64 dibs_gid_to_u64(const uuid_t *gid)
{
	u64 value = 0;
	int i;

	for (i = 0; i < 8; i++)
		value = value << 8 | gid->b[i];
	return value;
}

/**
 * struct dibs_event - a notification from the fabric
 * @type:    enum dibs_event_type of <uapi/linux/dibs.h>
 * @subtype: enum dibs_event_subtype of <uapi/linux/dibs.h>; for DIBS_EVENT_SW
 *           the code that the sender chose
 * @gid:     GID of the device concerned, or of the sender for DIBS_EVENT_SW
 * @token:   token of the DMB concerned, for DIBS_EVENT_BUF
 * @time:    time stamp of the device, or 0
 * @data:    the sender's information, or the device's own code
 */
struct dibs_event {
	u32 type;
	u32 subtype;
	uuid_t gid;
	u64 token;
	u64 time;
	u64 data;
};

#endif /* _LINUX_DIBS_H */

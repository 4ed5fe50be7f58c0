/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * The vocabulary that both sides of the layer share: GIDs, VLANs, signal
 * masks and events. Clients include <linux/dibs_client.h>, device drivers
 * <linux/dibs_device.h>; both include this.
 */
#ifndef _LINUX_DIBS_H
#define _LINUX_DIBS_H

#include <linux/types.h>
#include <linux/uuid.h>
#include <asm/byteorder.h>
#include <uapi/linux/dibs.h>

/* The fabric of every loopback device. Such a device talks only to itself. */
#define DIBS_FABRIC_LOOPBACK	0xFFFF
/* DIBS_FABRIC_VIRTUAL_MIN to DIBS_FABRIC_LOOPBACK - 1: virtual devices. */
#define DIBS_FABRIC_VIRTUAL_MIN	0xFF00

/* Longest device or client name, with its terminating zero. */
#define DIBS_NAME_LEN		16

/* A system EID: the name of a machine, for SMC-D. */
#define DIBS_SEID_LEN		32

/* A signal carries one bit of a 16-bit mask; its number is the move's idx. */
#define DIBS_SIGNAL_BITS	16

/**
 * struct dibs_vlan - a VLAN, or none
 * @id:    VLAN id, 1 to 4094; ignored unless @valid
 * @valid: false: no VLAN
 *
 * Only devices with the VLAN operations look at it.
 */
struct dibs_vlan {
	u16 id;
	bool valid;
};

/**
 * dibs_vlan_equal() - do two ends talk on the same VLAN?
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
 * dibs_signal_mask() - the mask that the owner of a DMB sees
 * @idx: bit number given to a move, 0 to 15
 *
 * Bit 0 is 0x1000, as on IBM's ISM adapter; bit n is that rotated right n
 * times.
 *
 * Return: a mask with one bit set.
 */
static inline u16 dibs_signal_mask(unsigned int idx)
{
	return (0x10001000U >> (idx & (DIBS_SIGNAL_BITS - 1))) & 0xffff;
}

/**
 * dibs_gid_from_u64() - the UUID form of a 64-bit GID
 * @gid: GID in host byte order, as ISM adapters have it
 *
 * The GID fills the first eight bytes, big-endian, the rest is zero: a UUID
 * variant that no generated UUID has, so the two kinds never collide.
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
 * struct dibs_event - news from the fabric
 * @type:    enum dibs_event_type of <uapi/linux/dibs.h>
 * @subtype: enum dibs_event_subtype of the same, or the sender's code for DIBS_EVENT_SW
 * @gid:     the device concerned, or the sender's for DIBS_EVENT_SW
 * @token:   the DMB concerned, for DIBS_EVENT_BUF
 * @time:    the device's time stamp, or 0
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

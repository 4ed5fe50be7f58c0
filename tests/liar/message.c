// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Builds correct CLC messages, field by field, and changes them. All numbers
 * are big-endian. liar.h has the offsets of fields; for their meaning see "IBM
 * Shared Memory Communications Version 2", third edition.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "liar.h"

#define EID		"DIBS-DEFAULT                    "
#define EMULATED	0xffff		/* the fabric of loopback devices */
#define LINUX_2_1	0x21

static const uint8_t smcr[] = { 0xe2, 0xd4, 0xc3, 0xd9 };
static const uint8_t smcd[] = { 0xe2, 0xd4, 0xc3, 0xc4 };

static uint8_t device_gid[16];

/* The GID of the device that all namespaces share. */
void messages_start(void)
{
	char text[64] = {};
	int fd = open("/sys/class/dibs/lo/gid", O_RDONLY);
	unsigned int i, at = 0;

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 36)
		die("the device lo");
	close(fd);
	for (i = 0; i < 16; i++, at += 2) {
		at += text[at] == '-';
		if (sscanf(text + at, "%2hhx", &device_gid[i]) != 1)
			die("the GID of lo");
	}
}

void put(struct message *message, size_t at, size_t size, uint64_t value)
{
	while (size--) {
		message->data[at + size] = value;
		value >>= 8;
	}
}

uint64_t get(const struct message *message, size_t at, size_t size)
{
	uint64_t value = 0;

	while (size--)
		value = value << 8 | message->data[at++];
	return value;
}

/* Cuts or pads with zeroes; the trailer moves to the end. */
void set_length(struct message *message, size_t len)
{
	uint8_t trailer[TRAILER_LEN];
	size_t old = message->len;

	memcpy(trailer, message->data + old - TRAILER_LEN, TRAILER_LEN);
	if (len > old)
		memset(message->data + old - TRAILER_LEN, 0, len - old);
	memcpy(message->data + len - TRAILER_LEN, trailer, TRAILER_LEN);
	message->len = len;
	put(message, AT_LENGTH, 2, len);
}

/* Inserts zeroes. */
void insert(struct message *message, size_t at, size_t len)
{
	memmove(message->data + at + len, message->data + at,
		message->len - at);
	memset(message->data + at, 0, len);
	message->len += len;
	put(message, AT_LENGTH, 2, message->len);
}

static void make(struct message *message, enum kind kind, size_t len,
		 uint8_t flags, const uint8_t *eyecatcher)
{
	memset(message->data, 0, len);
	message->len = len;
	memcpy(message->data, eyecatcher, 4);
	memcpy(message->data + len - TRAILER_LEN, eyecatcher, TRAILER_LEN);
	put(message, AT_TYPE, 1, kind);
	put(message, AT_LENGTH, 2, len);
	put(message, AT_FLAGS, 1, flags);
}

/*
 * A proposal of version 2 with one EID and one device, which takes two entries.
 */
void proposal_make(struct message *message)
{
	unsigned int half;

	make(message, PROPOSAL, PROPOSAL_LEN, 0x26, smcr);
	put(message, AT_V2_OFFSET, 2, 28);
	put(message, AT_EIDS, 1, 1);
	put(message, AT_GIDS, 1, 2);
	put(message, AT_V2_FLAGS, 1, 0x10);
	put(message, AT_D_OFFSET, 2, 64);
	put(message, AT_FEATURES, 2, 1);
	memcpy(message->data + AT_EID, EID, 32);
	for (half = 0; half < 2; half++) {
		memcpy(message->data + AT_GID + 10 * half,
		       device_gid + 8 * half, 8);
		put(message, AT_GID + 10 * half + 8, 2, EMULATED);
	}
}

/* An accept that is the first contact of a link group. */
void accept_make(struct message *message, uint64_t token)
{
	make(message, ACCEPT, FIRST_LEN, 0x21 | FIRST_CONTACT, smcd);
	memcpy(message->data + AT_A_GID, device_gid, 8);
	put(message, AT_TOKEN, 8, token);
	put(message, AT_SIZE, 1, 0x60);
	put(message, AT_LINK, 4, 0x11a611a6);
	put(message, AT_CHID, 2, EMULATED);
	memcpy(message->data + AT_A_EID, EID, 32);
	memcpy(message->data + AT_GID_EXT, device_gid + 8, 8);
	put(message, AT_OS, 1, LINUX_2_1);
	memset(message->data + AT_CONTACT + 4, ' ', 32);
	put(message, AT_CONTACT + 38, 2, 1);
}

/* The confirm that answers @accept. */
void confirm_make(struct message *message, const struct message *accept,
		  uint64_t token)
{
	message->len = accept->len;
	memcpy(message->data, accept->data, accept->len);
	put(message, AT_TYPE, 1, CONFIRM);
	put(message, AT_TOKEN, 8, token);
	put(message, AT_INDEX, 1, 0);
}

void decline_make(struct message *message, uint32_t diagnosis)
{
	make(message, DECLINE, DECLINE_LEN, 0x20, smcr);
	put(message, AT_DIAGNOSIS, 4, diagnosis);
	put(message, 20, 1, LINUX_2_1 & 0xf0);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * CLC messages as bytes, and how tests of the parser change them. The buffer of
 * a message has SMC_CLC_BUF_LEN bytes.
 */
#ifndef _TESTS_SMC_BYTES_H
#define _TESTS_SMC_BYTES_H

#include "../../../clients/smc/clc/wire.h"
#include "message.h"
#include "sample.h"
#include "test.h"

static inline size_t message_bytes(const struct message *message, u8 *buf)
{
	int len = message_build(buf, SMC_CLC_BUF_LEN, message);

	assert_true(len > 0);
	return len;
}

/* The bytes of a sample. */
static inline size_t sample_bytes(unsigned int index, u8 *buf)
{
	struct message message;

	message_sample(index, &message);
	return message_bytes(&message, buf);
}

static inline size_t named_bytes(const char *name, u8 *buf)
{
	struct message message;

	sample(name, &message);
	return message_bytes(&message, buf);
}

static inline void set_length(u8 *bytes, size_t len)
{
	bytes[5] = len >> 8;
	bytes[6] = len;
}

static inline void put16(u8 *at, unsigned int value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static inline unsigned int get16(const u8 *at)
{
	return at[0] << 8 | at[1];
}

/* Parses a copy that ends where @len says. */
static inline int parse(const u8 *bytes, size_t len, struct message *message)
{
	u8 *copy = watched(bytes, len);
	int err = message_parse(copy, len, message);

	free(copy);
	return err;
}

/* Inserts zeroes and updates the length. */
static inline size_t insert(u8 *bytes, size_t len, size_t at, size_t count)
{
	memmove(bytes + at + count, bytes + at, len - at);
	memset(bytes + at, 0, count);
	set_length(bytes, len + count);
	return len + count;
}

#endif

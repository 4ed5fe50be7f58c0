// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors */

#include <endian.h>
#include <stdbool.h>
#include <string.h>

#include "pattern.h"

/* There is one urgent byte in every stretch of that many bytes. */
#define STRETCH 20000

uint64_t scramble(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

/* Compares eight bytes at a time: emulated CPUs are slow. */
static uint64_t pattern_word(uint64_t key, uint64_t number)
{
	uint64_t x = (key + number) * 0x9e3779b97f4a7c15;

	return htole64(x ^ x >> 29);
}

unsigned char pattern_byte(uint64_t key, uint64_t pos)
{
	uint64_t word = pattern_word(key, pos / 8);

	return ((unsigned char *)&word)[pos % 8];
}

void pattern_fill(uint64_t key, uint64_t pos, unsigned char *to, size_t len)
{
	while (len) {
		uint64_t word = pattern_word(key, pos / 8);
		size_t n = 8 - pos % 8;

		if (n > len)
			n = len;
		memcpy(to, (unsigned char *)&word + pos % 8, n);
		to += n;
		pos += n;
		len -= n;
	}
}

/* Returns how many bytes are right, up to the first that is not. */
size_t pattern_equal(uint64_t key, uint64_t pos, const unsigned char *from,
		     size_t len)
{
	size_t i = 0;

	while (i < len) {
		if ((pos + i) % 8 == 0 && len - i >= 8) {
			uint64_t word = pattern_word(key, (pos + i) / 8);

			if (!memcmp(&word, from + i, 8)) {
				i += 8;
				continue;
			}
		}
		if (from[i] != pattern_byte(key, pos + i))
			break;
		i++;
	}
	return i;
}

/* Finds where wrong bytes belong; only for messages. */
uint64_t pattern_find(uint64_t key, uint64_t near, const unsigned char *from,
		      size_t len)
{
	const uint64_t reach = 3 << 20;
	uint64_t pos = near > reach ? near - reach : 0;

	if (len > 64)
		len = 64;
	if (len < 6)
		return NOWHERE;
	for (; pos < near + reach; pos++) {
		if (pattern_equal(key, pos, from, len) == len)
			return pos;
	}
	return NOWHERE;
}

/*
 * A reader of the stream without urgent bytes sees the next byte in the place
 * of one. The two differ, so that the reader can tell them apart.
 */
uint64_t urgent_next(uint64_t key, uint64_t pos, uint64_t total)
{
	uint64_t number = pos / STRETCH;

	for (;; number++) {
		uint64_t at = number * STRETCH +
			      scramble(key ^ number) % (STRETCH - 1000);

		while (pattern_byte(key, at) == pattern_byte(key, at + 1))
			at++;
		if (at + 1 >= total)
			return NOWHERE;
		if (at >= pos)
			return at;
	}
}

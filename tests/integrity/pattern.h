/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * The byte at each position of a stream. Both ends know it without the other,
 * and no two positions look alike, so that lost, repeated, reordered and
 * changed bytes are found.
 */
#ifndef _PATTERN_H
#define _PATTERN_H

#include <stddef.h>
#include <stdint.h>

#define NOWHERE UINT64_MAX

uint64_t scramble(uint64_t x);
unsigned char pattern_byte(uint64_t key, uint64_t pos);
void pattern_fill(uint64_t key, uint64_t pos, unsigned char *to, size_t len);
size_t pattern_equal(uint64_t key, uint64_t pos, const unsigned char *from,
		     size_t len);
uint64_t pattern_find(uint64_t key, uint64_t near, const unsigned char *from,
		      size_t len);

/*
 * Returns the position of the first urgent byte at or after @pos, or NOWHERE.
 */
uint64_t urgent_next(uint64_t key, uint64_t pos, uint64_t total);

#endif /* _PATTERN_H */

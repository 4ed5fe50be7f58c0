/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * What all tests here include. Where there is no cmocka (programs for other
 * machines), tiny/cmocka.h replaces it.
 */
#ifndef _TESTS_SMC_TEST_H
#define _TESTS_SMC_TEST_H

#include <linux/errno.h>
#include <linux/kernel.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>

#include <cmocka.h>

/*
 * Returns a copy whose ends the address sanitizer watches. The caller frees it.
 */
static inline u8 *watched(const void *data, size_t len)
{
	u8 *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, data, len);
	return copy;
}

#endif

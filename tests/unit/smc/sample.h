/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Finds a sample by name. Inline, like everything that can fail: tiny/cmocka.h
 * leaves a test only from within its own file.
 */
#ifndef _TESTS_SMC_SAMPLE_H
#define _TESTS_SMC_SAMPLE_H

#include "message.h"
#include "test.h"

static inline void sample(const char *name, struct message *message)
{
	unsigned int i;

	for (i = 0; i < sample_count; i++) {
		if (!strcmp(samples[i].name, name)) {
			message_sample(i, message);
			return;
		}
	}
	fail_msg("%s: no such sample", name);
}

#endif

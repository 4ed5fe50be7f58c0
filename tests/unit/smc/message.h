/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * CLC messages of any kind for tests: parse, build, compare, and samples that
 * together use every part that a message can have.
 */
#ifndef _TESTS_SMC_MESSAGE_H
#define _TESTS_SMC_MESSAGE_H

#include "../../../clients/smc/clc/clc.h"

struct message {
	u8 kind;	/* enum smc_clc_msg */
	union {
		struct smc_clc_proposal proposal;
		struct smc_clc_accept accept;
		struct smc_clc_decline decline;
	};
};

struct sample {
	const char *name;
	void (*fill)(struct message *message);
};

extern const struct sample samples[];
extern const unsigned int sample_count;

/* Parses a message of the kind that the header says. */
int message_parse(const u8 *data, size_t len, struct message *message);
int message_build(u8 *buf, size_t size, const struct message *message);
bool message_equal(const struct message *a, const struct message *b);
void message_sample(unsigned int index, struct message *message);

#endif

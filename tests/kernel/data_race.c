// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * A deliberate data race, with which tests/soak/kcsan shows that KCSAN detects
 * races in these modules. tests/vm/kcsan.py knows the function by its name.
 */
#include <linux/atomic.h>
#include <linux/errno.h>

#include "crew.h"
#include "service.h"

#define RACE_STEPS	20000

static unsigned long race_word;
static atomic_t race_steps;

static noinline void dibs_race_on_purpose(void *arg, unsigned int nr)
{
	race_word++;
	atomic_inc(&race_steps);
}

int race_run(void)
{
	struct crew crew = {};
	int err = 0;

	atomic_set(&race_steps, 0);
	if (!crew_add(&crew, dibs_race_on_purpose, NULL) ||
	    !crew_add(&crew, dibs_race_on_purpose, NULL))
		err = -ENOMEM;
	else if (!crew_wait(&race_steps, RACE_STEPS))
		err = -ETIMEDOUT;
	crew_stop(&crew);
	return err;
}

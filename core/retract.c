// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Retracting a DMB or an attachment. Each is published to its driver once, and
 * retracted once by whoever comes first: the client that gives the handle back,
 * the removal of the device, or the loss of the namespace's right to use it.
 *
 *	PUBLISHED --dibs_retract_begin()--> RETRACTING
 *		  --dibs_retract_end()----> RETRACTED
 *
 * Everybody else waits until the first has finished.
 */
#include <linux/wait_bit.h>

#include "core.h"

/*
 * True for the one caller that has to retract; false once another caller has
 * finished doing it. May sleep.
 */
bool dibs_retract_begin(atomic_t *state)
{
	might_sleep();
	if (atomic_cmpxchg(state, DIBS_PUBLISHED, DIBS_RETRACTING) ==
	    DIBS_PUBLISHED)
		return true;
	/* Pairs with the release in dibs_retract_end(). */
	wait_var_event(state, atomic_read_acquire(state) == DIBS_RETRACTED);
	return false;
}

void dibs_retract_end(atomic_t *state)
{
	/*
	 * Waiters see everything that was done before; pairs with the acquire
	 * in dibs_retract_begin().
	 */
	atomic_set_release(state, DIBS_RETRACTED);
	/* Orders the store above before the check for waiters. */
	smp_mb();
	wake_up_var(state);
}

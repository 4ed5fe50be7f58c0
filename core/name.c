// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * A DMB and an attachment are each made known to the driver once and unknown
 * once, by whoever comes first: the client that gives the handle back, the
 * removal of the device, the loss of a namespace's right.
 *
 *	NAMED --dibs_name_take()--> UNNAMING --dibs_name_gone()--> UNNAMED
 *
 * Who comes second waits until the first is done.
 */
#include <linux/wait_bit.h>

#include "core.h"

/* True for the one caller that shall do it; false when it has been done. */
bool dibs_name_take(atomic_t *state)
{
	might_sleep();
	if (atomic_cmpxchg(state, DIBS_NAMED, DIBS_UNNAMING) == DIBS_NAMED)
		return true;
	/* Pairs with the release in dibs_name_gone(). */
	wait_var_event(state, atomic_read_acquire(state) == DIBS_UNNAMED);
	return false;
}

void dibs_name_gone(atomic_t *state)
{
	/* What was done before is seen by those who wait. */
	atomic_set_release(state, DIBS_UNNAMED);
	/* Orders the store above before the look for waiters. */
	smp_mb();
	wake_up_var(state);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) The DIBS authors
 *
 * As much of io_uring as the cases need, without a library.
 */

#ifndef DIBS_CONFORMANCE_URING_H
#define DIBS_CONFORMANCE_URING_H

#include <linux/io_uring.h>

/* Skips the case if the kernel has no io_uring. */
void uring_start(void);
/* Returns a cleared entry to fill in; at most 8 before uring_wait(). */
struct io_uring_sqe *uring_entry(int op, int fd, const void *addr,
				 unsigned int len, unsigned long tag);
int uring_submit(void);
/* Waits for the entry with that tag, and returns its result. */
int uring_wait(unsigned long tag);
/* The next completion of a multishot entry counts. */
void uring_forget(unsigned long tag);
/* Returns -EBUSY while the entry has not completed. */
int uring_look(unsigned long tag);

#endif

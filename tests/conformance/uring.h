/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) The DIBS authors
 *
 * As much of io_uring as the cases need, without a library.
 */

#ifndef DIBS_CONFORMANCE_URING_H
#define DIBS_CONFORMANCE_URING_H

#include <linux/io_uring.h>

/* Skips the case where the kernel has none. */
void uring_start(void);
/* A cleared entry, to be filled in; up to 8 before uring_wait(). */
struct io_uring_sqe *uring_entry(int op, int fd, const void *addr,
				 unsigned int len, unsigned long tag);
int uring_submit(void);
/* The result of the entry with that tag; waits for it. */
int uring_wait(unsigned long tag);
/* -EBUSY while it has not ended. */
int uring_look(unsigned long tag);

#endif

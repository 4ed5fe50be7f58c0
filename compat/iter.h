/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Differences between kernels in iterators.
 */
#ifndef _DIBS_COMPAT_ITER_H
#define _DIBS_COMPAT_ITER_H

#include <linux/uio.h>
#include <linux/version.h>

/*
 * Can data be copied to this iterator without sleeping, once user memory is
 * faulted in? Pipe iterators, which existed before 6.6, allocate pages.
 */
static inline bool dibs_iter_is_atomic(const struct iov_iter *iter)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
	return !iov_iter_is_pipe(iter);
#else
	return true;
#endif
}

#endif /* _DIBS_COMPAT_ITER_H */

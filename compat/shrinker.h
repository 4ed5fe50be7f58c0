/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Shrinkers: allocated by the kernel since 6.7, before by their owner.
 */
#ifndef _DIBS_COMPAT_SHRINKER_H
#define _DIBS_COMPAT_SHRINKER_H

#include <linux/shrinker.h>
#include <linux/version.h>

struct dibs_shrinker {
	unsigned long (*count)(struct shrinker *shrinker,
			       struct shrink_control *sc);
	unsigned long (*scan)(struct shrinker *shrinker,
			      struct shrink_control *sc);
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	struct shrinker shrinker;
#else
	struct shrinker *shrinker;
#endif
};

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
static inline int dibs_shrinker_register(struct dibs_shrinker *s,
					 const char *name)
{
	s->shrinker.count_objects = s->count;
	s->shrinker.scan_objects = s->scan;
	s->shrinker.seeks = DEFAULT_SEEKS;
	return register_shrinker(&s->shrinker, "%s", name);
}

static inline void dibs_shrinker_unregister(struct dibs_shrinker *s)
{
	unregister_shrinker(&s->shrinker);
}
#else
static inline int dibs_shrinker_register(struct dibs_shrinker *s,
					 const char *name)
{
	s->shrinker = shrinker_alloc(0, "%s", name);
	if (!s->shrinker)
		return -ENOMEM;
	s->shrinker->count_objects = s->count;
	s->shrinker->scan_objects = s->scan;
	shrinker_register(s->shrinker);
	return 0;
}

static inline void dibs_shrinker_unregister(struct dibs_shrinker *s)
{
	shrinker_free(s->shrinker);
}
#endif

#endif /* _DIBS_COMPAT_SHRINKER_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Charging to a memory cgroup other than the current task's, and reading its
 * limits, with and without CONFIG_MEMCG.
 */
#ifndef _DIBS_COMPAT_MEMCG_H
#define _DIBS_COMPAT_MEMCG_H

#include <linux/memcontrol.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>

/* The memory cgroup that accounted allocations are charged to, referenced. */
static inline struct mem_cgroup *dibs_memcg_current(void)
{
#ifdef CONFIG_MEMCG
	struct mem_cgroup *memcg = current->active_memcg;

	if (!memcg)
		return get_mem_cgroup_from_mm(current->mm);
	css_get(&memcg->css);
	return memcg;
#else
	return NULL;
#endif
}

static inline void dibs_memcg_get(struct mem_cgroup *memcg)
{
#ifdef CONFIG_MEMCG
	css_get(&memcg->css);
#endif
}

static inline void dibs_memcg_put(struct mem_cgroup *memcg)
{
	mem_cgroup_put(memcg);
}

/* Charges accounted allocations to @memcg, if not NULL, until _leave(). */
static inline struct mem_cgroup *dibs_memcg_enter(struct mem_cgroup *memcg)
{
#ifdef CONFIG_MEMCG
	return set_active_memcg(memcg ? : current->active_memcg);
#else
	return NULL;
#endif
}

static inline void dibs_memcg_leave(struct mem_cgroup *old)
{
	set_active_memcg(old);
}

static inline struct mem_cgroup *dibs_memcg_parent(struct mem_cgroup *memcg)
{
	return parent_mem_cgroup(memcg);
}

/* The root cgroup has no parent, and no limit. */
static inline bool dibs_memcg_has_parent(struct mem_cgroup *memcg)
{
	return memcg && parent_mem_cgroup(memcg);
}

/* Unique as long as the caller holds a reference. */
static inline unsigned long dibs_memcg_id(const struct mem_cgroup *memcg)
{
#ifdef CONFIG_MEMCG
	return memcg->css.id;
#else
	return 0;
#endif
}

/* The lower one of memory.max and memory.high, in pages. */
static inline unsigned long dibs_memcg_limit(const struct mem_cgroup *memcg)
{
#ifdef CONFIG_MEMCG
	return min(READ_ONCE(memcg->memory.max), READ_ONCE(memcg->memory.high));
#else
	return ULONG_MAX;
#endif
}

/* Pages charged to this cgroup and its descendants. */
static inline unsigned long dibs_memcg_usage(struct mem_cgroup *memcg)
{
#ifdef CONFIG_MEMCG
	return page_counter_read(&memcg->memory);
#else
	return 0;
#endif
}

#endif /* _DIBS_COMPAT_MEMCG_H */

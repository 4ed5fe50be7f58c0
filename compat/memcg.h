/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Charging to a memory cgroup that is not the current task's, with and without
 * CONFIG_MEMCG.
 */
#ifndef _DIBS_COMPAT_MEMCG_H
#define _DIBS_COMPAT_MEMCG_H

#include <linux/memcontrol.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>

/* A reference to the memory cgroup that accounted allocations go to now. */
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

static inline void dibs_memcg_put(struct mem_cgroup *memcg)
{
	mem_cgroup_put(memcg);
}

/* Accounted allocations go to @memcg, or as before if NULL, until _leave(). */
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

#endif /* _DIBS_COMPAT_MEMCG_H */

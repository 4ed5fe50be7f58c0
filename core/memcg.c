// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Memcg charges: how many pages the DMBs of one memory cgroup hold.
 *
 * A memory cgroup at its limit kills one of its tasks for the next page that
 * any of them needs, and the memory of a DMB cannot be reclaimed. A writer can
 * wait, however, so DMBs leave part of each limit free:
 * docs/decisions/0010-memcg-headroom.md.
 */
#include <linux/err.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "core.h"
#include "../compat/memcg.h"

/**
 * struct dibs_memcg_charge - the DMBs of a memory cgroup
 * @memcg: the cgroup; referenced, so that its id is not reused
 * @pages: pages these DMBs hold
 * @refs:  DMBs
 * @rcu:   to free it
 */
struct dibs_memcg_charge {
	struct mem_cgroup *memcg;
	atomic_long_t pages;
	refcount_t refs;
	struct rcu_head rcu;
};

/* By id of the cgroup; every entry is referenced by a DMB. */
static DEFINE_XARRAY(dibs_memcg_charges);

static struct dibs_memcg_charge *dibs_memcg_charge_find(unsigned long id)
{
	struct dibs_memcg_charge *charge;

	rcu_read_lock();
	charge = xa_load(&dibs_memcg_charges, id);
	if (charge && !refcount_inc_not_zero(&charge->refs))
		charge = NULL;
	rcu_read_unlock();
	return charge;
}

static struct dibs_memcg_charge *
dibs_memcg_charge_alloc(struct mem_cgroup *memcg)
{
	struct dibs_memcg_charge *charge = kzalloc(sizeof(*charge), DIBS_GFP);

	if (!charge)
		return NULL;
	dibs_memcg_get(memcg);
	charge->memcg = memcg;
	refcount_set(&charge->refs, 1);
	return charge;
}

static void dibs_memcg_charge_free(struct dibs_memcg_charge *charge)
{
	dibs_memcg_put(charge->memcg);
	kfree_rcu(charge, rcu);
}

/*
 * The charge of a memory cgroup, referenced, allocated for the first DMB. NULL:
 * nothing limits this cgroup. ERR_PTR on failure. May sleep.
 */
struct dibs_memcg_charge *dibs_memcg_charge_get(struct mem_cgroup *memcg)
{
	struct dibs_memcg_charge *charge;
	unsigned long id;
	int err;

	might_sleep();
	if (!dibs_memcg_has_parent(memcg))
		return NULL;
	id = dibs_memcg_id(memcg);
	for (;;) {
		charge = dibs_memcg_charge_find(id);
		if (charge)
			return charge;
		charge = dibs_memcg_charge_alloc(memcg);
		if (!charge)
			return ERR_PTR(-ENOMEM);
		err = xa_insert(&dibs_memcg_charges, id, charge, DIBS_GFP);
		if (!err)
			return charge;
		dibs_memcg_charge_free(charge);
		if (err != -EBUSY)
			return ERR_PTR(err);
		/* Lost a race, or the previous charge is being freed. */
		schedule_timeout_uninterruptible(1);
	}
}

/* NULL is allowed. */
void dibs_memcg_charge_put(struct dibs_memcg_charge *charge)
{
	if (!charge || !refcount_dec_and_test(&charge->refs))
		return;
	/* No other charge with this id can be inserted before the erase. */
	xa_erase(&dibs_memcg_charges, dibs_memcg_id(charge->memcg));
	dibs_memcg_charge_free(charge);
}

/* The DMBs hold @nr more pages, or fewer if @nr is negative. NULL: ignored. */
void dibs_memcg_charge_add(struct dibs_memcg_charge *charge, long nr)
{
	if (charge)
		atomic_long_add(nr, &charge->pages);
}

/*
 * May the cgroup's DMBs hold @nr more pages? Up to an eighth of each limit they
 * are treated like any other memory; beyond that they may use what is free,
 * except for the last quarter of the limit. Concurrent callers may overshoot by
 * what each of them asked for. NULL: yes.
 */
bool dibs_memcg_charge_allows(const struct dibs_memcg_charge *charge,
			      unsigned long nr)
{
	unsigned long limit, held;
	struct mem_cgroup *memcg;

	if (!charge)
		return true;
	held = atomic_long_read(&charge->pages) + nr;
	for (memcg = charge->memcg; memcg; memcg = dibs_memcg_parent(memcg)) {
		limit = dibs_memcg_limit(memcg);
		if (held > limit / 8 &&
		    dibs_memcg_usage(memcg) + nr > limit - limit / 4)
			return false;
	}
	return true;
}

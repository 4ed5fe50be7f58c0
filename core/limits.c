// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * How much memory DMBs may have: all together, those of a network namespace, and
 * those of a memory cgroup.
 *
 * A cgroup at its limit kills one of its programs for the next page that one
 * needs, and the memory of a DMB cannot be reclaimed; but who writes to it can
 * wait. So it is DMBs that leave some: docs/decisions/0010-rings-leave-room.md.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/percpu_counter.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "core.h"
#include "../compat/memcg.h"
#include "../compat/sysctl.h"

/* Pages of all DMBs, and how many there may be; net.dibs.mem_max in bytes. */
static struct percpu_counter dibs_pages;
static unsigned long dibs_mem_max;

/* The same for the DMBs of each namespace but the initial one. */
static unsigned long dibs_netns_mem_max;

/**
 * struct dibs_share - the DMBs of a network namespace
 * @pages: that they have; for each CPU, as who writes must not wait for others
 * @refs:  the namespace, DMBs, which may outlive it
 */
struct dibs_share {
	struct percpu_counter pages;
	refcount_t refs;
};

/**
 * struct dibs_purse - the DMBs of a memory cgroup
 * @memcg: the cgroup; referenced, so that its number stays its own
 * @pages: that they have
 * @refs:  DMBs
 * @rcu:   to free it
 */
struct dibs_purse {
	struct mem_cgroup *memcg;
	atomic_long_t pages;
	refcount_t refs;
	struct rcu_head rcu;
};

/* By number of the cgroup; each that is in here has a DMB. */
static DEFINE_XARRAY(dibs_purses);

struct dibs_share *dibs_share_new(void)
{
	struct dibs_share *share = kzalloc(sizeof(*share), GFP_KERNEL_ACCOUNT);

	if (!share)
		return NULL;
	if (percpu_counter_init(&share->pages, 0, GFP_KERNEL_ACCOUNT)) {
		kfree(share);
		return NULL;
	}
	refcount_set(&share->refs, 1);
	return share;
}

/* NULL stays NULL. */
struct dibs_share *dibs_share_get(struct dibs_share *share)
{
	if (share)
		refcount_inc(&share->refs);
	return share;
}

void dibs_share_put(struct dibs_share *share)
{
	if (!share || !refcount_dec_and_test(&share->refs))
		return;
	percpu_counter_destroy(&share->pages);
	kfree(share);
}

static struct dibs_purse *dibs_purse_find(unsigned long id)
{
	struct dibs_purse *purse;

	rcu_read_lock();
	purse = xa_load(&dibs_purses, id);
	if (purse && !refcount_inc_not_zero(&purse->refs))
		purse = NULL;
	rcu_read_unlock();
	return purse;
}

static struct dibs_purse *dibs_purse_new(struct mem_cgroup *memcg)
{
	struct dibs_purse *purse = kzalloc(sizeof(*purse), DIBS_GFP);

	if (!purse)
		return NULL;
	dibs_memcg_get(memcg);
	purse->memcg = memcg;
	refcount_set(&purse->refs, 1);
	return purse;
}

static void dibs_purse_free(struct dibs_purse *purse)
{
	dibs_memcg_put(purse->memcg);
	kfree_rcu(purse, rcu);
}

/*
 * The purse of a memory cgroup, NULL of one that nothing limits; ERR_PTR. May
 * sleep.
 */
struct dibs_purse *dibs_purse_get(struct mem_cgroup *memcg)
{
	struct dibs_purse *purse;
	unsigned long id;
	int err;

	if (!dibs_memcg_has_parent(memcg))
		return NULL;
	id = dibs_memcg_id(memcg);
	for (;;) {
		purse = dibs_purse_find(id);
		if (purse)
			return purse;
		purse = dibs_purse_new(memcg);
		if (!purse)
			return ERR_PTR(-ENOMEM);
		err = xa_insert(&dibs_purses, id, purse, DIBS_GFP);
		if (!err)
			return purse;
		dibs_purse_free(purse);
		if (err != -EBUSY)
			return ERR_PTR(err);
		/* Somebody was faster, or the last one is on its way out. */
		schedule_timeout_uninterruptible(1);
	}
}

void dibs_purse_put(struct dibs_purse *purse)
{
	if (!purse || !refcount_dec_and_test(&purse->refs))
		return;
	/* Until then there is no other of this number. */
	xa_erase(&dibs_purses, dibs_memcg_id(purse->memcg));
	dibs_purse_free(purse);
}

/* A DMB has @nr pages more, or less. */
void dibs_pages_add(struct dibs_memory *mem, long nr)
{
	percpu_counter_add(&dibs_pages, nr);
	if (mem->share)
		percpu_counter_add(&mem->share->pages, nr);
	if (mem->purse)
		atomic_long_add(nr, &mem->purse->pages);
}

/* Would @nr pages more be more than @max bytes? */
static bool dibs_pages_exceed(struct percpu_counter *pages, unsigned long nr,
			      unsigned long max)
{
	return percpu_counter_compare(pages, (s64)(max >> PAGE_SHIFT) -
					     (s64)nr + 1) >= 0;
}

/*
 * May the cgroup's DMBs have @nr pages more? Up to an eighth of each limit they
 * are like any other memory; beyond it they take what is free, but for a
 * quarter. Several that ask at once may get as much more.
 */
static bool dibs_purse_allows(const struct dibs_purse *purse, unsigned long nr)
{
	unsigned long limit, held;
	struct mem_cgroup *memcg;

	if (!purse)
		return true;
	held = atomic_long_read(&purse->pages) + nr;
	for (memcg = purse->memcg; memcg; memcg = dibs_memcg_parent(memcg)) {
		limit = dibs_memcg_limit(memcg);
		if (held > limit / 8 &&
		    dibs_memcg_usage(memcg) + nr > limit - limit / 4)
			return false;
	}
	return true;
}

/* Would all have no more than they may? */
bool dibs_pages_left(unsigned long nr)
{
	return !dibs_pages_exceed(&dibs_pages, nr, READ_ONCE(dibs_mem_max));
}

/*
 * May a DMB have @nr pages more? 0, -ENOBUFS (all, its namespace), -ENOMEM (its
 * cgroup).
 */
int dibs_pages_allowed(const struct dibs_memory *mem, unsigned long nr)
{
	if (!dibs_pages_left(nr))
		return -ENOBUFS;
	if (mem->share && dibs_pages_exceed(&mem->share->pages, nr,
					    READ_ONCE(dibs_netns_mem_max)))
		return -ENOBUFS;
	return dibs_purse_allows(mem->purse, nr) ? 0 : -ENOMEM;
}

static struct ctl_table dibs_sysctls[] = {
	{
		.procname = "mem_max",
		.data = &dibs_mem_max,
		.maxlen = sizeof(dibs_mem_max),
		.mode = 0644,
		.proc_handler = proc_doulongvec_minmax,
	}, {
		.procname = "netns_mem_max",
		.data = &dibs_netns_mem_max,
		.maxlen = sizeof(dibs_netns_mem_max),
		.mode = 0644,
		.proc_handler = proc_doulongvec_minmax,
	},
	{}
};

static struct ctl_table_header *dibs_sysctl;

int dibs_limits_start(void)
{
	int err;

	/* A quarter of the machine's memory, where nobody says otherwise. */
	dibs_mem_max = totalram_pages() / 4 * PAGE_SIZE;
	/* Half of it, so that one namespace leaves something to the others. */
	dibs_netns_mem_max = dibs_mem_max / 2;
	err = percpu_counter_init(&dibs_pages, 0, GFP_KERNEL);
	if (err)
		return err;
	dibs_sysctl = register_net_sysctl_sz(&init_net, "net/dibs",
					     dibs_sysctls,
					     ARRAY_SIZE(dibs_sysctls) - 1);
	if (!dibs_sysctl) {
		percpu_counter_destroy(&dibs_pages);
		return -ENOMEM;
	}
	return 0;
}

void dibs_limits_stop(void)
{
	unregister_net_sysctl_table(dibs_sysctl);
	percpu_counter_destroy(&dibs_pages);
}

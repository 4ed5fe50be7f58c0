// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Limits: on the memory of all DMBs together, of those of a network namespace
 * (quota.c) and of those of a memory cgroup (memcg.c); on the devices of a
 * namespace (netns.c).
 */
#include <linux/err.h>
#include <linux/mm.h>

#include "core.h"
#include "../compat/sysctl.h"

/* Pages of all DMBs, and their limit in bytes: net.dibs.mem_max. */
static struct percpu_counter dibs_pages;
static unsigned long dibs_mem_max;

/*
 * The limit of each namespace except the initial one, in bytes:
 * net.dibs.netns_mem_max.
 */
static unsigned long dibs_netns_mem_max;

/*
 * How many devices each namespace except the initial one may have, its own and
 * those granted to it: net.dibs.netns_dev_max.
 */
static unsigned int dibs_netns_dev_max = 64;

/* The memory of a DMB counts as @nr more pages, or fewer if @nr is negative. */
void dibs_limits_charge(struct dibs_memory *mem, long nr)
{
	percpu_counter_add(&dibs_pages, nr);
	if (mem->quota)
		percpu_counter_add(&mem->quota->pages, nr);
}

/* Would @nr more pages exceed @max bytes? */
static bool dibs_limits_exceeded(struct percpu_counter *pages,
				 unsigned long nr, unsigned long max)
{
	return percpu_counter_compare(pages, (s64)(max >> PAGE_SHIFT) -
					     (s64)nr + 1) >= 0;
}

/*
 * May the memory of a DMB have @nr more pages? 0, -ENOBUFS (the limit of all
 * DMBs or of its namespace) or -ENOMEM (the limit of its memory cgroup).
 */
int dibs_limits_check(const struct dibs_memory *mem, unsigned long nr)
{
	if (dibs_limits_exceeded(&dibs_pages, nr, READ_ONCE(dibs_mem_max)))
		return -ENOBUFS;
	if (mem->quota && dibs_limits_exceeded(&mem->quota->pages, nr,
					       READ_ONCE(dibs_netns_mem_max)))
		return -ENOBUFS;
	return dibs_memcg_charge_allows(mem->charge, nr) ? 0 : -ENOMEM;
}

/* How many devices may a namespace have that is not the initial one? */
u32 dibs_limits_devs(void)
{
	return READ_ONCE(dibs_netns_dev_max);
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
	}, {
		.procname = "netns_dev_max",
		.data = &dibs_netns_dev_max,
		.maxlen = sizeof(dibs_netns_dev_max),
		.mode = 0644,
		.proc_handler = proc_douintvec,
	},
	{}
};

static struct ctl_table_header *dibs_sysctl;

int dibs_limits_start(void)
{
	int err;

	/* By default a quarter of the machine's memory. */
	dibs_mem_max = totalram_pages() / 4 * PAGE_SIZE;
	/* Half of that, so that one namespace leaves some to the others. */
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

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Settings of a namespace, under net.smc:
 *
 *	enabled	1: connections may go through DMBs; 0: all stay on TCP
 *	mapped	1: where a device maps, write straight into the peer's memory;
 *		0: move even there, as over devices that do not map
 *	rmem	bytes of the ring that a peer writes into, unless the program
 *		sets SO_RCVBUF; rounded up to 16 KiB times a power of two
 *	busy_poll
 *		microseconds that a reader looks for bytes before it sleeps, at
 *		most and only where that pays (see spin.c); 0: none
 *
 * All but the last count for connections made later.
 */
#include <linux/sizes.h>
#include <linux/slab.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "../../compat/sysctl.h"
#include "sysctl.h"

#define SMC_RMEM_DEFAULT	SZ_1M
#define SMC_BUSY_POLL_DEFAULT	100

struct smc_sysctl {
	struct ctl_table_header *header;
	struct ctl_table *table;
	u8 enabled;
	u8 mapped;
	int rmem;
	int busy_poll;
};

static unsigned int smc_sysctl_id;
static int smc_rmem_min = SZ_16K;
static int smc_rmem_max = SZ_1M;
static int smc_busy_poll_max = 1000;

static struct smc_sysctl *smc_sysctl(const struct net *net)
{
	return net_generic(net, smc_sysctl_id);
}

u32 smc_sysctl_rmem(const struct net *net)
{
	return READ_ONCE(smc_sysctl(net)->rmem);
}

u32 smc_sysctl_busy_poll(const struct net *net)
{
	return READ_ONCE(smc_sysctl(net)->busy_poll);
}

bool smc_sysctl_mapped(const struct net *net)
{
	return READ_ONCE(smc_sysctl(net)->mapped);
}

bool smc_sysctl_enabled(const struct net *net)
{
	return READ_ONCE(smc_sysctl(net)->enabled);
}

/* Offsets into a namespace's settings stand where pointers will. */
static const struct ctl_table smc_sysctl_template[] = {
	{
		.procname = "enabled",
		.data = (void *)offsetof(struct smc_sysctl, enabled),
		.maxlen = sizeof(u8),
		.mode = 0644,
		.proc_handler = proc_dou8vec_minmax,
		.extra1 = SYSCTL_ZERO,
		.extra2 = SYSCTL_ONE,
	},
	{
		.procname = "mapped",
		.data = (void *)offsetof(struct smc_sysctl, mapped),
		.maxlen = sizeof(u8),
		.mode = 0644,
		.proc_handler = proc_dou8vec_minmax,
		.extra1 = SYSCTL_ZERO,
		.extra2 = SYSCTL_ONE,
	},
	{
		.procname = "rmem",
		.data = (void *)offsetof(struct smc_sysctl, rmem),
		.maxlen = sizeof(int),
		.mode = 0644,
		.proc_handler = proc_dointvec_minmax,
		.extra1 = &smc_rmem_min,
		.extra2 = &smc_rmem_max,
	},
	{
		.procname = "busy_poll",
		.data = (void *)offsetof(struct smc_sysctl, busy_poll),
		.maxlen = sizeof(int),
		.mode = 0644,
		.proc_handler = proc_dointvec_minmax,
		.extra1 = SYSCTL_ZERO,
		.extra2 = &smc_busy_poll_max,
	},
	{}
};

static int __net_init smc_sysctl_net_init(struct net *net)
{
	struct smc_sysctl *settings = smc_sysctl(net);
	int i, n = ARRAY_SIZE(smc_sysctl_template) - 1;

	settings->enabled = 1;
	settings->mapped = 1;
	settings->rmem = SMC_RMEM_DEFAULT;
	settings->busy_poll = SMC_BUSY_POLL_DEFAULT;
	settings->table = kmemdup(smc_sysctl_template,
				  sizeof(smc_sysctl_template),
				  GFP_KERNEL_ACCOUNT);
	if (!settings->table)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		settings->table[i].data = (void *)settings +
			(unsigned long)settings->table[i].data;
	settings->header = register_net_sysctl_sz(net, "net/smc",
						  settings->table, n);
	if (settings->header)
		return 0;
	kfree(settings->table);
	return -ENOMEM;
}

static void __net_exit smc_sysctl_net_exit(struct net *net)
{
	struct smc_sysctl *settings = smc_sysctl(net);

	unregister_net_sysctl_table(settings->header);
	kfree(settings->table);
}

static struct pernet_operations smc_sysctl_ops = {
	.init = smc_sysctl_net_init,
	.exit = smc_sysctl_net_exit,
	.id = &smc_sysctl_id,
	.size = sizeof(struct smc_sysctl),
};

int smc_sysctls_start(void)
{
	return register_pernet_subsys(&smc_sysctl_ops);
}

void smc_sysctls_stop(void)
{
	unregister_pernet_subsys(&smc_sysctl_ops);
}

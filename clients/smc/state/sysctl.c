// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Sysctls of a namespace, net.smc.*; docs/abi.md describes them. All but
 * busy_poll apply to connections made later. Those that only make sense for
 * SMC-R or for a send buffer have no effect; they exist for programs that set
 * and read them.
 */
#include <linux/jiffies.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "compat/sysctl.h"
#include "state/sysctl.h"

struct smc_sysctl {
	struct ctl_table_header *header;
	struct ctl_table *table;
	int enabled;
	int mapped;
	int rmem;
	bool rmem_set;		/* written to: applies to all devices */
	int busy_poll;
	int limit_handshakes;
	int handshake_timeout;	/* ms */
	/* no effect */
	int wmem;
	int autocorking_size;
	int smcr_buf_type;
	int smcr_testlink_time;
	int smcr_max_links;
	int smcr_max_conns;
	int smcr_max_send_wr;
	int smcr_max_recv_wr;
};

static const struct smc_sysctl smc_sysctl_default = {
	.enabled = 1,
	.mapped = 1,
	.rmem = SZ_4M,
	.busy_poll = 100,
	.handshake_timeout = 6000,
	.wmem = SZ_64K,
	.autocorking_size = SZ_64K,
	.smcr_testlink_time = 30 * HZ,
	.smcr_max_links = 2,
	.smcr_max_conns = 255,
	.smcr_max_send_wr = 16,
	.smcr_max_recv_wr = 48,
};

/*
 * Default of rmem for devices whose rings are allocated as a whole, in
 * physically contiguous pages. 1 MiB for each end of each connection is too
 * much to take by default, and often not available: docs/decisions/0008.
 */
#define SMC_RMEM_LINEAR	SZ_256K

static unsigned int smc_sysctl_id;

static struct smc_sysctl *smc_sysctl(const struct net *net)
{
	return net_generic(net, smc_sysctl_id);
}

/* Ring size in bytes. @linear: what dibs_dev_linear() says of the device. */
u32 smc_sysctl_rmem(const struct net *net, bool linear)
{
	const struct smc_sysctl *settings = smc_sysctl(net);

	if (linear && !READ_ONCE(settings->rmem_set))
		return SMC_RMEM_LINEAR;
	return READ_ONCE(settings->rmem);
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

bool smc_sysctl_limits_handshakes(const struct net *net)
{
	return READ_ONCE(smc_sysctl(net)->limit_handshakes);
}

/* Sets the same value; for netlink. */
void smc_sysctl_limit_handshakes(const struct net *net, bool limit)
{
	WRITE_ONCE(smc_sysctl(net)->limit_handshakes, limit);
}

/* How long an end waits for a handshake to finish, in jiffies. */
unsigned long smc_sysctl_handshake_timeout(const struct net *net)
{
	return msecs_to_jiffies(READ_ONCE(smc_sysctl(net)->handshake_timeout));
}

static int smc_two = 2;
static int smc_max_busy_poll = 1000;
static int smc_min_timeout = 100;
static int smc_max_timeout = 600000;
static int smc_min_conns = 16;
static int smc_max_conns = 255;
static int smc_max_wr = 2048;
static int smc_min_buffer = SZ_16K;
static int smc_no_limit = INT_MAX;

static int smc_sysctl_do_rmem(dibs_ctl_table *table, int write, void *buffer,
			      size_t *len, loff_t *pos)
{
	struct smc_sysctl *settings = container_of(table->data,
						   struct smc_sysctl, rmem);
	int err = proc_dointvec_minmax(table, write, buffer, len, pos);

	if (write && !err)
		WRITE_ONCE(settings->rmem_set, true);
	return err;
}

/*
 * .data is an offset into struct smc_sysctl until net_init makes it a pointer.
 */
#define SMC_SYSCTL(name, field, handler, min, max)			\
	{								\
		.procname = name,					\
		.data = (void *)offsetof(struct smc_sysctl, field),	\
		.maxlen = sizeof(int),					\
		.mode = 0644,						\
		.proc_handler = handler,				\
		.extra1 = min,						\
		.extra2 = max,						\
	}
#define SMC_SYSCTL_INT(name, field, min, max) \
	SMC_SYSCTL(name, field, proc_dointvec_minmax, min, max)

static const struct ctl_table smc_sysctl_template[] = {
	SMC_SYSCTL_INT("enabled", enabled, SYSCTL_ZERO, SYSCTL_ONE),
	SMC_SYSCTL_INT("mapped", mapped, SYSCTL_ZERO, SYSCTL_ONE),
	SMC_SYSCTL("rmem", rmem, smc_sysctl_do_rmem, &smc_min_buffer,
		   &smc_no_limit),
	SMC_SYSCTL_INT("busy_poll", busy_poll, SYSCTL_ZERO,
		       &smc_max_busy_poll),
	SMC_SYSCTL_INT("wmem", wmem, &smc_min_buffer, &smc_no_limit),
	SMC_SYSCTL_INT("limit_smc_hs", limit_handshakes, SYSCTL_ZERO,
		       SYSCTL_ONE),
	SMC_SYSCTL_INT("handshake_timeout_ms", handshake_timeout,
		       &smc_min_timeout, &smc_max_timeout),
	SMC_SYSCTL_INT("autocorking_size", autocorking_size, SYSCTL_ZERO,
		       &smc_no_limit),
	SMC_SYSCTL_INT("smcr_buf_type", smcr_buf_type, SYSCTL_ZERO, &smc_two),
	SMC_SYSCTL("smcr_testlink_time", smcr_testlink_time,
		   proc_dointvec_jiffies, NULL, NULL),
	SMC_SYSCTL_INT("smcr_max_links_per_lgr", smcr_max_links, SYSCTL_ONE,
		       &smc_two),
	SMC_SYSCTL_INT("smcr_max_conns_per_lgr", smcr_max_conns,
		       &smc_min_conns, &smc_max_conns),
	SMC_SYSCTL_INT("smcr_max_send_wr", smcr_max_send_wr, &smc_two,
		       &smc_max_wr),
	SMC_SYSCTL_INT("smcr_max_recv_wr", smcr_max_recv_wr, &smc_two,
		       &smc_max_wr),
	{}
};

static int __net_init smc_sysctl_net_init(struct net *net)
{
	struct smc_sysctl *settings = smc_sysctl(net);
	int i, n = ARRAY_SIZE(smc_sysctl_template) - 1;

	*settings = smc_sysctl_default;
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

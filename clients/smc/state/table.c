// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Table of the SMC sockets of each network namespace, walked by dumps. A socket
 * holds its namespace, so the table is empty when the namespace exits. Any
 * context; the walk calls back with a bucket's spinlock held and bottom halves
 * disabled.
 */
#include <linux/hash.h>
#include <linux/module.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "state/smc.h"

#define SMC_BUCKET_BITS	6

struct smc_bucket {
	spinlock_t lock;	/* guards the chain; see smc.h */
	struct hlist_head sockets;
};

struct smc_table {
	struct smc_bucket buckets[1 << SMC_BUCKET_BITS];
};

static unsigned int smc_table_id;

static struct smc_table *smc_table_of(const struct net *net)
{
	return net_generic(net, smc_table_id);
}

static struct smc_bucket *smc_bucket_of(const struct smc_sock *smc)
{
	struct smc_table *sn = smc_table_of(sock_net(smc->sk));

	return &sn->buckets[hash_ptr(smc, SMC_BUCKET_BITS)];
}

void smc_table_add(struct smc_sock *smc)
{
	struct smc_bucket *bucket = smc_bucket_of(smc);

	spin_lock_bh(&bucket->lock);
	hlist_add_head(&smc->node, &bucket->sockets);
	spin_unlock_bh(&bucket->lock);
}

/* No dump sees the socket once this returns. */
void smc_table_del(struct smc_sock *smc)
{
	struct smc_bucket *bucket = smc_bucket_of(smc);

	spin_lock_bh(&bucket->lock);
	hlist_del_init(&smc->node);
	spin_unlock_bh(&bucket->lock);
}

static int smc_bucket_walk(struct smc_bucket *bucket,
			   struct smc_table_cursor *cursor,
			   int (*fn)(struct smc_sock *smc, void *arg),
			   void *arg)
{
	struct smc_sock *smc;
	u32 entry = 0;
	int err = 0;

	spin_lock_bh(&bucket->lock);
	hlist_for_each_entry(smc, &bucket->sockets, node) {
		if (entry++ < cursor->entry)
			continue;
		err = fn(smc, arg);
		if (err)
			break;
		cursor->entry = entry;
	}
	spin_unlock_bh(&bucket->lock);
	return err;
}

/*
 * Calls @fn for each socket from @cursor on. If @fn fails, the walk stops with
 * its error, and the next walk begins with that socket again.
 */
int smc_table_walk(struct net *net, struct smc_table_cursor *cursor,
		   int (*fn)(struct smc_sock *smc, void *arg), void *arg)
{
	struct smc_table *sn = smc_table_of(net);
	int err;

	for (; cursor->bucket < ARRAY_SIZE(sn->buckets); cursor->bucket++) {
		err = smc_bucket_walk(&sn->buckets[cursor->bucket], cursor, fn,
				      arg);
		if (err)
			return err;
		cursor->entry = 0;
	}
	return 0;
}

static int __net_init smc_table_init(struct net *net)
{
	struct smc_table *sn = smc_table_of(net);
	int i;

	for (i = 0; i < ARRAY_SIZE(sn->buckets); i++) {
		spin_lock_init(&sn->buckets[i].lock);
		INIT_HLIST_HEAD(&sn->buckets[i].sockets);
	}
	return 0;
}

static struct pernet_operations smc_table_ops = {
	.init = smc_table_init,
	.id = &smc_table_id,
	.size = sizeof(struct smc_table),
};

int smc_tables_start(void)
{
	return register_pernet_subsys(&smc_table_ops);
}

void smc_tables_stop(void)
{
	unregister_pernet_subsys(&smc_table_ops);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The sockets of a network namespace. A socket holds its namespace, so the
 * table is empty at the end.
 */
#include <linux/hash.h>
#include <linux/module.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "smc.h"

#define BUCKET_BITS	6

struct bucket {
	spinlock_t lock;	/* guards the chain; see smc.h */
	struct hlist_head sockets;
};

struct dibs_smc_net {
	struct bucket buckets[1 << BUCKET_BITS];
};

static unsigned int dibs_smc_net_id;

static struct dibs_smc_net *dibs_smc_net(const struct net *net)
{
	return net_generic(net, dibs_smc_net_id);
}

static struct bucket *bucket_of(const struct dibs_smc *smc)
{
	struct dibs_smc_net *sn = dibs_smc_net(sock_net(smc->sk));

	return &sn->buckets[hash_ptr(smc, BUCKET_BITS)];
}

void dibs_smc_table_add(struct dibs_smc *smc)
{
	struct bucket *bucket = bucket_of(smc);

	spin_lock_bh(&bucket->lock);
	hlist_add_head(&smc->node, &bucket->sockets);
	spin_unlock_bh(&bucket->lock);
}

/* After this no dump sees the socket. */
void dibs_smc_table_del(struct dibs_smc *smc)
{
	struct bucket *bucket = bucket_of(smc);

	spin_lock_bh(&bucket->lock);
	hlist_del_init(&smc->node);
	spin_unlock_bh(&bucket->lock);
}

static int walk_bucket(struct bucket *bucket, struct dibs_smc_cursor *cursor,
		       int (*fn)(struct dibs_smc *smc, void *arg), void *arg)
{
	struct dibs_smc *smc;
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

/* Goes on behind @cursor; stops at what @fn fails for, which is next then. */
int dibs_smc_table_walk(struct net *net, struct dibs_smc_cursor *cursor,
			int (*fn)(struct dibs_smc *smc, void *arg), void *arg)
{
	struct dibs_smc_net *sn = dibs_smc_net(net);
	int err;

	for (; cursor->bucket < ARRAY_SIZE(sn->buckets); cursor->bucket++) {
		err = walk_bucket(&sn->buckets[cursor->bucket], cursor, fn,
				  arg);
		if (err)
			return err;
		cursor->entry = 0;
	}
	return 0;
}

static int __net_init dibs_smc_net_init(struct net *net)
{
	struct dibs_smc_net *sn = dibs_smc_net(net);
	int i;

	for (i = 0; i < ARRAY_SIZE(sn->buckets); i++) {
		spin_lock_init(&sn->buckets[i].lock);
		INIT_HLIST_HEAD(&sn->buckets[i].sockets);
	}
	return 0;
}

static struct pernet_operations dibs_smc_net_ops = {
	.init = dibs_smc_net_init,
	.id = &dibs_smc_net_id,
	.size = sizeof(struct dibs_smc_net),
};

int dibs_smc_tables_start(void)
{
	return register_pernet_subsys(&dibs_smc_net_ops);
}

void dibs_smc_tables_stop(void)
{
	unregister_pernet_subsys(&dibs_smc_net_ops);
}

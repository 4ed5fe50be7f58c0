// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The PNETIDs of a network namespace, see pnet.h. Called by netlink to change
 * and list them, and by handshakes to look them up.
 */
#include <linux/ctype.h>
#include <linux/dibs_client.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/dst.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/sock.h>

#include "handshake/pnet.h"

/* More than anybody needs; the owner of a namespace must not exhaust memory. */
#define SMC_PNETS_MAX	1024

struct smc_pnet_net {
	spinlock_t lock;	/* guards what follows; innermost lock */
	struct list_head pnets;
	unsigned int count;	/* also read without the lock */
};

static unsigned int smc_pnet_id;

static struct smc_pnet_net *smc_pnet_net(const struct net *net)
{
	return net_generic(net, smc_pnet_id);
}

/* Converts letters to upper case. Returns 0, or -EINVAL if it is no PNETID. */
int smc_pnet_set_id(struct smc_pnet *pnet, const char *text, size_t len)
{
	size_t i;

	if (!len || len > SMC_PNETID_LEN)
		return -EINVAL;
	memset(pnet->pnetid, 0, sizeof(pnet->pnetid));
	for (i = 0; i < len; i++) {
		if (!isascii(text[i]) || !isalnum(text[i]))
			return -EINVAL;
		pnet->pnetid[i] = toupper(text[i]);
	}
	return 0;
}

static struct smc_pnet *smc_pnet_find(struct smc_pnet_net *pn,
				      enum smc_pnet_kind kind,
				      const char *name, u8 port)
{
	struct smc_pnet *pnet;

	lockdep_assert_held(&pn->lock);
	list_for_each_entry(pnet, &pn->pnets, entry)
		if (pnet->kind == kind && pnet->port == port &&
		    !strcmp(pnet->name, name))
			return pnet;
	return NULL;
}

/*
 * Returns 0, -EEXIST if the interface or device has a PNETID already, -ENOSPC
 * if the namespace has SMC_PNETS_MAX of them, or -ENOMEM. May sleep.
 */
int smc_pnet_add(struct net *net, const struct smc_pnet *wanted)
{
	struct smc_pnet_net *pn = smc_pnet_net(net);
	struct smc_pnet *pnet;
	int err = 0;

	pnet = kmemdup(wanted, sizeof(*wanted), GFP_KERNEL_ACCOUNT);
	if (!pnet)
		return -ENOMEM;
	spin_lock_bh(&pn->lock);
	if (smc_pnet_find(pn, wanted->kind, wanted->name, wanted->port)) {
		err = -EEXIST;
	} else if (pn->count == SMC_PNETS_MAX) {
		err = -ENOSPC;
	} else {
		list_add_tail(&pnet->entry, &pn->pnets);
		WRITE_ONCE(pn->count, pn->count + 1);
	}
	spin_unlock_bh(&pn->lock);
	if (err)
		kfree(pnet);
	return err;
}

/*
 * Deletes all entries with this PNETID, or all entries if @pnetid is NULL.
 * Returns 0, or -ENOENT if there was none.
 */
int smc_pnet_del(struct net *net, const char *pnetid)
{
	struct smc_pnet_net *pn = smc_pnet_net(net);
	struct smc_pnet *pnet, *next;
	int err = -ENOENT;

	spin_lock_bh(&pn->lock);
	list_for_each_entry_safe(pnet, next, &pn->pnets, entry) {
		if (pnetid && strcmp(pnet->pnetid, pnetid))
			continue;
		list_del(&pnet->entry);
		WRITE_ONCE(pn->count, pn->count - 1);
		kfree(pnet);
		err = 0;
	}
	spin_unlock_bh(&pn->lock);
	return err;
}

void smc_pnet_flush(struct net *net)
{
	smc_pnet_del(net, NULL);
}

static bool smc_pnet_of(const struct net *net, enum smc_pnet_kind kind,
			const char *name, char pnetid[SMC_PNETID_LEN + 1])
{
	struct smc_pnet_net *pn = smc_pnet_net(net);
	const struct smc_pnet *pnet;

	pnetid[0] = '\0';
	/* Few namespaces have any; the unlocked read saves them the lock. */
	if (likely(!READ_ONCE(pn->count)))
		return false;
	spin_lock_bh(&pn->lock);
	pnet = smc_pnet_find(pn, kind, name, 0);
	if (pnet)
		strscpy(pnetid, pnet->pnetid, SMC_PNETID_LEN + 1);
	spin_unlock_bh(&pn->lock);
	return pnet;
}

/* Looks up a device's PNETID. If it has none: false, and @pnetid is empty. */
bool smc_pnet_of_device(const struct net *net, const struct dibs_dev *dev,
			char pnetid[SMC_PNETID_LEN + 1])
{
	return smc_pnet_of(net, SMC_PNET_DEVICE, dibs_dev_name(dev), pnetid);
}

/*
 * Looks up the PNETID of the interface through which a connection leaves; empty
 * if it has none.
 */
void smc_pnet_of_route(struct sock *sk, char pnetid[SMC_PNETID_LEN + 1])
{
	struct dst_entry *dst;

	pnetid[0] = '\0';
	rcu_read_lock();
	dst = __sk_dst_get(sk);
	if (dst && dst->dev)
		smc_pnet_of(sock_net(sk), SMC_PNET_INTERFACE, dst->dev->name,
			    pnetid);
	rcu_read_unlock();
}

/*
 * Calls @fn for each entry until it returns false, holding the spinlock.
 * Returns true if @fn never did.
 */
bool smc_pnet_each(const struct net *net,
		   bool (*fn)(const struct smc_pnet *pnet, void *arg),
		   void *arg)
{
	struct smc_pnet_net *pn = smc_pnet_net(net);
	struct smc_pnet *pnet;
	bool all = true;

	spin_lock_bh(&pn->lock);
	list_for_each_entry(pnet, &pn->pnets, entry) {
		all = fn(pnet, arg);
		if (!all)
			break;
	}
	spin_unlock_bh(&pn->lock);
	return all;
}

static int __net_init smc_pnet_net_init(struct net *net)
{
	struct smc_pnet_net *pn = smc_pnet_net(net);

	spin_lock_init(&pn->lock);
	INIT_LIST_HEAD(&pn->pnets);
	return 0;
}

static void __net_exit smc_pnet_net_exit(struct net *net)
{
	smc_pnet_flush(net);
}

static struct pernet_operations smc_pnet_ops = {
	.init = smc_pnet_net_init,
	.exit = smc_pnet_net_exit,
	.id = &smc_pnet_id,
	.size = sizeof(struct smc_pnet_net),
};

int smc_pnets_start(void)
{
	return register_pernet_subsys(&smc_pnet_ops);
}

void smc_pnets_stop(void)
{
	unregister_pernet_subsys(&smc_pnet_ops);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Which network namespaces may use which device. Namespaces are remembered by
 * their cookies, which are never used twice, so nothing here keeps one alive.
 *
 * Taking a right away cuts what was built on it: first the right goes, then the
 * uses, then moves that run through them, then every handle becomes unknown to
 * the driver. Whoever registers or attaches meanwhile asks for the right once
 * more after its handle is in the list (dmb.c, attachment.c). So one of the two
 * sees the other: a use comes and goes under the lock of binding->uses, a
 * handle under client->lock.
 */
#include <linux/module.h>
#include <net/netns/generic.h>

#include "core.h"
#include "trace.h"

/* A namespace's part of the layer. */
struct dibs_net {
	struct xarray left;	/* indexes of shared devices it will not use */
	struct dibs_share *share;	/* of memory; NULL: the initial one */
};

static unsigned int dibs_net_id;

static struct dibs_net *dibs_net(const struct net *net)
{
	return net_generic(net, dibs_net_id);
}

/* What the DMBs of a namespace have together, NULL where nobody asks. */
struct dibs_share *dibs_net_share(const struct net *net)
{
	return dibs_net(net)->share;
}

static bool dibs_dev_granted(const struct dibs_dev *dev, const struct net *net)
{
	return xa_load((struct xarray *)&dev->grants, net->net_cookie);
}

bool dibs_dev_usable(const struct dibs_dev *dev, const struct net *net)
{
	const struct net *owner = rcu_access_pointer(dev->net);

	if (!owner)
		return !xa_load(&dibs_net(net)->left, dev->index);
	return net_eq(owner, net) || dibs_dev_granted(dev, net);
}
EXPORT_SYMBOL_GPL(dibs_dev_usable);

/* May a namespace know of the device? */
bool dibs_dev_visible(const struct dibs_dev *dev, const struct net *net)
{
	return dibs_dev_shared(dev) || dibs_dev_usable(dev, net);
}

bool dibs_dev_shared(const struct dibs_dev *dev)
{
	return !rcu_access_pointer(dev->net);
}
EXPORT_SYMBOL_GPL(dibs_dev_shared);

/* Takes a namespace's use of a binding out, and puts it into @uses. */
static void dibs_use_cut(struct dibs_binding *binding, u64 cookie,
			 struct list_head *uses)
{
	struct dibs_use *use = xa_erase(&binding->uses, cookie);

	if (!use)
		return;
	/* Pairs with dibs_move_allowed(). */
	WRITE_ONCE(use->cut, true);
	list_add_tail(&use->cut_entry, uses);
}

static void dibs_uses_end(struct list_head *uses)
{
	struct dibs_use *use, *next;

	if (list_empty(uses))
		return;
	/* Moves look at ->cut in an RCU read-side section. */
	synchronize_rcu();
	list_for_each_entry_safe(use, next, uses, cut_entry) {
		dibs_use_unname(use);
		dibs_use_put(use);
	}
}

/* Clients learn of it by an event for each handle, and by -ENODEV. */
static void dibs_dev_cut(struct dibs_dev *dev, u64 cookie)
{
	struct dibs_binding *binding;
	unsigned long id;
	LIST_HEAD(uses);

	lockdep_assert_held(&dibs_lock);
	xa_for_each(&dev->bindings, id, binding)
		dibs_use_cut(binding, cookie, &uses);
	dibs_uses_end(&uses);
}

/* All of these: dibs_lock held; the caller has checked who asks. */

int dibs_dev_grant(struct dibs_dev *dev, const struct net *to)
{
	lockdep_assert_held(&dibs_lock);
	if (dibs_dev_shared(dev))
		return -EOPNOTSUPP;
	if (dibs_dev_usable(dev, to))
		return -EEXIST;
	return xa_err(xa_store(&dev->grants, to->net_cookie, xa_mk_value(1),
			       GFP_KERNEL_ACCOUNT));
}

int dibs_dev_revoke(struct dibs_dev *dev, const struct net *from)
{
	lockdep_assert_held(&dibs_lock);
	if (!xa_erase(&dev->grants, from->net_cookie))
		return -ENOENT;
	dibs_dev_cut(dev, from->net_cookie);
	return 0;
}

int dibs_dev_leave(struct dibs_dev *dev, struct net *net)
{
	int err;

	lockdep_assert_held(&dibs_lock);
	if (!dibs_dev_shared(dev))
		return -EOPNOTSUPP;
	err = xa_err(xa_store(&dibs_net(net)->left, dev->index, xa_mk_value(1),
			      GFP_KERNEL_ACCOUNT));
	if (err)
		return err;
	dibs_dev_cut(dev, net->net_cookie);
	return 0;
}

int dibs_dev_join(struct dibs_dev *dev, struct net *net)
{
	lockdep_assert_held(&dibs_lock);
	if (!dibs_dev_shared(dev))
		return -EOPNOTSUPP;
	xa_erase(&dibs_net(net)->left, dev->index);
	return 0;
}

/* Everything but what the owner itself has on the device. */
static void dibs_dev_cut_others(struct dibs_dev *dev, const struct net *owner)
{
	struct dibs_binding *binding;
	unsigned long id, cookie;
	struct dibs_use *use;
	LIST_HEAD(uses);

	xa_for_each(&dev->bindings, id, binding)
		xa_for_each(&binding->uses, cookie, use)
			if (cookie != owner->net_cookie)
				dibs_use_cut(binding, cookie, &uses);
	dibs_uses_end(&uses);
}

/* NULL: share it with all. Grants end; who loses the right is cut off. */
int dibs_dev_set_owner(struct dibs_dev *dev, struct net *net)
{
	int err;

	lockdep_assert_held(&dibs_lock);
	if (dibs_dev_name_taken(dev, dev->name, net))
		return -EEXIST;
	if (net) {
		dibs_sysfs_del(dev);
	} else {
		err = dibs_sysfs_add(dev);
		if (err)
			return err;
	}
	xa_destroy(&dev->grants);
	rcu_assign_pointer(dev->net, net);
	if (net)
		dibs_dev_cut_others(dev, net);
	return 0;
}

static int __net_init dibs_net_init(struct net *net)
{
	struct dibs_net *own = dibs_net(net);

	xa_init(&own->left);
	/* The host's own is bounded by what all may have. */
	if (net_eq(net, &init_net))
		return 0;
	own->share = dibs_share_new();
	return own->share ? 0 : -ENOMEM;
}

/*
 * Before the kinds delete the namespace's devices, one by one. Nothing of the
 * namespace runs any more; others that it granted them to may.
 */
static void __net_exit dibs_net_pre_exit(struct net *net)
{
	mutex_lock(&dibs_lock);
	dibs_devs_stop(net);
	mutex_unlock(&dibs_lock);
}

static void __net_exit dibs_net_exit(struct net *net)
{
	struct dibs_binding *binding;
	struct dibs_dev *dev;
	unsigned long id;
	LIST_HEAD(uses);

	mutex_lock(&dibs_lock);
	list_for_each_entry(dev, &dibs_devs, entry) {
		xa_erase(&dev->grants, net->net_cookie);
		xa_for_each(&dev->bindings, id, binding)
			dibs_use_cut(binding, net->net_cookie, &uses);
	}
	dibs_uses_end(&uses);
	mutex_unlock(&dibs_lock);
	xa_destroy(&dibs_net(net)->left);
	/* DMBs that somebody is attached to have it yet. */
	dibs_share_put(dibs_net(net)->share);
}

static struct pernet_operations dibs_net_ops = {
	.init = dibs_net_init,
	.pre_exit = dibs_net_pre_exit,
	.exit = dibs_net_exit,
	.id = &dibs_net_id,
	.size = sizeof(struct dibs_net),
};

int dibs_namespaces_start(void)
{
	return register_pernet_subsys(&dibs_net_ops);
}

void dibs_namespaces_stop(void)
{
	unregister_pernet_subsys(&dibs_net_ops);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Which network namespaces may use which device. Namespaces are identified by
 * their cookies, which are never reused, so nothing here keeps one alive.
 *
 * Taking a right away cuts everything that was built on it: first the right
 * goes, then the contexts, then running moves are waited for, then every handle
 * is retracted. Registering and attaching check the right once more after the
 * handle is in its list (dmb.c, attachment.c), so one side always sees the
 * other: contexts come and go under the lock of binding->ctxs, handles under
 * client->lock.
 *
 * Shared devices are in one list, all others in those of the namespaces that
 * may use them, so that nobody walks the devices of others.
 */
#include <linux/module.h>
#include <net/netns/generic.h>

#include "core.h"
#include "trace.h"

/**
 * struct dibs_net - the state of a network namespace
 * @left:    indexes of shared devices it has left
 * @devs:    by index, devices it owns or was granted; written under dibs_lock,
 *           read under RCU, as dibs_shared_devs
 * @nr_devs: how many these are; dibs_lock
 * @quota:   its DMBs; NULL: the initial namespace
 */
struct dibs_net {
	struct xarray left;
	struct xarray devs;
	u32 nr_devs;
	struct dibs_quota *quota;
};

static unsigned int dibs_net_id;
static DEFINE_XARRAY(dibs_shared_devs);

static struct dibs_net *dibs_net(const struct net *net)
{
	return net_generic(net, dibs_net_id);
}

/* The quota of a namespace; NULL for the initial one, which has none. */
struct dibs_quota *dibs_netns_quota(const struct net *net)
{
	return dibs_net(net)->quota;
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

/* May the namespace see the device? */
bool dibs_dev_visible(const struct dibs_dev *dev, const struct net *net)
{
	return dibs_dev_shared(dev) || dibs_dev_usable(dev, net);
}

bool dibs_dev_shared(const struct dibs_dev *dev)
{
	return !rcu_access_pointer(dev->net);
}
EXPORT_SYMBOL_GPL(dibs_dev_shared);

/*
 * The device with the lowest index, from @from on, that the namespace may see;
 * NULL if there is none. Without a namespace: among the shared ones.
 */
struct dibs_dev *dibs_netns_next_dev(const struct net *net, u32 from)
{
	unsigned long at = from, own_at = from;
	struct dibs_dev *dev, *own = NULL;

	lockdep_assert_held(&dibs_lock);
	dev = xa_find(&dibs_shared_devs, &at, U32_MAX, XA_PRESENT);
	if (net)
		own = xa_find(&dibs_net(net)->devs, &own_at, U32_MAX,
			      XA_PRESENT);
	return own && (!dev || own_at < at) ? own : dev;
}

/* Is the device bound to the client, and may the namespace use it? */
static bool dibs_dev_offered(const struct dibs_dev *dev,
			     const struct dibs_client *client,
			     const struct net *net)
{
	const struct dibs_binding *binding;

	binding = xa_load((struct xarray *)&dev->bindings, client->id);
	return binding && READ_ONCE(binding->accepted) &&
	       READ_ONCE(binding->live) && dibs_dev_usable(dev, net);
}

/* The first such device above index @after. Valid until rcu_read_unlock(). */
static struct dibs_dev *dibs_dev_offered_after(const struct dibs_client *client,
					       const struct net *net,
					       bool shared, u32 after)
{
	struct xarray *devs = shared ? &dibs_shared_devs : &dibs_net(net)->devs;
	unsigned long index = after;
	struct dibs_dev *dev;

	do {
		dev = xa_find_after(devs, &index, U32_MAX, XA_PRESENT);
	} while (dev && !dibs_dev_offered(dev, client, net));
	return dev;
}

struct dibs_dev *dibs_next_dev(const struct dibs_client *client,
			       const struct net *net, bool shared, u32 after)
{
	struct dibs_dev *dev;

	rcu_read_lock();
	do {
		dev = dibs_dev_offered_after(client, net, shared, after);
		if (dev)
			after = dev->index;
	} while (dev && !refcount_inc_not_zero(&dev->refs));
	rcu_read_unlock();
	return dev;
}
EXPORT_SYMBOL_GPL(dibs_next_dev);

bool dibs_any_dev(const struct dibs_client *client, const struct net *net)
{
	bool any;

	rcu_read_lock();
	any = dibs_dev_offered_after(client, net, true, 0) ||
	      dibs_dev_offered_after(client, net, false, 0);
	rcu_read_unlock();
	return any;
}
EXPORT_SYMBOL_GPL(dibs_any_dev);

/* -EDQUOT: the namespace has as many devices as it may have. */
static int dibs_net_add_dev(const struct net *net, struct dibs_dev *dev)
{
	struct dibs_net *own = dibs_net(net);
	int err;

	lockdep_assert_held(&dibs_lock);
	if (!net_eq(net, &init_net) && own->nr_devs >= dibs_limits_devs())
		return -EDQUOT;
	err = xa_err(xa_store(&own->devs, dev->index, dev,
			      GFP_KERNEL_ACCOUNT));
	if (!err)
		own->nr_devs++;
	return err;
}

static void dibs_net_del_dev(const struct net *net, struct dibs_dev *dev)
{
	struct dibs_net *own = dibs_net(net);

	lockdep_assert_held(&dibs_lock);
	if (xa_erase(&own->devs, dev->index))
		own->nr_devs--;
}

/* Puts the device into the list of an owner, or of all: NULL. */
static int dibs_netns_list_dev(const struct net *net, struct dibs_dev *dev)
{
	if (net)
		return dibs_net_add_dev(net, dev);
	return xa_err(xa_store(&dibs_shared_devs, dev->index, dev,
			       GFP_KERNEL));
}

static void dibs_netns_unlist_dev(const struct net *net, struct dibs_dev *dev)
{
	if (net)
		dibs_net_del_dev(net, dev);
	else
		xa_erase(&dibs_shared_devs, dev->index);
}

static void dibs_netns_end_grants(struct dibs_dev *dev)
{
	unsigned long cookie;
	struct net *net;

	lockdep_assert_held(&dibs_lock);
	xa_for_each(&dev->grants, cookie, net)
		dibs_net_del_dev(net, dev);
	xa_destroy(&dev->grants);
}

/* Shows a device, whose index is set, to its owner or to all. */
int dibs_netns_add_dev(struct dibs_dev *dev)
{
	lockdep_assert_held(&dibs_lock);
	return dibs_netns_list_dev(rcu_access_pointer(dev->net), dev);
}

void dibs_netns_del_dev(struct dibs_dev *dev)
{
	lockdep_assert_held(&dibs_lock);
	dibs_netns_end_grants(dev);
	dibs_netns_unlist_dev(rcu_access_pointer(dev->net), dev);
}

/* Moves the context of a namespace from a binding to @ctxs. */
static void dibs_ctx_cut(struct dibs_binding *binding, u64 cookie,
			 struct list_head *ctxs)
{
	struct dibs_ctx *ctx;

	lockdep_assert_held(&dibs_lock);
	ctx = xa_erase(&binding->ctxs, cookie);
	if (!ctx)
		return;
	/* Pairs with dibs_move_allowed(). */
	WRITE_ONCE(ctx->cut, true);
	list_add_tail(&ctx->cut_entry, ctxs);
}

/* Retracts all handles of contexts that were cut, once no move can use them. */
static void dibs_ctxs_retract(struct list_head *ctxs)
{
	struct dibs_ctx *ctx, *next;

	lockdep_assert_held(&dibs_lock);
	if (list_empty(ctxs))
		return;
	/* Moves check ->cut in an RCU read-side section. */
	synchronize_rcu();
	list_for_each_entry_safe(ctx, next, ctxs, cut_entry) {
		dibs_ctx_retract(ctx);
		dibs_ctx_put(ctx);
	}
}

/* Clients get an event for each handle, and -ENODEV from operations. */
static void dibs_dev_cut(struct dibs_dev *dev, u64 cookie)
{
	struct dibs_binding *binding;
	unsigned long id;
	LIST_HEAD(ctxs);

	lockdep_assert_held(&dibs_lock);
	xa_for_each(&dev->bindings, id, binding)
		dibs_ctx_cut(binding, cookie, &ctxs);
	dibs_ctxs_retract(&ctxs);
}

/* The caller of each of these has checked the requester's privileges. */

int dibs_netns_grant(struct dibs_dev *dev, struct net *to)
{
	int err;

	lockdep_assert_held(&dibs_lock);
	if (dibs_dev_shared(dev))
		return -EOPNOTSUPP;
	if (dibs_dev_usable(dev, to))
		return -EEXIST;
	err = dibs_net_add_dev(to, dev);
	if (err)
		return err;
	err = xa_err(xa_store(&dev->grants, to->net_cookie, to,
			      GFP_KERNEL_ACCOUNT));
	if (err)
		dibs_net_del_dev(to, dev);
	return err;
}

int dibs_netns_revoke(struct dibs_dev *dev, const struct net *from)
{
	lockdep_assert_held(&dibs_lock);
	if (!xa_erase(&dev->grants, from->net_cookie))
		return -ENOENT;
	dibs_net_del_dev(from, dev);
	dibs_dev_cut(dev, from->net_cookie);
	return 0;
}

int dibs_netns_leave(struct dibs_dev *dev, struct net *net)
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

int dibs_netns_join(struct dibs_dev *dev, struct net *net)
{
	lockdep_assert_held(&dibs_lock);
	if (!dibs_dev_shared(dev))
		return -EOPNOTSUPP;
	xa_erase(&dibs_net(net)->left, dev->index);
	return 0;
}

/* Cuts all namespaces except the owner off the device. */
static void dibs_dev_cut_others(struct dibs_dev *dev, const struct net *owner)
{
	struct dibs_binding *binding;
	unsigned long id, cookie;
	struct dibs_ctx *ctx;
	LIST_HEAD(ctxs);

	lockdep_assert_held(&dibs_lock);
	xa_for_each(&dev->bindings, id, binding)
		xa_for_each(&binding->ctxs, cookie, ctx)
			if (cookie != owner->net_cookie)
				dibs_ctx_cut(binding, cookie, &ctxs);
	dibs_ctxs_retract(&ctxs);
}

/*
 * Gives a device to a namespace; NULL: shares it with all. Grants end, and
 * namespaces that lose the right are cut off. 0, -EEXIST (name), -EDQUOT or
 * -ENOMEM.
 */
int dibs_netns_set_owner(struct dibs_dev *dev, struct net *net)
{
	const struct net *old = rcu_access_pointer(dev->net);
	int err;

	lockdep_assert_held(&dibs_lock);
	if (dibs_dev_name_taken(dev, dev->name, net))
		return -EEXIST;
	err = dibs_netns_list_dev(net, dev);
	if (err)
		return err;
	err = net ? 0 : dibs_sysfs_add(dev);
	if (err) {
		dibs_netns_unlist_dev(net, dev);
		return err;
	}
	if (net)
		dibs_sysfs_del(dev);
	dibs_netns_end_grants(dev);
	rcu_assign_pointer(dev->net, net);
	dibs_netns_unlist_dev(old, dev);
	if (net)
		dibs_dev_cut_others(dev, net);
	return 0;
}

static int __net_init dibs_net_init(struct net *net)
{
	struct dibs_net *own = dibs_net(net);

	xa_init(&own->left);
	xa_init(&own->devs);
	/* The initial namespace is only subject to the limit of all DMBs. */
	if (net_eq(net, &init_net))
		return 0;
	own->quota = dibs_quota_alloc();
	return own->quota ? 0 : -ENOMEM;
}

/* Takes away all rights of a namespace; adds its contexts to @ctxs. */
static void dibs_net_cut(const struct net *net, struct list_head *ctxs)
{
	struct dibs_binding *binding;
	struct dibs_dev *dev;
	unsigned long id;

	lockdep_assert_held(&dibs_lock);
	dibs_for_each_visible(dev, net) {
		xa_erase(&dev->grants, net->net_cookie);
		xa_for_each(&dev->bindings, id, binding)
			dibs_ctx_cut(binding, net->net_cookie, ctxs);
	}
}

/* Drivers have deleted the devices of these namespaces before. */
static void __net_exit dibs_net_exit_batch(struct list_head *nets)
{
	struct net *net;
	LIST_HEAD(ctxs);

	mutex_lock(&dibs_lock);
	list_for_each_entry(net, nets, exit_list)
		dibs_net_cut(net, &ctxs);
	dibs_ctxs_retract(&ctxs);
	mutex_unlock(&dibs_lock);
	list_for_each_entry(net, nets, exit_list) {
		xa_destroy(&dibs_net(net)->left);
		xa_destroy(&dibs_net(net)->devs);
		/* DMBs that a peer is still attached to may hold it longer. */
		dibs_quota_put(dibs_net(net)->quota);
	}
}

static struct pernet_operations dibs_net_ops = {
	.init = dibs_net_init,
	.exit_batch = dibs_net_exit_batch,
	.id = &dibs_net_id,
	.size = sizeof(struct dibs_net),
};

int dibs_netns_start(void)
{
	return register_pernet_subsys(&dibs_net_ops);
}

void dibs_netns_stop(void)
{
	unregister_pernet_subsys(&dibs_net_ops);
}

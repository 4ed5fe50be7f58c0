// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The life of a device:
 *
 *	alloc --> added and enabled <--> disabled --> deleted --> freed
 *
 * Disabled and deleted are the same to a client: del_dev, and handles that are
 * dead. Enabling again gives a new binding; old handles stay dead.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "core.h"
#include "trace.h"

DEFINE_MUTEX(dibs_lock);	/* see core.h */
LIST_HEAD(dibs_devs);
static u32 dibs_last_dev_index;		/* dibs_lock */

const struct rhashtable_params dibs_token_params = {
	.key_len = sizeof(u64),
	.key_offset = offsetof(struct dibs_dmb, token),
	.head_offset = offsetof(struct dibs_dmb, token_node),
	.automatic_shrinking = true,
};

static bool dibs_dev_ops_valid(const struct dibs_dev_ops *ops)
{
	return ops && ops->register_dmb && ops->query_remote_gid &&
	       ops->move_data &&
	       !ops->attach_dmb == !ops->detach_dmb &&
	       !ops->add_vlan == !ops->del_vlan;
}

static bool dibs_dev_info_valid(const struct dibs_dev_info *info)
{
	return dibs_name_valid(info->name) && !uuid_is_null(&info->gid) &&
	       info->max_dmbs && info->max_dmb_len &&
	       info->max_dmb_len <= S32_MAX &&
	       info->max_dmbs - 1 <= U32_MAX - info->min_index;
}

struct dibs_dev *dibs_dev_alloc(const struct dibs_dev_ops *ops,
				const struct dibs_dev_info *info, void *priv)
{
	struct dibs_dev *dev;

	might_sleep();
	if (!dibs_dev_ops_valid(ops) || !dibs_dev_info_valid(info))
		return ERR_PTR(-EINVAL);
	dev = kzalloc(sizeof(*dev), DIBS_GFP);
	if (!dev)
		return ERR_PTR(-ENOMEM);
	if (rhashtable_init(&dev->tokens, &dibs_token_params)) {
		kfree(dev);
		return ERR_PTR(-ENOMEM);
	}
	dev->ops = ops;
	dev->priv = priv;
	dev->kind = info->kind;
	strscpy(dev->name, info->name, sizeof(dev->name));
	dev->gid = info->gid;
	dev->fabric_id = info->fabric_id;
	dev->max_dmbs = info->max_dmbs;
	dev->min_index = info->min_index;
	dev->max_dmb_len = info->max_dmb_len;
	dev->linear = info->linear;
	dev->maps = ops->attach_dmb && dibs_dev_is_local(dev);
	dev->parent = info->parent;
	if (info->seid)
		memcpy(dev->seid, info->seid, sizeof(dev->seid));
	dev->has_vlans = ops->add_vlan;
	rcu_assign_pointer(dev->net, info->net);
	xa_init(&dev->grants);
	xa_init(&dev->bindings);
	xa_init_flags(&dev->dmbs, XA_FLAGS_ALLOC);
	mutex_init(&dev->vlan_lock);
	INIT_LIST_HEAD(&dev->vlans);
	INIT_LIST_HEAD(&dev->entry);
	refcount_set(&dev->refs, 1);
	return dev;
}
EXPORT_SYMBOL_GPL(dibs_dev_alloc);

struct dibs_dev *dibs_dev_get(struct dibs_dev *dev)
{
	refcount_inc(&dev->refs);
	return dev;
}
EXPORT_SYMBOL_GPL(dibs_dev_get);

void dibs_dev_put(struct dibs_dev *dev)
{
	if (!dev || !refcount_dec_and_test(&dev->refs))
		return;
	/* No DMB is left: each held its use, its binding and so the device. */
	rhashtable_destroy(&dev->tokens);
	xa_destroy(&dev->grants);
	xa_destroy(&dev->bindings);
	xa_destroy(&dev->dmbs);
	mutex_destroy(&dev->vlan_lock);
	kfree_rcu(dev, rcu);
}
EXPORT_SYMBOL_GPL(dibs_dev_put);

/*
 * May a device not have this name and owner (NULL: shared)? A namespace's own
 * device must differ from its others and from shared ones; a shared one only
 * from shared ones, else any namespace could keep hardware out by its name.
 */
bool dibs_dev_name_taken(const struct dibs_dev *dev, const char *name,
			 const struct net *net)
{
	const struct dibs_dev *other;

	lockdep_assert_held(&dibs_lock);
	list_for_each_entry(other, &dibs_devs, entry) {
		const struct net *owner = rcu_access_pointer(other->net);

		if (other != dev && !strcmp(other->name, name) &&
		    (!owner || (net && net_eq(net, owner))))
			return true;
	}
	return false;
}

/* Adds to @bindings what has to be unbound. */
static void dibs_dev_prepare_stop(struct dibs_dev *dev,
				  struct list_head *bindings)
{
	const struct dibs_event event = {
		.type = DIBS_EVENT_DEV,
		.subtype = DIBS_EVENT_DEV_DISABLED,
		.gid = dev->gid,
	};
	struct dibs_binding *binding;
	unsigned long id;

	if (!dev->enabled)
		return;
	dev->enabled = false;
	dibs_event(dev, &event);
	xa_for_each(&dev->bindings, id, binding)
		list_add_tail(&binding->entry, bindings);
}

static void dibs_dev_stop(struct dibs_dev *dev)
{
	LIST_HEAD(bindings);

	dibs_dev_prepare_stop(dev, &bindings);
	dibs_unbind_all(&bindings);
}

/* For all clients or for none. */
static int dibs_dev_start(struct dibs_dev *dev)
{
	struct dibs_client *client;
	int err;

	dev->enabled = true;
	list_for_each_entry(client, &dibs_clients, entry) {
		err = dibs_bind(dev, client);
		if (err) {
			dibs_dev_stop(dev);
			return err;
		}
	}
	return 0;
}

/* All devices of a namespace that ends, at the price of one. */
void dibs_devs_stop(const struct net *net)
{
	struct dibs_dev *dev;
	LIST_HEAD(bindings);

	lockdep_assert_held(&dibs_lock);
	list_for_each_entry(dev, &dibs_devs, entry)
		if (net_eq(rcu_access_pointer(dev->net), net))
			dibs_dev_prepare_stop(dev, &bindings);
	dibs_unbind_all(&bindings);
}

int dibs_dev_add(struct dibs_dev *dev)
{
	int err = -EEXIST;

	might_sleep();
	mutex_lock(&dibs_lock);
	if (dev->added ||
	    dibs_dev_name_taken(dev, dev->name, rcu_access_pointer(dev->net)))
		goto unlock;
	dev->index = ++dibs_last_dev_index;
	err = dibs_dev_shared(dev) ? dibs_sysfs_add(dev) : 0;
	if (err)
		goto unlock;
	err = dibs_dev_start(dev);
	if (err) {
		dibs_sysfs_del(dev);
		goto unlock;
	}
	dev->added = true;
	list_add_tail(&dev->entry, &dibs_devs);
	trace_dibs_dev_add(dev);
	dibs_notify_dev(dev, DIBS_CMD_DEV_ADD_NTF);
unlock:
	mutex_unlock(&dibs_lock);
	return err;
}
EXPORT_SYMBOL_GPL(dibs_dev_add);

void dibs_dev_del(struct dibs_dev *dev)
{
	might_sleep();
	mutex_lock(&dibs_lock);
	if (!dev->added)
		goto unlock;
	dibs_dev_stop(dev);
	dev->added = false;
	list_del(&dev->entry);
	dibs_sysfs_del(dev);
	trace_dibs_dev_del(dev);
	dibs_notify_dev(dev, DIBS_CMD_DEV_DEL_NTF);
unlock:
	mutex_unlock(&dibs_lock);
}
EXPORT_SYMBOL_GPL(dibs_dev_del);

/* For the administrator. -ENODEV: deleted meanwhile; -ENOMEM: stays off. */
int dibs_dev_enable(struct dibs_dev *dev)
{
	int err = 0;

	mutex_lock(&dibs_lock);
	if (!dev->added) {
		err = -ENODEV;
	} else if (!dev->enabled) {
		err = dibs_dev_start(dev);
		if (!err)
			dibs_notify_dev(dev, DIBS_CMD_DEV_CHANGE_NTF);
	}
	mutex_unlock(&dibs_lock);
	return err;
}

void dibs_dev_disable(struct dibs_dev *dev)
{
	mutex_lock(&dibs_lock);
	if (dev->enabled) {
		dibs_dev_stop(dev);
		dibs_notify_dev(dev, DIBS_CMD_DEV_CHANGE_NTF);
	}
	mutex_unlock(&dibs_lock);
}

/* How near a device is to a namespace: its own, shared, granted to it, none. */
static int dibs_dev_distance(const struct dibs_dev *dev, const struct net *net)
{
	const struct net *owner = rcu_access_pointer(dev->net);

	if (owner && net_eq(owner, net))
		return 0;
	if (!owner)
		return 1;
	return dibs_dev_visible(dev, net) ? 2 : 3;
}

/* The device that a namespace means by a name: the nearest. Referenced. */
struct dibs_dev *dibs_dev_find(struct net *net, const char *name)
{
	struct dibs_dev *dev, *found = NULL;
	int distance, best = 3;

	lockdep_assert_held(&dibs_lock);
	list_for_each_entry(dev, &dibs_devs, entry) {
		distance = dibs_dev_distance(dev, net);
		if (distance >= best || strcmp(dev->name, name))
			continue;
		found = dev;
		best = distance;
	}
	return found ? dibs_dev_get(found) : NULL;
}

struct dibs_dev *dibs_dev_find_index(struct net *net, u32 index)
{
	struct dibs_dev *dev;

	lockdep_assert_held(&dibs_lock);
	list_for_each_entry(dev, &dibs_devs, entry)
		if (dev->index == index && dibs_dev_visible(dev, net))
			return dibs_dev_get(dev);
	return NULL;
}

/* Does the device talk to nobody but itself? */
bool dibs_dev_is_local(const struct dibs_dev *dev)
{
	return dev->fabric_id == DIBS_FABRIC_LOOPBACK;
}

void *dibs_dev_priv(const struct dibs_dev *dev)
{
	return dev->priv;
}
EXPORT_SYMBOL_GPL(dibs_dev_priv);

const char *dibs_dev_name(const struct dibs_dev *dev)
{
	return dev->name;
}
EXPORT_SYMBOL_GPL(dibs_dev_name);

u32 dibs_dev_index(const struct dibs_dev *dev)
{
	return dev->index;
}
EXPORT_SYMBOL_GPL(dibs_dev_index);

const uuid_t *dibs_dev_gid(const struct dibs_dev *dev)
{
	return &dev->gid;
}
EXPORT_SYMBOL_GPL(dibs_dev_gid);

u16 dibs_dev_fabric_id(const struct dibs_dev *dev)
{
	return dev->fabric_id;
}
EXPORT_SYMBOL_GPL(dibs_dev_fabric_id);

const char *dibs_dev_seid(const struct dibs_dev *dev)
{
	return dev->seid[0] ? dev->seid : NULL;
}
EXPORT_SYMBOL_GPL(dibs_dev_seid);

struct device *dibs_dev_parent(const struct dibs_dev *dev)
{
	return dev->parent;
}
EXPORT_SYMBOL_GPL(dibs_dev_parent);

u32 dibs_dev_max_dmb_len(const struct dibs_dev *dev)
{
	return dev->max_dmb_len;
}
EXPORT_SYMBOL_GPL(dibs_dev_max_dmb_len);

bool dibs_dev_linear(const struct dibs_dev *dev)
{
	return dev->linear;
}
EXPORT_SYMBOL_GPL(dibs_dev_linear);

bool dibs_dev_maps(const struct dibs_dev *dev)
{
	return dev->maps;
}
EXPORT_SYMBOL_GPL(dibs_dev_maps);

bool dibs_dev_has_vlans(const struct dibs_dev *dev)
{
	return dev->has_vlans;
}
EXPORT_SYMBOL_GPL(dibs_dev_has_vlans);

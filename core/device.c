// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The life of a device:
 *
 *	alloc --> added and enabled <--> disabled --> deleted --> freed
 *
 * A client cannot tell disabled from deleted: either way its del_dev is called
 * and its handles are dead. Enabling a device again creates new bindings; old
 * handles stay dead.
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
	/* No DMB is left: each held its context, hence the device. */
	rhashtable_destroy(&dev->tokens);
	xa_destroy(&dev->grants);
	xa_destroy(&dev->bindings);
	xa_destroy(&dev->dmbs);
	mutex_destroy(&dev->vlan_lock);
	kfree_rcu(dev, rcu);
}
EXPORT_SYMBOL_GPL(dibs_dev_put);

/*
 * Is this name taken for a device with this owner (NULL: shared)? The name of a
 * private device must differ from those of the owner's other devices and of
 * shared ones. A shared device only has to differ from other shared ones;
 * otherwise any namespace could keep hardware out by taking its name.
 */
bool dibs_dev_name_taken(const struct dibs_dev *dev, const char *name,
			 const struct net *net)
{
	const struct dibs_dev *other;

	lockdep_assert_held(&dibs_lock);
	dibs_for_each_visible(other, net) {
		const struct net *owner = rcu_access_pointer(other->net);

		if (other != dev && !strcmp(other->name, name) &&
		    (!owner || (net && net_eq(net, owner))))
			return true;
	}
	return false;
}

/* Disables a device; adds to @bindings what has to be unbound. */
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

	lockdep_assert_held(&dibs_lock);
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

/* Enables a device and binds all clients to it, or none. */
static int dibs_dev_start(struct dibs_dev *dev)
{
	struct dibs_client *client;
	int err;

	lockdep_assert_held(&dibs_lock);
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

void dibs_devs_stop(struct list_head *nets)
{
	struct dibs_dev *dev;
	struct net *net;
	LIST_HEAD(bindings);

	might_sleep();
	mutex_lock(&dibs_lock);
	list_for_each_entry(net, nets, exit_list)
		dibs_for_each_visible(dev, net)
			if (rcu_access_pointer(dev->net) == net)
				dibs_dev_prepare_stop(dev, &bindings);
	dibs_unbind_all(&bindings);
	mutex_unlock(&dibs_lock);
}
EXPORT_SYMBOL_GPL(dibs_devs_stop);

int dibs_dev_add(struct dibs_dev *dev)
{
	int err = -EEXIST;

	might_sleep();
	mutex_lock(&dibs_lock);
	if (dev->added ||
	    dibs_dev_name_taken(dev, dev->name, rcu_access_pointer(dev->net)))
		goto unlock;
	dev->index = ++dibs_last_dev_index;
	err = dibs_netns_add_dev(dev);
	if (err)
		goto unlock;
	err = dibs_dev_shared(dev) ? dibs_sysfs_add(dev) : 0;
	if (err)
		goto del_netns;
	err = dibs_dev_start(dev);
	if (err)
		goto del_sysfs;
	dev->added = true;
	list_add_tail(&dev->entry, &dibs_devs);
	trace_dibs_dev_add(dev);
	dibs_notify_dev(dev, DIBS_CMD_DEV_ADD_NTF);
	mutex_unlock(&dibs_lock);
	return 0;

del_sysfs:
	dibs_sysfs_del(dev);
del_netns:
	dibs_netns_del_dev(dev);
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
	dibs_netns_del_dev(dev);
unlock:
	mutex_unlock(&dibs_lock);
}
EXPORT_SYMBOL_GPL(dibs_dev_del);

/* For administrators. -ENODEV: deleted meanwhile; -ENOMEM: still disabled. */
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

/* 0: the namespace's own device; 1: shared; 2: granted to it; 3: invisible. */
static int dibs_dev_distance(const struct dibs_dev *dev, const struct net *net)
{
	const struct net *owner = rcu_access_pointer(dev->net);

	if (owner && net_eq(owner, net))
		return 0;
	if (!owner)
		return 1;
	return dibs_dev_visible(dev, net) ? 2 : 3;
}

/* The closest device that has this name, referenced; NULL if there is none. */
struct dibs_dev *dibs_dev_find(struct net *net, const char *name)
{
	struct dibs_dev *dev, *found = NULL;
	int distance, best = 3;

	lockdep_assert_held(&dibs_lock);
	dibs_for_each_visible(dev, net) {
		distance = dibs_dev_distance(dev, net);
		if (distance >= best || strcmp(dev->name, name))
			continue;
		found = dev;
		best = distance;
	}
	return found ? dibs_dev_get(found) : NULL;
}

/* The device with this index, referenced; NULL if the namespace has none. */
struct dibs_dev *dibs_dev_find_index(struct net *net, u32 index)
{
	struct dibs_dev *dev = dibs_netns_next_dev(net, index);

	return dev && dev->index == index ? dibs_dev_get(dev) : NULL;
}

/* Does the device talk only to itself? */
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

int dibs_query_remote_gid(struct dibs_client *client, struct dibs_dev *dev,
			  const uuid_t *rgid, struct dibs_vlan vlan)
{
	struct dibs_binding *binding;
	int err;

	might_sleep();
	binding = dibs_binding_enter(client, dev);
	if (!binding)
		return -ENODEV;
	err = dev->ops->query_remote_gid(dev, rgid, vlan);
	dibs_binding_exit(binding);
	return err;
}
EXPORT_SYMBOL_GPL(dibs_query_remote_gid);

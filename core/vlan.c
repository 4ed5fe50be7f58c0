// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * VLANs, passed through to devices that support them. Joins are counted per
 * client, so that one client does not leave a VLAN that another still needs.
 */
#include <linux/if_vlan.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "core.h"

/* One VLAN of one device that one client joined; in dev->vlans. */
struct dibs_vlan_user {
	struct list_head entry;
	struct dibs_binding *binding;
	u16 vid;
	unsigned int count;
};

static struct dibs_vlan_user *
dibs_vlan_user_find(struct dibs_binding *binding, u16 vid)
{
	struct dibs_vlan_user *user;

	lockdep_assert_held(&binding->dev->vlan_lock);
	list_for_each_entry(user, &binding->dev->vlans, entry)
		if (user->binding == binding && user->vid == vid)
			return user;
	return NULL;
}

static bool dibs_vlan_in_use(struct dibs_dev *dev, u16 vid)
{
	struct dibs_vlan_user *user;

	lockdep_assert_held(&dev->vlan_lock);
	list_for_each_entry(user, &dev->vlans, entry)
		if (user->vid == vid)
			return true;
	return false;
}

static int dibs_vlan_user_add(struct dibs_binding *binding, u16 vid)
{
	struct dibs_dev *dev = binding->dev;
	struct dibs_vlan_user *user;
	int err;

	lockdep_assert_held(&dev->vlan_lock);
	user = dibs_vlan_user_find(binding, vid);
	if (user) {
		user->count++;
		return 0;
	}
	user = kzalloc(sizeof(*user), GFP_KERNEL);
	if (!user)
		return -ENOMEM;
	if (!dibs_vlan_in_use(dev, vid)) {
		err = dev->ops->add_vlan(dev, vid);
		if (err) {
			kfree(user);
			return err;
		}
	}
	user->binding = binding;
	user->vid = vid;
	user->count = 1;
	list_add(&user->entry, &dev->vlans);
	return 0;
}

static void dibs_vlan_user_del(struct dibs_vlan_user *user)
{
	struct dibs_dev *dev = user->binding->dev;
	u16 vid = user->vid;

	lockdep_assert_held(&dev->vlan_lock);
	list_del(&user->entry);
	kfree(user);
	if (!dibs_vlan_in_use(dev, vid))
		dev->ops->del_vlan(dev, vid);
}

int dibs_add_vlan(struct dibs_client *client, struct dibs_dev *dev, u16 vid)
{
	struct dibs_binding *binding;
	int err;

	might_sleep();
	if (!dibs_dev_has_vlans(dev))
		return -EOPNOTSUPP;
	if (!vid || vid >= VLAN_VID_MASK)
		return -EINVAL;
	binding = dibs_binding_enter(client, dev);
	if (!binding)
		return -ENODEV;
	mutex_lock(&dev->vlan_lock);
	err = dibs_vlan_user_add(binding, vid);
	mutex_unlock(&dev->vlan_lock);
	dibs_binding_exit(binding);
	return err;
}
EXPORT_SYMBOL_GPL(dibs_add_vlan);

int dibs_del_vlan(struct dibs_client *client, struct dibs_dev *dev, u16 vid)
{
	struct dibs_binding *binding;
	struct dibs_vlan_user *user;

	might_sleep();
	binding = dibs_binding_enter(client, dev);
	if (!binding)
		return -ENODEV;
	mutex_lock(&dev->vlan_lock);
	user = dibs_vlan_user_find(binding, vid);
	if (user && !--user->count)
		dibs_vlan_user_del(user);
	mutex_unlock(&dev->vlan_lock);
	dibs_binding_exit(binding);
	return user ? 0 : -ENOENT;
}
EXPORT_SYMBOL_GPL(dibs_del_vlan);

/* Leaves VLANs that the client did not leave. No operation runs any more. */
void dibs_vlans_del_binding(struct dibs_binding *binding)
{
	struct dibs_vlan_user *user, *next;

	mutex_lock(&binding->dev->vlan_lock);
	list_for_each_entry_safe(user, next, &binding->dev->vlans, entry)
		if (user->binding == binding)
			dibs_vlan_user_del(user);
	mutex_unlock(&binding->dev->vlan_lock);
}

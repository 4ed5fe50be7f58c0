// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * SMC-D as a client of the layer: which devices there are, and for whom. A
 * namespace's own devices come first, then those that all share. Process
 * context.
 */
#include <linux/err.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "conn.h"
#include "device.h"
#include "eids.h"
#include "group.h"
#include "pnet.h"

struct smc_device {
	struct list_head entry;
	struct dibs_dev *dev;
	struct rcu_head rcu;
};

struct dibs_client *smc_client;

static LIST_HEAD(smc_devices);
static DEFINE_MUTEX(smc_devices_lock);	/* writes smc_devices; RCU reads */

static int smc_device_add(struct dibs_client *client, struct dibs_dev *dev)
{
	struct smc_device *device = kzalloc(sizeof(*device), GFP_KERNEL);

	if (!device)
		return -ENOMEM;
	device->dev = dev;
	mutex_lock(&smc_devices_lock);
	list_add_tail_rcu(&device->entry, &smc_devices);
	mutex_unlock(&smc_devices_lock);
	return 0;
}

static void smc_device_del(struct dibs_client *client, struct dibs_dev *dev)
{
	struct smc_device *device, *next;

	mutex_lock(&smc_devices_lock);
	list_for_each_entry_safe(device, next, &smc_devices, entry) {
		if (device->dev != dev)
			continue;
		list_del_rcu(&device->entry);
		kfree_rcu(device, rcu);
	}
	mutex_unlock(&smc_devices_lock);
	/* For smc_devices_any(). */
	synchronize_rcu();
	smc_groups_forget(dev);
}

static void smc_device_event(struct dibs_client *client, struct dibs_dev *dev,
			     const struct dibs_event *event)
{
	smc_groups_event(dev, event);
}

/* Does the namespace have any device at all? Any context. */
bool smc_devices_any(struct net *net)
{
	struct smc_device *device;
	bool any = false;

	rcu_read_lock();
	list_for_each_entry_rcu(device, &smc_devices, entry) {
		any = dibs_dev_usable(device->dev, net);
		if (any)
			break;
	}
	rcu_read_unlock();
	return any;
}

/* Entries of a proposal that the devices chosen so far take. */
static unsigned int smc_choice_entries(const struct smc_choice *choice)
{
	unsigned int i, entries = 0;

	for (i = 0; i < choice->count; i++)
		entries += smc_clc_chid_is_emulated(choice->device[i].chid) ?
			   2 : 1;
	return entries;
}

static void smc_choice_add(struct smc_choice *choice, struct dibs_dev *dev)
{
	struct smc_clc_device *device = &choice->device[choice->count];
	u16 chid = dibs_dev_fabric_id(dev);
	unsigned int entries = smc_clc_chid_is_emulated(chid) ? 2 : 1;

	if (smc_choice_entries(choice) + entries > SMC_CLC_GIDS_MAX)
		return;
	device->chid = chid;
	device->gid = *dibs_dev_gid(dev);
	choice->dev[choice->count++] = dibs_dev_get(dev);
}

/* @fn is called for each, as long as it says true. May sleep. */
bool smc_devices_each(bool (*fn)(struct dibs_dev *dev, void *arg), void *arg)
{
	struct smc_device *device;
	bool all = true;

	mutex_lock(&smc_devices_lock);
	list_for_each_entry(device, &smc_devices, entry) {
		all = fn(device->dev, arg);
		if (!all)
			break;
	}
	mutex_unlock(&smc_devices_lock);
	return all;
}

/* May a connection use it that leaves by an interface with the PNETID @via? */
static bool smc_device_fits(const struct dibs_dev *dev, const struct net *net,
			    const char *via)
{
	char pnetid[SMC_PNETID_LEN + 1];

	return dibs_dev_usable(dev, net) &&
	       (!smc_pnet_of_device(net, dev, pnetid) || !strcmp(pnetid, via));
}

static void smc_choice_add_all(struct smc_choice *choice,
			       const struct net *net, const char *via,
			       bool shared)
{
	struct smc_device *device;

	list_for_each_entry(device, &smc_devices, entry)
		if (dibs_dev_shared(device->dev) == shared &&
		    smc_device_fits(device->dev, net, via))
			smc_choice_add(choice, device->dev);
}

/* What a connection may use, as much as fits into a proposal. To be dropped. */
void smc_choice_make(struct smc_choice *choice, struct sock *sk)
{
	const struct net *net = sock_net(sk);
	char via[SMC_PNETID_LEN + 1];

	smc_pnet_of_route(sk, via);
	choice->count = 0;
	mutex_lock(&smc_devices_lock);
	smc_choice_add_all(choice, net, via, false);
	smc_choice_add_all(choice, net, via, true);
	mutex_unlock(&smc_devices_lock);
}

/* The machine's name, if one of the devices knows it and it may be used. */
bool smc_choice_seid(const struct smc_choice *choice, struct smc_eid *seid)
{
	unsigned int i;

	BUILD_BUG_ON(sizeof(seid->text) != DIBS_SEID_LEN);
	for (i = 0; i < choice->count && smc_eids_seid_enabled(); i++) {
		const char *text = dibs_dev_seid(choice->dev[i]);

		if (!text)
			continue;
		memcpy(seid->text, text, sizeof(seid->text));
		return true;
	}
	return false;
}

void smc_choice_drop(struct smc_choice *choice)
{
	while (choice->count)
		dibs_dev_put(choice->dev[--choice->count]);
}

static const struct dibs_client_ops smc_client_ops = {
	.add_dev = smc_device_add,
	.del_dev = smc_device_del,
	.handle_signal = smc_conn_signalled,
	.handle_event = smc_device_event,
};

int smc_devices_start(void)
{
	smc_client = dibs_register_client(&smc_client_ops, "smc", NULL);
	return PTR_ERR_OR_ZERO(smc_client);
}

/* No connection is left. */
void smc_devices_stop(void)
{
	smc_groups_shut_down();
	dibs_unregister_client(smc_client);
	smc_groups_stop();
}

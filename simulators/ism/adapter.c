// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Creating and removing adapters: checks, the device on the bus, and the
 * driver. Under sim_bus_lock.
 */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "sim.h"

/* All adapters; those with the same CHID are on one fabric. */
LIST_HEAD(sim_adapters);
DEFINE_SPINLOCK(sim_fabric_lock);

static_assert(sizeof(SIM_DEFAULT_SEID) - 1 == ISM_SEID_LEN);

static const struct ism_hardware_ops sim_hardware_ops = {
	.load = sim_load,
	.store = sim_store,
	.move = sim_move,
};

/* --- checks --------------------------------------------------------------- */

static struct sim_adapter *find_name(const char *name)
{
	struct sim_adapter *adapter;

	lockdep_assert_held(&sim_bus_lock);
	list_for_each_entry(adapter, &sim_adapters, entry)
		if (!strcmp(adapter->name, name))
			return adapter;
	return NULL;
}

/* The adapter with this GID if it can be reached, else NULL. */
struct sim_adapter *sim_adapter_find(u16 chid, u64 gid)
{
	struct sim_adapter *adapter;

	lockdep_assert_held(&sim_fabric_lock);
	list_for_each_entry(adapter, &sim_adapters, entry)
		if (adapter->hw.chid == chid && adapter->gid == gid)
			return READ_ONCE(adapter->state) == SIM_STATE_OK ?
			       adapter : NULL;
	return NULL;
}

bool sim_adapter_on_fabric(u16 chid)
{
	struct sim_adapter *adapter;

	lockdep_assert_held(&sim_bus_lock);
	list_for_each_entry(adapter, &sim_adapters, entry)
		if (adapter->hw.chid == chid)
			return true;
	return false;
}

static bool gid_is_taken(u16 chid, u64 gid)
{
	struct sim_adapter *adapter;

	lockdep_assert_held(&sim_bus_lock);
	list_for_each_entry(adapter, &sim_adapters, entry)
		if (adapter->hw.chid == chid && adapter->gid == gid)
			return true;
	return false;
}

static bool name_is_valid(const char *name)
{
	size_t len = strlen(name);

	return len && len < DIBS_NAME_LEN &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

static bool is_crowded(void)
{
	struct sim_adapter *adapter;
	unsigned int count = 0;

	lockdep_assert_held(&sim_bus_lock);
	list_for_each_entry(adapter, &sim_adapters, entry)
		count++;
	return count >= sim_max_adapters();
}

static int refuse(const struct sim_identity *id, int err, const char *why)
{
	pr_warn_ratelimited("ism_sim: %.*s: %s\n", DIBS_NAME_LEN, id->name,
			    why);
	return err;
}

static int check_identity(const struct sim_identity *id)
{
	if (!name_is_valid(id->name))
		return refuse(id, -EINVAL, "bad name");
	if (!id->gid)
		return refuse(id, -EINVAL, "GID 0");
	if (!sim_fabric_exists(id->chid))
		return refuse(id, -ENOENT, "no fabric with this CHID");
	if (id->seid && strlen(id->seid) != ISM_SEID_LEN)
		return refuse(id, -EINVAL, "SEID does not have 32 characters");
	if (find_name(id->name))
		return refuse(id, -EEXIST, "name taken");
	if (gid_is_taken(id->chid, id->gid))
		return refuse(id, -EEXIST, "GID taken on this fabric");
	if (is_crowded())
		return refuse(id, -ENOSPC, "max_adapters reached");
	return 0;
}

/* --- memory --------------------------------------------------------------- */

static struct sim_adapter *adapter_alloc(const struct sim_identity *id)
{
	struct sim_adapter *adapter;

	adapter = kzalloc(sizeof(*adapter), GFP_KERNEL);
	if (!adapter)
		return NULL;
	adapter->dmbs = kvcalloc(ISM_INDEX_END, sizeof(*adapter->dmbs),
				 GFP_KERNEL);
	if (!adapter->dmbs) {
		kfree(adapter);
		return NULL;
	}
	strscpy(adapter->name, id->name, sizeof(adapter->name));
	adapter->gid = id->gid;
	adapter->hw.ops = &sim_hardware_ops;
	adapter->hw.dev = &adapter->dev;
	adapter->hw.name = adapter->name;
	adapter->hw.chid = id->chid;
	if (id->seid)
		memcpy(adapter->seid, id->seid, ISM_SEID_LEN);
	mutex_init(&adapter->life);
	mutex_init(&adapter->command);
	spin_lock_init(&adapter->event_lock);
	sim_interrupt_init(adapter);
	return adapter;
}

/* Called when its device is released. */
void sim_adapter_free(struct sim_adapter *adapter)
{
	kvfree(adapter->dmbs);
	mutex_destroy(&adapter->command);
	mutex_destroy(&adapter->life);
	kfree(adapter);
}

/*
 * --- starting and stopping the driver --------------------------------------
 */

/*
 * Takes the adapter from the driver and sets its state. The adapter always
 * drops what the driver registered before the driver frees it.
 */
static void stop_driver(struct sim_adapter *adapter, enum sim_state state)
{
	lockdep_assert_held(&adapter->life);
	if (adapter->driver)
		ism_adapter_del(adapter->driver);
	sim_state_set(adapter, state);
	sim_interrupt_stop(adapter);
	ism_adapter_free(adapter->driver);
	adapter->driver = NULL;
}

static int start_driver(struct sim_adapter *adapter)
{
	struct ism_adapter *driver;
	int err;

	lockdep_assert_held(&adapter->life);
	/* An earlier driver instance may have changed it. */
	memcpy(adapter->hw.seid, adapter->seid, ISM_SEID_LEN);
	driver = ism_adapter_alloc(&adapter->hw);
	if (IS_ERR(driver))
		return PTR_ERR(driver);
	adapter->driver = driver;
	err = ism_adapter_add(driver);
	if (err)
		stop_driver(adapter, SIM_STATE_OK);
	return err;
}

/* Like a power cycle: the driver starts from the beginning. */
int sim_adapter_restart(struct sim_adapter *adapter)
{
	int err;

	mutex_lock(&adapter->life);
	if (READ_ONCE(adapter->state) == SIM_STATE_GONE) {
		err = -ENODEV;
	} else {
		stop_driver(adapter, SIM_STATE_OK);
		err = start_driver(adapter);
	}
	mutex_unlock(&adapter->life);
	return err;
}

/* --- creation and removal ------------------------------------------------- */

static void list_adapter(struct sim_adapter *adapter)
{
	spin_lock(&sim_fabric_lock);
	list_add_tail(&adapter->entry, &sim_adapters);
	spin_unlock(&sim_fabric_lock);
}

static void unlist_adapter(struct sim_adapter *adapter)
{
	spin_lock(&sim_fabric_lock);
	list_del(&adapter->entry);
	spin_unlock(&sim_fabric_lock);
}

static void remove_adapter(struct sim_adapter *adapter, bool surprise)
{
	lockdep_assert_held(&sim_bus_lock);
	if (surprise)
		sim_state_set(adapter, SIM_STATE_GONE);
	mutex_lock(&adapter->life);
	stop_driver(adapter, SIM_STATE_GONE);
	mutex_unlock(&adapter->life);
	unlist_adapter(adapter);
	/* Waits for users of its files, which find the adapter gone. */
	device_del(&adapter->dev);
	put_device(&adapter->dev);
}

int sim_adapter_create(const struct sim_identity *id)
{
	struct sim_adapter *adapter;
	int err;

	lockdep_assert_held(&sim_bus_lock);
	err = check_identity(id);
	if (err)
		return err;
	adapter = adapter_alloc(id);
	if (!adapter)
		return -ENOMEM;
	sim_device_init(adapter);
	err = sim_device_add(adapter);
	if (err) {
		put_device(&adapter->dev);
		return refuse(id, err, "cannot add the device");
	}
	list_adapter(adapter);
	mutex_lock(&adapter->life);
	err = start_driver(adapter);
	mutex_unlock(&adapter->life);
	if (err) {
		remove_adapter(adapter, false);
		return refuse(id, err, "the driver rejects it");
	}
	return 0;
}

int sim_adapter_remove(const char *name, bool surprise)
{
	struct sim_adapter *adapter = find_name(name);

	if (!adapter)
		return -ENODEV;
	remove_adapter(adapter, surprise);
	return 0;
}

void sim_adapter_remove_all(void)
{
	struct sim_adapter *adapter, *next;

	lockdep_assert_held(&sim_bus_lock);
	list_for_each_entry_safe(adapter, next, &sim_adapters, entry)
		remove_adapter(adapter, false);
}

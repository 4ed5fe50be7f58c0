// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The bus "ism_sim", which creates and removes adapters:
 *
 *	/sys/bus/ism_sim/new_device	"NAME GID CHID [SEID]"
 *	/sys/bus/ism_sim/del_device	"NAME"
 *	/sys/bus/ism_sim/unplug_device	"NAME": surprise removal
 *	/sys/bus/ism_sim/new_fabric	"CHID": adapters may join it
 *	/sys/bus/ism_sim/del_fabric	"CHID"
 *	/sys/bus/ism_sim/fabrics	list of fabrics, read-only
 */
#include <linux/err.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/string_helpers.h>

#include "../../compat/bus.h"
#include "sim.h"

DEFINE_MUTEX(sim_bus_lock);	/* guards the sets of adapters and fabrics */

static struct device *root;
static bool open;			/* sim_bus_lock */

/* Devices that are not released, plus 1 while the module is loaded. */
static refcount_t devices = REFCOUNT_INIT(1);
static DECLARE_COMPLETION(released);

/* --- the files ------------------------------------------------------------ */

static int parse_identity(int count, char **words, struct sim_identity *id)
{
	int err;

	if (count < 3 || count > 4) {
		pr_warn_ratelimited("ism_sim: expected NAME GID CHID [SEID]\n");
		return -EINVAL;
	}
	id->name = words[0];
	err = kstrtou64(words[1], 16, &id->gid);
	if (!err)
		err = kstrtou16(words[2], 16, &id->chid);
	if (err) {
		pr_warn_ratelimited("ism_sim: %s: bad GID or CHID\n",
				    id->name);
		return -EINVAL;
	}
	id->seid = count < 4 ? SIM_DEFAULT_SEID :
		   strcmp(words[3], "-") ? words[3] : NULL;
	return 0;
}

static ssize_t new_device_store(dibs_bus_type *bus, const char *buf,
				size_t len)
{
	struct sim_identity id;
	char **words;
	int count, err;

	words = argv_split(GFP_KERNEL, buf, &count);
	if (!words)
		return -ENOMEM;
	err = parse_identity(count, words, &id);
	if (!err) {
		mutex_lock(&sim_bus_lock);
		err = open ? sim_adapter_create(&id) : -ENODEV;
		mutex_unlock(&sim_bus_lock);
	}
	argv_free(words);
	return err ? : len;
}
static BUS_ATTR_WO(new_device);

static ssize_t remove_device(const char *buf, size_t len, bool surprise)
{
	char *name = kstrndup(buf, len, GFP_KERNEL);
	int err;

	if (!name)
		return -ENOMEM;
	mutex_lock(&sim_bus_lock);
	err = sim_adapter_remove(strim(name), surprise);
	mutex_unlock(&sim_bus_lock);
	kfree(name);
	return err ? : len;
}

static ssize_t del_device_store(dibs_bus_type *bus, const char *buf,
				size_t len)
{
	return remove_device(buf, len, false);
}
static BUS_ATTR_WO(del_device);

static ssize_t unplug_device_store(dibs_bus_type *bus, const char *buf,
				   size_t len)
{
	return remove_device(buf, len, true);
}
static BUS_ATTR_WO(unplug_device);

static ssize_t store_fabric(const char *buf, size_t len, int (*change)(u16))
{
	u16 chid;
	int err = kstrtou16(buf, 16, &chid);

	if (err) {
		pr_warn_ratelimited("ism_sim: bad CHID\n");
		return -EINVAL;
	}
	mutex_lock(&sim_bus_lock);
	err = change(chid);
	mutex_unlock(&sim_bus_lock);
	return err ? : len;
}

static ssize_t new_fabric_store(dibs_bus_type *bus, const char *buf,
				size_t len)
{
	return store_fabric(buf, len, sim_fabric_add);
}
static BUS_ATTR_WO(new_fabric);

static ssize_t del_fabric_store(dibs_bus_type *bus, const char *buf,
				size_t len)
{
	return store_fabric(buf, len, sim_fabric_del);
}
static BUS_ATTR_WO(del_fabric);

static ssize_t fabrics_show(dibs_bus_type *bus, char *buf)
{
	ssize_t len;

	mutex_lock(&sim_bus_lock);
	len = sim_fabrics_show(buf);
	mutex_unlock(&sim_bus_lock);
	return len;
}
static BUS_ATTR_RO(fabrics);

static struct attribute *sim_bus_attrs[] = {
	&bus_attr_new_device.attr,
	&bus_attr_del_device.attr,
	&bus_attr_unplug_device.attr,
	&bus_attr_new_fabric.attr,
	&bus_attr_del_fabric.attr,
	&bus_attr_fabrics.attr,
	NULL
};
ATTRIBUTE_GROUPS(sim_bus);

static struct bus_type sim_bus = {
	.name = "ism_sim",
	.bus_groups = sim_bus_groups,
};

/* --- devices -------------------------------------------------------------- */

static const struct attribute_group *sim_device_groups[] = {
	&sim_identity_group,
	&sim_fault_group,
	&sim_raise_group,
	&sim_raw_group,
	&sim_stats_group,
	NULL
};

static void sim_device_release(struct device *dev)
{
	sim_adapter_free(sim_of_device(dev));
	if (refcount_dec_and_test(&devices))
		complete(&released);
}

/* From here on put_device() frees the adapter. */
void sim_device_init(struct sim_adapter *adapter)
{
	struct device *dev = &adapter->dev;

	refcount_inc(&devices);
	device_initialize(dev);
	dev->bus = &sim_bus;
	dev->parent = root;
	dev->groups = sim_device_groups;
	dev->release = sim_device_release;
	dev->dma_parms = &adapter->dma_parms;
#if defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_DEVICE) || \
	defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_CPU) || \
	defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_CPU_ALL)
	/* The adapter's writes are those of a CPU. */
	dev->dma_coherent = true;
#endif
}

int sim_device_add(struct sim_adapter *adapter)
{
	int err;

	err = dma_coerce_mask_and_coherent(&adapter->dev, DMA_BIT_MASK(64));
	if (!err)
		err = dev_set_name(&adapter->dev, "%s", adapter->name);
	if (!err)
		err = device_add(&adapter->dev);
	return err;
}

int sim_bus_start(void)
{
	int err;

	root = root_device_register("ism_sim");
	if (IS_ERR(root))
		return PTR_ERR(root);
	err = bus_register(&sim_bus);
	if (err) {
		root_device_unregister(root);
		return err;
	}
	mutex_lock(&sim_bus_lock);
	open = true;
	mutex_unlock(&sim_bus_lock);
	return 0;
}

/* On return, no code of this module is running. */
void sim_bus_stop(void)
{
	mutex_lock(&sim_bus_lock);
	open = false;
	sim_adapter_remove_all();
	mutex_unlock(&sim_bus_lock);
	if (!refcount_dec_and_test(&devices))
		wait_for_completion(&released);
	bus_unregister(&sim_bus);
	root_device_unregister(root);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * /sys/class/dibs: shared devices. docs/abi.md describes it. Private devices of
 * a namespace are visible only through netlink.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/sysfs.h>

#include "core.h"

static struct dibs_dev *to_dibs_dev(struct device *sysfs)
{
	return dev_get_drvdata(sysfs);
}

static ssize_t gid_show(struct device *sysfs, struct device_attribute *attr,
			char *buf)
{
	return sysfs_emit(buf, "%pUb\n", &to_dibs_dev(sysfs)->gid);
}
static DEVICE_ATTR_RO(gid);

static ssize_t fabric_id_show(struct device *sysfs,
			      struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "0x%04x\n", to_dibs_dev(sysfs)->fabric_id);
}
static DEVICE_ATTR_RO(fabric_id);

static ssize_t max_dmbs_show(struct device *sysfs,
			     struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_dibs_dev(sysfs)->max_dmbs);
}
static DEVICE_ATTR_RO(max_dmbs);

static ssize_t max_dmb_len_show(struct device *sysfs,
				struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_dibs_dev(sysfs)->max_dmb_len);
}
static DEVICE_ATTR_RO(max_dmb_len);

static struct attribute *dibs_attrs[] = {
	&dev_attr_gid.attr,
	&dev_attr_fabric_id.attr,
	&dev_attr_max_dmbs.attr,
	&dev_attr_max_dmb_len.attr,
	NULL
};
ATTRIBUTE_GROUPS(dibs);

static struct class dibs_class = {
	.name = "dibs",
	.dev_groups = dibs_groups,
};

int dibs_sysfs_add(struct dibs_dev *dev)
{
	struct device *sysfs;

	lockdep_assert_held(&dibs_lock);
	if (dev->sysfs)
		return 0;
	sysfs = device_create(&dibs_class, dev->parent, 0, dev, "%s",
			      dev->name);
	if (IS_ERR(sysfs))
		return PTR_ERR(sysfs);
	dev->sysfs = sysfs;
	return 0;
}

void dibs_sysfs_del(struct dibs_dev *dev)
{
	lockdep_assert_held(&dibs_lock);
	if (!dev->sysfs)
		return;
	/* Waits for readers of attributes. */
	device_unregister(dev->sysfs);
	dev->sysfs = NULL;
}

int dibs_sysfs_start(void)
{
	return class_register(&dibs_class);
}

void dibs_sysfs_stop(void)
{
	class_unregister(&dibs_class);
}

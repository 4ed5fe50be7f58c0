// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Raw commands, moves, loads and stores through sysfs: most of what firmware
 * has to refuse is something the driver never does. These files, which only
 * root may use, can do what the adapter can, which includes writing to any
 * memory.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "sim.h"

/* Converts hexadecimal digits to bytes, which the caller frees. */
static void *parse_bytes(const char *digits, size_t *len)
{
	void *bytes;

	*len = strlen(digits) / 2;
	if (!*len || strlen(digits) % 2)
		return ERR_PTR(-EINVAL);
	bytes = kmalloc(*len, GFP_KERNEL);
	if (!bytes)
		return ERR_PTR(-ENOMEM);
	if (hex2bin(bytes, digits, *len)) {
		kfree(bytes);
		return ERR_PTR(-EINVAL);
	}
	return bytes;
}

/*
 * --- commands --------------------------------------------------------------
 */

/* Executes a complete request, given in hexadecimal. */
static ssize_t command_store(struct device *dev, struct device_attribute *attr,
			     const char *buf, size_t len)
{
	struct sim_adapter *adapter = sim_of_device(dev);
	void *request;
	char *digits;
	size_t size;
	int err;

	digits = kstrndup(buf, len, GFP_KERNEL);
	if (!digits)
		return -ENOMEM;
	request = parse_bytes(strim(digits), &size);
	kfree(digits);
	if (IS_ERR(request))
		return PTR_ERR(request);
	err = sim_execute_raw(adapter, request, size);
	kfree(request);
	return err ? : len;
}

/* Shows the last response: the header, and as much body as it claims. */
static ssize_t command_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct sim_adapter *adapter = sim_of_device(dev);
	const struct ism_response *head = (void *)adapter->raw;
	u32 len;

	mutex_lock(&adapter->command);
	len = clamp_t(u32, be16_to_cpu(head->len), sizeof(*head), SIM_BLOCK);
	bin2hex(buf, adapter->raw, len);
	mutex_unlock(&adapter->command);
	return 2 * len + sysfs_emit_at(buf, 2 * len, "\n");
}
static DEVICE_ATTR_ADMIN_RW(command);

/* "OFFSET": a load like one of the driver; the value is dropped. */
static ssize_t load_store(struct device *dev, struct device_attribute *attr,
			  const char *buf, size_t len)
{
	__be64 value;
	u32 offset;
	int err = kstrtou32(buf, 0, &offset);

	if (!err)
		err = sim_load(&sim_of_device(dev)->hw, offset, &value);
	return err ? : len;
}
static DEVICE_ATTR_WO(load);

/*
 * --- stores ----------------------------------------------------------------
 */

/* Stores to the command block or into a DMB. */
typedef int store_fn(struct sim_adapter *adapter, u64 address,
		     const void *data, u32 len);

static int store_words(struct sim_adapter *adapter, char **words,
		       store_fn *store)
{
	u64 address;
	void *data;
	size_t len;
	int err;

	err = kstrtou64(words[0], 16, &address);
	if (err)
		return err;
	data = parse_bytes(words[1], &len);
	if (IS_ERR(data))
		return PTR_ERR(data);
	err = store(adapter, address, data, len);
	kfree(data);
	return err;
}

/* "ADDRESS DATA", both hexadecimal: one store. */
static ssize_t store_one(struct device *dev, const char *buf, size_t len,
			 store_fn *store)
{
	int count, err = -EINVAL;
	char **words;

	words = argv_split(GFP_KERNEL, buf, &count);
	if (!words)
		return -ENOMEM;
	if (count == 2)
		err = store_words(sim_of_device(dev), words, store);
	argv_free(words);
	return err ? : len;
}

static int store_in_block(struct sim_adapter *adapter, u64 address,
			  const void *data, u32 len)
{
	if (address > U32_MAX)
		return -ERANGE;
	return sim_store_raw(adapter, address, data, len);
}

static ssize_t store_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t len)
{
	return store_one(dev, buf, len, store_in_block);
}
static DEVICE_ATTR_WO(store);

static int store_in_dmb(struct sim_adapter *adapter, u64 address,
			const void *data, u32 len)
{
	return sim_move(&adapter->hw, address, data, len);
}

static ssize_t move_store(struct device *dev, struct device_attribute *attr,
			  const char *buf, size_t len)
{
	return store_one(dev, buf, len, store_in_dmb);
}
static DEVICE_ATTR_WO(move);

static struct attribute *sim_raw_attrs[] = {
	&dev_attr_command.attr,
	&dev_attr_load.attr,
	&dev_attr_store.attr,
	&dev_attr_move.attr,
	NULL
};

const struct attribute_group sim_raw_group = {
	.attrs = sim_raw_attrs,
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Spurious events, signals and interrupts, raised by writing to files in sysfs.
 */
#include <linux/kstrtox.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "sim.h"

#define NUMBERS		4

/* Parses exactly @wanted numbers. */
static int parse_numbers(const char *buf, u64 *numbers, int wanted)
{
	int count, i, err = 0;
	char **words = argv_split(GFP_KERNEL, buf, &count);

	if (!words)
		return -ENOMEM;
	if (count != wanted)
		err = -EINVAL;
	for (i = 0; !err && i < wanted; i++)
		err = kstrtou64(words[i], 0, &numbers[i]);
	argv_free(words);
	return err;
}

/* Takes adapter->life if there is a driver that can be interrupted. */
static int lock_driver(struct sim_adapter *adapter)
{
	mutex_lock(&adapter->life);
	if (adapter->driver)
		return 0;
	mutex_unlock(&adapter->life);
	return -ENODEV;
}

static void unlock_driver(struct sim_adapter *adapter)
{
	mutex_unlock(&adapter->life);
}

/* "TYPE CODE TOK INFO": queues an event. -EPIPE: there is no event queue. */
static ssize_t event_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t len)
{
	struct sim_event event;
	u64 numbers[NUMBERS];
	int err = parse_numbers(buf, numbers, 4);

	if (err)
		return err;
	event = (struct sim_event){
		.type = numbers[0],
		.code = numbers[1],
		.tok = numbers[2],
		.info = numbers[3],
	};
	return sim_event_post(sim_of_device(dev), &event, true) ? -EPIPE : len;
}
static DEVICE_ATTR_WO(event);

static bool put_idx(struct sim_adapter *adapter, u64 idx)
{
	struct ism_sba *sba;
	bool ok;

	spin_lock(&adapter->event_lock);
	rcu_read_lock();
	sba = rcu_dereference(adapter->sba);
	ok = sba && adapter->ieq;
	if (ok) {
		WRITE_ONCE(adapter->ieq->idx, cpu_to_be64(idx));
		sim_sba_test_and_set(sba, 0, ISM_SBA_EVENT);
		sim_sba_test_and_set(sba, 0, ISM_SBA_SUMMARY);
	}
	rcu_read_unlock();
	spin_unlock(&adapter->event_lock);
	return ok;
}

/* "IDX": index that the event queue shows until the next event. */
static ssize_t ieq_idx_store(struct device *dev,
			     struct device_attribute *attr, const char *buf,
			     size_t len)
{
	struct sim_adapter *adapter = sim_of_device(dev);
	u64 idx;
	int err = parse_numbers(buf, &idx, 1);

	if (!err)
		err = lock_driver(adapter);
	if (err)
		return err;
	if (put_idx(adapter, idx))
		sim_interrupt_raise(adapter);
	else
		err = -EPIPE;
	unlock_driver(adapter);
	return err ? : len;
}
static DEVICE_ATTR_WO(ieq_idx);

/* "INDEX MASK": a signal for any index, with or without a DMB. */
static ssize_t signal_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t len)
{
	struct sim_adapter *adapter = sim_of_device(dev);
	u64 numbers[2];
	int err = parse_numbers(buf, numbers, ARRAY_SIZE(numbers));

	if (err)
		return err;
	if (numbers[0] >= ISM_INDEX_END || numbers[1] > U16_MAX)
		return -ERANGE;
	sim_signal(adapter, numbers[0], numbers[1]);
	return len;
}
static DEVICE_ATTR_WO(signal);

/* Any value: an interrupt without a cause. */
static ssize_t interrupt_store(struct device *dev,
			       struct device_attribute *attr,
			       const char *buf, size_t len)
{
	struct sim_adapter *adapter = sim_of_device(dev);
	int err = lock_driver(adapter);

	if (err)
		return err;
	sim_interrupt_raise(adapter);
	unlock_driver(adapter);
	return len;
}
static DEVICE_ATTR_WO(interrupt);

static struct attribute *sim_raise_attrs[] = {
	&dev_attr_event.attr,
	&dev_attr_ieq_idx.attr,
	&dev_attr_signal.attr,
	&dev_attr_interrupt.attr,
	NULL
};

const struct attribute_group sim_raise_group = {
	.attrs = sim_raise_attrs,
};

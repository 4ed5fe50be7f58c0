// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Persistent faults, injected through sysfs: commands that fail or get an
 * invalid answer, moves that fail, delays, and the state of an adapter.
 */
#include <linux/kstrtox.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "sim.h"

static const char *const lie_names[SIM_LIES] = {
	[SIM_LIE_LONG] = "long",
	[SIM_LIE_SHORT] = "short",
	[SIM_LIE_LONGER] = "longer",
	[SIM_LIE_SHORTER] = "shorter",
	[SIM_LIE_CMD] = "cmd",
	[SIM_LIE_ZEROS] = "zeros",
	[SIM_LIE_ONES] = "ones",
	[SIM_LIE_NONE] = "none",
};

static const char *const state_names[] = {
	[SIM_STATE_OK] = "ok",
	[SIM_STATE_ERROR] = "error",
	[SIM_STATE_DISABLED] = "disabled",
	[SIM_STATE_SILENT] = "silent",
	[SIM_STATE_GONE] = "gone",
};

/* --- commands that fail --------------------------------------------------- */

/* "CMD WHAT [COUNT]": COUNT times, by default once; 0 cancels. */
struct order {
	int cmd;
	char *what;
	u32 count;
};

static int parse_order(char **words, int count, struct order *order)
{
	if (count < 2 || count > 3)
		return -EINVAL;
	order->cmd = sim_command_find(words[0]);
	if (order->cmd < 0)
		return -EINVAL;
	order->what = words[1];
	order->count = 1;
	return count < 3 ? 0 : kstrtou32(words[2], 0, &order->count);
}

static int set_fail(struct sim_fault *fault, const struct order *order)
{
	u16 ret;
	int err = kstrtou16(order->what, 0, &ret);

	if (err)
		return err;
	/* 0 is success, ISM_ERROR is no answer: write to state instead. */
	if (ret == ISM_OK || ret == ISM_ERROR)
		return -EINVAL;
	fault->ret = ret;
	fault->fails = order->count;
	return 0;
}

static int set_lie(struct sim_fault *fault, const struct order *order)
{
	int lie = __sysfs_match_string(lie_names, SIM_LIES, order->what);

	if (lie < 0)
		return lie;
	fault->lie = lie;
	fault->lies = order->count;
	return 0;
}

static ssize_t store_order(struct device *dev, const char *buf, size_t len,
			   int (*set)(struct sim_fault *fault,
				      const struct order *order))
{
	struct sim_adapter *adapter = sim_of_device(dev);
	struct order order;
	char **words;
	int count, err;

	words = argv_split(GFP_KERNEL, buf, &count);
	if (!words)
		return -ENOMEM;
	err = parse_order(words, count, &order);
	if (!err) {
		mutex_lock(&adapter->command);
		err = set(&adapter->faults[order.cmd], &order);
		mutex_unlock(&adapter->command);
	}
	argv_free(words);
	return err ? : len;
}

/* One line for each command for which @print prints something. */
static ssize_t show_orders(struct device *dev, char *buf,
			   int (*print)(char *buf, int at, u32 cmd,
					const struct sim_fault *fault))
{
	struct sim_adapter *adapter = sim_of_device(dev);
	ssize_t len = 0;
	u32 cmd;

	mutex_lock(&adapter->command);
	for (cmd = 1; cmd < SIM_COMMANDS; cmd++)
		len += print(buf, len, cmd, &adapter->faults[cmd]);
	mutex_unlock(&adapter->command);
	return len;
}

static ssize_t fail_command_store(struct device *dev,
				  struct device_attribute *attr,
				  const char *buf, size_t len)
{
	return store_order(dev, buf, len, set_fail);
}

static int print_fail(char *buf, int at, u32 cmd, const struct sim_fault *fault)
{
	return !fault->fails ? 0 :
	       sysfs_emit_at(buf, at, "%s 0x%x %u\n", sim_command_name(cmd),
			     fault->ret, fault->fails);
}

static ssize_t fail_command_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	return show_orders(dev, buf, print_fail);
}
static DEVICE_ATTR_RW(fail_command);

static ssize_t bad_answer_store(struct device *dev,
				struct device_attribute *attr,
				const char *buf, size_t len)
{
	return store_order(dev, buf, len, set_lie);
}

static int print_lie(char *buf, int at, u32 cmd, const struct sim_fault *fault)
{
	return !fault->lies ? 0 :
	       sysfs_emit_at(buf, at, "%s %s %u\n", sim_command_name(cmd),
			     lie_names[fault->lie], fault->lies);
}

static ssize_t bad_answer_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	return show_orders(dev, buf, print_lie);
}
static DEVICE_ATTR_RW(bad_answer);

/* --- moves that fail ------------------------------------------------------ */

/* "COUNT [AFTER]" */
static ssize_t fail_moves_store(struct device *dev,
				struct device_attribute *attr,
				const char *buf, size_t len)
{
	struct sim_adapter *adapter = sim_of_device(dev);
	int count, after = 0;
	char rest;
	int n = sscanf(buf, "%d %d %c", &count, &after, &rest);

	if (n < 1 || n > 2 || count < 0 || after < 0)
		return -EINVAL;
	atomic_set(&adapter->fail_moves, 0);
	atomic_set(&adapter->spare_moves, after);
	/* Pairs with the acquire in sim_move_fails(). */
	atomic_set_release(&adapter->fail_moves, count);
	return len;
}

static ssize_t fail_moves_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct sim_adapter *adapter = sim_of_device(dev);

	return sysfs_emit(buf, "%d %d\n", atomic_read(&adapter->fail_moves),
			  atomic_read(&adapter->spare_moves));
}
static DEVICE_ATTR_RW(fail_moves);

/* --- DMBs that are not zeroed --------------------------------------------- */

static ssize_t dirty_dmbs_store(struct device *dev,
				struct device_attribute *attr,
				const char *buf, size_t len)
{
	int count;
	int err = kstrtoint(buf, 0, &count);

	if (err || count < 0)
		return err ? : -EINVAL;
	atomic_set(&sim_of_device(dev)->dirty_dmbs, count);
	return len;
}

static ssize_t dirty_dmbs_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n",
			  atomic_read(&sim_of_device(dev)->dirty_dmbs));
}
static DEVICE_ATTR_RW(dirty_dmbs);

/* --- delays --------------------------------------------------------------- */

static ssize_t store_delay(const char *buf, size_t len, u32 *delay)
{
	u32 us;
	int err = kstrtou32(buf, 0, &us);

	if (err)
		return err;
	if (us > SIM_DELAY_MAX)
		return -ERANGE;
	WRITE_ONCE(*delay, us);
	return len;
}

#define DELAY(_name)							\
static ssize_t _name##_store(struct device *dev,			\
			     struct device_attribute *attr,		\
			     const char *buf, size_t len)		\
{									\
	return store_delay(buf, len, &sim_of_device(dev)->_name);	\
}									\
static ssize_t _name##_show(struct device *dev,				\
			    struct device_attribute *attr, char *buf)	\
{									\
	return sysfs_emit(buf, "%u\n",					\
			  READ_ONCE(sim_of_device(dev)->_name));	\
}									\
static DEVICE_ATTR_RW(_name)

DELAY(delay_us);
DELAY(irq_delay_us);

/* --- the state ------------------------------------------------------------ */

/* "ok" restarts the adapter, from any state. */
static ssize_t state_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t len)
{
	struct sim_adapter *adapter = sim_of_device(dev);
	int state = __sysfs_match_string(state_names, SIM_STATE_GONE, buf);
	int err = 0;

	if (state < 0)
		return state;
	if (state == SIM_STATE_OK)
		err = sim_adapter_restart(adapter);
	else
		sim_state_set(adapter, state);
	return err ? : len;
}

static ssize_t state_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	struct sim_adapter *adapter = sim_of_device(dev);

	return sysfs_emit(buf, "%s\n",
			  state_names[READ_ONCE(adapter->state)]);
}
static DEVICE_ATTR_RW(state);

static struct attribute *sim_fault_attrs[] = {
	&dev_attr_fail_command.attr,
	&dev_attr_bad_answer.attr,
	&dev_attr_fail_moves.attr,
	&dev_attr_dirty_dmbs.attr,
	&dev_attr_delay_us.attr,
	&dev_attr_irq_delay_us.attr,
	&dev_attr_state.attr,
	NULL
};

const struct attribute_group sim_fault_group = {
	.attrs = sim_fault_attrs,
};

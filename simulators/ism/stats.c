// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Identity and counters of an adapter, read-only in sysfs.
 */
#include <linux/sysfs.h>

#include "sim.h"

/* --- identity ------------------------------------------------------------- */

static ssize_t gid_show(struct device *dev, struct device_attribute *attr,
			char *buf)
{
	return sysfs_emit(buf, "%016llx\n", sim_of_device(dev)->gid);
}
static DEVICE_ATTR_RO(gid);

static ssize_t chid_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%04x\n", sim_of_device(dev)->hw.chid);
}
static DEVICE_ATTR_RO(chid);

static ssize_t seid_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%.*s\n", ISM_SEID_LEN,
			  sim_of_device(dev)->seid);
}
static DEVICE_ATTR_RO(seid);

static ssize_t dmbs_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%u\n",
			  READ_ONCE(sim_of_device(dev)->dmb_count));
}
static DEVICE_ATTR_RO(dmbs);

static struct attribute *sim_identity_attrs[] = {
	&dev_attr_gid.attr,
	&dev_attr_chid.attr,
	&dev_attr_seid.attr,
	&dev_attr_dmbs.attr,
	NULL
};

const struct attribute_group sim_identity_group = {
	.attrs = sim_identity_attrs,
};

/* --- counters ------------------------------------------------------------- */

#define COUNTER(_name)							\
static ssize_t _name##_show(struct device *dev,				\
			    struct device_attribute *attr, char *buf)	\
{									\
	struct sim_stats *stats = &sim_of_device(dev)->stats;		\
									\
	return sysfs_emit(buf, "%lld\n", atomic64_read(&stats->_name));	\
}									\
static DEVICE_ATTR_RO(_name)

COUNTER(moves);
COUNTER(bytes);
COUNTER(signals);
COUNTER(events);
COUNTER(events_dropped);
COUNTER(interrupts);

static ssize_t commands_show(struct device *dev,
			     struct device_attribute *attr, char *buf)
{
	struct sim_stats *stats = &sim_of_device(dev)->stats;
	ssize_t len = 0;
	u32 cmd;

	for (cmd = 0; cmd < SIM_COMMANDS; cmd++)
		if (sim_command_name(cmd))
			len += sysfs_emit_at(buf, len, "%s %lld\n",
					     sim_command_name(cmd),
				atomic64_read(&stats->commands[cmd]));
	return len;
}
static DEVICE_ATTR_RO(commands);

static ssize_t refusals_show(struct device *dev,
			     struct device_attribute *attr, char *buf)
{
	struct sim_stats *stats = &sim_of_device(dev)->stats;
	ssize_t len = 0;
	u32 code;

	for (code = SIM_OK + 1; code < SIM_CODES; code++)
		len += sysfs_emit_at(buf, len, "%s %lld\n",
				     sim_code_names[code],
				     atomic64_read(&stats->refusals[code]));
	return len;
}
static DEVICE_ATTR_RO(refusals);

static struct attribute *sim_stats_attrs[] = {
	&dev_attr_moves.attr,
	&dev_attr_bytes.attr,
	&dev_attr_signals.attr,
	&dev_attr_events.attr,
	&dev_attr_events_dropped.attr,
	&dev_attr_interrupts.attr,
	&dev_attr_commands.attr,
	&dev_attr_refusals.attr,
	NULL
};

const struct attribute_group sim_stats_group = {
	.name = "stats",
	.attrs = sim_stats_attrs,
};

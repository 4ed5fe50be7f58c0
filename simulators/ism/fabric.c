// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The set of fabrics: adapters can only join one that was declared. Under
 * sim_bus_lock.
 */
#include <linux/bitmap.h>
#include <linux/sysfs.h>

#include "sim.h"

/* By CHID; higher ones are reserved for virtual devices. */
static DECLARE_BITMAP(fabrics, DIBS_FABRIC_VIRTUAL_MIN);

static int refuse(u16 chid, int err, const char *why)
{
	pr_warn_ratelimited("ism_sim: fabric %04x: %s\n", chid, why);
	return err;
}

bool sim_fabric_exists(u16 chid)
{
	lockdep_assert_held(&sim_bus_lock);
	return chid < DIBS_FABRIC_VIRTUAL_MIN && test_bit(chid, fabrics);
}

int sim_fabric_add(u16 chid)
{
	lockdep_assert_held(&sim_bus_lock);
	if (chid >= DIBS_FABRIC_VIRTUAL_MIN)
		return refuse(chid, -EINVAL, "CHID not below ff00");
	if (test_and_set_bit(chid, fabrics))
		return refuse(chid, -EEXIST, "already exists");
	return 0;
}

int sim_fabric_del(u16 chid)
{
	lockdep_assert_held(&sim_bus_lock);
	if (!sim_fabric_exists(chid))
		return refuse(chid, -ENOENT, "does not exist");
	if (sim_adapter_on_fabric(chid))
		return refuse(chid, -EBUSY, "has adapters");
	clear_bit(chid, fabrics);
	return 0;
}

/* One line per fabric, as many as fit. */
ssize_t sim_fabrics_show(char *buf)
{
	unsigned int chid;
	ssize_t len = 0;

	lockdep_assert_held(&sim_bus_lock);
	for_each_set_bit(chid, fabrics, DIBS_FABRIC_VIRTUAL_MIN)
		len += sysfs_emit_at(buf, len, "%04x\n", chid);
	return len;
}

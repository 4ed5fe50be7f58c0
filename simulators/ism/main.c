// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The module ism_sim.ko: ISM adapters on machines without any. It replaces the
 * firmware of IBM Z, below <linux/dibs_ism.h>, and does not trust the driver.
 * For tests and for trying out the driver; README.md says what is simulated and
 * what is not, sim.h has the objects and locks.
 */
#include <linux/module.h>
#include <linux/moduleparam.h>

#include "sim.h"

#define DEFAULT_CHID	0x0100
#define DEFAULT_GID	0x15a0000000000001ULL

static bool none;
module_param(none, bool, 0444);
MODULE_PARM_DESC(none, "start without ism0 and ism1");

static unsigned int max_adapters = 16;
module_param(max_adapters, uint, 0644);
MODULE_PARM_DESC(max_adapters, "limit on the number of adapters");

unsigned int sim_max_adapters(void)
{
	return READ_ONCE(max_adapters);
}

static int __init sim_create_default(void)
{
	static const char *const names[] = { "ism0", "ism1" };
	struct sim_identity id = {
		.chid = DEFAULT_CHID,
		.seid = SIM_DEFAULT_SEID,
	};
	int i, err;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		id.name = names[i];
		id.gid = DEFAULT_GID + i;
		err = sim_adapter_create(&id);
		if (err)
			return err;
	}
	return 0;
}

static int __init sim_init(void)
{
	int err;

	err = sim_bus_start();
	if (err)
		return err;
	mutex_lock(&sim_bus_lock);
	err = sim_fabric_add(DEFAULT_CHID);
	if (!err && !none)
		err = sim_create_default();
	mutex_unlock(&sim_bus_lock);
	if (err) {
		sim_bus_stop();
		sim_dmb_exit();
	}
	return err;
}

static void __exit sim_exit(void)
{
	sim_bus_stop();
	sim_dmb_exit();
}

module_init(sim_init);
module_exit(sim_exit);
MODULE_DESCRIPTION("Direct Internal Buffer Sharing: simulated ISM adapters");
MODULE_AUTHOR("The DIBS authors");
MODULE_LICENSE("GPL");

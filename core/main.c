// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The module dibs.ko: the layer between devices that share memory and clients
 * that use it. Start reading with core.h, then dmb.c, attachment.c and move.c.
 */
#include <linux/module.h>

#include "core.h"

struct workqueue_struct *dibs_wq;

static int __init dibs_init(void)
{
	int err;

	dibs_wq = alloc_workqueue("dibs", WQ_HIGHPRI, 0);
	if (!dibs_wq)
		return -ENOMEM;
	err = dibs_limits_start();
	if (err)
		goto destroy_wq;
	err = dibs_netns_start();
	if (err)
		goto stop_limits;
	err = dibs_sysfs_start();
	if (err)
		goto stop_namespaces;
	err = dibs_netlink_start();
	if (err)
		goto stop_sysfs;
	return 0;

stop_sysfs:
	dibs_sysfs_stop();
stop_namespaces:
	dibs_netns_stop();
stop_limits:
	dibs_limits_stop();
destroy_wq:
	destroy_workqueue(dibs_wq);
	return err;
}

/* Modules of devices and clients depend on this one, so all are gone. */
static void __exit dibs_exit_module(void)
{
	dibs_netlink_stop();
	dibs_kinds_stop();
	dibs_sysfs_stop();
	dibs_netns_stop();
	destroy_workqueue(dibs_wq);
	rcu_barrier();
	dibs_limits_stop();
}

module_init(dibs_init);
module_exit(dibs_exit_module);
MODULE_DESCRIPTION("Direct Internal Buffer Sharing");
MODULE_AUTHOR("The DIBS authors");
MODULE_LICENSE("GPL");

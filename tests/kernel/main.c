// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * dibs_selftest.ko: tests of the core that have to run in the kernel. Loading
 * the module runs the cases and reports KTAP to the kernel log. It stays loaded
 * and offers the services of service.h to system tests.
 *
 *	run=PATTERN	run matching cases ("topic: statement") or topics; only
 *			'*' is special; default all; "run=" runs none
 *	list=1		only list them
 *	failed		number of failed cases, read-only
 */
#include <linux/module.h>

#include "service.h"
#include "test.h"

static char *run = "*";
module_param(run, charp, 0444);
MODULE_PARM_DESC(run, "which cases to run");

static bool list;
module_param(list, bool, 0444);
MODULE_PARM_DESC(list, "only list the cases");

static unsigned int failed;
module_param(failed, uint, 0444);
MODULE_PARM_DESC(failed, "how many cases failed");

static int __init selftest_init(void)
{
	int err;

	if (*run)
		failed = tests_run(run, list);
	err = control_start();
	if (err)
		return err;
	err = user_device_start();
	if (err)
		goto stop_control;
	return 0;

stop_control:
	control_stop();
	return err;
}

static void __exit selftest_exit(void)
{
	user_device_stop();
	load_stop();
	control_stop();
}

module_init(selftest_init);
module_exit(selftest_exit);
MODULE_DESCRIPTION("Direct Internal Buffer Sharing: tests");
MODULE_AUTHOR("The DIBS authors");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * See scribbler.h.
 */
#include <linux/module.h>

#include "scribbler.h"

static int __init scribbler_init(void)
{
	int err;

	err = target_start();
	if (err)
		return err;
	err = device_start();
	if (err)
		target_stop();
	return err;
}

static void __exit scribbler_exit(void)
{
	device_stop();
	target_stop();
}

module_init(scribbler_init);
module_exit(scribbler_exit);
MODULE_DESCRIPTION("Direct Internal Buffer Sharing: lying peer, for tests");
MODULE_AUTHOR("The DIBS authors");
MODULE_LICENSE("GPL");

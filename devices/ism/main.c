// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The module ism.ko: IBM Internal Shared Memory adapters. On IBM Z it drives
 * the PCI function; anywhere, it drives simulated adapters (simulators/ism).
 */
#include <linux/module.h>

#include "ism.h"

static int __init ism_init(void)
{
	return ism_pci_start();
}

static void __exit ism_exit(void)
{
	ism_pci_stop();
}

module_init(ism_init);
module_exit(ism_exit);
MODULE_DESCRIPTION("Direct Internal Buffer Sharing: IBM ISM adapters");
MODULE_AUTHOR("The DIBS authors");
MODULE_LICENSE("GPL");

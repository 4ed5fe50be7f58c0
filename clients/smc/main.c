// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * SMC-D: TCP sockets whose bytes may go through DMBs. This file starts and
 * stops the floors in order of dependency. Start reading in README.md, then
 * state/smc.h. Process context.
 *
 * This module registers everything that is called SMC: AF_SMC, IPPROTO_SMC,
 * sock_diag of the family, the generic netlink families. The distribution's
 * smc module registers the same names, so only one of the two can be loaded;
 * the first registration below that collides fails.
 */
#include <linux/module.h>
#include <linux/netlink.h>
#include <net/genetlink.h>

#include "conn/idle.h"
#include "handshake/device.h"
#include "handshake/pnet.h"
#include "netlink/netlink.h"
#include "socket/socket.h"
#include "state/smc.h"
#include "state/sysctl.h"

static int __init dibs_smc_init(void)
{
	int err;

	err = smc_work_start();
	if (err)
		return err;
	err = smc_tables_start();
	if (err)
		goto stop_work;
	err = smc_stats_start();
	if (err)
		goto stop_tables;
	err = smc_pnets_start();
	if (err)
		goto stop_stats;
	err = smc_devices_start();
	if (err)
		goto stop_pnets;
	/* The first step that fails if another SMC module is loaded. */
	err = smc_netlink_start();
	if (err)
		goto stop_devices;
	err = smc_pnet_netlink_start();
	if (err)
		goto stop_netlink;
	err = smc_sysctls_start();
	if (err)
		goto stop_pnet_netlink;
	err = smc_idle_start();
	if (err)
		goto stop_sysctls;
	err = smc_diag_start();
	if (err)
		goto stop_idle;
	err = smc_families_start();
	if (err)
		goto stop_diag;
	/* From now on TCP looks for the SMC option. */
	static_branch_inc(&tcp_have_smc);
	return 0;

stop_diag:
	smc_diag_stop();
stop_idle:
	smc_idle_stop();
stop_sysctls:
	smc_sysctls_stop();
stop_pnet_netlink:
	smc_pnet_netlink_stop();
stop_netlink:
	smc_netlink_stop();
stop_devices:
	smc_devices_stop();
stop_pnets:
	smc_pnets_stop();
stop_stats:
	smc_stats_stop();
stop_tables:
	smc_tables_stop();
stop_work:
	smc_work_stop();
	/* modprobe takes -EEXIST for success: this module is loaded already. */
	if (err == -EEXIST)
		err = -EBUSY;
	if (err == -EBUSY)
		pr_err("dibs_smc: another module provides AF_SMC: remove it with \"modprobe -r smc_diag smc\", keep it from loading with \"blacklist smc\" in /etc/modprobe.d\n");
	return err;
}

/*
 * No socket is left: each holds a reference to the module. Softirqs that copied
 * a listener's callback pointers just before its release may still run our
 * code; synchronize_net() waits for them.
 */
static void __exit dibs_smc_exit(void)
{
	static_branch_dec(&tcp_have_smc);
	smc_families_stop();
	/* Frees connections that nobody accepted. */
	flush_workqueue(smc_wq);
	smc_idle_stop();
	smc_diag_stop();
	smc_pnet_netlink_stop();
	smc_netlink_stop();
	smc_devices_stop();
	smc_sysctls_stop();
	synchronize_net();
	smc_pnets_stop();
	smc_stats_stop();
	smc_tables_stop();
	smc_work_stop();
}

module_init(dibs_smc_init);
module_exit(dibs_smc_exit);
MODULE_DESCRIPTION("SMC-D sockets over DIBS");
MODULE_AUTHOR("The DIBS authors");
MODULE_LICENSE("GPL");
MODULE_ALIAS_NETPROTO(PF_SMC);
/* 256 is IPPROTO_SMC, 1 is SOCK_STREAM, 4 is NETLINK_SOCK_DIAG. */
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET, 256, 1);
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET6, 256, 1);
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_NETLINK, 4, AF_SMC);
MODULE_ALIAS_GENL_FAMILY("SMC_GEN_NETLINK");
MODULE_ALIAS_GENL_FAMILY("SMC_PNETID");

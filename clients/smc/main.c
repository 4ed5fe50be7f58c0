// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * SMC-D, sockets that are TCP until they can be more: a table of contents.
 * Start reading in smc.h.
 *
 * One module answers for everything that is called SMC: AF_SMC, IPPROTO_SMC,
 * sock_diag of the family, the generic netlink families. The distribution's
 * smc has the same names, so the two exclude each other; what registers first
 * is what finds out.
 */
#include <linux/module.h>
#include <linux/netlink.h>
#include <net/genetlink.h>

#include "device.h"
#include "idle.h"
#include "pnet.h"
#include "smc.h"
#include "sysctl.h"

static int __init dibs_smc_init(void)
{
	int err;

	err = smc_work_start();
	if (err)
		return err;
	err = dibs_smc_tables_start();
	if (err)
		goto stop_work;
	err = smc_stats_start();
	if (err)
		goto stop_tables;
	err = smc_pnets_start();
	if (err)
		goto stop_stats;
	/* The first that a second module of the kind fails at. */
	err = dibs_smc_netlink_start();
	if (err)
		goto stop_pnets;
	err = smc_pnet_netlink_start();
	if (err)
		goto stop_netlink;
	err = smc_sysctls_start();
	if (err)
		goto stop_pnet_netlink;
	err = smc_idle_start();
	if (err)
		goto stop_sysctls;
	err = dibs_smc_diag_start();
	if (err)
		goto stop_idle;
	err = smc_devices_start();
	if (err)
		goto stop_diag;
	err = dibs_smc_families_start();
	if (err)
		goto stop_devices;
	/* From now on TCP looks for the option. */
	static_branch_inc(&tcp_have_smc);
	return 0;

stop_devices:
	smc_devices_stop();
stop_diag:
	dibs_smc_diag_stop();
stop_idle:
	smc_idle_stop();
stop_sysctls:
	smc_sysctls_stop();
stop_pnet_netlink:
	smc_pnet_netlink_stop();
stop_netlink:
	dibs_smc_netlink_stop();
stop_pnets:
	smc_pnets_stop();
stop_stats:
	smc_stats_stop();
stop_tables:
	dibs_smc_tables_stop();
stop_work:
	smc_work_stop();
	/* modprobe takes EEXIST for success: this very module is there. */
	if (err == -EEXIST)
		err = -EBUSY;
	if (err == -EBUSY)
		pr_err("dibs_smc: another module answers for AF_SMC: \"modprobe -r smc_diag smc\", and \"blacklist smc\" in /etc/modprobe.d keeps it away\n");
	return err;
}

/*
 * No socket is left: each holds the module. What may still be in our code are
 * softirqs that copied a listener's pointers just before its release.
 */
static void __exit dibs_smc_exit(void)
{
	static_branch_dec(&tcp_have_smc);
	dibs_smc_families_stop();
	/* Connections that nobody accepted. */
	flush_workqueue(smc_wq);
	smc_idle_stop();
	smc_devices_stop();
	dibs_smc_diag_stop();
	smc_pnet_netlink_stop();
	dibs_smc_netlink_stop();
	smc_sysctls_stop();
	synchronize_net();
	smc_pnets_stop();
	smc_stats_stop();
	dibs_smc_tables_stop();
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

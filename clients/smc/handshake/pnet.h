/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * PNETIDs: names of physical networks. The administrator of a network namespace
 * assigns them to network interfaces and to devices. A device with a PNETID is
 * used only for connections over interfaces with the same one. The interface or
 * device need not exist. Any context but hard interrupts, unless noted.
 */
#ifndef _DIBS_SMC_PNET_H
#define _DIBS_SMC_PNET_H

#include <linux/list.h>
#include <linux/types.h>

struct dibs_dev;
struct net;
struct sock;

#define SMC_PNETID_LEN		16
/* The maximum for names of RDMA devices. */
#define SMC_PNET_NAME_LEN	63

enum smc_pnet_kind {
	SMC_PNET_INTERFACE,
	SMC_PNET_DEVICE,
};

/**
 * struct smc_pnet - the PNETID of one interface or device
 * @entry:  in the namespace's list
 * @kind:   interface or device
 * @port:   port of an RDMA device, or 0; an entry with a port is only listed
 * @pnetid: capital letters and digits
 * @name:   name of the interface or device
 */
struct smc_pnet {
	struct list_head entry;
	enum smc_pnet_kind kind;
	u8 port;
	char pnetid[SMC_PNETID_LEN + 1];
	char name[SMC_PNET_NAME_LEN + 1];
};

int smc_pnet_set_id(struct smc_pnet *pnet, const char *text, size_t len);
int smc_pnet_add(struct net *net, const struct smc_pnet *wanted);
int smc_pnet_del(struct net *net, const char *pnetid);
void smc_pnet_flush(struct net *net);
bool smc_pnet_of_device(const struct net *net, const struct dibs_dev *dev,
			char pnetid[SMC_PNETID_LEN + 1]);
void smc_pnet_of_route(struct sock *sk, char pnetid[SMC_PNETID_LEN + 1]);
bool smc_pnet_each(const struct net *net,
		   bool (*fn)(const struct smc_pnet *pnet, void *arg),
		   void *arg);
int smc_pnets_start(void);
void smc_pnets_stop(void);

#endif /* _DIBS_SMC_PNET_H */

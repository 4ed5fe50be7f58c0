// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * SMC-D as a client of the DIBS core: chooses among the devices for a
 * connection. A namespace's private devices come first, then
 * the shared ones. The core calls the client operations, handshakes and netlink
 * the rest. Process context unless noted.
 */
#include <linux/err.h>

#include "conn/conn.h"
#include "conn/group.h"
#include "handshake/device.h"
#include "handshake/eids.h"
#include "handshake/pnet.h"

static int smc_device_add(struct dibs_client *client, struct dibs_dev *dev)
{
	/* dibs_next_dev() finds it. */
	return 0;
}

static void smc_device_del(struct dibs_client *client, struct dibs_dev *dev)
{
	smc_groups_remove_dev(dev);
}

static void smc_device_event(struct dibs_client *client, struct dibs_dev *dev,
			     const struct dibs_event *event)
{
	smc_groups_event(dev, event);
}

/* May the namespace use any device? Any context. */
bool smc_devices_any(struct net *net)
{
	return dibs_any_dev(smc_dibs_client, net);
}

/* The entries that the devices chosen so far take in a proposal. */
static unsigned int smc_choice_entries(const struct smc_choice *choice)
{
	unsigned int i, entries = 0;

	for (i = 0; i < choice->count; i++)
		entries += smc_clc_chid_is_emulated(choice->device[i].chid) ?
			   2 : 1;
	return entries;
}

static void smc_choice_add(struct smc_choice *choice, struct dibs_dev *dev)
{
	struct smc_clc_device *device = &choice->device[choice->count];
	u16 chid = dibs_dev_fabric_id(dev);
	unsigned int entries = smc_clc_chid_is_emulated(chid) ? 2 : 1;

	if (smc_choice_entries(choice) + entries > SMC_CLC_GIDS_MAX)
		return;
	device->chid = chid;
	device->gid = *dibs_dev_gid(dev);
	choice->dev[choice->count++] = dibs_dev_get(dev);
}

static bool smc_devices_each_of(const struct net *net, bool shared,
				bool (*fn)(struct dibs_dev *dev, void *arg),
				void *arg)
{
	struct dibs_dev *dev;
	bool all = true;
	u32 after = 0;

	while (all && (dev = dibs_next_dev(smc_dibs_client, net, shared,
					   after))) {
		all = fn(dev, arg);
		after = dibs_dev_index(dev);
		dibs_dev_put(dev);
	}
	return all;
}

/*
 * Calls @fn for each device that the namespace may use until it returns false,
 * private ones first. Returns true if @fn never did. May sleep.
 */
bool smc_devices_each(const struct net *net,
		      bool (*fn)(struct dibs_dev *dev, void *arg), void *arg)
{
	return smc_devices_each_of(net, false, fn, arg) &&
	       smc_devices_each_of(net, true, fn, arg);
}

/*
 * May a connection use the device if it leaves through an interface with the
 * PNETID @via? @via is empty if the interface has none.
 */
static bool smc_device_fits(const struct dibs_dev *dev, const struct net *net,
			    const char *via)
{
	char pnetid[SMC_PNETID_LEN + 1];

	return !smc_pnet_of_device(net, dev, pnetid) || !strcmp(pnetid, via);
}

/* A connection that devices are chosen for. */
struct smc_choice_request {
	struct smc_choice *choice;
	const struct net *net;
	char via[SMC_PNETID_LEN + 1];
};

static bool smc_choice_consider(struct dibs_dev *dev, void *arg)
{
	struct smc_choice_request *request = arg;

	if (smc_device_fits(dev, request->net, request->via))
		smc_choice_add(request->choice, dev);
	return true;
}

/*
 * Collects the devices that a connection may use, as many as fit into a
 * proposal. The caller calls smc_choice_drop() in the end.
 */
void smc_choice_make(struct smc_choice *choice, struct sock *sk)
{
	struct smc_choice_request request = {
		.choice = choice,
		.net = sock_net(sk),
	};

	smc_pnet_of_route(sk, request.via);
	choice->count = 0;
	smc_devices_each(request.net, smc_choice_consider, &request);
}

/* Gets the system EID. False if it is disabled or no chosen device has one. */
bool smc_choice_seid(const struct smc_choice *choice, struct smc_eid *seid)
{
	unsigned int i;

	BUILD_BUG_ON(sizeof(seid->text) != DIBS_SEID_LEN);
	for (i = 0; i < choice->count && smc_eids_seid_enabled(); i++) {
		const char *text = dibs_dev_seid(choice->dev[i]);

		if (!text)
			continue;
		memcpy(seid->text, text, sizeof(seid->text));
		return true;
	}
	return false;
}

/* Drops the references of smc_choice_make(). */
void smc_choice_drop(struct smc_choice *choice)
{
	while (choice->count)
		dibs_dev_put(choice->dev[--choice->count]);
}

static const struct dibs_client_ops smc_client_ops = {
	.add_dev = smc_device_add,
	.del_dev = smc_device_del,
	.handle_signal = smc_conn_signalled,
	.handle_event = smc_device_event,
};

int smc_devices_start(void)
{
	smc_dibs_client = dibs_register_client(&smc_client_ops, "smc", NULL);
	return PTR_ERR_OR_ZERO(smc_dibs_client);
}

/* Called when no connection is left. */
void smc_devices_stop(void)
{
	smc_groups_shut_down();
	dibs_unregister_client(smc_dibs_client);
	smc_groups_stop();
}

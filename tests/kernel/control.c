// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Commands for system tests, written to the parameter "do". The write fails
 * with the error of the command. The client "selftest" executes them on behalf
 * of the writer's network namespace.
 *
 *	register DEV LEN	register a DMB; only one at a time
 *	attach			attach the DMB
 *	populate		allocate all of its memory
 *	move			overwrite all of it, with signals
 *	detach			detach the DMB
 *	unregister		unregister the DMB
 *	hostile WHAT DEV	do something the core must refuse, see below
 *	load THREADS		start load on all devices, see load.c
 *	stop			stop the load
 *	race			cause a data race, see data_race.c
 *	use DEV			set the device of /dev/dibs_selftest
 *	device DEV ADDRESS	create a device with this PCI function as its
 *				parent; only one at a time
 *	no-device		delete that device
 *
 * The parameter "bytes" shows the first bytes of the DMB, as read by its owner.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/nsproxy.h>
#include <linux/pci.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "fake_device.h"
#include "service.h"

struct tclient service;
static struct tclient stranger;

/* The DMB that commands are about. */
static struct session {
	struct dibs_dmb *dmb;
	struct dibs_attachment *att;
	struct watch watch;
} session;

static struct pci_dev *pci_function;	/* parent of pci_device */
static struct fake *pci_device;

static DEFINE_MUTEX(control_lock);	/* guards session, pci_*, ready */
static bool ready;

struct dibs_dev *service_dev(struct tclient *tc, const char *name)
{
	struct dibs_dev *dev = NULL;
	unsigned int i;

	spin_lock_bh(&tc->lock);
	for (i = 0; i < TCLIENT_DEVS && !dev; i++)
		if (tc->devs[i] && !strcmp(dibs_dev_name(tc->devs[i]), name))
			dev = dibs_dev_get(tc->devs[i]);
	spin_unlock_bh(&tc->lock);
	return dev;
}

static struct net *writer_net(void)
{
	return current->nsproxy->net_ns;
}

static struct dibs_attachment *try_attach(struct tclient *tc, struct net *net,
					  u64 flip, u32 more)
{
	struct dibs_dev *dev = dibs_dmb_dev(session.dmb);
	const struct dibs_attach_params params = {
		.rgid = *dibs_dev_gid(dev),
		.token = dibs_dmb_token(session.dmb) ^ flip,
		.len = dibs_dmb_len(session.dmb) + more,
	};

	return dibs_attach_dmb(tc->client, dev, net, &params);
}

/* Commands. Missing arguments are empty strings. */

static int do_register_for(const char *name, u32 len, const uuid_t *rgid,
			   struct net *net)
{
	struct dibs_dmb_params params = { .len = len, .header_len = 1 };
	struct dibs_dev *dev;
	struct dibs_dmb *dmb;

	if (session.dmb)
		return -EALREADY;
	dev = service_dev(&service, name);
	if (!dev)
		return -ENODEV;
	memset(&session.watch, 0, sizeof(session.watch));
	params.rgid = rgid ? *rgid : *dibs_dev_gid(dev);
	params.priv = &session.watch;
	dmb = dibs_register_dmb(service.client, dev, net, &params);
	dibs_dev_put(dev);
	if (!IS_ERR(dmb))
		session.dmb = dmb;
	return PTR_ERR_OR_ZERO(dmb);
}

static int do_register(const char *name, const char *len)
{
	unsigned int n = 65536;

	if (*len && kstrtouint(len, 0, &n))
		return -EINVAL;
	return do_register_for(name, n, NULL, writer_net());
}

static int do_attach(const char *a, const char *b)
{
	struct dibs_attachment *att;

	if (!session.dmb || session.att)
		return -EBADFD;
	att = try_attach(&service, writer_net(), 0, 0);
	if (!IS_ERR(att))
		session.att = att;
	return PTR_ERR_OR_ZERO(att);
}

static int do_populate(const char *a, const char *b)
{
	if (!session.att)
		return -EBADFD;
	return dibs_attachment_populate(session.att, 0,
					dibs_attachment_len(session.att));
}

static int do_move(const char *a, const char *b)
{
	static const u8 bytes[4096] = { [0 ... 4095] = 0xc5 };
	u32 offset, size, len;
	int err;

	if (!session.att)
		return -EBADFD;
	len = dibs_attachment_len(session.att);
	for (offset = 0; offset < len; offset += size) {
		size = min_t(u32, sizeof(bytes), len - offset);
		err = dibs_move_data(session.att, 0, true, offset, bytes,
				     size);
		if (err)
			return err;
	}
	return 0;
}

static int do_detach(const char *a, const char *b)
{
	return dibs_detach_dmb(service.client, &session.att);
}

static int do_unregister(const char *a, const char *b)
{
	if (!session.dmb)
		return -EBADFD;
	dibs_unregister_dmb(session.dmb);
	session.dmb = NULL;
	return 0;
}

/* Acts that must be refused, each with a DMB of its own. */

static int bad_attach(struct tclient *tc, struct dibs_attachment *att)
{
	if (IS_ERR(att))
		return PTR_ERR(att);
	dibs_detach_dmb(tc->client, &att);
	return 0;
}

static int act_token(void)
{
	return bad_attach(&service,
			  try_attach(&service, writer_net(), 1, 0));
}

static int act_gid(void)
{
	return bad_attach(&service,
			  try_attach(&service, writer_net(), 0, 0));
}

static int act_client(void)
{
	return bad_attach(&stranger,
			  try_attach(&stranger, writer_net(), 0, 0));
}

static int act_length(void)
{
	return bad_attach(&service,
			  try_attach(&service, writer_net(), 0, 1));
}

static int act_closed(void)
{
	dibs_dmb_close(session.dmb);
	return act_gid();
}

static int act_busy(void)
{
	return act_gid();
}

static int act_range(void)
{
	return dibs_move_data(session.att, 0, true,
			      dibs_attachment_len(session.att), "x", 1);
}

static int act_mask(void)
{
	return dibs_move_data(session.att, 16, true, 0, "x", 1);
}

static int act_stale(void)
{
	do_unregister("", "");
	return dibs_move_data(session.att, 0, true, 0, "x", 1);
}

static int act_detached(void)
{
	dibs_detach_dmb(service.client, &session.att);
	return dibs_detach_dmb(service.client, &session.att);
}

static const struct act {
	const char *word;
	int (*act)(void);
	bool attached;		/* attach the DMB before */
	bool elsewhere;		/* DMB of the initial namespace */
	bool dedicated;		/* DMB dedicated to another GID */
} acts[] = {
	{ "token", act_token },
	{ "gid", act_gid, .dedicated = true },
	{ "client", act_client },
	{ "netns", act_gid, .elsewhere = true },
	{ "length", act_length },
	{ "closed", act_closed },
	{ "busy", act_busy, .attached = true },
	{ "range", act_range, .attached = true },
	{ "mask", act_mask, .attached = true },
	{ "stale", act_stale, .attached = true },
	{ "detached", act_detached, .attached = true },
};

static int do_act(const struct act *act, const char *name)
{
	struct net *net = act->elsewhere ? &init_net : writer_net();
	uuid_t gid;
	int err;

	uuid_gen(&gid);
	err = do_register_for(name, 10000, act->dedicated ? &gid : NULL, net);
	if (err)
		return err;
	if (act->attached)
		err = do_attach("", "");
	if (!err)
		err = act->act();
	if (session.att)
		do_detach("", "");
	if (session.dmb)
		do_unregister("", "");
	return err;
}

static int do_hostile(const char *what, const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(acts); i++)
		if (!strcmp(acts[i].word, what))
			return do_act(&acts[i], name);
	return -ENOTTY;
}

static int do_load(const char *threads, const char *b)
{
	unsigned int n = num_online_cpus();

	if (*threads && kstrtouint(threads, 0, &n))
		return -EINVAL;
	return load_start(n);
}

static int do_stop(const char *a, const char *b)
{
	return load_stop();
}

static int do_race(const char *a, const char *b)
{
	return race_run();
}

static int do_use(const char *name, const char *b)
{
	user_device_use(name);
	return 0;
}

static int do_no_device(const char *a, const char *b)
{
	fake_free(pci_device);
	pci_dev_put(pci_function);
	pci_device = NULL;
	pci_function = NULL;
	return 0;
}

static int do_device(const char *name, const char *address)
{
	struct fake_options opt = { .name = name };
	unsigned int domain, bus, slot, function;

	if (pci_device)
		return -EALREADY;
	if (sscanf(address, "%x:%x:%x.%x", &domain, &bus, &slot, &function) !=
	    4)
		return -EINVAL;
	pci_function = pci_get_domain_bus_and_slot(domain, bus,
						   PCI_DEVFN(slot, function));
	if (!pci_function)
		return -ENODEV;
	opt.parent = &pci_function->dev;
	pci_device = fake_new(&opt);
	if (pci_device)
		return 0;
	do_no_device("", "");
	return -ENOMEM;
}

static const struct command {
	const char *word;
	int (*run)(const char *a, const char *b);
} commands[] = {
	{ "register", do_register },
	{ "attach", do_attach },
	{ "populate", do_populate },
	{ "move", do_move },
	{ "detach", do_detach },
	{ "unregister", do_unregister },
	{ "hostile", do_hostile },
	{ "load", do_load },
	{ "stop", do_stop },
	{ "race", do_race },
	{ "use", do_use },
	{ "device", do_device },
	{ "no-device", do_no_device },
};

static int control_run(const char *word, const char *a, const char *b)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].word, word))
			break;
	if (i == ARRAY_SIZE(commands))
		return -ENOTTY;
	mutex_lock(&control_lock);
	err = ready ? commands[i].run(a, b) : -EAGAIN;
	mutex_unlock(&control_lock);
	return err;
}

static int control_set(const char *value, const struct kernel_param *kp)
{
	char word[16] = "", a[32] = "", b[32] = "";

	if (sscanf(value, "%15s %31s %31s", word, a, b) < 1)
		return -EINVAL;
	return control_run(word, a, b);
}

static const struct kernel_param_ops control_ops = {
	.set = control_set,
};

module_param_cb(do, &control_ops, NULL, 0200);
MODULE_PARM_DESC(do, "a command, see control.c");

static int bytes_get(char *buffer, const struct kernel_param *kp)
{
	u8 bytes[16];
	int err = -ENODATA;

	mutex_lock(&control_lock);
	if (session.dmb)
		err = dibs_dmb_read(session.dmb, 0, bytes, sizeof(bytes));
	mutex_unlock(&control_lock);
	return err ? : sysfs_emit(buffer, "%*ph\n", (int)sizeof(bytes), bytes);
}

static const struct kernel_param_ops bytes_ops = {
	.get = bytes_get,
};

module_param_cb(bytes, &bytes_ops, NULL, 0400);
MODULE_PARM_DESC(bytes, "the first bytes of the DMB");

int control_start(void)
{
	int err;

	err = tclient_register(&service, "selftest");
	if (err)
		return err;
	err = tclient_register(&stranger, "selftest-other");
	if (err) {
		tclient_unregister(&service);
		return err;
	}
	mutex_lock(&control_lock);
	ready = true;
	mutex_unlock(&control_lock);
	return 0;
}

void control_stop(void)
{
	mutex_lock(&control_lock);
	ready = false;
	do_no_device("", "");
	mutex_unlock(&control_lock);
	tclient_unregister(&stranger);
	/* Also gives back the handles of the session. */
	tclient_unregister(&service);
}

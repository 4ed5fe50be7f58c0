// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Loopback: one kernel shares memory with itself, for the containers on it.
 * This module provides the device "lo", shared by all network namespaces.
 * Administrators create more with "dibs device add", each private to a
 * namespace.
 *
 * A loopback device has no hardware. Its peer is itself, so the core makes the
 * tokens, and finds, checks and holds the DMB of an attachment; the driver only
 * has to copy and to signal. To write another driver, start here, then read
 * <linux/dibs_device.h>.
 */
#include <linux/err.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uuid.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include <linux/dibs_device.h>

/* Default limits of a device. */
#define DIBS_LO_MAX_DMBS	BIT(20)
#define DIBS_LO_MAX_DMB_LEN	SZ_16M
/* The most an administrator can ask for. */
#define DIBS_LO_MAX_DMB_LEN_EVER	SZ_256M

/* A device of this kind. */
struct dibs_lo {
	struct list_head entry;
	struct dibs_dev *dev;
};

/* The devices that are deleted with a namespace. */
struct dibs_lo_net {
	struct list_head devs;
};

static unsigned int dibs_lo_net_id;
static DEFINE_MUTEX(dibs_lo_lock);	/* guards dibs_lo_net.devs */

static struct dibs_lo_net *dibs_lo_net(const struct net *net)
{
	return net_generic(net, dibs_lo_net_id);
}

static int dibs_lo_register_dmb(struct dibs_dev *dev, struct dibs_dmb *dmb)
{
	return dibs_dmb_alloc_pages(dmb);
}

static int dibs_lo_query_remote_gid(struct dibs_dev *dev, const uuid_t *rgid,
				    struct dibs_vlan vlan)
{
	return uuid_equal(rgid, dibs_dev_gid(dev)) ? 0 : -ENETUNREACH;
}

static int dibs_lo_move_data(struct dibs_dev *dev, struct dibs_attachment *att,
			     unsigned int idx, bool signal, u32 offset,
			     const void *data, u32 size)
{
	struct dibs_dmb *dmb = dibs_attachment_target(att);
	int err;

	if (size) {
		err = dibs_dmb_write(dmb, offset, data, size);
		if (err)
			return err;
	}
	/* Its atomic operation orders the signal after the bytes. */
	if (signal)
		dibs_dmb_signal(dmb, dibs_signal_mask(idx));
	return 0;
}

static int dibs_lo_attach_dmb(struct dibs_dev *dev,
			      struct dibs_attachment *att)
{
	dibs_attachment_map(att);
	return 0;
}

/* Nothing to do: the core holds the memory until the last handle is gone. */
static void dibs_lo_detach_dmb(struct dibs_dev *dev,
			       struct dibs_attachment *att)
{
}

static int dibs_lo_signal_event(struct dibs_dev *dev, const uuid_t *rgid,
				bool trigger, u32 code, u64 info)
{
	const struct dibs_event event = {
		.type = DIBS_EVENT_SW,
		.subtype = code,
		.gid = *dibs_dev_gid(dev),
		.data = info,
	};

	if (!uuid_equal(rgid, dibs_dev_gid(dev)))
		return -ENETUNREACH;
	dibs_event(dev, &event);
	return 0;
}

static const struct dibs_dev_ops dibs_lo_ops = {
	.register_dmb = dibs_lo_register_dmb,
	.query_remote_gid = dibs_lo_query_remote_gid,
	.move_data = dibs_lo_move_data,
	.attach_dmb = dibs_lo_attach_dmb,
	.detach_dmb = dibs_lo_detach_dmb,
	.signal_event = dibs_lo_signal_event,
};

static int dibs_lo_create(struct net *net, const struct dibs_dev_info *info)
{
	struct dibs_lo *lo;
	int err;

	lo = kzalloc(sizeof(*lo), GFP_KERNEL_ACCOUNT);
	if (!lo)
		return -ENOMEM;
	lo->dev = dibs_dev_alloc(&dibs_lo_ops, info, lo);
	if (IS_ERR(lo->dev)) {
		err = PTR_ERR(lo->dev);
		goto free;
	}
	mutex_lock(&dibs_lo_lock);
	err = dibs_dev_add(lo->dev);
	if (!err)
		list_add_tail(&lo->entry, &dibs_lo_net(net)->devs);
	mutex_unlock(&dibs_lo_lock);
	if (err)
		goto put;
	return 0;

put:
	dibs_dev_put(lo->dev);
free:
	kfree(lo);
	return err;
}

static void dibs_lo_destroy(struct dibs_lo *lo)
{
	lockdep_assert_held(&dibs_lo_lock);
	list_del(&lo->entry);
	dibs_dev_del(lo->dev);
	dibs_dev_put(lo->dev);
	kfree(lo);
}

static struct dibs_dev_kind dibs_lo_kind;

static int dibs_lo_kind_add(struct net *net, const char *name, u32 max_dmbs,
			    u32 max_dmb_len, struct netlink_ext_ack *extack)
{
	struct dibs_dev_info info = {
		.name = name,
		.fabric_id = DIBS_FABRIC_LOOPBACK,
		.max_dmbs = max_dmbs ? : DIBS_LO_MAX_DMBS,
		.max_dmb_len = max_dmb_len ? : DIBS_LO_MAX_DMB_LEN,
		.net = net,
		.kind = &dibs_lo_kind,
	};
	int err;

	if (max_dmbs > DIBS_LO_MAX_DMBS) {
		NL_SET_ERR_MSG(extack, "too many DMBs");
		return -ERANGE;
	}
	if (max_dmb_len > DIBS_LO_MAX_DMB_LEN_EVER) {
		NL_SET_ERR_MSG(extack, "DMBs too long");
		return -ERANGE;
	}
	uuid_gen(&info.gid);
	err = dibs_lo_create(net, &info);
	if (err == -EEXIST)
		NL_SET_ERR_MSG(extack, "a device of this name exists");
	return err;
}

/* Callers may race; the one that finds the device in the list deletes it. */
static void dibs_lo_kind_del(struct net *net, struct dibs_dev *dev)
{
	struct dibs_lo *lo, *next;

	mutex_lock(&dibs_lo_lock);
	list_for_each_entry_safe(lo, next, &dibs_lo_net(net)->devs, entry)
		if (lo->dev == dev)
			dibs_lo_destroy(lo);
	mutex_unlock(&dibs_lo_lock);
}

static struct dibs_dev_kind dibs_lo_kind = {
	.name = "loopback",
	.owner = THIS_MODULE,
	.add = dibs_lo_kind_add,
	.del = dibs_lo_kind_del,
};

/* "lo" has no kind: it is only deleted with this module. */
static int __init dibs_lo_create_shared(void)
{
	struct dibs_dev_info info = {
		.name = "lo",
		.fabric_id = DIBS_FABRIC_LOOPBACK,
		.max_dmbs = DIBS_LO_MAX_DMBS,
		.max_dmb_len = DIBS_LO_MAX_DMB_LEN,
	};

	uuid_gen(&info.gid);
	return dibs_lo_create(&init_net, &info);
}

static int __net_init dibs_lo_net_init(struct net *net)
{
	INIT_LIST_HEAD(&dibs_lo_net(net)->devs);
	return 0;
}

/* Also called, with all namespaces, when the module is unloaded. */
static void __net_exit dibs_lo_net_exit_batch(struct list_head *nets)
{
	struct dibs_lo *lo, *next;
	struct net *net;

	dibs_devs_stop(nets);
	mutex_lock(&dibs_lo_lock);
	list_for_each_entry(net, nets, exit_list)
		list_for_each_entry_safe(lo, next, &dibs_lo_net(net)->devs,
					 entry)
			dibs_lo_destroy(lo);
	mutex_unlock(&dibs_lo_lock);
}

static struct pernet_operations dibs_lo_net_ops = {
	.init = dibs_lo_net_init,
	.exit_batch = dibs_lo_net_exit_batch,
	.id = &dibs_lo_net_id,
	.size = sizeof(struct dibs_lo_net),
};

static int __init dibs_lo_init(void)
{
	int err;

	err = register_pernet_subsys(&dibs_lo_net_ops);
	if (err)
		return err;
	err = dibs_lo_create_shared();
	if (err)
		goto unregister_net;
	err = dibs_register_kind(&dibs_lo_kind);
	if (err)
		goto unregister_net;
	return 0;

unregister_net:
	unregister_pernet_subsys(&dibs_lo_net_ops);
	return err;
}

static void __exit dibs_lo_exit(void)
{
	dibs_unregister_kind(&dibs_lo_kind);
	unregister_pernet_subsys(&dibs_lo_net_ops);
}

module_init(dibs_lo_init);
module_exit(dibs_lo_exit);
MODULE_ALIAS_DIBS_KIND("loopback");
MODULE_DESCRIPTION("Direct Internal Buffer Sharing: loopback device");
MODULE_AUTHOR("The DIBS authors");
MODULE_LICENSE("GPL");

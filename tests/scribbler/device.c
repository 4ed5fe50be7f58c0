// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The device "scribble": like devices/loopback, but it exposes its DMBs to the
 * threads that scribble in them.
 */
#include <linux/err.h>
#include <linux/sizes.h>
#include <linux/uuid.h>

#include <linux/dibs_device.h>

#include "scribbler.h"

static struct dibs_dev *device;

static int device_register_dmb(struct dibs_dev *dev, struct dibs_dmb *dmb)
{
	int err = dibs_dmb_alloc_pages(dmb);

	if (!err)
		err = target_search(dmb);
	if (!err)
		target_add(dmb);
	return err;
}

static void device_unregister_dmb(struct dibs_dev *dev, struct dibs_dmb *dmb)
{
	target_del(dmb);
}

static int device_query_remote_gid(struct dibs_dev *dev, const uuid_t *rgid,
				   struct dibs_vlan vlan)
{
	return uuid_equal(rgid, dibs_dev_gid(dev)) ? 0 : -ENETUNREACH;
}

static int device_move_data(struct dibs_dev *dev, struct dibs_attachment *att,
			    unsigned int idx, bool signal, u32 offset,
			    const void *data, u32 size)
{
	struct dibs_dmb *dmb = dibs_attachment_target(att);
	int err = size ? dibs_dmb_write(dmb, offset, data, size) : 0;

	if (!err && signal)
		dibs_dmb_signal(dmb, dibs_signal_mask(idx));
	return err;
}

static int device_attach_dmb(struct dibs_dev *dev, struct dibs_attachment *att)
{
	dibs_attachment_map(att);
	return 0;
}

static void device_detach_dmb(struct dibs_dev *dev,
			      struct dibs_attachment *att)
{
}

static const struct dibs_dev_ops device_ops = {
	.register_dmb = device_register_dmb,
	.unregister_dmb = device_unregister_dmb,
	.query_remote_gid = device_query_remote_gid,
	.move_data = device_move_data,
	.attach_dmb = device_attach_dmb,
	.detach_dmb = device_detach_dmb,
};

int device_start(void)
{
	struct dibs_dev_info info = {
		.name = "scribble",
		.fabric_id = DIBS_FABRIC_LOOPBACK,
		.max_dmbs = SZ_64K,
		.max_dmb_len = SZ_16M,
	};
	int err;

	uuid_gen(&info.gid);
	device = dibs_dev_alloc(&device_ops, &info, NULL);
	if (IS_ERR(device))
		return PTR_ERR(device);
	err = dibs_dev_add(device);
	if (err)
		dibs_dev_put(device);
	return err;
}

void device_stop(void)
{
	dibs_dev_del(device);
	dibs_dev_put(device);
}

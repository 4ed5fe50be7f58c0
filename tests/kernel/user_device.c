// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * /dev/dibs_selftest: each open file has its own DMB and attachment, on the
 * device set by the command "use". Writes move user memory into the DMB at the
 * file's position, reads copy it back. Programs use it to test pages that are
 * missing, slow or never arrive.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "service.h"

#define FILE_LEN	SZ_1M

struct user_file {
	struct dibs_dmb *dmb;
	struct dibs_attachment *att;
	struct watch watch;
};

static char use_name[DIBS_NAME_LEN] = "lo";	/* control_lock */

void user_device_use(const char *name)
{
	strscpy(use_name, name, sizeof(use_name));
}

static int user_connect(struct user_file *uf, struct dibs_dev *dev)
{
	struct net *net = current->nsproxy->net_ns;
	struct dibs_dmb_params params = {
		.rgid = *dibs_dev_gid(dev),
		.len = FILE_LEN,
		.priv = &uf->watch,
	};
	struct dibs_attach_params attach = { .rgid = params.rgid };
	int err;

	uf->dmb = dibs_register_dmb(service.client, dev, net, &params);
	if (IS_ERR(uf->dmb))
		return PTR_ERR(uf->dmb);
	attach.token = dibs_dmb_token(uf->dmb);
	attach.len = FILE_LEN;
	uf->att = dibs_attach_dmb(service.client, dev, net, &attach);
	if (!IS_ERR(uf->att))
		return 0;
	err = PTR_ERR(uf->att);
	dibs_unregister_dmb(uf->dmb);
	return err;
}

static int user_open(struct inode *inode, struct file *file)
{
	struct dibs_dev *dev = service_dev(&service, use_name);
	struct user_file *uf;
	int err = -ENOMEM;

	if (!dev)
		return -ENODEV;
	uf = kzalloc(sizeof(*uf), GFP_KERNEL);
	if (uf)
		err = user_connect(uf, dev);
	dibs_dev_put(dev);
	if (err) {
		kfree(uf);
		return err;
	}
	file->private_data = uf;
	return 0;
}

static int user_release(struct inode *inode, struct file *file)
{
	struct user_file *uf = file->private_data;

	dibs_detach_dmb(service.client, &uf->att);
	dibs_unregister_dmb(uf->dmb);
	kfree(uf);
	return 0;
}

/* How many bytes fit between the position and the end; 0 at the end. */
static size_t user_size(struct kiocb *iocb, struct iov_iter *iter)
{
	if (iocb->ki_pos < 0 || iocb->ki_pos >= FILE_LEN)
		return 0;
	return min_t(u64, iov_iter_count(iter), FILE_LEN - iocb->ki_pos);
}

static ssize_t user_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct user_file *uf = iocb->ki_filp->private_data;
	size_t size = user_size(iocb, from);
	ssize_t n;

	if (!size)
		return iov_iter_count(from) ? -ENOSPC : 0;
	n = dibs_move_iter(uf->att, 0, true, iocb->ki_pos, from, size);
	if (n > 0)
		iocb->ki_pos += n;
	return n;
}

static ssize_t user_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct user_file *uf = iocb->ki_filp->private_data;
	size_t size = user_size(iocb, to);
	ssize_t n;

	if (!size)
		return 0;
	n = dibs_dmb_read_iter(uf->dmb, iocb->ki_pos, to, size);
	if (n > 0)
		iocb->ki_pos += n;
	return n;
}

static const struct file_operations user_fops = {
	.owner = THIS_MODULE,
	.open = user_open,
	.release = user_release,
	.write_iter = user_write_iter,
	.read_iter = user_read_iter,
	.llseek = default_llseek,
};

static struct miscdevice user_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "dibs_selftest",
	.fops = &user_fops,
	.mode = 0600,
};

int user_device_start(void)
{
	return misc_register(&user_device);
}

void user_device_stop(void)
{
	misc_deregister(&user_device);
}

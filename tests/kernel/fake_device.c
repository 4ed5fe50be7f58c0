// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * See fake_device.h. A fake that is not on the loopback fabric looks up the
 * target of a move by token among all fakes, like the firmware of an adapter,
 * and checks what only the owner's side knows.
 */
#include <linux/err.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "fake_device.h"

struct fake_dmb {
	struct list_head entry;
	struct dibs_dmb *dmb;
	u64 token;
	u32 index;
	u32 generation;
};

static LIST_HEAD(fakes);
static DEFINE_SPINLOCK(fakes_lock);	/* guards fakes and their DMBs */
static u64 fake_last_token;

static int fake_begin(struct fake *fake, enum fake_op op)
{
	atomic_inc(&fake->running);
	if (READ_ONCE(fake->deleted))
		atomic_inc(&fake->late);
	atomic_inc(&fake->calls[op]);
	if (fake->hook)
		fake->hook(fake, op);
	return READ_ONCE(fake->fail[op]);
}

static int fake_end(struct fake *fake, int err)
{
	atomic_dec(&fake->running);
	return err;
}

static bool fake_local(const struct fake *fake)
{
	return fake->opt.fabric == DIBS_FABRIC_LOOPBACK;
}

/* Signals. */

static void fake_signal_now(struct fake *fake)
{
	u32 index, generation;
	u16 mask;

	spin_lock_bh(&fake->lock);
	index = fake->index;
	generation = fake->generation;
	mask = fake->mask;
	fake->mask = 0;
	spin_unlock_bh(&fake->lock);
	dibs_dev_signal(fake->dev, index, generation, mask);
}

static void fake_work(struct work_struct *work)
{
	fake_signal_now(container_of(work, struct fake, work));
}

static void fake_tasklet(struct tasklet_struct *tasklet)
{
	fake_signal_now(container_of(tasklet, struct fake, tasklet));
}

void fake_signal(struct fake *fake, u32 index, u32 generation, u16 mask)
{
	if (fake->context == FAKE_SENDER) {
		dibs_dev_signal(fake->dev, index, generation, mask);
		return;
	}
	spin_lock_bh(&fake->lock);
	/* Tests need only one pending DMB; signals for it merge. */
	if (fake->index != index || fake->generation != generation)
		fake->mask = 0;
	fake->index = index;
	fake->generation = generation;
	fake->mask |= mask;
	spin_unlock_bh(&fake->lock);
	if (fake->context == FAKE_WORKER)
		schedule_work(&fake->work);
	else
		tasklet_schedule(&fake->tasklet);
}

/* Operations. */

static int fake_alloc_memory(struct fake *fake, struct dibs_dmb *dmb)
{
	return fake->opt.linear ? dibs_dmb_alloc_linear(dmb) :
				  dibs_dmb_alloc_pages(dmb);
}

static int fake_publish(struct fake *fake, struct dibs_dmb *dmb)
{
	struct fake_dmb *fd = kzalloc(sizeof(*fd), GFP_KERNEL);

	if (!fd)
		return -ENOMEM;
	fd->dmb = dmb;
	fd->index = dibs_dmb_index(dmb);
	fd->generation = dibs_dmb_generation(dmb);
	dibs_dmb_set_dev_priv(dmb, fd);
	spin_lock_bh(&fakes_lock);
	fd->token = ++fake_last_token;
	list_add_tail(&fd->entry, &fake->dmbs);
	spin_unlock_bh(&fakes_lock);
	if (!fake->zero_token)
		dibs_dmb_set_token(dmb, fd->token);
	return 0;
}

static int fake_register_dmb(struct dibs_dev *dev, struct dibs_dmb *dmb)
{
	struct fake *fake = dibs_dev_priv(dev);
	int err = fake_begin(fake, FAKE_REGISTER);

	/* Memory first: the core frees it after an error. */
	if (!err || err == -EUCLEAN)
		err = fake_alloc_memory(fake, dmb) ? : err;
	if (!err && !fake_local(fake))
		err = fake_publish(fake, dmb);
	return fake_end(fake, err);
}

static void fake_unregister_dmb(struct dibs_dev *dev, struct dibs_dmb *dmb)
{
	struct fake *fake = dibs_dev_priv(dev);
	struct fake_dmb *fd = dibs_dmb_dev_priv(dmb);

	fake_begin(fake, FAKE_UNREGISTER);
	if (fd) {
		spin_lock_bh(&fakes_lock);
		list_del(&fd->entry);
		spin_unlock_bh(&fakes_lock);
		kfree(fd);
	}
	fake_end(fake, 0);
}

static int fake_query_remote_gid(struct dibs_dev *dev, const uuid_t *rgid,
				 struct dibs_vlan vlan)
{
	struct fake *other, *fake = dibs_dev_priv(dev);
	int err = fake_begin(fake, FAKE_QUERY);

	if (!err) {
		err = -ENETUNREACH;
		spin_lock_bh(&fakes_lock);
		list_for_each_entry(other, &fakes, entry)
			if (other->opt.fabric == fake->opt.fabric &&
			    uuid_equal(&other->gid, rgid))
				err = 0;
		spin_unlock_bh(&fakes_lock);
	}
	return fake_end(fake, err);
}

static struct fake_dmb *fake_find(struct fake *fake, const uuid_t *rgid,
				  u64 token, struct fake **owner)
{
	struct fake_dmb *fd;
	struct fake *other;

	lockdep_assert_held(&fakes_lock);
	list_for_each_entry(other, &fakes, entry) {
		if (other->opt.fabric != fake->opt.fabric ||
		    !uuid_equal(&other->gid, rgid))
			continue;
		*owner = other;
		list_for_each_entry(fd, &other->dmbs, entry)
			if (fd->token == token)
				return fd;
	}
	return NULL;
}

/* In an RCU read-side section, so that the owner stays until signalled. */
static int fake_move_remote(struct fake *fake, struct dibs_attachment *att,
			    u16 mask, u32 offset, const void *data, u32 size)
{
	struct fake *owner;
	struct fake_dmb *fd;
	u32 index, generation;
	int err = -ENOENT;

	spin_lock_bh(&fakes_lock);
	fd = fake_find(fake, dibs_attachment_rgid(att),
		       dibs_attachment_token(att), &owner);
	if (!fd)
		goto unlock;
	err = -EPERM;
	if (!uuid_equal(dibs_dmb_rgid(fd->dmb), &fake->gid))
		goto unlock;
	err = -ERANGE;
	if (!fake->opt.trusting &&
	    (size > dibs_dmb_len(fd->dmb) ||
	     offset > dibs_dmb_len(fd->dmb) - size))
		goto unlock;
	err = dibs_dmb_write(fd->dmb, offset, data, size);
	index = fd->index;
	generation = fd->generation;
unlock:
	spin_unlock_bh(&fakes_lock);
	if (!err && mask)
		fake_signal(owner, index, generation, mask);
	return err;
}

static int fake_move_local(struct fake *fake, struct dibs_attachment *att,
			   u16 mask, u32 offset, const void *data, u32 size)
{
	struct dibs_dmb *dmb = dibs_attachment_target(att);
	int err = dibs_dmb_write(dmb, offset, data, size);

	if (err || !mask)
		return err;
	if (fake->context == FAKE_SENDER)
		dibs_dmb_signal(dmb, mask);
	else
		fake_signal(fake, dibs_dmb_index(dmb),
			    dibs_dmb_generation(dmb), mask);
	return 0;
}

static int fake_move_data(struct dibs_dev *dev, struct dibs_attachment *att,
			  unsigned int idx, bool signal, u32 offset,
			  const void *data, u32 size)
{
	struct fake *fake = dibs_dev_priv(dev);
	u16 mask = signal ? dibs_signal_mask(idx) : 0;
	int err = fake_begin(fake, FAKE_MOVE);

	if (!err) {
		rcu_read_lock();
		if (fake_local(fake))
			err = fake_move_local(fake, att, mask, offset, data,
					      size);
		else
			err = fake_move_remote(fake, att, mask, offset, data,
					       size);
		rcu_read_unlock();
	}
	return fake_end(fake, err);
}

static int fake_state_len(struct fake *fake, struct dibs_attachment *att)
{
	struct fake_dmb *fd;
	struct fake *owner;
	u32 len = 0;

	spin_lock_bh(&fakes_lock);
	fd = fake_find(fake, dibs_attachment_rgid(att),
		       dibs_attachment_token(att), &owner);
	if (fd)
		len = dibs_dmb_len(fd->dmb);
	spin_unlock_bh(&fakes_lock);
	dibs_attachment_set_len(att, len);
	return fd ? 0 : -ENOENT;
}

static int fake_attach_dmb(struct dibs_dev *dev, struct dibs_attachment *att)
{
	struct fake *fake = dibs_dev_priv(dev);
	int err = fake_begin(fake, FAKE_ATTACH);

	if (!err && fake->opt.maps)
		dibs_attachment_map(att);
	if (!err && fake->opt.states_len)
		err = fake_state_len(fake, att);
	return fake_end(fake, err);
}

static void fake_detach_dmb(struct dibs_dev *dev, struct dibs_attachment *att)
{
	struct fake *fake = dibs_dev_priv(dev);

	fake_begin(fake, FAKE_DETACH);
	fake_end(fake, 0);
}

static int fake_add_vlan(struct dibs_dev *dev, u16 vid)
{
	struct fake *fake = dibs_dev_priv(dev);

	return fake_end(fake, fake_begin(fake, FAKE_ADD_VLAN));
}

static void fake_del_vlan(struct dibs_dev *dev, u16 vid)
{
	struct fake *fake = dibs_dev_priv(dev);

	fake_begin(fake, FAKE_DEL_VLAN);
	fake_end(fake, 0);
}

static int fake_signal_event(struct dibs_dev *dev, const uuid_t *rgid,
			     bool trigger, u32 code, u64 info)
{
	struct fake *fake = dibs_dev_priv(dev);
	const struct dibs_event event = {
		.type = DIBS_EVENT_SW,
		.subtype = code,
		.gid = fake->gid,
		.data = info,
	};
	int err = fake_begin(fake, FAKE_SIGNAL_EVENT);

	if (!err)
		dibs_event(dev, &event);
	return fake_end(fake, err);
}

static void fake_set_ops(struct fake *fake)
{
	struct dibs_dev_ops *ops = &fake->ops;
	const struct fake_options *opt = &fake->opt;

	ops->register_dmb = fake_register_dmb;
	ops->query_remote_gid = fake_query_remote_gid;
	ops->move_data = fake_move_data;
	if (!opt->forgetful)
		ops->unregister_dmb = fake_unregister_dmb;
	if (!opt->mute)
		ops->signal_event = fake_signal_event;
	if (opt->attaches || opt->maps) {
		ops->attach_dmb = fake_attach_dmb;
		ops->detach_dmb = fake_detach_dmb;
	}
	if (opt->vlans) {
		ops->add_vlan = fake_add_vlan;
		ops->del_vlan = fake_del_vlan;
	}
}

struct fake *fake_alloc(const struct fake_options *opt)
{
	struct fake *fake = kzalloc(sizeof(*fake), GFP_KERNEL);
	struct dibs_dev_info info = {
		.name = opt->name,
		.max_dmbs = opt->max_dmbs ? : 1000,
		.min_index = opt->min_index,
		.max_dmb_len = opt->max_dmb_len ? : 16 << 20,
		.net = opt->net,
		.parent = opt->parent,
	};
	struct dibs_dev *dev;

	if (!fake)
		return ERR_PTR(-ENOMEM);
	fake->opt = *opt;
	fake->opt.fabric = opt->fabric ? : FAKE_FABRIC;
	INIT_LIST_HEAD(&fake->entry);
	INIT_LIST_HEAD(&fake->dmbs);
	spin_lock_init(&fake->lock);
	INIT_WORK(&fake->work, fake_work);
	tasklet_setup(&fake->tasklet, fake_tasklet);
	uuid_gen(&fake->gid);
	fake_set_ops(fake);
	info.fabric_id = fake->opt.fabric;
	info.gid = fake->gid;
	dev = dibs_dev_alloc(&fake->ops, &info, fake);
	if (IS_ERR(dev)) {
		kfree(fake);
		return ERR_CAST(dev);
	}
	fake->dev = dev;
	return fake;
}

int fake_add(struct fake *fake)
{
	int err;

	spin_lock_bh(&fakes_lock);
	list_add_tail(&fake->entry, &fakes);
	spin_unlock_bh(&fakes_lock);
	WRITE_ONCE(fake->deleted, false);
	err = dibs_dev_add(fake->dev);
	if (err)
		fake_del(fake);
	return err;
}

struct fake *fake_new(const struct fake_options *opt)
{
	struct fake *fake = fake_alloc(opt);

	if (IS_ERR(fake))
		return NULL;
	if (fake_add(fake)) {
		fake_free(fake);
		return NULL;
	}
	return fake;
}

void fake_del(struct fake *fake)
{
	dibs_dev_del(fake->dev);
	WRITE_ONCE(fake->deleted, true);
	spin_lock_bh(&fakes_lock);
	list_del_init(&fake->entry);
	spin_unlock_bh(&fakes_lock);
}

void fake_free(struct fake *fake)
{
	if (!fake)
		return;
	fake_del(fake);
	/* Moves of other fakes may still be about to signal this one. */
	if (!fake_local(fake))
		synchronize_rcu();
	cancel_work_sync(&fake->work);
	tasklet_kill(&fake->tasklet);
	dibs_dev_put(fake->dev);
	kfree(fake);
}

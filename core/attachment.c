// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Attachments: who may write into somebody else's DMB. Everything that can be
 * known here about a claim ("I am the peer of the DMB with this token") is
 * checked here, once; what an attachment then allows is checked in move.c.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "core.h"
#include "trace.h"
#include "../compat/memcg.h"

/* Counts and traces a refusal. */
static int dibs_reject(struct dibs_use *use, int counter, int err)
{
	dibs_count(use, counter);
	trace_dibs_reject(use, counter, err);
	return err;
}

/* May this use attach this DMB of the same kernel, as it claims to? */
static int dibs_attach_check(struct dibs_use *use, const struct dibs_dmb *dmb,
			     const struct dibs_attach_params *params)
{
	struct dibs_dev *dev = dibs_use_dev(use);

	if (dibs_use_client(dmb->use) != dibs_use_client(use))
		return dibs_reject(use, DIBS_A_COUNTER_REJECT_CLIENT, -EACCES);
	if (!uuid_equal(&dmb->rgid, &dev->gid))
		return dibs_reject(use, DIBS_A_COUNTER_REJECT_GID, -EPERM);
	if (dibs_dev_has_vlans(dev) &&
	    !dibs_vlan_equal(dmb->vlan, params->vlan))
		return dibs_reject(use, DIBS_A_COUNTER_REJECT_VLAN,
				   -EADDRNOTAVAIL);
	if (params->len > dmb->memory.len)
		return dibs_reject(use, DIBS_A_COUNTER_REJECT_RANGE, -ERANGE);
	return 0;
}

/* The first one gets it. */
static int dibs_attach_take(struct dibs_use *use, struct dibs_dmb *dmb)
{
	switch (atomic_cmpxchg(&dmb->access, DIBS_ACCESS_WAITING,
			       DIBS_ACCESS_ATTACHED)) {
	case DIBS_ACCESS_WAITING:
		return 0;
	case DIBS_ACCESS_CLOSED:
		return dibs_reject(use, DIBS_A_COUNTER_REJECT_CLOSED,
				   -ECONNREFUSED);
	default:
		return dibs_reject(use, DIBS_A_COUNTER_REJECT_BUSY, -EBUSY);
	}
}

/* Finds the owner where it is on this kernel; keeps a reference to its DMB. */
static int dibs_attach_target(struct dibs_attachment *att,
			      const struct dibs_attach_params *params)
{
	struct dibs_use *use = att->use;
	struct dibs_dev *dev = dibs_use_dev(use);
	struct dibs_dmb *dmb;
	int err;

	if (!uuid_equal(&params->rgid, &dev->gid))
		return -ENETUNREACH;
	dmb = dibs_dmb_find(dev, params->token);
	if (!dmb)
		return dibs_reject(use, DIBS_A_COUNTER_REJECT_TOKEN, -ENOENT);
	err = dibs_attach_check(use, dmb, params);
	if (!err)
		err = dibs_attach_take(use, dmb);
	if (err) {
		dibs_dmb_put(dmb);
		return err;
	}
	att->target = dmb;
	att->len = dmb->memory.len;
	return 0;
}

static struct dibs_attachment *
dibs_attachment_alloc(struct dibs_use *use,
		      const struct dibs_attach_params *params)
{
	struct dibs_attachment *att = kzalloc(sizeof(*att), DIBS_GFP);

	if (!att)
		return NULL;
	refcount_inc(&use->refs);
	att->use = use;
	att->token = params->token;
	att->rgid = params->rgid;
	att->vlan = params->vlan;
	att->len = params->len;
	INIT_LIST_HEAD(&att->entry);
	refcount_set(&att->refs, 1);
	return att;
}

/* May sleep. */
void dibs_attachment_put(struct dibs_attachment *att)
{
	if (!refcount_dec_and_test(&att->refs))
		return;
	if (att->target) {
		atomic_set(&att->target->access, DIBS_ACCESS_DETACHED);
		dibs_dmb_put(att->target);
	}
	dibs_use_put(att->use);
	kfree(att);
}

/*
 * Makes an attachment unknown to the driver; see name.c. Moves through it fail
 * from now on; what is mapped stays.
 */
void dibs_attachment_unname(struct dibs_attachment *att)
{
	struct dibs_client *client = dibs_use_client(att->use);
	struct dibs_dev *dev = dibs_use_dev(att->use);

	if (!dibs_name_take(&att->name_state))
		return;
	if (dev->ops->detach_dmb)
		dev->ops->detach_dmb(dev, att);
	trace_dibs_detach_dmb(att);
	dibs_count_add(att->use, DIBS_A_COUNTER_ATTACHMENTS, -1);
	spin_lock(&client->lock);
	list_move_tail(&att->entry, &client->dead_attachments);
	spin_unlock(&client->lock);
	dibs_name_gone(&att->name_state);
}

static int dibs_attachment_name(struct dibs_attachment *att)
{
	struct dibs_client *client = dibs_use_client(att->use);
	struct dibs_dev *dev = dibs_use_dev(att->use);
	int err;

	if (dev->ops->attach_dmb) {
		err = dev->ops->attach_dmb(dev, att);
		if (err)
			return err;
	}
	dibs_count(att->use, DIBS_A_COUNTER_ATTACHMENTS);
	dibs_count(att->use, DIBS_A_COUNTER_ATTACHMENTS_EVER);
	spin_lock(&client->lock);
	list_add_tail(&att->entry, &att->use->attachments);
	spin_unlock(&client->lock);
	trace_dibs_attach_dmb(att);
	return 0;
}

static struct dibs_attachment *
dibs_attach_dmb_entered(struct dibs_use *use, struct net *net,
			const struct dibs_attach_params *params)
{
	struct dibs_dev *dev = dibs_use_dev(use);
	struct dibs_attachment *att;
	int err;

	if (!dibs_dev_usable(dev, net))
		return ERR_PTR(dibs_reject(use, DIBS_A_COUNTER_REJECT_NETNS,
					   -EXDEV));
	if (!dibs_dev_is_local(dev) && !params->len)
		return ERR_PTR(-EINVAL);
	if (!dibs_dev_is_local(dev) && params->len > dev->max_dmb_len)
		return ERR_PTR(-ERANGE);
	att = dibs_attachment_alloc(use, params);
	if (!att)
		return ERR_PTR(-ENOMEM);
	if (dibs_dev_is_local(dev)) {
		err = dibs_attach_target(att, params);
		if (err)
			goto put;
	}
	err = dibs_attachment_name(att);
	if (err)
		goto put;
	/* The right was lost before it was in the list; see dmb.c. */
	if (READ_ONCE(use->cut) || !dibs_dev_usable(dev, net)) {
		err = dibs_reject(use, DIBS_A_COUNTER_REJECT_NETNS, -EXDEV);
		goto detach;
	}
	/* The client could not know what an event about it meant. */
	if (att->target && !dibs_named(&att->target->name_state)) {
		err = dibs_reject(use, DIBS_A_COUNTER_REJECT_TOKEN, -ENOENT);
		goto detach;
	}
	return att;

detach:
	dibs_detach_dmb(dibs_use_client(use), &att);
	return ERR_PTR(err);
put:
	dibs_attachment_put(att);
	return ERR_PTR(err);
}

struct dibs_attachment *
dibs_attach_dmb(struct dibs_client *client, struct dibs_dev *dev,
		struct net *net, const struct dibs_attach_params *params)
{
	struct dibs_attachment *att;
	struct dibs_binding *binding;
	struct dibs_use *use;

	might_sleep();
	binding = dibs_enter(client, dev);
	if (!binding)
		return ERR_PTR(-ENODEV);
	use = dibs_use_get(binding, net);
	if (IS_ERR(use)) {
		att = ERR_CAST(use);
		goto leave;
	}
	att = dibs_attach_dmb_entered(use, net, params);
	dibs_use_put(use);
leave:
	dibs_exit(binding);
	return att;
}
EXPORT_SYMBOL_GPL(dibs_attach_dmb);

int dibs_detach_dmb(struct dibs_client *client, struct dibs_attachment **slot)
{
	struct dibs_attachment *att = xchg(slot, NULL);

	might_sleep();
	if (!att) {
		/* Nothing tells any more on which device it was. */
		atomic64_inc(&client->detached_twice);
		return -EALREADY;
	}
	if (WARN_ON_ONCE(dibs_use_client(att->use) != client)) {
		WRITE_ONCE(*slot, att);
		return -EPERM;
	}
	dibs_attachment_unname(att);
	spin_lock(&client->lock);
	list_del_init(&att->entry);
	spin_unlock(&client->lock);
	dibs_attachment_put(att);
	return 0;
}
EXPORT_SYMBOL_GPL(dibs_detach_dmb);

bool dibs_attachment_is_cut(const struct dibs_attachment *att)
{
	/* Pairs with dibs_use_cut(). */
	return READ_ONCE(att->use->cut);
}
EXPORT_SYMBOL_GPL(dibs_attachment_is_cut);

int dibs_attachment_populate(struct dibs_attachment *att, u32 offset,
			     u32 size)
{
	int err;

	might_sleep();
	if (!dibs_in_range(att->len, offset, size))
		return -ERANGE;
	err = dibs_move_check(att);
	if (err || !att->target)
		return err;
	return dibs_memory_populate(&att->target->memory, offset, size,
				    DIBS_GFP);
}
EXPORT_SYMBOL_GPL(dibs_attachment_populate);

void dibs_attachment_trim(struct dibs_attachment *att, u32 offset, u32 size)
{
	if (att->target && dibs_in_range(att->len, offset, size))
		dibs_memory_trim(&att->target->memory, offset, size);
}
EXPORT_SYMBOL_GPL(dibs_attachment_trim);

u32 dibs_attachment_len(const struct dibs_attachment *att)
{
	return att->len;
}
EXPORT_SYMBOL_GPL(dibs_attachment_len);

void *dibs_attachment_header(const struct dibs_attachment *att)
{
	return att->mapped ? dibs_memory_header(&att->target->memory) : NULL;
}
EXPORT_SYMBOL_GPL(dibs_attachment_header);

u32 dibs_attachment_header_len(const struct dibs_attachment *att)
{
	return att->mapped ? att->target->memory.header_len : 0;
}
EXPORT_SYMBOL_GPL(dibs_attachment_header_len);

struct dibs_dev *dibs_attachment_dev(const struct dibs_attachment *att)
{
	return dibs_use_dev(att->use);
}
EXPORT_SYMBOL_GPL(dibs_attachment_dev);

struct dibs_dmb *dibs_attachment_target(const struct dibs_attachment *att)
{
	return att->target;
}
EXPORT_SYMBOL_GPL(dibs_attachment_target);

void dibs_attachment_map(struct dibs_attachment *att)
{
	att->mapped = att->target;
}
EXPORT_SYMBOL_GPL(dibs_attachment_map);

u64 dibs_attachment_token(const struct dibs_attachment *att)
{
	return att->token;
}
EXPORT_SYMBOL_GPL(dibs_attachment_token);

void dibs_attachment_set_dev_priv(struct dibs_attachment *att, void *priv)
{
	att->dev_priv = priv;
}
EXPORT_SYMBOL_GPL(dibs_attachment_set_dev_priv);

void *dibs_attachment_dev_priv(const struct dibs_attachment *att)
{
	return att->dev_priv;
}
EXPORT_SYMBOL_GPL(dibs_attachment_dev_priv);

const uuid_t *dibs_attachment_rgid(const struct dibs_attachment *att)
{
	return &att->rgid;
}
EXPORT_SYMBOL_GPL(dibs_attachment_rgid);

struct dibs_vlan dibs_attachment_vlan(const struct dibs_attachment *att)
{
	return att->vlan;
}
EXPORT_SYMBOL_GPL(dibs_attachment_vlan);

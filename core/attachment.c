// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Attachments: the right to write into somebody else's DMB. A client claims to
 * be the peer of the DMB with a given token. Everything this kernel can verify
 * about that claim is checked here, once; move.c checks what an attachment then
 * allows.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "core.h"
#include "trace.h"
#include "../compat/memcg.h"

/* Counts and traces a refusal; returns @err. */
static int dibs_reject(struct dibs_ctx *ctx, int counter, int err)
{
	dibs_stats_inc(ctx, counter);
	trace_dibs_reject(ctx, counter, err);
	return err;
}

/* May this context attach the DMB, which is on this kernel? */
static int dibs_attach_check(struct dibs_ctx *ctx, const struct dibs_dmb *dmb,
			     const struct dibs_attach_params *params)
{
	struct dibs_dev *dev = dibs_ctx_dev(ctx);

	if (dibs_ctx_client(dmb->ctx) != dibs_ctx_client(ctx))
		return dibs_reject(ctx, DIBS_A_COUNTER_REJECT_CLIENT, -EACCES);
	if (!uuid_equal(&dmb->rgid, &dev->gid))
		return dibs_reject(ctx, DIBS_A_COUNTER_REJECT_GID, -EPERM);
	if (dibs_dev_has_vlans(dev) &&
	    !dibs_vlan_equal(dmb->vlan, params->vlan))
		return dibs_reject(ctx, DIBS_A_COUNTER_REJECT_VLAN,
				   -EADDRNOTAVAIL);
	if (params->len > dmb->memory.len)
		return dibs_reject(ctx, DIBS_A_COUNTER_REJECT_RANGE, -ERANGE);
	return 0;
}

/* Only the first attach succeeds. */
static int dibs_attach_take(struct dibs_ctx *ctx, struct dibs_dmb *dmb)
{
	switch (atomic_cmpxchg(&dmb->access, DIBS_ACCESS_WAITING,
			       DIBS_ACCESS_ATTACHED)) {
	case DIBS_ACCESS_WAITING:
		return 0;
	case DIBS_ACCESS_CLOSED:
		return dibs_reject(ctx, DIBS_A_COUNTER_REJECT_CLOSED,
				   -ECONNREFUSED);
	default:
		return dibs_reject(ctx, DIBS_A_COUNTER_REJECT_BUSY, -EBUSY);
	}
}

/* For owners on this kernel: finds the DMB, keeps a reference to it. */
static int dibs_attach_target(struct dibs_attachment *att,
			      const struct dibs_attach_params *params)
{
	struct dibs_ctx *ctx = att->ctx;
	struct dibs_dev *dev = dibs_ctx_dev(ctx);
	struct dibs_dmb *dmb;
	int err;

	if (!uuid_equal(&params->rgid, &dev->gid))
		return -ENETUNREACH;
	dmb = dibs_dmb_find(dev, params->token);
	if (!dmb)
		return dibs_reject(ctx, DIBS_A_COUNTER_REJECT_TOKEN, -ENOENT);
	err = dibs_attach_check(ctx, dmb, params);
	if (!err)
		err = dibs_attach_take(ctx, dmb);
	if (err) {
		dibs_dmb_put(dmb);
		return err;
	}
	att->target = dmb;
	att->len = dmb->memory.len;
	return 0;
}

static struct dibs_attachment *
dibs_attachment_alloc(struct dibs_ctx *ctx,
		      const struct dibs_attach_params *params)
{
	struct dibs_attachment *att = kzalloc(sizeof(*att), DIBS_GFP);

	if (!att)
		return NULL;
	refcount_inc(&ctx->refs);
	att->ctx = ctx;
	att->token = params->token;
	att->rgid = params->rgid;
	att->vlan = params->vlan;
	att->len = params->len;
	att->spare = params->spare;
	INIT_LIST_HEAD(&att->entry);
	refcount_set(&att->refs, 1);
	return att;
}

void dibs_attachment_put(struct dibs_attachment *att)
{
	might_sleep();
	if (!refcount_dec_and_test(&att->refs))
		return;
	if (att->target) {
		atomic_set(&att->target->access, DIBS_ACCESS_DETACHED);
		dibs_dmb_put(att->target);
	}
	dibs_ctx_put(att->ctx);
	kfree(att);
}

/*
 * Makes the driver forget an attachment; see retract.c. Moves through it fail
 * from now on; mapped memory stays mapped.
 */
void dibs_attachment_retract(struct dibs_attachment *att)
{
	struct dibs_client *client = dibs_ctx_client(att->ctx);
	struct dibs_dev *dev = dibs_ctx_dev(att->ctx);

	if (!dibs_retract_begin(&att->publish_state))
		return;
	if (dev->ops->detach_dmb)
		dev->ops->detach_dmb(dev, att);
	trace_dibs_detach_dmb(att);
	dibs_stats_add(att->ctx, DIBS_A_COUNTER_ATTACHMENTS, -1);
	spin_lock(&client->lock);
	list_move_tail(&att->entry, &client->dead_attachments);
	spin_unlock(&client->lock);
	dibs_retract_end(&att->publish_state);
}

/* Is what the client claims possible, given what the driver has stated? */
static int dibs_attachment_check(struct dibs_attachment *att, u32 claimed)
{
	if (!att->len)
		return -EINVAL;	/* neither of them knows the length */
	if (claimed > att->len || att->spare >= att->len)
		return dibs_reject(att->ctx, DIBS_A_COUNTER_REJECT_RANGE,
				   -ERANGE);
	return 0;
}

static int dibs_attachment_publish(struct dibs_attachment *att, u32 claimed)
{
	struct dibs_client *client = dibs_ctx_client(att->ctx);
	struct dibs_dev *dev = dibs_ctx_dev(att->ctx);
	int err;

	if (dev->ops->attach_dmb) {
		err = dev->ops->attach_dmb(dev, att);
		if (err)
			return err;
	}
	err = dibs_attachment_check(att, claimed);
	if (err) {
		if (dev->ops->detach_dmb)
			dev->ops->detach_dmb(dev, att);
		return err;
	}
	dibs_stats_inc(att->ctx, DIBS_A_COUNTER_ATTACHMENTS);
	dibs_stats_inc(att->ctx, DIBS_A_COUNTER_ATTACHMENTS_EVER);
	spin_lock(&client->lock);
	list_add_tail(&att->entry, &att->ctx->attachments);
	spin_unlock(&client->lock);
	trace_dibs_attach_dmb(att);
	return 0;
}

static struct dibs_attachment *
dibs_attach_dmb_entered(struct dibs_ctx *ctx, struct net *net,
			const struct dibs_attach_params *params)
{
	struct dibs_dev *dev = dibs_ctx_dev(ctx);
	struct dibs_attachment *att;
	int err;

	if (!dibs_dev_usable(dev, net))
		return ERR_PTR(dibs_reject(ctx, DIBS_A_COUNTER_REJECT_NETNS,
					   -EXDEV));
	if (!dibs_dev_is_local(dev) && params->len > dev->max_dmb_len)
		return ERR_PTR(dibs_reject(ctx, DIBS_A_COUNTER_REJECT_RANGE,
					   -ERANGE));
	att = dibs_attachment_alloc(ctx, params);
	if (!att)
		return ERR_PTR(-ENOMEM);
	if (dibs_dev_is_local(dev)) {
		err = dibs_attach_target(att, params);
		if (err)
			goto put;
	}
	err = dibs_attachment_publish(att, params->len);
	if (err)
		goto put;
	/* Was the right lost before the attachment was in the list? */
	if (READ_ONCE(ctx->cut) || !dibs_dev_usable(dev, net)) {
		err = dibs_reject(ctx, DIBS_A_COUNTER_REJECT_NETNS, -EXDEV);
		goto detach;
	}
	/*
	 * The DMB was retracted meanwhile. The client did not have the handle
	 * yet, so it could not relate the event to it.
	 */
	if (att->target && !dibs_published(&att->target->publish_state)) {
		err = dibs_reject(ctx, DIBS_A_COUNTER_REJECT_TOKEN, -ENOENT);
		goto detach;
	}
	return att;

detach:
	dibs_detach_dmb(dibs_ctx_client(ctx), &att);
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
	struct dibs_ctx *ctx;

	might_sleep();
	binding = dibs_binding_enter(client, dev);
	if (!binding)
		return ERR_PTR(-ENODEV);
	ctx = dibs_ctx_get(binding, net);
	if (IS_ERR(ctx)) {
		att = ERR_CAST(ctx);
		goto leave;
	}
	att = dibs_attach_dmb_entered(ctx, net, params);
	dibs_ctx_put(ctx);
leave:
	dibs_binding_exit(binding);
	return att;
}
EXPORT_SYMBOL_GPL(dibs_attach_dmb);

int dibs_detach_dmb(struct dibs_client *client, struct dibs_attachment **slot)
{
	struct dibs_attachment *att = xchg(slot, NULL);

	might_sleep();
	if (!att) {
		/* The device is unknown: count it for the client. */
		atomic64_inc(&client->detached_twice);
		return -EALREADY;
	}
	if (WARN_ON_ONCE(dibs_ctx_client(att->ctx) != client)) {
		WRITE_ONCE(*slot, att);
		return -EPERM;
	}
	dibs_attachment_retract(att);
	spin_lock(&client->lock);
	list_del_init(&att->entry);
	spin_unlock(&client->lock);
	dibs_attachment_put(att);
	return 0;
}
EXPORT_SYMBOL_GPL(dibs_detach_dmb);

bool dibs_attachment_is_cut(const struct dibs_attachment *att)
{
	/* Pairs with dibs_ctx_cut(). */
	return READ_ONCE(att->ctx->cut);
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

void dibs_attachment_reuse(struct dibs_attachment *att, u32 from, u32 to,
			   u32 size)
{
	if (!att->target || !IS_ALIGNED(from | to | size, PAGE_SIZE) ||
	    !dibs_in_range(att->len, from, size) ||
	    !dibs_in_range(att->len, to, size))
		return;
	dibs_memory_reuse(&att->target->memory, from, to, size);
}
EXPORT_SYMBOL_GPL(dibs_attachment_reuse);

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
	return dibs_ctx_dev(att->ctx);
}
EXPORT_SYMBOL_GPL(dibs_attachment_dev);

struct dibs_dmb *dibs_attachment_target(const struct dibs_attachment *att)
{
	return att->target;
}
EXPORT_SYMBOL_GPL(dibs_attachment_target);

void dibs_attachment_set_len(struct dibs_attachment *att, u32 len)
{
	/* The core knows the length of a DMB that it found itself. */
	if (!att->target)
		att->len = len;
}
EXPORT_SYMBOL_GPL(dibs_attachment_set_len);

void dibs_attachment_map(struct dibs_attachment *att)
{
	att->mapped = att->target;
}
EXPORT_SYMBOL_GPL(dibs_attachment_map);

const void *dibs_attachment_user(const struct dibs_attachment *att)
{
	return att->ctx;
}
EXPORT_SYMBOL_GPL(dibs_attachment_user);

u32 dibs_attachment_spare(const struct dibs_attachment *att)
{
	return att->spare;
}
EXPORT_SYMBOL_GPL(dibs_attachment_spare);

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

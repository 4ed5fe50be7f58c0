// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * DMBs, from registration to the last reference. A DMB is torn down in two
 * steps: dibs_dmb_retract() takes back its token and index and waits for the
 * driver and for callbacks; its memory is freed when no peer is attached.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "core.h"
#include "trace.h"
#include "../compat/memcg.h"

static struct dibs_dmb *dibs_dmb_alloc(struct dibs_ctx *ctx,
				       const struct net *net,
				       const struct dibs_dmb_params *params)
{
	struct dibs_dmb *dmb = kzalloc(sizeof(*dmb), DIBS_GFP);

	if (!dmb)
		return NULL;
	if (dibs_memory_init(&dmb->memory, dibs_netns_quota(net), params->len,
			     params->header_len)) {
		kfree(dmb);
		return NULL;
	}
	refcount_inc(&ctx->refs);
	dmb->ctx = ctx;
	dmb->rgid = params->rgid;
	dmb->vlan = params->vlan;
	dmb->priv = params->priv;
	atomic_set(&dmb->access, DIBS_ACCESS_WAITING);
	INIT_WORK(&dmb->work, dibs_dmb_signal_work);
	INIT_LIST_HEAD(&dmb->entry);
	refcount_set(&dmb->refs, 1);
	return dmb;
}

void dibs_dmb_put(struct dibs_dmb *dmb)
{
	struct dibs_ctx *ctx = dmb->ctx;

	might_sleep();
	if (!refcount_dec_and_test(&dmb->refs))
		return;
	dibs_memory_free(&dmb->memory);
	/* dibs_dmb_signal() accesses dmb and ctx under RCU alone. */
	kfree_rcu(dmb, rcu);
	dibs_ctx_put(ctx);
}

static int dibs_dmb_add_index(struct dibs_dev *dev, struct dibs_dmb *dmb)
{
	const struct xa_limit limit = {
		.min = dev->min_index,
		.max = dev->min_index + dev->max_dmbs - 1,
	};
	int err;

	if (!dibs_quota_take_dmb(dmb->ctx))
		return -ENOSPC;
	dmb->generation = atomic_inc_return(&dev->next_generation);
	/* Reserves the index; lookups find the DMB once it is complete. */
	err = xa_alloc_cyclic(&dev->dmbs, &dmb->index, NULL, limit,
			      &dev->next_dmb, DIBS_GFP);
	if (err < 0) {
		dibs_quota_drop_dmb(dmb->ctx);
		return err == -EBUSY ? -ENOSPC : err;
	}
	atomic_inc(&dev->nr_dmbs);
	return 0;
}

static void dibs_dmb_del_index(struct dibs_dev *dev, struct dibs_dmb *dmb)
{
	if (!dmb->keeps_index)
		xa_erase(&dev->dmbs, dmb->index);
	atomic_dec(&dev->nr_dmbs);
	dibs_quota_drop_dmb(dmb->ctx);
}

void dibs_dmb_keep_index(struct dibs_dmb *dmb)
{
	/* Back to a reservation, which needs no memory. */
	xa_store(&dibs_ctx_dev(dmb->ctx)->dmbs, dmb->index, NULL, DIBS_GFP);
	dmb->keeps_index = true;
}
EXPORT_SYMBOL_GPL(dibs_dmb_keep_index);

void dibs_dev_free_index(struct dibs_dev *dev, u32 index)
{
	xa_erase(&dev->dmbs, index);
}
EXPORT_SYMBOL_GPL(dibs_dev_free_index);

/*
 * The lowest bit of a bucket's pointer is the bucket's lock. A CPU that waits
 * for the lock writes that word while the holder reads it, unmarked, in
 * <linux/rhashtable.h>: a harmless data race.
 */
static int dibs_tokens_insert(struct dibs_dev *dev, struct dibs_dmb *dmb)
{
	/* Races with CPUs that wait for the bucket's lock, see above. */
	return data_race(rhashtable_lookup_insert_fast(&dev->tokens,
						       &dmb->token_node,
						       dibs_token_params));
}

static void dibs_tokens_remove(struct dibs_dev *dev, struct dibs_dmb *dmb)
{
	/* Races with CPUs that wait for the bucket's lock, see above. */
	data_race(rhashtable_remove_fast(&dev->tokens, &dmb->token_node,
					 dibs_token_params));
}

static int dibs_dmb_add_token(struct dibs_dev *dev, struct dibs_dmb *dmb)
{
	int err;

	if (!dibs_dev_is_local(dev))
		return dmb->token ? 0 : -EIO;
	do {
		dmb->token = get_random_u64();
		err = dmb->token ? dibs_tokens_insert(dev, dmb) : -EEXIST;
	} while (err == -EEXIST);
	return err;
}

static void dibs_dmb_del_token(struct dibs_dev *dev, struct dibs_dmb *dmb)
{
	if (dibs_dev_is_local(dev))
		dibs_tokens_remove(dev, dmb);
}

/* The DMB of a local device that has this token, referenced, or NULL. */
struct dibs_dmb *dibs_dmb_find(struct dibs_dev *dev, u64 token)
{
	struct dibs_dmb *dmb;

	rcu_read_lock();
	dmb = rhashtable_lookup(&dev->tokens, &token, dibs_token_params);
	if (dmb && !refcount_inc_not_zero(&dmb->refs))
		dmb = NULL;
	rcu_read_unlock();
	return dmb;
}

/* Gives a new DMB its index, driver and token. All or nothing. */
static int dibs_dmb_publish(struct dibs_dev *dev, struct dibs_dmb *dmb)
{
	struct dibs_client *client = dibs_ctx_client(dmb->ctx);
	int err;

	err = dibs_dmb_add_index(dev, dmb);
	if (err)
		return err;
	err = dev->ops->register_dmb(dev, dmb);
	if (err)
		goto del_index;
	err = dibs_dmb_add_token(dev, dmb);
	if (err)
		goto forget;
	/* Replaces the reservation, so it needs no memory. */
	xa_store(&dev->dmbs, dmb->index, dmb, DIBS_GFP);
	spin_lock(&client->lock);
	list_add_tail(&dmb->entry, &dmb->ctx->dmbs);
	spin_unlock(&client->lock);
	return 0;

forget:
	if (dev->ops->unregister_dmb)
		dev->ops->unregister_dmb(dev, dmb);
del_index:
	dibs_dmb_del_index(dev, dmb);
	return err;
}

/* Tells the client of an attached peer why nobody will read any more. */
static void dibs_dmb_tell_peer(const struct dibs_dmb *dmb)
{
	/* Pairs with dibs_ctx_cut(). */
	u32 subtype = READ_ONCE(dmb->ctx->cut) ? DIBS_EVENT_BUF_CUT :
						 DIBS_EVENT_BUF_UNREGISTERED;

	if (dibs_dmb_attached(dmb))
		dibs_event_buf(dmb->ctx->binding, dmb->token, subtype);
}

/*
 * Makes everybody forget a DMB; see retract.c. Afterwards no callback runs for
 * it, the driver has forgotten it and nobody can attach it. Its memory stays.
 */
void dibs_dmb_retract(struct dibs_dmb *dmb)
{
	struct dibs_client *client = dibs_ctx_client(dmb->ctx);
	struct dibs_dev *dev = dibs_ctx_dev(dmb->ctx);

	if (!dibs_retract_begin(&dmb->publish_state))
		return;
	dibs_dmb_del_token(dev, dmb);
	dibs_dmb_close(dmb);
	if (dev->ops->unregister_dmb)
		dev->ops->unregister_dmb(dev, dmb);
	dibs_dmb_signal_stop(dmb);
	dibs_dmb_del_index(dev, dmb);
	dibs_dmb_tell_peer(dmb);
	trace_dibs_unregister_dmb(dmb);
	dibs_stats_add(dmb->ctx, DIBS_A_COUNTER_DMBS, -1);
	spin_lock(&client->lock);
	list_move_tail(&dmb->entry, &client->dead_dmbs);
	spin_unlock(&client->lock);
	dibs_retract_end(&dmb->publish_state);
}

static bool dibs_dmb_params_valid(const struct dibs_dev *dev,
				  const struct dibs_dmb_params *params)
{
	return params->len && params->len <= dev->max_dmb_len &&
	       params->header_len <= min_t(u32, params->len, PAGE_SIZE) &&
	       (!params->vlan.valid || dibs_dev_has_vlans(dev));
}

static struct dibs_dmb *
dibs_register_dmb_entered(struct dibs_ctx *ctx, struct net *net,
			  const struct dibs_dmb_params *params)
{
	struct dibs_dev *dev = dibs_ctx_dev(ctx);
	struct dibs_dmb *dmb;
	int err;

	if (!dibs_dev_usable(dev, net)) {
		dibs_stats_inc(ctx, DIBS_A_COUNTER_REJECT_NETNS);
		return ERR_PTR(-EXDEV);
	}
	if (!dibs_dmb_params_valid(dev, params))
		return ERR_PTR(-EINVAL);
	dmb = dibs_dmb_alloc(ctx, net, params);
	if (!dmb)
		return ERR_PTR(-ENOMEM);
	err = dibs_dmb_publish(dev, dmb);
	if (err) {
		dibs_dmb_put(dmb);
		return ERR_PTR(err);
	}
	dibs_stats_inc(ctx, DIBS_A_COUNTER_DMBS);
	dibs_stats_inc(ctx, DIBS_A_COUNTER_DMBS_EVER);
	trace_dibs_register_dmb(dmb);
	/*
	 * Was the right lost before the DMB was in the list? It may have been
	 * granted again by now, but then to a new context.
	 */
	if (READ_ONCE(ctx->cut) || !dibs_dev_usable(dev, net)) {
		dibs_stats_inc(ctx, DIBS_A_COUNTER_REJECT_NETNS);
		dibs_unregister_dmb(dmb);
		return ERR_PTR(-EXDEV);
	}
	return dmb;
}

struct dibs_dmb *dibs_register_dmb(struct dibs_client *client,
				   struct dibs_dev *dev, struct net *net,
				   const struct dibs_dmb_params *params)
{
	struct dibs_binding *binding;
	struct mem_cgroup *memcg;
	struct dibs_dmb *dmb;
	struct dibs_ctx *ctx;

	might_sleep();
	binding = dibs_binding_enter(client, dev);
	if (!binding)
		return ERR_PTR(-ENODEV);
	memcg = dibs_memcg_enter(params->memcg);
	ctx = dibs_ctx_get(binding, net);
	if (IS_ERR(ctx)) {
		dmb = ERR_CAST(ctx);
		goto leave;
	}
	dmb = dibs_register_dmb_entered(ctx, net, params);
	if (IS_ERR(dmb))
		dibs_stats_inc(ctx, DIBS_A_COUNTER_DMBS_FAILED);
	dibs_ctx_put(ctx);
leave:
	dibs_memcg_leave(memcg);
	dibs_binding_exit(binding);
	return dmb;
}
EXPORT_SYMBOL_GPL(dibs_register_dmb);

void dibs_unregister_dmb(struct dibs_dmb *dmb)
{
	struct dibs_client *client;

	might_sleep();
	if (!dmb)
		return;
	dibs_dmb_retract(dmb);
	/* A peer that stays attached holds no memory charged to the owner. */
	if (dibs_dmb_attached(dmb))
		dibs_memory_give_up(&dmb->memory);
	client = dibs_ctx_client(dmb->ctx);
	spin_lock(&client->lock);
	list_del_init(&dmb->entry);
	spin_unlock(&client->lock);
	dibs_dmb_put(dmb);
}
EXPORT_SYMBOL_GPL(dibs_unregister_dmb);

void dibs_dmb_close(struct dibs_dmb *dmb)
{
	atomic_cmpxchg(&dmb->access, DIBS_ACCESS_WAITING, DIBS_ACCESS_CLOSED);
}
EXPORT_SYMBOL_GPL(dibs_dmb_close);

bool dibs_dmb_attached(const struct dibs_dmb *dmb)
{
	return atomic_read(&dmb->access) == DIBS_ACCESS_ATTACHED;
}
EXPORT_SYMBOL_GPL(dibs_dmb_attached);

u64 dibs_dmb_token(const struct dibs_dmb *dmb)
{
	return dmb->token;
}
EXPORT_SYMBOL_GPL(dibs_dmb_token);

u32 dibs_dmb_index(const struct dibs_dmb *dmb)
{
	return dmb->index;
}
EXPORT_SYMBOL_GPL(dibs_dmb_index);

u32 dibs_dmb_len(const struct dibs_dmb *dmb)
{
	return dmb->memory.len;
}
EXPORT_SYMBOL_GPL(dibs_dmb_len);

void *dibs_dmb_priv(const struct dibs_dmb *dmb)
{
	return dmb->priv;
}
EXPORT_SYMBOL_GPL(dibs_dmb_priv);

struct dibs_dev *dibs_dmb_dev(const struct dibs_dmb *dmb)
{
	return dibs_ctx_dev(dmb->ctx);
}
EXPORT_SYMBOL_GPL(dibs_dmb_dev);

void *dibs_dmb_header(const struct dibs_dmb *dmb)
{
	return dibs_memory_header(&dmb->memory);
}
EXPORT_SYMBOL_GPL(dibs_dmb_header);

int dibs_dmb_read(struct dibs_dmb *dmb, u32 offset, void *buf, u32 size)
{
	if (!dibs_in_range(dmb->memory.len, offset, size))
		return -ERANGE;
	dibs_memory_read(&dmb->memory, offset, buf, size);
	return 0;
}
EXPORT_SYMBOL_GPL(dibs_dmb_read);

struct page *dibs_dmb_get_page(struct dibs_dmb *dmb, u32 offset)
{
	if (!dibs_in_range(dmb->memory.len, offset, 1))
		return ERR_PTR(-ERANGE);
	return dibs_memory_get_page(&dmb->memory, offset);
}
EXPORT_SYMBOL_GPL(dibs_dmb_get_page);

int dibs_dmb_alloc_pages(struct dibs_dmb *dmb)
{
	return dibs_memory_alloc_pages(&dmb->memory);
}
EXPORT_SYMBOL_GPL(dibs_dmb_alloc_pages);

int dibs_dmb_alloc_linear(struct dibs_dmb *dmb)
{
	return dibs_memory_alloc_linear(&dmb->memory);
}
EXPORT_SYMBOL_GPL(dibs_dmb_alloc_linear);

void *dibs_dmb_linear(const struct dibs_dmb *dmb)
{
	return dmb->memory.linear;
}
EXPORT_SYMBOL_GPL(dibs_dmb_linear);

int dibs_dmb_write(struct dibs_dmb *dmb, u32 offset, const void *data,
		   u32 size)
{
	if (unlikely(!dibs_in_range(dmb->memory.len, offset, size)))
		return -ERANGE;
	return dibs_memory_write(&dmb->memory, offset, data, size);
}
EXPORT_SYMBOL_GPL(dibs_dmb_write);

void dibs_dmb_set_token(struct dibs_dmb *dmb, u64 token)
{
	dmb->token = token;
}
EXPORT_SYMBOL_GPL(dibs_dmb_set_token);

void dibs_dmb_set_dev_priv(struct dibs_dmb *dmb, void *priv)
{
	dmb->dev_priv = priv;
}
EXPORT_SYMBOL_GPL(dibs_dmb_set_dev_priv);

void *dibs_dmb_dev_priv(const struct dibs_dmb *dmb)
{
	return dmb->dev_priv;
}
EXPORT_SYMBOL_GPL(dibs_dmb_dev_priv);

const uuid_t *dibs_dmb_rgid(const struct dibs_dmb *dmb)
{
	return &dmb->rgid;
}
EXPORT_SYMBOL_GPL(dibs_dmb_rgid);

struct dibs_vlan dibs_dmb_vlan(const struct dibs_dmb *dmb)
{
	return dmb->vlan;
}
EXPORT_SYMBOL_GPL(dibs_dmb_vlan);

u32 dibs_dmb_generation(const struct dibs_dmb *dmb)
{
	return dmb->generation;
}
EXPORT_SYMBOL_GPL(dibs_dmb_generation);

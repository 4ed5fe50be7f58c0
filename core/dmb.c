// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * DMBs, from their registration to the last reference. A DMB goes in two
 * steps: its name first (dibs_dmb_unname(): token and index unknown, driver
 * and client callbacks done with it), then, when nobody is attached any more,
 * its memory.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "core.h"
#include "trace.h"
#include "../compat/memcg.h"

static struct dibs_dmb *dibs_dmb_alloc(struct dibs_use *use,
				       const struct net *net,
				       const struct dibs_dmb_params *params)
{
	struct dibs_dmb *dmb = kzalloc(sizeof(*dmb), DIBS_GFP);

	if (!dmb)
		return NULL;
	if (dibs_memory_init(&dmb->memory, dibs_net_share(net), params->len,
			     params->header_len)) {
		kfree(dmb);
		return NULL;
	}
	refcount_inc(&use->refs);
	dmb->use = use;
	dmb->rgid = params->rgid;
	dmb->vlan = params->vlan;
	dmb->priv = params->priv;
	atomic_set(&dmb->access, DIBS_ACCESS_WAITING);
	INIT_WORK(&dmb->work, dibs_dmb_signal_work);
	INIT_LIST_HEAD(&dmb->entry);
	refcount_set(&dmb->refs, 1);
	return dmb;
}

/* May sleep. */
void dibs_dmb_put(struct dibs_dmb *dmb)
{
	struct dibs_use *use = dmb->use;

	if (!refcount_dec_and_test(&dmb->refs))
		return;
	dibs_memory_free(&dmb->memory);
	/* dibs_dmb_signal() looks at dmb and use under RCU alone. */
	kfree_rcu(dmb, rcu);
	dibs_use_put(use);
}

static int dibs_dmb_add_index(struct dibs_dev *dev, struct dibs_dmb *dmb)
{
	const struct xa_limit limit = {
		.min = dev->min_index,
		.max = dev->min_index + dev->max_dmbs - 1,
	};
	int err;

	dmb->generation = atomic_inc_return(&dev->next_generation);
	/* Reserves the index; the DMB is found by it once it is complete. */
	err = xa_alloc_cyclic(&dev->dmbs, &dmb->index, NULL, limit,
			      &dev->next_dmb, DIBS_GFP);
	if (err < 0)
		return err == -EBUSY ? -ENOSPC : err;
	atomic_inc(&dev->nr_dmbs);
	return 0;
}

static void dibs_dmb_del_index(struct dibs_dev *dev, struct dibs_dmb *dmb)
{
	if (!dmb->keeps_index)
		xa_erase(&dev->dmbs, dmb->index);
	atomic_dec(&dev->nr_dmbs);
}

void dibs_dmb_keep_index(struct dibs_dmb *dmb)
{
	/* A reservation again, which needs no memory. */
	xa_store(&dibs_use_dev(dmb->use)->dmbs, dmb->index, NULL, DIBS_GFP);
	dmb->keeps_index = true;
}
EXPORT_SYMBOL_GPL(dibs_dmb_keep_index);

void dibs_dev_free_index(struct dibs_dev *dev, u32 index)
{
	xa_erase(&dev->dmbs, index);
}
EXPORT_SYMBOL_GPL(dibs_dev_free_index);

/*
 * A bucket's pointer has its lock in the lowest bit. Who waits for that writes
 * the word which its holder reads, unmarked, in <linux/rhashtable.h>.
 */
static int dibs_tokens_insert(struct dibs_dev *dev, struct dibs_dmb *dmb)
{
	/* With those who wait for the bucket, see above. */
	return data_race(rhashtable_lookup_insert_fast(&dev->tokens,
						       &dmb->token_node,
						       dibs_token_params));
}

static void dibs_tokens_remove(struct dibs_dev *dev, struct dibs_dmb *dmb)
{
	/* With those who wait for the bucket, see above. */
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

/* A DMB of a local device by its token, referenced. */
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

/* Makes an allocated DMB known: index, driver, token. All or nothing. */
static int dibs_dmb_name(struct dibs_dev *dev, struct dibs_dmb *dmb)
{
	struct dibs_client *client = dibs_use_client(dmb->use);
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
	list_add_tail(&dmb->entry, &dmb->use->dmbs);
	spin_unlock(&client->lock);
	return 0;

forget:
	if (dev->ops->unregister_dmb)
		dev->ops->unregister_dmb(dev, dmb);
del_index:
	dibs_dmb_del_index(dev, dmb);
	return err;
}

/* Who attached it is told why nobody will read there any more. */
static void dibs_dmb_tell_peer(const struct dibs_dmb *dmb)
{
	/* Pairs with dibs_use_cut(). */
	u32 subtype = READ_ONCE(dmb->use->cut) ? DIBS_EVENT_BUF_CUT :
						 DIBS_EVENT_BUF_UNREGISTERED;

	if (dibs_dmb_attached(dmb))
		dibs_event_buf(dmb->use->binding, dmb->token, subtype);
}

/*
 * Makes a DMB unknown; see name.c. Afterwards no callback runs for it, the
 * driver has forgotten it, nobody can attach it. Its memory stays.
 */
void dibs_dmb_unname(struct dibs_dmb *dmb)
{
	struct dibs_client *client = dibs_use_client(dmb->use);
	struct dibs_dev *dev = dibs_use_dev(dmb->use);

	if (!dibs_name_take(&dmb->name_state))
		return;
	dibs_dmb_del_token(dev, dmb);
	dibs_dmb_close(dmb);
	if (dev->ops->unregister_dmb)
		dev->ops->unregister_dmb(dev, dmb);
	dibs_dmb_signal_stop(dmb);
	dibs_dmb_del_index(dev, dmb);
	dibs_dmb_tell_peer(dmb);
	trace_dibs_unregister_dmb(dmb);
	dibs_count_add(dmb->use, DIBS_A_COUNTER_DMBS, -1);
	spin_lock(&client->lock);
	list_move_tail(&dmb->entry, &client->dead_dmbs);
	spin_unlock(&client->lock);
	dibs_name_gone(&dmb->name_state);
}

static bool dibs_dmb_params_valid(const struct dibs_dev *dev,
				  const struct dibs_dmb_params *params)
{
	return params->len && params->len <= dev->max_dmb_len &&
	       params->header_len <= min_t(u32, params->len, PAGE_SIZE) &&
	       (!params->vlan.valid || dibs_dev_has_vlans(dev));
}

static struct dibs_dmb *
dibs_register_dmb_entered(struct dibs_use *use, struct net *net,
			  const struct dibs_dmb_params *params)
{
	struct dibs_dev *dev = dibs_use_dev(use);
	struct dibs_dmb *dmb;
	int err;

	if (!dibs_dev_usable(dev, net)) {
		dibs_count(use, DIBS_A_COUNTER_REJECT_NETNS);
		return ERR_PTR(-EXDEV);
	}
	if (!dibs_dmb_params_valid(dev, params))
		return ERR_PTR(-EINVAL);
	dmb = dibs_dmb_alloc(use, net, params);
	if (!dmb)
		return ERR_PTR(-ENOMEM);
	err = dibs_dmb_name(dev, dmb);
	if (err) {
		dibs_dmb_put(dmb);
		return ERR_PTR(err);
	}
	dibs_count(use, DIBS_A_COUNTER_DMBS);
	dibs_count(use, DIBS_A_COUNTER_DMBS_EVER);
	trace_dibs_register_dmb(dmb);
	/*
	 * The right was lost while the DMB was not in the list yet; by now there
	 * may be a new one, but then for a new use.
	 */
	if (READ_ONCE(use->cut) || !dibs_dev_usable(dev, net)) {
		dibs_count(use, DIBS_A_COUNTER_REJECT_NETNS);
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
	struct dibs_use *use;

	might_sleep();
	binding = dibs_enter(client, dev);
	if (!binding)
		return ERR_PTR(-ENODEV);
	memcg = dibs_memcg_enter(params->memcg);
	use = dibs_use_get(binding, net);
	if (IS_ERR(use)) {
		dmb = ERR_CAST(use);
		goto leave;
	}
	dmb = dibs_register_dmb_entered(use, net, params);
	if (IS_ERR(dmb))
		dibs_count(use, DIBS_A_COUNTER_DMBS_FAILED);
	dibs_use_put(use);
leave:
	dibs_memcg_leave(memcg);
	dibs_exit(binding);
	return dmb;
}
EXPORT_SYMBOL_GPL(dibs_register_dmb);

void dibs_unregister_dmb(struct dibs_dmb *dmb)
{
	struct dibs_client *client;

	might_sleep();
	if (!dmb)
		return;
	dibs_dmb_unname(dmb);
	/* A peer that does not let go keeps no memory at the owner's expense. */
	if (dibs_dmb_attached(dmb))
		dibs_memory_trim(&dmb->memory, 0, dmb->memory.len);
	client = dibs_use_client(dmb->use);
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
	return dibs_use_dev(dmb->use);
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

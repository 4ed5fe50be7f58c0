// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * What one namespace does with one client on one device: its counters and its
 * handles.
 */
#include <linux/err.h>
#include <linux/slab.h>

#include "core.h"

struct dibs_use *dibs_use_find(struct dibs_binding *binding, u64 cookie)
{
	struct dibs_use *use;

	rcu_read_lock();
	use = xa_load(&binding->uses, cookie);
	if (use && !refcount_inc_not_zero(&use->refs))
		use = NULL;
	rcu_read_unlock();
	return use;
}

static struct dibs_use *dibs_use_alloc(struct dibs_binding *binding,
				       u64 cookie)
{
	struct dibs_use *use = kzalloc(sizeof(*use), DIBS_GFP);

	if (!use)
		return NULL;
	/* Of the flags against the OOM killer it knows this one alone. */
	use->stats = alloc_percpu_gfp(struct dibs_stats, GFP_KERNEL_ACCOUNT |
				      __GFP_NORETRY | __GFP_NOWARN);
	if (!use->stats) {
		kfree(use);
		return NULL;
	}
	refcount_inc(&binding->refs);
	use->binding = binding;
	use->cookie = cookie;
	INIT_LIST_HEAD(&use->dmbs);
	INIT_LIST_HEAD(&use->attachments);
	refcount_set(&use->refs, 2);	/* caller, binding->uses */
	return use;
}

static void dibs_use_free_rcu(struct rcu_head *rcu)
{
	struct dibs_use *use = container_of(rcu, struct dibs_use, rcu);

	free_percpu(use->stats);
	kfree(use);
}

static void dibs_use_free(struct dibs_use *use)
{
	struct dibs_binding *binding = use->binding;
	struct dibs_stats sum = {};

	dibs_stats_add_use(&sum, use);
	spin_lock(&binding->client->lock);
	dibs_stats_add(&binding->gone, &sum);
	spin_unlock(&binding->client->lock);
	dibs_binding_put(binding);
	/* dibs_dmb_signal() counts under RCU alone. */
	call_rcu(&use->rcu, dibs_use_free_rcu);
}

void dibs_use_put(struct dibs_use *use)
{
	if (refcount_dec_and_test(&use->refs))
		dibs_use_free(use);
}

/* The namespace's use of an entered binding, made at the first call. */
struct dibs_use *dibs_use_get(struct dibs_binding *binding,
			      const struct net *net)
{
	struct dibs_use *use, *old;

	use = dibs_use_find(binding, net->net_cookie);
	if (use)
		return use;
	use = dibs_use_alloc(binding, net->net_cookie);
	if (!use)
		return ERR_PTR(-ENOMEM);
	xa_lock(&binding->uses);
	old = __xa_cmpxchg(&binding->uses, use->cookie, NULL, use, DIBS_GFP);
	if (old && !xa_is_err(old))
		refcount_inc(&old->refs);
	xa_unlock(&binding->uses);
	if (!old)
		return use;
	refcount_dec(&use->refs);	/* not in binding->uses */
	dibs_use_put(use);
	return xa_is_err(old) ? ERR_PTR(xa_err(old)) : old;
}

static struct dibs_dmb *dibs_use_first_dmb(struct dibs_use *use)
{
	struct dibs_client *client = dibs_use_client(use);
	struct dibs_dmb *dmb;

	spin_lock(&client->lock);
	dmb = list_first_entry_or_null(&use->dmbs, struct dibs_dmb, entry);
	if (dmb)
		refcount_inc(&dmb->refs);
	spin_unlock(&client->lock);
	return dmb;
}

static struct dibs_attachment *dibs_use_first_attachment(struct dibs_use *use)
{
	struct dibs_client *client = dibs_use_client(use);
	struct dibs_attachment *att;

	spin_lock(&client->lock);
	att = list_first_entry_or_null(&use->attachments,
				       struct dibs_attachment, entry);
	if (att)
		refcount_inc(&att->refs);
	spin_unlock(&client->lock);
	return att;
}

/*
 * Makes all handles unknown to the driver. The caller sees to it that no new
 * ones come and no move runs. When it returns, those that others were taking
 * care of are done too: each leaves the list as the last step. If the client
 * lives on, it gets an event for each, as it did not ask for this.
 */
void dibs_use_unname(struct dibs_use *use)
{
	u32 subtype = READ_ONCE(use->cut) ? DIBS_EVENT_BUF_CUT :
					    DIBS_EVENT_BUF_UNREGISTERED;
	struct dibs_attachment *att;
	struct dibs_dmb *dmb;

	while ((att = dibs_use_first_attachment(use))) {
		dibs_attachment_unname(att);
		dibs_event_buf(use->binding, att->token, subtype);
		dibs_attachment_put(att);
		cond_resched();
	}
	while ((dmb = dibs_use_first_dmb(use))) {
		dibs_dmb_unname(dmb);
		/* If attached, it had the event from there. */
		if (!dibs_dmb_attached(dmb))
			dibs_event_buf(use->binding, dmb->token, subtype);
		dibs_dmb_put(dmb);
		cond_resched();
	}
}

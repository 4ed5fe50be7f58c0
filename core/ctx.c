// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Contexts: the counters and handles that one network namespace has in the
 * binding of one client to one device.
 */
#include <linux/err.h>
#include <linux/slab.h>

#include "core.h"

struct dibs_ctx *dibs_ctx_find(struct dibs_binding *binding, u64 cookie)
{
	struct dibs_ctx *ctx;

	rcu_read_lock();
	ctx = xa_load(&binding->ctxs, cookie);
	if (ctx && !refcount_inc_not_zero(&ctx->refs))
		ctx = NULL;
	rcu_read_unlock();
	return ctx;
}

static struct dibs_ctx *dibs_ctx_alloc(struct dibs_binding *binding,
				       u64 cookie)
{
	struct dibs_ctx *ctx = kzalloc(sizeof(*ctx), DIBS_GFP);

	if (!ctx)
		return NULL;
	/* The percpu allocator knows no other flag against the OOM killer. */
	ctx->stats = alloc_percpu_gfp(struct dibs_stats, GFP_KERNEL_ACCOUNT |
				      __GFP_NORETRY | __GFP_NOWARN);
	if (!ctx->stats) {
		kfree(ctx);
		return NULL;
	}
	refcount_inc(&binding->refs);
	ctx->binding = binding;
	ctx->cookie = cookie;
	INIT_LIST_HEAD(&ctx->dmbs);
	INIT_LIST_HEAD(&ctx->attachments);
	refcount_set(&ctx->refs, 2);	/* caller, binding->ctxs */
	return ctx;
}

static void dibs_ctx_free_rcu(struct rcu_head *rcu)
{
	struct dibs_ctx *ctx = container_of(rcu, struct dibs_ctx, rcu);

	free_percpu(ctx->stats);
	kfree(ctx);
}

static void dibs_ctx_free(struct dibs_ctx *ctx)
{
	struct dibs_binding *binding = ctx->binding;
	struct dibs_stats sum = {};

	dibs_stats_sum_ctx(&sum, ctx);
	spin_lock(&binding->client->lock);
	dibs_stats_sum(&binding->gone, &sum);
	spin_unlock(&binding->client->lock);
	dibs_binding_put(binding);
	/* dibs_dmb_signal() updates counters under RCU alone. */
	call_rcu(&ctx->rcu, dibs_ctx_free_rcu);
}

void dibs_ctx_put(struct dibs_ctx *ctx)
{
	if (refcount_dec_and_test(&ctx->refs))
		dibs_ctx_free(ctx);
}

/*
 * The context of a namespace in a binding the caller has entered, referenced;
 * allocated at the first call. ERR_PTR(-ENOMEM). May sleep.
 */
struct dibs_ctx *dibs_ctx_get(struct dibs_binding *binding,
			      const struct net *net)
{
	struct dibs_ctx *ctx, *old;

	might_sleep();
	ctx = dibs_ctx_find(binding, net->net_cookie);
	if (ctx)
		return ctx;
	ctx = dibs_ctx_alloc(binding, net->net_cookie);
	if (!ctx)
		return ERR_PTR(-ENOMEM);
	xa_lock(&binding->ctxs);
	old = __xa_cmpxchg(&binding->ctxs, ctx->cookie, NULL, ctx, DIBS_GFP);
	if (old && !xa_is_err(old))
		refcount_inc(&old->refs);
	xa_unlock(&binding->ctxs);
	if (!old)
		return ctx;
	refcount_dec(&ctx->refs);	/* not in binding->ctxs */
	dibs_ctx_put(ctx);
	return xa_is_err(old) ? ERR_PTR(xa_err(old)) : old;
}

static struct dibs_dmb *dibs_ctx_first_dmb(struct dibs_ctx *ctx)
{
	struct dibs_client *client = dibs_ctx_client(ctx);
	struct dibs_dmb *dmb;

	spin_lock(&client->lock);
	dmb = list_first_entry_or_null(&ctx->dmbs, struct dibs_dmb, entry);
	if (dmb)
		refcount_inc(&dmb->refs);
	spin_unlock(&client->lock);
	return dmb;
}

static struct dibs_attachment *dibs_ctx_first_attachment(struct dibs_ctx *ctx)
{
	struct dibs_client *client = dibs_ctx_client(ctx);
	struct dibs_attachment *att;

	spin_lock(&client->lock);
	att = list_first_entry_or_null(&ctx->attachments,
				       struct dibs_attachment, entry);
	if (att)
		refcount_inc(&att->refs);
	spin_unlock(&client->lock);
	return att;
}

/*
 * Retracts all handles of a context. The caller makes sure that no new ones are
 * added and no move runs. On return, handles that others were retracting are
 * done as well, because each leaves its list in the last step. A client that
 * stays gets an event for each handle, as it did not ask for this.
 */
void dibs_ctx_retract(struct dibs_ctx *ctx)
{
	u32 subtype = READ_ONCE(ctx->cut) ? DIBS_EVENT_BUF_CUT :
					    DIBS_EVENT_BUF_UNREGISTERED;
	struct dibs_attachment *att;
	struct dibs_dmb *dmb;

	might_sleep();
	while ((att = dibs_ctx_first_attachment(ctx))) {
		dibs_attachment_retract(att);
		dibs_event_buf(ctx->binding, att->token, subtype);
		dibs_attachment_put(att);
		cond_resched();
	}
	while ((dmb = dibs_ctx_first_dmb(ctx))) {
		dibs_dmb_retract(dmb);
		/* With a peer attached, dibs_dmb_retract() sent the event. */
		if (!dibs_dmb_attached(dmb))
			dibs_event_buf(ctx->binding, dmb->token, subtype);
		dibs_dmb_put(dmb);
		cond_resched();
	}
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Binding a client to a device, and unbinding it.
 *
 * Unbinding goes in steps, each for all bindings that are unbound together, so
 * that all of them share the waits:
 *
 *	1. unreachable:	no operation enters, no move or callback starts
 *	2. wait:	for moves and callbacks (RCU), then for operations
 *			(percpu_ref)
 *	3. del_dev:	the client may give handles back
 *	4. tear down:	the driver forgets what the client left behind
 */
#include <linux/slab.h>

#include "core.h"
#include "trace.h"

static void dibs_binding_drained(struct percpu_ref *ops)
{
	struct dibs_binding *binding = container_of(ops, struct dibs_binding,
						    ops);

	complete(&binding->drained);
}

static struct dibs_binding *dibs_binding_alloc(struct dibs_dev *dev,
					       struct dibs_client *client)
{
	struct dibs_binding *binding = kzalloc(sizeof(*binding),
					       DIBS_GFP);

	if (!binding)
		return NULL;
	if (percpu_ref_init(&binding->ops, dibs_binding_drained, 0,
			    GFP_KERNEL_ACCOUNT)) {
		kfree(binding);
		return NULL;
	}
	init_completion(&binding->drained);
	xa_init(&binding->ctxs);
	refcount_set(&binding->refs, 1);
	refcount_inc(&client->refs);
	binding->client = client;
	binding->dev = dibs_dev_get(dev);
	return binding;
}

void dibs_binding_put(struct dibs_binding *binding)
{
	if (!refcount_dec_and_test(&binding->refs))
		return;
	percpu_ref_exit(&binding->ops);
	xa_destroy(&binding->ctxs);
	dibs_dev_put(binding->dev);
	dibs_client_put(binding->client);
	kfree_rcu(binding, rcu);
}

/* Step 1. */
static void dibs_binding_stop(struct dibs_binding *binding)
{
	lockdep_assert_held(&dibs_lock);
	WRITE_ONCE(binding->live, false);
	percpu_ref_kill(&binding->ops);
}

/* Step 4. */
static void dibs_binding_tear_down(struct dibs_binding *binding)
{
	struct dibs_dev *dev = binding->dev;
	struct dibs_ctx *ctx;
	unsigned long cookie;

	lockdep_assert_held(&dibs_lock);
	xa_erase(&dev->bindings, binding->client->id);
	dibs_vlans_del_binding(binding);
	xa_for_each(&binding->ctxs, cookie, ctx) {
		dibs_ctx_retract(ctx);
		xa_erase(&binding->ctxs, cookie);
		dibs_ctx_put(ctx);
	}
	trace_dibs_unbind(dev, binding->client);
	dibs_binding_put(binding);
}

/* Unbinds all bindings in the list, which is invalid afterwards. May sleep. */
void dibs_unbind_all(struct list_head *bindings)
{
	struct dibs_binding *binding, *next;

	lockdep_assert_held(&dibs_lock);
	if (list_empty(bindings))
		return;
	list_for_each_entry(binding, bindings, entry)
		dibs_binding_stop(binding);
	/*
	 * Moves and callbacks check ->live under RCU. Wait for them first: the
	 * grace period that percpu_ref needs for itself passes meanwhile.
	 */
	synchronize_rcu();
	list_for_each_entry(binding, bindings, entry)
		wait_for_completion(&binding->drained);
	list_for_each_entry(binding, bindings, entry)
		binding->client->ops->del_dev(binding->client, binding->dev);
	list_for_each_entry_safe(binding, next, bindings, entry)
		dibs_binding_tear_down(binding);
}

/*
 * A client that refuses a device is not bound to it, so its del_dev is not
 * called; what add_dev created before it refused is torn down.
 */
static void dibs_binding_refused(struct dibs_binding *binding)
{
	dibs_binding_stop(binding);
	synchronize_rcu();
	wait_for_completion(&binding->drained);
	dibs_binding_tear_down(binding);
}

/* 0, even if the client refuses the device, or -ENOMEM. May sleep. */
int dibs_bind(struct dibs_dev *dev, struct dibs_client *client)
{
	struct dibs_binding *binding;
	int err;

	lockdep_assert_held(&dibs_lock);
	binding = dibs_binding_alloc(dev, client);
	if (!binding)
		return -ENOMEM;
	/*
	 * add_dev may register DMBs, whose signals must not be lost. Events are
	 * delivered only once it has returned.
	 */
	WRITE_ONCE(binding->live, true);
	err = xa_err(xa_store(&dev->bindings, client->id, binding,
			      GFP_KERNEL_ACCOUNT));
	if (err) {
		percpu_ref_kill(&binding->ops);
		wait_for_completion(&binding->drained);
		dibs_binding_put(binding);
		return err;
	}
	err = client->ops->add_dev(client, dev);
	trace_dibs_bind(dev, client, err);
	if (err)
		dibs_binding_refused(binding);
	else
		WRITE_ONCE(binding->accepted, true);
	return 0;
}

/*
 * Begins an operation of a client on a device: unbinding waits for
 * dibs_binding_exit(). NULL: the device is gone for this client.
 */
struct dibs_binding *dibs_binding_enter(struct dibs_client *client,
					struct dibs_dev *dev)
{
	struct dibs_binding *binding;

	rcu_read_lock();
	binding = xa_load(&dev->bindings, client->id);
	if (binding && !percpu_ref_tryget_live(&binding->ops))
		binding = NULL;
	rcu_read_unlock();
	return binding;
}

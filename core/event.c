// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Events: notifications from the fabric to the clients of a device.
 */
#include <linux/bottom_half.h>
#include <linux/err.h>
#include <linux/module.h>

#include "core.h"
#include "trace.h"

/* Runs in an RCU read-side section with bottom halves off. */
static void dibs_event_deliver(struct dibs_binding *binding,
			       const struct dibs_event *event)
{
	/* Pairs with dibs_binding_stop() and its synchronize_rcu(). */
	if (!READ_ONCE(binding->accepted) || !READ_ONCE(binding->live))
		return;
	atomic64_inc(&binding->events);
	binding->client->ops->handle_event(binding->client, binding->dev,
					   event);
}

void dibs_event(struct dibs_dev *dev, const struct dibs_event *event)
{
	struct dibs_binding *binding;
	unsigned long id;

	trace_dibs_event(dev, event);
	local_bh_disable();
	rcu_read_lock();
	xa_for_each(&dev->bindings, id, binding)
		dibs_event_deliver(binding, event);
	rcu_read_unlock();
	local_bh_enable();
	dibs_notify_event(dev, event);
}
EXPORT_SYMBOL_GPL(dibs_event);

/* For the owner or the peer of a DMB on this kernel; one client is both. */
void dibs_event_buf(struct dibs_binding *binding, u64 token, u32 subtype)
{
	const struct dibs_event event = {
		.type = DIBS_EVENT_BUF,
		.subtype = subtype,
		.gid = binding->dev->gid,
		.token = token,
	};

	trace_dibs_event(binding->dev, &event);
	local_bh_disable();
	rcu_read_lock();
	dibs_event_deliver(binding, &event);
	rcu_read_unlock();
	local_bh_enable();
}

int dibs_signal_event(struct dibs_client *client, struct dibs_dev *dev,
		      const uuid_t *rgid, bool trigger, u32 code, u64 info)
{
	struct dibs_binding *binding;
	int err;

	might_sleep();
	binding = dibs_binding_enter(client, dev);
	if (!binding)
		return -ENODEV;
	err = -EOPNOTSUPP;
	if (dev->ops->signal_event)
		err = dev->ops->signal_event(dev, rgid, trigger, code, info);
	dibs_binding_exit(binding);
	return err;
}
EXPORT_SYMBOL_GPL(dibs_signal_event);

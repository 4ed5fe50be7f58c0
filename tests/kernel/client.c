// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * See client.h.
 */
#include <linux/err.h>

#include "client.h"

static bool tclient_dev_store(struct tclient *tc, struct dibs_dev *old,
			      struct dibs_dev *new)
{
	bool stored = tc->blind;
	unsigned int i;

	spin_lock_bh(&tc->lock);
	for (i = 0; i < TCLIENT_DEVS && !stored; i++) {
		if (tc->devs[i] != old)
			continue;
		tc->devs[i] = new;
		stored = true;
	}
	spin_unlock_bh(&tc->lock);
	return stored;
}

bool tclient_has(struct tclient *tc, const struct dibs_dev *dev)
{
	bool found = false;
	unsigned int i;

	spin_lock_bh(&tc->lock);
	for (i = 0; i < TCLIENT_DEVS; i++)
		found |= tc->devs[i] == dev;
	spin_unlock_bh(&tc->lock);
	return found;
}

struct dibs_dev *tclient_dev(struct tclient *tc, const char *name)
{
	struct dibs_dev *dev = NULL;
	unsigned int i;

	spin_lock_bh(&tc->lock);
	for (i = 0; i < TCLIENT_DEVS && !dev; i++)
		if (tc->devs[i] && !strcmp(dibs_dev_name(tc->devs[i]), name))
			dev = tc->devs[i];
	spin_unlock_bh(&tc->lock);
	return dev;
}

static int tclient_add_dev(struct dibs_client *client, struct dibs_dev *dev)
{
	struct tclient *tc = dibs_client_priv(client);
	int err = tc->refuse;

	/* dibs_register_client() has not returned yet. */
	tc->client = client;
	atomic_inc(&tc->adds);
	if (!err && !tclient_dev_store(tc, NULL, dev))
		err = -ENOSPC;
	if (tc->on_add && !err)
		err = tc->on_add(tc, dev);
	if (err)
		tclient_dev_store(tc, dev, NULL);
	return err;
}

static void tclient_del_dev(struct dibs_client *client, struct dibs_dev *dev)
{
	struct tclient *tc = dibs_client_priv(client);

	atomic_inc(&tc->dels);
	if (!tclient_dev_store(tc, dev, NULL))
		atomic_inc(&tc->late);
	if (tc->on_del)
		tc->on_del(tc, dev);
}

static void tclient_handle_signal(struct dibs_dmb *dmb, u16 mask)
{
	struct watch *watch = dibs_dmb_priv(dmb);

	if (!watch)
		return;
	if (atomic_inc_return(&watch->running) != 1)
		atomic_inc(&watch->overlaps);
	if (READ_ONCE(watch->given_back))
		atomic_inc(&watch->late);
	atomic_or(mask, &watch->mask);
	atomic_inc(&watch->calls);
	if (watch->hook)
		watch->hook(watch, dmb, mask);
	atomic_dec(&watch->running);
}

static void tclient_handle_event(struct dibs_client *client,
				 struct dibs_dev *dev,
				 const struct dibs_event *event)
{
	struct tclient *tc = dibs_client_priv(client);

	if (!tclient_has(tc, dev))
		atomic_inc(&tc->late);
	spin_lock_bh(&tc->lock);
	tc->last = *event;
	spin_unlock_bh(&tc->lock);
	if (tc->on_event)
		tc->on_event(tc, dev, event);
	atomic_inc(&tc->events);
}

const struct dibs_client_ops tclient_ops = {
	.add_dev = tclient_add_dev,
	.del_dev = tclient_del_dev,
	.handle_signal = tclient_handle_signal,
	.handle_event = tclient_handle_event,
};

int tclient_register(struct tclient *tc, const char *name)
{
	struct dibs_client *client;

	spin_lock_init(&tc->lock);
	client = dibs_register_client(&tclient_ops, name, tc);
	tc->client = IS_ERR(client) ? NULL : client;
	return PTR_ERR_OR_ZERO(client);
}

void tclient_unregister(struct tclient *tc)
{
	if (tc->client)
		dibs_unregister_client(tc->client);
	tc->client = NULL;
}

struct dibs_event tclient_last(struct tclient *tc)
{
	struct dibs_event event;

	spin_lock_bh(&tc->lock);
	event = tc->last;
	spin_unlock_bh(&tc->lock);
	return event;
}

void watch_unregister(struct watch *watch, struct dibs_dmb *dmb)
{
	dibs_unregister_dmb(dmb);
	WRITE_ONCE(watch->given_back, true);
}

void watch_expect_clean(struct test *t, struct watch *watch)
{
	expect_eq(t, atomic_read(&watch->overlaps), 0);
	expect_eq(t, atomic_read(&watch->late), 0);
	expect_eq(t, atomic_read(&watch->running), 0);
}

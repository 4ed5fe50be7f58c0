// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The registry of clients.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "core.h"
#include "trace.h"

LIST_HEAD(dibs_clients);
static DEFINE_IDA(dibs_client_ids);

static bool dibs_client_ops_valid(const struct dibs_client_ops *ops)
{
	return ops && ops->add_dev && ops->del_dev && ops->handle_signal &&
	       ops->handle_event;
}

static bool dibs_client_name_taken(const char *name)
{
	struct dibs_client *client;

	lockdep_assert_held(&dibs_lock);
	list_for_each_entry(client, &dibs_clients, entry)
		if (!strcmp(client->name, name))
			return true;
	return false;
}

static struct dibs_client *dibs_client_alloc(const struct dibs_client_ops *ops,
					     const char *name, void *priv)
{
	struct dibs_client *client = kzalloc(sizeof(*client), GFP_KERNEL);
	int id;

	if (!client)
		return ERR_PTR(-ENOMEM);
	id = ida_alloc(&dibs_client_ids, GFP_KERNEL);
	if (id < 0) {
		kfree(client);
		return ERR_PTR(id);
	}
	client->ops = ops;
	client->priv = priv;
	strscpy(client->name, name, sizeof(client->name));
	client->id = id;
	spin_lock_init(&client->lock);
	INIT_LIST_HEAD(&client->dead_dmbs);
	INIT_LIST_HEAD(&client->dead_attachments);
	refcount_set(&client->refs, 1);
	return client;
}

void dibs_client_put(struct dibs_client *client)
{
	if (!refcount_dec_and_test(&client->refs))
		return;
	ida_free(&dibs_client_ids, client->id);
	kfree_rcu(client, rcu);
}

static void dibs_client_unbind_devs(struct dibs_client *client)
{
	struct dibs_binding *binding;
	struct dibs_dev *dev;
	LIST_HEAD(bindings);

	lockdep_assert_held(&dibs_lock);
	list_for_each_entry(dev, &dibs_devs, entry) {
		binding = xa_load(&dev->bindings, client->id);
		if (binding)
			list_add_tail(&binding->entry, &bindings);
	}
	dibs_unbind_all(&bindings);
}

/* Frees what the client did not give back, once it is unbound everywhere. */
static void dibs_client_free_handles(struct dibs_client *client)
{
	struct dibs_attachment *att, *next_att;
	struct dibs_dmb *dmb, *next_dmb;
	LIST_HEAD(attachments);
	LIST_HEAD(dmbs);

	spin_lock(&client->lock);
	list_splice_init(&client->dead_attachments, &attachments);
	list_splice_init(&client->dead_dmbs, &dmbs);
	spin_unlock(&client->lock);

	list_for_each_entry_safe(att, next_att, &attachments, entry) {
		dibs_attachment_put(att);
		cond_resched();
	}
	list_for_each_entry_safe(dmb, next_dmb, &dmbs, entry) {
		dibs_dmb_put(dmb);
		cond_resched();
	}
}

/* Binds the client to all enabled devices, or to none. */
static int dibs_client_bind_devs(struct dibs_client *client)
{
	struct dibs_dev *dev;
	int err;

	lockdep_assert_held(&dibs_lock);
	list_for_each_entry(dev, &dibs_devs, entry) {
		err = dev->enabled ? dibs_bind(dev, client) : 0;
		if (err) {
			dibs_client_unbind_devs(client);
			return err;
		}
	}
	return 0;
}

struct dibs_client *dibs_register_client(const struct dibs_client_ops *ops,
					 const char *name, void *priv)
{
	struct dibs_client *client;
	int err = -EEXIST;

	might_sleep();
	if (!dibs_client_ops_valid(ops) || !dibs_name_valid(name))
		return ERR_PTR(-EINVAL);
	client = dibs_client_alloc(ops, name, priv);
	if (IS_ERR(client))
		return client;

	mutex_lock(&dibs_lock);
	if (dibs_client_name_taken(name))
		goto unlock;
	err = dibs_client_bind_devs(client);
	if (err)
		goto unlock;
	list_add_tail(&client->entry, &dibs_clients);
	trace_dibs_client_add(client);
	dibs_notify_client(client, DIBS_CMD_CLIENT_ADD_NTF);
	mutex_unlock(&dibs_lock);
	return client;

unlock:
	mutex_unlock(&dibs_lock);
	dibs_client_free_handles(client);
	dibs_client_put(client);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_GPL(dibs_register_client);

void dibs_unregister_client(struct dibs_client *client)
{
	might_sleep();
	mutex_lock(&dibs_lock);
	dibs_client_unbind_devs(client);
	list_del(&client->entry);
	trace_dibs_client_del(client);
	dibs_notify_client(client, DIBS_CMD_CLIENT_DEL_NTF);
	mutex_unlock(&dibs_lock);

	dibs_client_free_handles(client);
	dibs_client_put(client);
}
EXPORT_SYMBOL_GPL(dibs_unregister_client);

void *dibs_client_priv(const struct dibs_client *client)
{
	return client->priv;
}
EXPORT_SYMBOL_GPL(dibs_client_priv);

void dibs_set_client_dev_priv(struct dibs_client *client, struct dibs_dev *dev,
			      void *priv)
{
	struct dibs_binding *binding;

	rcu_read_lock();
	binding = xa_load(&dev->bindings, client->id);
	if (binding)
		WRITE_ONCE(binding->priv, priv);
	rcu_read_unlock();
}
EXPORT_SYMBOL_GPL(dibs_set_client_dev_priv);

void *dibs_client_dev_priv(struct dibs_client *client, struct dibs_dev *dev)
{
	struct dibs_binding *binding;
	void *priv = NULL;

	rcu_read_lock();
	binding = xa_load(&dev->bindings, client->id);
	if (binding)
		priv = READ_ONCE(binding->priv);
	rcu_read_unlock();
	return priv;
}
EXPORT_SYMBOL_GPL(dibs_client_dev_priv);

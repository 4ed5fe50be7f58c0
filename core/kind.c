// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Kinds of devices that an administrator can make at run time.
 */
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/string.h>

#include "core.h"

static LIST_HEAD(dibs_kinds);
static DEFINE_MUTEX(dibs_kinds_lock);	/* guards dibs_kinds */

static struct dibs_dev_kind *dibs_kind_find(const char *name)
{
	struct dibs_dev_kind *kind;

	lockdep_assert_held(&dibs_kinds_lock);
	list_for_each_entry(kind, &dibs_kinds, entry)
		if (!strcmp(kind->name, name))
			return kind;
	return NULL;
}

int dibs_register_kind(struct dibs_dev_kind *kind)
{
	int err = 0;

	mutex_lock(&dibs_kinds_lock);
	if (dibs_kind_find(kind->name))
		err = -EEXIST;
	else
		list_add_tail(&kind->entry, &dibs_kinds);
	mutex_unlock(&dibs_kinds_lock);
	return err;
}
EXPORT_SYMBOL_GPL(dibs_register_kind);

void dibs_unregister_kind(struct dibs_dev_kind *kind)
{
	/* Callers of its functions hold its module, so none runs. */
	mutex_lock(&dibs_kinds_lock);
	list_del(&kind->entry);
	mutex_unlock(&dibs_kinds_lock);
}
EXPORT_SYMBOL_GPL(dibs_unregister_kind);

static struct dibs_dev_kind *dibs_kind_try_get(const char *name)
{
	struct dibs_dev_kind *kind;

	mutex_lock(&dibs_kinds_lock);
	kind = dibs_kind_find(name);
	if (kind && !try_module_get(kind->owner))
		kind = NULL;
	mutex_unlock(&dibs_kinds_lock);
	return kind;
}

/* Loads the module of the kind if need be. The kind's module stays until put. */
struct dibs_dev_kind *dibs_kind_get(const char *name)
{
	struct dibs_dev_kind *kind = dibs_kind_try_get(name);

	if (kind)
		return kind;
	request_module("dibs-kind-%s", name);
	return dibs_kind_try_get(name);
}

void dibs_kind_put(struct dibs_dev_kind *kind)
{
	module_put(kind->owner);
}

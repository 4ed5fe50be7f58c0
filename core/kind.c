// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Kinds of devices that an administrator can create at run time.
 */
#include <linux/err.h>
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/workqueue.h>

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
	/* Callers of its functions hold a module reference: none is running. */
	mutex_lock(&dibs_kinds_lock);
	list_del(&kind->entry);
	mutex_unlock(&dibs_kinds_lock);
}
EXPORT_SYMBOL_GPL(dibs_unregister_kind);

static struct dibs_dev_kind *dibs_kind_try_get(const char *name)
{
	struct dibs_dev_kind *kind = dibs_kind_find(name);

	return kind && try_module_get(kind->owner) ? kind : NULL;
}

/*
 * Generic netlink holds a lock while it calls us, which the module that is
 * loaded may take, too, as everybody who registers a family. So a work item
 * loads it, one at a time, with a reference to this module:
 *
 *	NONE --first request--> LOADING --> DONE --next request--> NONE
 */
enum dibs_kind_load {
	DIBS_KIND_NONE,
	DIBS_KIND_LOADING,
	DIBS_KIND_DONE,
};

/* Guarded by dibs_kinds_lock. */
static enum dibs_kind_load dibs_kind_load;
static char dibs_kind_loads[DIBS_NAME_LEN];

static void dibs_kind_load_module(struct work_struct *work)
{
	/* Does not change while LOADING. */
	request_module("dibs-kind-%s", dibs_kind_loads);
	mutex_lock(&dibs_kinds_lock);
	dibs_kind_load = DIBS_KIND_DONE;
	mutex_unlock(&dibs_kinds_lock);
	module_put(THIS_MODULE);
}

static DECLARE_WORK(dibs_kind_work, dibs_kind_load_module);

/* -EAGAIN: the module is being loaded; -EOPNOTSUPP: there is none. */
static int dibs_kind_request(const char *name)
{
	lockdep_assert_held(&dibs_kinds_lock);
	if (dibs_kind_load == DIBS_KIND_DONE &&
	    !strcmp(dibs_kind_loads, name)) {
		dibs_kind_load = DIBS_KIND_NONE;
		return -EOPNOTSUPP;
	}
	if (dibs_kind_load != DIBS_KIND_LOADING &&
	    try_module_get(THIS_MODULE)) {
		dibs_kind_load = DIBS_KIND_LOADING;
		strscpy(dibs_kind_loads, name, sizeof(dibs_kind_loads));
		schedule_work(&dibs_kind_work);
	}
	return -EAGAIN;
}

/*
 * The kind with this name, whose module stays until dibs_kind_put(). ERR_PTR:
 * -EAGAIN (the module is being loaded: ask again), -EOPNOTSUPP (there is none).
 * May sleep.
 */
struct dibs_dev_kind *dibs_kind_get(const char *name)
{
	struct dibs_dev_kind *kind;

	might_sleep();
	mutex_lock(&dibs_kinds_lock);
	kind = dibs_kind_try_get(name);
	if (!kind)
		kind = ERR_PTR(dibs_kind_request(name));
	mutex_unlock(&dibs_kinds_lock);
	return kind;
}

void dibs_kind_put(struct dibs_dev_kind *kind)
{
	module_put(kind->owner);
}

/* Module exit: the work item may still be returning. */
void dibs_kinds_stop(void)
{
	flush_work(&dibs_kind_work);
}

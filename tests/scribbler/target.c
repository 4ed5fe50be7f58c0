// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The DMBs to lie into, and the threads that do it: in bursts at full speed,
 * with pauses, so that connections live long enough to transfer data. Also the
 * search for old data in new DMBs.
 */
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include <linux/dibs_client.h>
#include <linux/dibs_device.h>

#include "scribbler.h"

#define THREADS		2
#define SLOTS		64
#define BURST		2000
#define PAUSE_MAX_US	20000

struct slot {
	spinlock_t lock;	/* guards dmb, and keeps it registered */
	struct dibs_dmb *dmb;
};

static struct slot slots[SLOTS];
static struct task_struct *threads[THREADS];
static int current_lie;
static atomic_long_t told, fresh, stained;

/*
 * --- parameters -------------------------------------------------------------
 */

static unsigned int victims;
module_param(victims, uint, 0644);
MODULE_PARM_DESC(victims, "length of the DMBs to lie into");

static bool search;
module_param(search, bool, 0644);
MODULE_PARM_DESC(search, "search new DMBs for old data");

static bool stain;
module_param(stain, bool, 0644);
MODULE_PARM_DESC(stain, "make the search find something");

static int lie_set(const char *name, const struct kernel_param *param)
{
	int lie = __sysfs_match_string(lie_names, LIES, name);

	if (lie < 0)
		return lie;
	WRITE_ONCE(current_lie, lie);
	return 0;
}

static int lie_get(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%s\n", lie_names[READ_ONCE(current_lie)]);
}

static const struct kernel_param_ops lie_ops = {
	.set = lie_set,
	.get = lie_get,
};

module_param_cb(lie, &lie_ops, NULL, 0644);
MODULE_PARM_DESC(lie, "lie to tell");

static int count_get(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%ld\n",
			  atomic_long_read((atomic_long_t *)param->arg));
}

static const struct kernel_param_ops count_ops = {
	.get = count_get,
};

module_param_cb(told, &count_ops, &told, 0444);
MODULE_PARM_DESC(told, "number of lies told");
module_param_cb(fresh, &count_ops, &fresh, 0444);
MODULE_PARM_DESC(fresh, "number of new DMBs searched");
module_param_cb(stained, &count_ops, &stained, 0444);
MODULE_PARM_DESC(stained, "number of those that were not all zero");

/*
 * --- lying ------------------------------------------------------------------
 */

/* In register_dmb. A DMB that finds no free slot is spared. */
void target_add(struct dibs_dmb *dmb)
{
	struct slot *slot;

	if (dibs_dmb_len(dmb) != READ_ONCE(victims) || !dibs_dmb_header(dmb))
		return;
	for (slot = slots; slot < slots + SLOTS; slot++) {
		spin_lock_bh(&slot->lock);
		if (!slot->dmb) {
			slot->dmb = dmb;
			dibs_dmb_set_dev_priv(dmb, slot);
			spin_unlock_bh(&slot->lock);
			return;
		}
		spin_unlock_bh(&slot->lock);
	}
}

/* In unregister_dmb. */
void target_del(struct dibs_dmb *dmb)
{
	struct slot *slot = dibs_dmb_dev_priv(dmb);

	if (!slot)
		return;
	spin_lock_bh(&slot->lock);
	slot->dmb = NULL;
	spin_unlock_bh(&slot->lock);
}

static void target_lie(struct slot *slot, enum lie lie,
		       struct rnd_state *random)
{
	spin_lock_bh(&slot->lock);
	if (slot->dmb) {
		lie_tell(lie, slot->dmb, random);
		atomic_long_inc(&told);
	}
	spin_unlock_bh(&slot->lock);
}

static int target_thread(void *arg)
{
	struct rnd_state random;
	enum lie lie;
	int i;

	prandom_seed_state(&random, get_random_u64());
	while (!kthread_should_stop()) {
		lie = READ_ONCE(current_lie);
		for (i = 0; i < BURST && lie != LIE_NONE; i++) {
			target_lie(&slots[i % SLOTS], lie, &random);
			cond_resched();
		}
		i = 1 + prandom_u32_state(&random) % PAUSE_MAX_US;
		usleep_range(i, 2 * i);
	}
	return 0;
}

/*
 * --- searching new DMBs -----------------------------------------------------
 */

/*
 * Populates all pages of @dmb by writing a zero byte into each, and searches
 * them for data of an earlier owner. In register_dmb. 0 or -errno.
 */
int target_search(struct dibs_dmb *dmb)
{
	u32 len = dibs_dmb_len(dmb), offset;
	bool found = false;
	u8 *page;
	int err = 0;

	if (!READ_ONCE(search))
		return 0;
	page = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	for (offset = 0; offset < len && !err; offset += PAGE_SIZE) {
		u32 size = min_t(u32, PAGE_SIZE, len - offset);

		err = dibs_dmb_write(dmb, offset, READ_ONCE(stain) ? "!" : "",
				     1) ? :
		      dibs_dmb_read(dmb, offset, page, size);
		found |= !err && memchr_inv(page, 0, size);
	}
	kfree(page);
	if (!err)
		atomic_long_inc(&fresh);
	if (found)
		atomic_long_inc(&stained);
	return err;
}

/*
 * --- start and stop ---------------------------------------------------------
 */

void target_stop(void)
{
	int i;

	for (i = 0; i < THREADS; i++)
		if (threads[i])
			kthread_stop(threads[i]);
}

int target_start(void)
{
	struct task_struct *thread;
	int i;

	for (i = 0; i < SLOTS; i++)
		spin_lock_init(&slots[i].lock);
	for (i = 0; i < THREADS; i++) {
		thread = kthread_run(target_thread, NULL, "dibs_scribbler/%d",
				     i);
		if (IS_ERR(thread)) {
			target_stop();
			return PTR_ERR(thread);
		}
		threads[i] = thread;
	}
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Fake devices, which misbehave on demand. On the loopback fabric, a fake talks
 * to itself like the real device. On any other fabric, all fakes of that fabric
 * reach each other, with tokens of their own.
 */
#ifndef _DIBS_SELFTEST_FAKE_DEVICE_H
#define _DIBS_SELFTEST_FAKE_DEVICE_H

#include <linux/atomic.h>
#include <linux/dibs_device.h>
#include <linux/interrupt.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#define FAKE_FABRIC	0x0042

enum fake_op {
	FAKE_REGISTER,
	FAKE_UNREGISTER,
	FAKE_QUERY,
	FAKE_MOVE,
	FAKE_ATTACH,
	FAKE_DETACH,
	FAKE_ADD_VLAN,
	FAKE_DEL_VLAN,
	FAKE_SIGNAL_EVENT,
	FAKE_OPS
};

/* The context in which a move signals. */
enum fake_context {
	FAKE_SENDER,
	FAKE_WORKER,
	FAKE_SOFTIRQ,
};

/**
 * struct fake_options - options of a fake
 * @name:     name
 * @fabric:   fabric id; 0 for FAKE_FABRIC
 * @maps:     attach_dmb maps the target; loopback fabric only
 * @attaches: has attach_dmb and detach_dmb
 * @states_len: attach_dmb states the length of the DMB
 * @trusting: moves are not checked against the length of the DMB
 * @vlans:    has VLAN operations
 * @linear:   DMBs have contiguous memory
 * @forgetful: has no unregister_dmb; loopback fabric only
 * @mute:     has no signal_event
 * @max_dmbs: 0 for 1000
 * @min_index: lowest index of a DMB
 * @max_dmb_len: 0 for 16 MiB
 * @net:      owner; NULL: shared by all
 * @parent:   hardware below it, or NULL
 */
struct fake_options {
	const char *name;
	u16 fabric;
	bool maps;
	bool attaches;
	bool states_len;
	bool trusting;
	bool vlans;
	bool linear;
	bool forgetful;
	bool mute;
	u32 max_dmbs;
	u32 min_index;
	u32 max_dmb_len;
	struct net *net;
	struct device *parent;
};

/**
 * struct fake - a fake device
 * @dev:     the device
 * @ops:     operations, according to @opt
 * @opt:     options
 * @gid:     GID
 * @entry:   in the list of fakes
 * @dmbs:    its DMBs, for moves of other fakes
 * @calls:   calls of each operation
 * @fail:    what each operation returns; set by tests
 * @zero_token: register_dmb sets no token
 * @context: the context in which it signals
 * @hook:    called by each operation, may be NULL
 * @arg:     for @hook
 * @deleted: dibs_dev_del() has returned, so no operation may run
 * @late:    operations that ran nevertheless; must stay 0
 * @running: operations that are running
 * @lock:    guards the pending signal
 * @index:   index of the pending signal
 * @generation: generation of the pending signal
 * @mask:    mask of the pending signal
 * @work:    delivers the pending signal in process context
 * @tasklet: delivers the pending signal in a softirq
 */
struct fake {
	struct dibs_dev *dev;
	struct dibs_dev_ops ops;
	struct fake_options opt;
	uuid_t gid;
	struct list_head entry;
	struct list_head dmbs;
	atomic_t calls[FAKE_OPS];
	int fail[FAKE_OPS];
	bool zero_token;
	enum fake_context context;
	void (*hook)(struct fake *fake, enum fake_op op);
	void *arg;
	bool deleted;
	atomic_t late;
	atomic_t running;
	spinlock_t lock;	/* guards index, generation, mask */
	u32 index;
	u32 generation;
	u16 mask;
	struct work_struct work;
	struct tasklet_struct tasklet;
};

/* Allocates a device for fake_add(). ERR_PTR on failure. */
struct fake *fake_alloc(const struct fake_options *opt);
/* Adds the device. 0 or -errno. */
int fake_add(struct fake *fake);
/* Allocates and adds a device. NULL on failure. */
struct fake *fake_new(const struct fake_options *opt);
/* Deletes the device, after which no operation may run. */
void fake_del(struct fake *fake);
/* Deletes the device if necessary and frees it. NULL is ignored. */
void fake_free(struct fake *fake);

/* Signals like an adapter, in @fake->context. */
void fake_signal(struct fake *fake, u32 index, u32 generation, u16 mask);

static inline int fake_calls(const struct fake *fake, enum fake_op op)
{
	return atomic_read(&fake->calls[op]);
}

#endif /* _DIBS_SELFTEST_FAKE_DEVICE_H */

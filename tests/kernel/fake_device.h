/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Devices of the test's own, which misbehave on demand. On the loopback fabric
 * a fake talks to itself, as the real one does; on any other fabric all fakes
 * of that fabric reach each other, by tokens of their own.
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

/* Where signals of moves come from. */
enum fake_context {
	FAKE_SENDER,
	FAKE_WORKER,
	FAKE_SOFTIRQ,
};

/**
 * struct fake_options - which kind of device
 * @name:     its name
 * @fabric:   0: FAKE_FABRIC
 * @maps:     attach_dmb maps the target; loopback fabric only
 * @attaches: has attach_dmb and detach_dmb
 * @vlans:    has the VLAN operations
 * @linear:   contiguous memory
 * @forgetful: has no unregister_dmb; loopback fabric only
 * @mute:     has no signal_event
 * @max_dmbs: 0: 1000
 * @min_index: lowest index
 * @max_dmb_len: 0: 16 MiB
 * @net:      owner, NULL: shared by all
 * @parent:   the hardware below it, or NULL
 */
struct fake_options {
	const char *name;
	u16 fabric;
	bool maps;
	bool attaches;
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
 * @dev:     the layer's; added
 * @ops:     as @opt says
 * @opt:     which kind
 * @gid:     its GID
 * @entry:   in the list of fakes
 * @dmbs:    its DMBs, for moves of others
 * @calls:   of each op
 * @fail:    what each op returns; set by tests
 * @zero_token: register_dmb forgets to set a token
 * @context: where signals come from
 * @hook:    called in each op, may be NULL
 * @arg:     for @hook
 * @deleted: dibs_dev_del() returned: no op may run any more
 * @late:    ops that did: must stay 0
 * @running: ops going on
 * @lock:    guards the pending signal
 * @index:   of the pending signal
 * @generation: of the pending signal
 * @mask:    of the pending signal
 * @work:    delivers it in process context
 * @tasklet: delivers it in a softirq
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

/* Makes a device, for fake_add(). ERR_PTR. */
struct fake *fake_alloc(const struct fake_options *opt);
/* 0 or -errno. */
int fake_add(struct fake *fake);
/* Both; NULL if that fails. */
struct fake *fake_new(const struct fake_options *opt);
/* dibs_dev_del(), after which no op may come. */
void fake_del(struct fake *fake);
/* Deleted if it was not, put, freed; NULL is ignored. */
void fake_free(struct fake *fake);

/* Signals as an adapter would, from @fake->context. */
void fake_signal(struct fake *fake, u32 index, u32 generation, u16 mask);

static inline int fake_calls(const struct fake *fake, enum fake_op op)
{
	return atomic_read(&fake->calls[op]);
}

#endif /* _DIBS_SELFTEST_FAKE_DEVICE_H */

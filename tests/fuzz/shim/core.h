/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Replaces core/core.h for the files that parse netlink attributes: included
 * first, so that the include guard keeps the other out.
 */
#ifndef _DIBS_CORE_H
#define _DIBS_CORE_H
#define _DIBS_COMPAT_GENL_H

#include <limits.h>
#include <linux/list.h>
#include <net/genetlink.h>
#include <uapi/linux/dibs.h>

#define DIBS_NAME_LEN	16
#define U32_MAX		((u32)~0U)
#define XA_PRESENT	0

#define rcu_read_lock()
#define rcu_read_unlock()
#define cond_resched()

struct dibs_event;
struct dibs_dev;

/* A few entries, which the fuzzer fills. */
struct xarray {
	struct {
		unsigned long index;
		void *entry;
	} slot[8];
};

static inline void *xa_find(struct xarray *xa, unsigned long *index,
			    unsigned long max, int filter)
{
	void *found = NULL;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(xa->slot); i++) {
		if (!xa->slot[i].entry || xa->slot[i].index < *index ||
		    xa->slot[i].index > max)
			continue;
		max = xa->slot[i].index;
		found = xa->slot[i].entry;
	}
	if (found)
		*index = max;
	return found;
}

#define xa_for_each_start(xa, at, item, begin)				\
	for (at = begin;						\
	     (item = xa_find(xa, &at, ULONG_MAX, XA_PRESENT)); at++)

struct dibs_client {
	const char *name;
	u32 id;
	struct list_head entry;
	int listed;
};

struct dibs_binding {
	struct dibs_dev *dev;
	struct dibs_client *client;
	int listed;
};

struct dibs_ctx {
	u64 cookie;
};

struct dibs_dmb {
	struct dibs_ctx *ctx;
	struct dibs_dev *dev;
	int listed;
};

struct dibs_dev_kind {
	const char *name;
	struct module *owner;
	int (*add)(struct net *net, const char *name, u32 max_dmbs,
		   u32 max_dmb_len, struct netlink_ext_ack *extack);
	void (*del)(struct net *net, struct dibs_dev *dev);
};

struct dibs_dev {
	const char *name;
	u32 index;
	const struct dibs_dev_kind *kind;
	struct net *net;
	bool enabled;
	bool gone;
	int refs;
	int listed;
	struct xarray bindings;
	struct xarray dmbs;
};

#ifndef max
#define max(a, b) ((a) > (b) ? (a) : (b))
#endif

extern struct mutex dibs_lock;
extern struct list_head dibs_clients;

bool dibs_dev_visible(const struct dibs_dev *dev, const struct net *net);
struct dibs_dev *dibs_dev_get(struct dibs_dev *dev);
struct dibs_dev *dibs_netns_next_dev(const struct net *net, u32 from);

bool dibs_name_valid(const char *name);
struct dibs_dev_kind *dibs_kind_get(const char *name);
void dibs_kind_put(struct dibs_dev_kind *kind);
struct dibs_dev *dibs_dev_find(const struct net *net, const char *name);
struct dibs_dev *dibs_dev_find_index(const struct net *net, u32 index);
void dibs_dev_put(struct dibs_dev *dev);
bool dibs_dev_shared(const struct dibs_dev *dev);
int dibs_netns_set_owner(struct dibs_dev *dev, struct net *net);
int dibs_dev_enable(struct dibs_dev *dev);
void dibs_dev_disable(struct dibs_dev *dev);
int dibs_netns_grant(struct dibs_dev *dev, struct net *net);
int dibs_netns_revoke(struct dibs_dev *dev, struct net *net);
int dibs_netns_join(struct dibs_dev *dev, struct net *net);
int dibs_netns_leave(struct dibs_dev *dev, struct net *net);
void dibs_notify_dev(const struct dibs_dev *dev, u8 cmd);

#endif

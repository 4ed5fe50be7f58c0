/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * In place of core/core.h, for the files that read netlink attributes: included
 * before all else, so that the guard keeps the other away.
 */
#ifndef _DIBS_CORE_H
#define _DIBS_CORE_H

#include <net/genetlink.h>
#include <uapi/linux/dibs.h>

#define DIBS_NAME_LEN	16

struct dibs_client;
struct dibs_dmb;
struct dibs_binding;
struct dibs_event;
struct dibs_dev;

struct dibs_dev_kind {
	const char *name;
	struct module *owner;
	int (*add)(struct net *net, const char *name, u32 max_dmbs,
		   u32 max_dmb_len, struct netlink_ext_ack *extack);
	void (*del)(struct dibs_dev *dev);
};

struct dibs_dev {
	const char *name;
	u32 index;
	const struct dibs_dev_kind *kind;
	struct net *net;
	bool enabled;
	bool gone;
	int refs;
};

extern struct mutex dibs_lock;

bool dibs_name_valid(const char *name);
struct dibs_dev_kind *dibs_kind_get(const char *name);
void dibs_kind_put(struct dibs_dev_kind *kind);
struct dibs_dev *dibs_dev_find(const struct net *net, const char *name);
struct dibs_dev *dibs_dev_find_index(const struct net *net, u32 index);
void dibs_dev_put(struct dibs_dev *dev);
bool dibs_dev_shared(const struct dibs_dev *dev);
int dibs_dev_set_owner(struct dibs_dev *dev, struct net *net);
int dibs_dev_enable(struct dibs_dev *dev);
void dibs_dev_disable(struct dibs_dev *dev);
int dibs_dev_grant(struct dibs_dev *dev, struct net *net);
int dibs_dev_revoke(struct dibs_dev *dev, struct net *net);
int dibs_dev_join(struct dibs_dev *dev, struct net *net);
int dibs_dev_leave(struct dibs_dev *dev, struct net *net);
void dibs_notify_dev(const struct dibs_dev *dev, u8 cmd);

#endif

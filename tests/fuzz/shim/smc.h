/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * What the files of clients/smc that parse netlink attributes need beyond
 * generic netlink: included first, so that include guards keep other headers
 * out.
 */
#ifndef _DIBS_SMC_H
#define _DIBS_SMC_H
#define _DIBS_COMPAT_GENL_H
#define _LINUX_DIBS_CLIENT_H

#include <linux/if.h>
#include <net/genetlink.h>

#define __net_init
#define __net_exit
#define likely(condition)	(condition)
#define READ_ONCE(x)		(x)
#define WRITE_ONCE(x, value)	((x) = (value))
#define min(a, b)		((a) < (b) ? (a) : (b))
#define DEFINE_MUTEX(name)	struct mutex name
#define rcu_read_lock()
#define rcu_read_unlock()
#define GFP_KERNEL_ACCOUNT	0

struct dibs_dev;

struct net_device {
	char name[IFNAMSIZ];
};

struct dst_entry {
	struct net_device *dev;
};

typedef struct mutex spinlock_t;

static inline void spin_lock_init(spinlock_t *lock)
{
	lock->held = 0;
}

#define spin_lock_bh(lock)	mutex_lock(lock)
#define spin_unlock_bh(lock)	mutex_unlock(lock)

struct pernet_operations {
	int (*init)(struct net *net);
	void (*exit)(struct net *net);
	unsigned int *id;
	size_t size;
};

int register_pernet_subsys(struct pernet_operations *ops);
void unregister_pernet_subsys(struct pernet_operations *ops);
void *net_generic(const struct net *net, unsigned int id);
const char *dibs_dev_name(const struct dibs_dev *dev);
const char *dibs_dev_seid(const struct dibs_dev *dev);
struct dst_entry *__sk_dst_get(const struct sock *sk);
bool dev_valid_name(const char *name);

static inline void *kmemdup(const void *data, size_t len, int gfp)
{
	void *copy = choices.failure & 1 ? NULL : malloc(len);

	(void)gfp;
	return copy ? memcpy(copy, data, len) : NULL;
}

static inline void kfree(void *memory)
{
	free(memory);
}

static inline ssize_t strscpy(char *to, const char *from, size_t size)
{
	size_t len = strnlen(from, size - 1);

	memcpy(to, from, len);
	to[len] = 0;
	return from[len] ? -E2BIG : (ssize_t)len;
}

static inline ssize_t nla_strscpy(char *to, const struct nlattr *attr,
				  size_t size)
{
	size_t len = strnlen(nla_data(attr), nla_len(attr));
	size_t fits = len < size ? len : size - 1;

	memset(to, 0, size);
	memcpy(to, nla_data(attr), fits);
	return len < size ? (ssize_t)len : -E2BIG;
}

#endif

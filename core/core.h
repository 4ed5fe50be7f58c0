/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * The objects of the layer and who guards what. Only files of core/ include
 * this.
 *
 *	dibs_dev 1--* dibs_binding *--1 dibs_client
 *	                  | 1
 *	                  * dibs_use (a namespace) --* dibs_dmb
 *	                                           --* dibs_attachment --1 dibs_dmb
 *
 * A binding is one client's use of one device, from add_dev to del_dev. A use
 * is the part of it that one namespace makes; it has the counters. References
 * point upwards: a handle holds its use, a use its binding, a binding its
 * device and its client. An attachment holds its target.
 *
 * Locks, outermost first:
 *
 *	lock		kind	guards				held across
 *	(pernet_ops_rwsem, of the kernel, around namespaces' exits)
 *	dibs_lock	mutex	list of devices, clients,	add_dev, del_dev
 *				kinds; enabled; bindings
 *	dev->vlan_lock	mutex	dev->vlans			add_vlan, del_vlan
 *	client->lock	spin	lists of handles, binding->gone	nothing
 *
 * xarrays have locks of their own, inside all others.
 *
 * The data path takes none of them: a move asks whether its binding is live and
 * touches its attachment, its target and per-CPU counters. Look-ups are
 * RCU with refcount_inc_not_zero(); what is looked up so goes by kfree_rcu().
 * Moves and callbacks run in RCU read-side sections, callbacks with bottom
 * halves off.
 */
#ifndef _DIBS_CORE_H
#define _DIBS_CORE_H

#include <linux/completion.h>
#include <linux/idr.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu-refcount.h>
#include <linux/refcount.h>
#include <linux/rhashtable.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>

#include <linux/dibs_client.h>
#include <linux/dibs_device.h>
#include <uapi/linux/dibs.h>

/* For what a peer or a user can cause: never wakes the OOM killer. */
#define DIBS_GFP	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/* See above. */
extern struct mutex dibs_lock;
extern struct list_head dibs_devs;
extern struct list_head dibs_clients;

/* Counters are named by their netlink attributes; see stats.c. */
struct dibs_stats {
	u64 counter[DIBS_A_COUNTER_MAX + 1];
};

/**
 * struct dibs_dev - a device
 * @ops:       the driver's
 * @priv:      the driver's
 * @kind:      kind that made it, or NULL
 * @name:      its name
 * @gid:       its GID
 * @fabric_id: its fabric
 * @index:     its number, never used twice
 * @max_dmbs:  at once
 * @min_index: lowest index of a DMB
 * @max_dmb_len: bytes
 * @linear:    see dibs_dev_linear()
 * @maps:      see dibs_dev_maps(); @ops are the driver's, which may be gone
 * @has_vlans: see dibs_dev_has_vlans()
 * @seid:      see dibs_dev_seid()
 * @parent:    hardware, or NULL
 * @net:       owner, NULL if shared; written under dibs_lock, read by RCU; the
 *             owner's exit deletes the device before the namespace is freed
 * @grants:    cookies of the namespaces it is granted to
 * @enabled:   clients may have it; dibs_lock
 * @added:     dibs_dev_add() done, dibs_dev_del() not; dibs_lock
 * @entry:     in dibs_devs; dibs_lock
 * @bindings:  by client id; written under dibs_lock, read by RCU
 * @dmbs:      by index, for dibs_dev_signal(); own lock, read by RCU
 * @next_dmb:  where the search for a free index goes on
 * @next_generation: see dibs_dmb_generation()
 * @nr_dmbs:   in @dmbs
 * @tokens:    of a device that talks to itself: DMBs by token
 * @vlan_lock: guards @vlans
 * @vlans:     joined
 * @sysfs:     its device in /sys/class/dibs, or NULL
 * @refs:      handles, bindings, driver
 * @rcu:       to free it
 */
struct dibs_dev {
	const struct dibs_dev_ops *ops;
	void *priv;
	const struct dibs_dev_kind *kind;
	char name[DIBS_NAME_LEN];
	uuid_t gid;
	u16 fabric_id;
	u32 index;
	u32 max_dmbs;
	u32 min_index;
	u32 max_dmb_len;
	bool linear;
	bool maps;
	bool has_vlans;
	char seid[DIBS_SEID_LEN];
	struct device *parent;
	struct net __rcu *net;
	struct xarray grants;
	bool enabled;
	bool added;
	struct list_head entry;
	struct xarray bindings;
	struct xarray dmbs;
	u32 next_dmb;
	atomic_t next_generation;
	atomic_t nr_dmbs;
	struct rhashtable tokens;
	struct mutex vlan_lock;		/* see above */
	struct list_head vlans;
	struct device *sysfs;
	refcount_t refs;
	struct rcu_head rcu;
};

/**
 * struct dibs_client - a client
 * @ops:   its functions
 * @priv:  its own
 * @name:  its name
 * @id:    key in dev->bindings
 * @entry: in dibs_clients; dibs_lock
 * @detached_twice: attempts to
 * @lock:  guards the lists below, those of the uses, and binding->gone
 * @dead_dmbs: own DMBs no driver knows any more
 * @dead_attachments: attachments no driver knows any more
 * @refs:  bindings, registration
 * @rcu:   to free it
 */
struct dibs_client {
	const struct dibs_client_ops *ops;
	void *priv;
	char name[DIBS_NAME_LEN];
	u32 id;
	struct list_head entry;
	atomic64_t detached_twice;
	/* Above: read by every callback. Below: by every registration. */
	spinlock_t lock ____cacheline_aligned_in_smp;	/* handles */
	struct list_head dead_dmbs;
	struct list_head dead_attachments;
	refcount_t refs;
	struct rcu_head rcu;
};

/**
 * struct dibs_binding - one client's use of one device
 * @dev:     the device
 * @client:  the client
 * @ops:     held by every operation of the client that calls the device and
 *           may sleep; dying means that the device is gone for the client
 * @drained: the last operation left
 * @live:    moves and callbacks may run; read under RCU
 * @accepted: add_dev returned 0, so events may come
 * @events:  delivered
 * @priv:    see dibs_set_client_dev_priv()
 * @uses:    by cookie of the namespace; each holds a reference
 * @gone:    counters of uses that were freed; client->lock
 * @entry:   in a list of bindings that go together; dibs_lock
 * @refs:    uses, dev->bindings
 * @rcu:     to free it
 */
struct dibs_binding {
	struct dibs_dev *dev;
	struct dibs_client *client;
	struct percpu_ref ops;
	struct completion drained;
	bool live;
	bool accepted;
	atomic64_t events;
	void *priv;
	struct xarray uses;
	struct dibs_stats gone;
	struct list_head entry;
	refcount_t refs;
	struct rcu_head rcu;
};

/**
 * struct dibs_use - what one namespace does with a binding
 * @binding:     the binding
 * @cookie:      the namespace
 * @stats:       counters
 * @cut:         the namespace lost its right; for good: with a new right there
 *               is a new use
 * @cut_entry:   in a list of uses that were cut; dibs_lock
 * @dmbs:        own DMBs the driver knows; client->lock
 * @attachments: attachments the driver knows; client->lock
 * @refs:        handles, binding->uses
 * @rcu:         to free it
 */
struct dibs_use {
	struct dibs_binding *binding;
	u64 cookie;
	struct dibs_stats __percpu *stats;
	bool cut;
	/* Above: read by every move. Below: written by every registration. */
	struct list_head dmbs ____cacheline_aligned_in_smp;
	struct list_head attachments;
	struct list_head cut_entry;
	refcount_t refs;
	struct rcu_head rcu;
};

/* Memory of a DMB; see memory.c. */
struct dibs_memory {
	u32 len;
	u32 header_len;
	u32 nr_pages;
	struct mem_cgroup *memcg;
	struct dibs_purse *purse;	/* NULL: no limit */
	struct dibs_share *share;	/* likewise */
	struct page **pages;		/* sparse: entries may be NULL */
	void *linear;			/* or this */
	atomic_t present;		/* pages that are there */
};

/* Who may attach: dmb->access. One way only: WAITING, then one of the others,
 * ATTACHED then DETACHED.
 */
#define DIBS_ACCESS_WAITING	DIBS_DMB_WAITING
#define DIBS_ACCESS_ATTACHED	DIBS_DMB_ATTACHED
#define DIBS_ACCESS_DETACHED	DIBS_DMB_DETACHED
#define DIBS_ACCESS_CLOSED	DIBS_DMB_CLOSED

/* dmb->signal: pending mask in bits 0 to 15, and */
#define DIBS_SIGNAL_RUNNING	BIT(16)	/* somebody delivers */
#define DIBS_SIGNAL_DEAD	BIT(17)	/* deliver no more */

/* May the driver know of a DMB or an attachment? One way, see name.c. */
enum dibs_name {
	DIBS_NAMED,
	DIBS_UNNAMING,
	DIBS_UNNAMED,
};

/**
 * struct dibs_dmb - memory dedicated to a peer
 * @use:        whose it is
 * @name_state: enum dibs_name
 * @access:     who may attach
 * @signal:     pending signals, see signal.c
 * @work:       delivers what could not be delivered at once
 * @token:      its name on the fabric
 * @token_node: in dev->tokens
 * @rgid:       who may write
 * @vlan:       by which VLAN
 * @index:      its number on the device
 * @generation: of @index
 * @keeps_index: the driver gives @index back, see dibs_dmb_keep_index()
 * @memory:     its bytes
 * @priv:       the client's
 * @dev_priv:   the driver's
 * @entry:      in use->dmbs or client->dead_dmbs
 * @refs:       owner, attachment, work, look-ups
 * @rcu:        to free it
 */
struct dibs_dmb {
	struct dibs_use *use;
	atomic_t name_state;
	atomic_t access;
	atomic_t signal;
	struct work_struct work;
	u64 token;
	struct rhash_head token_node;
	uuid_t rgid;
	struct dibs_vlan vlan;
	u32 index;
	u32 generation;
	bool keeps_index;
	struct dibs_memory memory;
	void *priv;
	void *dev_priv;
	struct list_head entry;
	refcount_t refs;
	struct rcu_head rcu;
};

/**
 * struct dibs_attachment - the right to write into a peer's DMB
 * @use:        whose it is
 * @target:     the DMB if its owner is on this kernel, else NULL
 * @dev_priv:   the driver's
 * @mapped:     its memory can be reached from here
 * @len:        bytes
 * @token:      the DMB's name
 * @rgid:       the owner's device
 * @vlan:       VLAN
 * @name_state: enum dibs_name
 * @entry:      in use->attachments or client->dead_attachments
 * @refs:       holder, removal of the device
 */
struct dibs_attachment {
	struct dibs_use *use;
	struct dibs_dmb *target;
	void *dev_priv;
	bool mapped;
	u32 len;
	u64 token;
	uuid_t rgid;
	struct dibs_vlan vlan;
	atomic_t name_state;
	struct list_head entry;
	refcount_t refs;
} ____cacheline_aligned_in_smp;		/* not beside another CPU's */

/* main.c */
extern struct workqueue_struct *dibs_wq;

/* device.c */
struct dibs_dev *dibs_dev_find(struct net *net, const char *name);
struct dibs_dev *dibs_dev_find_index(struct net *net, u32 index);
bool dibs_dev_visible(const struct dibs_dev *dev, const struct net *net);
int dibs_dev_enable(struct dibs_dev *dev);
void dibs_dev_disable(struct dibs_dev *dev);
void dibs_devs_stop(const struct net *net);
bool dibs_dev_name_taken(const struct dibs_dev *dev, const char *name,
			 const struct net *net);
bool dibs_dev_is_local(const struct dibs_dev *dev);

/* kind.c */
struct dibs_dev_kind *dibs_kind_get(const char *name);
void dibs_kind_put(struct dibs_dev_kind *kind);

/* client.c */
void dibs_client_put(struct dibs_client *client);
bool dibs_name_valid(const char *name);

/* binding.c */
int dibs_bind(struct dibs_dev *dev, struct dibs_client *client);
void dibs_unbind_all(struct list_head *bindings);
struct dibs_binding *dibs_enter(struct dibs_client *client,
				struct dibs_dev *dev);
void dibs_binding_put(struct dibs_binding *binding);
void dibs_vlans_del_binding(struct dibs_binding *binding);	/* vlan.c */

static inline void dibs_exit(struct dibs_binding *binding)
{
	percpu_ref_put(&binding->ops);
}

/* use.c */
static inline struct dibs_dev *dibs_use_dev(const struct dibs_use *use)
{
	return use->binding->dev;
}

static inline struct dibs_client *dibs_use_client(const struct dibs_use *use)
{
	return use->binding->client;
}

struct dibs_use *dibs_use_get(struct dibs_binding *binding,
			      const struct net *net);
void dibs_use_put(struct dibs_use *use);
void dibs_use_unname(struct dibs_use *use);
struct dibs_use *dibs_use_find(struct dibs_binding *binding, u64 cookie);

/* name.c */
bool dibs_name_take(atomic_t *state);
void dibs_name_gone(atomic_t *state);

static inline bool dibs_named(const atomic_t *state)
{
	return atomic_read(state) == DIBS_NAMED;
}

/* dmb.c */
struct dibs_dmb *dibs_dmb_find(struct dibs_dev *dev, u64 token);
void dibs_dmb_unname(struct dibs_dmb *dmb);
void dibs_dmb_put(struct dibs_dmb *dmb);
extern const struct rhashtable_params dibs_token_params;

/* attachment.c */
void dibs_attachment_unname(struct dibs_attachment *att);
void dibs_attachment_put(struct dibs_attachment *att);

/* move.c */
int dibs_move_check(struct dibs_attachment *att);

/* signal.c */
void dibs_dmb_signal_work(struct work_struct *work);
void dibs_dmb_signal_stop(struct dibs_dmb *dmb);

/* event.c */
void dibs_event_buf(struct dibs_binding *binding, u64 token, u32 subtype);

/* limits.c */
struct dibs_share *dibs_share_new(void);
struct dibs_share *dibs_share_get(struct dibs_share *share);
void dibs_share_put(struct dibs_share *share);
struct dibs_purse *dibs_purse_get(struct mem_cgroup *memcg);
void dibs_purse_put(struct dibs_purse *purse);
void dibs_pages_add(struct dibs_memory *mem, long nr);
bool dibs_pages_left(unsigned long nr);
int dibs_pages_allowed(const struct dibs_memory *mem, unsigned long nr);
int dibs_limits_start(void);
void dibs_limits_stop(void);

/* memory.c */
int dibs_memory_init(struct dibs_memory *mem, struct dibs_share *share,
		     u32 len, u32 header_len);
void dibs_memory_free(struct dibs_memory *mem);
int dibs_memory_alloc_pages(struct dibs_memory *mem);
int dibs_memory_alloc_linear(struct dibs_memory *mem);
int dibs_memory_populate(struct dibs_memory *mem, u32 offset, u32 size,
			 gfp_t gfp);
u32 dibs_memory_populated(const struct dibs_memory *mem, u32 offset, u32 size);
void dibs_memory_trim(struct dibs_memory *mem, u32 offset, u32 size);
int dibs_memory_write(struct dibs_memory *mem, u32 offset, const void *data,
		      u32 size);
void dibs_memory_read(struct dibs_memory *mem, u32 offset, void *buf,
		      u32 size);
u32 dibs_memory_write_iter(struct dibs_memory *mem, u32 offset,
			   struct iov_iter *from, u32 size);
u32 dibs_memory_read_iter(struct dibs_memory *mem, u32 offset,
			  struct iov_iter *to, u32 size);
struct page *dibs_memory_get_page(struct dibs_memory *mem, u32 offset);
void *dibs_memory_header(const struct dibs_memory *mem);
u64 dibs_memory_present(const struct dibs_memory *mem);

static inline bool dibs_in_range(u32 len, u32 offset, u32 size)
{
	return size <= len && offset <= len - size;
}

/* stats.c */
static inline void dibs_count(struct dibs_use *use, int counter)
{
	this_cpu_inc(use->stats->counter[counter]);
}

static inline void dibs_count_add(struct dibs_use *use, int counter, u64 n)
{
	this_cpu_add(use->stats->counter[counter], n);
}

void dibs_stats_add(struct dibs_stats *sum, const struct dibs_stats *more);
void dibs_stats_add_use(struct dibs_stats *sum, const struct dibs_use *use);
void dibs_stats_of_netns(struct dibs_stats *sum, struct dibs_binding *binding,
			 u64 cookie);
void dibs_stats_total(struct dibs_stats *sum, struct dibs_binding *binding);

/* namespace.c */
struct dibs_share *dibs_net_share(const struct net *net);
int dibs_dev_grant(struct dibs_dev *dev, const struct net *to);
int dibs_dev_revoke(struct dibs_dev *dev, const struct net *from);
int dibs_dev_leave(struct dibs_dev *dev, struct net *net);
int dibs_dev_join(struct dibs_dev *dev, struct net *net);
int dibs_dev_set_owner(struct dibs_dev *dev, struct net *net);
int dibs_namespaces_start(void);
void dibs_namespaces_stop(void);

/* sysfs.c */
int dibs_sysfs_add(struct dibs_dev *dev);
void dibs_sysfs_del(struct dibs_dev *dev);
int dibs_sysfs_start(void);
void dibs_sysfs_stop(void);

/* netlink.c: notifications may be called in any context, after start */
int dibs_netlink_start(void);
void dibs_netlink_stop(void);
void dibs_notify_dev(struct dibs_dev *dev, u8 cmd);
void dibs_notify_client(struct dibs_client *client, u8 cmd);
void dibs_notify_event(struct dibs_dev *dev, const struct dibs_event *event);

#endif /* _DIBS_CORE_H */

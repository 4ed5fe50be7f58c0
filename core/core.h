/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * The objects of the core, their locks, and the functions its files share. Only
 * files in core/ include this.
 *
 *	dibs_dev 1--* dibs_binding *--1 dibs_client
 *	                  | 1
 *	                  * dibs_ctx --* dibs_dmb
 *	                             --* dibs_attachment --1 dibs_dmb
 *
 * A binding connects one client to one device, from add_dev to del_dev. A
 * context is the part of a binding that belongs to one network namespace; it
 * has the counters. References point upwards: a handle holds its context, a
 * context its binding, a binding its device and its client. An attachment also
 * holds its target.
 *
 * Locks, outermost first:
 *
 *	lock		kind	guards			held across
 *	pernet_ops_rwsem	(the kernel's)		namespaces' exits
 *	dibs_lock	mutex	lists of devices and	add_dev, del_dev
 *				clients, bindings,
 *				dev->enabled
 *	dev->vlan_lock	mutex	dev->vlans		add_vlan, del_vlan
 *	client->lock	spin	lists of handles,	nothing
 *				binding->gone
 *
 * dibs_kinds_lock (a mutex in kind.c) guards the list of device kinds; no other
 * lock is taken under it. xarrays and the token table have locks of their own,
 * inside all others.
 *
 * The data path takes none of them: a move checks whether its binding is live,
 * and touches its attachment, its target and per-CPU counters. Lookups use RCU
 * with refcount_inc_not_zero(); objects found this way are freed after a grace
 * period. Moves and callbacks run in RCU read-side sections, callbacks with
 * bottom halves off.
 */
#ifndef _DIBS_CORE_H
#define _DIBS_CORE_H

#include <linux/completion.h>
#include <linux/idr.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu-refcount.h>
#include <linux/percpu_counter.h>
#include <linux/refcount.h>
#include <linux/rhashtable.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>

#include <linux/dibs_client.h>
#include <linux/dibs_device.h>
#include <uapi/linux/dibs.h>

/* For allocations a peer or a user can cause: never invokes the OOM killer. */
#define DIBS_GFP	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | \
			 __GFP_NOWARN)

/* Counters, indexed by their netlink attributes; see stats.c. */
struct dibs_stats {
	u64 counter[DIBS_A_COUNTER_MAX + 1];
};

/**
 * struct dibs_dev - a device
 * @ops:       the driver's operations
 * @priv:      the driver's pointer
 * @kind:      the kind that created it, or NULL
 * @name:      name
 * @gid:       GID
 * @fabric_id: fabric it is on
 * @index:     number, never reused
 * @max_dmbs:  how many DMBs it can have at once
 * @min_index: lowest index of a DMB
 * @max_dmb_len: bytes of the longest DMB
 * @linear:    see dibs_dev_linear()
 * @maps:      see dibs_dev_maps(); a copy, as the driver and @ops may be gone
 * @has_vlans: see dibs_dev_has_vlans(); a copy as well
 * @seid:      see dibs_dev_seid()
 * @parent:    hardware, or NULL
 * @net:       owner, NULL if shared; written under dibs_lock, read under RCU.
 *             When the owner exits, the device is deleted before the namespace
 *             is freed.
 * @grants:    namespaces it is granted to, by cookie; each takes itself out
 *             before it is freed
 * @enabled:   clients may be bound to it; dibs_lock
 * @added:     between dibs_dev_add() and dibs_dev_del(); dibs_lock
 * @entry:     in dibs_devs; dibs_lock
 * @bindings:  by client id; written under dibs_lock, read under RCU
 * @dmbs:      by index, for dibs_dev_signal(); its own lock, read under RCU
 * @next_dmb:  where the search for a free index continues
 * @next_generation: see dibs_dmb_generation()
 * @nr_dmbs:   number of DMBs in @dmbs
 * @tokens:    DMBs by token, if the device talks only to itself
 * @vlan_lock: guards @vlans
 * @vlans:     VLANs that clients joined
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
 * @ops:   its operations
 * @priv:  its own pointer
 * @name:  name
 * @id:    key in dev->bindings
 * @entry: in dibs_clients; dibs_lock
 * @detached_twice: how often it detached an empty slot
 * @lock:  guards the lists below, those of its contexts, and binding->gone
 * @dead_dmbs: own DMBs that were retracted
 * @dead_attachments: attachments that were retracted
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
	/* Above: read by every callback. Below: written by registrations. */
	spinlock_t lock ____cacheline_aligned_in_smp;	/* handles */
	struct list_head dead_dmbs;
	struct list_head dead_attachments;
	refcount_t refs;
	struct rcu_head rcu;
};

/**
 * struct dibs_binding - one client bound to one device
 * @dev:     the device
 * @client:  the client
 * @ops:     held by every operation of the client that calls the device and
 *           may sleep; killed when the device goes away for the client
 * @drained: completed when the last operation has left
 * @live:    moves and callbacks may run; read under RCU
 * @accepted: add_dev returned 0, so events may be delivered
 * @events:  how many events were delivered
 * @priv:    see dibs_set_client_dev_priv()
 * @ctxs:    contexts, by cookie of the namespace; each entry holds a reference
 * @gone:    counters of contexts that were freed; client->lock
 * @entry:   in a list of bindings that are unbound together; dibs_lock
 * @refs:    contexts, dev->bindings
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
	struct xarray ctxs;
	struct dibs_stats gone;
	struct list_head entry;
	refcount_t refs;
	struct rcu_head rcu;
};

/**
 * struct dibs_ctx - the context of one network namespace in a binding
 * @binding:     the binding
 * @cookie:      the namespace
 * @stats:       counters
 * @nr_dmbs:     DMBs that have an index; see quota.c
 * @cut:         the namespace lost its right to use the device. Never cleared:
 *               after a new grant there is a new context.
 * @dmbs:        own DMBs that are published; client->lock
 * @attachments: attachments that are published; client->lock
 * @cut_entry:   in a list of contexts that were cut; dibs_lock
 * @refs:        handles, binding->ctxs
 * @rcu:         to free it
 */
struct dibs_ctx {
	struct dibs_binding *binding;
	u64 cookie;
	struct dibs_stats __percpu *stats;
	bool cut;
	/* Above: read by every move. Below: written by registrations. */
	struct list_head dmbs ____cacheline_aligned_in_smp;
	struct list_head attachments;
	struct list_head cut_entry;
	atomic_t nr_dmbs;
	refcount_t refs;
	struct rcu_head rcu;
};

/**
 * struct dibs_quota - the DMBs of a network namespace
 * @pages: pages they hold; per CPU, so that writers do not contend
 * @refs:  the namespace, and DMBs, which may outlive it
 */
struct dibs_quota {
	struct percpu_counter pages;
	refcount_t refs;
};

/* Memory of a DMB; see memory.c. */
struct dibs_memory {
	u32 len;
	u32 header_len;
	u32 nr_pages;
	struct mem_cgroup *memcg;
	struct dibs_memcg_charge *charge;	/* NULL: no limit */
	struct dibs_quota *quota;		/* NULL: no limit */
	struct page **pages;		/* sparse: entries may be NULL */
	void *linear;			/* or linear: no @pages */
	atomic_t present;		/* pages that are allocated */
	bool given_up;			/* by the owner: no new pages */
	u32 reserve;			/* pages it may have in any case */
};

/*
 * dmb->access: whether a peer may attach. It changes once, from WAITING to
 * ATTACHED or CLOSED; ATTACHED then becomes DETACHED.
 */
#define DIBS_ACCESS_WAITING	DIBS_DMB_WAITING
#define DIBS_ACCESS_ATTACHED	DIBS_DMB_ATTACHED
#define DIBS_ACCESS_DETACHED	DIBS_DMB_DETACHED
#define DIBS_ACCESS_CLOSED	DIBS_DMB_CLOSED

/* dmb->signal: bits 0 to 15 are the pending mask, plus two flags. */
#define DIBS_SIGNAL_RUNNING	BIT(16)	/* a caller is delivering */
#define DIBS_SIGNAL_DEAD	BIT(17)	/* deliver no more */

/* Whether the driver knows a DMB or an attachment. One way; see retract.c. */
enum dibs_publish_state {
	DIBS_PUBLISHED,
	DIBS_RETRACTING,
	DIBS_RETRACTED,
};

/**
 * struct dibs_dmb - memory dedicated to a peer
 * @ctx:        context it belongs to
 * @publish_state: enum dibs_publish_state
 * @access:     whether a peer may attach, DIBS_ACCESS_*
 * @signal:     pending signals, see signal.c
 * @work:       delivers signals that could not be delivered at once
 * @token:      what a peer attaches it by
 * @token_node: in dev->tokens
 * @rgid:       GID of the device that may write into it
 * @vlan:       VLAN that device has to use
 * @index:      number on the device
 * @generation: of @index
 * @keeps_index: the driver frees @index, see dibs_dmb_keep_index()
 * @memory:     its bytes
 * @priv:       the client's pointer
 * @dev_priv:   the driver's pointer
 * @entry:      in ctx->dmbs or client->dead_dmbs
 * @refs:       owner, attachment, work, lookups
 * @rcu:        to free it
 */
struct dibs_dmb {
	struct dibs_ctx *ctx;
	atomic_t publish_state;
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
 * @ctx:        context it belongs to
 * @target:     the DMB if its owner is on this kernel, else NULL
 * @dev_priv:   the driver's pointer
 * @mapped:     the memory of @target can be accessed from here
 * @len:        bytes: of @target, or as the driver stated in attach_dmb, or as
 *              the client claimed if the driver cannot know
 * @spare:      offset of a byte that means nothing, for signals without bytes
 * @token:      token of the DMB
 * @rgid:       GID of the device that owns the DMB
 * @vlan:       VLAN
 * @publish_state: enum dibs_publish_state
 * @entry:      in ctx->attachments or client->dead_attachments
 * @refs:       holder, removal of the device
 */
struct dibs_attachment {
	struct dibs_ctx *ctx;
	struct dibs_dmb *target;
	void *dev_priv;
	bool mapped;
	u32 len;
	u32 spare;
	u64 token;
	uuid_t rgid;
	struct dibs_vlan vlan;
	atomic_t publish_state;
	struct list_head entry;
	refcount_t refs;
} ____cacheline_aligned_in_smp;	/* not in the same line as another CPU's */

/* main.c */
extern struct workqueue_struct *dibs_wq;

/* name.c */
bool dibs_name_valid(const char *name);

/* device.c */
extern struct mutex dibs_lock;		/* see above */
extern struct list_head dibs_devs;	/* by index; dibs_lock */
extern const struct rhashtable_params dibs_token_params;
struct dibs_dev *dibs_dev_find(struct net *net, const char *name);
struct dibs_dev *dibs_dev_find_index(struct net *net, u32 index);
int dibs_dev_enable(struct dibs_dev *dev);
void dibs_dev_disable(struct dibs_dev *dev);
bool dibs_dev_name_taken(const struct dibs_dev *dev, const char *name,
			 const struct net *net);
bool dibs_dev_is_local(const struct dibs_dev *dev);

/* kind.c */
struct dibs_dev_kind *dibs_kind_get(const char *name);
void dibs_kind_put(struct dibs_dev_kind *kind);
void dibs_kinds_stop(void);

/* client.c */
extern struct list_head dibs_clients;	/* dibs_lock */
void dibs_client_put(struct dibs_client *client);

/* binding.c */
int dibs_bind(struct dibs_dev *dev, struct dibs_client *client);
void dibs_unbind_all(struct list_head *bindings);
struct dibs_binding *dibs_binding_enter(struct dibs_client *client,
					struct dibs_dev *dev);
void dibs_binding_put(struct dibs_binding *binding);

static inline void dibs_binding_exit(struct dibs_binding *binding)
{
	percpu_ref_put(&binding->ops);
}

/* ctx.c */
static inline struct dibs_dev *dibs_ctx_dev(const struct dibs_ctx *ctx)
{
	return ctx->binding->dev;
}

static inline struct dibs_client *dibs_ctx_client(const struct dibs_ctx *ctx)
{
	return ctx->binding->client;
}

struct dibs_ctx *dibs_ctx_get(struct dibs_binding *binding,
			      const struct net *net);
void dibs_ctx_put(struct dibs_ctx *ctx);
void dibs_ctx_retract(struct dibs_ctx *ctx);
struct dibs_ctx *dibs_ctx_find(struct dibs_binding *binding, u64 cookie);

/* retract.c */
bool dibs_retract_begin(atomic_t *state);
void dibs_retract_end(atomic_t *state);

static inline bool dibs_published(const atomic_t *state)
{
	return atomic_read(state) == DIBS_PUBLISHED;
}

/* dmb.c */
struct dibs_dmb *dibs_dmb_find(struct dibs_dev *dev, u64 token);
void dibs_dmb_retract(struct dibs_dmb *dmb);
void dibs_dmb_put(struct dibs_dmb *dmb);

/* attachment.c */
void dibs_attachment_retract(struct dibs_attachment *att);
void dibs_attachment_put(struct dibs_attachment *att);

/* move.c */
int dibs_move_check(struct dibs_attachment *att);

/* signal.c */
void dibs_dmb_signal_work(struct work_struct *work);
void dibs_dmb_signal_stop(struct dibs_dmb *dmb);

/* event.c */
void dibs_event_buf(struct dibs_binding *binding, u64 token, u32 subtype);

/* vlan.c */
void dibs_vlans_del_binding(struct dibs_binding *binding);

/* limits.c */
void dibs_limits_charge(struct dibs_memory *mem, long nr);
u32 dibs_limits_devs(void);
int dibs_limits_check(const struct dibs_memory *mem, unsigned long nr);
int dibs_limits_start(void);
void dibs_limits_stop(void);

/* quota.c */
struct dibs_quota *dibs_quota_alloc(void);
struct dibs_quota *dibs_quota_get(struct dibs_quota *quota);
void dibs_quota_put(struct dibs_quota *quota);
bool dibs_quota_take_dmb(struct dibs_ctx *ctx);
void dibs_quota_drop_dmb(struct dibs_ctx *ctx);

/* memcg.c */
struct dibs_memcg_charge *dibs_memcg_charge_get(struct mem_cgroup *memcg);
void dibs_memcg_charge_put(struct dibs_memcg_charge *charge);
void dibs_memcg_charge_add(struct dibs_memcg_charge *charge, long nr);
bool dibs_memcg_charge_allows(const struct dibs_memcg_charge *charge,
			      unsigned long nr);

/* memory.c */
int dibs_memory_init(struct dibs_memory *mem, struct dibs_quota *quota,
		     u32 len, u32 header_len);
void dibs_memory_free(struct dibs_memory *mem);
int dibs_memory_alloc_pages(struct dibs_memory *mem);
int dibs_memory_alloc_linear(struct dibs_memory *mem);
int dibs_memory_populate(struct dibs_memory *mem, u32 offset, u32 size,
			 gfp_t gfp);
u32 dibs_memory_populated(const struct dibs_memory *mem, u32 offset, u32 size);
void dibs_memory_reuse(struct dibs_memory *mem, u32 from, u32 to, u32 size);
void dibs_memory_trim(struct dibs_memory *mem, u32 offset, u32 size);
void dibs_memory_give_up(struct dibs_memory *mem);
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
static inline void dibs_stats_inc(struct dibs_ctx *ctx, int counter)
{
	this_cpu_inc(ctx->stats->counter[counter]);
}

static inline void dibs_stats_add(struct dibs_ctx *ctx, int counter, u64 n)
{
	this_cpu_add(ctx->stats->counter[counter], n);
}

void dibs_stats_sum(struct dibs_stats *sum, const struct dibs_stats *more);
void dibs_stats_sum_ctx(struct dibs_stats *sum, const struct dibs_ctx *ctx);
void dibs_stats_of_netns(struct dibs_stats *sum, struct dibs_binding *binding,
			 u64 cookie);
void dibs_stats_total(struct dibs_stats *sum, struct dibs_binding *binding);

/* netns.c */
bool dibs_dev_visible(const struct dibs_dev *dev, const struct net *net);
struct dibs_quota *dibs_netns_quota(const struct net *net);
struct dibs_dev *dibs_netns_next_dev(const struct net *net, u32 from);
int dibs_netns_add_dev(struct dibs_dev *dev);
void dibs_netns_del_dev(struct dibs_dev *dev);
int dibs_netns_grant(struct dibs_dev *dev, struct net *to);
int dibs_netns_revoke(struct dibs_dev *dev, const struct net *from);
int dibs_netns_leave(struct dibs_dev *dev, struct net *net);
int dibs_netns_join(struct dibs_dev *dev, struct net *net);
int dibs_netns_set_owner(struct dibs_dev *dev, struct net *net);
int dibs_netns_start(void);
void dibs_netns_stop(void);

/* All devices that a namespace may see, by index; NULL: the shared ones. */
#define dibs_for_each_visible(dev, net)					\
	for ((dev) = dibs_netns_next_dev(net, 0); (dev);		\
	     (dev) = dibs_netns_next_dev(net, (dev)->index + 1))

/* sysfs.c */
int dibs_sysfs_add(struct dibs_dev *dev);
void dibs_sysfs_del(struct dibs_dev *dev);
int dibs_sysfs_start(void);
void dibs_sysfs_stop(void);

/* netlink.c */
int dibs_netlink_start(void);
void dibs_netlink_stop(void);

/* notify.c, after dibs_netlink_start(); netlink.h declares the rest */
void dibs_notify_dev(struct dibs_dev *dev, u8 cmd);
void dibs_notify_client(struct dibs_client *client, u8 cmd);
void dibs_notify_event(struct dibs_dev *dev, const struct dibs_event *event);

#endif /* _DIBS_CORE_H */

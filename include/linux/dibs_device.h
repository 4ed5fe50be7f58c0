/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * What a device driver of the layer calls and provides. A driver never sees a
 * client, and checks nothing that the layer has checked: namespaces, tokens
 * and GIDs where the owner is on this kernel, offsets and sizes, signal bits.
 *
 *	dev = dibs_dev_alloc(&ops, &info, priv);
 *	dibs_dev_add(dev);		ops may be called from here on
 *	...
 *	dibs_dev_del(dev);		returns when no op runs or will run
 *	dibs_dev_put(dev);
 *
 * A fabric id of DIBS_FABRIC_LOOPBACK says that the device talks only to
 * itself. Then the layer makes tokens, finds the DMB that a peer attaches, and
 * the driver gets it by dibs_attachment_target(). On any other fabric tokens
 * are the device's: it sets them in register_dmb and resolves them in
 * move_data.
 */
#ifndef _LINUX_DIBS_DEVICE_H
#define _LINUX_DIBS_DEVICE_H

#include <linux/dibs.h>

struct device;
struct dibs_attachment;
struct dibs_dev;
struct dibs_dmb;
struct module;
struct net;
struct netlink_ext_ack;

/**
 * struct dibs_dev_ops - what a driver provides
 *
 * @register_dmb: give @dmb memory (dibs_dmb_alloc_pages() or
 *	dibs_dmb_alloc_linear()) and make it reachable for its dedicated GID.
 *	Length, GID, VLAN, index and generation are set. 0 or -errno; after an
 *	error the layer frees the memory. May sleep.
 * @unregister_dmb: make @dmb unreachable; when this returns, the device writes
 *	no more into it; if it refuses that, the driver holds the pages itself
 *	and calls dibs_dmb_keep_index(). Else the layer frees them later. Once for
 *	each @register_dmb that returned 0, at the latest in dibs_dev_del().
 *	May sleep, cannot fail. Optional: where nothing but the layer reaches it.
 * @query_remote_gid: 0 if a peer is reachable, else -errno. May sleep.
 * @move_data: write @size bytes at @offset of the DMB of @att, then, if
 *	@signal, signal its owner with dibs_signal_mask(@idx). @size may be 0.
 *	The bytes are visible to whoever gets the signal. 0 or -errno, which
 *	clients take for the end of their connection: a device that is busy
 *	waits or queues. Any context but hard interrupts; must not sleep.
 * @attach_dmb: get ready for moves by @att. A device that talks only to itself
 *	lets it reach the memory of its DMB, by dibs_attachment_map(). 0 or
 *	-errno. May sleep. With @detach_dmb or not at all.
 * @detach_dmb: undo @attach_dmb, once for each that returned 0. May sleep,
 *	cannot fail.
 * @add_vlan: join a VLAN, called once until @del_vlan. 0 or -errno. May sleep.
 *	With @del_vlan or not at all; a device that has them has VLANs.
 * @del_vlan: leave it. May sleep, cannot fail.
 * @signal_event: send a software event to the device @rgid. 0 or -errno. May
 *	sleep. Optional.
 *
 * @query_remote_gid, @register_dmb and @move_data are required.
 */
struct dibs_dev_ops {
	int (*register_dmb)(struct dibs_dev *dev, struct dibs_dmb *dmb);
	void (*unregister_dmb)(struct dibs_dev *dev, struct dibs_dmb *dmb);
	int (*query_remote_gid)(struct dibs_dev *dev, const uuid_t *rgid,
				struct dibs_vlan vlan);
	int (*move_data)(struct dibs_dev *dev, struct dibs_attachment *att,
			 unsigned int idx, bool signal, u32 offset,
			 const void *data, u32 size);
	int (*attach_dmb)(struct dibs_dev *dev, struct dibs_attachment *att);
	void (*detach_dmb)(struct dibs_dev *dev, struct dibs_attachment *att);
	int (*add_vlan)(struct dibs_dev *dev, u16 vid);
	void (*del_vlan)(struct dibs_dev *dev, u16 vid);
	int (*signal_event)(struct dibs_dev *dev, const uuid_t *rgid,
			    bool trigger, u32 code, u64 info);
};

/**
 * struct dibs_dev_info - what a driver states about a device
 * @name:        1 to 15 characters [a-z0-9_-]; unique among shared devices and
 *               within the namespace that owns it; copied
 * @gid:         address on the fabric, unique there
 * @fabric_id:   the fabric
 * @max_dmbs:    how many DMBs it can have at once
 * @min_index:   lowest index of a DMB; they end at @min_index + @max_dmbs - 1
 * @max_dmb_len: bytes of the longest DMB
 * @linear:      its DMBs have dibs_dmb_alloc_linear(), see dibs_dev_linear()
 * @net:         the namespace that owns it; NULL: shared by all
 * @parent:      the hardware below it, for sysfs and clients, see
 *               dibs_dev_parent(); must stay until dibs_dev_del() returned; may be
 *               NULL
 * @seid:        DIBS_SEID_LEN characters that name the machine, for SMC-D; NULL
 *               or all zero: it has no such name; copied
 * @kind:        the kind that made it, see &struct dibs_dev_kind; may be NULL
 */
struct dibs_dev_info {
	const char *name;
	uuid_t gid;
	u16 fabric_id;
	u32 max_dmbs;
	u32 min_index;
	u32 max_dmb_len;
	bool linear;
	struct net *net;
	struct device *parent;
	const char *seid;
	const struct dibs_dev_kind *kind;
};

/**
 * dibs_dev_alloc() - make a device, which nobody sees yet
 * @ops:  the driver's functions; must stay until dibs_dev_del() returned
 * @info: see &struct dibs_dev_info; copied
 * @priv: the driver's own, see dibs_dev_priv()
 *
 * May sleep.
 *
 * Return: the device, to be given back by dibs_dev_put(), or
 * ERR_PTR: -EINVAL (@info, or ops that do not fit together), -ENOMEM.
 */
struct dibs_dev *dibs_dev_alloc(const struct dibs_dev_ops *ops,
				const struct dibs_dev_info *info, void *priv);

/**
 * dibs_dev_add() - show a device to all clients
 * @dev: from dibs_dev_alloc(), or deleted before
 *
 * Calls the clients' add_dev; from then on ops can be called. May sleep.
 *
 * Return: 0, or -EEXIST (name taken), -ENOMEM; then the device is as before
 * and can be put.
 */
int dibs_dev_add(struct dibs_dev *dev);

/**
 * dibs_dev_del() - take a device away
 * @dev: from dibs_dev_alloc(), added or not
 *
 * No new op starts, no new callback of a client starts, both drain; clients get
 * del_dev; what they leave behind is unregistered. When it returns, no op runs
 * or will run. Cannot fail; a second call does nothing. May sleep; not from an
 * op or a callback.
 */
void dibs_dev_del(struct dibs_dev *dev);

/* dibs_dev_get(), dibs_dev_put(): see <linux/dibs_client.h>. */
struct dibs_dev *dibs_dev_get(struct dibs_dev *dev);
void dibs_dev_put(struct dibs_dev *dev);
const char *dibs_dev_name(const struct dibs_dev *dev);
const uuid_t *dibs_dev_gid(const struct dibs_dev *dev);

/**
 * dibs_dev_priv() - the driver's own pointer
 * @dev: a device
 * Return: what dibs_dev_alloc() was given.
 */
void *dibs_dev_priv(const struct dibs_dev *dev);

/*
 * DMBs, as a driver sees them: from register_dmb to unregister_dmb.
 */

/**
 * dibs_dmb_alloc_pages() - memory that follows use
 * @dmb: in register_dmb
 *
 * Pages come with the first write to them, but for the header's. For devices
 * that write by dibs_dmb_write(). Charged to the owner's memory cgroup.
 *
 * Return: 0, -ENOMEM, -ENOBUFS (net.dibs.mem_max, netns_mem_max).
 */
int dibs_dmb_alloc_pages(struct dibs_dmb *dmb);

/**
 * dibs_dmb_alloc_linear() - physically contiguous memory for a device
 * @dmb: in register_dmb
 *
 * Zeroed, aligned to its length rounded up to a power of two, good for the
 * streaming DMA API. Charged to the owner's memory cgroup.
 *
 * Return: 0, -ENOMEM, -ENOBUFS (net.dibs.mem_max, netns_mem_max).
 */
int dibs_dmb_alloc_linear(struct dibs_dmb *dmb);

/**
 * dibs_dmb_linear() - address of linear memory
 * @dmb: a DMB
 * Return: what dibs_dmb_alloc_linear() found, or NULL.
 */
void *dibs_dmb_linear(const struct dibs_dmb *dmb);

/**
 * dibs_dmb_write() - copy kernel memory into a DMB
 * @dmb:    a DMB of either kind of memory, on this kernel
 * @offset: where to; checked by the layer before move_data
 * @data:   what
 * @size:   bytes
 *
 * Any context.
 *
 * Return: 0, -ENOMEM, -ENOBUFS: not all was written.
 */
int dibs_dmb_write(struct dibs_dmb *dmb, u32 offset, const void *data,
		   u32 size);

/**
 * dibs_dmb_set_token() - name a DMB
 * @dmb:   in register_dmb, on a device that makes its tokens
 * @token: not 0
 */
void dibs_dmb_set_token(struct dibs_dmb *dmb, u64 token);

/**
 * dibs_dmb_set_dev_priv() - keep a pointer of the driver's
 * @dmb:  a DMB
 * @priv: anything
 */
void dibs_dmb_set_dev_priv(struct dibs_dmb *dmb, void *priv);

/**
 * dibs_dmb_dev_priv() - get what dibs_dmb_set_dev_priv() kept
 * @dmb: a DMB
 * Return: the pointer, or NULL.
 */
void *dibs_dmb_dev_priv(const struct dibs_dmb *dmb);

/**
 * dibs_dmb_rgid() - the GID a DMB is dedicated to
 * @dmb: a DMB
 * Return: the GID.
 */
const uuid_t *dibs_dmb_rgid(const struct dibs_dmb *dmb);

/**
 * dibs_dmb_vlan() - the VLAN of a DMB
 * @dmb: a DMB
 * Return: the VLAN.
 */
struct dibs_vlan dibs_dmb_vlan(const struct dibs_dmb *dmb);

/**
 * dibs_dmb_generation() - which use of its index a DMB is
 * @dmb: a DMB
 *
 * Differs from that of earlier DMBs with the same index.
 *
 * Return: a number.
 */
u32 dibs_dmb_generation(const struct dibs_dmb *dmb);

/**
 * dibs_dmb_keep_index() - the device does not let go of a DMB
 * @dmb: in unregister_dmb
 *
 * No other DMB gets its index until dibs_dev_free_index(). There is one less
 * until then.
 */
void dibs_dmb_keep_index(struct dibs_dmb *dmb);

/**
 * dibs_dev_free_index() - by now the device has let go
 * @dev:   the device; if it was deleted, not put yet
 * @index: of a DMB for which the driver called dibs_dmb_keep_index(); once
 *
 * May sleep.
 */
void dibs_dev_free_index(struct dibs_dev *dev, u32 index);

u64 dibs_dmb_token(const struct dibs_dmb *dmb);
u32 dibs_dmb_index(const struct dibs_dmb *dmb);
u32 dibs_dmb_len(const struct dibs_dmb *dmb);

/*
 * Attachments, as a driver sees them: in attach_dmb, detach_dmb, move_data.
 */

/* See <linux/dibs_client.h>. */
u32 dibs_attachment_len(const struct dibs_attachment *att);

/**
 * dibs_attachment_target() - the DMB behind an attachment
 * @att: an attachment
 * Return: the DMB where the device talks only to itself; else NULL.
 */
struct dibs_dmb *dibs_attachment_target(const struct dibs_attachment *att);

/**
 * dibs_attachment_map() - let an attachment reach the memory of its target
 * @att: in attach_dmb, with a dibs_attachment_target()
 *
 * Clients then have a header to store into, and dibs_move_iter() copies
 * straight into the memory.
 */
void dibs_attachment_map(struct dibs_attachment *att);

/**
 * dibs_attachment_set_dev_priv() - keep a pointer of the driver's
 * @att:  in attach_dmb
 * @priv: anything
 */
void dibs_attachment_set_dev_priv(struct dibs_attachment *att, void *priv);

/**
 * dibs_attachment_dev_priv() - get what dibs_attachment_set_dev_priv() kept
 * @att: an attachment
 * Return: the pointer, or NULL.
 */
void *dibs_attachment_dev_priv(const struct dibs_attachment *att);

/**
 * dibs_attachment_token() - the token a client attached by
 * @att: an attachment
 * Return: the token.
 */
u64 dibs_attachment_token(const struct dibs_attachment *att);

/**
 * dibs_attachment_rgid() - the GID of the device that owns the DMB
 * @att: an attachment
 * Return: the GID.
 */
const uuid_t *dibs_attachment_rgid(const struct dibs_attachment *att);

/**
 * dibs_attachment_vlan() - the VLAN a client named
 * @att: an attachment
 * Return: the VLAN.
 */
struct dibs_vlan dibs_attachment_vlan(const struct dibs_attachment *att);

/*
 * Reports. Process context, softirq or a threaded interrupt handler, interrupts
 * on; never a hard interrupt.
 *
 * Clients are called at once, in atomic context. Of all that ends in a driver they
 * only move and signal, by this device or another: so a driver that reports holds
 * no lock that a @move_data takes. It may hold what only its other ops take, also
 * a mutex; but nothing that is held where dibs_dev_del() is called, which waits for
 * reports to end.
 */

/**
 * dibs_dmb_signal() - tell the owner of a DMB to look at it
 * @dmb:  a DMB the driver holds: in move_data the attachment's target
 * @mask: bits, merged with those not yet delivered
 *
 * Calls the client, or leaves it to whoever is calling it now. Within four
 * callbacks on one CPU the next is left to a work item.
 */
void dibs_dmb_signal(struct dibs_dmb *dmb, u16 mask);

/**
 * dibs_dev_signal() - the same, for devices that report by index
 * @dev:        the device
 * @index:      index of a DMB
 * @generation: its generation when the device was told of it; a report for an
 *              earlier owner of the index is dropped
 * @mask:       bits
 */
void dibs_dev_signal(struct dibs_dev *dev, u32 index, u32 generation,
		     u16 mask);

/**
 * dibs_event() - news for all clients of a device
 * @dev:   the device
 * @event: copied
 */
void dibs_event(struct dibs_dev *dev, const struct dibs_event *event);

/*
 * Kinds of devices that an administrator can make.
 */

/**
 * struct dibs_dev_kind - devices that are made and deleted at run time
 * @name:  the word after ``type``; module alias "dibs-kind-<name>"
 * @owner: THIS_MODULE
 * @entry: the layer's
 * @add:   make a device in @net and dibs_dev_add() it. 0 or -errno with a
 *         message in @extack. May sleep.
 * @del:   dibs_dev_del() it. Called for devices whose info names this kind;
 *         may find the device gone already. May sleep.
 */
struct dibs_dev_kind {
	const char *name;
	struct module *owner;
	struct list_head entry;
	int (*add)(struct net *net, const char *name, u32 max_dmbs,
		   u32 max_dmb_len, struct netlink_ext_ack *extack);
	void (*del)(struct dibs_dev *dev);
};

/**
 * dibs_register_kind() - let administrators make devices of a kind
 * @kind: must stay until dibs_unregister_kind()
 *
 * Return: 0, or -EEXIST.
 */
int dibs_register_kind(struct dibs_dev_kind *kind);

/**
 * dibs_unregister_kind() - the reverse
 * @kind: registered before
 *
 * No @kind->add or @kind->del runs afterwards. Devices stay.
 */
void dibs_unregister_kind(struct dibs_dev_kind *kind);

#define MODULE_ALIAS_DIBS_KIND(name) MODULE_ALIAS("dibs-kind-" name)

#endif /* _LINUX_DIBS_DEVICE_H */

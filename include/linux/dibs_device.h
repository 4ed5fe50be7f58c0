/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * The interface between the core and device drivers. A driver never sees a
 * client, and need not repeat the checks of the core:
 *
 *	always: signal bits, namespaces
 *	on the loopback fabric: tokens, dedicated GIDs, VLANs, offsets and sizes
 *	on other fabrics: offsets and sizes against the length that the driver
 *		states with dibs_attachment_set_len()
 *
 * On other fabrics, the core does not see the DMB. The device or the driver
 * checks the token and the dedicated GID, and, if it does not state the length
 * of the DMB, each offset and size too: all that the core then knows is a
 * length that the peer claimed.
 *
 *	dev = dibs_dev_alloc(&ops, &info, priv);
 *	dibs_dev_add(dev);		ops may be called from here on
 *	...
 *	dibs_dev_del(dev);		returns when no op runs or will run
 *	dibs_dev_put(dev);
 *
 * A fabric id of DIBS_FABRIC_LOOPBACK means that the device talks only to
 * itself. Then the core makes the tokens and looks up the DMB that a peer
 * attaches, which the driver gets from dibs_attachment_target(). On any other
 * fabric, tokens belong to the device: the driver sets them in register_dmb and
 * resolves them in move_data.
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
 * struct dibs_dev_ops - operations of a driver
 *
 * @register_dmb: give @dmb memory (dibs_dmb_alloc_pages() or
 *	dibs_dmb_alloc_linear()) and make it reachable for its dedicated GID.
 *	Length, GID, VLAN, index and generation are set. Returns 0 or -errno;
 *	after an error the core frees the memory. May sleep.
 * @unregister_dmb: make @dmb unreachable. When this returns, the device no
 *	longer writes into it, and the core frees the memory later. If the
 *	device refuses to let go, the driver takes references to the pages and
 *	calls dibs_dmb_keep_index(). Called once for each @register_dmb that
 *	returned 0, at the latest in dibs_dev_del(). May sleep, cannot fail.
 *	Optional, for devices whose DMBs only the core can reach.
 * @query_remote_gid: can a peer be reached? Returns 0 if so, else -errno. May
 *	sleep.
 * @move_data: write @size bytes at @offset of the DMB of @att, then, if
 *	@signal, signal its owner with dibs_signal_mask(@idx). @size may be 0.
 *	The bytes are visible to whoever gets the signal. Returns 0 or -errno.
 *	Clients treat an error as the end of their connection, so a busy device
 *	has to wait or queue. Any context except hard interrupts; must not
 *	sleep.
 * @attach_dmb: prepare for moves through @att. A device that talks only to
 *	itself maps the memory of the DMB with dibs_attachment_map(). Any other
 *	states the length of the DMB with dibs_attachment_set_len() if it can
 *	learn it. Returns 0 or -errno. May sleep. Optional, but only together
 *	with @detach_dmb.
 * @detach_dmb: undo @attach_dmb, once for each that returned 0. May sleep,
 *	cannot fail.
 * @add_vlan: join a VLAN; called once until @del_vlan. Returns 0 or -errno. May
 *	sleep. Optional, but only together with @del_vlan. A device with these
 *	two supports VLANs.
 * @del_vlan: leave a VLAN. May sleep, cannot fail.
 * @signal_event: send a software event to the device @rgid. Returns 0 or
 *	-errno. May sleep. Optional.
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
 * struct dibs_dev_info - properties of a new device
 * @name:        1 to 15 characters [a-z0-9_-]; unique among shared devices and
 *               within the namespace that owns it; copied
 * @gid:         address on the fabric, unique there
 * @fabric_id:   the fabric
 * @max_dmbs:    how many DMBs it can have at once
 * @min_index:   lowest index of a DMB; all are below @min_index + @max_dmbs
 * @max_dmb_len: bytes of the longest DMB
 * @linear:      its DMBs use dibs_dmb_alloc_linear(), see dibs_dev_linear()
 * @net:         namespace that owns it; NULL: shared by all
 * @parent:      the hardware below it, for sysfs and clients, see
 *               dibs_dev_parent(); must stay until dibs_dev_del() has returned;
 *               may be NULL
 * @seid:        system EID of the machine, DIBS_SEID_LEN characters, for SMC-D;
 *               NULL or all zero if there is none; copied
 * @kind:        kind that created it, see &struct dibs_dev_kind; may be NULL
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
 * dibs_dev_alloc() - allocate a device, which nobody can see yet
 * @ops:  the driver's operations; must stay until dibs_dev_del() has returned
 * @info: see &struct dibs_dev_info; copied
 * @priv: the driver's own pointer, see dibs_dev_priv()
 *
 * May sleep.
 *
 * Return: the device, to be given back by dibs_dev_put(), or ERR_PTR: -EINVAL
 * (@info, missing or unpaired operations), -ENOMEM.
 */
struct dibs_dev *dibs_dev_alloc(const struct dibs_dev_ops *ops,
				const struct dibs_dev_info *info, void *priv);

/**
 * dibs_dev_add() - make a device available to all clients
 * @dev: from dibs_dev_alloc(), or deleted before
 *
 * Calls add_dev of the clients; operations may be called from then on. May
 * sleep.
 *
 * Return: 0, -EEXIST (name taken), -EDQUOT (its namespace has as many devices
 * as net.dibs.netns_dev_max allows) or -ENOMEM. After an error the device is as
 * it was before and can be put.
 */
int dibs_dev_add(struct dibs_dev *dev);

/**
 * dibs_dev_del() - take a device away from all clients
 * @dev: from dibs_dev_alloc(), added or not
 *
 * Starts no new operation and no new callback, and waits for those that run.
 * Then calls del_dev of the clients and unregisters what they leave behind. On
 * return, no operation runs or will run. Cannot fail; a second call does
 * nothing. May sleep. Must not be called from an operation or a callback.
 */
void dibs_dev_del(struct dibs_dev *dev);

/**
 * dibs_devs_stop() - disable the devices of namespaces that exit
 * @nets: the argument of &pernet_operations.exit_batch
 *
 * Waits only once for all of them. The driver's exit_batch calls this before it
 * deletes these devices one by one. May sleep.
 */
void dibs_devs_stop(struct list_head *nets);

/* dibs_dev_get(), dibs_dev_put(): see <linux/dibs_client.h>. */
struct dibs_dev *dibs_dev_get(struct dibs_dev *dev);
void dibs_dev_put(struct dibs_dev *dev);
const char *dibs_dev_name(const struct dibs_dev *dev);
const uuid_t *dibs_dev_gid(const struct dibs_dev *dev);

/**
 * dibs_dev_priv() - get the pointer passed to dibs_dev_alloc()
 * @dev: a device
 * Return: the pointer.
 */
void *dibs_dev_priv(const struct dibs_dev *dev);

/*
 * DMBs, for drivers: valid from register_dmb to unregister_dmb.
 */

/**
 * dibs_dmb_alloc_pages() - give a DMB pages that are allocated on demand
 * @dmb: in register_dmb
 *
 * The page of the header is allocated at once, all others by the first write to
 * them. For devices that write with dibs_dmb_write(). Charged to the owner's
 * memory cgroup.
 *
 * Return: 0, -ENOMEM, -ENOBUFS (net.dibs.mem_max, netns_mem_max).
 */
int dibs_dmb_alloc_pages(struct dibs_dmb *dmb);

/**
 * dibs_dmb_alloc_linear() - give a DMB physically contiguous memory
 * @dmb: in register_dmb
 *
 * The memory is zeroed, aligned to its length rounded up to a power of two, and
 * suitable for the streaming DMA API. Charged to the owner's memory cgroup.
 *
 * Return: 0, -ENOMEM, -ENOBUFS (net.dibs.mem_max, netns_mem_max).
 */
int dibs_dmb_alloc_linear(struct dibs_dmb *dmb);

/**
 * dibs_dmb_linear() - address of linear memory
 * @dmb: a DMB
 * Return: what dibs_dmb_alloc_linear() allocated, or NULL.
 */
void *dibs_dmb_linear(const struct dibs_dmb *dmb);

/**
 * dibs_dmb_write() - copy kernel memory into a DMB
 * @dmb:    a DMB on this kernel, with either kind of memory
 * @offset: destination
 * @data:   source
 * @size:   bytes
 *
 * Any context.
 *
 * Return: 0; -ERANGE (beyond the DMB; nothing written); -ENOMEM or -ENOBUFS if
 * not all was written.
 */
int dibs_dmb_write(struct dibs_dmb *dmb, u32 offset, const void *data,
		   u32 size);

/**
 * dibs_dmb_set_token() - set the token of a DMB
 * @dmb:   in register_dmb, on a device that makes its own tokens
 * @token: not 0
 */
void dibs_dmb_set_token(struct dibs_dmb *dmb, u64 token);

/**
 * dibs_dmb_set_dev_priv() - store a pointer of the driver
 * @dmb:  a DMB
 * @priv: anything
 */
void dibs_dmb_set_dev_priv(struct dibs_dmb *dmb, void *priv);

/**
 * dibs_dmb_dev_priv() - get what dibs_dmb_set_dev_priv() stored
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
 * dibs_dmb_generation() - tell apart DMBs that have the same index in turn
 * @dmb: a DMB
 *
 * Return: a number that earlier DMBs with this index did not have.
 */
u32 dibs_dmb_generation(const struct dibs_dmb *dmb);

/**
 * dibs_dmb_keep_index() - reserve the index of a DMB the device does not let go
 * @dmb: in unregister_dmb
 *
 * No other DMB gets this index until dibs_dev_free_index(), so until then the
 * device has one index less.
 */
void dibs_dmb_keep_index(struct dibs_dmb *dmb);

/**
 * dibs_dev_free_index() - free an index the device has finally let go
 * @dev:   the device; may be deleted, but not put yet
 * @index: of a DMB for which the driver called dibs_dmb_keep_index(); once
 *
 * May sleep.
 */
void dibs_dev_free_index(struct dibs_dev *dev, u32 index);

u64 dibs_dmb_token(const struct dibs_dmb *dmb);
u32 dibs_dmb_index(const struct dibs_dmb *dmb);
u32 dibs_dmb_len(const struct dibs_dmb *dmb);

/*
 * Attachments, for drivers: in attach_dmb, detach_dmb and move_data.
 */

/* See <linux/dibs_client.h>. */
u32 dibs_attachment_len(const struct dibs_attachment *att);

/**
 * dibs_attachment_target() - the DMB behind an attachment
 * @att: an attachment
 * Return: the DMB if the device talks only to itself, else NULL.
 */
struct dibs_dmb *dibs_attachment_target(const struct dibs_attachment *att);

/**
 * dibs_attachment_set_len() - state how long the DMB behind an attachment is
 * @att: in attach_dmb, on a device that does not talk only to itself
 * @len: bytes, from a source that the peer's client cannot forge: the hardware,
 *	 or the driver at the other end
 *
 * The core then refuses an attachment that claims more, and moves beyond @len.
 * Without this call it checks moves against what the peer claimed, which
 * protects nobody: move_data has to check them.
 */
void dibs_attachment_set_len(struct dibs_attachment *att, u32 len);

/**
 * dibs_attachment_map() - give an attachment access to the memory of its target
 * @att: in attach_dmb, with a dibs_attachment_target()
 *
 * Clients can then store into the header, and dibs_move_iter() copies directly
 * into the memory.
 */
void dibs_attachment_map(struct dibs_attachment *att);

/**
 * dibs_attachment_set_dev_priv() - store a pointer of the driver
 * @att:  in attach_dmb
 * @priv: anything
 */
void dibs_attachment_set_dev_priv(struct dibs_attachment *att, void *priv);

/**
 * dibs_attachment_dev_priv() - get what dibs_attachment_set_dev_priv() stored
 * @att: an attachment
 * Return: the pointer, or NULL.
 */
void *dibs_attachment_dev_priv(const struct dibs_attachment *att);

/**
 * dibs_attachment_token() - the token that a client used to attach
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
 * dibs_attachment_user() - who writes through an attachment
 * @att: an attachment
 *
 * To compare only: attachments have the same user if one client made them for
 * one network namespace. Where the core cannot see the DMB, the driver lets one
 * user at a time attach it.
 *
 * Return: the user, valid until the attachment is detached.
 */
const void *dibs_attachment_user(const struct dibs_attachment *att);

/**
 * dibs_attachment_spare() - where a signal may write if it must write something
 * @att: an attachment
 * Return: the offset of a byte of no meaning in the DMB, or 0 if there is none.
 */
u32 dibs_attachment_spare(const struct dibs_attachment *att);

/**
 * dibs_attachment_vlan() - the VLAN that a client chose
 * @att: an attachment
 * Return: the VLAN.
 */
struct dibs_vlan dibs_attachment_vlan(const struct dibs_attachment *att);

/*
 * Reports to the core. Process context, softirq or a threaded interrupt
 * handler, with interrupts enabled; never a hard interrupt.
 *
 * Clients are called immediately, in atomic context. The only driver operations
 * they may call are moves and signals, on this device or another one. So a
 * driver that reports must not hold a lock that any move_data takes. It may
 * hold locks that only its other operations take, even a mutex, but nothing
 * that is held when dibs_dev_del() is called, which waits for reports to
 * finish.
 */

/**
 * dibs_dmb_signal() - signal the owner of a DMB
 * @dmb:  a DMB that stays: in move_data, the attachment's target
 * @mask: bits, merged with those that are still pending
 *
 * Calls the client, or leaves that to a caller that is already doing it. If
 * callbacks are nested four deep on this CPU, the next is left to a work item.
 */
void dibs_dmb_signal(struct dibs_dmb *dmb, u16 mask);

/**
 * dibs_dev_signal() - signal the owner of a DMB, given its index
 * @dev:        the device
 * @index:      index of a DMB
 * @generation: its generation when it was registered; a signal for an earlier
 *              owner of the index is dropped
 * @mask:       as for dibs_dmb_signal()
 */
void dibs_dev_signal(struct dibs_dev *dev, u32 index, u32 generation,
		     u16 mask);

/**
 * dibs_event() - report an event to all clients of a device
 * @dev:   the device
 * @event: copied
 */
void dibs_event(struct dibs_dev *dev, const struct dibs_event *event);

/*
 * Kinds of devices that an administrator can create.
 */

/**
 * struct dibs_dev_kind - a kind of devices that are created at run time
 * @name:  the argument of ``type``; module alias "dibs-kind-<name>"
 * @owner: THIS_MODULE
 * @entry: used by the core
 * @add:   create a device in @net and dibs_dev_add() it. Returns 0, or -errno
 *         with a message in @extack. May sleep.
 * @del:   dibs_dev_del() a device that @add created in @net; it may already be
 *         deleted. May sleep.
 */
struct dibs_dev_kind {
	const char *name;
	struct module *owner;
	struct list_head entry;
	int (*add)(struct net *net, const char *name, u32 max_dmbs,
		   u32 max_dmb_len, struct netlink_ext_ack *extack);
	void (*del)(struct net *net, struct dibs_dev *dev);
};

/**
 * dibs_register_kind() - let administrators create devices of a kind
 * @kind: must stay until dibs_unregister_kind()
 *
 * Return: 0, or -EEXIST.
 */
int dibs_register_kind(struct dibs_dev_kind *kind);

/**
 * dibs_unregister_kind() - undo dibs_register_kind()
 * @kind: registered before
 *
 * No @kind->add or @kind->del runs afterwards. Devices stay.
 */
void dibs_unregister_kind(struct dibs_dev_kind *kind);

#define MODULE_ALIAS_DIBS_KIND(name) MODULE_ALIAS("dibs-kind-" name)

#endif /* _LINUX_DIBS_DEVICE_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * The interface between the core and its clients. A client moves data on behalf
 * of others: SMC-D carries TCP programs, a TTY carries a console.
 *
 * The life of a connection, on both ends:
 *
 *	owner (receives)                       peer (sends)
 *	dmb = dibs_register_dmb()
 *	     --- token, GID, length in the client's own handshake --->
 *	                                       att = dibs_attach_dmb()
 *	                                       dibs_move_data(att, ...)
 *	handle_signal(dmb, mask)  <----------
 *	dibs_dmb_read_iter(dmb, ...)
 *	                                       dibs_detach_dmb(..., &att)
 *	dibs_unregister_dmb(dmb)
 *
 * A handle (struct dibs_dmb, struct dibs_attachment) belongs to the client
 * until the client gives it back. If the device goes away meanwhile, the handle
 * is dead: operations on it fail with -ENODEV, and its memory can still be read
 * and written but reaches nobody. A dead handle still has to be given back.
 * dibs_unregister_client() gives back what the client forgot.
 *
 * Below, "may sleep" means process context without spinlocks held. "Any
 * context" means process context or softirq with interrupts enabled, never a
 * hard interrupt.
 */
#ifndef _LINUX_DIBS_CLIENT_H
#define _LINUX_DIBS_CLIENT_H

#include <linux/dibs.h>

struct device;
struct dibs_attachment;
struct dibs_client;
struct dibs_dev;
struct dibs_dmb;
struct iov_iter;
struct mem_cgroup;
struct net;
struct page;

/**
 * struct dibs_client_ops - operations of a client
 *
 * @add_dev: a device is available to this client. Called during registration
 *	for every device that exists, later for each device that is added or
 *	enabled. May sleep, may register and attach DMBs; must not add or delete
 *	devices or register or unregister clients. Returns 0, or -errno to
 *	refuse the device, which this client then never hears of again.
 * @del_dev: the device goes away, or the client is being unregistered. No other
 *	callback for the device runs or will run, and operations on its handles
 *	fail with -ENODEV. May sleep, but must not wait for a socket lock, a
 *	user, or anything that adds or deletes devices, registers or unregisters
 *	clients or ends namespaces. Handles may be given back here or later. The
 *	device pointer is valid until this returns.
 * @handle_signal: a peer signals that it has written. @mask has the bits of all
 *	signals since the last call; signals merge, but none is lost. Calls for
 *	one DMB never overlap, and none runs after dibs_unregister_dmb().
 * @handle_event: an event of the fabric, see &struct dibs_event.
 *
 * All of them are required. @handle_signal and @handle_event run in atomic
 * context with bottom halves disabled, never in a hard interrupt, and without
 * any lock held that the functions they may call take. They may call
 * dibs_move_data(), dibs_signal() and accessors, but nothing that sleeps,
 * registers, attaches or gives back. On loopback, @handle_signal may run inside
 * the sender's dibs_move_data(), so a client must not hold a spinlock while it
 * signals.
 */
struct dibs_client_ops {
	int (*add_dev)(struct dibs_client *client, struct dibs_dev *dev);
	void (*del_dev)(struct dibs_client *client, struct dibs_dev *dev);
	void (*handle_signal)(struct dibs_dmb *dmb, u16 mask);
	void (*handle_event)(struct dibs_client *client, struct dibs_dev *dev,
			     const struct dibs_event *event);
};

/**
 * dibs_register_client() - register a client
 * @ops:  the client's operations; must stay until it is unregistered
 * @name: name shown to administrators; copied; 1 to 15 characters [a-z0-9_-]
 * @priv: the client's own pointer, see dibs_client_priv()
 *
 * Calls @ops->add_dev for every device before it returns. May sleep.
 *
 * Return: the client, or ERR_PTR: -EINVAL (name, missing function), -EEXIST
 * (name taken), -ENOMEM.
 */
struct dibs_client *dibs_register_client(const struct dibs_client_ops *ops,
					 const char *name, void *priv);

/**
 * dibs_unregister_client() - unregister a client
 * @client: the client; invalid afterwards, as are all its handles
 *
 * Calls del_dev for every device the client accepted, then gives back every
 * handle that is left. On return, no callback runs or will run. Cannot fail.
 * May sleep. Must not run concurrently with other calls of the same client.
 */
void dibs_unregister_client(struct dibs_client *client);

/**
 * dibs_client_priv() - get the pointer passed to dibs_register_client()
 * @client: a client
 *
 * Return: the pointer.
 */
void *dibs_client_priv(const struct dibs_client *client);

/**
 * dibs_set_client_dev_priv() - store a pointer of the client for a device
 * @client: the client
 * @dev:    a device between its add_dev and del_dev
 * @priv:   anything
 */
void dibs_set_client_dev_priv(struct dibs_client *client, struct dibs_dev *dev,
			      void *priv);

/**
 * dibs_client_dev_priv() - get what dibs_set_client_dev_priv() stored
 * @client: the client
 * @dev:    a device
 *
 * Any context.
 *
 * Return: the pointer, or NULL if none was set or the device is gone for this
 * client.
 */
void *dibs_client_dev_priv(struct dibs_client *client, struct dibs_dev *dev);

/*
 * Devices. A client may use a device from add_dev until del_dev returns. A
 * reference of its own keeps the pointer valid for longer, but not the device
 * working.
 */

/**
 * dibs_dev_get() - take a reference to a device
 * @dev: a device
 * Return: @dev.
 */
struct dibs_dev *dibs_dev_get(struct dibs_dev *dev);

/**
 * dibs_dev_put() - drop a reference to a device
 * @dev: a device, or NULL
 *
 * May sleep.
 */
void dibs_dev_put(struct dibs_dev *dev);

/**
 * dibs_dev_name() - name of a device, for log messages
 * @dev: a device
 * Return: a string that stays as long as the device.
 */
const char *dibs_dev_name(const struct dibs_dev *dev);

/**
 * dibs_dev_index() - number of a device, never reused
 * @dev: a device
 * Return: the number, from 1 on.
 */
u32 dibs_dev_index(const struct dibs_dev *dev);

/**
 * dibs_dev_gid() - GID of a device, its address on the fabric
 * @dev: a device
 * Return: the GID, constant for the life of the device.
 */
const uuid_t *dibs_dev_gid(const struct dibs_dev *dev);

/**
 * dibs_dev_fabric_id() - the fabric of a device
 * @dev: a device
 * Return: the fabric id; SMC-D's CHID.
 */
u16 dibs_dev_fabric_id(const struct dibs_dev *dev);

/**
 * dibs_dev_seid() - system EID that a device reports for its machine
 * @dev: a device
 * Return: DIBS_SEID_LEN characters, not terminated, or NULL if there is none.
 */
const char *dibs_dev_seid(const struct dibs_dev *dev);

/**
 * dibs_dev_parent() - the hardware below a device
 * @dev: a device
 *
 * The hardware may go away once the client's del_dev for @dev has returned;
 * take a reference before to keep it for longer.
 *
 * Return: the parent in &struct dibs_dev_info, or NULL if there is none.
 */
struct device *dibs_dev_parent(const struct dibs_dev *dev);

/**
 * dibs_dev_max_dmb_len() - longest DMB that a device can register
 * @dev: a device
 * Return: bytes.
 */
u32 dibs_dev_max_dmb_len(const struct dibs_dev *dev);

/**
 * dibs_dev_linear() - does a DMB have all its memory from the start?
 * @dev: a device
 *
 * If so, a DMB costs its whole length in contiguous memory, used or not. If
 * not, pages are allocated as bytes are written, and can be given back.
 *
 * Return: true if so.
 */
bool dibs_dev_linear(const struct dibs_dev *dev);

/**
 * dibs_dev_maps() - can this device map remote DMBs?
 * @dev: a device
 * Return: true if attachments have a header to store into, see
 * dibs_attachment_header().
 */
bool dibs_dev_maps(const struct dibs_dev *dev);

/**
 * dibs_dev_has_vlans() - does this device support VLANs?
 * @dev: a device
 * Return: true if it does.
 */
bool dibs_dev_has_vlans(const struct dibs_dev *dev);

/**
 * dibs_dev_usable() - may a namespace use a device?
 * @dev: a device
 * @net: a network namespace
 *
 * A shared device may be used by all namespaces that have not left it, any
 * other device by its owner and by the namespaces it is granted to. The answer
 * can change at any time; registering and attaching check it again. Any
 * context.
 *
 * Return: true if it may.
 */
bool dibs_dev_usable(const struct dibs_dev *dev, const struct net *net);

/**
 * dibs_next_dev() - walk the devices that a client may use for a namespace
 * @client: the client
 * @net:    a network namespace
 * @shared: those shared by all, else those it owns or was granted
 * @after:  dibs_dev_index() of the device before, or 0
 *
 * Devices of other namespaces cost nothing. Takes no lock; any context.
 *
 * Return: the device with the next higher index, to be given back by
 * dibs_dev_put() in process context, or NULL.
 */
struct dibs_dev *dibs_next_dev(const struct dibs_client *client,
			       const struct net *net, bool shared, u32 after);

/**
 * dibs_any_dev() - may a client use any device for a namespace?
 * @client: the client
 * @net:    a network namespace
 *
 * Takes no lock; any context.
 *
 * Return: true if it may.
 */
bool dibs_any_dev(const struct dibs_client *client, const struct net *net);

/**
 * dibs_dev_shared() - is this device shared by all namespaces?
 * @dev: a device
 * Return: true for ``lo`` and, unless given to a namespace, for hardware.
 */
bool dibs_dev_shared(const struct dibs_dev *dev);

/**
 * dibs_query_remote_gid() - can a device reach a peer?
 * @client: the client
 * @dev:    the device
 * @rgid:   GID of the peer's device
 * @vlan:   VLAN to use; ignored by devices without VLANs
 *
 * May sleep.
 *
 * Return: 0 if it can; -ENETUNREACH, -ENODEV, or an error of the device.
 */
int dibs_query_remote_gid(struct dibs_client *client, struct dibs_dev *dev,
			  const uuid_t *rgid, struct dibs_vlan vlan);

/**
 * dibs_add_vlan() - join a VLAN
 * @client: the client
 * @dev:    the device
 * @vid:    VLAN id, 1 to 4094
 *
 * Joins are counted: each needs its own dibs_del_vlan(). When the device goes
 * away, VLANs that a client forgot are left. May sleep.
 *
 * Return: 0; -EOPNOTSUPP (no VLANs), -EINVAL, -ENODEV, -ENOMEM, or an error of
 * the device.
 */
int dibs_add_vlan(struct dibs_client *client, struct dibs_dev *dev, u16 vid);

/**
 * dibs_del_vlan() - leave a VLAN that was joined
 * @client: the client
 * @dev:    the device
 * @vid:    VLAN id
 *
 * May sleep.
 *
 * Return: 0; -ENOENT (this client has not joined it), -ENODEV.
 */
int dibs_del_vlan(struct dibs_client *client, struct dibs_dev *dev, u16 vid);

/**
 * dibs_signal_event() - send a software event to all clients of a peer device
 * @client:  the client
 * @dev:     the device
 * @rgid:    GID of the peer's device; on loopback that of @dev
 * @trigger: interrupt the peer now; otherwise it may see the event late
 * @code:    arrives as &dibs_event.subtype
 * @info:    arrives as &dibs_event.data
 *
 * May sleep.
 *
 * Return: 0; -EOPNOTSUPP, -ENETUNREACH, -ENODEV, or an error of the device.
 */
int dibs_signal_event(struct dibs_client *client, struct dibs_dev *dev,
		      const uuid_t *rgid, bool trigger, u32 code, u64 info);

/*
 * Own DMBs: memory that one remote GID may write into.
 */

/**
 * struct dibs_dmb_params - parameters of a new DMB
 * @rgid:       GID of the only device whose clients may write into it
 * @len:        bytes, 1 to dibs_dev_max_dmb_len()
 * @header_len: length of the header, at most PAGE_SIZE: the first bytes, which
 *              always have memory; see dibs_dmb_header(). 0 for none.
 * @vlan:       VLAN that the peer has to use
 * @memcg:      memory cgroup to charge; NULL: that of the calling task. On the
 *              accept side of a connection: sk->sk_memcg.
 * @priv:       the client's own pointer, see dibs_dmb_priv()
 */
struct dibs_dmb_params {
	uuid_t rgid;
	u32 len;
	u32 header_len;
	struct dibs_vlan vlan;
	struct mem_cgroup *memcg;
	void *priv;
};

/**
 * dibs_register_dmb() - dedicate memory to a peer
 * @client: the client
 * @dev:    the device
 * @net:    network namespace to register it for
 * @params: see &struct dibs_dmb_params
 *
 * The memory reads as zero. The peer needs the token (dibs_dmb_token()), and on
 * hardware also the length; it is up to the client to pass them on. May sleep.
 *
 * Return: the handle, to be given back by dibs_unregister_dmb(), or ERR_PTR:
 * -EINVAL (parameters), -EXDEV (@net may not use @dev), -ENOSPC (the device has
 * no index left, or none for this namespace), -ENOBUFS (net.dibs.mem_max,
 * netns_mem_max), -ENOMEM (also: the limit of the memory cgroup), -ENODEV, or
 * an error of the device.
 */
struct dibs_dmb *dibs_register_dmb(struct dibs_client *client,
				   struct dibs_dev *dev, struct net *net,
				   const struct dibs_dmb_params *params);

/**
 * dibs_unregister_dmb() - give a DMB back
 * @dmb: the handle, invalid afterwards; NULL is ignored
 *
 * On return, the token is invalid and no callback runs or will run for the DMB.
 * Its memory is freed, except for the header, which stays until the peer has
 * detached. If a peer on this kernel is attached, its client gets
 * DIBS_EVENT_BUF_UNREGISTERED. May sleep.
 */
void dibs_unregister_dmb(struct dibs_dmb *dmb);

/**
 * dibs_dmb_close() - stop waiting for a peer
 * @dmb: an own DMB
 *
 * From now on nobody can attach the DMB. Call this when a handshake has ended,
 * whatever its result. Does not affect a peer that is attached. Any context.
 */
void dibs_dmb_close(struct dibs_dmb *dmb);

/**
 * dibs_dmb_attached() - did the peer attach?
 * @dmb: an own DMB
 *
 * Any context.
 *
 * Return: true if a peer is attached now. Always false if the peer is on
 * another kernel.
 */
bool dibs_dmb_attached(const struct dibs_dmb *dmb);

/**
 * dibs_dmb_token() - token of a DMB, unique on its fabric
 * @dmb: an own DMB
 *
 * On loopback, the token is all that is needed to write into the DMB: pass it
 * to the peer and to nobody else.
 *
 * Return: 64 bits, never 0.
 */
u64 dibs_dmb_token(const struct dibs_dmb *dmb);

/**
 * dibs_dmb_index() - number of a DMB on its device
 * @dmb: an own DMB
 * Return: the number.
 */
u32 dibs_dmb_index(const struct dibs_dmb *dmb);

/**
 * dibs_dmb_len() - length of a DMB
 * @dmb: an own DMB
 * Return: bytes.
 */
u32 dibs_dmb_len(const struct dibs_dmb *dmb);

/**
 * dibs_dmb_priv() - get the client's pointer of a DMB
 * @dmb: an own DMB
 * Return: &dibs_dmb_params.priv.
 */
void *dibs_dmb_priv(const struct dibs_dmb *dmb);

/**
 * dibs_dmb_dev() - the device of a DMB
 * @dmb: an own DMB
 * Return: the device, referenced by @dmb.
 */
struct dibs_dev *dibs_dmb_dev(const struct dibs_dmb *dmb);

/**
 * dibs_dmb_header() - the start of a DMB as memory
 * @dmb: an own DMB
 *
 * A peer can write to it at any moment: read once, check, then use.
 *
 * Return: &dibs_dmb_params.header_len bytes, page-aligned, valid until the
 * handle is given back; NULL if header_len was 0.
 */
void *dibs_dmb_header(const struct dibs_dmb *dmb);

/**
 * dibs_dmb_read() - copy from an own DMB into kernel memory
 * @dmb:    an own DMB
 * @offset: where to start
 * @buf:    destination
 * @size:   bytes
 *
 * Any context.
 *
 * Return: 0, or -ERANGE.
 */
int dibs_dmb_read(struct dibs_dmb *dmb, u32 offset, void *buf, u32 size);

/**
 * dibs_dmb_read_iter() - copy from an own DMB into an iterator
 * @dmb:    an own DMB
 * @offset: where to start
 * @to:     destination, advanced by what was copied
 * @size:   bytes
 *
 * While user memory faults, this holds nothing that the removal of the device
 * or of the DMB's memory waits for. May sleep.
 *
 * Return: bytes copied, fewer than @size if user memory ended; -EFAULT if
 * nothing was copied; -ERANGE; -EOPNOTSUPP (the iterator cannot be filled
 * without sleeping).
 */
ssize_t dibs_dmb_read_iter(struct dibs_dmb *dmb, u32 offset,
			   struct iov_iter *to, u32 size);

/**
 * dibs_dmb_get_page() - get the page at an offset, to splice it
 * @dmb:    an own DMB
 * @offset: any offset in the DMB
 *
 * It is an ordinary page: get_page(), put_page(). The peer can continue to
 * write into it. The byte at @offset is at offset_in_page(@offset). Any
 * context.
 *
 * Return: the page, referenced for the caller; ERR_PTR: -ENODATA (never
 * written: reads as zeroes), -EOPNOTSUPP (no pages: copy instead), -ERANGE.
 */
struct page *dibs_dmb_get_page(struct dibs_dmb *dmb, u32 offset);

/*
 * Attachments: a client's right to write into a peer's DMB.
 */

/**
 * struct dibs_attach_params - which DMB to attach
 * @rgid:  GID of the device that owns it
 * @token: its token, from the owner
 * @len:   its length, from the owner. Where the kernel knows the actual length
 *         (loopback, and devices that can learn it), 0 stands for that, and
 *         anything longer is rejected.
 * @vlan:  VLAN to use
 * @spare: offset of a byte in the DMB that has no meaning to either end, not 0.
 *         Devices on which each signal has to write something write 0 there
 *         when a signal comes without bytes. 0: there is no such byte, and on
 *         these devices (ISM) dibs_signal() fails
 */
struct dibs_attach_params {
	uuid_t rgid;
	u64 token;
	u32 len;
	struct dibs_vlan vlan;
	u32 spare;
};

/**
 * dibs_attach_dmb() - get the right to write into a peer's DMB
 * @client: the client
 * @dev:    the device to write through
 * @net:    network namespace to attach it for
 * @params: see &struct dibs_attach_params
 *
 * On loopback, a DMB can be attached once in its life, by the client that owns
 * it, and only until the owner closes it. On other fabrics the device checks
 * token and GID, and the DMB can be attached by one client for one namespace at
 * a time. An event about the DMB may arrive before this returns;
 * then this fails. May sleep.
 *
 * Return: the handle, to be given back by dibs_detach_dmb(), or ERR_PTR:
 * -ENOENT (unknown token), -EPERM (dedicated to another GID), -EACCES (owned by
 * another client), -EBUSY (was attached before, or is attached by others),
 * -ECONNREFUSED (closed), -EADDRNOTAVAIL (VLAN), -ERANGE (shorter than
 * @params->len, or that is longer than any DMB can be, or @params->spare is
 * outside), -EINVAL (no length and no way to learn it), -EXDEV (@net may not
 * use @dev), -ENETUNREACH (@params->rgid is not a device on this fabric),
 * -ENOMEM, -ENODEV, or an error of the device.
 */
struct dibs_attachment *
dibs_attach_dmb(struct dibs_client *client, struct dibs_dev *dev,
		struct net *net, const struct dibs_attach_params *params);

/**
 * dibs_detach_dmb() - give an attachment back
 * @client: the client that holds it
 * @slot:   where the client stores the handle; set to NULL
 *
 * No other operation on the handle may be running or follow. May sleep.
 *
 * Return: 0; -EALREADY (@slot was NULL), -EPERM (held by another client).
 */
int dibs_detach_dmb(struct dibs_client *client, struct dibs_attachment **slot);

/**
 * dibs_move_data() - write kernel memory into a peer's DMB
 * @att:    the attachment
 * @idx:    bit number of the signal, 0 to 15; see dibs_signal_mask()
 * @signal: signal the owner
 * @offset: destination in the DMB
 * @data:   source; may be NULL if @size is 0
 * @size:   bytes; 0 with @signal only signals, see &dibs_attach_params.spare
 *
 * When this returns 0, the bytes are in the DMB, and the owner sees them before
 * it sees the signal. A move of eight bytes to a multiple of eight is seen as a
 * whole or not at all. Any context: does not wait for memory that the DMB
 * needs; call dibs_attachment_populate() before to do that.
 *
 * Return: 0; -ERANGE (beyond the DMB; nothing written), -EINVAL (@idx; nothing
 * written), -EOPNOTSUPP (only a signal, and no spare byte), -ESTALE (the owner
 * unregistered the DMB), -ENODEV, -ENOMEM or -ENOBUFS (no memory; some bytes
 * may have been written, nothing was signalled: try again later), or an error
 * of the device. Where only the device knows how long the DMB is (ISM), it
 * refuses what is beyond, with an error of its own.
 */
int dibs_move_data(struct dibs_attachment *att, unsigned int idx, bool signal,
		   u32 offset, const void *data, u32 size);

/**
 * dibs_move_iter() - write the data of an iterator into a peer's DMB
 * @att:    the attachment
 * @idx:    as for dibs_move_data()
 * @signal: as for dibs_move_data(), if any byte was moved or @size is 0
 * @offset: destination in the DMB
 * @from:   source, advanced by what was moved
 * @size:   bytes, at most what @from has
 *
 * While user memory faults or memory is allocated, this holds nothing that the
 * removal of the device waits for. If the device maps, bytes are copied only
 * once. May sleep.
 *
 * Return: bytes moved, fewer than @size if user memory ended, memory ran out or
 * the device went away; if no byte was moved, -EFAULT or as dibs_move_data().
 * If signalling fails, that error is returned even if bytes were moved, unless
 * the owner is gone; dibs_signal() tries again.
 */
ssize_t dibs_move_iter(struct dibs_attachment *att, unsigned int idx,
		       bool signal, u32 offset, struct iov_iter *from,
		       u32 size);

/**
 * dibs_signal() - signal the owner of a DMB
 * @att: the attachment
 * @idx: bit number of the signal, 0 to 15
 *
 * Any context.
 *
 * Return: as dibs_move_data().
 */
static inline int dibs_signal(struct dibs_attachment *att, unsigned int idx)
{
	return dibs_move_data(att, idx, true, 0, NULL, 0);
}

/**
 * dibs_attachment_populate() - allocate memory for future moves
 * @att:    the attachment
 * @offset: start
 * @size:   bytes
 *
 * The memory of a DMB on this kernel is allocated by the first write. Once this
 * has returned 0, moves into the range need none. Charged to the DMB's owner.
 * May sleep.
 *
 * Return: 0 (also if the device needs no such allocation), -ERANGE, -ENOMEM,
 * -ENOBUFS, -ESTALE (the owner unregistered the DMB), -ENODEV.
 */
int dibs_attachment_populate(struct dibs_attachment *att, u32 offset,
			     u32 size);

/**
 * dibs_attachment_trim() - free memory that holds no data
 * @att:    the attachment
 * @offset: start
 * @size:   bytes
 *
 * For the writer: frees the pages that lie wholly in the range. They read as
 * zero afterwards and are allocated again by the next write. The caller must be
 * the only writer, and the owner must have read what it needs: whatever else is
 * written to the range meanwhile is lost. The header stays. Any context.
 */
void dibs_attachment_trim(struct dibs_attachment *att, u32 offset, u32 size);

/**
 * dibs_attachment_reuse() - use memory that holds no data elsewhere
 * @att:  the attachment
 * @from: start of the bytes whose memory is not needed
 * @to:   start of the bytes that will be written next
 * @size: bytes of either
 *
 * For the writer, like dibs_attachment_trim(): moves the pages of one range to
 * the places of the other that have none, instead of freeing and allocating
 * them. @from reads as zero afterwards, and @to as what was there, until it is
 * written. All are multiples of PAGE_SIZE, and the ranges do not overlap; does
 * nothing otherwise, or if the device needs no such memory. The first page
 * stays. Any context.
 */
void dibs_attachment_reuse(struct dibs_attachment *att, u32 from, u32 to,
			   u32 size);

/**
 * dibs_attachment_is_cut() - was the right to use the device taken away?
 * @att: the attachment
 *
 * If so, moves fail with -ENODEV for good, even after a new grant. Clients are
 * notified by DIBS_EVENT_BUF_CUT for each handle. Any context.
 *
 * Return: true if so.
 */
bool dibs_attachment_is_cut(const struct dibs_attachment *att);

/**
 * dibs_attachment_len() - how many bytes can be written
 * @att: the attachment
 * Return: length of the DMB; if only its owner knows it (ISM), what the client
 * passed as &dibs_attach_params.len.
 */
u32 dibs_attachment_len(const struct dibs_attachment *att);

/**
 * dibs_attachment_header() - the start of the peer's DMB as memory
 * @att: the attachment
 *
 * If the device maps, the header_len bytes that the owner asked for can be
 * accessed without a move. The owner may read and write them at any moment.
 *
 * Return: their address, page-aligned, valid until detached; NULL if the device
 * does not map or there is no header.
 */
void *dibs_attachment_header(const struct dibs_attachment *att);

/**
 * dibs_attachment_header_len() - length of the header
 * @att: the attachment
 * Return: bytes at dibs_attachment_header(), 0 if it is NULL.
 */
u32 dibs_attachment_header_len(const struct dibs_attachment *att);

/**
 * dibs_attachment_dev() - the device of an attachment
 * @att: the attachment
 * Return: the device, referenced by @att.
 */
struct dibs_dev *dibs_attachment_dev(const struct dibs_attachment *att);

#endif /* _LINUX_DIBS_CLIENT_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * What a client of the layer calls and provides. A client moves somebody's
 * data: SMC-D carries TCP programs, a TTY carries a console.
 *
 * The life of a connection, on both ends:
 *
 *	owner (receives)                       peer (sends)
 *	dmb = dibs_register_dmb()
 *	     --- token, GID, length by the client's own handshake --->
 *	                                       att = dibs_attach_dmb()
 *	                                       dibs_move_data(att, ...)
 *	handle_signal(dmb, mask)  <----------
 *	dibs_dmb_read_iter(dmb, ...)
 *	                                       dibs_detach_dmb(..., &att)
 *	dibs_unregister_dmb(dmb)
 *
 * A handle (struct dibs_dmb, struct dibs_attachment) belongs to the client
 * until the client gives it back. If the device goes away in between, the
 * handle is dead: every operation on it fails with -ENODEV, its memory can
 * still be read and written and goes nowhere, and it still has to be given
 * back. dibs_unregister_client() gives back what a client forgot.
 *
 * "May sleep" below means process context, no spinlock held. "Any context"
 * means process context or softirq, interrupts on; never a hard interrupt.
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
 * struct dibs_client_ops - what a client provides
 *
 * @add_dev: a device is there for this client: at registration for every
 *	device that exists, later for each that is added or enabled. May sleep,
 *	may register and attach DMBs; must not add or delete devices or
 *	register or unregister clients. Return 0, or -errno to refuse the
 *	device, which this client then never hears of again.
 * @del_dev: the device goes, or the client unregisters. No other callback for
 *	it runs or will run, operations on its handles fail with -ENODEV. May
 *	sleep, but waits for no socket lock, no user, and nothing that adds or
 *	deletes devices, (un)registers clients or ends namespaces. Handles may
 *	be given back here or later. The device pointer is valid until it
 *	returns.
 * @handle_signal: a peer wrote and says so. @mask has the bits of all signals
 *	since the last call; signals merge, none is lost. Never runs twice at
 *	once for one DMB, and not after dibs_unregister_dmb() returned.
 * @handle_event: news from the fabric, see &struct dibs_event.
 *
 * All are required. @handle_signal and @handle_event run in atomic context
 * with bottom halves off, with no lock held that anything they may call takes,
 * never in a hard interrupt; they may call dibs_move_data(), dibs_signal() and the accessors,
 * nothing that sleeps, registers, attaches or gives back. A handle_signal of
 * loopback may run within dibs_move_data() of the sender: a client therefore
 * holds no spinlock while it signals.
 */
struct dibs_client_ops {
	int (*add_dev)(struct dibs_client *client, struct dibs_dev *dev);
	void (*del_dev)(struct dibs_client *client, struct dibs_dev *dev);
	void (*handle_signal)(struct dibs_dmb *dmb, u16 mask);
	void (*handle_event)(struct dibs_client *client, struct dibs_dev *dev,
			     const struct dibs_event *event);
};

/**
 * dibs_register_client() - join the layer
 * @ops:  the client's functions; must stay until it unregistered
 * @name: shown to administrators; copied; 1 to 15 characters [a-z0-9_-]
 * @priv: the client's own, see dibs_client_priv()
 *
 * Calls @ops->add_dev for every device before it returns. May sleep.
 *
 * Return: the client, or ERR_PTR: -EINVAL (name, missing function), -EEXIST
 * (name taken), -ENOMEM.
 */
struct dibs_client *dibs_register_client(const struct dibs_client_ops *ops,
					 const char *name, void *priv);

/**
 * dibs_unregister_client() - leave the layer
 * @client: the client; invalid afterwards, as are all its handles
 *
 * Calls del_dev for every device the client accepted, then gives back every
 * handle that is left. When it returns, no callback runs or will run. Cannot
 * fail. May sleep. Must not run beside other calls of the same client.
 */
void dibs_unregister_client(struct dibs_client *client);

/**
 * dibs_client_priv() - the client's own pointer
 * @client: a client
 *
 * Return: what dibs_register_client() was given.
 */
void *dibs_client_priv(const struct dibs_client *client);

/**
 * dibs_set_client_dev_priv() - keep a pointer of the client's with a device
 * @client: the client
 * @dev:    a device between its add_dev and del_dev
 * @priv:   anything
 */
void dibs_set_client_dev_priv(struct dibs_client *client, struct dibs_dev *dev,
			      void *priv);

/**
 * dibs_client_dev_priv() - get what dibs_set_client_dev_priv() kept
 * @client: the client
 * @dev:    a device
 *
 * Any context.
 *
 * Return: the pointer, or NULL if none was set or the device is
 * gone for this client.
 */
void *dibs_client_dev_priv(struct dibs_client *client, struct dibs_dev *dev);

/*
 * Devices. A client knows a device from add_dev to the return of del_dev;
 * with a reference of its own the pointer stays good longer, not the device.
 */

/**
 * dibs_dev_get() - take a reference to a device
 * @dev: a device
 * Return: @dev.
 */
struct dibs_dev *dibs_dev_get(struct dibs_dev *dev);

/**
 * dibs_dev_put() - give a reference back
 * @dev: a device, or NULL
 *
 * May sleep.
 */
void dibs_dev_put(struct dibs_dev *dev);

/**
 * dibs_dev_name() - name of a device, for messages
 * @dev: a device
 * Return: a string that lives as long as the device.
 */
const char *dibs_dev_name(const struct dibs_dev *dev);

/**
 * dibs_dev_index() - number of a device, never used twice
 * @dev: a device
 * Return: the number, from 1 on.
 */
u32 dibs_dev_index(const struct dibs_dev *dev);

/**
 * dibs_dev_gid() - address of a device on its fabric
 * @dev: a device
 * Return: its GID, constant for the life of the device.
 */
const uuid_t *dibs_dev_gid(const struct dibs_dev *dev);

/**
 * dibs_dev_fabric_id() - the fabric of a device
 * @dev: a device
 * Return: the fabric id; SMC-D's CHID.
 */
u16 dibs_dev_fabric_id(const struct dibs_dev *dev);

/**
 * dibs_dev_seid() - the machine's name, as a device has it
 * @dev: a device
 * Return: DIBS_SEID_LEN characters, not terminated, or NULL.
 */
const char *dibs_dev_seid(const struct dibs_dev *dev);

/**
 * dibs_dev_parent() - the hardware below a device
 * @dev: a device
 *
 * Its driver may take it away once the client's del_dev for @dev has returned: who
 * wants it for longer takes a reference to it before.
 *
 * Return: what the driver stated, see &struct dibs_dev_info, or NULL: none.
 */
struct device *dibs_dev_parent(const struct dibs_dev *dev);

/**
 * dibs_dev_max_dmb_len() - longest DMB a device can register
 * @dev: a device
 * Return: bytes.
 */
u32 dibs_dev_max_dmb_len(const struct dibs_dev *dev);

/**
 * dibs_dev_linear() - does a DMB have all its memory from the start?
 * @dev: a device
 *
 * Then it costs its length in pieces of contiguous memory, used or not. Where
 * not, pages come as bytes are written and can be given back.
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
 * dibs_dev_has_vlans() - does this device know VLANs?
 * @dev: a device
 * Return: true if it does.
 */
bool dibs_dev_has_vlans(const struct dibs_dev *dev);

/**
 * dibs_dev_usable() - may a namespace use a device?
 * @dev: a device
 * @net: a network namespace
 *
 * A device shared by all namespaces may be used by all that did not leave it;
 * any other by its owner and by those the owner granted it to. Any context.
 * The answer can change at any time; registering and attaching ask again.
 *
 * Return: true if it may.
 */
bool dibs_dev_usable(const struct dibs_dev *dev, const struct net *net);

/**
 * dibs_dev_shared() - is this device shared by all namespaces?
 * @dev: a device
 * Return: true for ``lo`` and, unless given away, for hardware.
 */
bool dibs_dev_shared(const struct dibs_dev *dev);

/**
 * dibs_query_remote_gid() - can a device reach a peer?
 * @client: the client
 * @dev:    the device
 * @rgid:   GID of the peer's device
 * @vlan:   VLAN to use; ignored without VLANs
 *
 * May sleep.
 *
 * Return: 0 if it can; -ENETUNREACH, -ENODEV, or what the device
 * says.
 */
int dibs_query_remote_gid(struct dibs_client *client, struct dibs_dev *dev,
			  const uuid_t *rgid, struct dibs_vlan vlan);

/**
 * dibs_add_vlan() - join a VLAN
 * @client: the client
 * @dev:    the device
 * @vid:    VLAN id, 1 to 4094
 *
 * Counted: each needs its own dibs_del_vlan(); what a client forgets is undone
 * when the device goes. May sleep.
 *
 * Return: 0; -EOPNOTSUPP (no VLANs), -EINVAL, -ENODEV, -ENOMEM, or what the
 * device says.
 */
int dibs_add_vlan(struct dibs_client *client, struct dibs_dev *dev, u16 vid);

/**
 * dibs_del_vlan() - leave a VLAN joined before
 * @client: the client
 * @dev:    the device
 * @vid:    VLAN id
 *
 * May sleep.
 *
 * Return: 0; -ENOENT if this client had not joined it, -ENODEV.
 */
int dibs_del_vlan(struct dibs_client *client, struct dibs_dev *dev, u16 vid);

/**
 * dibs_signal_event() - send a software event to all clients of a peer device
 * @client:  the client
 * @dev:     the device
 * @rgid:    GID of the peer's device; on loopback its own
 * @trigger: interrupt the peer now; else it may see the event late
 * @code:    arrives as &dibs_event.subtype
 * @info:    arrives as &dibs_event.data
 *
 * May sleep.
 *
 * Return: 0; -EOPNOTSUPP, -ENETUNREACH, -ENODEV, or what the device
 * says.
 */
int dibs_signal_event(struct dibs_client *client, struct dibs_dev *dev,
		      const uuid_t *rgid, bool trigger, u32 code, u64 info);

/*
 * Own DMBs: memory that one remote GID may write into.
 */

/**
 * struct dibs_dmb_params - how a DMB shall be
 * @rgid:       the only device whose clients may write into it
 * @len:        bytes, 1 to dibs_dev_max_dmb_len()
 * @header_len: the first so many bytes, at most PAGE_SIZE, are memory from the
 *              start and stay so; see dibs_dmb_header(). 0 for none.
 * @vlan:       the VLAN the peer must name
 * @memcg:      who pays for the memory; NULL: the calling task's memory cgroup.
 *              On the accept side of a connection: sk->sk_memcg.
 * @priv:       the client's own, see dibs_dmb_priv()
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
 * @net:    network namespace on whose behalf
 * @params: see &struct dibs_dmb_params
 *
 * The memory reads as zero. The peer needs the token (dibs_dmb_token()), and
 * on hardware the length; how it gets them is the client's business. May sleep.
 *
 * Return: the handle, to be given back by dibs_unregister_dmb(), or ERR_PTR:
 * -EINVAL (parameters), -EXDEV (@net may not use @dev), -ENOSPC (the device
 * has no room for one more), -ENOBUFS (net.dibs.mem_max, netns_mem_max), -ENOMEM
 * (also: the memory cgroup's limit), -ENODEV, or what the device says.
 */
struct dibs_dmb *dibs_register_dmb(struct dibs_client *client,
				   struct dibs_dev *dev, struct net *net,
				   const struct dibs_dmb_params *params);

/**
 * dibs_unregister_dmb() - give a DMB up
 * @dmb: the handle, invalid afterwards; NULL is ignored
 *
 * The token is unknown at once, no callback runs for it any more. The memory
 * goes, but for the header, which stays until the peer has detached. If a peer
 * on this kernel is attached, its client gets DIBS_EVENT_BUF_UNREGISTERED. May
 * sleep.
 */
void dibs_unregister_dmb(struct dibs_dmb *dmb);

/**
 * dibs_dmb_close() - wait for no peer any more
 * @dmb: an own DMB
 *
 * From now on nobody can attach it. To be called when a handshake is over,
 * however it ended. Does not touch a peer that is attached. Any context.
 */
void dibs_dmb_close(struct dibs_dmb *dmb);

/**
 * dibs_dmb_attached() - did the peer attach?
 * @dmb: an own DMB
 *
 * Any context.
 *
 * Return: true if a peer is attached now. Always false where the
 * peer is on another kernel.
 */
bool dibs_dmb_attached(const struct dibs_dmb *dmb);

/**
 * dibs_dmb_token() - name of a DMB on its fabric
 * @dmb: an own DMB
 *
 * On loopback the token is all that a peer needs to write: it is told to the
 * peer and to nobody else.
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
 * dibs_dmb_priv() - the client's own pointer
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
 * A peer can write here at any moment: read once, check, use.
 *
 * Return: &dibs_dmb_params.header_len bytes, page-aligned, good until the
 * handle is given back; NULL if header_len was 0.
 */
void *dibs_dmb_header(const struct dibs_dmb *dmb);

/**
 * dibs_dmb_read() - copy out of an own DMB into kernel memory
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
 * dibs_dmb_read_iter() - copy out of an own DMB to wherever an iterator says
 * @dmb:    an own DMB
 * @offset: where to start
 * @to:     destination, advanced by what was copied
 * @size:   bytes
 *
 * Holds nothing that the removal of the device or the DMB's memory waits for
 * while user memory faults. May sleep.
 *
 * Return: bytes copied, less than @size if user memory ended; -EFAULT if
 * nothing was copied; -ERANGE.
 */
ssize_t dibs_dmb_read_iter(struct dibs_dmb *dmb, u32 offset,
			   struct iov_iter *to, u32 size);

/**
 * dibs_dmb_get_page() - the page behind an offset, to splice it
 * @dmb:    an own DMB
 * @offset: any offset in the DMB
 *
 * The page is an ordinary one: get_page(), put_page(). The peer can go on
 * writing into it. The byte of @offset is at offset_in_page(@offset). Any
 * context.
 *
 * Return: the page, with a reference for the caller; ERR_PTR: -ENODATA (never
 * written: zeroes), -EOPNOTSUPP (no pages: copy instead), -ERANGE.
 */
struct page *dibs_dmb_get_page(struct dibs_dmb *dmb, u32 offset);

/*
 * Attachments: the right to write into somebody's DMB, held by one client.
 */

/**
 * struct dibs_attach_params - which DMB to attach
 * @rgid:  GID of the device that owns it
 * @token: its name, as its owner told
 * @len:   its length, as its owner told. Where the owner is on this kernel 0
 *         means "as it is", and more than it has is refused.
 * @vlan:  VLAN to use
 */
struct dibs_attach_params {
	uuid_t rgid;
	u64 token;
	u32 len;
	struct dibs_vlan vlan;
};

/**
 * dibs_attach_dmb() - get the right to write into a peer's DMB
 * @client: the client
 * @dev:    the device to write through
 * @net:    network namespace on whose behalf
 * @params: see &struct dibs_attach_params
 *
 * Where the owner is on this kernel, a DMB can be attached once in its life,
 * by the client that owns it, until the owner closes it. Where it is not, the
 * device checks at each move. An event about the DMB may come before this
 * returns; then it fails. May sleep.
 *
 * Return: the handle, to be given back by dibs_detach_dmb(), or ERR_PTR:
 * -ENOENT (unknown token), -EPERM (dedicated to another GID), -EACCES (of
 * another client), -EBUSY (was attached already), -ECONNREFUSED (closed),
 * -EADDRNOTAVAIL (VLAN), -ERANGE (shorter than @params->len, or that is
 * more than any DMB has), -EINVAL (no length and no way to learn it), -EXDEV
 * (@net may not use @dev), -ENETUNREACH (@params->rgid is no device of this
 * fabric), -ENOMEM, -ENODEV, or what the device says.
 */
struct dibs_attachment *
dibs_attach_dmb(struct dibs_client *client, struct dibs_dev *dev,
		struct net *net, const struct dibs_attach_params *params);

/**
 * dibs_detach_dmb() - give the right to write back
 * @client: who has it
 * @slot:   where the client keeps the handle; NULL afterwards
 *
 * No other operation on the handle may run or follow. May sleep.
 *
 * Return: 0; -EALREADY if @slot was empty, -EPERM if it is another client's.
 */
int dibs_detach_dmb(struct dibs_client *client, struct dibs_attachment **slot);

/**
 * dibs_move_data() - write kernel memory into a peer's DMB
 * @att:    the attachment
 * @idx:    number of the signal's bit, 0 to 15; see dibs_signal_mask()
 * @signal: tell the owner
 * @offset: where to in the DMB
 * @data:   what; may be NULL if @size is 0
 * @size:   bytes; 0 with @signal only signals
 *
 * When it returns 0, the bytes are in the DMB, and the owner sees them before
 * it sees the signal. A move of eight bytes to an offset that is a multiple of
 * eight is seen whole or not at all. Any context: if memory of the DMB has to be found, this
 * does not wait for it; dibs_attachment_populate() before does.
 *
 * Return: 0; -ERANGE (beyond the DMB; nothing written), -EINVAL (@idx; nothing
 * written), -ESTALE (the owner gave the DMB up), -ENODEV, -ENOMEM or -ENOBUFS
 * (no memory; some bytes may have been written, nothing signalled: try again
 * later), or what the device says.
 */
int dibs_move_data(struct dibs_attachment *att, unsigned int idx, bool signal,
		   u32 offset, const void *data, u32 size);

/**
 * dibs_move_iter() - write what an iterator gives into a peer's DMB
 * @att:    the attachment
 * @idx:    as for dibs_move_data()
 * @signal: as for dibs_move_data(), if any byte was moved
 * @offset: where to in the DMB
 * @from:   the source, advanced by what was moved
 * @size:   bytes, at most what @from has
 *
 * Holds nothing that the removal of the device waits for while user memory
 * faults or memory is found. Where a device maps, bytes are copied once. May
 * sleep.
 *
 * Return: bytes moved, less than @size if user memory ended, memory ran out or
 * the device went; if no byte was moved -EFAULT or as dibs_move_data(). An error
 * of the signal itself is returned also if bytes were moved, unless the owner
 * is gone; dibs_signal() tries again.
 */
ssize_t dibs_move_iter(struct dibs_attachment *att, unsigned int idx,
		       bool signal, u32 offset, struct iov_iter *from,
		       u32 size);

/**
 * dibs_signal() - tell the owner of a DMB to look at it
 * @att: the attachment
 * @idx: number of the signal's bit, 0 to 15
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
 * dibs_attachment_populate() - have memory ready for moves to come
 * @att:    the attachment
 * @offset: start
 * @size:   bytes
 *
 * Memory of a DMB on this kernel is found at the first write. After this
 * returned 0, moves into the range need none. Charged to the DMB's owner. May
 * sleep.
 *
 * Return: 0 (also where the device has no such need), -ERANGE, -ENOMEM,
 * -ENOBUFS, -ESTALE (the owner gave the DMB up), -ENODEV.
 */
int dibs_attachment_populate(struct dibs_attachment *att, u32 offset,
			     u32 size);

/**
 * dibs_attachment_trim() - give back memory that holds nothing
 * @att:    the attachment
 * @offset: start
 * @size:   bytes
 *
 * For whoever writes: frees the pages that lie wholly in the range; they read
 * as zero then and come back with the next write. The caller alone writes
 * here, and the owner has read what it wanted: whatever else is written to the
 * range meanwhile is lost. The header stays. Any context.
 */
void dibs_attachment_trim(struct dibs_attachment *att, u32 offset, u32 size);

/**
 * dibs_attachment_is_cut() - was the right to use the device taken away?
 * @att: the attachment
 *
 * Moves then fail with -ENODEV for good, also when there is a new right. News of
 * it is an event for each handle, DIBS_EVENT_BUF_CUT. Any context.
 *
 * Return: true if so.
 */
bool dibs_attachment_is_cut(const struct dibs_attachment *att);

/**
 * dibs_attachment_len() - how many bytes can be written to
 * @att: the attachment
 * Return: length of the DMB, as far as known.
 */
u32 dibs_attachment_len(const struct dibs_attachment *att);

/**
 * dibs_attachment_header() - the start of the peer's DMB as memory
 * @att: the attachment
 *
 * Where the device maps, the bytes its owner asked for by header_len: stores
 * into them need no move. The owner reads and writes them at any moment.
 *
 * Return: their address, page-aligned, good until detached; NULL if the device
 * does not map or there is no header.
 */
void *dibs_attachment_header(const struct dibs_attachment *att);

/**
 * dibs_attachment_header_len() - how much of it there is
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

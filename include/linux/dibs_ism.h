/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Between the ISM driver and what its adapters are made of: IBM Z's firmware,
 * or a simulation of it. Whoever has an adapter fills in struct ism_hardware,
 * adds it, and says when it interrupts.
 */
#ifndef _LINUX_DIBS_ISM_H
#define _LINUX_DIBS_ISM_H

#include <linux/types.h>

struct device;
struct ism_adapter;
struct ism_hardware;

#define ISM_SEID_LEN	32	/* DIBS_SEID_LEN */

/**
 * struct ism_hardware_ops - how to reach an adapter
 * @load:  load 8 bytes at @offset of the command block, a multiple of 8, into
 *	@value as they stand there. 0 or -errno: no adapter answers. May sleep.
 * @store: store @len bytes, a multiple of 8, at @offset of the command block, a
 *	multiple of 8, from @data, which is aligned to 8. A store to offset 0
 *	executes the command. 0 or -errno: no adapter answers. May sleep.
 * @move:  store @len bytes at @address of the DMBs, see ism_move_address(), from
 *	@data, both ends within ISM_MOVE_MAX aligned bytes of a DMB: 1, 2, 4 or
 *	8 bytes at a multiple of their number, or a multiple of 8 bytes at a
 *	multiple of 8. @data is aligned likewise. 0 or -errno: the adapter took
 *	nothing. Any context but hard interrupts; must not sleep.
 *
 * The driver never has two commands under way at once; moves may be. A response
 * that was not loaded whole is forgotten by the next command.
 */
struct ism_hardware_ops {
	int (*load)(struct ism_hardware *hw, u32 offset, __be64 *value);
	int (*store)(struct ism_hardware *hw, u32 offset, const void *data,
		     u32 len);
	int (*move)(struct ism_hardware *hw, u64 address, const void *data,
		    u32 len);
};

/**
 * struct ism_hardware - an adapter, for the driver
 * @ops:  how to reach it
 * @dev:  for DMA and as the parent in sysfs. The adapter writes what is mapped for
 *	  it; memory must be coherent
 * @name: of the device of the layer, see &struct dibs_dev_info
 * @chid: channel id: names the fabric
 * @seid: system EID that SMC-D shall use; all zero if there is none
 *
 * Embedded in what its owner knows of the adapter; must stay until
 * ism_adapter_free().
 */
struct ism_hardware {
	const struct ism_hardware_ops *ops;
	struct device *dev;
	const char *name;
	u16 chid;
	char seid[ISM_SEID_LEN];
};

/*
 *	adapter = ism_adapter_alloc(hw);
 *	(from here on it may interrupt)
 *	ism_adapter_add(adapter);
 *	...
 *	ism_adapter_del(adapter);
 *	(no interrupt comes any more, none is being handled)
 *	ism_adapter_free(adapter);
 *
 * All of these in process context; they may sleep.
 */

/**
 * ism_adapter_alloc() - get ready to drive an adapter
 * @hw: the adapter
 *
 * Return: what drives it, to be given to ism_adapter_free(), or ERR_PTR: -ENOMEM.
 */
struct ism_adapter *ism_adapter_alloc(struct ism_hardware *hw);

/**
 * ism_adapter_add() - drive an adapter
 * @adapter: from ism_adapter_alloc(); not added before
 *
 * Asks the adapter who it is, gives it an SBA and an event queue, and shows the
 * device to all clients.
 *
 * Return: 0, or -EIO (it does not answer, refuses or talks nonsense), -EEXIST
 * (name taken), -ENOMEM, -EINVAL (name or fabric); then it can only be freed.
 */
int ism_adapter_add(struct ism_adapter *adapter);

/**
 * ism_adapter_del() - take its device away
 * @adapter: from ism_adapter_alloc(), added or not
 *
 * When this returns no function of &struct ism_hardware_ops runs or will run,
 * and the adapter knows no memory of the driver's any more, if it still answers.
 * Cannot fail; a second call does nothing.
 */
void ism_adapter_del(struct ism_adapter *adapter);

/**
 * ism_adapter_free() - the end
 * @adapter: from ism_adapter_alloc(), deleted if it was added; may be NULL
 */
void ism_adapter_free(struct ism_adapter *adapter);

/**
 * ism_adapter_interrupt() - the adapter interrupts
 * @adapter: from ism_adapter_alloc(), not freed; ignored while not added
 *
 * A softirq hands out what the SBA and the event queue have. Any context, hard
 * interrupts, too; as often as the hardware likes.
 */
void ism_adapter_interrupt(struct ism_adapter *adapter);

#endif /* _LINUX_DIBS_ISM_H */

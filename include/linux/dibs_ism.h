/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * The interface between the ISM driver and what implements its adapters: the
 * firmware of IBM Z, or a simulation. The provider of an adapter fills in
 * struct ism_hardware, adds the adapter, and reports its interrupts.
 */
#ifndef _LINUX_DIBS_ISM_H
#define _LINUX_DIBS_ISM_H

#include <linux/types.h>

struct device;
struct ism_adapter;
struct ism_hardware;

#define ISM_SEID_LEN	32	/* DIBS_SEID_LEN */

/**
 * struct ism_hardware_ops - access to an adapter
 * @load:  load 8 bytes at @offset, a multiple of 8, of the command block into
 *	@value without conversion. Returns 0, or -errno if no adapter answers.
 *	May sleep.
 * @store: store @len bytes from @data, which is aligned to 8, at @offset of the
 *	command block; @len and @offset are multiples of 8. A store to offset 0
 *	executes the command. Returns 0, or -errno if no adapter answers. May
 *	sleep.
 * @move:  store @len bytes from @data at @address of the DMBs, see
 *	ism_move_address(). The range does not cross a multiple of ISM_MOVE_MAX
 *	in the DMB. It has 1, 2, 4 or 8 bytes at a multiple of its length, or a
 *	multiple of 8 bytes at a multiple of 8; @data is aligned to 8.
 *	Returns 0, or -errno if the adapter took nothing. Any context except
 *	hard interrupts; must not sleep.
 *
 * The driver issues one command at a time; moves may run concurrently. A
 * response that was not loaded completely is discarded by the next command.
 */
struct ism_hardware_ops {
	int (*load)(struct ism_hardware *hw, u32 offset, __be64 *value);
	int (*store)(struct ism_hardware *hw, u32 offset, const void *data,
		     u32 len);
	int (*move)(struct ism_hardware *hw, u64 address, const void *data,
		    u32 len);
};

/**
 * struct ism_hardware - an adapter as its provider describes it
 * @ops:  access to it
 * @dev:  device for DMA, and parent in sysfs. The adapter writes to what is
 *	  mapped for it; memory must be coherent
 * @name: name of the DIBS device, see &struct dibs_dev_info
 * @chid: channel id, identifies the fabric
 * @seid: system EID for SMC-D; all zero if there is none
 *
 * Usually embedded in a structure of the provider. Must stay until
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
 *	(interrupts may be reported from here on)
 *	ism_adapter_add(adapter);
 *	...
 *	ism_adapter_del(adapter);
 *	(stop interrupts and wait for their handlers)
 *	ism_adapter_free(adapter);
 *
 * Process context; all of these may sleep.
 */

/**
 * ism_adapter_alloc() - prepare to drive an adapter
 * @hw: the adapter
 *
 * Return: the driver's adapter, to be freed by ism_adapter_free(), or ERR_PTR:
 * -ENOMEM.
 */
struct ism_adapter *ism_adapter_alloc(struct ism_hardware *hw);

/**
 * ism_adapter_add() - drive an adapter
 * @adapter: from ism_adapter_alloc(); not added before
 *
 * Identifies the adapter, gives it an SBA and an event queue, and makes the
 * device available to all clients.
 *
 * Return: 0, or -EIO (no answer, a refusal or an invalid answer), -EEXIST (name
 * taken), -ENOMEM, -EINVAL (name or fabric). After an error the adapter can
 * only be freed.
 */
int ism_adapter_add(struct ism_adapter *adapter);

/**
 * ism_adapter_del() - take the device of an adapter away
 * @adapter: from ism_adapter_alloc(), added or not
 *
 * On return, no function of &struct ism_hardware_ops runs or will run, and an
 * adapter that still answers no longer uses any memory of the driver. Cannot
 * fail; a second call does nothing.
 */
void ism_adapter_del(struct ism_adapter *adapter);

/**
 * ism_adapter_free() - free what ism_adapter_alloc() allocated
 * @adapter: from ism_adapter_alloc(), deleted if it was added; may be NULL
 */
void ism_adapter_free(struct ism_adapter *adapter);

/**
 * ism_adapter_interrupt() - report an interrupt of an adapter
 * @adapter: from ism_adapter_alloc(), not freed; ignored while not added
 *
 * A softirq processes the SBA and the event queue. Any context, including hard
 * interrupts, and at any rate.
 */
void ism_adapter_interrupt(struct ism_adapter *adapter);

#endif /* _LINUX_DIBS_ISM_H */

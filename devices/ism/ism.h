/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * The state of an ISM adapter, for the files of its driver.
 *
 * Locks:
 *
 *	lock		kind		guards
 *	command_lock	mutex		the command block: one command at a time
 *	kept_lock	mutex		list of DMBs that the adapter keeps
 *	peers_lock	mutex		peers' DMBs and their users
 *	sba_lock	spin, BH	interrupt state, generations of indexes
 *
 * None of them is held with another. Callbacks of clients run under sba_lock,
 * in a softirq; they may move, which takes no lock, but call nothing that takes
 * sba_lock.
 *
 * An adapter is dead once it does not answer, its answers are invalid, or it
 * reports that it is in error state or disabled. A dead adapter gets no command
 * any more, except those that give memory back. A work item removes its device.
 */
#ifndef _DIBS_ISM_H
#define _DIBS_ISM_H

#include <linux/dibs_device.h>
#include <linux/dibs_ism.h>
#include <linux/dibs_ism_format.h>
#include <linux/if_vlan.h>
#include <linux/interrupt.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

/* For allocations a peer or a user can cause: never invokes the OOM killer. */
#define ISM_GFP	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

struct ism_adapter {
	struct ism_hardware *hw;
	struct dibs_dev *dev;		/* set by ism_adapter_add() */
	u64 gid;

	struct mutex command_lock;	/* the hardware's command block */
	bool dead;			/* set once */
	struct work_struct dead_work;
	struct work_struct check_work;	/* checks whether it is dead */

	struct tasklet_struct interrupt_tasklet;
	spinlock_t sba_lock;		/* guards what follows */
	bool live;			/* the adapter knows sba and ieq */
	u64 event_idx;			/* idx of the event read last */
	unsigned long next_bit;		/* where to continue in the SBA, or 0 */
	u32 generations[ISM_INDEX_END];	/* of DMBs, by index */

	struct mutex kept_lock;		/* guards kept */
	struct list_head kept;		/* DMBs that it refused to unregister */

	struct mutex peers_lock;	/* guards peers, and their users */
	struct xarray peers;		/* struct ism_peer, by token */

	/* VLANs it refused to leave; only VLAN operations access this. */
	DECLARE_BITMAP(stuck_vlans, VLAN_N_VID);

	bool has_v2;			/* it is in ISM_VLAN_V2 */
	bool has_sba;			/* the adapter may write to sba */
	bool has_ieq;			/* the adapter may write to ieq */
	struct ism_sba *sba;
	struct ism_ieq *ieq;
	dma_addr_t sba_dma;
	dma_addr_t ieq_dma;
};

/* adapter.c */
void ism_dead(struct ism_adapter *adapter, const char *why);

/* command.c */
int ism_read_gid(struct ism_adapter *adapter, u64 *gid);
int ism_query_info(struct ism_adapter *adapter, struct ism_query_info *info);
int ism_reg_sba(struct ism_adapter *adapter, dma_addr_t sba);
int ism_reg_ieq(struct ism_adapter *adapter, dma_addr_t ieq);
int ism_unreg_sba(struct ism_adapter *adapter);
int ism_unreg_ieq(struct ism_adapter *adapter);
int ism_add_vlan(struct ism_adapter *adapter, u16 vlan);
int ism_del_vlan(struct ism_adapter *adapter, u16 vlan);
int ism_query_rgid(struct ism_adapter *adapter, u64 rgid,
		   struct dibs_vlan vlan);
int ism_reg_dmb(struct ism_adapter *adapter, const struct dibs_dmb *dmb,
		dma_addr_t dma, u64 *token);
int ism_unreg_dmb(struct ism_adapter *adapter, u64 token);
int ism_signal_ieq(struct ism_adapter *adapter, u64 rgid, bool trigger,
		   u32 code, u64 info);

/* After a failed unregistration: may the adapter still use the memory? */
static inline bool ism_keeps(int err)
{
	return err == -EREMOTEIO || err == -EPROTO;
}

/* After a registration: may the adapter use the memory? */
static inline bool ism_may_have(int err)
{
	return !err || err == -EPROTO;
}

/* dmb.c */
int ism_op_register_dmb(struct dibs_dev *dev, struct dibs_dmb *dmb);
void ism_op_unregister_dmb(struct dibs_dev *dev, struct dibs_dmb *dmb);
void ism_kept_end(struct ism_adapter *adapter);

/* interrupt.c */
void ism_interrupt_init(struct ism_adapter *adapter);
void ism_forget_signals(struct ism_adapter *adapter, u32 index);

/* move.c */
int ism_op_attach_dmb(struct dibs_dev *dev, struct dibs_attachment *att);
void ism_op_detach_dmb(struct dibs_dev *dev, struct dibs_attachment *att);
int ism_op_move_data(struct dibs_dev *dev, struct dibs_attachment *att,
		     unsigned int idx, bool signal, u32 offset,
		     const void *data, u32 size);

/* hardware_s390.c */
#if IS_ENABLED(CONFIG_S390)
int ism_pci_start(void);
void ism_pci_stop(void);
#else
static inline int ism_pci_start(void) { return 0; }
static inline void ism_pci_stop(void) { }
#endif

#endif /* _DIBS_ISM_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * An ISM adapter as its driver sees it.
 *
 * Locks
 *
 *	sba_lock	interrupts are handled; an index changes its owner; BH-safe
 *	command_lock	one command at a time; the hardware's functions
 *	kept_lock	which DMBs the adapter keeps
 *	peers_lock	which peers' DMBs are attached
 *	peer->lock	moves into one DMB; BH-safe
 *
 * The others are mutexes, never held together. Clients' callbacks run under
 * sba_lock, in a softirq, and call nothing that takes it; they may move, so
 * peer->lock is taken under it.
 *
 * An adapter lives until it is deleted, or is found dead: it is gone and does not
 * answer, what it answers makes no sense, or it says itself that it is in error
 * state or disabled. Then it is asked nothing any more, unless it is there: to give
 * memory back. A work item takes its device away.
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

/* What users and peers cause: a failure rather than somebody's death. */
#define ISM_GFP	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

struct ism_adapter {
	struct ism_hardware *hw;
	struct dibs_dev *dev;		/* from ism_adapter_add() on */
	u64 gid;

	struct mutex command_lock;	/* the hardware's command block */
	bool dead;			/* set once */
	struct work_struct dead_work;
	struct work_struct check_work;	/* is it? */

	struct tasklet_struct interrupt_tasklet;
	spinlock_t sba_lock;		/* guards what follows */
	bool live;			/* the adapter knows sba and ieq */
	u64 event_idx;			/* of the event read last */
	unsigned long next_bit;		/* of the SBA, to be looked at; or 0 */
	u32 generations[ISM_INDEX_END];	/* of DMBs, by index */

	struct mutex kept_lock;		/* guards kept */
	struct list_head kept;		/* DMBs that it did not give back */

	struct mutex peers_lock;	/* guards peers, and their users */
	struct xarray peers;		/* struct ism_peer, by token */

	/* It did not let us leave; changed by the layer's VLAN operations. */
	DECLARE_BITMAP(stuck_vlans, VLAN_N_VID);

	bool has_sba;			/* the adapter may write there */
	bool has_ieq;
	struct ism_sba *sba;
	struct ism_ieq *ieq;
	dma_addr_t sba_dma;
	dma_addr_t ieq_dma;
};

/* adapter.c */
void ism_dead(struct ism_adapter *adapter, const char *why);
struct device *ism_device(const struct ism_adapter *adapter);

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

/* Memory that it was to give back is still its, by the command's error. */
static inline bool ism_keeps(int err)
{
	return err == -EREMOTEIO || err == -EPROTO;
}

/* Memory that it was given may be its, likewise. */
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

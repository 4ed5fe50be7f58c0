// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * An adapter as a DIBS device, from allocation to removal. Process context.
 */
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/slab.h>

#include "ism.h"

/* Marks the adapter dead, logs why, and removes its device. Any context. */
void ism_dead(struct ism_adapter *adapter, const char *why)
{
	if (xchg(&adapter->dead, true))
		return;
	dev_err_ratelimited(adapter->hw->dev,
			    "ISM adapter %s, removing its device\n", why);
	queue_work(system_long_wq, &adapter->dead_work);
}

static void ism_dead_work(struct work_struct *work)
{
	struct ism_adapter *adapter = container_of(work, struct ism_adapter,
						   dead_work);
	/* If there is none yet, ism_adapter_add() queues this work again. */
	struct dibs_dev *dev = READ_ONCE(adapter->dev);

	if (dev)
		dibs_dev_del(dev);
}

/* After a failed move: a command shows whether the adapter still answers. */
static void ism_check_work(struct work_struct *work)
{
	struct ism_adapter *adapter = container_of(work, struct ism_adapter,
						   check_work);
	u64 gid;

	ism_read_gid(adapter, &gid);
}

/*
 * --- operations of the device ----------------------------------------------
 */

/* GIDs of other devices have more than 64 bits. */
static bool ism_gid_is_ism(const uuid_t *gid)
{
	uuid_t same = dibs_gid_from_u64(dibs_gid_to_u64(gid));

	return uuid_equal(gid, &same);
}

/* Error for a client if a command failed; @refused: the adapter refused it. */
static int ism_op_error(int err, int refused)
{
	if (err == -EREMOTEIO)
		return refused;
	return err == -EPROTO ? -ENODEV : err;
}

static int ism_op_query_remote_gid(struct dibs_dev *dev, const uuid_t *rgid,
				   struct dibs_vlan vlan)
{
	int err;

	if (!ism_gid_is_ism(rgid))
		return -ENETUNREACH;
	err = ism_query_rgid(dibs_dev_priv(dev), dibs_gid_to_u64(rgid), vlan);
	return ism_op_error(err, -ENETUNREACH);
}

static int ism_op_add_vlan(struct dibs_dev *dev, u16 vid)
{
	struct ism_adapter *adapter = dibs_dev_priv(dev);

	/* If the adapter refused to leave this VLAN, it is still in it. */
	if (__test_and_clear_bit(vid, adapter->stuck_vlans))
		return 0;
	return ism_op_error(ism_add_vlan(adapter, vid), -EREMOTEIO);
}

static void ism_op_del_vlan(struct dibs_dev *dev, u16 vid)
{
	struct ism_adapter *adapter = dibs_dev_priv(dev);

	if (ism_del_vlan(adapter, vid) == -EREMOTEIO)
		__set_bit(vid, adapter->stuck_vlans);
}

static int ism_op_signal_event(struct dibs_dev *dev, const uuid_t *rgid,
			       bool trigger, u32 code, u64 info)
{
	int err;

	if (!ism_gid_is_ism(rgid))
		return -ENETUNREACH;
	err = ism_signal_ieq(dibs_dev_priv(dev), dibs_gid_to_u64(rgid), trigger,
			     code, info);
	return ism_op_error(err, -ENETUNREACH);
}

static const struct dibs_dev_ops ism_dev_ops = {
	.register_dmb = ism_op_register_dmb,
	.unregister_dmb = ism_op_unregister_dmb,
	.query_remote_gid = ism_op_query_remote_gid,
	.move_data = ism_op_move_data,
	.attach_dmb = ism_op_attach_dmb,
	.detach_dmb = ism_op_detach_dmb,
	.add_vlan = ism_op_add_vlan,
	.del_vlan = ism_op_del_vlan,
	.signal_event = ism_op_signal_event,
};

/*
 * --- adding and removing ----------------------------------------------------
 */

static int ism_alloc_blocks(struct ism_adapter *adapter)
{
	struct device *dev = adapter->hw->dev;

	adapter->sba = dma_alloc_coherent(dev, sizeof(*adapter->sba),
					  &adapter->sba_dma, GFP_KERNEL);
	if (!adapter->sba)
		return -ENOMEM;
	/* The event queue must have a page of its own. */
	adapter->ieq = dma_alloc_coherent(dev, PAGE_SIZE, &adapter->ieq_dma,
					  GFP_KERNEL);
	if (!adapter->ieq)
		return -ENOMEM;
	adapter->ieq->ieq_len = cpu_to_be64(sizeof(struct ism_ieq));
	adapter->ieq->entry_len = cpu_to_be64(sizeof(struct ism_event));
	return 0;
}

static void ism_free_blocks(struct ism_adapter *adapter)
{
	struct device *dev = adapter->hw->dev;

	if (adapter->sba)
		dma_free_coherent(dev, sizeof(*adapter->sba), adapter->sba,
				  adapter->sba_dma);
	if (adapter->ieq)
		dma_free_coherent(dev, PAGE_SIZE, adapter->ieq,
				  adapter->ieq_dma);
}

struct ism_adapter *ism_adapter_alloc(struct ism_hardware *hw)
{
	struct ism_adapter *adapter = kzalloc(sizeof(*adapter), GFP_KERNEL);
	int err;

	if (!adapter)
		return ERR_PTR(-ENOMEM);
	adapter->hw = hw;
	mutex_init(&adapter->command_lock);
	mutex_init(&adapter->kept_lock);
	mutex_init(&adapter->peers_lock);
	INIT_LIST_HEAD(&adapter->kept);
	xa_init(&adapter->peers);
	ism_interrupt_init(adapter);
	INIT_WORK(&adapter->dead_work, ism_dead_work);
	INIT_WORK(&adapter->check_work, ism_check_work);
	err = ism_alloc_blocks(adapter);
	if (err) {
		ism_adapter_free(adapter);
		return ERR_PTR(err);
	}
	return adapter;
}
EXPORT_SYMBOL_GPL(ism_adapter_alloc);

void ism_adapter_free(struct ism_adapter *adapter)
{
	if (IS_ERR_OR_NULL(adapter))
		return;
	tasklet_kill(&adapter->interrupt_tasklet);
	if (adapter->dev)
		dibs_dev_put(adapter->dev);
	xa_destroy(&adapter->peers);
	ism_free_blocks(adapter);
	kfree(adapter);
}
EXPORT_SYMBOL_GPL(ism_adapter_free);

static bool ism_is_in_vlan(const struct ism_query_info *info, u16 vlan)
{
	u32 i, count = min_t(u32, be32_to_cpu(info->vlan_count), ISM_VLANS);

	for (i = 0; i < count; i++)
		if (be16_to_cpu(info->vlan[i]) == vlan)
			return true;
	return false;
}

/*
 * An adapter of version 2 stays in ISM_VLAN_V2 until it is deleted: peers ask
 * for its GID in that VLAN and decline version 2 if they cannot reach it there.
 * The adapter may still be in it if it refused to leave before.
 */
static void ism_join_v2(struct ism_adapter *adapter,
			const struct ism_query_info *info)
{
	int err = ism_add_vlan(adapter, ISM_VLAN_V2);

	if (!err || ism_is_in_vlan(info, ISM_VLAN_V2)) {
		adapter->has_v2 = true;
		return;
	}
	/* Without version 2 there is no system EID. */
	if (err == -EREMOTEIO)
		memset(adapter->hw->seid, 0, sizeof(adapter->hw->seid));
}

/* Asks for GID and version. */
static int ism_identify(struct ism_adapter *adapter)
{
	struct ism_query_info info;
	int err;

	err = ism_read_gid(adapter, &adapter->gid);
	if (!err)
		err = ism_query_info(adapter, &info);
	if (err)
		return err;
	if (!adapter->gid || be64_to_cpu(info.gid) != adapter->gid) {
		ism_dead(adapter, "has an invalid GID");
		return -ENODEV;
	}
	ism_join_v2(adapter, &info);
	dev_info(adapter->hw->dev, "ISM version %u, GID %016llx, CHID %04x\n",
		 be32_to_cpu(info.version), adapter->gid, adapter->hw->chid);
	return 0;
}

static int ism_make_device(struct ism_adapter *adapter)
{
	struct ism_hardware *hw = adapter->hw;
	struct dibs_dev_info info = {
		.name = hw->name,
		.gid = dibs_gid_from_u64(adapter->gid),
		.fabric_id = hw->chid,
		.max_dmbs = ISM_DMBS,
		.min_index = ISM_INDEX_FIRST,
		.max_dmb_len = ISM_DMB_LEN_MAX,
		.linear = true,
		.parent = hw->dev,
		.seid = hw->seid,
	};
	struct dibs_dev *dev = dibs_dev_alloc(&ism_dev_ops, &info, adapter);

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	WRITE_ONCE(adapter->dev, dev);
	return 0;
}

/* From now on the adapter writes into both blocks and interrupts. */
static int ism_register_blocks(struct ism_adapter *adapter)
{
	int err;

	spin_lock_bh(&adapter->sba_lock);
	adapter->live = true;
	spin_unlock_bh(&adapter->sba_lock);
	err = ism_reg_sba(adapter, adapter->sba_dma);
	adapter->has_sba = ism_may_have(err);
	if (err)
		return err;
	err = ism_reg_ieq(adapter, adapter->ieq_dma);
	adapter->has_ieq = ism_may_have(err);
	return err;
}

static void ism_lose_block(struct ism_adapter *adapter, const char *what)
{
	dev_err_ratelimited(adapter->hw->dev,
			    "ISM adapter does not release its %s\n", what);
}

/* Blocks that the adapter keeps are leaked, as it may still write to them. */
static void ism_unregister_blocks(struct ism_adapter *adapter)
{
	if (adapter->has_ieq && ism_keeps(ism_unreg_ieq(adapter))) {
		ism_lose_block(adapter, "event queue");
		adapter->ieq = NULL;
	}
	if (adapter->has_sba && ism_keeps(ism_unreg_sba(adapter))) {
		ism_lose_block(adapter, "system block area");
		adapter->sba = NULL;
	}
}

int ism_adapter_add(struct ism_adapter *adapter)
{
	int err;

	/* These fabrics are reserved for virtual devices. */
	if (adapter->hw->chid >= DIBS_FABRIC_VIRTUAL_MIN)
		return -EINVAL;
	err = ism_identify(adapter);
	if (!err)
		err = ism_make_device(adapter);
	if (!err)
		err = ism_register_blocks(adapter);
	if (!err)
		err = dibs_dev_add(adapter->dev);
	if (err) {
		ism_adapter_del(adapter);
		return err == -ENODEV || err == -EREMOTEIO || err == -EPROTO ?
		       -EIO : err;
	}
	/* The adapter may have died before there was a device to remove. */
	if (READ_ONCE(adapter->dead))
		queue_work(system_long_wq, &adapter->dead_work);
	return 0;
}
EXPORT_SYMBOL_GPL(ism_adapter_add);

void ism_adapter_del(struct ism_adapter *adapter)
{
	bool live;

	if (adapter->dev)
		dibs_dev_del(adapter->dev);
	cancel_work_sync(&adapter->check_work);
	spin_lock_bh(&adapter->sba_lock);
	live = adapter->live;
	adapter->live = false;
	spin_unlock_bh(&adapter->sba_lock);
	ism_kept_end(adapter);
	if (adapter->has_v2)
		ism_del_vlan(adapter, ISM_VLAN_V2);
	adapter->has_v2 = false;
	if (live)
		ism_unregister_blocks(adapter);
	/* Nothing queues dead_work from now on. */
	WRITE_ONCE(adapter->dead, true);
	cancel_work_sync(&adapter->dead_work);
}
EXPORT_SYMBOL_GPL(ism_adapter_del);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * DMBs of an adapter: contiguous memory that it writes by DMA. Process context.
 *
 * An adapter may refuse to unregister a DMB. It may then still write there and
 * set the bit of that index, so the driver keeps the DMB: nobody else gets the
 * memory or the index. Whenever a DMB is registered or unregistered, the DMB
 * that has been kept longest is unregistered again, and all of them are tried a
 * last time when the adapter is removed.
 */
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "ism.h"

/* The driver's data of a DMB. */
struct ism_dmb {
	dma_addr_t dma;
	u64 token;
	/* If the DMB is kept: */
	struct list_head entry;		/* in adapter->kept */
	void *memory;			/* its pages are referenced */
	u32 len;
	u32 index;
};

static bool ism_dma_fits(dma_addr_t dma, u32 len)
{
	return dma / ISM_DMB_LEN_MAX == (dma + len - 1) / ISM_DMB_LEN_MAX;
}

static int ism_map(struct ism_adapter *adapter, struct dibs_dmb *dmb,
		   dma_addr_t *dma)
{
	struct device *dev = adapter->hw->dev;
	u32 len = dibs_dmb_len(dmb);

	*dma = dma_map_single(dev, dibs_dmb_linear(dmb), len, DMA_FROM_DEVICE);
	if (dma_mapping_error(dev, *dma))
		return -ENOMEM;
	if (ism_dma_fits(*dma, len))
		return 0;
	dma_unmap_single(dev, *dma, len, DMA_FROM_DEVICE);
	return -ENOMEM;
}

static void ism_unmap(struct ism_adapter *adapter, dma_addr_t dma, u32 len)
{
	dma_unmap_single(adapter->hw->dev, dma, len, DMA_FROM_DEVICE);
}

/*
 * --- DMBs that the adapter keeps -------------------------------------------
 */

/*
 * Takes references to pages that the adapter may still write to. @memory
 * consists of order-0 pages, as from alloc_pages_exact().
 */
static void ism_memory_hold(struct ism_adapter *adapter, void *memory, u32 len)
{
	u32 done;

	dev_err_ratelimited(adapter->hw->dev,
			    "ISM adapter does not release %u bytes\n", len);
	for (done = 0; done < len; done += PAGE_SIZE)
		get_page(virt_to_page(memory + done));
}

static void ism_memory_release(void *memory, u32 len)
{
	u32 done;

	for (done = 0; done < len; done += PAGE_SIZE)
		put_page(virt_to_page(memory + done));
}

static void ism_kept_add(struct ism_adapter *adapter, struct ism_dmb *idmb)
{
	mutex_lock(&adapter->kept_lock);
	list_add_tail(&idmb->entry, &adapter->kept);
	mutex_unlock(&adapter->kept_lock);
}

/* Removes and returns the DMB that has been kept longest, or NULL. */
static struct ism_dmb *ism_kept_take(struct ism_adapter *adapter)
{
	struct ism_dmb *idmb;

	mutex_lock(&adapter->kept_lock);
	idmb = list_first_entry_or_null(&adapter->kept, struct ism_dmb, entry);
	if (idmb)
		list_del(&idmb->entry);
	mutex_unlock(&adapter->kept_lock);
	return idmb;
}

static void ism_keep(struct ism_adapter *adapter, struct dibs_dmb *dmb,
		     struct ism_dmb *idmb)
{
	idmb->memory = dibs_dmb_linear(dmb);
	idmb->len = dibs_dmb_len(dmb);
	idmb->index = dibs_dmb_index(dmb);
	ism_memory_hold(adapter, idmb->memory, idmb->len);
	dibs_dmb_keep_index(dmb);
	ism_kept_add(adapter, idmb);
}

/* Tries to unregister a kept DMB again. False: the adapter still keeps it. */
static bool ism_kept_ask(struct ism_adapter *adapter, struct ism_dmb *idmb)
{
	if (ism_keeps(ism_unreg_dmb(adapter, idmb->token)))
		return false;
	ism_unmap(adapter, idmb->dma, idmb->len);
	ism_memory_release(idmb->memory, idmb->len);
	dibs_dev_free_index(adapter->dev, idmb->index);
	kfree(idmb);
	return true;
}

static void ism_kept_retry(struct ism_adapter *adapter)
{
	struct ism_dmb *idmb = ism_kept_take(adapter);

	if (idmb && !ism_kept_ask(adapter, idmb))
		ism_kept_add(adapter, idmb);
}

/* The last try; what is still refused is leaked. The device is deleted. */
void ism_kept_end(struct ism_adapter *adapter)
{
	struct ism_dmb *idmb;

	while ((idmb = ism_kept_take(adapter)))
		if (!ism_kept_ask(adapter, idmb))
			kfree(idmb);
}

/*
 * --- registration -----------------------------------------------------------
 */

/* From now on, signals for the index are for this DMB. */
static void ism_own_index(struct ism_adapter *adapter,
			  const struct dibs_dmb *dmb)
{
	u32 index = dibs_dmb_index(dmb);

	spin_lock_bh(&adapter->sba_lock);
	ism_forget_signals(adapter, index);
	adapter->generations[index] = dibs_dmb_generation(dmb);
	spin_unlock_bh(&adapter->sba_lock);
}

static int ism_publish(struct ism_adapter *adapter, struct dibs_dmb *dmb,
		       struct ism_dmb *idmb)
{
	int err;

	ism_own_index(adapter, dmb);
	err = ism_reg_dmb(adapter, dmb, idmb->dma, &idmb->token);
	if (err)
		return err;
	/* The low bits of a move's address have another meaning. */
	if (idmb->token && !(idmb->token & ~ISM_MOVE_TOKEN))
		return 0;
	ism_dead(adapter, "assigns an invalid token");
	return -EPROTO;
}

int ism_op_register_dmb(struct dibs_dev *dev, struct dibs_dmb *dmb)
{
	struct ism_adapter *adapter = dibs_dev_priv(dev);
	struct ism_dmb *idmb;
	int err;

	ism_kept_retry(adapter);
	idmb = kzalloc(sizeof(*idmb), ISM_GFP);
	if (!idmb)
		return -ENOMEM;
	err = dibs_dmb_alloc_linear(dmb);
	if (err)
		goto free;
	err = ism_map(adapter, dmb, &idmb->dma);
	if (err)
		goto free;
	err = ism_publish(adapter, dmb, idmb);
	if (err)
		goto unmap;
	dibs_dmb_set_dev_priv(dmb, idmb);
	dibs_dmb_set_token(dmb, idmb->token);
	return 0;

unmap:
	/* After a refusal, or without an answer, the adapter has nothing. */
	if (err == -EPROTO)
		ism_memory_hold(adapter, dibs_dmb_linear(dmb),
				dibs_dmb_len(dmb));
	else
		ism_unmap(adapter, idmb->dma, dibs_dmb_len(dmb));
free:
	kfree(idmb);
	return err == -EPROTO ? -ENODEV : err;
}

/* An adapter that does not answer no longer writes. */
void ism_op_unregister_dmb(struct dibs_dev *dev, struct dibs_dmb *dmb)
{
	struct ism_adapter *adapter = dibs_dev_priv(dev);
	struct ism_dmb *idmb = dibs_dmb_dev_priv(dmb);
	bool kept;

	ism_kept_retry(adapter);
	kept = ism_keeps(ism_unreg_dmb(adapter, idmb->token));
	spin_lock_bh(&adapter->sba_lock);
	ism_forget_signals(adapter, dibs_dmb_index(dmb));
	spin_unlock_bh(&adapter->sba_lock);
	if (kept) {
		ism_keep(adapter, dmb, idmb);
		return;
	}
	ism_unmap(adapter, idmb->dma, dibs_dmb_len(dmb));
	kfree(idmb);
}

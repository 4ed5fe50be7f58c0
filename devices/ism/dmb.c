// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * DMBs of an adapter: contiguous memory that it writes by DMA. Process context.
 */
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/errno.h>
#include <linux/slab.h>

#include "ism.h"

/* The adapter's side of a DMB. */
struct ism_dmb {
	dma_addr_t dma;
	u64 token;
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

static void ism_unmap(struct ism_adapter *adapter, struct dibs_dmb *dmb,
		      dma_addr_t dma)
{
	dma_unmap_single(adapter->hw->dev, dma, dibs_dmb_len(dmb),
			 DMA_FROM_DEVICE);
}

/* Signals for the index are this DMB's from now on. */
static void ism_own_index(struct ism_adapter *adapter,
			  const struct dibs_dmb *dmb)
{
	u32 index = dibs_dmb_index(dmb);

	mutex_lock(&adapter->sba_lock);
	ism_forget_signals(adapter, index);
	adapter->generations[index] = dibs_dmb_generation(dmb);
	mutex_unlock(&adapter->sba_lock);
}

static int ism_name(struct ism_adapter *adapter, struct dibs_dmb *dmb,
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
	ism_dead(adapter, "gives a token that cannot be");
	return -EPROTO;
}

int ism_op_register_dmb(struct dibs_dev *dev, struct dibs_dmb *dmb)
{
	struct ism_adapter *adapter = dibs_dev_priv(dev);
	struct ism_dmb *idmb;
	int err;

	idmb = kzalloc(sizeof(*idmb), ISM_GFP);
	if (!idmb)
		return -ENOMEM;
	err = dibs_dmb_alloc_linear(dmb);
	if (err)
		goto free;
	err = ism_map(adapter, dmb, &idmb->dma);
	if (err)
		goto free;
	err = ism_name(adapter, dmb, idmb);
	if (err)
		goto unmap;
	dibs_dmb_set_dev_priv(dmb, idmb);
	dibs_dmb_set_token(dmb, idmb->token);
	return 0;

unmap:
	/* Whoever refuses, or does not answer, has nothing. */
	if (err == -EPROTO)
		ism_lose_memory(adapter, dibs_dmb_linear(dmb),
				dibs_dmb_len(dmb));
	else
		ism_unmap(adapter, dmb, idmb->dma);
free:
	kfree(idmb);
	return err == -EPROTO ? -ENODEV : err;
}

/*
 * An adapter that is gone writes no more. One that does not give the DMB back
 * may: then nobody gets that memory again.
 */
void ism_op_unregister_dmb(struct dibs_dev *dev, struct dibs_dmb *dmb)
{
	struct ism_adapter *adapter = dibs_dev_priv(dev);
	struct ism_dmb *idmb = dibs_dmb_dev_priv(dmb);

	if (ism_keeps(ism_unreg_dmb(adapter, idmb->token)))
		ism_lose_memory(adapter, dibs_dmb_linear(dmb),
				dibs_dmb_len(dmb));
	else
		ism_unmap(adapter, dmb, idmb->dma);
	mutex_lock(&adapter->sba_lock);
	ism_forget_signals(adapter, dibs_dmb_index(dmb));
	mutex_unlock(&adapter->sba_lock);
	kfree(idmb);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Adapters of IBM Z: PCI function 1014:04ed, reached by the PCI instructions of
 * s390. Address space 2 has the command block, address space 0 the DMBs.
 *
 * A function that was in error state and is reset, or that was put to sleep, has
 * forgotten all: its device goes, and a new one comes with the same GID. Debian's
 * kernels for s390x have no CONFIG_PM: there the compiler drops what is for sleep.
 */
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <asm/pci.h>
#include <asm/pci_insn.h>
#include <asm/pci_io.h>
#include <asm/processor.h>

#include "ism.h"

#define ISM_SPACE_MOVE		0
#define ISM_SPACE_COMMAND	2

struct ism_pci {
	struct ism_hardware hw;
	struct pci_dev *pdev;
	struct ism_adapter *adapter;
	char name[DIBS_NAME_LEN];
};

static struct zpci_dev *ism_zpci(struct ism_hardware *hw)
{
	return to_zpci(container_of(hw, struct ism_pci, hw)->pdev);
}

/*
 * The kernel's functions repeat what was busy. Of what is left they do not say
 * whether the function is gone or takes offence. After a move the driver finds that
 * out by a command; a command that fails is taken for the end.
 */
static int ism_pci_error(int err)
{
	return err ? -EIO : 0;
}

static int ism_pci_load(struct ism_hardware *hw, u32 offset, __be64 *value)
{
	u64 request = ZPCI_CREATE_REQ(READ_ONCE(ism_zpci(hw)->fh),
				      ISM_SPACE_COMMAND, sizeof(*value));
	u64 data;
	int err;

	/* s390 is big-endian: what is loaded is what stands there. */
	err = ism_pci_error(__zpci_load(&data, request, offset));
	if (!err)
		*value = cpu_to_be64(data);
	return err;
}

static int ism_pci_store(struct ism_hardware *hw, u32 offset, const void *data,
			 u32 len)
{
	u32 fh = READ_ONCE(ism_zpci(hw)->fh);

	return ism_pci_error(__zpci_store_block(data,
						ZPCI_CREATE_REQ(fh,
								ISM_SPACE_COMMAND,
								len),
						offset));
}

/* As many bytes as PCISTG has in its register: the last ones of 8. */
static u64 ism_pci_small(const void *data, u32 len)
{
	switch (len) {
	case 1:
		return *(const u8 *)data;
	case 2:
		return *(const u16 *)data;
	case 4:
		return *(const u32 *)data;
	default:
		return *(const u64 *)data;
	}
}

/*
 * Up to 8 bytes by PCISTG, which is one access; more by PCISTB. So does the kernel
 * where it copies to PCI functions (zpci_memcpy_toio()).
 */
static int ism_pci_move(struct ism_hardware *hw, u64 address, const void *data,
			u32 len)
{
	u64 request = ZPCI_CREATE_REQ(READ_ONCE(ism_zpci(hw)->fh),
				      ISM_SPACE_MOVE, len);

	if (len <= sizeof(u64))
		return ism_pci_error(__zpci_store(ism_pci_small(data, len),
						  request, address));
	return ism_pci_error(__zpci_store_block(data, request, address));
}

static const struct ism_hardware_ops ism_pci_hardware_ops = {
	.load = ism_pci_load,
	.store = ism_pci_store,
	.move = ism_pci_move,
};

/* 24 fixed characters, then the ends of serial number and machine type. */
static void ism_pci_seid(char seid[ISM_SEID_LEN])
{
	char text[ISM_SEID_LEN + 1];
	struct cpuid id;

	get_cpu_id(&id);
	snprintf(text, sizeof(text), "IBM-SYSZ-ISMSEID00000000%04X%04X",
		 id.ident & 0xffff, id.machine);
	memcpy(seid, text, ISM_SEID_LEN);
}

static irqreturn_t ism_pci_interrupt(int irq, void *data)
{
	struct ism_pci *ism = data;

	ism_adapter_interrupt(ism->adapter);
	return IRQ_HANDLED;
}

static int ism_pci_enable(struct pci_dev *pdev)
{
	int err;

	err = pci_enable_device_mem(pdev);
	if (err)
		return err;
	err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (err)
		goto disable;
	dma_set_seg_boundary(&pdev->dev, ISM_DMB_LEN_MAX - 1);
	dma_set_max_seg_size(&pdev->dev, ISM_DMB_LEN_MAX);
	pci_set_master(pdev);
	err = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI);
	if (err != 1)
		goto disable;
	return 0;

disable:
	pci_disable_device(pdev);
	return err < 0 ? err : -ENOSPC;
}

static void ism_pci_disable(struct pci_dev *pdev)
{
	pci_free_irq_vectors(pdev);
	/* Not if it did not come back from a reset. */
	if (pci_is_enabled(pdev))
		pci_disable_device(pdev);
}

/* Beginning and end of the adapter's work, as suspend and resume need them. */
static int ism_pci_begin(struct ism_pci *ism)
{
	struct pci_dev *pdev = ism->pdev;
	int err;

	ism->adapter = ism_adapter_alloc(&ism->hw);
	if (IS_ERR(ism->adapter))
		return PTR_ERR(ism->adapter);
	err = request_irq(pci_irq_vector(pdev, 0), ism_pci_interrupt, 0,
			  pci_name(pdev), ism);
	if (err)
		goto free;
	err = ism_adapter_add(ism->adapter);
	if (err)
		goto free_irq;
	return 0;

free_irq:
	free_irq(pci_irq_vector(pdev, 0), ism);
free:
	ism_adapter_free(ism->adapter);
	ism->adapter = NULL;
	return err;
}

static void ism_pci_end(struct ism_pci *ism)
{
	if (IS_ERR_OR_NULL(ism->adapter))
		return;
	ism_adapter_del(ism->adapter);
	free_irq(pci_irq_vector(ism->pdev, 0), ism);
	ism_adapter_free(ism->adapter);
	ism->adapter = NULL;
}

static int ism_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct ism_pci *ism = kzalloc(sizeof(*ism), GFP_KERNEL);
	int err;

	if (!ism)
		return -ENOMEM;
	ism->pdev = pdev;
	/* By the function id: it stays over hot-plugging. */
	snprintf(ism->name, sizeof(ism->name), "ism%x", to_zpci(pdev)->fid);
	ism->hw = (struct ism_hardware){
		.ops = &ism_pci_hardware_ops,
		.dev = &pdev->dev,
		.name = ism->name,
		.chid = to_zpci(pdev)->pchid,
	};
	ism_pci_seid(ism->hw.seid);
	err = ism_pci_enable(pdev);
	if (err)
		goto free;
	err = ism_pci_begin(ism);
	if (err)
		goto disable;
	pci_set_drvdata(pdev, ism);
	return 0;

disable:
	ism_pci_disable(pdev);
free:
	kfree(ism);
	return err;
}

static void ism_pci_remove(struct pci_dev *pdev)
{
	struct ism_pci *ism = pci_get_drvdata(pdev);

	ism_pci_end(ism);
	ism_pci_disable(pdev);
	kfree(ism);
}

/* The function may still be removed after that. */
static void ism_pci_shutdown(struct pci_dev *pdev)
{
	ism_pci_end(pci_get_drvdata(pdev));
}

/* DMBs do not outlive a sleep: connections end, and the device comes anew. */
static int ism_pci_suspend(struct device *dev)
{
	ism_pci_end(dev_get_drvdata(dev));
	return 0;
}

static int ism_pci_resume(struct device *dev)
{
	return ism_pci_begin(dev_get_drvdata(dev));
}

static DEFINE_SIMPLE_DEV_PM_OPS(ism_pci_pm_ops, ism_pci_suspend,
				ism_pci_resume);

/* --- error state of the function -------------------------------------------------- */

/* It writes nothing and answers nothing until it is reset. */
static pci_ers_result_t ism_pci_error_detected(struct pci_dev *pdev,
					       pci_channel_state_t state)
{
	ism_pci_end(pci_get_drvdata(pdev));
	return state == pci_channel_io_perm_failure ?
	       PCI_ERS_RESULT_DISCONNECT : PCI_ERS_RESULT_NEED_RESET;
}

/* The reset has taken the interrupt from it, too. */
static pci_ers_result_t ism_pci_slot_reset(struct pci_dev *pdev)
{
	ism_pci_disable(pdev);
	return ism_pci_enable(pdev) ? PCI_ERS_RESULT_DISCONNECT :
				      PCI_ERS_RESULT_RECOVERED;
}

/* Without a device if it does not begin: it may still be removed. */
static void ism_pci_recovered(struct pci_dev *pdev)
{
	int err = ism_pci_begin(pci_get_drvdata(pdev));

	if (err)
		dev_err(&pdev->dev, "no ISM device after a reset: %d\n", err);
}

static const struct pci_error_handlers ism_pci_error_handlers = {
	.error_detected = ism_pci_error_detected,
	.slot_reset = ism_pci_slot_reset,
	.resume = ism_pci_recovered,
};

static const struct pci_device_id ism_pci_ids[] = {
	{ PCI_DEVICE(ISM_PCI_VENDOR, ISM_PCI_DEVICE) },
	{ }
};
MODULE_DEVICE_TABLE(pci, ism_pci_ids);

static struct pci_driver ism_pci_driver = {
	.name = "ism",
	.id_table = ism_pci_ids,
	.probe = ism_pci_probe,
	.remove = ism_pci_remove,
	.shutdown = ism_pci_shutdown,
	.err_handler = &ism_pci_error_handlers,
	.driver.pm = pm_sleep_ptr(&ism_pci_pm_ops),
};

int ism_pci_start(void)
{
	return pci_register_driver(&ism_pci_driver);
}

void ism_pci_stop(void)
{
	pci_unregister_driver(&ism_pci_driver);
}

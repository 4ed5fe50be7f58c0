// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Adapters of IBM Z: PCI function 1014:04ed, accessed by the PCI instructions
 * of s390. Address space 2 has the command block, address space 0 the DMBs.
 *
 * A function loses its state when it is reset after an error or suspended: its
 * device is removed, and a new one is added with the same GID. Debian's kernels
 * for s390x have no CONFIG_PM, so the compiler drops suspend and resume there.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <asm/asm-extable.h>
#include <asm/pci.h>
#include <asm/pci_insn.h>
#include <asm/pci_io.h>
#include <asm/processor.h>

#include "ism.h"

#define ISM_SPACE_MOVE		0
#define ISM_SPACE_COMMAND	2

/* Microseconds for which an instruction is tried while the function is busy. */
#define ISM_PCI_BUSY_TRIES	10000

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
 * --- instructions ------------------------------------------------------------
 *
 * The kernel's __zpci_load() and __zpci_store_block() repeat an instruction as
 * long as the function is busy, which moves, in atomic context, cannot.
 *
 * Each returns a condition code, or -ENXIO if the instruction had an exception.
 * For some exceptions the address is that of the instruction, for others that
 * of the next one.
 */

static int ism_pcilg(u64 *value, u64 request, u64 offset)
{
	union register_pair where = { .even = request, .odd = offset };
	int cc = -ENXIO;
	u64 loaded = 0;

	asm volatile("0:	.insn	rre,0xb9d20000,%[loaded],%[where]\n"
		     "1:	ipm	%[cc]\n"
		     "	srl	%[cc],28\n"
		     "2:\n"
		     EX_TABLE(0b, 2b)
		     EX_TABLE(1b, 2b)
		     : [cc] "+d" (cc), [loaded] "+&d" (loaded),
		       [where] "+&d" (where.pair)
		     : : "cc", "memory");
	*value = loaded;
	return cc;
}

/* @data is aligned to 8. */
static int ism_pcistb(const void *data, u64 request, u64 offset)
{
	int cc = -ENXIO;

	asm volatile("0:	.insn	rsy,0xeb00000000d0,%[request],%[offset],%[data]\n"
		     "1:	ipm	%[cc]\n"
		     "	srl	%[cc],28\n"
		     "2:\n"
		     EX_TABLE(0b, 2b)
		     EX_TABLE(1b, 2b)
		     : [cc] "+d" (cc), [request] "+&d" (request)
		     : [offset] "d" (offset), [data] "Q" (*(const u64 *)data)
		     : "cc", "memory");
	return cc;
}

/* Waits before an instruction is repeated. False: it was busy for too long. */
static bool ism_pci_wait(unsigned int *tries)
{
	udelay(1);
	return ++*tries < ISM_PCI_BUSY_TRIES;
}

/*
 * Errors do not tell whether the function is gone or rejects the access. After
 * a move, the driver sends a command to find out; after a failed command, it
 * assumes that the adapter is gone. A function that stays busy is no different.
 */
static int ism_pci_error(int cc)
{
	return cc == ZPCI_PCI_LS_OK ? 0 : -EIO;
}

static int ism_pci_store_block(const void *data, u64 request, u64 offset)
{
	unsigned int tries = 0;
	int cc;

	do {
		cc = ism_pcistb(data, request, offset);
	} while (cc == ZPCI_PCI_LS_BUSY && ism_pci_wait(&tries));
	return ism_pci_error(cc);
}

/*
 * --- access to the adapter ---------------------------------------------------
 */

static int ism_pci_load(struct ism_hardware *hw, u32 offset, __be64 *value)
{
	u64 request = ZPCI_CREATE_REQ(READ_ONCE(ism_zpci(hw)->fh),
				      ISM_SPACE_COMMAND, sizeof(*value));
	unsigned int tries = 0;
	u64 data;
	int cc;

	do {
		cc = ism_pcilg(&data, request, offset);
	} while (cc == ZPCI_PCI_LS_BUSY && ism_pci_wait(&tries));
	/* s390 is big-endian, so this converts nothing. */
	if (cc == ZPCI_PCI_LS_OK)
		*value = cpu_to_be64(data);
	return ism_pci_error(cc);
}

static int ism_pci_store(struct ism_hardware *hw, u32 offset, const void *data,
			 u32 len)
{
	u64 request = ZPCI_CREATE_REQ(READ_ONCE(ism_zpci(hw)->fh),
				      ISM_SPACE_COMMAND, len);

	return ism_pci_store_block(data, request, offset);
}

/*
 * By PCISTB, however short it is: so do other drivers of these functions, and
 * nobody knows whether they take anything else.
 */
static int ism_pci_move(struct ism_hardware *hw, u64 address, const void *data,
			u32 len)
{
	u64 request = ZPCI_CREATE_REQ(READ_ONCE(ism_zpci(hw)->fh),
				      ISM_SPACE_MOVE, len);

	return ism_pci_store_block(data, request, address);
}

static const struct ism_hardware_ops ism_pci_hardware_ops = {
	.load = ism_pci_load,
	.store = ism_pci_store,
	.move = ism_pci_move,
};

/* 24 fixed characters, then the tail of the serial number, machine type. */
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
	/* It may not have come back from a reset. */
	if (pci_is_enabled(pdev))
		pci_disable_device(pdev);
}

/* Start and stop the adapter; also for suspend, resume and error recovery. */
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
	/* Named by the function id, which is the same after hot-plugging. */
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

/* remove() may still be called after this. */
static void ism_pci_shutdown(struct pci_dev *pdev)
{
	ism_pci_end(pci_get_drvdata(pdev));
}

/* DMBs do not survive suspend: connections end, resume adds a new device. */
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

/*
 * --- error recovery of the function ----------------------------------------
 */

/* The function neither writes nor answers until it is reset. */
static pci_ers_result_t ism_pci_error_detected(struct pci_dev *pdev,
					       pci_channel_state_t state)
{
	ism_pci_end(pci_get_drvdata(pdev));
	return state == pci_channel_io_perm_failure ?
	       PCI_ERS_RESULT_DISCONNECT : PCI_ERS_RESULT_NEED_RESET;
}

/* The reset has also disabled the interrupt. */
static pci_ers_result_t ism_pci_slot_reset(struct pci_dev *pdev)
{
	ism_pci_disable(pdev);
	return ism_pci_enable(pdev) ? PCI_ERS_RESULT_DISCONNECT :
				      PCI_ERS_RESULT_RECOVERED;
}

/* If starting fails there is no device, but remove() still works. */
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

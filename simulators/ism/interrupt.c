// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Interrupts: where the cause was, or, if they shall be late, from a work item of
 * each adapter. What is raised before it is through with its delay is one
 * interrupt. And the bits of the SBA.
 */
#include <linux/bitops.h>
#include <linux/delay.h>

#include "sim.h"

static void interrupt(struct sim_adapter *adapter)
{
	atomic64_inc(&adapter->stats.interrupts);
	ism_adapter_interrupt(adapter->driver);
}

static void interrupt_work(struct work_struct *work)
{
	struct sim_adapter *adapter = container_of(work, struct sim_adapter,
						   interrupt);

	fsleep(READ_ONCE(adapter->irq_delay_us));
	clear_bit(0, &adapter->raised);
	/* What is raised from here on gets an interrupt of its own. */
	smp_mb__after_atomic();
	interrupt(adapter);
}

void sim_interrupt_init(struct sim_adapter *adapter)
{
	INIT_WORK(&adapter->interrupt, interrupt_work);
}

/* Any context. Only while there is a driver: see sim_interrupt_stop(). */
void sim_interrupt_raise(struct sim_adapter *adapter)
{
	if (!READ_ONCE(adapter->irq_delay_us))
		interrupt(adapter);
	else if (!test_and_set_bit(0, &adapter->raised))
		queue_work(sim_wq, &adapter->interrupt);
}

/*
 * Nothing is registered any more, so no peer raises any; those who want some in
 * raise.c need adapter->life, which is held.
 */
void sim_interrupt_stop(struct sim_adapter *adapter)
{
	lockdep_assert_held(&adapter->life);
	cancel_work_sync(&adapter->interrupt);
	clear_bit(0, &adapter->raised);
}

/* Bits in the order in which a byte's lowest bit is 0, for any processor. */
static int bit_of(unsigned int byte, u8 bit)
{
	return byte * BITS_PER_BYTE + __ffs(bit);
}

/* The driver clears them meanwhile. */
void sim_sba_set(struct ism_sba *sba, unsigned int byte, u8 bit)
{
	set_bit_le(bit_of(byte, bit), sba);
}

bool sim_sba_test_and_set(struct ism_sba *sba, unsigned int byte, u8 bit)
{
	return test_and_set_bit_le(bit_of(byte, bit), sba);
}

bool sim_sba_test(struct ism_sba *sba, unsigned int byte, u8 bit)
{
	return test_bit_le(bit_of(byte, bit), sba);
}

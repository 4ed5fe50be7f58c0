// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Interrupts, and the bits of the SBA. Interrupts are raised directly by their
 * cause or, if they are delayed, by a timer in hard interrupt context; those
 * raised before it expires are merged.
 */
#include <linux/bitops.h>
#include <linux/hrtimer.h>

#include "sim.h"

static void interrupt_driver(struct sim_adapter *adapter)
{
	atomic64_inc(&adapter->stats.interrupts);
	ism_adapter_interrupt(adapter->driver);
}

static enum hrtimer_restart interrupt_late(struct hrtimer *timer)
{
	struct sim_adapter *adapter = container_of(timer, struct sim_adapter,
						   late_interrupt);

	clear_bit(0, &adapter->raised);
	/* Interrupts raised from here on are not merged with this one. */
	smp_mb__after_atomic();
	interrupt_driver(adapter);
	return HRTIMER_NORESTART;
}

void sim_interrupt_init(struct sim_adapter *adapter)
{
	hrtimer_init(&adapter->late_interrupt, CLOCK_MONOTONIC,
		     HRTIMER_MODE_REL_HARD);
	adapter->late_interrupt.function = interrupt_late;
}

/* Any context, but only while there is a driver: see sim_interrupt_stop(). */
void sim_interrupt_raise(struct sim_adapter *adapter)
{
	u32 delay = READ_ONCE(adapter->irq_delay_us);

	if (!delay)
		interrupt_driver(adapter);
	else if (!test_and_set_bit(0, &adapter->raised))
		hrtimer_start(&adapter->late_interrupt,
			      ns_to_ktime((u64)delay * NSEC_PER_USEC),
			      HRTIMER_MODE_REL_HARD);
}

/*
 * Nothing is registered any more, so no peer raises an interrupt. raise.c needs
 * adapter->life for that, which the caller holds.
 */
void sim_interrupt_stop(struct sim_adapter *adapter)
{
	lockdep_assert_held(&adapter->life);
	hrtimer_cancel(&adapter->late_interrupt);
	clear_bit(0, &adapter->raised);
}

/* Number for little-endian bit operations: 0 is the lowest bit of a byte. */
static int bit_of(unsigned int byte, u8 bit)
{
	return byte * BITS_PER_BYTE + __ffs(bit);
}

/* Atomic, because the driver clears bits at the same time. */
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

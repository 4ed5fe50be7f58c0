// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The lies. Each is written into the DMB of an owner that has to detect it. Any
 * context; the DMB stays while this runs.
 */
#include <linux/compiler.h>
#include <linux/dibs_client.h>
#include <linux/dibs_device.h>
#include <linux/kernel.h>
#include <linux/processor.h>

#include "../../clients/smc/conn/cdc.h"
#include "scribbler.h"

/* How long LIE_FLICKER waits before it takes a lie back. */
#define FLICKER_LOOPS	32

const char *const lie_names[LIES] = {
	[LIE_NONE] = "none",
	[LIE_BACKWARDS] = "backwards",
	[LIE_JUMP] = "jump",
	[LIE_RANGE] = "range",
	[LIE_WRAP] = "wrap",
	[LIE_FLICKER] = "flicker",
	[LIE_STATE] = "state",
	[LIE_URGENT] = "urgent",
	[LIE_ORIGIN] = "origin",
	[LIE_WANTS] = "wants",
	[LIE_SIGNALS] = "signals",
	[LIE_RING] = "ring",
	[LIE_CHAOS] = "chaos",
	[LIE_CLOSED] = "closed",
};

static u32 below(struct rnd_state *random, u32 limit)
{
	return prandom_u32_state(random) % limit;
}

/* Changes the cursor in a CDC field according to @lie; keeps the flags. */
static u64 lie_about_cursor(enum lie lie, u64 word, u32 size,
			    struct rnd_state *random)
{
	union smc_cdc_word parts = { .word = word };
	u32 step = 1 + below(random, size - 1);

	switch (lie) {
	case LIE_BACKWARDS:
		parts.wrap -= parts.count < step;
		parts.count += parts.count < step ? size - step : -step;
		break;
	case LIE_JUMP:
		step = min(step, size - 1);
		parts.wrap += parts.count >= size - step;
		parts.count = (parts.count + step) % size;
		break;
	case LIE_RANGE:
		parts.count = size + below(random, U32_MAX - size);
		break;
	default:
		parts.wrap = prandom_u32_state(random);
		break;
	}
	return parts.word;
}

static u64 *lie_pick_word(struct smc_cdc *cdc, struct rnd_state *random)
{
	return below(random, 2) ? &cdc->producer : &cdc->consumer;
}

static void lie_cursor(enum lie lie, struct smc_cdc *cdc, u32 size,
		       struct rnd_state *random)
{
	u64 *word = lie_pick_word(cdc, random);

	WRITE_ONCE(*word, lie_about_cursor(lie, READ_ONCE(*word), size,
					   random));
}

/* A lie that is taken back: the owner may check one value and use another. */
static void lie_flicker(struct smc_cdc *cdc, u32 size,
			struct rnd_state *random)
{
	enum lie lie = LIE_BACKWARDS + below(random, LIE_FLICKER -
						     LIE_BACKWARDS);
	u64 *word = lie_pick_word(cdc, random);
	u64 truth = READ_ONCE(*word);
	u64 untruth = lie_about_cursor(lie, truth, size, random);
	int i;

	if (cmpxchg(word, truth, untruth) != truth)
		return;
	for (i = below(random, FLICKER_LOOPS); i; i--)
		cpu_relax();
	cmpxchg(word, untruth, truth);
}

/* Toggles flags of the consumer field, unless the peer is writing it. */
static void lie_flags(struct smc_cdc *cdc, u8 prod, u8 state)
{
	u64 truth = READ_ONCE(cdc->consumer);
	union smc_cdc_word parts = { .word = truth };

	parts.prod_flags ^= prod;
	parts.state_flags ^= state;
	cmpxchg(&cdc->consumer, truth, parts.word);
}

/* The peer appears to have closed, without a signal. */
static void lie_closed(struct smc_cdc *cdc)
{
	union smc_cdc_word parts = { .word = READ_ONCE(cdc->consumer) };

	lie_flags(cdc, 0, ~parts.state_flags & SMC_CDC_CLOSED);
}

static void lie_urgent(struct smc_cdc *cdc, u32 size,
		       struct rnd_state *random)
{
	u32 seq = READ_ONCE(cdc->urgent);

	/* Usually a value nearby, sometimes any value. */
	seq = below(random, 16) ? seq + below(random, size) :
				  prandom_u32_state(random);
	WRITE_ONCE(cdc->urgent, seq);
	lie_flags(cdc, prandom_u32_state(random), 0);
}

static void lie_origin(struct smc_cdc *cdc, struct rnd_state *random)
{
	WRITE_ONCE(cdc->origin, below(random, 2) ? SMC_CDC_ORIGIN_DIBS :
						   prandom_u32_state(random));
	WRITE_ONCE(cdc->type, prandom_u32_state(random));
}

static void lie_wants(struct smc_cdc *cdc, struct rnd_state *random)
{
	WRITE_ONCE(cdc->wants_data, prandom_u32_state(random));
	WRITE_ONCE(cdc->wants_room, prandom_u32_state(random));
}

/* Garbage at any place after the CDC fields. */
static void lie_ring(struct dibs_dmb *dmb, u32 size, struct rnd_state *random)
{
	u8 garbage[128];

	prandom_bytes_state(random, garbage, sizeof(garbage));
	dibs_dmb_write(dmb, SMC_CDC_LEN + below(random, size -
						sizeof(garbage)),
		       garbage, 1 + below(random, sizeof(garbage)));
}

static void lie_chaos(struct dibs_dmb *dmb, struct rnd_state *random)
{
	u8 garbage[SMC_CDC_LEN];
	u32 from = below(random, SMC_CDC_LEN);

	prandom_bytes_state(random, garbage, sizeof(garbage));
	dibs_dmb_write(dmb, from, garbage, 1 + below(random, SMC_CDC_LEN -
							     from));
}

void lie_tell(enum lie lie, struct dibs_dmb *dmb, struct rnd_state *random)
{
	struct smc_cdc *cdc = dibs_dmb_header(dmb);
	u32 size = dibs_dmb_len(dmb) - SMC_CDC_LEN;
	bool signal = !below(random, 4);

	switch (lie) {
	case LIE_FLICKER:
		lie_flicker(cdc, size, random);
		break;
	case LIE_STATE:
		lie_flags(cdc, 0, prandom_u32_state(random));
		break;
	case LIE_URGENT:
		lie_urgent(cdc, size, random);
		break;
	case LIE_ORIGIN:
		lie_origin(cdc, random);
		break;
	case LIE_WANTS:
		lie_wants(cdc, random);
		break;
	case LIE_SIGNALS:
		signal = true;
		break;
	case LIE_CLOSED:
		lie_closed(cdc);
		signal = false;
		break;
	case LIE_RING:
		lie_ring(dmb, size, random);
		break;
	case LIE_CHAOS:
		lie_chaos(dmb, random);
		break;
	default:
		lie_cursor(lie, cdc, size, random);
		break;
	}
	if (signal)
		dibs_dmb_signal(dmb, 1);
}

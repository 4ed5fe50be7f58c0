// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Signals may merge, but never get lost and never overlap; their callbacks may
 * move and signal.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/preempt.h>
#include <linux/slab.h>

#include "crew.h"
#include "fixture.h"

#define LEN	8192

static void check_bits(struct pair *p)
{
	struct test *t = p->t;
	unsigned int idx;

	for (idx = 0; idx < DIBS_SIGNAL_BITS; idx++) {
		atomic_set(&p->watch.mask, 0);
		expect_eq(t, dibs_move_data(p->att, idx, true, 0, "x", 1), 0);
		expect_eq(t, atomic_read(&p->watch.mask),
			  dibs_signal_mask(idx));
	}
	expect_eq(t, atomic_read(&p->watch.calls), 16);
	expect_eq(t, dibs_signal(p->att, 3), 0);
	expect_eq(t, atomic_read(&p->watch.calls), 17);
	expect_eq(t, dibs_move_data(p->att, 3, false, 0, "xyz", 3), 0);
	expect_eq(t, dibs_move_data(p->att, 3, false, 0, NULL, 0), 0);
	expect_eq(t, atomic_read(&p->watch.calls), 17);
}

static void bits(struct test *t)
{
	pair_each(t, LEN, check_bits);
}

/* Callback: have the bytes arrived? */
static void look_at_bytes(struct watch *watch, struct dibs_dmb *dmb, u16 mask)
{
	struct test *t = watch->arg;
	u32 last = 0;

	expect_eq(t, dibs_dmb_read(dmb, LEN - 4, &last, 4), 0);
	expect_eq(t, last, atomic_read(&watch->calls));
	expect(t, !in_hardirq());
	expect(t, in_softirq());
	expect(t, !irqs_disabled());
}

static void check_bytes_before_signal(struct pair *p)
{
	struct test *t = p->t;
	u32 i;

	p->watch.arg = t;
	p->watch.hook = look_at_bytes;
	for (i = 1; i <= 100; i++)
		expect_eq(t, dibs_move_data(p->att, i % 16, true, LEN - 4, &i,
					    4), 0);
	expect_eq(t, atomic_read(&p->watch.calls), 100);
}

static void bytes_before_signal(struct test *t)
{
	pair_each(t, LEN, check_bytes_before_signal);
}

static void from_elsewhere(struct test *t, enum fake_context context)
{
	struct pair *p = pair_new(t, PAIR_REMOTE, LEN);
	int i;

	if (!p)
		return;
	p->fake->context = context;
	for (i = 0; i < 100; i++) {
		expect_eq(t, dibs_move_data(p->att, 2, true, 0, "x", 1), 0);
		if (!expect(t, crew_wait(&p->watch.calls, i + 1)))
			break;
	}
	expect_eq(t, atomic_read(&p->watch.mask), dibs_signal_mask(2));
	pair_free(p);
}

static void from_worker(struct test *t)
{
	from_elsewhere(t, FAKE_WORKER);
}

static void from_softirq(struct test *t)
{
	from_elsewhere(t, FAKE_SOFTIRQ);
}

/* Two DMBs whose owners answer each signal with a signal. */
struct pingpong {
	struct test *t;
	struct pair *p;
	struct dibs_dmb *dmb[2];
	struct dibs_attachment *att[2];	/* att[i] writes to dmb[i] */
	struct watch watch[2];
	atomic_t left;
	atomic_t done;
	atomic_t deepest;
};

/* Nested callbacks on this CPU. */
static DEFINE_PER_CPU(int, pingpong_depth);

static void pingpong_hook(struct watch *watch, struct dibs_dmb *dmb, u16 mask)
{
	struct pingpong *pp = watch->arg;
	int other = watch == &pp->watch[0];
	int depth = __this_cpu_inc_return(pingpong_depth);
	u32 value = 0;

	if (depth > atomic_read(&pp->deepest))
		atomic_set(&pp->deepest, depth);
	dibs_dmb_read(dmb, 0, &value, 4);
	if (atomic_dec_if_positive(&pp->left) >= 0) {
		value++;
		dibs_move_data(pp->att[other], other, true, 0, &value, 4);
	} else {
		atomic_inc(&pp->done);
	}
	__this_cpu_dec(pingpong_depth);
}

static bool pingpong_start(struct pingpong *pp)
{
	int i;

	for (i = 0; i < 2; i++) {
		pp->watch[i].hook = pingpong_hook;
		pp->watch[i].arg = pp;
		pp->dmb[i] = pair_register(pp->p, LEN, &pp->watch[i]);
		if (!expect_err(pp->t, pp->dmb[i], 0))
			return false;
		pp->att[i] = pair_attach(pp->p, pp->dmb[i]);
		if (!expect_err(pp->t, pp->att[i], 0))
			return false;
	}
	return true;
}

static void pingpong_stop(struct pingpong *pp)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (!IS_ERR_OR_NULL(pp->att[i]))
			dibs_detach_dmb(pp->p->tc.client, &pp->att[i]);
		if (!IS_ERR_OR_NULL(pp->dmb[i]))
			watch_unregister(&pp->watch[i], pp->dmb[i]);
		watch_expect_clean(pp->t, &pp->watch[i]);
	}
}

static void check_pingpong(struct pair *p)
{
	struct test *t = p->t;
	struct pingpong *pp = kzalloc(sizeof(*pp), GFP_KERNEL);
	u32 rounds = 5000, value = 0;

	if (!expect(t, pp))
		return;
	pp->t = t;
	pp->p = p;
	if (pingpong_start(pp)) {
		atomic_set(&pp->left, rounds);
		expect_eq(t, dibs_signal(pp->att[0], 0), 0);
		expect(t, crew_wait(&pp->done, 1));
		expect_eq(t, atomic_read(&pp->watch[0].calls) +
			     atomic_read(&pp->watch[1].calls), rounds + 1);
		/* Callbacks of one DMB do not overlap. */
		expect(t, atomic_read(&pp->deepest) <= 4);
		dibs_dmb_read(pp->dmb[rounds % 2], 0, &value, 4);
		expect_eq(t, value, rounds);
	}
	pingpong_stop(pp);
	kfree(pp);
}

static void pingpong(struct test *t)
{
	pair_each(t, LEN, check_pingpong);
}

/* A chain: the owner of DMB n writes to DMB n + 1 in its callback. */
#define CHAIN	64

struct chain {
	struct dibs_dmb *dmb[CHAIN];
	struct dibs_attachment *att[CHAIN];
	struct watch watch[CHAIN];
	atomic_t deepest;
	atomic_t ended;
};

static void chain_hook(struct watch *watch, struct dibs_dmb *dmb, u16 mask)
{
	struct chain *chain = watch->arg;
	long i = watch - chain->watch;
	int depth = __this_cpu_inc_return(pingpong_depth);

	if (depth > atomic_read(&chain->deepest))
		atomic_set(&chain->deepest, depth);
	if (i + 1 < CHAIN)
		dibs_move_data(chain->att[i + 1], 1, true, 0, "x", 1);
	else
		atomic_inc(&chain->ended);
	__this_cpu_dec(pingpong_depth);
}

static void check_chain(struct pair *p)
{
	struct chain *chain = kzalloc(sizeof(*chain), GFP_KERNEL);
	struct test *t = p->t;
	int i, n;

	if (!expect(t, chain))
		return;
	for (n = 0; n < CHAIN; n++) {
		chain->watch[n].hook = chain_hook;
		chain->watch[n].arg = chain;
		chain->dmb[n] = pair_register(p, LEN, &chain->watch[n]);
		if (!expect_err(t, chain->dmb[n], 0))
			break;
		chain->att[n] = pair_attach(p, chain->dmb[n]);
		if (!expect_err(t, chain->att[n], 0)) {
			dibs_unregister_dmb(chain->dmb[n]);
			break;
		}
	}
	for (i = 1; i <= 20 && n == CHAIN; i++) {
		expect_eq(t, dibs_signal(chain->att[0], 0), 0);
		if (!expect(t, crew_wait(&chain->ended, i)))
			break;
	}
	/* Nested, but no deeper than the stack allows. */
	expect(t, atomic_read(&chain->deepest) >= 2);
	expect(t, atomic_read(&chain->deepest) <= 4);
	while (n--) {
		dibs_detach_dmb(p->tc.client, &chain->att[n]);
		watch_unregister(&chain->watch[n], chain->dmb[n]);
		watch_expect_clean(t, &chain->watch[n]);
	}
	kfree(chain);
}

static void chain(struct test *t)
{
	pair_each(t, LEN, check_chain);
}

/* A callback that signals its own DMB. */
static void self_hook(struct watch *watch, struct dibs_dmb *dmb, u16 mask)
{
	struct pair *p = watch->arg;

	if (atomic_read(&watch->calls) < 1000)
		dibs_signal(p->att, 5);
}

static void check_self(struct pair *p)
{
	p->watch.arg = p;
	p->watch.hook = self_hook;
	expect_eq(p->t, dibs_signal(p->att, 0), 0);
	expect(p->t, crew_wait(&p->watch.calls, 1000));
	expect_eq(p->t, atomic_read(&p->watch.calls), 1000);
}

static void self(struct test *t)
{
	pair_each(t, LEN, check_self);
}

/* Signals that arrive during a callback merge into the next one. */
static void merge_hook(struct watch *watch, struct dibs_dmb *dmb, u16 mask)
{
	struct pair *p = watch->arg;
	unsigned int idx;

	if (atomic_read(&watch->calls) != 1)
		return;
	for (idx = 0; idx < DIBS_SIGNAL_BITS; idx++)
		dibs_signal(p->att, idx);
}

static void check_merge(struct pair *p)
{
	struct test *t = p->t;

	p->watch.arg = p;
	p->watch.hook = merge_hook;
	expect_eq(t, dibs_signal(p->att, 0), 0);
	expect(t, crew_wait(&p->watch.calls, 2));
	expect_eq(t, atomic_read(&p->watch.mask), 0xffff);
	expect_eq(t, atomic_read(&p->watch.calls), 2);
}

static void merge(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_LO, LEN);

	if (p)
		check_merge(p);
	pair_free(p);
	p = pair_new(t, PAIR_MAPPED, LEN);
	if (p)
		check_merge(p);
	pair_free(p);
}

/* All CPUs signal one DMB, whose owner sees the last number of each. */
struct storm {
	struct pair *p;
	atomic_t sent[CREW_MAX];
	atomic_t seen[CREW_MAX];
};

static void storm_step(void *arg, unsigned int nr)
{
	struct storm *storm = arg;
	u32 value = atomic_read(&storm->sent[nr]) + 1;

	if (!dibs_move_data(storm->p->att, nr, true, nr * 4, &value, 4))
		atomic_set(&storm->sent[nr], value);
}

static void storm_hook(struct watch *watch, struct dibs_dmb *dmb, u16 mask)
{
	struct storm *storm = watch->arg;
	unsigned int nr;
	u32 value = 0;

	for (nr = 0; nr < CREW_MAX; nr++) {
		if (!(mask & dibs_signal_mask(nr)))
			continue;
		dibs_dmb_read(dmb, nr * 4, &value, 4);
		atomic_set(&storm->seen[nr], value);
	}
}

static void check_storm(struct pair *p)
{
	struct storm *storm = kzalloc(sizeof(*storm), GFP_KERNEL);
	struct test *t = p->t;
	struct crew crew = {};
	unsigned int nr;

	if (!expect(t, storm))
		return;
	storm->p = p;
	p->watch.arg = storm;
	p->watch.hook = storm_hook;
	for (nr = 0; nr < 2 * num_online_cpus() && nr < 8; nr++)
		expect(t, crew_add(&crew, storm_step, storm));
	for (nr = 0; nr < crew.nr; nr++)
		expect(t, crew_wait(&storm->sent[nr], 1));
	msleep(test_busy_ms());
	nr = crew.nr;
	crew_stop(&crew);
	while (nr--) {
		expect(t, crew_wait(&storm->seen[nr],
				    atomic_read(&storm->sent[nr])));
		expect_eq(t, atomic_read(&storm->seen[nr]),
			  atomic_read(&storm->sent[nr]));
	}
	/* Unregister before the hook's memory is freed. */
	watch_unregister(&p->watch, p->dmb);
	p->dmb = NULL;
	kfree(storm);
}

static void storm(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_LO, LEN);

	if (p)
		check_storm(p);
	pair_free(p);
	p = pair_new(t, PAIR_REMOTE, LEN);
	if (p)
		check_storm(p);
	pair_free(p);
}

/* Two CPUs signal each other's DMB, and the owners answer. */
static void answer_hook(struct watch *watch, struct dibs_dmb *dmb, u16 mask)
{
	struct pingpong *pp = watch->arg;

	if (mask & dibs_signal_mask(0))
		dibs_move_data(pp->att[watch == &pp->watch[0]], 1, true, 0,
			       "x", 1);
}

static void crossing_step(void *arg, unsigned int nr)
{
	struct pingpong *pp = arg;

	if (!dibs_signal(pp->att[nr % 2], 0))
		atomic_inc(&pp->done);
}

static void crossing(struct test *t)
{
	struct pingpong *pp = kzalloc(sizeof(*pp), GFP_KERNEL);
	struct crew crew = {};

	if (!expect(t, pp))
		return;
	pp->t = t;
	pp->p = pair_new(t, PAIR_LO, LEN);
	if (pp->p && pingpong_start(pp)) {
		pp->watch[0].hook = answer_hook;
		pp->watch[1].hook = answer_hook;
		crew_add(&crew, crossing_step, pp);
		crew_add(&crew, crossing_step, pp);
		expect(t, crew_wait(&pp->done, 1));
		msleep(test_busy_ms());
		crew_stop(&crew);
	}
	if (pp->p)
		pingpong_stop(pp);
	pair_free(pp->p);
	kfree(pp);
}

static void nonsense(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_REMOTE, LEN);
	u32 index, generation;

	if (!p)
		return;
	index = dibs_dmb_index(p->dmb);
	generation = dibs_dmb_generation(p->dmb);
	dibs_dev_signal(p->dev, index, generation, 0);
	dibs_dev_signal(p->dev, index + 1, generation, 1);
	dibs_dev_signal(p->dev, U32_MAX, generation, 1);
	dibs_dev_signal(p->dev, index, generation + 1, 1);
	dibs_dev_signal(p->dev, index, 0, 1);
	dibs_dmb_signal(p->dmb, 0);
	expect_eq(t, atomic_read(&p->watch.calls), 0);
	dibs_dev_signal(p->dev, index, generation, 0xffff);
	expect_eq(t, atomic_read(&p->watch.calls), 1);
	pair_free(p);
}

const struct test_case signal_cases[] = {
	{ "each signal bit arrives, and none arrives without a signal", bits },
	{ "bytes arrive before their signal, which runs in atomic context",
	  bytes_before_signal },
	{ "a device may signal from a worker", from_worker },
	{ "a device may signal from a softirq", from_softirq },
	{ "two owners can answer each other's signals indefinitely", pingpong },
	{ "callbacks nest at most four deep", chain },
	{ "an owner can signal itself", self },
	{ "signals during a callback merge and none is lost", merge },
	{ "signals from all CPUs are never lost and never overlap", storm },
	{ "two owners signalling at once do not block each other", crossing },
	{ "signals without a DMB or without a bit are ignored", nonsense },
	{}
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Limits: how many objects can exist, what they cost, and errors at the limit.
 */
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "fixture.h"

static void bad_params(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_LO, 100);
	struct dibs_dmb_params params;
	u32 max;

	if (!p)
		return;
	max = dibs_dev_max_dmb_len(p->dev);
	expect(t, max >= SZ_16M);
	params = pair_dmb_params(p, 0);
	expect_err(t, dibs_register_dmb(p->tc.client, p->dev, &init_net,
					&params), -EINVAL);
	params.len = max + 1;
	expect_err(t, dibs_register_dmb(p->tc.client, p->dev, &init_net,
					&params), -EINVAL);
	params.len = U32_MAX;
	expect_err(t, dibs_register_dmb(p->tc.client, p->dev, &init_net,
					&params), -EINVAL);
	params.len = 100;
	params.header_len = 101;
	expect_err(t, dibs_register_dmb(p->tc.client, p->dev, &init_net,
					&params), -EINVAL);
	params.len = max;
	params.header_len = PAGE_SIZE + 1;
	expect_err(t, dibs_register_dmb(p->tc.client, p->dev, &init_net,
					&params), -EINVAL);
	pair_free(p);
}

/* Fills a device that has @max indexes from @min on. */
static void full_at(struct test *t, u32 min, u32 max)
{
	struct fake_options opt = {
		.name = "st-full",
		.fabric = DIBS_FABRIC_LOOPBACK,
		.min_index = min,
		.max_dmbs = max,
	};
	struct pair *p = pair_new(t, PAIR_UNMAPPED, 100);
	struct fake *fake = fake_new(&opt);
	struct dibs_dmb_params params;
	struct dibs_dmb *dmbs[8], *dmb;
	u32 i, n;

	if (!p || !expect(t, fake))
		goto out;
	p->dev = fake->dev;
	params = pair_dmb_params(p, 100);
	for (n = 0; n < max; n++) {
		dmbs[n] = dibs_register_dmb(p->tc.client, fake->dev,
					    &init_net, &params);
		if (!expect_err(t, dmbs[n], 0))
			break;
		expect(t, dibs_dmb_index(dmbs[n]) - min < max);
		for (i = 0; i < n; i++)
			expect(t, dibs_dmb_index(dmbs[i]) !=
				  dibs_dmb_index(dmbs[n]));
	}
	expect_err(t, dibs_register_dmb(p->tc.client, fake->dev, &init_net,
					&params), -ENOSPC);
	expect_eq(t, fake_calls(fake, FAKE_REGISTER), max);
	/* There is room for another one after one is given back. */
	if (n)
		dibs_unregister_dmb(dmbs[--n]);
	dmb = dibs_register_dmb(p->tc.client, fake->dev, &init_net, &params);
	if (expect_err(t, dmb, 0))
		dibs_unregister_dmb(dmb);
	while (n--)
		dibs_unregister_dmb(dmbs[n]);
out:
	fake_free(fake);
	pair_free(p);
}

static void full(struct test *t)
{
	full_at(t, 0, 1);
	full_at(t, 0, 8);
	full_at(t, 7, 8);
	full_at(t, U32_MAX, 1);
	full_at(t, U32_MAX - 3, 4);
}

/* Registers DMBs of @len bytes for a namespace; how many it gets, up to @max. */
static u32 register_many(struct pair *p, struct net *net,
			 struct dibs_dmb **dmbs, u32 max)
{
	struct dibs_dmb_params params = pair_dmb_params(p, 100);
	struct dibs_dmb *dmb;
	u32 n;

	for (n = 0; n < max; n++) {
		dmb = dibs_register_dmb(p->tc.client, p->dev, net, &params);
		if (IS_ERR(dmb)) {
			expect_err(p->t, dmb, -ENOSPC);
			break;
		}
		dmbs[n] = dmb;
	}
	return n;
}

/*
 * Of the 16 DMBs of a shared device, 12 may be used by others than the initial
 * namespace, its owner; one of them alone gets half of those.
 */
static void leaves_some(struct test *t)
{
	struct fake_options opt = {
		.name = "st-shares",
		.fabric = DIBS_FABRIC_LOOPBACK,
		.max_dmbs = 16,
	};
	struct pair *p = pair_new(t, PAIR_UNMAPPED, 100);
	struct net *net = other_net(t);
	struct dibs_dmb *dmbs[16];
	struct fake *fake = NULL;
	u32 n = 0;

	if (!p || !net)
		goto out;
	fake = fake_new(&opt);
	if (!expect(t, fake))
		goto out;
	p->dev = fake->dev;
	n = register_many(p, net, dmbs, 16);
	expect_eq(t, n, 6);
	expect_eq(t, fake_calls(fake, FAKE_REGISTER), n);
	/* One is given back, so there is one again. */
	if (n)
		dibs_unregister_dmb(dmbs[--n]);
	n += register_many(p, net, dmbs + n, 16 - n);
	expect_eq(t, n, 6);
	/* The owner gets all that are left. */
	n += register_many(p, &init_net, dmbs + n, 16 - n);
	expect_eq(t, n, 16);
	while (n)
		dibs_unregister_dmb(dmbs[--n]);
	/* What the owner has is not left for others. */
	n = register_many(p, &init_net, dmbs, 15);
	expect_eq(t, n, 15);
	expect_eq(t, register_many(p, net, dmbs + n, 1), 1);
	n++;
	while (n)
		dibs_unregister_dmb(dmbs[--n]);
out:
	fake_free(fake);
	if (net)
		put_net(net);
	pair_free(p);
}

static void many_devices(struct test *t)
{
	struct fake **fakes = kcalloc(100, sizeof(*fakes), GFP_KERNEL);
	char name[DIBS_NAME_LEN];
	struct fake_options opt = {
		.name = name,
		.fabric = DIBS_FABRIC_LOOPBACK,
		.maps = true,
	};
	struct tclient tc = { .blind = true };
	int i;

	if (!expect(t, fakes))
		return;
	expect_eq(t, tclient_register(&tc, "st-many"), 0);
	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "st-many%d", i);
		fakes[i] = fake_new(&opt);
		if (!expect(t, fakes[i]))
			break;
	}
	expect(t, atomic_read(&tc.adds) >= 100);
	tclient_unregister(&tc);
	while (i--)
		fake_free(fakes[i]);
	kfree(fakes);
}

static void many_clients(struct test *t)
{
	struct fake_options opt = { .name = "st-popular" };
	struct tclient *tc = kcalloc(40, sizeof(*tc), GFP_KERNEL);
	struct dibs_event event = { .type = DIBS_EVENT_OTHER };
	char name[DIBS_NAME_LEN];
	struct fake *fake;
	int i, n = 0;

	if (!expect(t, tc))
		return;
	for (i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "st-many%d", i);
		if (!expect_eq(t, tclient_register(&tc[i], name), 0))
			break;
	}
	fake = fake_new(&opt);
	if (expect(t, fake)) {
		dibs_event(fake->dev, &event);
		for (n = 0; n < i; n++)
			expect_eq(t, atomic_read(&tc[n].events), 1);
	}
	fake_free(fake);
	while (i--)
		tclient_unregister(&tc[i]);
	kfree(tc);
}

/* Attaches and detaches some of @nr DMBs. Returns nanoseconds per DMB. */
static u64 attach_some(struct pair *p, struct dibs_dmb **dmbs, u32 nr,
		       u32 from)
{
	struct dibs_attachment *att;
	u32 i, n = 0;
	u64 start = ktime_get_ns();

	for (i = from; i < nr && n < 200; i += max(nr / 250, 1U), n++) {
		att = pair_attach(p, dmbs[i]);
		if (!expect_err(p->t, att, 0))
			break;
		expect(p->t, dibs_dmb_attached(dmbs[i]));
		dibs_detach_dmb(p->tc.client, &att);
	}
	return div_u64(ktime_get_ns() - start, max(n, 1U));
}

/*
 * The figures show whether the cost of a lookup is constant. They do not decide
 * the case, since they depend on the machine.
 */
static void lookup_is_flat(struct test *t)
{
	u32 want = IS_ENABLED(CONFIG_KASAN) ? 20000 : 100000, n, few;
	struct pair *p = pair_new(t, PAIR_LO, 100);
	struct dibs_dmb **dmbs = vcalloc(want, sizeof(*dmbs));
	u64 start, ns_few, ns_many;

	if (!p || !expect(t, dmbs))
		goto out;
	for (few = 0; few < 10; few++) {
		dmbs[few] = pair_register(p, 65536, NULL);
		if (!expect_err(t, dmbs[few], 0))
			goto out;
	}
	ns_few = attach_some(p, dmbs, few, 0);
	start = ktime_get_ns();
	for (n = few; n < want; n++) {
		dmbs[n] = pair_register(p, 65536, NULL);
		if (!expect_err(t, dmbs[n], 0))
			break;
		if (!(n % 1024))
			cond_resched();
	}
	expect_eq(t, n, want);
	start = ktime_get_ns() - start;
	ns_many = attach_some(p, dmbs, n, few);
	test_note(t, "attach+detach: %llu ns at 10 DMBs, %llu ns at %u",
		  ns_few, ns_many, n);
	test_note(t, "register: %llu ns", div_u64(start, max(n - few, 1U)));
	/* Tokens are unique. */
	expect(t, dibs_dmb_token(dmbs[0]) != dibs_dmb_token(dmbs[n - 1]));
	start = ktime_get_ns();
	while (n--) {
		dibs_unregister_dmb(dmbs[n]);
		if (!(n % 1024))
			cond_resched();
	}
	test_note(t, "unregister: %llu ns",
		  div_u64(ktime_get_ns() - start, want));
out:
	vfree(dmbs);
	pair_free(p);
}

static long memory_free_mib(void)
{
	struct sysinfo info;

	/* Memory that RCU has yet to free does not count. */
	rcu_barrier();
	si_meminfo(&info);
	return (info.freeram * info.mem_unit) >> 20;
}

static void idle_is_cheap(struct test *t)
{
	struct dibs_dmb **dmbs = vcalloc(20000, sizeof(*dmbs));
	struct pair *p = pair_new(t, PAIR_LO, 100);
	long before, after;
	u32 n;

	if (!p || !expect(t, dmbs))
		goto out;
	before = memory_free_mib();
	for (n = 0; n < 20000; n++) {
		dmbs[n] = pair_register(p, SZ_1M, NULL);
		if (!expect_err(t, dmbs[n], 0))
			break;
		if (!(n % 1024))
			cond_resched();
	}
	after = memory_free_mib();
	test_note(t, "%u DMBs of 1 MiB: %ld MiB", n, before - after);
	expect_eq(t, n, 20000);
	/* Sanitizers need memory themselves. */
	if (!IS_ENABLED(CONFIG_KASAN))
		expect(t, before - after < 200);
	while (n--)
		dibs_unregister_dmb(dmbs[n]);
out:
	vfree(dmbs);
	pair_free(p);
}

const struct test_case limits_cases[] = {
	{ "a DMB needs a length within its device's limit", bad_params },
	{ "a full device returns ENOSPC and has room again later", full },
	{ "a namespace leaves DMBs of a device to others and to its owner",
	  leaves_some },
	{ "a hundred devices can exist", many_devices },
	{ "forty clients can exist", many_clients },
	{ "each of 100,000 DMBs can be attached by its token", lookup_is_flat },
	{ "20,000 untouched DMBs of 1 MiB cost less than 200 MB",
	  idle_is_cheap },
	{}
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * A namespace that may not use a device gets nothing from it. The module
 * parameter netns_pid is a process in another namespace than the initial one.
 */
#include <linux/err.h>
#include <linux/moduleparam.h>

#include "fixture.h"

static int netns_pid;
module_param(netns_pid, int, 0444);
MODULE_PARM_DESC(netns_pid, "a process in another network namespace");

int other_pid(void)
{
	return netns_pid;
}

struct net *other_net(struct test *t)
{
	struct net *net;

	if (!netns_pid) {
		test_skip(t, "no netns_pid given");
		return NULL;
	}
	net = get_net_ns_by_pid(netns_pid);
	if (!expect_err(t, net, 0))
		return NULL;
	if (net_eq(net, &init_net)) {
		put_net(net);
		test_skip(t, "netns_pid is in the initial namespace");
		return NULL;
	}
	return net;
}

static void stranger(struct test *t)
{
	struct fake_options opt = {
		.name = "st-private",
		.fabric = DIBS_FABRIC_LOOPBACK,
		.maps = true,
		.net = &init_net,
	};
	struct net *net = other_net(t);
	struct dibs_attach_params attach;
	struct dibs_dmb_params params;
	struct pair *p = NULL;
	struct fake *fake;
	struct dibs_dmb *dmb;

	if (!net)
		return;
	fake = fake_new(&opt);
	p = pair_new_waiting(t, PAIR_UNMAPPED, 5000);
	if (!p || !expect(t, fake))
		goto out;
	p->dev = fake->dev;
	expect(t, dibs_dev_usable(fake->dev, &init_net));
	expect(t, !dibs_dev_usable(fake->dev, net));
	params = pair_dmb_params(p, 5000);
	expect_err(t, dibs_register_dmb(p->tc.client, fake->dev, net, &params),
		   -EXDEV);
	expect_eq(t, fake_calls(fake, FAKE_REGISTER), 0);
	dmb = dibs_register_dmb(p->tc.client, fake->dev, &init_net, &params);
	if (!expect_err(t, dmb, 0))
		goto out;
	/* Knowing the token does not help. */
	attach = pair_attach_params(p, dmb);
	expect_err(t, dibs_attach_dmb(p->tc.client, fake->dev, net, &attach),
		   -EXDEV);
	expect_eq(t, fake_calls(fake, FAKE_ATTACH), 0);
	expect(t, all_bytes(dmb, 0, 5000, 0));
	p->att = dibs_attach_dmb(p->tc.client, fake->dev, &init_net, &attach);
	if (expect_err(t, p->att, 0))
		dibs_detach_dmb(p->tc.client, &p->att);
	p->att = NULL;
	dibs_unregister_dmb(dmb);
out:
	pair_free(p);
	fake_free(fake);
	put_net(net);
}

static void shared(struct test *t)
{
	struct pair *p = pair_new_waiting(t, PAIR_LO, 5000);
	struct net *net = other_net(t);
	struct dibs_attach_params attach;

	if (!p || !net)
		goto out;
	attach = pair_attach_params(p, p->dmb);
	p->att = dibs_attach_dmb(p->tc.client, p->dev, net, &attach);
	if (expect_err(t, p->att, 0)) {
		plant(t, p->att, 5000);
		expect(t, intact(p->dmb));
	} else {
		p->att = NULL;
	}
out:
	pair_free(p);
	if (net)
		put_net(net);
}

/*
 * Two namespaces may each have a device with the same name, and so may a shared
 * device, or they could keep hardware out. A second shared device may not.
 */
static void names(struct test *t)
{
	struct fake_options opt = { .name = "st-twin", .net = &init_net };
	struct net *net = other_net(t);
	struct fake *a, *b, *c, *d;

	if (!net)
		return;
	a = fake_new(&opt);
	opt.net = net;
	b = fake_new(&opt);
	opt.net = NULL;
	c = fake_new(&opt);
	d = fake_alloc(&opt);
	if (expect(t, a) && expect(t, b) && expect(t, c) &&
	    expect(t, !IS_ERR(d)))
		expect_eq(t, fake_add(d), -EEXIST);
	fake_free(IS_ERR(d) ? NULL : d);
	fake_free(c);
	fake_free(b);
	fake_free(a);
	put_net(net);
}

const struct test_case namespace_cases[] = {
	{ "a stranger with the token cannot use a private device", stranger },
	{ "a shared device connects two namespaces", shared },
	{ "device names are unique per namespace and among shared devices",
	  names },
	{}
};

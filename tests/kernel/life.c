// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Lifetimes and references: what outlives what, and who gets an event. race.c
 * has the cases with several CPUs at once.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "fixture.h"

#define LEN	(2 * 4096 + 17)

static void memory_outlives_name(struct test *t)
{
	struct pair *p = pair_new_waiting(t, PAIR_LO, LEN);
	struct dibs_attach_params attach;
	struct dibs_dmb_params params;
	struct dibs_dmb *dmb;
	u8 *header;

	if (!p)
		return;
	params = pair_dmb_params(p, LEN);
	params.header_len = 64;
	dmb = dibs_register_dmb(p->tc.client, p->dev, &init_net, &params);
	if (!expect_err(t, dmb, 0))
		goto out;
	attach = pair_attach_params(p, dmb);
	p->att = dibs_attach_dmb(p->tc.client, p->dev, &init_net, &attach);
	if (!expect_err(t, p->att, 0)) {
		p->att = NULL;
		dibs_unregister_dmb(dmb);
		goto out;
	}
	plant(t, p->att, LEN);
	header = dibs_attachment_header(p->att);
	expect(t, header == dibs_dmb_header(dmb));
	dibs_unregister_dmb(dmb);
	/* The token is gone, the memory is not. */
	expect_err(t, dibs_attach_dmb(p->tc.client, p->dev, &init_net,
				      &attach), -ENOENT);
	expect_eq(t, header[5], pattern(5));
	header[5] = 99;
	expect_eq(t, header[5], 99);
	expect_eq(t, dibs_attachment_header_len(p->att), 64);
	/* No more memory, which would be charged to the owner. */
	expect_eq(t, dibs_attachment_populate(p->att, 0, LEN), -ESTALE);
	dibs_attachment_trim(p->att, 0, LEN);
	expect_eq(t, dibs_attachment_len(p->att), LEN);
out:
	pair_free(p);
}

static void peer_is_told(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_LO, LEN);
	struct dibs_event event;
	u64 token;

	if (!p)
		return;
	token = dibs_dmb_token(p->dmb);
	watch_unregister(&p->watch, p->dmb);
	p->dmb = NULL;
	event = tclient_last(&p->tc);
	expect_eq(t, atomic_read(&p->tc.events), 1);
	expect_eq(t, event.type, DIBS_EVENT_BUF);
	expect_eq(t, event.subtype, DIBS_EVENT_BUF_UNREGISTERED);
	expect(t, event.token == token);
	expect(t, uuid_equal(&event.gid, dibs_dev_gid(p->dev)));
	pair_free(p);
}

static void nobody_is_told(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_LO, LEN);

	if (!p)
		return;
	dibs_detach_dmb(p->tc.client, &p->att);
	watch_unregister(&p->watch, p->dmb);
	p->dmb = NULL;
	expect_eq(t, atomic_read(&p->tc.events), 0);
	pair_free(p);
}

static void page_outlives_all(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_LO, LEN);
	struct page *page;
	u8 *bytes;
	u32 i;

	if (!p)
		return;
	expect_err(t, dibs_dmb_get_page(p->dmb, 4096 + 5), -ENODATA);
	plant(t, p->att, LEN);
	page = dibs_dmb_get_page(p->dmb, PAGE_SIZE + 5);
	if (!expect_err(t, page, 0))
		goto out;
	expect_eq(t, page_count(page), 2);
	get_page(page);
	put_page(page);
	dibs_detach_dmb(p->tc.client, &p->att);
	watch_unregister(&p->watch, p->dmb);
	p->dmb = NULL;
	/* Only this reference keeps the page. */
	expect_eq(t, page_count(page), 1);
	bytes = page_address(page);
	for (i = 0; i < PAGE_SIZE; i++)
		if (!expect_eq(t, bytes[i], pattern(PAGE_SIZE + i)))
			break;
	put_page(page);
out:
	pair_free(p);
}

/* A late interrupt of an adapter: the index has a new owner by then. */
static void index_reused(struct test *t)
{
	struct fake_options opt = { .name = "st-one", .max_dmbs = 1,
				    .min_index = 5 };
	struct pair *p = pair_new_waiting(t, PAIR_REMOTE, LEN);
	struct fake *fake = fake_new(&opt);
	struct watch old = {}, new = {};
	struct dibs_dmb_params params;
	u32 index, generation;
	struct dibs_dmb *dmb;

	if (!p || !expect(t, fake))
		goto out;
	params = pair_dmb_params(p, LEN);
	params.priv = &old;
	dmb = dibs_register_dmb(p->tc.client, fake->dev, &init_net, &params);
	if (!expect_err(t, dmb, 0))
		goto out;
	index = dibs_dmb_index(dmb);
	generation = dibs_dmb_generation(dmb);
	dibs_dev_signal(fake->dev, index, generation, 1);
	expect_eq(t, atomic_read(&old.calls), 1);
	watch_unregister(&old, dmb);
	dibs_dev_signal(fake->dev, index, generation, 1);

	params.priv = &new;
	dmb = dibs_register_dmb(p->tc.client, fake->dev, &init_net, &params);
	if (!expect_err(t, dmb, 0))
		goto out;
	expect_eq(t, dibs_dmb_index(dmb), index);
	expect(t, dibs_dmb_generation(dmb) != generation);
	dibs_dev_signal(fake->dev, index, generation, 1);
	expect_eq(t, atomic_read(&new.calls), 0);
	dibs_dev_signal(fake->dev, index, dibs_dmb_generation(dmb), 2);
	expect_eq(t, atomic_read(&new.calls), 1);
	expect_eq(t, atomic_read(&new.mask), 2);
	watch_unregister(&new, dmb);
	watch_expect_clean(t, &old);
	watch_expect_clean(t, &new);
	expect_eq(t, atomic_read(&old.calls), 1);
out:
	fake_free(fake);
	pair_free(p);
}

/* Handles are dead once their device is gone, and are given back as usual. */
static void check_device_gone(struct pair *p)
{
	struct test *t = p->t;
	struct dibs_vlan none = {};
	struct dibs_dev *dev;
	u8 byte = 0;

	if (!p->fake)
		return;
	plant(t, p->att, LEN);
	dev = dibs_dev_get(p->dev);
	fake_del(p->fake);
	expect_eq(t, fake_calls(p->fake, FAKE_UNREGISTER), 1);
	if (p->fake->ops.detach_dmb)
		expect_eq(t, fake_calls(p->fake, FAKE_DETACH), 1);
	expect_eq(t, atomic_read(&p->tc.dels), 1);

	expect_eq(t, dibs_move_data(p->att, 0, true, 0, "x", 1), -ENODEV);
	expect_eq(t, dibs_signal(p->att, 0), -ENODEV);
	expect_err(t, pair_register(p, LEN, NULL), -ENODEV);
	expect_err(t, pair_attach(p, p->dmb), -ENODEV);
	expect_eq(t, dibs_query_remote_gid(p->tc.client, dev, &p->fake->gid,
					   none), -ENODEV);
	expect_eq(t, dibs_signal_event(p->tc.client, dev, &p->fake->gid, true,
				       0, 0), -ENODEV);
	expect(t, !dibs_client_dev_priv(p->tc.client, dev));
	expect(t, intact(p->dmb));
	expect_eq(t, dibs_dmb_read(p->dmb, 0, &byte, 1), 0);
	expect_eq(t, dibs_dmb_len(p->dmb), LEN);
	expect(t, dibs_dmb_dev(p->dmb) == dev);
	/* Late signals of the adapter. */
	dibs_dev_signal(dev, dibs_dmb_index(p->dmb),
			dibs_dmb_generation(p->dmb), 1);
	dibs_dmb_signal(p->dmb, 1);
	expect_eq(t, atomic_read(&p->watch.calls), 0);

	expect_eq(t, dibs_detach_dmb(p->tc.client, &p->att), 0);
	watch_unregister(&p->watch, p->dmb);
	p->dmb = NULL;
	expect_eq(t, fake_calls(p->fake, FAKE_UNREGISTER), 1);
	dibs_dev_put(dev);
}

static void device_gone(struct test *t)
{
	pair_each(t, LEN, check_device_gone);
}

static void give_back_in_del(struct tclient *tc, struct dibs_dev *dev)
{
	struct pair *p = container_of(tc, struct pair, tc);

	if (dev != p->dev)
		return;
	dibs_detach_dmb(p->tc.client, &p->att);
	watch_unregister(&p->watch, p->dmb);
	p->dmb = NULL;
}

static void given_back_in_del_dev(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_MAPPED, LEN);

	if (!p)
		return;
	p->tc.on_del = give_back_in_del;
	fake_del(p->fake);
	expect(t, !p->att);
	expect_eq(t, fake_calls(p->fake, FAKE_UNREGISTER), 1);
	expect_eq(t, fake_calls(p->fake, FAKE_DETACH), 1);
	p->tc.on_del = NULL;
	pair_free(p);
}

static void client_leaves_all(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_MAPPED, LEN);
	struct dibs_attachment *att;
	struct dibs_dmb *dmb;
	int i;

	if (!p)
		return;
	for (i = 0; i < 20; i++) {
		dmb = pair_register(p, LEN, NULL);
		if (!expect_err(t, dmb, 0))
			break;
		if (i % 2)
			continue;
		att = pair_attach(p, dmb);
		expect_err(t, att, 0);
		/* Half of these attachments lose their owner. */
		if (i % 4)
			dibs_unregister_dmb(dmb);
	}
	tclient_unregister(&p->tc);
	p->att = NULL;
	p->dmb = NULL;
	WRITE_ONCE(p->watch.given_back, true);
	expect_eq(t, fake_calls(p->fake, FAKE_UNREGISTER), 21);
	expect_eq(t, fake_calls(p->fake, FAKE_REGISTER), 21);
	expect_eq(t, fake_calls(p->fake, FAKE_ATTACH), 11);
	expect_eq(t, fake_calls(p->fake, FAKE_DETACH), 11);
	pair_free(p);
}

/* The device is deleted first, then the client with its handles. */
static void all_leave(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_LINEAR, LEN);

	if (!p)
		return;
	fake_del(p->fake);
	tclient_unregister(&p->tc);
	p->att = NULL;
	p->dmb = NULL;
	pair_free(p);
}

static void deleted_twice(struct test *t)
{
	struct fake_options opt = { .name = "st-twice" };
	struct tclient tc = {};
	struct fake *fake;
	int dels;

	if (!expect_eq(t, tclient_register(&tc, "st-twice"), 0))
		return;
	fake = fake_alloc(&opt);
	if (!expect(t, !IS_ERR(fake)))
		goto out;
	fake_del(fake);		/* not added yet */
	expect_eq(t, fake_add(fake), 0);
	expect(t, tclient_has(&tc, fake->dev));
	dels = atomic_read(&tc.dels);
	fake_del(fake);
	fake_del(fake);
	expect_eq(t, atomic_read(&tc.dels), dels + 1);
	fake_free(fake);
out:
	tclient_unregister(&tc);
	expect_eq(t, atomic_read(&tc.late), 0);
}

static void each_meets_each(struct test *t)
{
	struct fake_options opt = { .name = "st-first" };
	struct tclient early = {}, late = {};
	struct fake *a, *b;

	a = fake_new(&opt);
	expect_eq(t, tclient_register(&early, "st-early"), 0);
	opt.name = "st-second";
	b = fake_new(&opt);
	expect_eq(t, tclient_register(&late, "st-late"), 0);
	if (expect(t, a) && expect(t, b)) {
		expect(t, tclient_has(&early, a->dev));
		expect(t, tclient_has(&early, b->dev));
		expect(t, tclient_has(&late, a->dev));
		expect(t, tclient_has(&late, b->dev));
		fake_del(a);
		expect(t, !tclient_has(&early, a->dev));
		expect(t, !tclient_has(&late, a->dev));
		expect(t, tclient_has(&late, b->dev));
	}
	tclient_unregister(&early);
	expect_eq(t, atomic_read(&early.dels), atomic_read(&early.adds));
	fake_free(a);
	fake_free(b);
	tclient_unregister(&late);
	expect_eq(t, atomic_read(&late.dels), atomic_read(&late.adds));
}

/* Creates handles, then refuses the device. */
static int make_and_refuse(struct tclient *tc, struct dibs_dev *dev)
{
	struct dibs_dmb_params params = {
		.rgid = *dibs_dev_gid(dev),
		.len = LEN,
		.priv = tc->arg,
	};
	struct dibs_attach_params attach = { .rgid = params.rgid };
	struct dibs_dmb *dmb;

	dmb = dibs_register_dmb(tc->client, dev, &init_net, &params);
	if (IS_ERR(dmb))
		return 0;
	attach.token = dibs_dmb_token(dmb);
	attach.len = LEN;
	if (IS_ERR(dibs_attach_dmb(tc->client, dev, &init_net, &attach)))
		return 0;
	return -ENOTTY;
}

static void refusing(struct test *t)
{
	struct fake_options opt = { .name = "st-refused",
				    .fabric = DIBS_FABRIC_LOOPBACK,
				    .maps = true };
	struct tclient tc = { .on_add = make_and_refuse };
	struct dibs_event event = { .type = DIBS_EVENT_OTHER };
	struct watch watch = {};
	struct fake *fake;
	int dels = 0;

	tc.arg = &watch;
	expect_eq(t, tclient_register(&tc, "st-refuse"), 0);
	fake = fake_new(&opt);
	if (!expect(t, fake))
		goto out;
	expect(t, !tclient_has(&tc, fake->dev));
	expect_eq(t, fake_calls(fake, FAKE_REGISTER), 1);
	expect_eq(t, fake_calls(fake, FAKE_UNREGISTER), 1);
	expect_eq(t, fake_calls(fake, FAKE_DETACH), 1);
	dels = atomic_read(&tc.dels);
	dibs_event(fake->dev, &event);
	expect_eq(t, atomic_read(&tc.events), 0);
	fake_del(fake);
	expect_eq(t, atomic_read(&tc.dels), dels);
	expect_eq(t, atomic_read(&tc.events), 0);
out:
	fake_free(fake);
	tclient_unregister(&tc);
	expect_eq(t, atomic_read(&tc.dels), dels);
}

/* A client that refuses a device does not keep it from others. */
static void refused_by_one(struct test *t)
{
	struct fake_options opt = { .name = "st-both" };
	struct tclient a = { .refuse = -EPERM }, b = {};
	struct fake *fake;

	expect_eq(t, tclient_register(&a, "st-refuse"), 0);
	expect_eq(t, tclient_register(&b, "st-accept"), 0);
	fake = fake_new(&opt);
	if (expect(t, fake)) {
		expect(t, !tclient_has(&a, fake->dev));
		expect(t, tclient_has(&b, fake->dev));
	}
	fake_free(fake);
	tclient_unregister(&b);
	tclient_unregister(&a);
	expect_eq(t, atomic_read(&a.dels), 0);
}

static void check_priv(struct pair *p)
{
	struct test *t = p->t;
	struct fake_options opt = { .name = "st-priv" };
	struct fake *other = fake_new(&opt);

	expect(t, !dibs_client_dev_priv(p->tc.client, p->dev));
	dibs_set_client_dev_priv(p->tc.client, p->dev, p);
	expect(t, dibs_client_dev_priv(p->tc.client, p->dev) == p);
	if (expect(t, other))
		expect(t, !dibs_client_dev_priv(p->tc.client, other->dev));
	fake_free(other);
	expect(t, dibs_dmb_priv(p->dmb) == &p->watch);
	expect(t, dibs_dmb_dev(p->dmb) == p->dev);
	expect(t, dibs_attachment_dev(p->att) == p->dev);
	expect(t, dibs_dmb_token(p->dmb));
	expect_eq(t, dibs_dmb_len(p->dmb), LEN);
}

static void privs(struct test *t)
{
	pair_each(t, LEN, check_priv);
}

const struct test_case life_cases[] = {
	{ "memory outlives a DMB's registration while a peer is attached",
	  memory_outlives_name },
	{ "an attached peer gets an event when the owner unregisters",
	  peer_is_told },
	{ "nobody gets an event when no peer is attached", nobody_is_told },
	{ "a page reference outlives the DMB and the attachment",
	  page_outlives_all },
	{ "a late signal does not reach the new owner of an index",
	  index_reused },
	{ "handles are dead once their device is gone", device_gone },
	{ "handles can be given back in del_dev", given_back_in_del_dev },
	{ "unregistering a client gives back what it forgot",
	  client_leaves_all },
	{ "unregistering a client after its device gives everything back",
	  all_leave },
	{ "deleting a device twice or before adding it does nothing",
	  deleted_twice },
	{ "each client meets each device in whichever order they come",
	  each_meets_each },
	{ "a client that refused a device never hears of it again", refusing },
	{ "a refusal by one client does not affect the others",
	  refused_by_one },
	{ "handles and bindings return their owners and private pointers",
	  privs },
	{}
};

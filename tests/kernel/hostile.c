// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Lying peers and faulty clients: each of their calls is refused with its own
 * error and writes nothing. Whole DMBs are compared with a pattern that was
 * planted before. tests/system/hostile.sh checks that refusals are counted.
 */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "fixture.h"

/* Not a multiple of a page, so that its last page has bytes beyond the end. */
#define LEN	(3 * 4096 + 100)

static const struct claim {
	u32 offset;
	u32 size;
} bad_claims[] = {
	{ LEN, 1 },			/* at the end */
	{ LEN - 1, 2 },			/* across the end */
	{ 0, LEN + 1 },			/* one byte too long */
	{ LEN + 1, 0 },			/* empty, beyond the end */
	{ LEN + 4096, 16 },		/* beyond the end */
	{ U32_MAX, 1 },
	{ U32_MAX, 2 },			/* offset + size wraps to 1 */
	{ U32_MAX - 15, 16 },		/* wraps to 0 */
	{ 1, U32_MAX },			/* wraps to 0 */
	{ 0, U32_MAX },
	{ LEN, U32_MAX - LEN + 1 },	/* wraps to 0 */
	{ 1U << 31, 1U << 31 },		/* wraps to 0 */
	{ 100, U32_MAX - 50 },		/* wraps to 49 */
};

static const struct claim good_claims[] = {
	{ LEN, 0 }, { 0, 0 }, { LEN - 1, 1 }, { 0, 1 }, { 0, LEN },
	{ 4095, 2 }, { 4096, 4096 },
};

static ssize_t move_kvec(struct dibs_attachment *att, unsigned int idx,
			 bool signal, struct claim range, void *buf)
{
	/* Claims to have @range.size bytes, which must not be read. */
	struct kvec vec = { .iov_base = buf, .iov_len = range.size };
	struct iov_iter iter;

	iov_iter_kvec(&iter, WRITE, &vec, 1, range.size);
	return dibs_move_iter(att, idx, signal, range.offset, &iter,
			      range.size);
}

static ssize_t read_kvec(struct dibs_dmb *dmb, struct claim range, void *buf)
{
	struct kvec vec = { .iov_base = buf, .iov_len = range.size };
	struct iov_iter iter;

	iov_iter_kvec(&iter, READ, &vec, 1, range.size);
	return dibs_dmb_read_iter(dmb, range.offset, &iter, range.size);
}

static void check_bad_claim(struct pair *p, struct claim range, void *buf)
{
	struct test *t = p->t;
	bool ok;

	ok = expect_eq(t, dibs_move_data(p->att, 0, true, range.offset, buf,
					 range.size), -ERANGE);
	ok &= expect_eq(t, move_kvec(p->att, 0, true, range, buf), -ERANGE);
	ok &= expect_eq(t, dibs_attachment_populate(p->att, range.offset,
						    range.size), -ERANGE);
	dibs_attachment_trim(p->att, range.offset, range.size);
	ok &= expect_eq(t, dibs_dmb_read(p->dmb, range.offset, buf,
					 range.size), -ERANGE);
	ok &= expect_eq(t, read_kvec(p->dmb, range, buf), -ERANGE);
	if (!ok)
		test_note(t, "offset %u size %u", range.offset, range.size);
}

static void check_range(struct pair *p)
{
	struct test *t = p->t;
	void *buf = kmalloc(LEN, GFP_KERNEL);
	unsigned int i;

	if (!expect(t, buf) || !plant(t, p->att, LEN))
		goto out;
	memset(buf, 0xee, LEN);
	for (i = 0; i < ARRAY_SIZE(bad_claims); i++)
		check_bad_claim(p, bad_claims[i], buf);
	expect_err(t, dibs_dmb_get_page(p->dmb, LEN), -ERANGE);
	expect_err(t, dibs_dmb_get_page(p->dmb, U32_MAX), -ERANGE);
	expect(t, intact(p->dmb));
	expect_eq(t, atomic_read(&p->watch.calls), 0);
	for (i = 0; i < ARRAY_SIZE(good_claims); i++) {
		expect_eq(t, dibs_move_data(p->att, 0, true,
					    good_claims[i].offset, buf,
					    good_claims[i].size), 0);
		expect_eq(t, move_kvec(p->att, 0, false, good_claims[i], buf),
			  good_claims[i].size);
	}
	expect(t, all_bytes(p->dmb, 0, LEN, 0xee));
out:
	kfree(buf);
}

static void ranges(struct test *t)
{
	pair_each(t, LEN, check_range);
}

static void check_mask(struct pair *p)
{
	static const unsigned int bad[] = { 16, 17, 255, 65536, UINT_MAX };
	struct test *t = p->t;
	unsigned int i;

	if (!plant(t, p->att, LEN))
		return;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		expect_eq(t, dibs_move_data(p->att, bad[i], true, 0, "xyz", 3),
			  -EINVAL);
		expect_eq(t, dibs_signal(p->att, bad[i]), -EINVAL);
		expect_eq(t, move_kvec(p->att, bad[i], true,
				       (struct claim) { 0, 3 }, "xyz"),
			  -EINVAL);
	}
	expect(t, intact(p->dmb));
	expect_eq(t, atomic_read(&p->watch.calls), 0);
	expect_eq(t, dibs_signal(p->att, 15), 0);
	expect_eq(t, atomic_read(&p->watch.mask), 0x2000);
}

static void mask(struct test *t)
{
	pair_each(t, LEN, check_mask);
}

/* An attachment that claims to be longer than its DMB. */
static void remote_length(struct test *t)
{
	struct pair *p = pair_new_waiting(t, PAIR_REMOTE, 100);
	struct dibs_attach_params params;
	char buf[200] = {};

	if (!p)
		return;
	params = pair_attach_params(p, p->dmb);
	params.len = 0;
	expect_err(t, dibs_attach_dmb(p->tc.client, p->dev, &init_net,
				      &params), -EINVAL);
	params.len = 100000;
	p->att = dibs_attach_dmb(p->tc.client, p->dev, &init_net, &params);
	if (expect_err(t, p->att, 0)) {
		/*
		 * The core cannot know the length, but the owner's side does.
		 */
		expect_eq(t, dibs_move_data(p->att, 0, true, 0, buf, 200),
			  -ERANGE);
		expect_eq(t, dibs_move_data(p->att, 0, true, 100000, buf, 1),
			  -ERANGE);
		expect_eq(t, fake_calls(p->fake, FAKE_MOVE), 1);
	} else {
		p->att = NULL;
	}
	pair_free(p);
}

/* A DMB of 100 bytes for the fake itself; fills in what attaches it. */
static struct dibs_dmb *remote_dmb(struct tclient *tc, struct fake *fake,
				   struct dibs_attach_params *params)
{
	const struct dibs_dmb_params dmb_params = {
		.rgid = fake->gid,
		.len = 100,
	};
	struct dibs_dmb *dmb;

	dmb = dibs_register_dmb(tc->client, fake->dev, &init_net, &dmb_params);
	if (!IS_ERR(dmb)) {
		params->rgid = fake->gid;
		params->token = dibs_dmb_token(dmb);
	}
	return dmb;
}

static void check_stated_length(struct test *t, struct tclient *tc,
				struct fake *fake)
{
	struct dibs_attach_params params = { .len = 101 };
	struct dibs_dmb *dmb = remote_dmb(tc, fake, &params);
	struct dibs_attachment *att;
	char buf[200] = {};

	if (!expect_err(t, dmb, 0))
		return;
	att = dibs_attach_dmb(tc->client, fake->dev, &init_net, &params);
	if (!expect_err(t, att, -ERANGE) && !IS_ERR(att))
		dibs_detach_dmb(tc->client, &att);
	params.len = 0;
	params.spare = 100;
	att = dibs_attach_dmb(tc->client, fake->dev, &init_net, &params);
	if (!expect_err(t, att, -ERANGE) && !IS_ERR(att))
		dibs_detach_dmb(tc->client, &att);
	expect_eq(t, fake_calls(fake, FAKE_DETACH),
		  fake_calls(fake, FAKE_ATTACH));
	/* No claim at all: the driver's word is enough. */
	params.spare = 0;
	att = dibs_attach_dmb(tc->client, fake->dev, &init_net, &params);
	if (expect_err(t, att, 0)) {
		expect_eq(t, dibs_attachment_len(att), 100);
		expect_eq(t, dibs_move_data(att, 0, true, 0, buf, 101),
			  -ERANGE);
		expect_eq(t, fake_calls(fake, FAKE_MOVE), 0);
		expect_eq(t, dibs_move_data(att, 0, true, 0, buf, 100), 0);
		dibs_detach_dmb(tc->client, &att);
	}
	dibs_unregister_dmb(dmb);
}

static void stated_length(struct test *t)
{
	const struct fake_options opt = {
		.name = "st-states",
		.attaches = true,
		.states_len = true,
		.trusting = true,
	};
	struct fake *fake = fake_new(&opt);
	struct tclient tc = {};

	if (expect(t, fake) &&
	    expect_eq(t, tclient_register(&tc, "st-states"), 0))
		check_stated_length(t, &tc, fake);
	tclient_unregister(&tc);
	fake_free(fake);
}

/* A driver that checks nothing, and does not say how long the DMB is. */
static void trusting_driver(struct test *t)
{
	const struct fake_options opt = { .name = "st-trust", .trusting = true };
	struct dibs_attach_params params = { .len = SZ_1M };
	struct fake *fake = fake_new(&opt);
	struct dibs_attachment *att;
	struct tclient tc = {};
	struct dibs_dmb *dmb;

	if (!expect(t, fake) ||
	    !expect_eq(t, tclient_register(&tc, "st-trust"), 0))
		goto out;
	dmb = remote_dmb(&tc, fake, &params);
	if (!expect_err(t, dmb, 0))
		goto out;
	att = dibs_attach_dmb(tc.client, fake->dev, &init_net, &params);
	if (expect_err(t, att, 0)) {
		expect_eq(t, dibs_move_data(att, 0, true, 100, "x", 1),
			  -ERANGE);
		expect_eq(t, dibs_move_data(att, 0, true, 99, "xy", 2),
			  -ERANGE);
		expect_eq(t, dibs_move_data(att, 0, true, SZ_1M - 1, "x", 1),
			  -ERANGE);
		expect(t, all_bytes(dmb, 0, 100, 0));
		expect_eq(t, dibs_move_data(att, 0, true, 99, "x", 1), 0);
		dibs_detach_dmb(tc.client, &att);
	}
	dibs_unregister_dmb(dmb);
out:
	tclient_unregister(&tc);
	fake_free(fake);
}

/* Tries an attach that must fail with @err. */
static void refuse(struct pair *p, struct dibs_client *client,
		   const struct dibs_attach_params *params, int err)
{
	struct dibs_attachment *att;

	att = dibs_attach_dmb(client, p->dev, &init_net, params);
	if (!expect_err(p->t, att, err) && !IS_ERR(att))
		dibs_detach_dmb(client, &att);
}

static void wrong_gid_on(struct test *t, enum pair_kind kind)
{
	struct pair *p = pair_new_waiting(t, kind, LEN);
	struct dibs_dmb_params dmb_params;
	struct dibs_attach_params params;
	struct dibs_dmb *dmb;

	if (!p)
		return;
	dmb_params = pair_dmb_params(p, LEN);
	uuid_gen(&dmb_params.rgid);
	dmb = dibs_register_dmb(p->tc.client, p->dev, &init_net, &dmb_params);
	if (!expect_err(t, dmb, 0))
		goto out;
	params = pair_attach_params(p, dmb);
	refuse(p, p->tc.client, &params, -EPERM);
	expect(t, !dibs_dmb_attached(dmb));
	expect(t, all_bytes(dmb, 0, LEN, 0));
	dibs_unregister_dmb(dmb);

	/* The right DMB, but of a device that does not exist. */
	params = pair_attach_params(p, p->dmb);
	uuid_gen(&params.rgid);
	refuse(p, p->tc.client, &params, -ENETUNREACH);
	expect(t, !dibs_dmb_attached(p->dmb));
out:
	pair_free(p);
}

static void wrong_gid(struct test *t)
{
	wrong_gid_on(t, PAIR_LO);
	wrong_gid_on(t, PAIR_MAPPED);
	wrong_gid_on(t, PAIR_UNMAPPED);
}

static void unknown_token(struct test *t)
{
	struct pair *p = pair_new_waiting(t, PAIR_LO, LEN);
	struct dibs_attach_params params;
	struct dibs_dmb *dmb;

	if (!p)
		return;
	params = pair_attach_params(p, p->dmb);
	params.token ^= 1;
	refuse(p, p->tc.client, &params, -ENOENT);
	params.token = 0;
	refuse(p, p->tc.client, &params, -ENOENT);
	params.token = U64_MAX;
	refuse(p, p->tc.client, &params, -ENOENT);
	/* A token that was valid until now. */
	dmb = pair_register(p, LEN, NULL);
	if (expect_err(t, dmb, 0)) {
		params = pair_attach_params(p, dmb);
		dibs_unregister_dmb(dmb);
		refuse(p, p->tc.client, &params, -ENOENT);
	}
	expect(t, !dibs_dmb_attached(p->dmb));
	pair_free(p);
}

static void second_attach(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_LO, LEN);
	struct dibs_attach_params params;

	if (!p)
		return;
	plant(t, p->att, LEN);
	params = pair_attach_params(p, p->dmb);
	refuse(p, p->tc.client, &params, -EBUSY);
	expect(t, dibs_dmb_attached(p->dmb));
	expect_eq(t, dibs_move_data(p->att, 0, false, 0, "\1", 1), 0);
	expect(t, intact(p->dmb));
	/* Not even after the first attachment is gone. */
	expect_eq(t, dibs_detach_dmb(p->tc.client, &p->att), 0);
	expect(t, !dibs_dmb_attached(p->dmb));
	refuse(p, p->tc.client, &params, -EBUSY);
	expect(t, intact(p->dmb));
	pair_free(p);
}

static void closed(struct test *t)
{
	struct pair *p = pair_new_waiting(t, PAIR_LO, LEN);
	struct dibs_attach_params params;
	struct dibs_dmb *dmb;

	if (!p)
		return;
	params = pair_attach_params(p, p->dmb);
	dibs_dmb_close(p->dmb);
	refuse(p, p->tc.client, &params, -ECONNREFUSED);
	dibs_dmb_close(p->dmb);
	refuse(p, p->tc.client, &params, -ECONNREFUSED);
	expect(t, all_bytes(p->dmb, 0, LEN, 0));

	/* A peer that is attached stays attached. */
	dmb = pair_register(p, LEN, NULL);
	if (expect_err(t, dmb, 0)) {
		p->att = pair_attach(p, dmb);
		dibs_dmb_close(dmb);
		expect(t, dibs_dmb_attached(dmb));
		if (expect_err(t, p->att, 0))
			plant(t, p->att, LEN);
		expect(t, intact(dmb));
		dibs_detach_dmb(p->tc.client, &p->att);
		dibs_unregister_dmb(dmb);
	}
	pair_free(p);
}

static void other_client(struct test *t)
{
	struct pair *p = pair_new_waiting(t, PAIR_LO, LEN);
	struct dibs_attach_params params;
	struct tclient thief = {};

	if (!p)
		return;
	if (expect_eq(t, tclient_register(&thief, "st-thief"), 0)) {
		params = pair_attach_params(p, p->dmb);
		refuse(p, thief.client, &params, -EACCES);
		expect(t, !dibs_dmb_attached(p->dmb));
		/* The attempt did not use up the token. */
		p->att = pair_attach(p, p->dmb);
		if (expect_err(t, p->att, 0))
			plant(t, p->att, LEN);
		else
			p->att = NULL;
		expect(t, intact(p->dmb));
	}
	tclient_unregister(&thief);
	pair_free(p);
}

static void too_long(struct test *t)
{
	struct pair *p = pair_new_waiting(t, PAIR_LO, LEN);
	struct dibs_attach_params params;

	if (!p)
		return;
	params = pair_attach_params(p, p->dmb);
	params.len = LEN + 1;
	refuse(p, p->tc.client, &params, -ERANGE);
	params.len = U32_MAX;
	refuse(p, p->tc.client, &params, -ERANGE);
	params.len = 0;
	p->att = dibs_attach_dmb(p->tc.client, p->dev, &init_net, &params);
	if (expect_err(t, p->att, 0))
		expect_eq(t, dibs_attachment_len(p->att), LEN);
	else
		p->att = NULL;
	pair_free(p);
}

static void check_detach_twice(struct pair *p)
{
	struct test *t = p->t;

	plant(t, p->att, LEN);
	expect_eq(t, dibs_detach_dmb(p->tc.client, &p->att), 0);
	expect(t, !p->att);
	expect_eq(t, dibs_detach_dmb(p->tc.client, &p->att), -EALREADY);
	expect(t, intact(p->dmb));
	if (p->fake && p->fake->ops.detach_dmb)
		expect_eq(t, fake_calls(p->fake, FAKE_DETACH), 1);
}

static void detach_twice(struct test *t)
{
	pair_each(t, LEN, check_detach_twice);
}

static void check_stale(struct pair *p)
{
	struct page *page = NULL;
	struct test *t = p->t;
	u8 first;

	if (!plant(t, p->att, LEN))
		return;
	if (p->kind == PAIR_LO || p->kind == PAIR_MAPPED)
		page = dibs_dmb_get_page(p->dmb, 0);
	watch_unregister(&p->watch, p->dmb);
	p->dmb = NULL;
	expect_eq(t, dibs_move_data(p->att, 0, true, 0, "xyz", 3),
		  pair_local(p) ? -ESTALE : -ENOENT);
	expect_eq(t, dibs_signal(p->att, 3),
		  pair_local(p) ? -ESTALE : -ENOENT);
	expect_eq(t, move_kvec(p->att, 0, true, (struct claim) { 0, 3 },
			       "xyz"), pair_local(p) ? -ESTALE : -ENOENT);
	if (!IS_ERR_OR_NULL(page)) {
		first = *(u8 *)page_address(page);
		expect_eq(t, first, pattern(0));
		put_page(page);
	}
	expect_eq(t, atomic_read(&p->watch.calls), 0);
}

static void stale(struct test *t)
{
	pair_each(t, LEN, check_stale);
}

static void too_little(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_LO, LEN);
	struct kvec vec = { .iov_base = "xyz", .iov_len = 3 };
	struct iov_iter iter;

	if (!p)
		return;
	plant(t, p->att, LEN);
	iov_iter_kvec(&iter, WRITE, &vec, 1, 3);
	expect_eq(t, dibs_move_iter(p->att, 0, true, 0, &iter, 4), -EINVAL);
	expect_eq(t, iov_iter_count(&iter), 3);
	expect(t, intact(p->dmb));
	expect_eq(t, atomic_read(&p->watch.calls), 0);
	pair_free(p);
}

static void wrong_vlan(struct test *t)
{
	struct fake_options opt = {
		.name = "st-vlan",
		.fabric = DIBS_FABRIC_LOOPBACK,
		.vlans = true,
	};
	struct pair *p = pair_new(t, PAIR_UNMAPPED, LEN);
	struct fake *fake = fake_new(&opt);
	struct dibs_attach_params params;
	struct dibs_dmb_params dmb_params;
	struct dibs_dmb *dmb;

	if (!p || !expect(t, fake))
		goto out;
	/* refuse() attaches through this device. */
	p->dev = fake->dev;
	dmb_params = pair_dmb_params(p, LEN);
	dmb_params.vlan = (struct dibs_vlan) { 7, true };
	dmb = dibs_register_dmb(p->tc.client, fake->dev, &init_net,
				&dmb_params);
	if (!expect_err(t, dmb, 0))
		goto out;
	params = pair_attach_params(p, dmb);
	refuse(p, p->tc.client, &params, -EADDRNOTAVAIL);
	params.vlan = (struct dibs_vlan) { 8, true };
	refuse(p, p->tc.client, &params, -EADDRNOTAVAIL);
	expect(t, !dibs_dmb_attached(dmb));
	params.vlan.id = 7;
	dibs_detach_dmb(p->tc.client, &p->att);
	p->att = dibs_attach_dmb(p->tc.client, fake->dev, &init_net, &params);
	if (!expect_err(t, p->att, 0))
		p->att = NULL;
	dibs_unregister_dmb(dmb);
out:
	if (p && p->att)
		dibs_detach_dmb(p->tc.client, &p->att);
	fake_free(fake);
	pair_free(p);
}

const struct test_case hostile_cases[] = {
	{ "a move outside the DMB is refused and writes nothing", ranges },
	{ "a move with a signal bit above 15 is refused and writes nothing",
	  mask },
	{ "a move beyond the real length of a remote DMB is refused",
	  remote_length },
	{ "a driver that states the length of a DMB need not check moves",
	  stated_length },
	{ "dibs_dmb_write() refuses what a driver lets through",
	  trusting_driver },
	{ "a DMB dedicated to another GID cannot be attached", wrong_gid },
	{ "unknown and stale tokens are refused", unknown_token },
	{ "a DMB can be attached only once in its life", second_attach },
	{ "a closed DMB cannot be attached", closed },
	{ "another client's DMB cannot be attached", other_client },
	{ "a DMB shorter than its peer claims cannot be attached", too_long },
	{ "a second detach is refused", detach_twice },
	{ "a move to an unregistered DMB is refused and writes nothing",
	  stale },
	{ "a move of more bytes than the source has is refused", too_little },
	{ "a DMB in another VLAN cannot be attached", wrong_vlan },
	{}
};

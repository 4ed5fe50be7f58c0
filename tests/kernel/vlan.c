// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * VLANs are counted per client and passed on to the device once.
 */
#include <linux/err.h>

#include "fixture.h"

struct vlan_test {
	struct tclient a;
	struct tclient b;
	struct fake *fake;
};

static bool vlan_start(struct test *t, struct vlan_test *vt)
{
	struct fake_options opt = { .name = "st-vlan", .vlans = true };

	vt->fake = fake_new(&opt);
	return expect(t, vt->fake) &&
	       expect_eq(t, tclient_register(&vt->a, "st-vlan-a"), 0) &&
	       expect_eq(t, tclient_register(&vt->b, "st-vlan-b"), 0);
}

static void vlan_stop(struct test *t, struct vlan_test *vt)
{
	tclient_unregister(&vt->a);
	tclient_unregister(&vt->b);
	if (vt->fake)
		expect_eq(t, atomic_read(&vt->fake->late), 0);
	fake_free(vt->fake);
}

static void counted(struct test *t)
{
	struct vlan_test vt = {};
	struct dibs_dev *dev;

	if (!vlan_start(t, &vt))
		goto out;
	dev = vt.fake->dev;
	expect_eq(t, dibs_add_vlan(vt.a.client, dev, 7), 0);
	expect_eq(t, dibs_add_vlan(vt.a.client, dev, 7), 0);
	expect_eq(t, dibs_add_vlan(vt.b.client, dev, 7), 0);
	expect_eq(t, dibs_add_vlan(vt.b.client, dev, 4094), 0);
	expect_eq(t, fake_calls(vt.fake, FAKE_ADD_VLAN), 2);
	expect_eq(t, dibs_del_vlan(vt.a.client, dev, 7), 0);
	expect_eq(t, dibs_del_vlan(vt.a.client, dev, 7), 0);
	expect_eq(t, fake_calls(vt.fake, FAKE_DEL_VLAN), 0);
	expect_eq(t, dibs_del_vlan(vt.a.client, dev, 7), -ENOENT);
	expect_eq(t, dibs_del_vlan(vt.a.client, dev, 4094), -ENOENT);
	expect_eq(t, dibs_del_vlan(vt.b.client, dev, 7), 0);
	expect_eq(t, fake_calls(vt.fake, FAKE_DEL_VLAN), 1);
out:
	vlan_stop(t, &vt);
}

static void bad_ids(struct test *t)
{
	static const u16 ids[] = { 0, 4095, 4096, 65535 };
	struct vlan_test vt = {};
	unsigned int i;

	if (vlan_start(t, &vt))
		for (i = 0; i < ARRAY_SIZE(ids); i++)
			expect_eq(t, dibs_add_vlan(vt.a.client, vt.fake->dev,
						   ids[i]), -EINVAL);
	if (vt.fake)
		expect_eq(t, fake_calls(vt.fake, FAKE_ADD_VLAN), 0);
	vlan_stop(t, &vt);
}

static void device_error(struct test *t)
{
	struct vlan_test vt = {};

	if (vlan_start(t, &vt)) {
		vt.fake->fail[FAKE_ADD_VLAN] = -EXFULL;
		expect_eq(t, dibs_add_vlan(vt.a.client, vt.fake->dev, 7),
			  -EXFULL);
		vt.fake->fail[FAKE_ADD_VLAN] = 0;
		expect_eq(t, dibs_del_vlan(vt.a.client, vt.fake->dev, 7),
			  -ENOENT);
		expect_eq(t, fake_calls(vt.fake, FAKE_DEL_VLAN), 0);
	}
	vlan_stop(t, &vt);
}

static void forgotten(struct test *t)
{
	struct vlan_test vt = {};

	if (!vlan_start(t, &vt))
		goto out;
	dibs_add_vlan(vt.a.client, vt.fake->dev, 7);
	dibs_add_vlan(vt.a.client, vt.fake->dev, 7);
	dibs_add_vlan(vt.b.client, vt.fake->dev, 7);
	dibs_add_vlan(vt.a.client, vt.fake->dev, 8);
	tclient_unregister(&vt.a);
	expect_eq(t, fake_calls(vt.fake, FAKE_DEL_VLAN), 1);
	fake_del(vt.fake);
	expect_eq(t, fake_calls(vt.fake, FAKE_DEL_VLAN), 2);
	expect_eq(t, dibs_add_vlan(vt.b.client, vt.fake->dev, 7), -ENODEV);
	expect_eq(t, dibs_del_vlan(vt.b.client, vt.fake->dev, 7), -ENODEV);
out:
	vlan_stop(t, &vt);
}

static void without(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_UNMAPPED, 100);
	struct dibs_dmb_params params;

	if (!p)
		return;
	expect_eq(t, dibs_add_vlan(p->tc.client, p->dev, 7), -EOPNOTSUPP);
	params = pair_dmb_params(p, 100);
	params.vlan = (struct dibs_vlan) { 7, true };
	expect_err(t, dibs_register_dmb(p->tc.client, p->dev, &init_net,
					&params), -EINVAL);
	pair_free(p);
}

const struct test_case vlan_cases[] = {
	{ "a VLAN is joined once and left by its last user", counted },
	{ "a VLAN id is between 1 and 4094", bad_ids },
	{ "a VLAN that the device refuses is not joined", device_error },
	{ "a forgotten VLAN is left with its client or its device", forgotten },
	{ "a device without VLANs rejects them", without },
	{}
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Requirements that devices and clients must meet when they are registered.
 */
#include <linux/err.h>

#include "fixture.h"

static int nop_register(struct dibs_dev *dev, struct dibs_dmb *dmb)
{
	return -EIO;
}

static void nop_unregister(struct dibs_dev *dev, struct dibs_dmb *dmb)
{
}

static int nop_query(struct dibs_dev *dev, const uuid_t *rgid,
		     struct dibs_vlan vlan)
{
	return 0;
}

static int nop_move(struct dibs_dev *dev, struct dibs_attachment *att,
		    unsigned int idx, bool signal, u32 offset,
		    const void *data, u32 size)
{
	return 0;
}

static int nop_attach(struct dibs_dev *dev, struct dibs_attachment *att)
{
	return 0;
}

static void nop_detach(struct dibs_dev *dev, struct dibs_attachment *att)
{
}

static int nop_add_vlan(struct dibs_dev *dev, u16 vid)
{
	return 0;
}

static void nop_del_vlan(struct dibs_dev *dev, u16 vid)
{
}

static const struct dibs_dev_ops nop_ops = {
	.register_dmb = nop_register,
	.query_remote_gid = nop_query,
	.move_data = nop_move,
};

static const struct dibs_dev_info nop_info = {
	.name = "st-nop",
	.gid = UUID_INIT(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
	.fabric_id = FAKE_FABRIC,
	.max_dmbs = 1,
	.max_dmb_len = 1,
};

/* Returns the result of dibs_dev_alloc(). */
static int try_dev(const struct dibs_dev_ops *ops,
		   const struct dibs_dev_info *info)
{
	struct dibs_dev *dev = dibs_dev_alloc(ops, info, NULL);

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	dibs_dev_put(dev);
	return 0;
}

static void required_ops(struct test *t)
{
	struct dibs_dev_ops ops = nop_ops;

	expect_eq(t, try_dev(&ops, &nop_info), 0);
	ops.register_dmb = NULL;
	expect_eq(t, try_dev(&ops, &nop_info), -EINVAL);
	ops = nop_ops;
	ops.query_remote_gid = NULL;
	expect_eq(t, try_dev(&ops, &nop_info), -EINVAL);
	ops = nop_ops;
	ops.move_data = NULL;
	expect_eq(t, try_dev(&ops, &nop_info), -EINVAL);
	expect_eq(t, try_dev(NULL, &nop_info), -EINVAL);
}

static void paired_ops(struct test *t)
{
	struct dibs_dev_ops ops = nop_ops;

	ops.attach_dmb = nop_attach;
	expect_eq(t, try_dev(&ops, &nop_info), -EINVAL);
	ops.detach_dmb = nop_detach;
	expect_eq(t, try_dev(&ops, &nop_info), 0);
	ops.attach_dmb = NULL;
	expect_eq(t, try_dev(&ops, &nop_info), -EINVAL);

	ops = nop_ops;
	ops.add_vlan = nop_add_vlan;
	expect_eq(t, try_dev(&ops, &nop_info), -EINVAL);
	ops.del_vlan = nop_del_vlan;
	expect_eq(t, try_dev(&ops, &nop_info), 0);
	ops.add_vlan = NULL;
	expect_eq(t, try_dev(&ops, &nop_info), -EINVAL);

	ops = nop_ops;
	ops.unregister_dmb = nop_unregister;
	expect_eq(t, try_dev(&ops, &nop_info), 0);
}

static const char * const good_names[] = {
	"a", "0", "ism0", "a-b_c", "abcdefghijklmno",
};

static const char * const bad_names[] = {
	NULL, "", "abcdefghijklmnop", "Upper", "a b", "a/b", "..", "a\n", "a%d",
	"\xc3\xa4",
};

static void device_names(struct test *t)
{
	struct dibs_dev_info info = nop_info;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good_names); i++) {
		info.name = good_names[i];
		expect_eq(t, try_dev(&nop_ops, &info), 0);
	}
	for (i = 0; i < ARRAY_SIZE(bad_names); i++) {
		info.name = bad_names[i];
		expect_eq(t, try_dev(&nop_ops, &info), -EINVAL);
	}
}

static void device_limits(struct test *t)
{
	struct dibs_dev_info info = nop_info;

	info.gid = uuid_null;
	expect_eq(t, try_dev(&nop_ops, &info), -EINVAL);
	info = nop_info;
	info.max_dmbs = 0;
	expect_eq(t, try_dev(&nop_ops, &info), -EINVAL);
	info = nop_info;
	info.max_dmb_len = 0;
	expect_eq(t, try_dev(&nop_ops, &info), -EINVAL);
	info.max_dmb_len = 1U << 31;
	expect_eq(t, try_dev(&nop_ops, &info), -EINVAL);
	info = nop_info;
	info.min_index = U32_MAX;
	expect_eq(t, try_dev(&nop_ops, &info), 0);
	info.max_dmbs = 2;
	expect_eq(t, try_dev(&nop_ops, &info), -EINVAL);
}

static int try_client(const struct dibs_client_ops *ops, const char *name)
{
	struct tclient tc = {};
	struct dibs_client *client;

	spin_lock_init(&tc.lock);
	client = dibs_register_client(ops, name, &tc);
	if (IS_ERR(client))
		return PTR_ERR(client);
	dibs_unregister_client(client);
	return 0;
}

static void client_ops(struct test *t)
{
	struct dibs_client_ops ops = tclient_ops;

	expect_eq(t, try_client(&ops, "st-ops"), 0);
	ops.add_dev = NULL;
	expect_eq(t, try_client(&ops, "st-ops"), -EINVAL);
	ops = tclient_ops;
	ops.del_dev = NULL;
	expect_eq(t, try_client(&ops, "st-ops"), -EINVAL);
	ops = tclient_ops;
	ops.handle_signal = NULL;
	expect_eq(t, try_client(&ops, "st-ops"), -EINVAL);
	ops = tclient_ops;
	ops.handle_event = NULL;
	expect_eq(t, try_client(&ops, "st-ops"), -EINVAL);
	expect_eq(t, try_client(NULL, "st-ops"), -EINVAL);
}

static void client_names(struct test *t)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good_names); i++)
		expect_eq(t, try_client(&tclient_ops, good_names[i]), 0);
	for (i = 0; i < ARRAY_SIZE(bad_names); i++)
		expect_eq(t, try_client(&tclient_ops, bad_names[i]), -EINVAL);
}

static void client_name_taken(struct test *t)
{
	struct tclient tc = {};

	if (!expect_eq(t, tclient_register(&tc, "st-taken"), 0))
		return;
	expect_eq(t, try_client(&tclient_ops, "st-taken"), -EEXIST);
	tclient_unregister(&tc);
	expect_eq(t, try_client(&tclient_ops, "st-taken"), 0);
}

static void device_name_taken(struct test *t)
{
	struct fake_options opt = { .name = "st-taken" };
	struct fake *a = fake_new(&opt), *b = fake_alloc(&opt);

	if (!expect(t, a) || !expect(t, !IS_ERR(b)))
		goto out;
	expect_eq(t, fake_add(b), -EEXIST);
	expect_eq(t, dibs_dev_add(a->dev), -EEXIST);
	fake_del(a);
	/* The failed device is as before, so it can be added now. */
	expect_eq(t, fake_add(b), 0);
out:
	fake_free(IS_ERR(b) ? NULL : b);
	fake_free(a);
}

static void accessors(struct test *t)
{
	struct fake_options opt = {
		.name = "st-known",
		.vlans = true,
		.max_dmb_len = 12345,
	};
	struct fake *a = fake_new(&opt), *b;
	struct dibs_dev *dev;

	if (!expect(t, a))
		return;
	dev = a->dev;
	expect_eq(t, strcmp(dibs_dev_name(dev), "st-known"), 0);
	expect_eq(t, dibs_dev_fabric_id(dev), FAKE_FABRIC);
	expect(t, uuid_equal(dibs_dev_gid(dev), &a->gid));
	expect_eq(t, dibs_dev_max_dmb_len(dev), 12345);
	expect(t, dibs_dev_has_vlans(dev));
	expect(t, !dibs_dev_maps(dev));
	expect(t, dibs_dev_shared(dev));
	expect(t, dibs_dev_usable(dev, &init_net));
	expect(t, dibs_dev_priv(dev) == a);

	opt = (struct fake_options) {
		.name = "st-known2",
		.fabric = DIBS_FABRIC_LOOPBACK,
		.maps = true,
		.net = &init_net,
	};
	b = fake_new(&opt);
	if (expect(t, b)) {
		expect(t, dibs_dev_maps(b->dev));
		expect(t, !dibs_dev_has_vlans(b->dev));
		expect(t, !dibs_dev_shared(b->dev));
		expect(t, dibs_dev_index(b->dev) > dibs_dev_index(dev));
	}
	fake_free(b);
	fake_free(a);
}

/* Errors of the driver reach the client unchanged. */
static void driver_errors(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_UNMAPPED, 100);
	struct dibs_vlan none = {};
	struct dibs_dmb *dmb;

	if (!p)
		return;
	p->fake->fail[FAKE_REGISTER] = -EMLINK;
	dmb = pair_register(p, 100, NULL);
	expect_err(t, dmb, -EMLINK);
	p->fake->fail[FAKE_MOVE] = -EREMOTEIO;
	expect_eq(t, dibs_move_data(p->att, 0, true, 0, "x", 1), -EREMOTEIO);
	p->fake->fail[FAKE_QUERY] = -EHOSTDOWN;
	expect_eq(t, dibs_query_remote_gid(p->tc.client, p->dev, &p->fake->gid,
					   none), -EHOSTDOWN);
	p->fake->fail[FAKE_SIGNAL_EVENT] = -ECOMM;
	expect_eq(t, dibs_signal_event(p->tc.client, p->dev, &p->fake->gid,
				       true, 1, 2), -ECOMM);
	expect_eq(t, atomic_read(&p->watch.calls), 0);
	pair_free(p);
}

static void register_errors(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_REMOTE, 100);
	int unregistered;
	struct dibs_dmb *dmb;

	if (!p)
		return;
	/* -EUCLEAN: fails after it has allocated memory. */
	p->fake->fail[FAKE_REGISTER] = -EUCLEAN;
	dmb = pair_register(p, 100, NULL);
	expect_err(t, dmb, -EUCLEAN);
	expect_eq(t, fake_calls(p->fake, FAKE_UNREGISTER), 0);
	p->fake->fail[FAKE_REGISTER] = 0;
	/* A driver that succeeds but sets no token. */
	p->fake->zero_token = true;
	unregistered = fake_calls(p->fake, FAKE_UNREGISTER);
	dmb = pair_register(p, 100, NULL);
	expect(t, IS_ERR(dmb));
	expect_eq(t, fake_calls(p->fake, FAKE_UNREGISTER), unregistered + 1);
	p->fake->zero_token = false;
	pair_free(p);
}

static void attach_errors(struct test *t)
{
	struct pair *p = pair_new_waiting(t, PAIR_MAPPED, 100);

	if (!p)
		return;
	p->fake->fail[FAKE_ATTACH] = -EMLINK;
	p->att = pair_attach(p, p->dmb);
	if (!expect_err(t, p->att, -EMLINK))
		dibs_detach_dmb(p->tc.client, &p->att);
	p->att = NULL;
	expect_eq(t, fake_calls(p->fake, FAKE_DETACH), 0);
	expect(t, !dibs_dmb_attached(p->dmb));
	pair_free(p);
}

static void no_unregister_op(struct test *t)
{
	struct fake_options opt = {
		.name = "st-forgetful",
		.fabric = DIBS_FABRIC_LOOPBACK,
		.maps = true,
		.forgetful = true,
	};
	struct pair *p = pair_new(t, PAIR_UNMAPPED, 100);
	struct fake *fake = fake_new(&opt);
	struct dibs_dmb_params params;
	struct dibs_dmb *dmb;

	if (p && expect(t, fake)) {
		params = pair_dmb_params(p, 100);
		params.rgid = fake->gid;
		dmb = dibs_register_dmb(p->tc.client, fake->dev, &init_net,
					&params);
		if (expect_err(t, dmb, 0))
			dibs_unregister_dmb(dmb);
	}
	fake_free(fake);
	pair_free(p);
}

const struct test_case contract_cases[] = {
	{ "a device without a required operation is refused", required_ops },
	{ "an operation without its counterpart is refused", paired_ops },
	{ "a device name has 1 to 15 characters of a-z, 0-9, _ and -",
	  device_names },
	{ "a device without a GID or with impossible limits is refused",
	  device_limits },
	{ "a client without one of its operations is refused", client_ops },
	{ "a client name has 1 to 15 characters of a-z, 0-9, _ and -",
	  client_names },
	{ "a client name that is taken is refused", client_name_taken },
	{ "a device refused for its name can be added later",
	  device_name_taken },
	{ "the accessors return what the driver described", accessors },
	{ "a client gets the driver's error unchanged", driver_errors },
	{ "a failed registration leaves nothing behind in the driver",
	  register_errors },
	{ "a failed attach leaves nothing behind in the driver",
	  attach_errors },
	{ "a device may do without unregister_dmb", no_unregister_op },
	{}
};

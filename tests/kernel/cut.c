// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Losing the right to a device produces an event for each handle, even for a
 * client that only reads what a peer writes into memory they both map.
 */
#include <linux/err.h>

#include "admin.h"
#include "fixture.h"

#define LEN	5000

/* Number of events about one DMB, by subtype. */
struct hearing {
	u64 token;
	atomic_t cut;
	atomic_t other;
};

struct cut {
	struct test *t;
	struct net *net;	/* namespace that loses the right */
	struct fake *fake;
	struct tclient tc;
	struct hearing hearing;
	struct dibs_dmb *dmb;
	struct dibs_attachment *att;
};

static void hear(struct tclient *tc, struct dibs_dev *dev,
		 const struct dibs_event *event)
{
	struct hearing *hearing = tc->arg;

	if (event->type != DIBS_EVENT_BUF ||
	    event->token != READ_ONCE(hearing->token))
		return;
	if (event->subtype == DIBS_EVENT_BUF_CUT)
		atomic_inc(&hearing->cut);
	else
		atomic_inc(&hearing->other);
}

static bool cut_connect(struct cut *c, struct net *reader, struct net *writer)
{
	struct dibs_dmb_params params = {
		.rgid = *dibs_dev_gid(c->fake->dev),
		.len = LEN,
		.header_len = 64,
	};
	struct dibs_attach_params attach = { .rgid = params.rgid };

	c->dmb = dibs_register_dmb(c->tc.client, c->fake->dev, reader,
				   &params);
	if (!expect_err(c->t, c->dmb, 0)) {
		c->dmb = NULL;
		return false;
	}
	attach.token = dibs_dmb_token(c->dmb);
	WRITE_ONCE(c->hearing.token, attach.token);
	c->att = dibs_attach_dmb(c->tc.client, c->fake->dev, writer, &attach);
	if (!expect_err(c->t, c->att, 0)) {
		c->att = NULL;
		return false;
	}
	return expect(c->t, dibs_attachment_header(c->att) ==
			    dibs_dmb_header(c->dmb));
}

static void cut_disconnect(struct cut *c)
{
	if (c->att)
		dibs_detach_dmb(c->tc.client, &c->att);
	dibs_unregister_dmb(c->dmb);
	c->dmb = NULL;
	atomic_set(&c->hearing.cut, 0);
	atomic_set(&c->hearing.other, 0);
}

/* One way to take the right away and to give it back. */
struct way {
	int (*take)(struct cut *c);
	int (*give)(struct cut *c);
	struct net *owner;
};

/*
 * Takes a right away while @reader and @writer have handles: the reader's
 * client gets DIBS_EVENT_BUF_CUT and nothing else.
 */
static void cut_check(struct cut *c, const struct way *way,
		      struct net *reader, struct net *writer)
{
	if (!cut_connect(c, reader, writer) ||
	    !expect_eq(c->t, way->take(c), 0))
		goto out;
	expect(c->t, atomic_read(&c->hearing.cut) > 0);
	expect_eq(c->t, atomic_read(&c->hearing.other), 0);
	expect_eq(c->t, dibs_attachment_is_cut(c->att),
		  !net_eq(writer, &init_net));
	expect_eq(c->t, dibs_move_data(c->att, 0, true, 0, "x", 1),
		  net_eq(writer, &init_net) ? -ESTALE : -ENODEV);
	/* Mapped memory stays. */
	expect_eq(c->t, *(u8 *)dibs_dmb_header(c->dmb), 0);
	expect_eq(c->t, way->give(c), 0);
out:
	cut_disconnect(c);
}

static void cut_run(struct test *t, const struct way *way)
{
	const struct fake_options opt = {
		.name = "st-cut",
		.fabric = DIBS_FABRIC_LOOPBACK,
		.maps = true,
		.net = way->owner,
	};
	struct cut c = { .t = t, .net = other_net(t) };

	if (!c.net)
		return;
	c.tc.arg = &c.hearing;
	c.tc.on_event = hear;
	c.fake = fake_new(&opt);
	if (expect(t, c.fake) &&
	    expect_eq(t, tclient_register(&c.tc, "st-cut"), 0) &&
	    expect_eq(t, way->give(&c), 0)) {
		cut_check(&c, way, c.net, c.net);
		cut_check(&c, way, c.net, &init_net);
		cut_check(&c, way, &init_net, c.net);
	}
	tclient_unregister(&c.tc);
	fake_free(c.fake);
	put_net(c.net);
}

static int set_shared(u8 shared)
{
	const struct admin_request request = {
		.net = &init_net,
		.cmd = DIBS_CMD_DEV_SET,
		.name = "st-cut",
		.shared = &shared,
	};

	return admin_ask(&request);
}

static int unshare_device(struct cut *c)
{
	return set_shared(false);
}

static int share_device(struct cut *c)
{
	return set_shared(true);
}

static void unshared(struct test *t)
{
	static const struct way way = { unshare_device, share_device };

	cut_run(t, &way);
}

static int grant_cmd(u8 cmd)
{
	const struct admin_request request = {
		.net = &init_net,
		.cmd = cmd,
		.name = "st-cut",
		.pid = other_pid(),
	};

	return admin_ask(&request);
}

static int revoke(struct cut *c)
{
	return grant_cmd(DIBS_CMD_DEV_REVOKE);
}

static int grant(struct cut *c)
{
	return grant_cmd(DIBS_CMD_DEV_GRANT);
}

static void revoked(struct test *t)
{
	static const struct way way = { revoke, grant, &init_net };

	cut_run(t, &way);
}

static int own_cmd(struct cut *c, u8 cmd)
{
	const struct admin_request request = {
		.net = c->net,
		.cmd = cmd,
		.name = "st-cut",
	};

	return admin_ask(&request);
}

static int leave(struct cut *c)
{
	return own_cmd(c, DIBS_CMD_DEV_LEAVE);
}

static int join(struct cut *c)
{
	return own_cmd(c, DIBS_CMD_DEV_JOIN);
}

static void left(struct test *t)
{
	static const struct way way = { leave, join };

	cut_run(t, &way);
}

const struct test_case cut_cases[] = {
	{ "a mapped reader gets an event when the device is no longer shared",
	  unshared },
	{ "a mapped reader gets an event when a grant is revoked", revoked },
	{ "a mapped reader gets an event when a namespace leaves the device",
	  left },
	{}
};

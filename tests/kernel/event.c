// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Events of the fabric reach the clients that have the device.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/preempt.h>

#include "crew.h"
#include "fixture.h"

static void software(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_LO, 100);
	struct dibs_event event;
	struct tclient other = {};

	if (!p)
		return;
	expect_eq(t, tclient_register(&other, "st-other"), 0);
	expect_eq(t, dibs_signal_event(p->tc.client, p->dev,
				       dibs_dev_gid(p->dev), true, 42,
				       0x123456789abcdef0ULL), 0);
	expect_eq(t, atomic_read(&p->tc.events), 1);
	expect_eq(t, atomic_read(&other.events), 1);
	event = tclient_last(&other);
	expect_eq(t, event.type, DIBS_EVENT_SW);
	expect_eq(t, event.subtype, 42);
	expect(t, event.data == 0x123456789abcdef0ULL);
	expect(t, uuid_equal(&event.gid, dibs_dev_gid(p->dev)));
	tclient_unregister(&other);
	pair_free(p);
}

static void unreachable_peer(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_LO, 100);
	struct dibs_vlan none = {};
	uuid_t gid;

	if (!p)
		return;
	uuid_gen(&gid);
	expect_eq(t, dibs_signal_event(p->tc.client, p->dev, &gid, true, 1, 2),
		  -ENETUNREACH);
	expect_eq(t, atomic_read(&p->tc.events), 0);
	expect_eq(t, dibs_query_remote_gid(p->tc.client, p->dev, &gid, none),
		  -ENETUNREACH);
	expect_eq(t, dibs_query_remote_gid(p->tc.client, p->dev,
					   dibs_dev_gid(p->dev), none), 0);
	pair_free(p);
}

static void mute_device(struct test *t)
{
	struct fake_options opt = { .name = "st-mute", .mute = true };
	struct fake *fake = fake_new(&opt);
	struct tclient tc = {};

	expect_eq(t, tclient_register(&tc, "st-mute"), 0);
	if (expect(t, fake))
		expect_eq(t, dibs_signal_event(tc.client, fake->dev,
					       &fake->gid, true, 1, 2),
			  -EOPNOTSUPP);
	tclient_unregister(&tc);
	fake_free(fake);
}

/* Called before del_dev, while the client still has the device. */
static void last_event(struct tclient *tc, struct dibs_dev *dev,
		       const struct dibs_event *event)
{
	struct test *t = tc->arg;

	expect(t, in_softirq());
	expect(t, !irqs_disabled());
	expect(t, tclient_has(tc, dev));
}

static void device_disabled(struct test *t)
{
	struct fake_options opt = { .name = "st-going" };
	struct fake *fake = fake_new(&opt);
	struct tclient tc = { .on_event = last_event };
	struct dibs_event event;

	tc.arg = t;
	expect_eq(t, tclient_register(&tc, "st-going"), 0);
	if (expect(t, fake)) {
		fake_del(fake);
		expect_eq(t, atomic_read(&tc.events), 1);
		event = tclient_last(&tc);
		expect_eq(t, event.type, DIBS_EVENT_DEV);
		expect_eq(t, event.subtype, DIBS_EVENT_DEV_DISABLED);
		expect(t, uuid_equal(&event.gid, &fake->gid));
		expect_eq(t, atomic_read(&tc.dels), 1);
	}
	tclient_unregister(&tc);
	fake_free(fake);
}

/* Events of a device arrive unchanged, and none after it was deleted. */
static void any_event(struct test *t)
{
	struct fake_options opt = { .name = "st-news" };
	struct fake *fake = fake_new(&opt);
	struct dibs_event event = {
		.type = DIBS_EVENT_OTHER,
		.subtype = DIBS_EVENT_UNKNOWN,
		.token = 1,
		.time = 2,
		.data = 3,
	}, got;
	struct tclient tc = {};

	if (!expect(t, fake))
		return;
	dibs_event(fake->dev, &event);
	expect_eq(t, tclient_register(&tc, "st-news"), 0);
	expect_eq(t, atomic_read(&tc.events), 0);
	dibs_event(fake->dev, &event);
	expect_eq(t, atomic_read(&tc.events), 1);
	got = tclient_last(&tc);
	expect_eq(t, memcmp(&got, &event, sizeof(event)), 0);
	fake_del(fake);
	dibs_event(fake->dev, &event);
	expect_eq(t, atomic_read(&tc.events), 2);	/* and DISABLED */
	tclient_unregister(&tc);
	fake_free(fake);
}

/* Moves and signals within an event callback. */
static void reenter(struct tclient *tc, struct dibs_dev *dev,
		    const struct dibs_event *event)
{
	struct pair *p = tc->arg;

	if (dev != p->dev || event->type != DIBS_EVENT_SW)
		return;
	dibs_move_data(p->att, 0, true, 0, "abc", 3);
	dibs_client_dev_priv(tc->client, dev);
}

static void event_reenters(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_LO, 100);
	int i;

	if (!p)
		return;
	p->tc.arg = p;
	p->tc.on_event = reenter;
	for (i = 0; i < 50; i++)
		expect_eq(t, dibs_signal_event(p->tc.client, p->dev,
					       dibs_dev_gid(p->dev), true, 1,
					       2), 0);
	expect_eq(t, atomic_read(&p->tc.events), 50);
	expect_eq(t, atomic_read(&p->watch.calls), 50);
	p->tc.on_event = NULL;
	pair_free(p);
}

static void event_step(void *arg, unsigned int nr)
{
	struct fake *fake = arg;
	struct dibs_event event = { .type = DIBS_EVENT_OTHER };

	dibs_event(fake->dev, &event);
	usleep_range(1, 10);
}

static void events_while_clients_come(struct test *t)
{
	struct fake_options opt = { .name = "st-stormy" };
	struct fake *fake = fake_new(&opt);
	struct crew crew = {};
	struct tclient tc;
	int i, events = 0;

	if (!expect(t, fake))
		return;
	crew_add(&crew, event_step, fake);
	crew_add(&crew, event_step, fake);
	for (i = 0; i < 20 || (i < 500 && !events); i++) {
		memset(&tc, 0, sizeof(tc));
		if (!expect_eq(t, tclient_register(&tc, "st-stormy"), 0))
			break;
		usleep_range(100, 200);
		tclient_unregister(&tc);
		events += atomic_read(&tc.events);
		expect_eq(t, atomic_read(&tc.late), 0);
	}
	crew_stop(&crew);
	expect(t, events > 0);
	fake_free(fake);
}

const struct test_case event_cases[] = {
	{ "a software event reaches all clients of the device", software },
	{ "a peer that does not exist is unreachable", unreachable_peer },
	{ "a device without software events returns EOPNOTSUPP", mute_device },
	{ "clients get DEV_DISABLED while they still have the device",
	  device_disabled },
	{ "an event of a device reaches its clients unchanged", any_event },
	{ "an event callback may move and signal", event_reenters },
	{ "clients can come and go while events are delivered",
	  events_while_clients_come },
	{}
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * What an adapter reports to the ISM driver: events and interrupts, and the
 * effects of VLANs.
 */
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/slab.h>

#include "crew.h"
#include "ism.h"

#define CROWD	300

/*
 * --- events ------------------------------------------------------------------
 */

static const struct told {
	u32 type;
	u32 code;
	enum dibs_event_type want;
	u32 subtype;
} told[] = {
	{ 0, 0x02, DIBS_EVENT_BUF, DIBS_EVENT_UNKNOWN },
	{ 0, 0x03, DIBS_EVENT_BUF, DIBS_EVENT_UNKNOWN },
	{ 0, 0x04, DIBS_EVENT_BUF, DIBS_EVENT_BUF_UNREGISTERED },
	{ 0, 0x05, DIBS_EVENT_BUF, DIBS_EVENT_UNKNOWN },
	{ 0, 0x06, DIBS_EVENT_BUF, DIBS_EVENT_UNKNOWN },
	{ 0, 0x08, DIBS_EVENT_BUF, DIBS_EVENT_UNKNOWN },
	{ 0, 0x01, DIBS_EVENT_BUF, DIBS_EVENT_UNKNOWN },
	{ 1, 0x01, DIBS_EVENT_DEV, DIBS_EVENT_DEV_ERROR },
	{ 1, 0x07, DIBS_EVENT_DEV, DIBS_EVENT_DEV_DISABLED },
	{ 1, 0x04, DIBS_EVENT_DEV, DIBS_EVENT_UNKNOWN },
	{ 2, 0x12345678, DIBS_EVENT_SW, 0x12345678 },
	{ 3, 0x01, DIBS_EVENT_OTHER, DIBS_EVENT_UNKNOWN },
	{ 0xffffffff, 0xffffffff, DIBS_EVENT_OTHER, DIBS_EVENT_UNKNOWN },
};

static void each_event(struct test *t)
{
	const u64 tok = 0x0123456789abcdefULL, info = 0xfedcba9876543210ULL;
	struct ism_pair *p = ism_pair_begin(t);
	uuid_t gid = dibs_gid_from_u64(tok);
	struct dibs_event event;
	unsigned int i;
	u64 began;

	for (i = 0; p && i < ARRAY_SIZE(told) && !t->failed; i++) {
		began = ktime_get_real_ns();
		expect_eq(t, sim("ism1", "event", "%u %u %llu %llu",
				 told[i].type, told[i].code, tok, info), 0);
		expect(t, crew_wait(&p->events, i + 1));
		event = tclient_last(&p->tc);
		expect_eq(t, event.type, told[i].want);
		expect_eq(t, event.subtype, told[i].subtype);
		expect(t, event.data ==
			  (told[i].type == ISM_EVENT_SWR ? info :
							   told[i].code));
		expect(t, event.time >= began &&
		       event.time <= ktime_get_real_ns());
		if (told[i].want == DIBS_EVENT_BUF)
			expect(t, event.token == tok);
		else if (told[i].want != DIBS_EVENT_OTHER)
			expect(t, uuid_equal(&event.gid, &gid));
		if (t->failed)
			test_note(t, "type %u code %u", told[i].type,
				  told[i].code);
	}
	ism_pair_end(p);
}

/* How an adapter is lost, and the events about it and its DMB. */
static const struct lost {
	const char *adapter;
	const char *state;
	u32 subtype;
	u32 dev;
	u32 buf;
} lost[] = {
	{ "ism1", "error", DIBS_EVENT_DEV_ERROR,
	  ISM_EVENT_DEV_ERROR, ISM_EVENT_BUF_OWNER_ERROR },
	{ "ism1", "disabled", DIBS_EVENT_DEV_DISABLED,
	  ISM_EVENT_DEV_DISABLED, ISM_EVENT_BUF_UNREGISTERED },
	{ "ism0", "error", DIBS_EVENT_DEV_ERROR,
	  ISM_EVENT_DEV_ERROR, ISM_EVENT_BUF_USER_ERROR },
	{ "ism0", "disabled", DIBS_EVENT_DEV_DISABLED,
	  ISM_EVENT_DEV_DISABLED, ISM_EVENT_BUF_USER_DISABLED },
};

static void lost_asked(struct ism_pair *p, bool is_owner)
{
	const struct dibs_vlan none = {};
	struct test *t = p->t;
	uuid_t gid = dibs_gid_from_u64(ISM1_GID);

	if (is_owner) {
		expect_eq(t, dibs_move_data(p->att, 0, true, 0, "x", 1),
			  -ESTALE);
		expect_eq(t, dibs_query_remote_gid(p->tc.client, p->mover,
						   &gid, none), -ENETUNREACH);
		expect_eq(t, ism_ask_reachable(p), -ENODEV);
	} else {
		expect(t, dibs_move_data(p->att, 0, true, 0, "x", 1));
		expect_eq(t, ism_ask_reachable(p), -ENETUNREACH);
	}
}

static void peer_lost(struct test *t, const struct lost *l)
{
	struct ism_pair *p = ism_pair_begin(t);
	u32 buf = l->buf == ISM_EVENT_BUF_UNREGISTERED ?
		  DIBS_EVENT_BUF_UNREGISTERED : DIBS_EVENT_UNKNOWN;

	if (!p)
		return;
	expect_eq(t, dibs_move_data(p->att, 0, false, 0, "x", 1), 0);
	expect_eq(t, sim(l->adapter, "state", "%s", l->state), 0);
	/* The device event from both adapters, and the event of the DMB. */
	expect(t, crew_wait(&p->events, 3));
	expect_eq(t, ism_saw(p, DIBS_EVENT_DEV, l->subtype, l->dev), 2);
	expect_eq(t, ism_saw(p, DIBS_EVENT_BUF, buf, l->buf), 1);
	lost_asked(p, !strcmp(l->adapter, "ism1"));
	expect(t, crew_wait(&p->tc.dels, 1));
	expect_eq(t, atomic_read(&p->tc.dels), 1);
	expect(t, !tclient_dev(&p->tc, l->adapter));
	if (t->failed)
		test_note(t, "%s: %s", l->adapter, l->state);
	ism_pair_end(p);
	sim_mend(t, l->adapter);
}

static void lost_peers(struct test *t)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lost) && !t->failed; i++)
		peer_lost(t, &lost[i]);
}

/* The adapter still answers: the event alone removes its device. */
static void own_end(struct test *t, u32 code, u32 subtype)
{
	struct ism_pair *p = ism_pair_begin(t);

	if (!p)
		return;
	/* An event without a meaning, and one about another adapter. */
	expect_eq(t, sim("ism1", "event", "1 4 %llu 0", ISM1_GID), 0);
	expect_eq(t, sim("ism1", "event", "1 %u %llu 0", code, ISM1_GID + 1),
		  0);
	expect(t, crew_wait(&p->events, 2));
	expect_eq(t, ism_ask_reachable(p), 0);
	expect_eq(t, sim("ism1", "event", "1 %u %llu 0", code, ISM1_GID), 0);
	expect(t, crew_wait(&p->tc.dels, 1));
	expect_eq(t, ism_saw(p, DIBS_EVENT_DEV, subtype, code), 2);
	expect_eq(t, ism_ask_reachable(p), -ENODEV);
	ism_pair_end(p);
	sim_mend(t, "ism1");
}

static void own_ends(struct test *t)
{
	own_end(t, ISM_EVENT_DEV_ERROR, DIBS_EVENT_DEV_ERROR);
	own_end(t, ISM_EVENT_DEV_DISABLED, DIBS_EVENT_DEV_DISABLED);
}

/*
 * --- interrupts
 * ---------------------------------------------------------------
 */

static void no_cause(struct test *t)
{
	struct ism_pair *p = ism_pair_begin(t);
	int before;

	if (!p)
		return;
	before = sim_count("ism1", "stats/interrupts");
	expect_eq(t, sim("ism1", "interrupt", "1"), 0);
	/* An index without a DMB, and indexes that no DMB can have. */
	expect_eq(t, sim("ism1", "signal", "1919 0xffff"), 0);
	expect_eq(t, sim("ism1", "signal", "0 0xffff"), 0);
	expect_eq(t, sim("ism1", "signal", "31 0xffff"), 0);
	expect_eq(t, dibs_signal(p->att, 3), 0);
	expect(t, crew_wait(&p->watch.calls, 1));
	expect_eq(t, atomic_read(&p->watch.calls), 1);
	expect_eq(t, atomic_read(&p->watch.mask), dibs_signal_mask(3));
	expect(t, sim_count("ism1", "stats/interrupts") > before);
	expect_eq(t, atomic_read(&p->events), 0);
	ism_pair_end(p);
}

/* All masks arrive, however few interrupts there are. */
static void merged(struct test *t)
{
	struct ism_pair *p = ism_pair_begin(t);
	unsigned int idx, calls;
	u32 mask = 0;
	int before;

	if (!p)
		return;
	before = sim_count("ism1", "stats/interrupts");
	expect_eq(t, sim("ism1", "irq_delay_us", "300000"), 0);
	for (idx = 0; idx < DIBS_SIGNAL_BITS; idx++) {
		expect_eq(t, dibs_signal(p->att, idx), 0);
		mask |= dibs_signal_mask(idx);
	}
	for (calls = 1; calls <= DIBS_SIGNAL_BITS; calls++)
		if (!crew_wait(&p->watch.calls, calls) ||
		    atomic_read(&p->watch.mask) == mask)
			break;
	expect_eq(t, atomic_read(&p->watch.mask), mask);
	expect(t, sim_count("ism1", "stats/interrupts") - before <
		  DIBS_SIGNAL_BITS);
	expect(t, atomic_read(&p->watch.calls) < DIBS_SIGNAL_BITS);
	expect_eq(t, sim("ism1", "irq_delay_us", "0"), 0);
	ism_pair_end(p);
}

struct crowd {
	struct dibs_dmb *dmb;
	struct watch watch;
};

/*
 * One interrupt for all signals, plus those caused while the driver handles
 * them.
 */
static void crowd_signal(struct ism_pair *p, struct crowd *crowd)
{
	struct test *t = p->t;
	int before = sim_count("ism1", "stats/interrupts");
	unsigned int i;

	expect_eq(t, sim("ism1", "irq_delay_us", "300000"), 0);
	for (i = 0; i < CROWD; i++)
		expect_eq(t, sim("ism1", "signal", "%u 1",
				 dibs_dmb_index(crowd[i].dmb)), 0);
	expect_eq(t, sim("ism1", "irq_delay_us", "0"), 0);
	expect(t, crew_wait(&crowd[CROWD - 1].watch.calls, 1));
	expect(t, sim_count("ism1", "stats/interrupts") - before < CROWD / 2);
	for (i = 0; i < CROWD; i++)
		expect(t, crew_wait(&crowd[i].watch.calls, 1));
}

/* More signals than one run of the driver's tasklet handles. */
static void many_signals(struct test *t)
{
	struct crowd *crowd = kvcalloc(CROWD, sizeof(*crowd), GFP_KERNEL);
	struct ism_pair *p = ism_pair_begin(t);
	unsigned int n;

	if (!p || !expect(t, crowd))
		goto out;
	for (n = 0; n < CROWD; n++) {
		crowd[n].dmb = ism_register(p, 4096, 0, &crowd[n].watch);
		if (!expect_err(t, crowd[n].dmb, 0))
			break;
	}
	if (n == CROWD)
		crowd_signal(p, crowd);
	while (n--) {
		watch_unregister(&crowd[n].watch, crowd[n].dmb);
		expect_eq(t, atomic_read(&crowd[n].watch.calls), 1);
		watch_expect_clean(t, &crowd[n].watch);
	}
out:
	ism_pair_end(p);
	kvfree(crowd);
}

/*
 * An event without an interrupt arrives with the next one that interrupts. The
 * adapter sets the summary to interrupt; the driver clears the event's bit.
 */
static void silent_event_mended(struct test *t)
{
	struct ism_pair *p = ism_pair_begin(t);
	u8 *sba, *ieq;
	const uuid_t *gid;
	int before;

	if (!p || !ism_areas(t, &sba, &ieq))
		goto out;
	gid = dibs_dev_gid(p->owner);
	before = sim_count("ism1", "stats/interrupts");
	expect_eq(t, dibs_signal_event(p->tc.client, p->mover, gid, false, 1,
				       2), 0);
	expect_eq(t, READ_ONCE(sba[0]), ISM_SBA_EVENT);
	expect_eq(t, sim_count("ism1", "stats/interrupts"), before);
	expect_eq(t, atomic_read(&p->events), 0);
	expect_eq(t, dibs_signal_event(p->tc.client, p->mover, gid, true, 3,
				       4), 0);
	expect(t, crew_wait(&p->events, 2));
	expect_eq(t, tclient_last(&p->tc).subtype, 3);
	expect_eq(t, sim_count("ism1", "stats/interrupts"), before + 1);
out:
	ism_pair_end(p);
}

static void silent_event(struct test *t)
{
	sim_mend(t, "ism1");
	silent_event_mended(t);
}

/* Only events without room in the queue are lost; later ones arrive. */
static void full_queue(struct test *t)
{
	struct ism_pair *p = ism_pair_begin(t);
	int i, dropped;

	if (!p)
		return;
	dropped = sim_count("ism1", "stats/events_dropped");
	expect_eq(t, sim("ism1", "irq_delay_us", "300000"), 0);
	for (i = 1; i <= 100; i++)
		expect_eq(t, sim("ism1", "event", "2 %d 1 2", i), 0);
	expect_eq(t, sim("ism1", "irq_delay_us", "0"), 0);
	dropped = sim_count("ism1", "stats/events_dropped") - dropped;
	expect(t, dropped > 0);
	expect(t, crew_wait(&p->events, 100 - dropped));
	expect_eq(t, sim("ism1", "event", "2 1000 1 2"), 0);
	expect(t, crew_wait(&p->events, 101 - dropped));
	expect_eq(t, tclient_last(&p->tc).subtype, 1000);
	expect_eq(t, atomic_read(&p->events), 101 - dropped);
	ism_pair_end(p);
}

static void wrong_idx(struct test *t)
{
	static const u64 nonsense[] = { 0, 16, 0xffffffffffffffffULL };
	struct ism_pair *p;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nonsense) && !t->failed; i++) {
		/* The first event has index 1; no others follow it. */
		sim_mend(t, "ism1");
		p = ism_pair_begin(t);
		if (!p)
			return;
		expect_eq(t, sim("ism1", "ieq_idx", "5"), 0);
		expect(t, crew_wait(&p->events, 4));
		/* To index 2, all the way round: the first arrives again. */
		expect_eq(t, sim("ism1", "event", "2 9 1 2"), 0);
		expect(t, crew_wait(&p->events, 15));
		expect_eq(t, tclient_last(&p->tc).subtype, 9);
		expect_eq(t, sim("ism1", "ieq_idx", "%llu", nonsense[i]), 0);
		expect(t, crew_wait(&p->tc.dels, 1));
		ism_pair_end(p);
		sim_mend(t, "ism1");
	}
}

/*
 * --- VLANs
 * -----------------------------------------------------------------------
 */

static void all_vlans(struct test *t)
{
	struct ism_pair *p = ism_pair_begin(t);
	struct dibs_client *client;
	int vid;

	if (!p)
		return;
	client = p->tc.client;
	for (vid = 1; vid < ISM_VLANS; vid++)
		if (!expect_eq(t, dibs_add_vlan(client, p->owner, vid), 0))
			break;
	expect_eq(t, dibs_add_vlan(client, p->owner, 4094), -EREMOTEIO);
	while (--vid)
		expect_eq(t, dibs_del_vlan(client, p->owner, vid), 0);
	expect_eq(t, dibs_add_vlan(client, p->owner, 4094), 0);
	expect_eq(t, dibs_del_vlan(client, p->owner, 4094), 0);
	ism_pair_end(p);
}

/* The adapter refuses to leave; the driver knows that when it joins again. */
static void kept_vlan(struct test *t)
{
	struct ism_pair *p = ism_pair_begin(t);
	const struct dibs_vlan vlan = { .id = 7, .valid = true };
	struct dibs_client *client;
	const uuid_t *gid;

	if (!p)
		return;
	client = p->tc.client;
	gid = dibs_dev_gid(p->owner);
	expect_eq(t, dibs_add_vlan(client, p->mover, 7), 0);
	expect_eq(t, dibs_add_vlan(client, p->owner, 7), 0);
	expect_eq(t, sim("ism1", "fail_command", "del_vlan 0x17"), 0);
	expect_eq(t, dibs_del_vlan(client, p->owner, 7), 0);
	expect_eq(t, dibs_query_remote_gid(client, p->mover, gid, vlan), 0);
	expect_eq(t, dibs_add_vlan(client, p->owner, 7), 0);
	expect_eq(t, dibs_del_vlan(client, p->owner, 7), 0);
	expect_eq(t, dibs_query_remote_gid(client, p->mover, gid, vlan),
		  -ENETUNREACH);
	/* Now by a command again. */
	expect_eq(t, dibs_add_vlan(client, p->owner, 7), 0);
	expect_eq(t, dibs_query_remote_gid(client, p->mover, gid, vlan), 0);
	expect_eq(t, dibs_del_vlan(client, p->owner, 7), 0);
	expect_eq(t, dibs_del_vlan(client, p->mover, 7), 0);
	ism_pair_end(p);
}

/* Both ends of a DMB get an event when the other end leaves its VLAN. */
static void left_vlan(struct test *t)
{
	struct ism_pair *p = ism_pair_begin(t);
	struct dibs_client *client;

	if (!p)
		return;
	client = p->tc.client;
	dibs_detach_dmb(client, &p->att);
	watch_unregister(&p->watch, p->dmb);
	expect_eq(t, dibs_add_vlan(client, p->owner, 9), 0);
	expect_eq(t, dibs_add_vlan(client, p->mover, 9), 0);
	p->dmb = ism_register(p, ISM_LEN, 9, NULL);
	if (!expect_err(t, p->dmb, 0))
		goto out;
	p->att = ism_attach(p, p->mover);
	expect_eq(t, dibs_move_data(p->att, 0, true, 0, "x", 1), 0);
	expect_eq(t, dibs_del_vlan(client, p->mover, 9), 0);
	expect(t, crew_wait(&p->events, 1));
	expect(t, tclient_last(&p->tc).data == ISM_EVENT_BUF_USER_VLAN);
	expect_eq(t, dibs_move_data(p->att, 0, true, 0, "x", 1), -ESTALE);
	expect_eq(t, dibs_add_vlan(client, p->mover, 9), 0);
	expect_eq(t, dibs_move_data(p->att, 0, true, 0, "x", 1), 0);
	expect_eq(t, dibs_del_vlan(client, p->owner, 9), 0);
	expect(t, crew_wait(&p->events, 2));
	expect(t, tclient_last(&p->tc).data == ISM_EVENT_BUF_OWNER_VLAN);
	expect_eq(t, dibs_del_vlan(client, p->mover, 9), 0);
out:
	ism_pair_end(p);
}

/* SET_VLAN and RESET_VLAN, which our driver never sends, but a peer's may. */
static void required_vlan(struct test *t)
{
	struct ism_pair *p = ism_pair_begin(t);
	const struct dibs_vlan vlan = { .id = 7, .valid = true };
	struct dibs_client *client;
	struct dibs_dmb *dmb;

	if (!p)
		return;
	client = p->tc.client;
	expect_eq(t, dibs_add_vlan(client, p->owner, 7), 0);
	expect_eq(t, dibs_add_vlan(client, p->mover, 7), 0);
	expect_eq(t, sim("ism0", "command", "0000000600000008"), 0);
	expect_eq(t, ism_ask_reachable(p), -ENETUNREACH);
	expect_err(t, ism_register(p, 4096, 0, NULL), -EREMOTEIO);
	expect_eq(t, dibs_move_data(p->att, 0, true, 0, "x", 1), -ESTALE);
	expect_eq(t, dibs_query_remote_gid(client, p->owner,
					   dibs_dev_gid(p->mover), vlan), 0);
	dmb = ism_register(p, 4096, 7, NULL);
	if (expect_err(t, dmb, 0))
		dibs_unregister_dmb(dmb);
	expect_eq(t, sim("ism0", "command", "0000000700000008"), 0);
	expect_eq(t, ism_ask_reachable(p), 0);
	expect_eq(t, dibs_move_data(p->att, 0, true, 0, "x", 1), 0);
	expect(t, crew_wait(&p->watch.calls, 1));
	expect_eq(t, atomic_read(&p->tc.dels), 0);
	expect_eq(t, dibs_del_vlan(client, p->owner, 7), 0);
	expect_eq(t, dibs_del_vlan(client, p->mover, 7), 0);
	ism_pair_end(p);
}

const struct test_case ism_event_cases[] = {
	{ "each event arrives with its type, subtype and data", each_event },
	{ "clients get an event when a peer fails or leaves", lost_peers },
	{ "an adapter that reports its own failure or end loses its device",
	  own_ends },
	{ "interrupts without a cause and signals without a DMB do nothing",
	  no_cause },
	{ "merged interrupts lose no signal", merged },
	{ "each of very many simultaneous signals arrives exactly once",
	  many_signals },
	{ "an event without an interrupt arrives with the next interrupt",
	  silent_event },
	{ "a full event queue loses only what it has no room for", full_queue },
	{ "any event queue index works, and an invalid one removes the device",
	  wrong_idx },
	{ "an adapter takes 64 VLANs, that of version 2 included", all_vlans },
	{ "a VLAN the adapter refused to leave can be joined and left again",
	  kept_vlan },
	{ "an adapter outside a VLAN cannot move, and its peer gets an event",
	  left_vlan },
	{ "a peer that requires VLANs is reachable only through one",
	  required_vlan },
	{ }
};

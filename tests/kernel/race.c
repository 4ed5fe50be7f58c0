// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Cases with several CPUs at once, each for a limited time. Failures show as
 * counts here or as reports of the sanitizers.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "crew.h"
#include "fixture.h"

#define LEN	8192
/*
 * How long a callback or an operation that others wait for stays at most, so
 * that a failing case does not hang. Longer than the tester may be delayed,
 * shorter than a lockup.
 */
#define STAY_MS	5000

/* State that the members of a crew share. */
struct race {
	struct test *t;
	struct pair *p;
	u64 token;			/* of a DMB that may be gone */
	atomic_t turns;
	atomic_t good;
	atomic_t odd;			/* unexpected results */
	u32 random[CREW_MAX];
	bool in;			/* a member is staying ... */
	bool out;			/* ... until this is set */
	atomic_t done;
};

static struct race *race_new(struct test *t, enum pair_kind kind)
{
	struct race *race = kzalloc(sizeof(*race), GFP_KERNEL);
	int i;

	if (!expect(t, race))
		return NULL;
	race->t = t;
	race->p = pair_new(t, kind, LEN);
	if (!race->p) {
		kfree(race);
		return NULL;
	}
	for (i = 0; i < CREW_MAX; i++)
		race->random[i] = i + 1;
	return race;
}

static void race_free(struct race *race)
{
	expect_eq(race->t, atomic_read(&race->odd), 0);
	pair_free(race->p);
	kfree(race);
}

static bool one_of(long err, const int *errors)
{
	while (*errors && *errors != err)
		errors++;
	return *errors;
}

/* One registers and unregisters; the others attach by the token they see. */

static void owner_step(void *arg, unsigned int nr)
{
	struct race *race = arg;
	struct watch watch = {};
	struct dibs_dmb *dmb;
	u32 wait;

	dmb = pair_register(race->p, LEN, &watch);
	if (IS_ERR(dmb)) {
		atomic_inc(&race->odd);
		return;
	}
	WRITE_ONCE(race->token, dibs_dmb_token(dmb));
	/* Wait not at all, or about as long as a peer needs. */
	for (wait = crew_random(&race->random[nr]) % 64; wait; wait--) {
		if (wait % 4 && dibs_dmb_attached(dmb))
			break;
		udelay(5);
	}
	watch_unregister(&watch, dmb);
	if (atomic_read(&watch.late) || atomic_read(&watch.overlaps))
		atomic_inc(&race->odd);
	atomic_inc(&race->turns);
}

static void attach_step(void *arg, unsigned int nr)
{
	static const int attach_errors[] = { -ENOENT, -EBUSY, -ECONNREFUSED,
					     0 };
	static const int move_errors[] = { -ESTALE, 0 };
	struct race *race = arg;
	struct dibs_attachment *att;
	struct dibs_attach_params params = {
		.rgid = *dibs_dev_gid(race->p->dev),
		.token = READ_ONCE(race->token),
	};
	u32 word = 0x12345678;
	int err;

	att = dibs_attach_dmb(race->p->tc.client, race->p->dev, &init_net,
			      &params);
	if (IS_ERR(att)) {
		if (!one_of(PTR_ERR(att), attach_errors))
			atomic_inc(&race->odd);
		return;
	}
	atomic_inc(&race->good);
	err = dibs_move_data(att, 3, true, LEN - 4, &word, 4);
	if (err && !one_of(err, move_errors))
		atomic_inc(&race->odd);
	dibs_detach_dmb(race->p->tc.client, &att);
}

static void lookup_on(struct test *t, enum pair_kind kind)
{
	struct race *race = race_new(t, kind);
	struct crew crew = {};
	unsigned int i;

	if (!race)
		return;
	crew_add(&crew, owner_step, race);
	for (i = 0; i < num_online_cpus() && i < 4; i++)
		crew_add(&crew, attach_step, race);
	/* With sanitizers, few attaches succeed. */
	for (i = 0; i < 2 || (i < 40 && !atomic_read(&race->good)); i++)
		msleep(test_busy_ms());
	crew_stop(&crew);
	expect(t, atomic_read(&race->turns) > 0);
	expect(t, atomic_read(&race->good) > 0);
	test_note(t, "%d registered, %d attached", atomic_read(&race->turns),
		  atomic_read(&race->good));
	race_free(race);
}

static void lookup_against_unregister(struct test *t)
{
	lookup_on(t, PAIR_LO);
	lookup_on(t, PAIR_UNMAPPED);
}

/* All operations of a client on a device that comes and goes. */

static void any_move(struct race *race, unsigned int nr,
		     struct dibs_attachment *att)
{
	u32 *random = &race->random[nr];
	u32 offset = crew_random(random) % LEN;
	u32 size = crew_random(random) % (LEN - offset);
	u8 byte[256] = {};
	int err;

	size = min_t(u32, size, sizeof(byte));
	switch (crew_random(random) % 4) {
	case 0:
		err = dibs_signal(att, crew_random(random) % 16);
		break;
	case 1:
		err = dibs_attachment_populate(att, offset, size);
		break;
	case 2:
		dibs_attachment_trim(att, 0, LEN);
		err = 0;
		break;
	default:
		err = dibs_move_data(att, 1, crew_random(random) % 2, offset,
				     byte, size);
	}
	if (err && err != -ENODEV && err != -ESTALE && err != -ENOMEM)
		atomic_inc(&race->odd);
}

static void any_step(void *arg, unsigned int nr)
{
	struct race *race = arg;
	u32 *random = &race->random[nr];
	struct dibs_attachment *att;
	struct watch watch = {};
	struct dibs_dmb *dmb;
	int i;

	atomic_inc(&race->turns);
	dmb = pair_register(race->p, LEN, &watch);
	if (IS_ERR(dmb)) {
		if (PTR_ERR(dmb) != -ENODEV)
			atomic_inc(&race->odd);
		usleep_range(10, 50);
		return;
	}
	att = pair_attach(race->p, dmb);
	if (!IS_ERR(att))
		atomic_inc(&race->good);
	else if (PTR_ERR(att) != -ENODEV && PTR_ERR(att) != -ENOENT)
		atomic_inc(&race->odd);
	for (i = crew_random(random) % 8; i && !IS_ERR(att); i--)
		any_move(race, nr, att);
	if (crew_random(random) % 2 && !IS_ERR(att)) {
		dibs_detach_dmb(race->p->tc.client, &att);
		att = ERR_PTR(-ENOENT);
	}
	watch_unregister(&watch, dmb);
	if (!IS_ERR(att))
		dibs_detach_dmb(race->p->tc.client, &att);
	if (atomic_read(&watch.late) || atomic_read(&watch.overlaps))
		atomic_inc(&race->odd);
}

static void one_life(struct race *race, struct fake *fake)
{
	struct test *t = race->t;

	expect_eq(t, fake_add(fake), 0);
	usleep_range(1000, 3000);
	fake_del(fake);
	expect_eq(t, atomic_read(&fake->running), 0);
	expect_eq(t, fake_calls(fake, FAKE_REGISTER),
		  fake_calls(fake, FAKE_UNREGISTER));
	expect_eq(t, fake_calls(fake, FAKE_ATTACH),
		  fake_calls(fake, FAKE_DETACH));
	expect_eq(t, atomic_read(&fake->late), 0);
}

static void device_on(struct test *t, enum pair_kind kind)
{
	struct race *race = race_new(t, kind);
	ktime_t end = ktime_add_ms(ktime_get(), 3 * test_busy_ms());
	struct crew crew = {};
	unsigned int i, lives = 0;

	if (!race)
		return;
	fake_del(race->p->fake);
	for (i = 0; i < num_online_cpus() + 1 && i < 5; i++)
		crew_add(&crew, any_step, race);
	/* With sanitizers, few attaches succeed. */
	while ((ktime_before(ktime_get(), end) || lives < 3 ||
		(lives < 300 && !atomic_read(&race->good))) && !t->failed) {
		one_life(race, race->p->fake);
		lives++;
	}
	crew_stop(&crew);
	test_note(t, "%u lives of a device, %d DMBs attached", lives,
		  atomic_read(&race->good));
	expect(t, atomic_read(&race->good) > 0);
	race_free(race);
}

static void device_goes_amid_all(struct test *t)
{
	device_on(t, PAIR_MAPPED);
	device_on(t, PAIR_LINEAR);
}

/* Signals of a device for a DMB that is being unregistered. */

static void late_signal_step(void *arg, unsigned int nr)
{
	struct fake *fake = arg;
	u32 index, generation;

	index = READ_ONCE(fake->index);
	generation = READ_ONCE(fake->generation);
	dibs_dev_signal(fake->dev, index, generation, 1 << nr);
	dibs_dev_signal(fake->dev, index, generation + 1, 1 << nr);
}

static void slow_hook(struct watch *watch, struct dibs_dmb *dmb, u16 mask)
{
	udelay(5);
}

static void signals_against_unregister(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_REMOTE, LEN);
	ktime_t end = ktime_add_ms(ktime_get(), 2 * test_busy_ms());
	struct crew crew = {};
	struct watch *watch;
	struct dibs_dmb *dmb;
	int calls = 0, rounds = 0;

	if (!p)
		return;
	crew_add(&crew, late_signal_step, p->fake);
	crew_add(&crew, late_signal_step, p->fake);
	while ((ktime_before(ktime_get(), end) || !calls) && rounds < 1000000) {
		rounds++;
		watch = kzalloc(sizeof(*watch), GFP_KERNEL);
		if (!expect(t, watch))
			break;
		watch->hook = slow_hook;
		dmb = pair_register(p, LEN, watch);
		if (!expect_err(t, dmb, 0)) {
			kfree(watch);
			break;
		}
		WRITE_ONCE(p->fake->index, dibs_dmb_index(dmb));
		WRITE_ONCE(p->fake->generation, dibs_dmb_generation(dmb));
		udelay(get_random_u32() % 64);
		watch_unregister(watch, dmb);
		calls += atomic_read(&watch->calls);
		watch_expect_clean(t, watch);
		/* A callback from now on would use freed memory. */
		kfree(watch);
	}
	crew_stop(&crew);
	test_note(t, "%d DMBs, %d callbacks", rounds, calls);
	expect(t, calls > 0);
	pair_free(p);
}

/* Removal waits for what is running. */

static void stay_in_callback(struct watch *watch, struct dibs_dmb *dmb,
			     u16 mask)
{
	ktime_t end = ktime_add_ms(ktime_get(), STAY_MS);
	struct race *race = watch->arg;

	WRITE_ONCE(race->in, true);
	while (ktime_before(ktime_get(), end) && !READ_ONCE(race->out))
		udelay(5);
}

static void send_step(void *arg, unsigned int nr)
{
	struct race *race = arg;

	if (atomic_inc_return(&race->turns) == 1)
		dibs_signal(race->p->att, 0);
	usleep_range(50, 100);
}

static void unregister_step(void *arg, unsigned int nr)
{
	struct race *race = arg;

	if (!race->p->dmb) {
		usleep_range(50, 100);
		return;
	}
	watch_unregister(&race->p->watch, race->p->dmb);
	race->p->dmb = NULL;
	atomic_inc(&race->done);
}

static void delete_step(void *arg, unsigned int nr)
{
	struct race *race = arg;

	fake_del(race->p->fake);
	atomic_inc(&race->done);
	usleep_range(50, 100);
}

/* Once the callback is running, @remove must not return before it. */
static void removal_waits(struct test *t, enum pair_kind kind,
			  void (*remove)(void *arg, unsigned int nr))
{
	struct race *race = race_new(t, kind);
	struct crew crew = {};
	int i;

	if (!race)
		return;
	if (num_online_cpus() < 2) {
		test_skip(t, "needs two CPUs");
		goto out;
	}
	race->p->watch.hook = stay_in_callback;
	race->p->watch.arg = race;
	expect(t, crew_add(&crew, send_step, race));
	for (i = 0; i < 100000 && !READ_ONCE(race->in); i++)
		usleep_range(20, 50);
	expect(t, race->in);
	expect(t, crew_add(&crew, remove, race));
	/* Long enough for a removal that does not wait to return. */
	usleep_range(50000, 60000);
	expect_eq(t, atomic_read(&race->done), 0);
	WRITE_ONCE(race->out, true);
	expect(t, crew_wait(&race->done, 1));
	crew_stop(&crew);
out:
	race_free(race);
}

static void unregister_waits(struct test *t)
{
	removal_waits(t, PAIR_LO, unregister_step);
	removal_waits(t, PAIR_REMOTE, unregister_step);
}

static void delete_waits(struct test *t)
{
	removal_waits(t, PAIR_MAPPED, delete_step);
	removal_waits(t, PAIR_REMOTE, delete_step);
}

/* A slow operation of a driver. */
static void stay_in_op(struct fake *fake, enum fake_op op)
{
	ktime_t end = ktime_add_ms(ktime_get(), STAY_MS);
	struct race *race = fake->arg;

	if (op != FAKE_REGISTER)
		return;
	WRITE_ONCE(race->in, true);
	while (ktime_before(ktime_get(), end) && !READ_ONCE(race->out))
		usleep_range(20, 50);
}

static void register_step(void *arg, unsigned int nr)
{
	struct race *race = arg;
	struct dibs_dmb *dmb;

	if (atomic_inc_return(&race->turns) == 1) {
		dmb = pair_register(race->p, LEN, NULL);
		if (!IS_ERR(dmb))
			dibs_unregister_dmb(dmb);
		else
			atomic_inc(&race->odd);
	}
	usleep_range(50, 100);
}

/* Has the deletion started, so that no operation can enter? */
static bool entrance_closed(struct race *race)
{
	const struct dibs_vlan none = {};

	return dibs_query_remote_gid(race->p->tc.client, race->p->dev,
				     &race->p->fake->gid, none) == -ENODEV;
}

static void delete_waits_for_op(struct test *t)
{
	struct race *race = race_new(t, PAIR_MAPPED);
	struct crew crew = {};
	int i;

	if (!race)
		return;
	race->p->fake->arg = race;
	race->p->fake->hook = stay_in_op;
	expect(t, crew_add(&crew, register_step, race));
	for (i = 0; i < 100000 && !READ_ONCE(race->in); i++)
		usleep_range(20, 50);
	expect(t, race->in);
	expect(t, crew_add(&crew, delete_step, race));
	for (i = 0; i < 100000 && !entrance_closed(race); i++)
		usleep_range(20, 50);
	usleep_range(50000, 60000);
	expect_eq(t, atomic_read(&race->done), 0);
	/* No new operation enters meanwhile. */
	expect_err(t, pair_register(race->p, LEN, NULL), -ENODEV);
	WRITE_ONCE(race->out, true);
	expect(t, crew_wait(&race->done, 1));
	crew_stop(&crew);
	expect_eq(t, fake_calls(race->p->fake, FAKE_UNREGISTER), 2);
	race_free(race);
}

/* A client is unregistered with its DMBs while they are signalled. */

static void signal_all_step(void *arg, unsigned int nr)
{
	struct fake *fake = arg;
	u32 index;

	/* Generations and indexes count up together, 32 of each. */
	for (index = 0; index < 32; index++)
		dibs_dev_signal(fake->dev, index,
				READ_ONCE(fake->generation) + index, 1);
}

static void register_some(struct test *t, struct tclient *tc,
			  struct fake *fake, struct watch *watch)
{
	struct dibs_dmb_params params = {
		.rgid = fake->gid,
		.len = 100,
		.priv = watch,
	};
	struct dibs_dmb *dmb;
	int i;

	for (i = 0; i < 32; i++) {
		dmb = dibs_register_dmb(tc->client, fake->dev, &init_net,
					&params);
		if (!expect_err(t, dmb, 0))
			return;
		WRITE_ONCE(fake->generation, dibs_dmb_generation(dmb) -
					     dibs_dmb_index(dmb));
	}
}

static void client_goes_amid_signals(struct test *t)
{
	ktime_t end = ktime_add_ms(ktime_get(), 2 * test_busy_ms());
	struct fake_options opt = { .name = "st-noisy", .max_dmbs = 32 };
	struct fake *fake = fake_new(&opt);
	struct crew crew = {};
	struct watch *watch;
	struct tclient tc;
	int rounds = 0;

	if (!expect(t, fake))
		return;
	crew_add(&crew, signal_all_step, fake);
	crew_add(&crew, signal_all_step, fake);
	while (ktime_before(ktime_get(), end) || rounds < 3) {
		rounds++;
		memset(&tc, 0, sizeof(tc));
		watch = kzalloc(sizeof(*watch), GFP_KERNEL);
		if (!expect(t, watch) ||
		    !expect_eq(t, tclient_register(&tc, "st-noisy"), 0)) {
			kfree(watch);
			break;
		}
		register_some(t, &tc, fake, watch);
		tclient_unregister(&tc);
		WRITE_ONCE(watch->given_back, true);
		expect_eq(t, atomic_read(&watch->late), 0);
		expect_eq(t, atomic_read(&watch->running), 0);
		kfree(watch);
		if (t->failed)
			break;
	}
	crew_stop(&crew);
	expect_eq(t, fake_calls(fake, FAKE_REGISTER),
		  fake_calls(fake, FAKE_UNREGISTER));
	test_note(t, "%d clients", rounds);
	fake_free(fake);
}

/* One detaches and one unregisters while the device is deleted. */

struct gone {
	struct race *race;
	struct dibs_attachment *att[32];
	struct dibs_dmb *dmb[32];
	atomic_t next_att;
	atomic_t next_dmb;
};

static void give_back_step(void *arg, unsigned int nr)
{
	struct gone *gone = arg;
	int i;

	i = nr % 2 ? atomic_inc_return(&gone->next_att) - 1 :
		     atomic_inc_return(&gone->next_dmb) - 1;
	if (i >= 32) {
		usleep_range(10, 20);
		return;
	}
	if (nr % 2)
		dibs_detach_dmb(gone->race->p->tc.client,
				&gone->att[i]);
	else
		dibs_unregister_dmb(gone->dmb[i]);
}

static bool gone_fill(struct gone *gone)
{
	struct race *race = gone->race;
	int i;

	for (i = 0; i < 32; i++) {
		gone->dmb[i] = pair_register(race->p, LEN, NULL);
		if (!expect_err(race->t, gone->dmb[i], 0))
			return false;
		gone->att[i] = pair_attach(race->p, gone->dmb[i]);
		if (!expect_err(race->t, gone->att[i], 0))
			return false;
	}
	return true;
}

static void gone_round(struct gone *gone)
{
	struct race *race = gone->race;
	struct crew crew = {};

	if (!gone_fill(gone))
		return;
	atomic_set(&gone->next_att, 0);
	atomic_set(&gone->next_dmb, 0);
	crew_add(&crew, give_back_step, gone);
	crew_add(&crew, give_back_step, gone);
	fake_del(race->p->fake);
	expect(race->t, crew_wait(&gone->next_att, 33));
	expect(race->t, crew_wait(&gone->next_dmb, 33));
	crew_stop(&crew);
	expect_eq(race->t, fake_calls(race->p->fake, FAKE_REGISTER),
		  fake_calls(race->p->fake, FAKE_UNREGISTER));
	expect_eq(race->t, fake_calls(race->p->fake, FAKE_ATTACH),
		  fake_calls(race->p->fake, FAKE_DETACH));
}

static void given_back_at_the_end(struct test *t)
{
	ktime_t end = ktime_add_ms(ktime_get(), 2 * test_busy_ms());
	struct gone *gone = kzalloc(sizeof(*gone), GFP_KERNEL);

	if (!expect(t, gone))
		return;
	do {
		gone->race = race_new(t, PAIR_MAPPED);
		if (!gone->race)
			break;
		gone_round(gone);
		race_free(gone->race);
	} while (ktime_before(ktime_get(), end) && !t->failed);
	kfree(gone);
}

/* Readers, writers and a trimmer on the same bytes. */

static void rough_step(void *arg, unsigned int nr)
{
	struct race *race = arg;
	u32 *random = &race->random[nr];
	u32 offset = crew_random(random) % LEN;
	u32 size = crew_random(random) % (LEN - offset);
	u8 *buf = kmalloc(LEN, GFP_KERNEL);
	struct page *page;
	int err = 0;

	if (!buf)
		return;
	memset(buf, 0x5a, LEN);
	switch (crew_random(random) % 5) {
	case 0:
		dibs_attachment_trim(race->p->att, offset, size);
		break;
	case 1:
		err = dibs_dmb_read(race->p->dmb, offset, buf, size);
		while (size--)
			if (buf[size] && buf[size] != 0x5a)
				atomic_inc(&race->odd);
		break;
	case 2:
		page = dibs_dmb_get_page(race->p->dmb, offset);
		if (!IS_ERR(page))
			put_page(page);
		else if (PTR_ERR(page) != -ENODATA)
			atomic_inc(&race->odd);
		break;
	case 3:
		err = dibs_attachment_populate(race->p->att, offset, size);
		break;
	default:
		err = dibs_move_data(race->p->att, 0, false, offset, buf,
				     size);
	}
	if (err && err != -ENOMEM)
		atomic_inc(&race->odd);
	atomic_inc(&race->turns);
	kfree(buf);
}

static void memory_from_all_sides(struct test *t)
{
	struct race *race = race_new(t, PAIR_LO);
	struct crew crew = {};
	unsigned int i;

	if (!race)
		return;
	for (i = 0; i < 2 * num_online_cpus() && i < 8; i++)
		crew_add(&crew, rough_step, race);
	msleep(2 * test_busy_ms());
	crew_stop(&crew);
	expect(t, atomic_read(&race->turns) > 0);
	race_free(race);
}

const struct test_case race_cases[] = {
	{ "a lookup finds a complete DMB or none while it goes away",
	  lookup_against_unregister },
	{ "a device can come and go during any operation of a client",
	  device_goes_amid_all },
	{ "no callback runs after a DMB was unregistered",
	  signals_against_unregister },
	{ "unregistering waits for a running callback", unregister_waits },
	{ "deleting a device waits for a running callback", delete_waits },
	{ "deleting a device waits for a running operation",
	  delete_waits_for_op },
	{ "a client can be unregistered while its DMBs are signalled",
	  client_goes_amid_signals },
	{ "handles can be given back while their device is deleted",
	  given_back_at_the_end },
	{ "readers, writers and a trimmer can share a DMB",
	  memory_from_all_sides },
	{}
};

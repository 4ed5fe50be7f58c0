// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The ISM driver on adapters that refuse commands, give invalid answers, or
 * die.
 */
#include <linux/err.h>

#include "crew.h"
#include "ism.h"

#define ISM_CODES	0x18	/* end of the simulator's codes */

/*
 * --- commands of operations --------------------------------------------------
 */

static int ask_dmb(struct ism_pair *p)
{
	struct dibs_dmb *dmb = ism_register(p, PAGE_SIZE, 0, NULL);

	if (IS_ERR(dmb))
		return PTR_ERR(dmb);
	dibs_unregister_dmb(dmb);
	return 0;
}

static int ask_vlan(struct ism_pair *p)
{
	static atomic_t last;
	u16 vid = 100 + (u32)atomic_inc_return(&last) % 1000;
	int err = dibs_add_vlan(p->tc.client, p->owner, vid);

	return err ? : dibs_del_vlan(p->tc.client, p->owner, vid);
}

/* The same in two steps, for the command of the second one. */
static int have_dmb(struct ism_pair *p)
{
	p->extra = ism_register(p, PAGE_SIZE, 0, NULL);
	return PTR_ERR_OR_ZERO(p->extra);
}

static int give_dmb(struct ism_pair *p)
{
	dibs_unregister_dmb(p->extra);
	return 0;
}

/* A new id each time: a VLAN stays joined if DEL_VLAN is refused. */
static int have_vlan(struct ism_pair *p)
{
	static u16 last;

	p->vid = 2000 + ++last % 1000;
	return dibs_add_vlan(p->tc.client, p->owner, p->vid);
}

static int give_vlan(struct ism_pair *p)
{
	return dibs_del_vlan(p->tc.client, p->owner, p->vid);
}

static int ask_event(struct ism_pair *p)
{
	return dibs_signal_event(p->tc.client, p->owner, dibs_dev_gid(p->mover),
				 true, 1, 2);
}

/*
 * A command, its preparation (may be NULL), the operation that sends it, the
 * error of that operation if the command is refused, whether failures are
 * silent (giving back a DMB or a VLAN cannot fail), and the invalid answers to
 * try.
 */
static const struct asked {
	const char *cmd;
	int (*before)(struct ism_pair *p);
	int (*ask)(struct ism_pair *p);
	int refused;
	bool silent;
	const char *lies[8];
} asked[] = {
	{ "query_rgid", NULL, ism_ask_reachable, -ENETUNREACH, false,
	  { "long", "short", "shorter", "cmd" } },
	{ "reg_dmb", NULL, ask_dmb, -EREMOTEIO, false,
	  { "long", "short", "shorter", "cmd", "zeros", "ones" } },
	{ "add_vlan", NULL, ask_vlan, -EREMOTEIO, false,
	  { "long", "short", "shorter", "cmd" } },
	{ "signal_ieq", NULL, ask_event, -ENETUNREACH, false,
	  { "long", "short", "shorter", "cmd" } },
	{ "del_vlan", have_vlan, give_vlan, 0, true,
	  { "long", "short", "shorter", "cmd" } },
	{ "unreg_dmb", have_dmb, give_dmb, 0, true,
	  { "long", "short", "shorter", "cmd" } },
};

static void before_op(struct ism_pair *p, const struct asked *a)
{
	if (a->before)
		expect_eq(p->t, a->before(p), 0);
}

static void refused_op(struct ism_pair *p, const struct asked *a, int code)
{
	before_op(p, a);
	expect_eq(p->t, sim("ism1", "fail_command", "%s %d", a->cmd, code), 0);
	if (!expect_eq(p->t, a->ask(p), a->refused))
		test_note(p->t, "%s refused by %#x", a->cmd, code);
	/* The adapter still works. */
	expect_eq(p->t, atomic_read(&p->tc.dels), 0);
	expect_eq(p->t, ism_ask_reachable(p), 0);
}

static void refused_ops(struct test *t)
{
	struct ism_pair *p = ism_pair_begin(t);
	unsigned int i;
	int code;

	for (i = 0; p && i < ARRAY_SIZE(asked); i++) {
		for (code = 1; code < ISM_CODES && !t->failed; code++)
			refused_op(p, &asked[i], code);
		refused_op(p, &asked[i], 0xfffe);
	}
	ism_pair_end(p);
	/* This also drops the VLANs and DMBs that it kept. */
	sim_mend(t, "ism1");
}

/* The device is removed; the operation fails with -ENODEV. */
static void nonsense_op(struct test *t, const struct asked *a, const char *how)
{
	struct ism_pair *p = ism_pair_begin(t);

	if (!p)
		return;
	before_op(p, a);
	expect_eq(t, sim("ism1", "bad_answer", "%s %s", a->cmd, how), 0);
	if (!expect_eq(t, a->ask(p), a->silent ? 0 : -ENODEV) ||
	    !expect(t, crew_wait(&p->tc.dels, 1)))
		test_note(t, "%s answered %s", a->cmd, how);
	expect(t, !tclient_dev(&p->tc, "ism1"));
	ism_pair_end(p);
	sim_mend(t, "ism1");
}

static void nonsense_ops(struct test *t)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(asked); i++)
		for (j = 0; asked[i].lies[j] && !t->failed; j++)
			nonsense_op(t, &asked[i], asked[i].lies[j]);
}

/* Without an answer the driver reads 0xffff; it gets no other notice. */
static void silent_op(struct test *t, const struct asked *a)
{
	struct ism_pair *p = ism_pair_begin(t);

	if (!p)
		return;
	before_op(p, a);
	expect_eq(t, sim("ism1", "state", "silent"), 0);
	if (!expect_eq(t, a->ask(p), a->silent ? 0 : -ENODEV) ||
	    !expect(t, crew_wait(&p->tc.dels, 1)))
		test_note(t, "%s has no answer", a->cmd);
	ism_pair_end(p);
	sim_mend(t, "ism1");
}

static void silent_ops(struct test *t)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(asked); i++)
		silent_op(t, &asked[i]);
}

/*
 * A DMB that the adapter keeps is tried again later and not reused until then.
 */
static void kept_dmbs(struct test *t)
{
	struct ism_pair *p = ism_pair_begin(t);

	if (!p)
		return;
	expect_eq(t, sim("ism1", "fail_command", "unreg_dmb 0x17 2"), 0);
	expect_eq(t, have_dmb(p), 0);
	give_dmb(p);
	expect_eq(t, sim_count("ism1", "dmbs"), 2);
	/* Tried again, and refused once more. */
	expect_eq(t, have_dmb(p), 0);
	expect_eq(t, sim_count("ism1", "dmbs"), 3);
	give_dmb(p);
	expect_eq(t, sim_count("ism1", "dmbs"), 1);
	/* Whatever is left is dropped with the adapter. */
	expect_eq(t, sim("ism1", "fail_command", "unreg_dmb 0x17 100"), 0);
	expect_eq(t, have_dmb(p), 0);
	give_dmb(p);
	ism_pair_end(p);
	sim_mend(t, "ism1");
	expect_eq(t, sim("ism1", "fail_command", "unreg_dmb 0x17 0"), 0);
	expect_eq(t, sim_count("ism1", "dmbs"), 0);
}

/*
 * --- moves
 * --------------------------------------------------------------------
 */

/* After a failed move the driver sends a command, which is answered here. */
static void refused_move(struct test *t)
{
	struct ism_pair *p = ism_pair_begin(t);

	if (!p)
		return;
	expect_eq(t, sim("ism0", "fail_moves", "2"), 0);
	expect_eq(t, dibs_move_data(p->att, 0, true, 0, "x", 1), -ESTALE);
	expect_eq(t, dibs_signal(p->att, 0), -ESTALE);
	expect_eq(t, dibs_move_data(p->att, 0, true, 0, "x", 1), 0);
	expect(t, crew_wait(&p->watch.calls, 1));
	expect_eq(t, dibs_query_remote_gid(p->tc.client, p->mover,
					   dibs_dev_gid(p->owner),
					   (struct dibs_vlan){}), 0);
	expect_eq(t, atomic_read(&p->tc.dels), 0);
	ism_pair_end(p);
}

/* Here it is not answered, and there is no other notice. */
static void silent_move(struct test *t)
{
	struct ism_pair *p = ism_pair_begin(t);

	if (!p)
		return;
	expect_eq(t, sim("ism0", "state", "silent"), 0);
	expect_eq(t, dibs_move_data(p->att, 0, true, 0, "x", 1), -ESTALE);
	expect(t, crew_wait(&p->tc.dels, 1));
	expect(t, !tclient_dev(&p->tc, "ism0"));
	expect_eq(t, dibs_move_data(p->att, 0, true, 0, "x", 1), -ENODEV);
	ism_pair_end(p);
	sim_mend(t, "ism0");
}

/*
 * --- start and end
 * -------------------------------------------------------------
 */

static const struct begin {
	const char *cmd;
	const char *lies[8];
} begin[] = {
	{ "read_gid", { "long", "short", "shorter", "cmd", "none", "zeros",
			"ones" } },
	{ "query_info", { "long", "short", "shorter", "cmd", "none", "zeros",
			  "ones" } },
	{ "add_vlan", { "long", "short", "shorter", "cmd", "none" } },
	{ "reg_sba", { "long", "short", "shorter", "cmd", "none" } },
	{ "reg_ieq", { "long", "short", "shorter", "cmd", "none" } },
};

static void start_fails(struct tclient *tc, struct test *t, const char *cmd,
			const char *how)
{
	if (!expect_eq(t, sim("ism1", "state", "ok"), -EIO) ||
	    !expect(t, !tclient_dev(tc, "ism1")))
		test_note(t, "%s answered %s", cmd, how);
}

static void bad_begin(struct test *t)
{
	struct tclient tc = {};
	unsigned int i, j;

	if (!expect_eq(t, tclient_register(&tc, "st-ism"), 0))
		return;
	for (i = 0; i < ARRAY_SIZE(begin); i++) {
		/* Refusing ISM_VLAN_V2 is not a fault: see old_adapter(). */
		if (!strstr(begin[i].cmd, "vlan")) {
			expect_eq(t, sim("ism1", "fail_command", "%s 0x17",
					 begin[i].cmd), 0);
			start_fails(&tc, t, begin[i].cmd, "0x17");
		}
		for (j = 0; begin[i].lies[j]; j++) {
			expect_eq(t, sim("ism1", "bad_answer", "%s %s",
					 begin[i].cmd, begin[i].lies[j]), 0);
			start_fails(&tc, t, begin[i].cmd, begin[i].lies[j]);
		}
	}
	/* A longer answer than required is valid. */
	expect_eq(t, sim("ism1", "bad_answer", "query_info longer"), 0);
	sim_mend(t, "ism1");
	expect(t, tclient_dev(&tc, "ism1"));
	tclient_unregister(&tc);
}

static void old_adapter(struct test *t)
{
	struct ism_pair *p;

	expect_eq(t, sim("ism1", "fail_command", "add_vlan 0x0a"), 0);
	sim_mend(t, "ism1");
	p = ism_pair_begin(t);
	if (p)
		expect(t, !dibs_dev_seid(p->owner) && dibs_dev_seid(p->mover));
	ism_pair_end(p);
	sim_mend(t, "ism1");
}

/* Whatever the adapter answers at its end, it can be restarted. */
static void bad_end(struct test *t)
{
	static const char *const cmds[] = { "unreg_sba", "unreg_ieq",
					    "del_vlan" };
	static const char *const lies[] = { "cmd", "none" };
	struct ism_pair *p;
	unsigned int i, j;
	char left[80];

	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		expect_eq(t, sim("ism1", "fail_command", "%s 0x17", cmds[i]),
			  0);
		sim_mend(t, "ism1");
		for (j = 0; j < ARRAY_SIZE(lies); j++) {
			expect_eq(t, sim("ism1", "bad_answer", "%s %s", cmds[i],
					 lies[j]), 0);
			sim_mend(t, "ism1");
			/* The command was sent. */
			expect_eq(t, sim_read("ism1", "bad_answer", left,
					      sizeof(left)), 0);
			expect(t, !*left);
		}
	}
	p = ism_pair_begin(t);
	if (p)
		expect_eq(t, ism_ask_reachable(p), 0);
	ism_pair_end(p);
}

/*
 * --- under load
 * -----------------------------------------------------------------
 */

struct busy {
	struct ism_pair *p;
	struct dibs_dev *owner;		/* referenced */
	struct dibs_dev *mover;
	atomic_t steps[4];
};

static void busy_step(void *arg, unsigned int nr)
{
	struct busy *b = arg;

	switch (nr) {
	case 0:
		dibs_move_data(b->p->att, 0, true, 100, "0123456789", 10);
		break;
	case 1:
		ask_dmb(b->p);
		break;
	case 2:
		ask_vlan(b->p);
		break;
	default:
		ism_ask_reachable(b->p);
		ask_event(b->p);
		break;
	}
	atomic_inc(&b->steps[nr]);
}

/*
 * Runs all operations when @happens ends the adapter ism1, and expects an end.
 */
static void busy_until(struct test *t, int (*happens)(void))
{
	struct ism_pair *p = ism_pair_begin(t);
	struct busy b = { .p = p };
	struct crew crew = {};
	unsigned int i;

	if (!p)
		return;
	b.owner = dibs_dev_get(p->owner);
	b.mover = dibs_dev_get(p->mover);
	expect_eq(t, sim("ism1", "delay_us", "2000"), 0);
	for (i = 0; i < ARRAY_SIZE(b.steps); i++)
		expect(t, crew_add(&crew, busy_step, &b));
	for (i = 0; i < ARRAY_SIZE(b.steps); i++)
		expect(t, crew_wait(&b.steps[i], 5));
	expect_eq(t, happens(), 0);
	expect(t, crew_wait(&p->tc.dels, 1));
	crew_stop(&crew);
	expect_eq(t, ism_ask_reachable(p), -ENODEV);
	ism_pair_end(p);
	dibs_dev_put(b.owner);
	dibs_dev_put(b.mover);
}

static int fails(void)
{
	return sim("ism1", "state", "error");
}

static int talks_nonsense(void)
{
	return sim("ism1", "bad_answer", "query_rgid cmd");
}

static int is_unplugged(void)
{
	return sim_write("/sys/bus/ism_sim/unplug_device", "ism1");
}

static int is_taken_away(void)
{
	return sim_write("/sys/bus/ism_sim/del_device", "ism1");
}

static int begins_anew(void)
{
	return sim("ism1", "state", "ok");
}

static void while_busy(struct test *t)
{
	int (*const happens[])(void) = {
		fails, talks_nonsense, begins_anew, is_unplugged, is_taken_away,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(happens) && !t->failed; i++) {
		busy_until(t, happens[i]);
		if (happens[i] != is_unplugged && happens[i] != is_taken_away)
			sim_mend(t, "ism1");
		else
			expect_eq(t, sim_write("/sys/bus/ism_sim/new_device",
					       "ism1 15a0000000000002 0100"),
				  0);
		sim("ism1", "delay_us", "0");
	}
}

const struct test_case ism_fault_cases[] = {
	{ "a refused command returns an error and has no other effect",
	  refused_ops },
	{ "an invalid answer to any command removes the device", nonsense_ops },
	{ "a missing answer to any command removes the device", silent_ops },
	{ "a DMB that the adapter keeps is unregistered again later",
	  kept_dmbs },
	{ "a refused move returns an error and has no other effect",
	  refused_move },
	{ "a failed move detects that the adapter is gone", silent_move },
	{ "an adapter that starts with an invalid answer gets no device",
	  bad_begin },
	{ "an adapter of version 1 has no system EID", old_adapter },
	{ "an adapter that gives nothing back can be restarted", bad_end },
	{ "all operations end when their adapter does", while_busy },
	{ }
};

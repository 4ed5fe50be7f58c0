// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Runs the cases and reports KTAP to the kernel log, from which the script
 * "run" in this directory reads it. Lines have no prefix, as KTAP requires.
 */
#define pr_fmt(fmt) fmt

#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/printk.h>
#include <linux/sched.h>

#include "test.h"

static const struct test_topic {
	const char *name;
	const struct test_case *cases;
} test_topics[] = {
	{ "vocabulary", vocabulary_cases },
	{ "contract", contract_cases },
	{ "hostile", hostile_cases },
	{ "life", life_cases },
	{ "signal", signal_cases },
	{ "event", event_cases },
	{ "memory", memory_cases },
	{ "limits", limits_cases },
	{ "vlan", vlan_cases },
	{ "namespace", namespace_cases },
	{ "cut", cut_cases },
	{ "user_memory", user_memory_cases },
	{ "race", race_cases },
	{ "ism", ism_cases },
	{ "ism_events", ism_event_cases },
	{ "ism_faults", ism_fault_cases },
};

bool test_expect(struct test *t, bool ok, const char *what, const char *file,
		 int line)
{
	if (likely(ok))
		return true;
	t->failed = true;
	pr_info("# %s:%d: expected %s\n", kbasename(file), line, what);
	return false;
}

bool test_expect_eq(struct test *t, s64 got, s64 want, const char *what,
		    const char *file, int line)
{
	if (likely(got == want))
		return true;
	t->failed = true;
	pr_info("# %s:%d: expected %s, got %lld, not %lld\n", kbasename(file),
		line, what, got, want);
	return false;
}

void test_note(struct test *t, const char *fmt, ...)
{
	struct va_format vaf;
	va_list args;

	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	pr_info("# %pV\n", &vaf);
	va_end(args);
}

void test_skip(struct test *t, const char *why)
{
	t->skipped = why;
}

unsigned int test_busy_ms(void)
{
	return 300;
}

/* Matches a pattern in which only '*' is special. */
static bool test_match(const char *pattern, const char *name)
{
	const char *star = NULL, *back = NULL;

	while (*name) {
		if (*pattern == '*') {
			star = ++pattern;
			back = name;
		} else if (*pattern == *name) {
			pattern++;
			name++;
		} else if (star) {
			pattern = star;
			name = ++back;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static bool test_selected(const struct test_topic *topic,
			  const struct test_case *tc, const char *pattern)
{
	char name[160];

	snprintf(name, sizeof(name), "%s: %s", topic->name, tc->name);
	return test_match(pattern, name) || test_match(pattern, topic->name);
}

static unsigned int tests_count(const char *pattern)
{
	const struct test_case *tc;
	unsigned int i, nr = 0;

	for (i = 0; i < ARRAY_SIZE(test_topics); i++)
		for (tc = test_topics[i].cases; tc->run; tc++)
			nr += test_selected(&test_topics[i], tc, pattern);
	return nr;
}

/* Returns true if the case failed. */
static bool test_run(const struct test_topic *topic,
		     const struct test_case *tc, unsigned int nr)
{
	struct test t = { .name = tc->name };
	ktime_t start = ktime_get();
	s64 ms;

	tc->run(&t);
	ms = ktime_ms_delta(ktime_get(), start);
	if (ms > 1500)
		pr_info("# took %lld ms\n", ms);
	if (t.failed)
		pr_info("not ok %u %s: %s\n", nr, topic->name, tc->name);
	else if (t.skipped)
		pr_info("ok %u %s: %s # SKIP %s\n", nr, topic->name, tc->name,
			t.skipped);
	else
		pr_info("ok %u %s: %s\n", nr, topic->name, tc->name);
	cond_resched();
	return t.failed;
}

unsigned int tests_run(const char *pattern, bool list)
{
	unsigned int i, nr = 0, failed = 0;
	const struct test_case *tc;

	pr_info("KTAP version 1\n");
	pr_info("1..%u\n", tests_count(pattern));
	for (i = 0; i < ARRAY_SIZE(test_topics); i++) {
		const struct test_topic *topic = &test_topics[i];

		for (tc = topic->cases; tc->run; tc++) {
			if (!test_selected(topic, tc, pattern))
				continue;
			nr++;
			if (list)
				pr_info("ok %u %s: %s # SKIP only listed\n",
					nr, topic->name, tc->name);
			else
				failed += test_run(topic, tc, nr);
		}
	}
	pr_info("# %u of %u failed\n", failed, nr);
	return failed;
}

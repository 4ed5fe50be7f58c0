/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Test cases and their expectations. A case is a statement. An expectation that
 * does not hold is printed and fails the case, which may continue or return.
 */
#ifndef _DIBS_SELFTEST_TEST_H
#define _DIBS_SELFTEST_TEST_H

#include <linux/compiler.h>
#include <linux/string.h>
#include <linux/types.h>

struct test {
	const char *name;
	bool failed;
	const char *skipped;	/* reason, or NULL */
};

struct test_case {
	const char *name;
	void (*run)(struct test *t);
};

/* Tables of cases end with an empty entry. */
extern const struct test_case vocabulary_cases[];
extern const struct test_case contract_cases[];
extern const struct test_case hostile_cases[];
extern const struct test_case life_cases[];
extern const struct test_case signal_cases[];
extern const struct test_case event_cases[];
extern const struct test_case memory_cases[];
extern const struct test_case limits_cases[];
extern const struct test_case vlan_cases[];
extern const struct test_case namespace_cases[];
extern const struct test_case cut_cases[];
extern const struct test_case user_memory_cases[];
extern const struct test_case race_cases[];
extern const struct test_case ism_cases[];
extern const struct test_case ism_event_cases[];
extern const struct test_case ism_fault_cases[];

/* Returns @ok. If false, prints what and where, and fails the case. */
bool test_expect(struct test *t, bool ok, const char *what, const char *file,
		 int line);
bool test_expect_eq(struct test *t, s64 got, s64 want, const char *what,
		    const char *file, int line);
/* Prints a diagnostic line. */
__printf(2, 3) void test_note(struct test *t, const char *fmt, ...);
void test_skip(struct test *t, const char *why);

#define expect(t, cond) \
	test_expect(t, cond, #cond, __FILE__, __LINE__)
#define expect_eq(t, got, want) \
	test_expect_eq(t, (s64)(got), (s64)(want), #got " == " #want, \
		       __FILE__, __LINE__)
/* Expects an ERR_PTR, or a valid pointer if @want is 0. */
#define expect_err(t, ptr, want) \
	expect_eq(t, PTR_ERR_OR_ZERO(ptr), want)

/* Runs or lists the cases that match @pattern; returns how many failed. */
unsigned int tests_run(const char *pattern, bool list);

/* How long a case keeps the CPUs busy, in milliseconds. */
unsigned int test_busy_ms(void);

#endif /* _DIBS_SELFTEST_TEST_H */

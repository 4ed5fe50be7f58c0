/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * As much of cmocka's interface as the tests here use, writing TAP.
 */
#ifndef _TESTS_SMC_TINY_CMOCKA_H
#define _TESTS_SMC_TINY_CMOCKA_H

struct CMUnitTest {
	const char *name;
	void (*function)(void **state);
};

#define cmocka_unit_test(function) { #function, function }

static jmp_buf tiny_failed __attribute__((unused));

#define tiny_assert(condition, text) \
	do { \
		if (condition) \
			break; \
		printf("# %s:%d: %s\n", __FILE__, __LINE__, text); \
		longjmp(tiny_failed, 1); \
	} while (0)

#define assert_true(a) tiny_assert(a, #a)
#define assert_false(a) tiny_assert(!(a), "not " #a)
#define assert_non_null(a) tiny_assert((a) != NULL, #a)
#define assert_int_equal(a, b) \
	tiny_assert((long long)(a) == (long long)(b), #a " == " #b)
#define assert_memory_equal(a, b, len) \
	tiny_assert(!memcmp(a, b, len), #a " == " #b)
#define fail_msg(...) \
	do { \
		printf("# " __VA_ARGS__); \
		putchar('\n'); \
		longjmp(tiny_failed, 1); \
	} while (0)

static inline int tiny_run(const struct CMUnitTest *tests, int count)
{
	/* longjmp() may leave other copies behind in registers. */
	volatile int i, failed = 0;
	void *state = NULL;

	printf("1..%d\n", count);
	for (i = 0; i < count; i++) {
		const char *not = "";

		if (setjmp(tiny_failed)) {
			not = "not ";
			failed++;
		} else {
			tests[i].function(&state);
		}
		printf("%sok %d - %s\n", not, i + 1, tests[i].name);
	}
	return failed;
}

#define cmocka_run_group_tests(tests, setup, teardown) \
	tiny_run(tests, sizeof(tests) / sizeof((tests)[0]))

#endif

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Moves from and to user memory of the process that loads this module. For
 * pages that never arrive see tests/system/blocked-page.sh.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "fixture.h"

#define PAGES	8

/* Maps user memory without the pages from @hole on. */
static unsigned long user_map(struct test *t, unsigned int hole)
{
	unsigned long base;

	if (!current->mm) {
		test_skip(t, "not called by a process");
		return 0;
	}
	base = vm_mmap(NULL, 0, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, 0);
	if (!expect(t, !IS_ERR_VALUE(base)))
		return 0;
	if (hole < PAGES)
		vm_munmap(base + hole * PAGE_SIZE, (PAGES - hole) * PAGE_SIZE);
	return base;
}

static bool user_fill(unsigned long base, u32 len)
{
	u32 i;

	for (i = 0; i < len; i++)
		if (put_user(pattern(i), (u8 __user *)base + i))
			return false;
	return true;
}

static bool user_same(unsigned long base, u32 len)
{
	u32 i;
	u8 byte;

	for (i = 0; i < len; i++)
		if (get_user(byte, (u8 __user *)base + i) ||
		    byte != pattern(i))
			return false;
	return true;
}

static ssize_t user_move(struct pair *p, unsigned long from, u32 offset,
			 u32 size, bool signal, struct iov_iter *iter)
{
	struct iovec vec = {
		.iov_base = (void __user *)from,
		.iov_len = size,
	};

	iov_iter_init(iter, WRITE, &vec, 1, size);
	return dibs_move_iter(p->att, 4, signal, offset, iter, size);
}

static ssize_t user_read(struct pair *p, unsigned long to, u32 offset,
			 u32 size)
{
	struct iovec vec = {
		.iov_base = (void __user *)to,
		.iov_len = size,
	};
	struct iov_iter iter;

	iov_iter_init(&iter, READ, &vec, 1, size);
	return dibs_dmb_read_iter(p->dmb, offset, &iter, size);
}

static void check_there_and_back(struct pair *p)
{
	u32 len = PAGES * PAGE_SIZE;
	unsigned long from, to;
	struct test *t = p->t;
	struct iov_iter iter;

	from = user_map(t, PAGES);
	to = user_map(t, PAGES);
	if (!from || !to)
		return;
	expect(t, user_fill(from, len));
	expect_eq(t, user_move(p, from, 0, len, true, &iter), len);
	expect_eq(t, iov_iter_count(&iter), 0);
	expect_eq(t, atomic_read(&p->watch.calls), 1);
	expect(t, intact(p->dmb));
	/* Untouched memory is faulted in. */
	expect_eq(t, user_read(p, to, 0, len), len);
	expect(t, user_same(to, len));
	vm_munmap(from, len);
	vm_munmap(to, len);
}

static void there_and_back(struct test *t)
{
	pair_each(t, PAGES * PAGE_SIZE, check_there_and_back);
}

static void check_never_touched(struct pair *p)
{
	u32 len = PAGES * PAGE_SIZE;
	struct test *t = p->t;
	struct iov_iter iter;
	unsigned long from;

	from = user_map(t, PAGES);
	if (!from || !plant(t, p->att, len))
		return;
	expect_eq(t, user_move(p, from, 0, len, false, &iter), len);
	expect(t, all_bytes(p->dmb, 0, len, 0));
	vm_munmap(from, len);
}

static void never_touched(struct test *t)
{
	pair_each(t, PAGES * PAGE_SIZE, check_never_touched);
}

/* Almost two pages, then no memory. */
static void check_short(struct pair *p)
{
	u32 len = PAGES * PAGE_SIZE, good = 2 * PAGE_SIZE - 100;
	struct test *t = p->t;
	struct iov_iter iter;
	unsigned long from;
	u8 after = 0;

	from = user_map(t, 2);
	if (!from)
		return;
	expect(t, user_fill(from, 2 * PAGE_SIZE));
	expect_eq(t, user_move(p, from + 100, 100, len - 200, true, &iter),
		  good);
	expect_eq(t, iov_iter_count(&iter), len - 200 - good);
	/* The bytes that were moved arrived with a signal, nothing else. */
	expect_eq(t, atomic_read(&p->watch.calls), 1);
	dibs_dmb_read(p->dmb, 100 + good - 1, &after, 1);
	expect_eq(t, after, pattern(100 + good - 1));
	expect(t, all_bytes(p->dmb, 100 + good, len - 100 - good, 0));
	expect(t, all_bytes(p->dmb, 0, 100, 0));
	/* Reading stops at the same place. */
	expect_eq(t, user_read(p, from + 100, 100, len - 200), good);
	vm_munmap(from, 2 * PAGE_SIZE);
}

static void short_count(struct test *t)
{
	pair_each(t, PAGES * PAGE_SIZE, check_short);
}

static void check_fault(struct pair *p)
{
	u32 len = PAGES * PAGE_SIZE;
	struct test *t = p->t;
	struct iov_iter iter;
	unsigned long from;

	from = user_map(t, 1);
	if (!from || !plant(t, p->att, len))
		return;
	from += PAGE_SIZE;
	expect_eq(t, user_move(p, from, 0, len, true, &iter), -EFAULT);
	expect_eq(t, iov_iter_count(&iter), len);
	expect_eq(t, user_read(p, from, 0, len), -EFAULT);
	expect(t, intact(p->dmb));
	expect_eq(t, atomic_read(&p->watch.calls), 0);
	/* Arguments are checked first. */
	expect_eq(t, user_move(p, from, 1, len, true, &iter), -ERANGE);
	vm_munmap(from - PAGE_SIZE, PAGE_SIZE);
}

static void fault(struct test *t)
{
	pair_each(t, PAGES * PAGE_SIZE, check_fault);
}

const struct test_case user_memory_cases[] = {
	{ "user memory can be moved into a DMB and read back", there_and_back },
	{ "untouched user memory moves as zeroes", never_touched },
	{ "a move ends where user memory ends and returns the bytes moved",
	  short_count },
	{ "a move without any user memory returns EFAULT and does nothing",
	  fault },
	{}
};

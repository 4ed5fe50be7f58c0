// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The memory of DMBs: zero at first, allocated when written, freed when
 * trimmed.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/vmalloc.h>

#include "crew.h"
#include "fixture.h"

static bool has_pages(const struct pair *p)
{
	return p->kind != PAIR_LINEAR;
}

/* Is there a page at @offset? */
static bool present(struct dibs_dmb *dmb, u32 offset)
{
	struct page *page = dibs_dmb_get_page(dmb, offset);

	if (IS_ERR(page))
		return false;
	put_page(page);
	return true;
}

static void check_zero_at_first(struct pair *p)
{
	struct test *t = p->t;
	struct page *page;

	expect(t, all_bytes(p->dmb, 0, dibs_dmb_len(p->dmb), 0));
	page = dibs_dmb_get_page(p->dmb, 0);
	expect_err(t, page, has_pages(p) ? -ENODATA : -EOPNOTSUPP);
}

static void zero_at_first(struct test *t)
{
	pair_each(t, SZ_256K + 1, check_zero_at_first);
}

static void check_follows_use(struct pair *p)
{
	u32 len = dibs_dmb_len(p->dmb), at = 9 * PAGE_SIZE + 7;
	struct test *t = p->t;

	if (!has_pages(p))
		return;
	expect_eq(t, dibs_move_data(p->att, 0, false, at, "xyz", 3), 0);
	expect(t, present(p->dmb, at));
	expect(t, !present(p->dmb, at - PAGE_SIZE));
	expect(t, !present(p->dmb, at + PAGE_SIZE));
	/* Everything else reads as zero. */
	expect(t, all_bytes(p->dmb, 0, at, 0));
	expect(t, all_bytes(p->dmb, at + 3, len - at - 3, 0));
}

static void follows_use(struct test *t)
{
	pair_each(t, 32 * PAGE_SIZE + 9, check_follows_use);
}

static void populate(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_LO, 64 * PAGE_SIZE);

	if (!p)
		return;
	expect_eq(t, dibs_attachment_populate(p->att, 3 * PAGE_SIZE - 1,
					      30 * PAGE_SIZE + 2), 0);
	expect(t, !present(p->dmb, PAGE_SIZE));
	expect(t, present(p->dmb, 2 * PAGE_SIZE));
	expect(t, present(p->dmb, 33 * PAGE_SIZE));
	expect(t, !present(p->dmb, 34 * PAGE_SIZE));
	expect(t, all_bytes(p->dmb, 0, 64 * PAGE_SIZE, 0));
	expect_eq(t, dibs_attachment_populate(p->att, 0, 0), 0);
	expect(t, !present(p->dmb, 0));
	pair_free(p);
}

static void trim(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_LO, 200 * PAGE_SIZE + 50);
	u32 len = 200 * PAGE_SIZE + 50;

	if (!p || !plant(t, p->att, len))
		goto out;
	/* Only pages that lie wholly in the range. */
	dibs_attachment_trim(p->att, PAGE_SIZE - 1, PAGE_SIZE + 1);
	expect(t, present(p->dmb, 0));
	expect(t, !present(p->dmb, PAGE_SIZE));
	expect(t, present(p->dmb, 2 * PAGE_SIZE));
	expect(t, all_bytes(p->dmb, PAGE_SIZE, PAGE_SIZE, 0));
	dibs_attachment_trim(p->att, 5 * PAGE_SIZE + 1, PAGE_SIZE);
	expect(t, present(p->dmb, 5 * PAGE_SIZE));
	expect(t, present(p->dmb, 6 * PAGE_SIZE));
	dibs_attachment_trim(p->att, 7 * PAGE_SIZE, 0);
	expect(t, present(p->dmb, 7 * PAGE_SIZE));
	/* The last page is short: a range up to the end includes it. */
	dibs_attachment_trim(p->att, 200 * PAGE_SIZE, 49);
	expect(t, present(p->dmb, len - 1));
	dibs_attachment_trim(p->att, 200 * PAGE_SIZE, 50);
	expect(t, !present(p->dmb, len - 1));
	dibs_attachment_trim(p->att, 0, len);
	expect(t, !present(p->dmb, 0));
	expect(t, !present(p->dmb, 150 * PAGE_SIZE));
	expect(t, all_bytes(p->dmb, 0, len, 0));
	/* Write everything again. */
	plant(t, p->att, len);
	expect(t, intact(p->dmb));
out:
	pair_free(p);
}

static bool page_is(struct dibs_dmb *dmb, u32 offset, const struct page *page)
{
	struct page *there = dibs_dmb_get_page(dmb, offset);

	if (IS_ERR(there))
		return false;
	put_page(there);
	return there == page;
}

static void reuse(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_LO, 16 * PAGE_SIZE);
	struct page *page;

	if (!p || !plant(t, p->att, 8 * PAGE_SIZE))
		goto out;
	page = dibs_dmb_get_page(p->dmb, PAGE_SIZE);
	if (!expect_err(t, page, 0))
		goto out;
	put_page(page);
	/* The first one may be a header. */
	dibs_attachment_reuse(p->att, 0, 9 * PAGE_SIZE, 4 * PAGE_SIZE);
	expect(t, present(p->dmb, 0));
	expect(t, !present(p->dmb, 9 * PAGE_SIZE));
	expect(t, !present(p->dmb, PAGE_SIZE));
	expect(t, page_is(p->dmb, 10 * PAGE_SIZE, page));
	expect(t, !present(p->dmb, 3 * PAGE_SIZE));
	expect(t, present(p->dmb, 12 * PAGE_SIZE));
	expect(t, present(p->dmb, 4 * PAGE_SIZE));
	expect(t, !present(p->dmb, 13 * PAGE_SIZE));
	/* Places that have pages keep them. */
	dibs_attachment_reuse(p->att, 4 * PAGE_SIZE, 10 * PAGE_SIZE,
			      PAGE_SIZE);
	expect(t, page_is(p->dmb, 10 * PAGE_SIZE, page));
	expect(t, present(p->dmb, 4 * PAGE_SIZE));
	/* Not pages, and beyond the end. */
	dibs_attachment_reuse(p->att, 4 * PAGE_SIZE + 1, 8 * PAGE_SIZE,
			      PAGE_SIZE);
	dibs_attachment_reuse(p->att, 4 * PAGE_SIZE, 15 * PAGE_SIZE,
			      2 * PAGE_SIZE);
	expect(t, present(p->dmb, 4 * PAGE_SIZE));
	/* Write everything again. */
	plant(t, p->att, 16 * PAGE_SIZE);
	expect(t, intact(p->dmb));
out:
	pair_free(p);
}

static void page_survives_trim(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_LO, 4 * PAGE_SIZE);
	struct page *page;

	if (!p || !plant(t, p->att, 4 * PAGE_SIZE))
		goto out;
	page = dibs_dmb_get_page(p->dmb, PAGE_SIZE);
	if (!expect_err(t, page, 0))
		goto out;
	dibs_attachment_trim(p->att, 0, 4 * PAGE_SIZE);
	expect_eq(t, dibs_move_data(p->att, 0, false, PAGE_SIZE, "new", 3), 0);
	expect_eq(t, *(u8 *)page_address(page), pattern(PAGE_SIZE));
	put_page(page);
out:
	pair_free(p);
}

static void header_on(struct test *t, enum pair_kind kind)
{
	struct pair *p = pair_new_waiting(t, kind, 100);
	struct dibs_dmb_params params;
	struct dibs_attachment *att;
	struct dibs_dmb *dmb;
	u8 *header, byte;

	if (!p)
		return;
	params = pair_dmb_params(p, 8 * PAGE_SIZE);
	params.header_len = 256;
	expect(t, !dibs_dmb_header(p->dmb));
	dmb = dibs_register_dmb(p->tc.client, p->dev, &init_net, &params);
	if (!expect_err(t, dmb, 0))
		goto out;
	header = dibs_dmb_header(dmb);
	if (!expect(t, header))
		goto unregister;
	expect_eq(t, offset_in_page(header), 0);
	expect(t, !memchr_inv(header, 0, 256));
	att = pair_attach(p, dmb);
	if (!expect_err(t, att, 0))
		goto unregister;
	if (dibs_dev_maps(p->dev)) {
		expect(t, dibs_attachment_header(att) == header);
		expect_eq(t, dibs_attachment_header_len(att), 256);
	} else {
		expect(t, !dibs_attachment_header(att));
		expect_eq(t, dibs_attachment_header_len(att), 0);
	}
	/* Stores, moves and reads access the same bytes. */
	header[9] = 0x77;
	expect_eq(t, dibs_dmb_read(dmb, 9, &byte, 1), 0);
	expect_eq(t, byte, 0x77);
	expect_eq(t, dibs_move_data(att, 0, false, 10, "\x88", 1), 0);
	expect_eq(t, header[10], 0x88);
	dibs_attachment_trim(att, 0, 8 * PAGE_SIZE);
	expect_eq(t, header[9], 0x77);
	expect(t, dibs_dmb_header(dmb) == header);
	dibs_detach_dmb(p->tc.client, &att);
unregister:
	dibs_unregister_dmb(dmb);
out:
	pair_free(p);
}

static void header(struct test *t)
{
	enum pair_kind kind;

	for (kind = 0; kind < PAIR_KINDS; kind++)
		header_on(t, kind);
}

static void check_every_length(struct pair *p)
{
	static const u32 lens[] = {
		1, 4095, 4096, 4097, 65535, 65536, 65537, SZ_1M, SZ_1M + 13,
		SZ_16M - 1, SZ_16M,
	};
	struct test *t = p->t;
	struct dibs_attachment *att;
	struct dibs_dmb *dmb;
	unsigned int i;
	u8 byte;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		/* Larger contiguous memory may not be available. */
		if (p->kind == PAIR_LINEAR && lens[i] > SZ_1M)
			break;
		dmb = pair_register(p, lens[i], NULL);
		if (!expect_err(t, dmb, 0))
			break;
		att = pair_attach(p, dmb);
		if (expect_err(t, att, 0)) {
			expect_eq(t, dibs_move_data(att, 0, false,
						    lens[i] - 1, "z", 1), 0);
			byte = 0;
			dibs_dmb_read(dmb, lens[i] - 1, &byte, 1);
			expect_eq(t, byte, 'z');
			dibs_detach_dmb(p->tc.client, &att);
		}
		dibs_unregister_dmb(dmb);
	}
}

static void every_length(struct test *t)
{
	pair_each(t, 100, check_every_length);
}

/* Random sizes at random offsets, compared with a plain buffer. */
static void check_like_memcpy(struct pair *p)
{
	u32 len = dibs_dmb_len(p->dmb), i, offset, size;
	u8 *model = vzalloc(len), *data = vmalloc(len);
	struct test *t = p->t;
	struct iov_iter iter;
	struct kvec vec;

	if (!expect(t, model) || !expect(t, data))
		goto out;
	for (i = 0; i < 200; i++) {
		offset = get_random_u32() % len;
		size = get_random_u32() % (i % 2 ? 300 : len);
		size = min(size, len - offset);
		get_random_bytes(data, min_t(u32, size, 64));
		memcpy(model + offset, data, size);
		if (i % 3) {
			expect_eq(t, dibs_move_data(p->att, 0, false, offset,
						    data, size), 0);
			continue;
		}
		vec = (struct kvec) { .iov_base = data, .iov_len = size };
		iov_iter_kvec(&iter, WRITE, &vec, 1, size);
		expect_eq(t, dibs_move_iter(p->att, 0, false, offset, &iter,
					    size), size);
		expect_eq(t, iov_iter_count(&iter), 0);
	}
	memset(data, 0xff, len);
	expect_eq(t, dibs_dmb_read(p->dmb, 0, data, len), 0);
	expect_eq(t, memcmp(model, data, len), 0);
	memset(data, 0xff, len);
	vec = (struct kvec) { .iov_base = data, .iov_len = len };
	iov_iter_kvec(&iter, READ, &vec, 1, len);
	expect_eq(t, dibs_dmb_read_iter(p->dmb, 0, &iter, len), len);
	expect_eq(t, memcmp(model, data, len), 0);
out:
	vfree(data);
	vfree(model);
}

static void like_memcpy(struct test *t)
{
	pair_each(t, SZ_256K + 77, check_like_memcpy);
}

/* Sets the sysctl of the initial namespace. */
/* A peer that allocates memory while the owner gives the DMB up. */
struct populator {
	struct pair *p;
	atomic_t done;
	int err;
};

static void populate_step(void *arg, unsigned int nr)
{
	struct populator *job = arg;

	if (atomic_read(&job->done)) {
		usleep_range(50, 100);
		return;
	}
	job->err = dibs_attachment_populate(job->p->att, 0, SZ_16M);
	atomic_set(&job->done, 1);
}

static void check_given_up(struct pair *p, struct dibs_dmb *dmb)
{
	u32 offset, pages = 0;

	for (offset = 0; offset < SZ_16M; offset += PAGE_SIZE)
		pages += present(dmb, offset);
	expect_eq(p->t, pages, 0);
}

static void given_up(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_LO, SZ_16M);
	struct populator job = { .p = p };
	struct crew crew = {};
	struct dibs_dmb *dmb;
	int i;

	if (!p)
		return;
	/* The attachment holds it for as long as the peer stays attached. */
	dmb = dibs_attachment_target(p->att);
	if (!expect(t, crew_add(&crew, populate_step, &job)))
		goto out;
	for (i = 0; i < 1000000 && !present(dmb, 0); i++)
		cpu_relax();
	watch_unregister(&p->watch, p->dmb);
	p->dmb = NULL;
	expect(t, crew_wait(&job.done, 1));
	crew_stop(&crew);
	if (!job.err)
		test_skip(t, "the memory was allocated too early");
	check_given_up(p, dmb);
out:
	pair_free(p);
}

static int cap_set(const char *value)
{
	struct file *file = filp_open("/proc/sys/net/dibs/mem_max", O_WRONLY,
				      0);
	loff_t pos = 0;
	ssize_t n;

	if (IS_ERR(file))
		return PTR_ERR(file);
	n = kernel_write(file, value, strlen(value), &pos);
	filp_close(file, NULL);
	return n < 0 ? n : 0;
}

static int cap_get(char *value, size_t size)
{
	struct file *file = filp_open("/proc/sys/net/dibs/mem_max", O_RDONLY,
				      0);
	loff_t pos = 0;
	ssize_t n;

	if (IS_ERR(file))
		return PTR_ERR(file);
	n = kernel_read(file, value, size - 1, &pos);
	filp_close(file, NULL);
	value[n < 0 ? 0 : n] = 0;
	return n < 0 ? n : 0;
}

static void check_capped(struct pair *p)
{
	struct kvec vec = { .iov_base = "abc", .iov_len = 3 };
	struct dibs_dmb_params params;
	struct test *t = p->t;
	struct iov_iter iter;

	expect_eq(t, dibs_attachment_populate(p->att, 0, SZ_1M), -ENOBUFS);
	expect_eq(t, dibs_move_data(p->att, 0, true, SZ_1M - 3, "abc", 3),
		  -ENOBUFS);
	iov_iter_kvec(&iter, WRITE, &vec, 1, 3);
	expect_eq(t, dibs_move_iter(p->att, 0, true, SZ_1M - 3, &iter, 3),
		  -ENOBUFS);
	expect_eq(t, atomic_read(&p->watch.calls), 0);
	/* A new DMB needs memory only if it has a header. */
	params = pair_dmb_params(p, SZ_1M);
	params.header_len = 1;
	expect_err(t, dibs_register_dmb(p->tc.client, p->dev, &init_net,
					&params), -ENOBUFS);
	/* Existing pages can still be written. */
	expect_eq(t, dibs_move_data(p->att, 0, true, 0, "abc", 3), 0);
}

static void cap(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_LO, SZ_1M);
	char before[32];

	if (!p)
		return;
	if (cap_get(before, sizeof(before))) {
		test_skip(t, "no sysctl net.dibs.mem_max");
		goto out;
	}
	expect_eq(t, dibs_move_data(p->att, 0, false, 0, "x", 1), 0);
	if (expect_eq(t, cap_set("4096"), 0))
		check_capped(p);
	expect_eq(t, cap_set(before), 0);
	expect_eq(t, dibs_attachment_populate(p->att, 0, SZ_1M), 0);
out:
	pair_free(p);
}

static struct dibs_attachment *attach_with_header(struct pair *p,
						  struct dibs_dmb **dmb)
{
	struct dibs_dmb_params params = pair_dmb_params(p, SZ_64K);

	params.header_len = 64;
	*dmb = dibs_register_dmb(p->tc.client, p->dev, &init_net, &params);
	if (!expect_err(p->t, *dmb, 0))
		return ERR_CAST(*dmb);
	return pair_attach(p, *dmb);
}

static void reserve(struct test *t)
{
	struct pair *p = pair_new(t, PAIR_LO, 100);
	static const u8 bytes[PAGE_SIZE];
	struct dibs_attachment *att;
	struct dibs_dmb *dmb;
	char before[32];

	if (!p)
		return;
	if (cap_get(before, sizeof(before))) {
		test_skip(t, "no sysctl net.dibs.mem_max");
		goto out;
	}
	att = attach_with_header(p, &dmb);
	if (expect_err(t, att, 0)) {
		expect_eq(t, cap_set("1"), 0);
		/* The two pages behind that of the header. */
		expect_eq(t, dibs_move_data(att, 0, false, PAGE_SIZE + 100,
					    bytes, PAGE_SIZE), 0);
		expect_eq(t, dibs_move_data(att, 0, false, 3 * PAGE_SIZE,
					    bytes, 1), -ENOBUFS);
		/* And once more, after they were given back. */
		dibs_attachment_trim(att, PAGE_SIZE, 2 * PAGE_SIZE);
		expect_eq(t, dibs_move_data(att, 0, false, PAGE_SIZE + 100,
					    bytes, PAGE_SIZE), 0);
		expect_eq(t, cap_set(before), 0);
		dibs_detach_dmb(p->tc.client, &att);
	}
	if (!IS_ERR(dmb))
		dibs_unregister_dmb(dmb);
out:
	pair_free(p);
}

const struct test_case memory_cases[] = {
	{ "a new DMB reads as zero", zero_at_first },
	{ "a write allocates the pages it touches and no others", follows_use },
	{ "memory can be allocated in advance", populate },
	{ "trimmed memory is freed, reads as zero and can be written again",
	  trim },
	{ "pages of a range that is not needed move to one that has none",
	  reuse },
	{ "a page reference survives trimming", page_survives_trim },
	{ "the header has memory from the start and keeps it", header },
	{ "DMBs of all lengths work", every_length },
	{ "moves and reads behave like memcpy", like_memcpy },
	{ "a peer that allocates memory leaves none in a DMB given up",
	  given_up },
	{ "net.dibs.mem_max limits the memory of DMBs", cap },
	{ "a DMB with a header has three pages even if net.dibs.mem_max is full",
	  reserve },
	{}
};

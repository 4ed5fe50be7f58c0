// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The memory of DMBs. Two kinds:
 *
 *   sparse: an array of page pointers, NULL where nothing was written yet; such
 *	a place reads as zero. A page comes with the first write to it and goes
 *	when the writer trims it, or with the DMB. Pages are ordinary ones of
 *	order 0, so they can be spliced, but where possible they come as a
 *	physically contiguous run, which is then copied to in one go.
 *   linear: one contiguous block, for devices that do DMA.
 *
 * Readers and writers of pages look them up under RCU and copy before they
 * leave the read-side section; trimming waits for them (dibs_pages_free_rcu).
 * Why it is so, and what was measured: docs/decisions/0002-dmb-memory.md.
 */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "core.h"
#include "../compat/memcg.h"

/* Largest run of pages that is asked for at once: 64 KiB of 4 KiB pages. */
#define DIBS_RUN_ORDER	4

/*
 * A DMB that has fewer pages gets one whatever others have, so that bytes go on:
 * the header's, and both that a piece of a page's length may lie in.
 */
#define DIBS_PAGES_ALWAYS	3

/* @share: of the owner's namespace. */
int dibs_memory_init(struct dibs_memory *mem, struct dibs_share *share,
		     u32 len, u32 header_len)
{
	mem->len = len;
	mem->header_len = header_len;
	mem->nr_pages = DIV_ROUND_UP(len, PAGE_SIZE);
	mem->memcg = dibs_memcg_current();
	mem->purse = dibs_purse_get(mem->memcg);
	if (IS_ERR(mem->purse)) {
		dibs_memcg_put(mem->memcg);
		return PTR_ERR(mem->purse);
	}
	mem->share = dibs_share_get(share);
	return 0;
}

static void dibs_memory_free_pages(struct dibs_memory *mem)
{
	u32 i, nr = 0, present = atomic_read(&mem->present);

	/* Mostly the first few of many. */
	for (i = 0; i < mem->nr_pages && nr < present; i++) {
		if (!mem->pages[i])
			continue;
		put_page(mem->pages[i]);
		nr++;
	}
	dibs_pages_add(mem, -(long)nr);
	kvfree(mem->pages);
}

/* The last reference to the DMB is gone. */
void dibs_memory_free(struct dibs_memory *mem)
{
	if (mem->pages)
		dibs_memory_free_pages(mem);
	if (mem->linear) {
		free_pages_exact(mem->linear, mem->len);
		dibs_pages_add(mem, -(long)mem->nr_pages);
	}
	dibs_share_put(mem->share);
	dibs_purse_put(mem->purse);
	dibs_memcg_put(mem->memcg);
}

int dibs_memory_alloc_pages(struct dibs_memory *mem)
{
	int err;

	mem->pages = kvcalloc(mem->nr_pages, sizeof(*mem->pages), DIBS_GFP);
	if (!mem->pages)
		return -ENOMEM;
	if (!mem->header_len)
		return 0;
	/* Not even the first page: the client may know another way. */
	err = dibs_pages_allowed(mem, 1);
	if (err)
		return err;
	return dibs_memory_populate(mem, 0, mem->header_len, DIBS_GFP);
}

int dibs_memory_alloc_linear(struct dibs_memory *mem)
{
	int err = dibs_pages_allowed(mem, mem->nr_pages);

	if (err)
		return err;
	mem->linear = alloc_pages_exact(mem->len, DIBS_GFP | __GFP_ZERO);
	if (!mem->linear)
		return -ENOMEM;
	dibs_pages_add(mem, mem->nr_pages);
	atomic_set(&mem->present, mem->nr_pages);
	return 0;
}

/* The largest aligned run at @i within @end that has no page yet. */
static unsigned int dibs_run_order(struct dibs_memory *mem, u32 i, u32 end)
{
	unsigned int order = 0;
	u32 j = i + 1;

	while (order < DIBS_RUN_ORDER) {
		u32 run = 2U << order;

		if (i & (run - 1) || run > end - i)
			break;
		while (j < i + run && !READ_ONCE(mem->pages[j]))
			j++;
		if (j < i + run)
			break;
		order++;
	}
	return order;
}

static struct page *dibs_run_alloc(unsigned int *order, gfp_t gfp)
{
	gfp_t quick = (gfp & ~(__GFP_DIRECT_RECLAIM | __GFP_RETRY_MAYFAIL)) |
		      __GFP_NORETRY;
	struct page *page;

	while (*order) {
		page = alloc_pages(quick | __GFP_ZERO, *order);
		if (page) {
			split_page(page, *order);
			return page;
		}
		--*order;
	}
	return alloc_page(gfp | __GFP_ZERO);
}

/* Whoever else populates the same place at the same time wins or loses. */
static void dibs_run_install(struct dibs_memory *mem, u32 i,
			     struct page *page, u32 nr)
{
	u32 j, installed = 0;

	for (j = 0; j < nr; j++) {
		/* Zeroes before pointer; pairs with dibs_memory_span(). */
		if (cmpxchg(&mem->pages[i + j], NULL, page + j))
			__free_page(page + j);
		else
			installed++;
	}
	atomic_add(installed, &mem->present);
	dibs_pages_add(mem, installed);
}

/* May the DMB have a run, or at least a page? 0 with the order, or -errno. */
static int dibs_run_allowed(const struct dibs_memory *mem, unsigned int *order)
{
	int err = dibs_pages_allowed(mem, 1U << *order);

	if (err && *order) {
		*order = 0;
		err = dibs_pages_allowed(mem, 1);
	}
	/* With so little it cannot wait for its cgroup's or namespace's others. */
	if (err && atomic_read(&mem->present) < DIBS_PAGES_ALWAYS &&
	    dibs_pages_left(1))
		return 0;
	return err;
}

static int dibs_memory_populate_run(struct dibs_memory *mem, u32 i, u32 end,
				    gfp_t gfp)
{
	unsigned int order = dibs_run_order(mem, i, end);
	struct mem_cgroup *old;
	struct page *page;
	int err;

	err = dibs_run_allowed(mem, &order);
	if (err)
		return err;
	old = dibs_memcg_enter(mem->memcg);
	page = dibs_run_alloc(&order, gfp);
	dibs_memcg_leave(old);
	if (!page)
		return -ENOMEM;
	dibs_run_install(mem, i, page, 1U << order);
	return 0;
}

/* @gfp without __GFP_DIRECT_RECLAIM: any context; else may sleep. */
int dibs_memory_populate(struct dibs_memory *mem, u32 offset, u32 size,
			 gfp_t gfp)
{
	u32 i, end;
	int err;

	if (!mem->pages || !size)
		return 0;
	end = (offset + size - 1) / PAGE_SIZE + 1;
	for (i = offset / PAGE_SIZE; i < end; i++) {
		if (likely(READ_ONCE(mem->pages[i])))
			continue;
		err = dibs_memory_populate_run(mem, i, end, gfp);
		if (err)
			return err;
	}
	return 0;
}

/* So many bytes from @offset on have memory. */
u32 dibs_memory_populated(const struct dibs_memory *mem, u32 offset, u32 size)
{
	u32 i = offset / PAGE_SIZE, end = offset;

	if (!mem->pages)
		return size;
	while (end - offset < size && READ_ONCE(mem->pages[i]))
		end = ++i * PAGE_SIZE;
	return min(size, end - offset);
}

/* Pages on their way out, while somebody may still be copying. */
struct dibs_page_batch {
	struct rcu_head rcu;
	u32 nr;
	struct page *pages[60];
};

static void dibs_pages_free_rcu(struct rcu_head *rcu)
{
	struct dibs_page_batch *batch = container_of(rcu,
						     struct dibs_page_batch,
						     rcu);

	while (batch->nr)
		put_page(batch->pages[--batch->nr]);
	kfree(batch);
}

static void dibs_page_batch_free(struct dibs_memory *mem,
				 struct dibs_page_batch *batch)
{
	atomic_sub(batch->nr, &mem->present);
	dibs_pages_add(mem, -(long)batch->nr);
	call_rcu(&batch->rcu, dibs_pages_free_rcu);
}

/* Frees what lies wholly in the range, as far as memory allows to. */
void dibs_memory_trim(struct dibs_memory *mem, u32 offset, u32 size)
{
	struct dibs_page_batch *batch = NULL;
	u32 i = DIV_ROUND_UP(offset, PAGE_SIZE);
	u32 end = offset + size == mem->len ? mem->nr_pages :
					      (offset + size) / PAGE_SIZE;
	/* A hint: who installs some counts them later, and keeps them then. */
	u32 left = atomic_read(&mem->present);

	if (!mem->pages)
		return;
	if (mem->header_len) {
		i = max(i, 1U);
		left -= !!READ_ONCE(mem->pages[0]);
	}
	for (; i < end && left; i++) {
		struct page *page;

		if (!READ_ONCE(mem->pages[i]))
			continue;
		left--;
		if (!batch)
			batch = kzalloc(sizeof(*batch),
					GFP_NOWAIT | __GFP_NOWARN);
		if (!batch)
			return;
		page = xchg(&mem->pages[i], NULL);
		if (page)
			batch->pages[batch->nr++] = page;
		if (batch->nr == ARRAY_SIZE(batch->pages)) {
			dibs_page_batch_free(mem, batch);
			batch = NULL;
		}
	}
	if (batch)
		dibs_page_batch_free(mem, batch);
}

/*
 * The memory at @offset, and in @size how much of it is contiguous, at most
 * what was asked for; NULL: there are no pages in that much. Valid until
 * rcu_read_unlock().
 */
static void *dibs_memory_span(const struct dibs_memory *mem, u32 offset,
			      u32 *size)
{
	u32 i = offset / PAGE_SIZE;
	struct page *page;
	u32 span;

	if (mem->linear)
		return mem->linear + offset;
	/* Dependent on the cmpxchg in dibs_run_install(). */
	page = READ_ONCE(mem->pages[i]);
	span = PAGE_SIZE - offset_in_page(offset);
	if (!page) {
		*size = min(*size, span);
		return NULL;
	}
	while (span < *size) {
		struct page *next = READ_ONCE(mem->pages[++i]);

		/* Part of a run? A page after it in memory is. */
		if (!next || page_to_pfn(next) != page_to_pfn(page) +
						  (i - offset / PAGE_SIZE))
			break;
		span += PAGE_SIZE;
	}
	*size = min(*size, span);
	return page_address(page) + offset_in_page(offset);
}

/* Any context: does not wait for memory. */
static int dibs_memory_populate_atomic(struct dibs_memory *mem, u32 offset,
				       u32 size)
{
	return dibs_memory_populate(mem, offset, size,
				    GFP_NOWAIT | __GFP_NOWARN | __GFP_ACCOUNT);
}

/*
 * Eight or four aligned bytes are stored at once, so that a reader who loads
 * them at once never sees halves of two moves.
 */
static void dibs_memory_store(void *to, const void *from, u32 size)
{
	bool aligned = IS_ALIGNED((unsigned long)to, size);
	u64 word;
	u32 half;

	if (size == sizeof(word) && aligned) {
		memcpy(&word, from, sizeof(word));
		WRITE_ONCE(*(u64 *)to, word);
	} else if (size == sizeof(half) && aligned) {
		memcpy(&half, from, sizeof(half));
		WRITE_ONCE(*(u32 *)to, half);
	} else {
		memcpy(to, from, size);
	}
}

int dibs_memory_write(struct dibs_memory *mem, u32 offset, const void *data,
		      u32 size)
{
	int err = 0;

	rcu_read_lock();
	while (size) {
		u32 span = size;
		void *to = dibs_memory_span(mem, offset, &span);

		if (unlikely(!to)) {
			err = dibs_memory_populate_atomic(mem, offset, size);
			if (err)
				break;
			span = size;
			to = dibs_memory_span(mem, offset, &span);
		}
		/* Trimmed at the same time: lost, as the trimmer was told. */
		if (likely(to))
			dibs_memory_store(to, data, span);
		data += span;
		offset += span;
		size -= span;
	}
	rcu_read_unlock();
	return err;
}

void dibs_memory_read(struct dibs_memory *mem, u32 offset, void *buf,
		      u32 size)
{
	rcu_read_lock();
	while (size) {
		u32 span = size;
		const void *from = dibs_memory_span(mem, offset, &span);

		if (from)
			memcpy(buf, from, span);
		else
			memset(buf, 0, span);
		buf += span;
		offset += span;
		size -= span;
	}
	rcu_read_unlock();
}

/*
 * The kernel need not find out what kind of memory this is, which takes longer
 * than to copy a few bytes: it is the DMB's, and the move was checked. Within a
 * page this is quickest by the page's own functions.
 */
static size_t dibs_copy_from(void *to, u32 size, struct iov_iter *from)
{
	u32 offset = offset_in_page(to);

	if (offset + size > PAGE_SIZE)
		return _copy_from_iter(to, size, from);
	return copy_page_from_iter_atomic(virt_to_page(to), offset, size,
					  from);
}

static size_t dibs_copy_to(const void *from, u32 size, struct iov_iter *to)
{
	u32 offset = offset_in_page(from);

	if (offset + size > PAGE_SIZE)
		return _copy_to_iter(from, size, to);
	return copy_page_to_iter(virt_to_page(from), offset, size, to);
}

/*
 * Copies from @from with page faults off. Stops at the first byte of the DMB's or
 * user memory that is not there. Bytes copied.
 */
u32 dibs_memory_write_iter(struct dibs_memory *mem, u32 offset,
			   struct iov_iter *from, u32 size)
{
	u32 done = 0;

	rcu_read_lock();
	pagefault_disable();
	while (done < size) {
		u32 span = size - done;
		void *to = dibs_memory_span(mem, offset + done, &span);
		u32 n;

		if (unlikely(!to))
			break;	/* trimmed at the same time: populate again */
		n = dibs_copy_from(to, span, from);
		done += n;
		if (n < span)
			break;
	}
	pagefault_enable();
	rcu_read_unlock();
	return done;
}

/* Copies to @to with page faults off, as above. */
u32 dibs_memory_read_iter(struct dibs_memory *mem, u32 offset,
			  struct iov_iter *to, u32 size)
{
	u32 done = 0;

	rcu_read_lock();
	pagefault_disable();
	while (done < size) {
		u32 span = size - done;
		const void *from = dibs_memory_span(mem, offset + done, &span);
		u32 n = from ? dibs_copy_to(from, span, to) :
			       iov_iter_zero(span, to);

		done += n;
		if (n < span)
			break;
	}
	pagefault_enable();
	rcu_read_unlock();
	return done;
}

struct page *dibs_memory_get_page(struct dibs_memory *mem, u32 offset)
{
	struct page *page;

	if (!mem->pages)
		return ERR_PTR(-EOPNOTSUPP);
	rcu_read_lock();
	page = READ_ONCE(mem->pages[offset / PAGE_SIZE]);
	if (page)
		get_page(page);
	rcu_read_unlock();
	return page ? : ERR_PTR(-ENODATA);
}

void *dibs_memory_header(const struct dibs_memory *mem)
{
	if (!mem->header_len)
		return NULL;
	return mem->linear ? : page_address(mem->pages[0]);
}

u64 dibs_memory_present(const struct dibs_memory *mem)
{
	return (u64)atomic_read(&mem->present) << PAGE_SHIFT;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The memory of DMBs. There are two kinds:
 *
 *   sparse: an array of page pointers, NULL where nothing was written yet; such
 *	places read as zero. A page is allocated by the first write to it, and
 *	freed when the writer trims it, when the owner gives the DMB up, or with
 *	the DMB. Pages have order 0, so
 *	they can be spliced, but if possible they are allocated as physically
 *	contiguous runs, which are then copied to in one go.
 *   linear: one contiguous block, for devices that do DMA.
 *
 * Readers and writers look up pages under RCU and copy before they leave the
 * read-side section; trimmed pages are freed after a grace period
 * (dibs_pages_free_rcu). docs/decisions/0002-dmb-memory.md has the reasons and
 * the measurements.
 */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "core.h"
#include "../compat/memcg.h"

/* Largest run of pages to allocate at once: 64 KiB with 4 KiB pages. */
#define DIBS_RUN_ORDER	4

/*
 * What a connection needs to make progress, whatever others have: the page of
 * the header, and the two pages that a page-sized piece may straddle. They
 * count against the limits from the registration on, and are allocated when
 * they are used.
 */
#define DIBS_PAGES_RESERVED	3

/* The memory has @nr more pages, or fewer if @nr is negative. */
static void dibs_memory_count(struct dibs_memory *mem, int nr)
{
	int now = atomic_add_return(nr, &mem->present);
	int reserve = mem->reserve;

	dibs_limits_charge(mem, max(now, reserve) - max(now - nr, reserve));
	dibs_memcg_charge_add(mem->charge, nr);
}

/* @quota: of the owner's namespace, or NULL. May sleep. */
int dibs_memory_init(struct dibs_memory *mem, struct dibs_quota *quota,
		     u32 len, u32 header_len)
{
	mem->len = len;
	mem->header_len = header_len;
	mem->nr_pages = DIV_ROUND_UP(len, PAGE_SIZE);
	mem->memcg = dibs_memcg_current();
	mem->charge = dibs_memcg_charge_get(mem->memcg);
	if (IS_ERR(mem->charge)) {
		dibs_memcg_put(mem->memcg);
		return PTR_ERR(mem->charge);
	}
	mem->quota = dibs_quota_get(quota);
	return 0;
}

static void dibs_memory_free_pages(struct dibs_memory *mem)
{
	u32 i, nr = 0, present = atomic_read(&mem->present);

	/* Usually only the first few of many entries are set. */
	for (i = 0; i < mem->nr_pages && nr < present; i++) {
		if (!mem->pages[i])
			continue;
		put_page(mem->pages[i]);
		nr++;
	}
	dibs_memory_count(mem, -(int)nr);
	dibs_limits_charge(mem, -(long)mem->reserve);
	kvfree(mem->pages);
}

/* Called with the last reference to the DMB. May sleep. */
void dibs_memory_free(struct dibs_memory *mem)
{
	if (mem->pages)
		dibs_memory_free_pages(mem);
	if (mem->linear) {
		free_pages_exact(mem->linear, mem->len);
		dibs_memory_count(mem, -(int)mem->nr_pages);
	}
	dibs_quota_put(mem->quota);
	dibs_memcg_charge_put(mem->charge);
	dibs_memcg_put(mem->memcg);
}

int dibs_memory_alloc_pages(struct dibs_memory *mem)
{
	u32 reserve = min_t(u32, DIBS_PAGES_RESERVED, mem->nr_pages);
	int err;

	mem->pages = kvcalloc(mem->nr_pages, sizeof(*mem->pages), DIBS_GFP);
	if (!mem->pages)
		return -ENOMEM;
	if (!mem->header_len)
		return 0;
	/* Refused now or never: the client may have a fallback. */
	err = dibs_limits_check(mem, reserve);
	if (err)
		return err;
	mem->reserve = reserve;
	dibs_limits_charge(mem, reserve);
	return dibs_memory_populate(mem, 0, mem->header_len, DIBS_GFP);
}

int dibs_memory_alloc_linear(struct dibs_memory *mem)
{
	int err = dibs_limits_check(mem, mem->nr_pages);

	if (err)
		return err;
	mem->linear = alloc_pages_exact(mem->len, DIBS_GFP | __GFP_ZERO);
	if (!mem->linear)
		return -ENOMEM;
	dibs_memory_count(mem, mem->nr_pages);
	return 0;
}

/* Order of the largest aligned run of missing pages from @i, before @end. */
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

/* Pages that somebody else installed at the same time are kept instead. */
static void dibs_run_install(struct dibs_memory *mem, u32 i,
			     struct page *page, u32 nr)
{
	u32 j, installed = 0;

	for (j = 0; j < nr; j++) {
		/* Zeroes before the pointer; pairs with dibs_memory_span(). */
		if (cmpxchg(&mem->pages[i + j], NULL, page + j))
			__free_page(page + j);
		else
			installed++;
	}
	dibs_memory_count(mem, installed);
}

/*
 * May the DMB have a run of 2^*@order pages, or else one page? 0, with *@order
 * updated, or -errno.
 */
static int dibs_run_allowed(const struct dibs_memory *mem, unsigned int *order)
{
	int err = dibs_limits_check(mem, 1U << *order);

	if (err && *order) {
		*order = 0;
		err = dibs_limits_check(mem, 1);
	}
	/* So few are counted already, and must not depend on the cgroup. */
	if (err && atomic_read(&mem->present) < mem->reserve)
		return 0;
	return err;
}

/* Trimmed pages, while somebody may still be copying. */
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
	dibs_memory_count(mem, -(int)batch->nr);
	call_rcu(&batch->rcu, dibs_pages_free_rcu);
}

static void dibs_page_free_rcu(struct rcu_head *rcu)
{
	put_page(container_of(rcu, struct page, rcu_head));
}

/* A page that was taken out of @mem when there was no memory for a batch. */
static void dibs_page_free(struct dibs_memory *mem, struct page *page)
{
	dibs_memory_count(mem, -1);
	/* An ordinary page; whoever else holds it does not use this field. */
	call_rcu(&page->rcu_head, dibs_page_free_rcu);
}

/* Frees at most @left of the pages from @i to @end. Any context. */
static void dibs_memory_free_some(struct dibs_memory *mem, u32 i, u32 end,
				  u32 left)
{
	struct dibs_page_batch *batch = NULL;

	for (; i < end && left; i++) {
		struct page *page;

		if (!READ_ONCE(mem->pages[i]))
			continue;
		left--;
		if (!batch)
			batch = kzalloc(sizeof(*batch),
					GFP_NOWAIT | __GFP_NOWARN);
		page = xchg(&mem->pages[i], NULL);
		if (page && batch)
			batch->pages[batch->nr++] = page;
		else if (page)
			dibs_page_free(mem, page);
		if (batch && batch->nr == ARRAY_SIZE(batch->pages)) {
			dibs_page_batch_free(mem, batch);
			batch = NULL;
		}
	}
	if (batch)
		dibs_page_batch_free(mem, batch);
}

/* All of these pages, except for that of the header. */
static void dibs_memory_free_run(struct dibs_memory *mem, u32 i, u32 end)
{
	if (mem->header_len)
		i = max(i, 1U);
	dibs_memory_free_some(mem, i, end, U32_MAX);
}

static int dibs_memory_populate_run(struct dibs_memory *mem, u32 i, u32 end,
				    gfp_t gfp)
{
	unsigned int order = dibs_run_order(mem, i, end);
	struct mem_cgroup *old;
	struct page *page;
	int err;

	if (unlikely(READ_ONCE(mem->given_up)))
		return -ESTALE;
	err = dibs_run_allowed(mem, &order);
	if (err)
		return err;
	old = dibs_memcg_enter(mem->memcg);
	page = dibs_run_alloc(&order, gfp);
	dibs_memcg_leave(old);
	if (!page)
		return -ENOMEM;
	dibs_run_install(mem, i, page, 1U << order);
	/*
	 * Pairs with dibs_memory_give_up(): either it finds these pages, or
	 * they are taken back here. The cmpxchg was a full barrier.
	 */
	if (unlikely(READ_ONCE(mem->given_up))) {
		dibs_memory_free_run(mem, i, i + (1U << order));
		return -ESTALE;
	}
	return 0;
}

/*
 * Allocates the missing pages of a range. Any context if @gfp has no
 * __GFP_DIRECT_RECLAIM, else may sleep.
 */
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

/* How many of the @size bytes from @offset on have memory, without a gap. */
u32 dibs_memory_populated(const struct dibs_memory *mem, u32 offset, u32 size)
{
	u32 i = offset / PAGE_SIZE, end = offset;

	if (!mem->pages)
		return size;
	while (end - offset < size && READ_ONCE(mem->pages[i]))
		end = ++i * PAGE_SIZE;
	return min(size, end - offset);
}

/* Frees pages that lie wholly in the range. Any context. */
void dibs_memory_trim(struct dibs_memory *mem, u32 offset, u32 size)
{
	u32 i = DIV_ROUND_UP(offset, PAGE_SIZE);
	u32 end = offset + size == mem->len ? mem->nr_pages :
					      (offset + size) / PAGE_SIZE;
	/* A hint: pages are counted only after they have been installed. */
	u32 left = atomic_read(&mem->present);

	if (!mem->pages)
		return;
	if (mem->header_len) {
		i = max(i, 1U);
		left -= !!READ_ONCE(mem->pages[0]);
	}
	dibs_memory_free_some(mem, i, end, left);
}

/* Frees all pages but that of the header; no page comes any more. */
void dibs_memory_give_up(struct dibs_memory *mem)
{
	WRITE_ONCE(mem->given_up, true);
	/* Before looking for pages; pairs with dibs_memory_populate_run(). */
	smp_mb();
	if (mem->pages)
		dibs_memory_free_run(mem, 0, mem->nr_pages);
}

/*
 * Moves the pages that lie wholly in the @size bytes from @from on to the same
 * places of those from @to on, as far as these have none. All are multiples of
 * the size of a page. The first page of the DMB stays. Any context.
 */
void dibs_memory_reuse(struct dibs_memory *mem, u32 from, u32 to, u32 size)
{
	u32 i = from / PAGE_SIZE, j = to / PAGE_SIZE;
	u32 end = j + size / PAGE_SIZE;

	if (!mem->pages)
		return;
	for (; j < end; i++, j++) {
		struct page *page;

		if (!i || READ_ONCE(mem->pages[j]) || !READ_ONCE(mem->pages[i]))
			continue;
		page = xchg(&mem->pages[i], NULL);
		/* Somebody else may have written to the place just now. */
		if (page && cmpxchg(&mem->pages[j], NULL, page))
			dibs_page_free(mem, page);
	}
	/* Pairs with dibs_memory_give_up(), as after dibs_run_install(). */
	if (unlikely(READ_ONCE(mem->given_up)))
		dibs_memory_free_run(mem, to / PAGE_SIZE, end);
}

/*
 * The memory at @offset. *@size is reduced to what is contiguous from there on.
 * NULL: there is no memory for that many bytes. Valid until rcu_read_unlock().
 */
static void *dibs_memory_span(const struct dibs_memory *mem, u32 offset,
			      u32 *size)
{
	u32 i = offset / PAGE_SIZE;
	struct page *page;
	u32 span;

	if (mem->linear)
		return mem->linear + offset;
	/* Address dependency; pairs with the cmpxchg in dibs_run_install(). */
	page = READ_ONCE(mem->pages[i]);
	span = PAGE_SIZE - offset_in_page(offset);
	if (!page) {
		*size = min(*size, span);
		return NULL;
	}
	while (span < *size) {
		struct page *next = READ_ONCE(mem->pages[++i]);

		/* Physically contiguous pages belong to one run. */
		if (!next || page_to_pfn(next) != page_to_pfn(page) +
						  (i - offset / PAGE_SIZE))
			break;
		span += PAGE_SIZE;
	}
	*size = min(*size, span);
	return page_address(page) + offset_in_page(offset);
}

/* Any context: does not wait for memory to be reclaimed. */
static int dibs_memory_populate_atomic(struct dibs_memory *mem, u32 offset,
				       u32 size)
{
	return dibs_memory_populate(mem, offset, size,
				    GFP_NOWAIT | __GFP_NOWARN | __GFP_ACCOUNT);
}

/*
 * Stores eight or four aligned bytes with one access, so that a reader that
 * loads them with one access never sees parts of two moves.
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
		/* Trimmed meanwhile: lost, see dibs_attachment_trim(). */
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
 * The memory is known to belong to the DMB and the range has been checked, so
 * skip the hardened usercopy checks, which take longer than copying a few
 * bytes. Within one page, the per-page functions are fastest.
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
 * Copies from @from with page faults disabled. Stops at the first missing byte,
 * of the DMB or of user memory. Returns the number of bytes copied.
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
			break;	/* trimmed meanwhile: populate again */
		n = dibs_copy_from(to, span, from);
		done += n;
		if (n < span)
			break;
	}
	pagefault_enable();
	rcu_read_unlock();
	return done;
}

/* Copies to @to with page faults disabled, likewise. */
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

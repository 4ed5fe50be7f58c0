// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * A ring of eight entries; see io_uring(7).
 */

#include <sys/mman.h>
#include <sys/syscall.h>

#include "conformance.h"
#include "uring.h"

#define ENTRIES 8
#define TAGS 32

static int ring = -1;
static struct io_uring_params params;
static struct io_uring_sqe *sqes;
static char *sq, *cq;
static int results[TAGS];
static bool ended[TAGS];
static unsigned int prepared;

static unsigned int *word(char *base, unsigned int offset)
{
	return (unsigned int *)(base + offset);
}

static void *map(size_t size, off_t what)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_POPULATE, ring, what);

	if (memory == MAP_FAILED)
		broken("io_uring mmap");
	return memory;
}

void uring_start(void)
{
	ring = syscall(SYS_io_uring_setup, ENTRIES, &params);
	if (ring < 0)
		skip("no io_uring");
	sq = map(params.sq_off.array + params.sq_entries * 4,
		 IORING_OFF_SQ_RING);
	cq = map(params.cq_off.cqes +
		 params.cq_entries * sizeof(struct io_uring_cqe),
		 IORING_OFF_CQ_RING);
	sqes = map(params.sq_entries * sizeof(*sqes), IORING_OFF_SQES);
}

struct io_uring_sqe *uring_entry(int op, int fd, const void *addr,
				 unsigned int len, unsigned long tag)
{
	unsigned int tail = *word(sq, params.sq_off.tail);
	unsigned int index = tail & *word(sq, params.sq_off.ring_mask);
	struct io_uring_sqe *sqe = &sqes[index];

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = op;
	sqe->fd = fd;
	sqe->addr = (uintptr_t)addr;
	sqe->len = len;
	sqe->user_data = tag;
	ended[tag] = false;
	word(sq, params.sq_off.array)[index] = index;
	__atomic_store_n(word(sq, params.sq_off.tail), tail + 1,
			 __ATOMIC_RELEASE);
	prepared++;
	return sqe;
}

int uring_submit(void)
{
	unsigned int count = prepared;

	prepared = 0;
	return syscall(SYS_io_uring_enter, ring, count, 0, 0, NULL, 0);
}

static void reap(void)
{
	unsigned int head = *word(cq, params.cq_off.head);
	unsigned int mask = *word(cq, params.cq_off.ring_mask);
	struct io_uring_cqe *cqes = (void *)(cq + params.cq_off.cqes);

	while (head != __atomic_load_n(word(cq, params.cq_off.tail),
				       __ATOMIC_ACQUIRE)) {
		struct io_uring_cqe *cqe = &cqes[head & mask];

		if (cqe->user_data < TAGS) {
			results[cqe->user_data] = cqe->res;
			ended[cqe->user_data] = true;
		}
		head++;
	}
	__atomic_store_n(word(cq, params.cq_off.head), head, __ATOMIC_RELEASE);
}

void uring_forget(unsigned long tag)
{
	reap();
	ended[tag] = false;
}

int uring_look(unsigned long tag)
{
	reap();
	return ended[tag] ? results[tag] : -EBUSY;
}

int uring_wait(unsigned long tag)
{
	while (uring_look(tag) == -EBUSY && !ended[tag])
		syscall(SYS_io_uring_enter, ring, 0, 1, IORING_ENTER_GETEVENTS,
			NULL, 0);
	return results[tag];
}

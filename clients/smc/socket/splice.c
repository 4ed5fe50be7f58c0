// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * splice() from a socket. The peer overwrites the pages of a ring as soon as
 * they have been read, so the pipe gets copies in pages of its own. Process
 * context; the caller has locked the pipe, or owns it alone.
 */
#include <linux/bvec.h>
#include <linux/pipe_fs_i.h>
#include <linux/slab.h>
#include <linux/splice.h>

#include "conn/conn.h"
#include "socket/socket.h"

/* Pages in one call: as many as a pipe has by default. */
#define SMC_SPLICE_PAGES	16

struct smc_splice_buf {
	struct page *pages[SMC_SPLICE_PAGES];
	struct partial_page partial[SMC_SPLICE_PAGES];
	struct bio_vec bvec[SMC_SPLICE_PAGES];
	unsigned int count;
};

static void smc_splice_put_page(struct splice_pipe_desc *spd, unsigned int i)
{
	put_page(spd->pages[i]);
}

static int smc_splice_buf_alloc(struct smc_splice_buf *s, unsigned int count)
{
	while (s->count < count) {
		struct page *page = alloc_page(GFP_USER | __GFP_ACCOUNT);

		if (!page)
			break;
		s->pages[s->count] = page;
		s->bvec[s->count].bv_page = page;
		s->bvec[s->count].bv_len = PAGE_SIZE;
		s->bvec[s->count].bv_offset = 0;
		s->count++;
	}
	return s->count ? 0 : -ENOMEM;
}

/* Moves the first @len bytes into the pipe, which has room; frees the rest. */
static ssize_t smc_splice_buf_to_pipe(struct smc_splice_buf *s, size_t len,
				      struct pipe_inode_info *pipe)
{
	struct splice_pipe_desc spd = {
		.pages = s->pages,
		.partial = s->partial,
		.nr_pages_max = SMC_SPLICE_PAGES,
		.ops = &nosteal_pipe_buf_ops,
		.spd_release = smc_splice_put_page,
	};

	while (len) {
		size_t part = min_t(size_t, len, PAGE_SIZE);

		s->partial[spd.nr_pages].offset = 0;
		s->partial[spd.nr_pages].len = part;
		spd.nr_pages++;
		len -= part;
	}
	while (s->count > spd.nr_pages)
		put_page(s->pages[--s->count]);
	return splice_to_pipe(pipe, &spd);
}

static void smc_splice_buf_free(struct smc_splice_buf *s)
{
	while (s->count)
		put_page(s->pages[--s->count]);
}

/* The splice_read of struct proto_ops, for bytes in DMBs. */
ssize_t smc_splice_read(struct smc_sock *smc, struct socket *sock,
			struct pipe_inode_info *pipe, size_t len)
{
	unsigned int used = pipe_occupancy(pipe->head, pipe->tail);
	unsigned int room = pipe->max_usage > used ? pipe->max_usage - used : 0;
	struct msghdr msg = {};
	struct smc_splice_buf *s;
	ssize_t ret;

	room = min_t(unsigned int, room, SMC_SPLICE_PAGES);
	room = min_t(size_t, room, DIV_ROUND_UP(len, PAGE_SIZE));
	if (!room)
		return len ? -EAGAIN : 0;
	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	ret = smc_splice_buf_alloc(s, room);
	if (ret)
		goto free;
	len = min_t(size_t, len, s->count * PAGE_SIZE);
	iov_iter_bvec(&msg.msg_iter, READ, s->bvec, s->count, len);
	ret = smc_receive_splice(smc, &msg, len,
				 sock->file->f_flags & O_NONBLOCK ?
				 MSG_DONTWAIT : 0);
	if (ret > 0) {
		ret = smc_splice_buf_to_pipe(s, ret, pipe);
		goto free;
	}
	smc_splice_buf_free(s);
free:
	kfree(s);
	return ret;
}

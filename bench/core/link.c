// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Measures the lifetime of DMBs and attachments; sets them up for other cases.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include <linux/dibs_client.h>

#include "bench.h"

/* DMBs registered at a time, to measure attaching to them. */
#define BENCH_LINKS	64

int bench_register(struct bench_worker *w, struct bench_link *link, u32 len)
{
	const struct dibs_dmb_params params = {
		.rgid = *dibs_dev_gid(w->dev),
		.len = len,
		.priv = w,
	};
	struct dibs_dmb *dmb;

	dmb = dibs_register_dmb(bench_client, w->dev, &init_net, &params);
	if (IS_ERR(dmb))
		return PTR_ERR(dmb);
	link->dmb = dmb;
	return 0;
}

int bench_attach(struct bench_worker *w, struct bench_link *link)
{
	const struct dibs_attach_params params = {
		.rgid = *dibs_dev_gid(w->dev),
		.token = dibs_dmb_token(link->dmb),
	};
	struct dibs_attachment *att;

	att = dibs_attach_dmb(bench_client, w->dev, &init_net, &params);
	if (IS_ERR(att))
		return PTR_ERR(att);
	link->att = att;
	return 0;
}

static void bench_unregister(struct bench_link *link)
{
	dibs_unregister_dmb(link->dmb);
	link->dmb = NULL;
}

/* Registers and attaches a fully populated ring. */
int bench_link_set_up(struct bench_worker *w)
{
	int err;

	err = bench_register(w, &w->link, BENCH_RING);
	if (!err)
		err = bench_attach(w, &w->link);
	if (!err)
		err = dibs_attachment_populate(w->link.att, 0, BENCH_RING);
	return err;
}

void bench_link_tear_down(struct bench_worker *w)
{
	dibs_detach_dmb(bench_client, &w->link.att);
	bench_unregister(&w->link);
}

static int bench_register_step(struct bench_worker *w)
{
	int err;

	err = bench_register(w, &w->link, w->size);
	bench_unregister(&w->link);
	return err;
}

u64 bench_register_loop(struct bench_worker *w, u32 n)
{
	return bench_repeat(w, n, bench_register_step);
}

/* Only an attachment can touch memory, so attaching is measured as well. */
static int bench_touch_step(struct bench_worker *w)
{
	int err;

	err = bench_register(w, &w->link, w->size);
	if (!err)
		err = bench_attach(w, &w->link);
	if (!err)
		err = dibs_attachment_populate(w->link.att, 0, w->size);
	bench_link_tear_down(w);
	return err;
}

u64 bench_touch_loop(struct bench_worker *w, u32 n)
{
	return bench_repeat(w, n, bench_touch_step);
}

int bench_links_set_up(struct bench_worker *w)
{
	w->links = kcalloc(BENCH_LINKS, sizeof(*w->links), GFP_KERNEL);
	return w->links ? 0 : -ENOMEM;
}

void bench_links_tear_down(struct bench_worker *w)
{
	kfree(w->links);
}

/*
 * A DMB can be attached only once, so each operation needs a new one.
 * Registering them is not measured.
 */
u64 bench_attach_loop(struct bench_worker *w, u32 n)
{
	u64 ns = 0, start;
	u32 i, nr;
	int err;

	while (n && !w->err) {
		nr = min_t(u32, n, BENCH_LINKS);
		for (i = 0; i < nr && !w->err; i++)
			w->err = bench_register(w, &w->links[i], PAGE_SIZE);
		start = ktime_get_ns();
		for (i = 0; i < nr && !w->err; i++) {
			err = bench_attach(w, &w->links[i]);
			if (err)
				w->err = err;
			dibs_detach_dmb(bench_client, &w->links[i].att);
		}
		ns += ktime_get_ns() - start;
		for (i = 0; i < nr; i++)
			bench_unregister(&w->links[i]);
		n -= nr;
	}
	return ns;
}

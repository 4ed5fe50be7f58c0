// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * See fixture.h.
 */
#include <linux/err.h>
#include <linux/slab.h>

#include "fixture.h"

const char *pair_kind_name(enum pair_kind kind)
{
	static const char * const names[] = {
		[PAIR_LO] = "loopback",
		[PAIR_MAPPED] = "mapped",
		[PAIR_UNMAPPED] = "unmapped",
		[PAIR_LINEAR] = "linear",
		[PAIR_REMOTE] = "remote",
	};

	return names[kind];
}

static const struct fake_options pair_options[] = {
	[PAIR_MAPPED] = {
		.name = "st-mapped",
		.fabric = DIBS_FABRIC_LOOPBACK,
		.maps = true,
	},
	[PAIR_UNMAPPED] = {
		.name = "st-unmapped",
		.fabric = DIBS_FABRIC_LOOPBACK,
	},
	[PAIR_LINEAR] = {
		.name = "st-linear",
		.fabric = DIBS_FABRIC_LOOPBACK,
		.maps = true,
		.linear = true,
	},
	[PAIR_REMOTE] = {
		.name = "st-remote",
	},
};

bool pair_local(const struct pair *p)
{
	return p->kind != PAIR_REMOTE;
}

struct dibs_dmb_params pair_dmb_params(const struct pair *p, u32 len)
{
	return (struct dibs_dmb_params) {
		.rgid = *dibs_dev_gid(p->dev),
		.len = len,
	};
}

struct dibs_attach_params pair_attach_params(const struct pair *p,
					     const struct dibs_dmb *dmb)
{
	return (struct dibs_attach_params) {
		.rgid = *dibs_dev_gid(p->dev),
		.token = dibs_dmb_token(dmb),
		.len = dibs_dmb_len(dmb),
	};
}

struct dibs_dmb *pair_register(struct pair *p, u32 len, struct watch *watch)
{
	struct dibs_dmb_params params = pair_dmb_params(p, len);

	params.priv = watch;
	return dibs_register_dmb(p->tc.client, p->dev, &init_net, &params);
}

struct dibs_attachment *pair_attach(struct pair *p,
				    const struct dibs_dmb *dmb)
{
	struct dibs_attach_params params = pair_attach_params(p, dmb);

	return dibs_attach_dmb(p->tc.client, p->dev, &init_net, &params);
}

static bool pair_find_dev(struct pair *p)
{
	const char *name = "lo";

	if (p->kind != PAIR_LO) {
		p->fake = fake_new(&pair_options[p->kind]);
		if (!expect(p->t, p->fake))
			return false;
		name = p->fake->opt.name;
	}
	p->dev = tclient_dev(&p->tc, name);
	if (!p->dev && p->kind == PAIR_LO)
		test_skip(p->t, "no device lo");
	else
		expect(p->t, p->dev);
	return p->dev;
}

static bool pair_set_up(struct pair *p, u32 len)
{
	if (!expect_eq(p->t, tclient_register(&p->tc, "st-pair"), 0) ||
	    !pair_find_dev(p))
		return false;
	p->dmb = pair_register(p, len, &p->watch);
	if (!expect_err(p->t, p->dmb, 0)) {
		p->dmb = NULL;
		return false;
	}
	return true;
}

struct pair *pair_new_waiting(struct test *t, enum pair_kind kind, u32 len)
{
	struct pair *p = kzalloc(sizeof(*p), GFP_KERNEL);

	if (!expect(t, p))
		return NULL;
	p->t = t;
	p->kind = kind;
	if (!pair_set_up(p, len)) {
		pair_free(p);
		return NULL;
	}
	return p;
}

struct pair *pair_new(struct test *t, enum pair_kind kind, u32 len)
{
	struct pair *p = pair_new_waiting(t, kind, len);

	if (!p)
		return NULL;
	p->att = pair_attach(p, p->dmb);
	if (!expect_err(t, p->att, 0)) {
		p->att = NULL;
		pair_free(p);
		return NULL;
	}
	return p;
}

void pair_free(struct pair *p)
{
	if (!p)
		return;
	if (p->att)
		dibs_detach_dmb(p->tc.client, &p->att);
	watch_unregister(&p->watch, p->dmb);
	tclient_unregister(&p->tc);
	watch_expect_clean(p->t, &p->watch);
	expect_eq(p->t, atomic_read(&p->tc.late), 0);
	if (p->fake) {
		fake_del(p->fake);
		expect_eq(p->t, atomic_read(&p->fake->late), 0);
		expect_eq(p->t, atomic_read(&p->fake->running), 0);
		fake_free(p->fake);
	}
	kfree(p);
}

void pair_each(struct test *t, u32 len, void (*check)(struct pair *p))
{
	enum pair_kind kind;
	struct pair *p;
	bool failed;

	for (kind = 0; kind < PAIR_KINDS; kind++) {
		failed = t->failed;
		p = pair_new(t, kind, len);
		if (p) {
			check(p);
			pair_free(p);
		}
		if (t->failed && !failed)
			test_note(t, "with the %s device",
				  pair_kind_name(kind));
	}
}

bool plant(struct test *t, struct dibs_attachment *att, u32 len)
{
	u8 *buf = kmalloc(PAGE_SIZE, GFP_KERNEL);
	u32 offset, i, n;
	int err = -ENOMEM;

	for (offset = 0; buf && offset < len; offset += n) {
		n = min_t(u32, len - offset, PAGE_SIZE);
		for (i = 0; i < n; i++)
			buf[i] = pattern(offset + i);
		err = dibs_move_data(att, 0, false, offset, buf, n);
		if (err)
			break;
	}
	kfree(buf);
	return expect_eq(t, err, 0);
}

/* Compares a range with the pattern or with @value. */
static bool compare(const struct dibs_dmb *dmb, u32 offset, u32 size,
		    bool is_pattern, u8 value)
{
	u8 *buf = kmalloc(PAGE_SIZE, GFP_KERNEL);
	u32 end = offset + size, i, n;
	bool same = buf;

	for (; same && offset < end; offset += n) {
		n = min_t(u32, end - offset, PAGE_SIZE);
		if (dibs_dmb_read((struct dibs_dmb *)dmb, offset, buf, n))
			same = false;
		for (i = 0; same && i < n; i++)
			same = buf[i] == (is_pattern ? pattern(offset + i) :
						       value);
	}
	kfree(buf);
	return same;
}

bool intact(const struct dibs_dmb *dmb)
{
	return compare(dmb, 0, dibs_dmb_len(dmb), true, 0);
}

bool all_bytes(const struct dibs_dmb *dmb, u32 offset, u32 size, u8 value)
{
	return compare(dmb, offset, size, false, value);
}

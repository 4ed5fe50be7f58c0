/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * What most cases start from: a device, a client, a DMB and an attachment.
 */
#ifndef _DIBS_SELFTEST_FIXTURE_H
#define _DIBS_SELFTEST_FIXTURE_H

#include <linux/sizes.h>
#include <net/net_namespace.h>

#include "client.h"
#include "fake_device.h"

enum pair_kind {
	PAIR_LO,	/* the real loopback device */
	PAIR_MAPPED,	/* a fake that maps, like loopback */
	PAIR_UNMAPPED,	/* a fake on the loopback fabric that does not */
	PAIR_LINEAR,	/* a mapping fake with contiguous memory */
	PAIR_REMOTE,	/* a fake that makes and resolves its own tokens */
	PAIR_KINDS
};

struct pair {
	struct test *t;
	enum pair_kind kind;
	struct fake *fake;	/* NULL: real loopback */
	struct dibs_dev *dev;
	struct tclient tc;
	struct watch watch;
	struct dibs_dmb *dmb;
	struct dibs_attachment *att;
};

/* An attached DMB of @len bytes. NULL: the case has failed or is skipped. */
struct pair *pair_new(struct test *t, enum pair_kind kind, u32 len);
/* The same, but not attached yet. */
struct pair *pair_new_waiting(struct test *t, enum pair_kind kind, u32 len);
/* Gives everything back; checks for late callbacks. NULL is ignored. */
void pair_free(struct pair *p);
/* Runs @check with each kind of pair. */
void pair_each(struct test *t, u32 len, void (*check)(struct pair *p));

const char *pair_kind_name(enum pair_kind kind);
/* Is the peer on this kernel, so that the core checks everything? */
bool pair_local(const struct pair *p);

struct dibs_dmb_params pair_dmb_params(const struct pair *p, u32 len);
struct dibs_attach_params pair_attach_params(const struct pair *p,
					     const struct dibs_dmb *dmb);
/* Another DMB of the pair's client. @watch may be NULL. ERR_PTR on failure. */
struct dibs_dmb *pair_register(struct pair *p, u32 len, struct watch *watch);
struct dibs_attachment *pair_attach(struct pair *p,
				    const struct dibs_dmb *dmb);

/*
 * namespace.c: another namespace than the initial one, referenced. NULL: the
 * case is skipped.
 */
struct net *other_net(struct test *t);
/* namespace.c: a process in that namespace. */
int other_pid(void);

/* The byte that belongs at @offset. */
static inline u8 pattern(u32 offset)
{
	return (offset * 7 + (offset >> 8) * 13 + (offset >> 16) + 1) & 0xff;
}

/* Fills a DMB with the pattern, using moves. */
bool plant(struct test *t, struct dibs_attachment *att, u32 len);
/* Does the whole DMB have the pattern? */
bool intact(const struct dibs_dmb *dmb);
/* Are all @size bytes at @offset @value? */
bool all_bytes(const struct dibs_dmb *dmb, u32 offset, u32 size, u8 value);

#endif /* _DIBS_SELFTEST_FIXTURE_H */

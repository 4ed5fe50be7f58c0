// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The ISM driver on simulated adapters. For adapters with faults see
 * ism_faults.c.
 */
#include <linux/bitmap.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <net/net_namespace.h>

#include "crew.h"
#include "fixture.h"
#include "ism.h"

/*
 * --- identity ---------------------------------------------------------------
 */

static void identity(struct test *t)
{
	static const char seid[] = "IBM-SYSZ-ISMSEID0000000000018561";
	struct ism_pair *p = ism_pair_begin(t);
	uuid_t gid = dibs_gid_from_u64(ISM1_GID);

	if (!p)
		return;
	expect_eq(t, dibs_dev_fabric_id(p->owner), 0x0100);
	expect(t, uuid_equal(dibs_dev_gid(p->owner), &gid));
	if (expect(t, dibs_dev_seid(p->owner)))
		expect(t, !memcmp(dibs_dev_seid(p->owner), seid,
				  sizeof(seid) - 1));
	if (expect(t, dibs_dev_parent(p->owner)))
		expect(t, !strcmp(dev_name(dibs_dev_parent(p->owner)), "ism1"));
	expect_err(t, ism_register(p, ISM_DMB_LEN_MAX + 1, 0, NULL), -EINVAL);
	ism_pair_end(p);
}

/*
 * --- layout of the shared memory --------------------------------------------
 */

static u64 be64_at(const u8 *at)
{
	return be64_to_cpup((const __be64 *)at);
}

/*
 * Nothing interrupts: the summary is already set, and the event does not ask
 * for an interrupt.
 */
static void area_bytes(struct test *t)
{
	static const u8 event[] = {
		0, 0, 0, 2, 1, 0x23, 0x45, 0x67,
		0x15, 0xa0, 0, 0, 0, 0, 0, 1,
	};
	static const u8 data[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct ism_pair *p = ism_pair_begin(t);
	u8 *sba, *ieq, *entry;
	u64 began, time;

	if (!p || !ism_areas(t, &sba, &ieq))
		goto out;
	WRITE_ONCE(sba[0], 0x80);
	expect_eq(t, sim("ism1", "signal", "1001 0x1234"), 0);
	began = ktime_get_real_ns();
	expect_eq(t, dibs_signal_event(p->tc.client, p->mover,
				       dibs_dev_gid(p->owner), false,
				       0x01234567, 0x0102030405060708ULL), 0);
	/* Summary and event; bit 1001 from byte 4 on; its mask. */
	expect_eq(t, READ_ONCE(sba[0]), 0xc0);
	expect_eq(t, READ_ONCE(sba[4 + 125]), 0x40);
	expect_eq(t, READ_ONCE(sba[256 + 2002]), 0x12);
	expect_eq(t, READ_ONCE(sba[256 + 2003]), 0x34);
	/* The first event is the marker of ism_pair_calm(). */
	expect_eq(t, be64_at(ieq), 2);
	expect_eq(t, be64_at(ieq + 8), 512);
	expect_eq(t, be64_at(ieq + 16), 32);
	entry = ieq + 32 + 32;
	expect(t, !memcmp(entry, event, sizeof(event)));
	time = be64_at(entry + 16);
	expect(t, time >= began && time <= ktime_get_real_ns());
	expect(t, !memcmp(entry + 24, data, sizeof(data)));
	/* The driver reads the same values. */
	expect_eq(t, sim("ism1", "interrupt", "1"), 0);
	expect(t, crew_wait(&p->events, 1));
	expect_eq(t, ism_saw(p, DIBS_EVENT_SW, 0x01234567,
			     0x0102030405060708ULL), 1);
	expect_eq(t, READ_ONCE(sba[0]), 0);
	expect_eq(t, READ_ONCE(sba[4 + 125]), 0);
	expect_eq(t, READ_ONCE(sba[256 + 2002]), 0);
out:
	ism_pair_end(p);
}

static void areas(struct test *t)
{
	/* Start with a new event queue. */
	sim_mend(t, "ism1");
	area_bytes(t);
}

/*
 * --- moves ------------------------------------------------------------------
 */

/* Expected and actual content of the DMB, and the source of moves. */
struct ism_bytes {
	u8 want[ISM_LEN];
	u8 have[ISM_LEN];
	u8 source[ISM_LEN + 8];
};

static int ism_move_iter(struct ism_pair *p, u32 offset, void *from, u32 len)
{
	struct kvec vec = { .iov_base = from, .iov_len = len };
	struct iov_iter iter;
	ssize_t done;

	iov_iter_kvec(&iter, WRITE, &vec, 1, len);
	done = dibs_move_iter(p->att, 0, false, offset, &iter, len);
	return done == len ? 0 : -EIO;
}

static bool ism_move_one(struct ism_pair *p, struct ism_bytes *b, u32 offset,
			 u32 len, u32 misaligned, bool by_iter)
{
	static u8 number;
	int err;
	u32 i;

	if (offset + len > ISM_LEN)
		return true;
	for (i = 0; i < len; i++)
		b->source[misaligned + i] = number++;
	memcpy(b->want + offset, b->source + misaligned, len);
	if (by_iter)
		err = ism_move_iter(p, offset, b->source + misaligned, len);
	else
		err = dibs_move_data(p->att, 0, false, offset,
				     b->source + misaligned, len);
	if (!err)
		err = dibs_dmb_read(p->dmb, 0, b->have, ISM_LEN);
	if (!err && !memcmp(b->have, b->want, ISM_LEN))
		return true;
	test_note(p->t, "%u bytes at %u from %u, iterator %d: error %d", len,
		  offset, misaligned, by_iter, err);
	return expect(p->t, false);
}

static void moves_anywhere(struct test *t)
{
	static const u32 offsets[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 250, 4089,
				       4095, 4096, 4100, 8191 };
	static const u32 lens[] = { 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 64, 72,
				    255, 256, 257, 263, 4095, 4096, 4097,
				    8193 };
	struct ism_bytes *b = kzalloc(sizeof(*b), GFP_KERNEL);
	struct ism_pair *p = ism_pair_begin(t);
	bool right = expect(t, b);
	u32 i, j, k;

	for (i = 0; p && right && i < ARRAY_SIZE(offsets); i++)
		for (j = 0; right && j < ARRAY_SIZE(lens); j++)
			for (k = 0; right && k < 8; k += 3)
				right = ism_move_one(p, b, offsets[i], lens[j],
						     k, false) &&
					ism_move_one(p, b, offsets[i], lens[j],
						     k, true);
	kfree(b);
	ism_pair_end(p);
}

static void signals(struct test *t)
{
	struct ism_pair *p = ism_pair_begin(t);
	unsigned int idx;

	if (!p)
		return;
	for (idx = 0; idx < DIBS_SIGNAL_BITS; idx++) {
		atomic_set(&p->watch.mask, 0);
		expect_eq(t, dibs_move_data(p->att, idx, true, 5, "abc", 3), 0);
		expect(t, crew_wait(&p->watch.calls, 2 * idx + 1));
		expect_eq(t, atomic_read(&p->watch.mask),
			  dibs_signal_mask(idx));
		/* A signal without bytes. */
		expect_eq(t, dibs_signal(p->att, idx), 0);
		expect(t, crew_wait(&p->watch.calls, 2 * idx + 2));
	}
	expect(t, all_bytes(p->dmb, 0, 5, 0));
	expect(t, all_bytes(p->dmb, 8, ISM_LEN - 8, 0));
	ism_pair_end(p);
}

static void signal_first(struct test *t)
{
	struct ism_pair *p = ism_pair_begin(t);

	if (!p)
		return;
	expect_eq(t, dibs_signal(p->att, 0), 0);
	expect(t, crew_wait(&p->watch.calls, 1));
	expect(t, all_bytes(p->dmb, 0, ISM_LEN, 0));
	ism_pair_end(p);
}

/* Bytes that the peer moved last, and the owner has changed since. */
static void signal_alone(struct test *t)
{
	struct ism_pair *p = ism_pair_begin(t);
	struct dibs_attach_params params = { .len = ISM_LEN };
	struct dibs_attachment *att;
	u8 *header;

	if (!p)
		return;
	header = dibs_dmb_header(p->dmb);
	expect_eq(t, dibs_move_data(p->att, 0, false, 0, "12345678", 8), 0);
	WRITE_ONCE(header[7], 'x');
	expect_eq(t, dibs_signal(p->att, 0), 0);
	expect(t, crew_wait(&p->watch.calls, 1));
	expect(t, !memcmp(header, "1234567x", 8));
	expect(t, all_bytes(p->dmb, 8, ISM_LEN - 8, 0));
	/* Nowhere to write, so nothing is written. */
	params.rgid = *dibs_dev_gid(p->owner);
	params.token = dibs_dmb_token(p->dmb);
	att = dibs_attach_dmb(p->tc.client, p->mover, &init_net, &params);
	if (expect_err(t, att, 0)) {
		expect_eq(t, dibs_signal(att, 0), -EOPNOTSUPP);
		dibs_detach_dmb(p->tc.client, &att);
	}
	params.spare = ISM_LEN;
	expect_err(t, dibs_attach_dmb(p->tc.client, p->mover, &init_net,
				      &params), -ERANGE);
	expect_eq(t, atomic_read(&p->tc.dels), 0);
	ism_pair_end(p);
}

/* A signal without bytes must not overwrite what another attachment moved. */
static void signal_second(struct test *t)
{
	static const u8 last[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct ism_pair *p = ism_pair_begin(t);
	struct dibs_attachment *second;
	u8 have[8];

	if (!p)
		return;
	second = ism_attach(p, p->mover);
	if (!expect_err(t, second, 0))
		goto out;
	expect_eq(t, dibs_move_data(p->att, 0, false, 0, last, 8), 0);
	expect_eq(t, dibs_signal(second, 0), 0);
	expect(t, crew_wait(&p->watch.calls, 1));
	expect_eq(t, dibs_move_data(second, 0, false, 16, "ab", 2), 0);
	expect_eq(t, dibs_detach_dmb(p->tc.client, &second), 0);
	expect_eq(t, dibs_signal(p->att, 0), 0);
	expect(t, crew_wait(&p->watch.calls, 2));
	expect_eq(t, dibs_dmb_read(p->dmb, 0, have, 8), 0);
	expect(t, !memcmp(have, last, 8));
	expect_eq(t, dibs_dmb_read(p->dmb, 16, have, 2), 0);
	expect(t, !memcmp(have, "ab", 2));
out:
	ism_pair_end(p);
}

/* A namespace whose peer names the token of somebody else's DMB. */
static void other_user(struct test *t)
{
	struct ism_pair *p = ism_pair_begin(t);
	struct net *net = other_net(t);
	struct dibs_attach_params params = { .len = ISM_LEN };
	struct dibs_attachment *att;

	if (!p || !net)
		goto out;
	params.rgid = *dibs_dev_gid(p->owner);
	params.token = dibs_dmb_token(p->dmb);
	att = dibs_attach_dmb(p->tc.client, p->mover, net, &params);
	if (!expect_err(t, att, -EBUSY))
		dibs_detach_dmb(p->tc.client, &att);
	expect_eq(t, dibs_move_data(p->att, 0, false, 0, "x", 1), 0);
	/* Nobody has attached it any more. */
	expect_eq(t, dibs_detach_dmb(p->tc.client, &p->att), 0);
	att = dibs_attach_dmb(p->tc.client, p->mover, net, &params);
	if (expect_err(t, att, 0))
		dibs_detach_dmb(p->tc.client, &att);
out:
	if (net)
		put_net(net);
	ism_pair_end(p);
}

/* An invalid token would change other parts of the address. */
static void wrong_token(struct test *t)
{
	struct ism_pair *p = ism_pair_begin(t);
	struct dibs_attach_params params = { .len = ISM_LEN };
	static const u64 nonsense[] = { 0, 1, 1ULL << 23, 1ULL << 27 };
	unsigned int i;

	for (i = 0; p && i < ARRAY_SIZE(nonsense); i++) {
		params.rgid = *dibs_dev_gid(p->owner);
		params.token = nonsense[i] ? nonsense[i] |
			       dibs_dmb_token(p->dmb) : 0;
		expect_err(t, dibs_attach_dmb(p->tc.client, p->mover, &init_net,
					      &params), -ENOENT);
	}
	ism_pair_end(p);
}

static void wrong_mover(struct test *t)
{
	struct ism_pair *p = ism_pair_begin(t);
	struct dibs_attachment *att;

	if (!p)
		return;
	/* The DMB is dedicated to ism0. */
	att = ism_attach(p, p->owner);
	if (expect_err(t, att, 0)) {
		expect_eq(t, dibs_move_data(att, 0, true, 0, "x", 1), -ESTALE);
		dibs_detach_dmb(p->tc.client, &att);
	}
	expect(t, all_bytes(p->dmb, 0, ISM_LEN, 0));
	expect_eq(t, atomic_read(&p->watch.calls), 0);
	ism_pair_end(p);
}

static void gone_owner(struct test *t)
{
	struct ism_pair *p = ism_pair_begin(t);
	struct dibs_event event;
	u64 token;

	if (!p)
		return;
	token = dibs_dmb_token(p->dmb);
	expect_eq(t, dibs_move_data(p->att, 0, false, 0, "x", 1), 0);
	watch_unregister(&p->watch, p->dmb);
	p->dmb = NULL;
	expect(t, crew_wait(&p->events, 1));
	event = tclient_last(&p->tc);
	expect_eq(t, event.type, DIBS_EVENT_BUF);
	expect_eq(t, event.subtype, DIBS_EVENT_BUF_UNREGISTERED);
	expect(t, event.token == token);
	expect_eq(t, dibs_move_data(p->att, 0, true, 0, "x", 1), -ESTALE);
	ism_pair_end(p);
}

/*
 * --- limits ------------------------------------------------------------------
 */

/*
 * Registers DMBs until none is left, in addition to the pair's one and @kept
 * ones; each gets its own index. Returns their number.
 */
static unsigned int fill(struct ism_pair *p, struct dibs_dmb **dmbs,
			 unsigned int kept)
{
	unsigned long *seen = bitmap_zalloc(ISM_INDEX_END, GFP_KERNEL);
	unsigned int n;

	if (!expect(p->t, seen))
		return 0;
	__set_bit(dibs_dmb_index(p->dmb), seen);
	for (n = 0; n < ISM_DMBS - 1 - kept; n++) {
		dmbs[n] = ism_register(p, 4096, 0, NULL);
		if (!expect_err(p->t, dmbs[n], 0))
			break;
		__set_bit(dibs_dmb_index(dmbs[n]), seen);
	}
	expect_eq(p->t, bitmap_weight(seen, ISM_INDEX_END), ISM_DMBS - kept);
	expect(p->t, find_first_bit(seen, ISM_INDEX_END) >= ISM_INDEX_FIRST);
	bitmap_free(seen);
	expect_err(p->t, ism_register(p, 4096, 0, NULL), -ENOSPC);
	expect_eq(p->t, sim_count("ism1", "dmbs"), ISM_DMBS);
	return n;
}

static void empty(struct dibs_dmb **dmbs, unsigned int n)
{
	while (n)
		dibs_unregister_dmb(dmbs[--n]);
}

static void all_indexes(struct test *t)
{
	struct dibs_dmb **dmbs = kcalloc(ISM_DMBS, sizeof(*dmbs), GFP_KERNEL);
	struct ism_pair *p = ism_pair_begin(t);
	unsigned int n;

	if (!p || !expect(t, dmbs))
		goto out;
	empty(dmbs, fill(p, dmbs, 0));
	/* A DMB that the adapter keeps. */
	expect_eq(t, sim("ism1", "fail_command", "unreg_dmb 0x17 1000000"), 0);
	dmbs[0] = ism_register(p, 4096, 0, NULL);
	if (expect_err(t, dmbs[0], 0))
		dibs_unregister_dmb(dmbs[0]);
	n = fill(p, dmbs, 1);
	expect_eq(t, sim("ism1", "fail_command", "unreg_dmb 0x17 0"), 0);
	empty(dmbs, n);
	expect_eq(t, sim_count("ism1", "dmbs"), 1);
	dmbs[0] = ism_register(p, ISM_DMB_LEN_MAX, 0, NULL);
	if (expect_err(t, dmbs[0], 0))
		dibs_unregister_dmb(dmbs[0]);
out:
	ism_pair_end(p);
	kfree(dmbs);
}

/*
 * --- the fabric --------------------------------------------------------------
 */

static void reachable(struct test *t)
{
	struct ism_pair *p = ism_pair_begin(t);
	const struct dibs_vlan vlan = { .id = 7, .valid = true }, none = {};
	struct dibs_client *client;
	const uuid_t *gid;
	uuid_t stranger;

	if (!p)
		return;
	client = p->tc.client;
	gid = dibs_dev_gid(p->owner);
	expect_eq(t, dibs_query_remote_gid(client, p->mover, gid, none), 0);
	stranger = dibs_gid_from_u64(0x1234);
	expect_eq(t, dibs_query_remote_gid(client, p->mover, &stranger, none),
		  -ENETUNREACH);
	/* The GID of another kind of device, with the same first half. */
	stranger = *gid;
	stranger.b[15] = 1;
	expect_eq(t, dibs_query_remote_gid(client, p->mover, &stranger, none),
		  -ENETUNREACH);
	expect_eq(t, dibs_query_remote_gid(client, p->mover, gid, vlan),
		  -ENETUNREACH);
	expect_eq(t, dibs_add_vlan(client, p->mover, 7), 0);
	expect_eq(t, dibs_query_remote_gid(client, p->mover, gid, vlan),
		  -ENETUNREACH);
	expect_eq(t, dibs_add_vlan(client, p->owner, 7), 0);
	expect_eq(t, dibs_query_remote_gid(client, p->mover, gid, vlan), 0);
	expect_eq(t, dibs_del_vlan(client, p->owner, 7), 0);
	expect_eq(t, dibs_query_remote_gid(client, p->mover, gid, vlan),
		  -ENETUNREACH);
	expect_eq(t, dibs_del_vlan(client, p->mover, 7), 0);
	ism_pair_end(p);
}

/* Does the adapter of @name reach @gid in ISM_VLAN_V2? */
static bool asks_v2(const char *name, u64 gid)
{
	char answer[2 * sizeof(struct ism_response) + 1] = "";

	/* ISM_QUERY_RGID */
	if (sim(name, "command", "0000000900000018%016llx%08x%08x", gid, 1,
		ISM_VLAN_V2) ||
	    sim_read(name, "command", answer, sizeof(answer)))
		return false;
	/* ret of the response */
	return !strncmp(answer + 8, "0000", 4);
}

static void reachable_v2(struct test *t)
{
	struct ism_pair *p = ism_pair_begin(t);

	if (!p)
		return;
	expect(t, asks_v2("ism0", ISM1_GID));
	expect_eq(t, dibs_add_vlan(p->tc.client, p->owner, 7), 0);
	expect_eq(t, dibs_del_vlan(p->tc.client, p->owner, 7), 0);
	expect(t, asks_v2("ism0", ISM1_GID));
	ism_pair_end(p);
	/* A device that comes back is reachable again. */
	sim_mend(t, "ism1");
	expect(t, asks_v2("ism0", ISM1_GID));
}

static void vlan_dmb(struct test *t)
{
	struct ism_pair *p = ism_pair_begin(t);
	struct dibs_dmb *dmb;

	if (!p)
		return;
	expect_err(t, ism_register(p, 4096, 9, NULL), -EREMOTEIO);
	expect_eq(t, dibs_add_vlan(p->tc.client, p->owner, 9), 0);
	expect_eq(t, dibs_add_vlan(p->tc.client, p->mover, 9), 0);
	dmb = ism_register(p, 4096, 9, NULL);
	if (expect_err(t, dmb, 0))
		dibs_unregister_dmb(dmb);
	expect_eq(t, dibs_del_vlan(p->tc.client, p->owner, 9), 0);
	expect_eq(t, dibs_del_vlan(p->tc.client, p->mover, 9), 0);
	ism_pair_end(p);
}

static void software_event(struct test *t)
{
	struct ism_pair *p = ism_pair_begin(t);
	uuid_t stranger = dibs_gid_from_u64(0x1234);
	struct dibs_event event;
	int i;

	if (!p)
		return;
	/* More events than the queue has entries. */
	for (i = 1; i <= 40; i++) {
		expect_eq(t, dibs_signal_event(p->tc.client, p->mover,
					       dibs_dev_gid(p->owner), true,
					       i, 0x0123456789abcdefULL), 0);
		if (!expect(t, crew_wait(&p->events, i)))
			break;
		event = tclient_last(&p->tc);
		expect_eq(t, event.type, DIBS_EVENT_SW);
		expect_eq(t, event.subtype, i);
		expect(t, event.data == 0x0123456789abcdefULL);
		expect(t, uuid_equal(&event.gid, dibs_dev_gid(p->mover)));
	}
	expect_eq(t, dibs_signal_event(p->tc.client, p->mover, &stranger, true,
				       1, 2), -ENETUNREACH);
	ism_pair_end(p);
}

const struct test_case ism_cases[] = {
	{ "a device has the CHID, GID, system EID and parent of its adapter",
	  identity },
	{ "bits are numbered from the left and numbers are big-endian", areas },
	{ "bytes arrive at any offset, with any length and alignment",
	  moves_anywhere },
	{ "each signal arrives, with and without bytes", signals },
	{ "a signal before the first byte arrives and changes nothing",
	  signal_first },
	{ "a signal alone overwrites nothing that the owner changed",
	  signal_alone },
	{ "a signal through a second attachment leaves the DMB unchanged",
	  signal_second },
	{ "a DMB that one namespace has attached is busy for others",
	  other_user },
	{ "an invalid token cannot be attached", wrong_token },
	{ "a DMB can only be written by the adapter it is dedicated to",
	  wrong_mover },
	{ "a peer gets an event when a DMB ends, and its moves fail",
	  gone_owner },
	{ "an adapter takes exactly 1888 DMBs and reuses all but kept indexes",
	  all_indexes },
	{ "an adapter is reachable if it is on the fabric and in the VLAN",
	  reachable },
	{ "an adapter is reachable as peers of version 2 ask for it",
	  reachable_v2 },
	{ "a DMB can be in a VLAN that both adapters have joined", vlan_dmb },
	{ "software events arrive unchanged", software_event },
	{ }
};

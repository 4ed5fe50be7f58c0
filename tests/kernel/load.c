// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Load on all CPUs and all devices, by two clients, until it is stopped: it
 * registers, attaches, moves, signals and gives back, in random order. At the
 * end the clients are unregistered with all their handles, one while the other
 * is still working.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "crew.h"
#include "service.h"

#define LOAD_CLIENTS	2
#define LOAD_SLOTS	8
#define LOAD_LEN	(64 * 1024 + 100)

struct load_slot {
	struct dibs_dmb *dmb;
	struct dibs_attachment *att;
	struct watch watch;
};

struct load {
	struct tclient tc;
	struct crew crew;
	u32 random[CREW_MAX];
	struct load_slot slot[CREW_MAX][LOAD_SLOTS];
	u8 buf[CREW_MAX][1024];
	atomic_t odd;
};

static struct load *loads[LOAD_CLIENTS];	/* control_lock */

/* A random device of the client, referenced, or NULL. */
static struct dibs_dev *load_dev(struct load *load, u32 *random)
{
	unsigned int i, first = crew_random(random) % TCLIENT_DEVS;
	struct dibs_dev *dev = NULL;

	spin_lock_bh(&load->tc.lock);
	for (i = 0; i < TCLIENT_DEVS && !dev; i++) {
		dev = load->tc.devs[(first + i) % TCLIENT_DEVS];
		if (dev)
			dibs_dev_get(dev);
	}
	spin_unlock_bh(&load->tc.lock);
	return dev;
}

static void load_register(struct load *load, struct load_slot *slot,
			  u32 *random)
{
	struct dibs_dev *dev = load_dev(load, random);
	struct dibs_dmb_params params = {
		.len = LOAD_LEN,
		.header_len = crew_random(random) % 2,
		.priv = &slot->watch,
	};
	struct dibs_dmb *dmb;

	if (!dev)
		return;
	params.rgid = *dibs_dev_gid(dev);
	WRITE_ONCE(slot->watch.given_back, false);
	dmb = dibs_register_dmb(load->tc.client, dev, &init_net, &params);
	if (!IS_ERR(dmb))
		slot->dmb = dmb;
	dibs_dev_put(dev);
}

static void load_attach(struct load *load, struct load_slot *slot)
{
	struct dibs_dev *dev = dibs_dmb_dev(slot->dmb);
	const struct dibs_attach_params params = {
		.rgid = *dibs_dev_gid(dev),
		.token = dibs_dmb_token(slot->dmb),
		.len = LOAD_LEN,
	};
	struct dibs_attachment *att;

	att = dibs_attach_dmb(load->tc.client, dev, &init_net, &params);
	if (!IS_ERR(att))
		slot->att = att;
}

/* Moves bytes and reads them back; nobody else writes to this DMB. */
static void load_move(struct load *load, struct load_slot *slot,
		      unsigned int nr)
{
	u32 *random = &load->random[nr];
	u32 offset = crew_random(random) % (LOAD_LEN - 512);
	u32 size = crew_random(random) % 512;
	u8 *out = load->buf[nr], *in = out + 512;

	memset(out, crew_random(random), size);
	if (dibs_move_data(slot->att, crew_random(random) % 16,
			   crew_random(random) % 2, offset, out, size))
		return;
	if (!slot->dmb || dibs_dmb_read(slot->dmb, offset, in, size))
		return;
	if (memcmp(out, in, size))
		atomic_inc(&load->odd);
}

static void load_give_back(struct load *load, struct load_slot *slot,
			   bool dmb)
{
	if (!dmb && slot->att) {
		dibs_detach_dmb(load->tc.client, &slot->att);
	} else if (slot->dmb) {
		watch_unregister(&slot->watch, slot->dmb);
		slot->dmb = NULL;
	}
	if (atomic_read(&slot->watch.late) ||
	    atomic_read(&slot->watch.overlaps))
		atomic_inc(&load->odd);
}

static void load_step(void *arg, unsigned int nr)
{
	struct load *load = arg;
	u32 *random = &load->random[nr];
	struct load_slot *slot = &load->slot[nr][crew_random(random) %
						 LOAD_SLOTS];
	u32 what = crew_random(random) % 16;

	if (!slot->dmb && !slot->att)
		load_register(load, slot, random);
	else if (!slot->att && what > 2)
		load_attach(load, slot);
	else if (what > 4 && slot->att)
		load_move(load, slot, nr);
	else if (what == 4 && slot->att)
		dibs_attachment_trim(slot->att, 0, LOAD_LEN);
	else
		load_give_back(load, slot, what % 2);
	/* Leave CPU time to whoever removes the devices. */
	if (!(crew_random(random) % 16))
		usleep_range(50, 100);
}

static int load_start_one(unsigned int i, unsigned int threads)
{
	struct load *load = kvzalloc(sizeof(*load), GFP_KERNEL);
	char name[DIBS_NAME_LEN];
	int err;

	if (!load)
		return -ENOMEM;
	snprintf(name, sizeof(name), "selftest-%u", i);
	err = tclient_register(&load->tc, name);
	if (err) {
		kvfree(load);
		return err;
	}
	loads[i] = load;
	while (load->crew.nr < threads) {
		load->random[load->crew.nr] = load->crew.nr * LOAD_CLIENTS + i;
		if (!crew_add(&load->crew, load_step, load))
			return -ENOMEM;
	}
	return 0;
}

int load_start(unsigned int threads)
{
	unsigned int i;
	int err;

	if (loads[0])
		return -EALREADY;
	if (!threads || threads > CREW_MAX)
		return -EINVAL;
	for (i = 0; i < LOAD_CLIENTS; i++) {
		err = load_start_one(i, threads);
		if (err) {
			load_stop();
			return err;
		}
	}
	return 0;
}

int load_stop(void)
{
	unsigned int i, odd = 0;

	for (i = 0; i < LOAD_CLIENTS; i++) {
		struct load *load = loads[i];

		if (!load)
			continue;
		crew_stop(&load->crew);
		/* With all its handles. */
		tclient_unregister(&load->tc);
		odd += atomic_read(&load->odd) + atomic_read(&load->tc.late);
		kvfree(load);
		loads[i] = NULL;
	}
	return odd ? -EIO : 0;
}

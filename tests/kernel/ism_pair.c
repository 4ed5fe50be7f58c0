// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * See ism.h.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "crew.h"
#include "ism.h"

#define ISM_MARK	0x7e57

struct dibs_dmb *ism_register(struct ism_pair *p, u32 len, u16 vlan,
			      struct watch *watch)
{
	struct dibs_dmb_params params = {
		.rgid = *dibs_dev_gid(p->mover),
		.len = len,
		.header_len = 8,
		.vlan = { .id = vlan, .valid = vlan },
		.priv = watch,
	};

	return dibs_register_dmb(p->tc.client, p->owner, &init_net, &params);
}

struct dibs_attachment *ism_attach(struct ism_pair *p, struct dibs_dev *by)
{
	struct dibs_attach_params params = {
		.rgid = *dibs_dev_gid(p->owner),
		.token = dibs_dmb_token(p->dmb),
		.len = dibs_dmb_len(p->dmb),
		.spare = ISM_SPARE,
	};

	return dibs_attach_dmb(p->tc.client, by, &init_net, &params);
}

void ism_pair_end(struct ism_pair *p)
{
	if (!p)
		return;
	if (!IS_ERR_OR_NULL(p->att))
		dibs_detach_dmb(p->tc.client, &p->att);
	if (!IS_ERR_OR_NULL(p->dmb))
		watch_unregister(&p->watch, p->dmb);
	tclient_unregister(&p->tc);
	watch_expect_clean(p->t, &p->watch);
	kfree(p);
}

static void ism_event(struct tclient *tc, struct dibs_dev *dev,
		      const struct dibs_event *event)
{
	struct ism_pair *p = tc->arg;

	if (event->type == DIBS_EVENT_SW && event->data == ISM_MARK) {
		atomic_inc(&p->marks);
		return;
	}
	spin_lock_bh(&p->lock);
	p->log[atomic_read(&p->events) % ISM_LOG] = *event;
	atomic_inc(&p->events);
	spin_unlock_bh(&p->lock);
}

unsigned int ism_saw(struct ism_pair *p, u32 type, u32 subtype, u64 data)
{
	unsigned int i, n = 0;

	spin_lock_bh(&p->lock);
	for (i = 0; i < min(atomic_read(&p->events), ISM_LOG); i++)
		n += p->log[i].type == type && p->log[i].subtype == subtype &&
		     p->log[i].data == data;
	spin_unlock_bh(&p->lock);
	return n;
}

/* Waits until late events of the previous case have arrived. */
static bool ism_pair_calm(struct ism_pair *p)
{
	if (!expect_eq(p->t, sim("ism0", "event", "2 1 1 %u", ISM_MARK), 0) ||
	    !expect_eq(p->t, sim("ism1", "event", "2 1 1 %u", ISM_MARK), 0) ||
	    !expect(p->t, crew_wait(&p->marks, 2)))
		return false;
	atomic_set(&p->events, 0);
	return true;
}

static bool ism_pair_set_up(struct ism_pair *p)
{
	p->tc.on_event = ism_event;
	p->tc.arg = p;
	if (!expect_eq(p->t, tclient_register(&p->tc, "st-ism"), 0))
		return false;
	p->mover = tclient_dev(&p->tc, "ism0");
	p->owner = tclient_dev(&p->tc, "ism1");
	if (!p->owner || !p->mover) {
		test_skip(p->t, "no devices ism0 and ism1");
		return false;
	}
	if (!ism_pair_calm(p))
		return false;
	p->dmb = ism_register(p, ISM_LEN, 0, &p->watch);
	if (!expect_err(p->t, p->dmb, 0))
		return false;
	p->att = ism_attach(p, p->mover);
	return expect_err(p->t, p->att, 0);
}

struct ism_pair *ism_pair_begin(struct test *t)
{
	struct ism_pair *p = kzalloc(sizeof(*p), GFP_KERNEL);

	if (!expect(t, p))
		return NULL;
	p->t = t;
	spin_lock_init(&p->lock);
	if (ism_pair_set_up(p))
		return p;
	ism_pair_end(p);
	return NULL;
}

int ism_ask_reachable(struct ism_pair *p)
{
	return dibs_query_remote_gid(p->tc.client, p->owner,
				     dibs_dev_gid(p->mover),
				     (struct dibs_vlan){});
}

/*
 * --- the simulator ----------------------------------------------------------
 */

int sim_write(const char *path, const char *text)
{
	struct file *file = filp_open(path, O_WRONLY, 0);
	loff_t pos = 0;
	ssize_t len;

	if (IS_ERR(file))
		return PTR_ERR(file);
	len = kernel_write(file, text, strlen(text), &pos);
	filp_close(file, NULL);
	return min_t(ssize_t, len, 0);
}

int sim(const char *adapter, const char *file, const char *fmt, ...)
{
	char path[80], text[80];
	va_list args;

	snprintf(path, sizeof(path), "/sys/bus/ism_sim/devices/%s/%s", adapter,
		 file);
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return sim_write(path, text);
}

void sim_mend(struct test *t, const char *adapter)
{
	expect_eq(t, sim(adapter, "state", "ok"), 0);
}

int sim_read(const char *adapter, const char *file, char *text, size_t size)
{
	struct file *opened;
	loff_t pos = 0;
	char path[80];
	ssize_t len;

	snprintf(path, sizeof(path), "/sys/bus/ism_sim/devices/%s/%s", adapter,
		 file);
	opened = filp_open(path, O_RDONLY, 0);
	if (IS_ERR(opened))
		return PTR_ERR(opened);
	len = kernel_read(opened, text, size - 1, &pos);
	filp_close(opened, NULL);
	text[max_t(ssize_t, len, 0)] = '\0';
	return min_t(ssize_t, len, 0);
}

int sim_count(const char *adapter, const char *what)
{
	char text[32];
	int count;

	if (sim_read(adapter, what, text, sizeof(text)) ||
	    kstrtoint(strim(text), 10, &count))
		return -1;
	return count;
}

bool ism_areas(struct test *t, u8 **sba, u8 **ieq)
{
	char answer[600];
	__be64 info[7];

	if (!expect_eq(t, sim("ism1", "command", "0000000800000008"), 0) ||
	    !expect_eq(t, sim_read("ism1", "command", answer, sizeof(answer)),
		       0) ||
	    !expect_eq(t, hex2bin((u8 *)info, answer, sizeof(info)), 0))
		return false;
	*sba = phys_to_virt(be64_to_cpu(info[4]));
	*ieq = phys_to_virt(be64_to_cpu(info[5]));
	return true;
}

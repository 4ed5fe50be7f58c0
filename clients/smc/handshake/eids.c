// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The user EIDs of this system: those that administrators added, then a default
 * that all systems with this module share, so that loopback works without
 * configuration. The default does not help two systems without a common device.
 * Called by handshakes and by netlink; process context.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/string.h>

#include "handshake/device.h"
#include "handshake/eids.h"

static const struct smc_eid smc_eid_default = {
	.text = "DIBS-DEFAULT                    ",
};

static struct smc_eid smc_ueids[SMC_UEIDS_MAX];
static unsigned int smc_ueid_count;
static DEFINE_MUTEX(smc_ueids_lock);	/* guards both */

/* May the system EID be used if a device has one? */
static bool smc_seid_enabled = true;

/* Copies the EIDs, the default last. Returns their number, at most @max. */
unsigned int smc_eids_get(struct smc_eid *eids, unsigned int max)
{
	unsigned int n;

	mutex_lock(&smc_ueids_lock);
	n = min(max - 1, smc_ueid_count);
	memcpy(eids, smc_ueids, n * sizeof(*eids));
	mutex_unlock(&smc_ueids_lock);
	eids[n++] = smc_eid_default;
	return n;
}

static int smc_ueid_find(const struct smc_eid *eid)
{
	unsigned int i;

	lockdep_assert_held(&smc_ueids_lock);
	for (i = 0; i < smc_ueid_count; i++)
		if (smc_eid_equal(&smc_ueids[i], eid))
			return i;
	return -ENOENT;
}

/* Returns 0, -EINVAL if it is not a UEID, -EEXIST, or -ERANGE for no room. */
int smc_eids_add(const char *text, size_t len)
{
	struct smc_eid eid;
	int err = smc_eid_from_text(&eid, text, len);

	if (err)
		return err;
	mutex_lock(&smc_ueids_lock);
	if (smc_eid_equal(&eid, &smc_eid_default) || smc_ueid_find(&eid) >= 0)
		err = -EEXIST;
	else if (smc_ueid_count == SMC_UEIDS_MAX)
		err = -ERANGE;
	else
		smc_ueids[smc_ueid_count++] = eid;
	mutex_unlock(&smc_ueids_lock);
	return err;
}

/* Returns 0, -EINVAL if it is not a UEID, or -ENOENT. */
int smc_eids_del(const char *text, size_t len)
{
	struct smc_eid eid;
	int i, err = smc_eid_from_text(&eid, text, len);

	if (err)
		return err;
	mutex_lock(&smc_ueids_lock);
	i = smc_ueid_find(&eid);
	if (i < 0)
		err = i;
	else
		smc_ueids[i] = smc_ueids[--smc_ueid_count];
	mutex_unlock(&smc_ueids_lock);
	return err;
}

void smc_eids_flush(void)
{
	mutex_lock(&smc_ueids_lock);
	smc_ueid_count = 0;
	mutex_unlock(&smc_ueids_lock);
}

static bool smc_eids_seid_of(struct dibs_dev *dev, void *text)
{
	const char *seid = dibs_dev_seid(dev);

	if (seid)
		memcpy(text, seid, SMC_EID_LEN);
	return !seid;
}

/*
 * Copies the system EID as text, empty if the namespace may use no device that
 * has one. Returns whether it may be used.
 */
bool smc_eids_seid(const struct net *net, char text[SMC_EID_LEN + 1])
{
	memset(text, 0, SMC_EID_LEN + 1);
	smc_devices_each(net, smc_eids_seid_of, text);
	return smc_eids_seid_enabled();
}

bool smc_eids_seid_enabled(void)
{
	return READ_ONCE(smc_seid_enabled);
}

void smc_eids_enable_seid(bool enable)
{
	WRITE_ONCE(smc_seid_enabled, enable);
}

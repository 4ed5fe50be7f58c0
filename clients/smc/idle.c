// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Memory of rings that nobody uses. A ring has memory where bytes are or were;
 * its writer gives back what holds nothing: after some seconds without a send,
 * at once when memory is short. Process context.
 */
#include <linux/workqueue.h>

#include "conn.h"
#include "group.h"
#include "idle.h"
#include "../../compat/shrinker.h"

#define SMC_IDLE_PERIOD	(2 * HZ)

static void smc_idle_look(struct work_struct *work);
static DECLARE_DELAYED_WORK(smc_idle_work, smc_idle_look);

/* Connections that may hold memory, for the shrinker. */
static atomic_long_t smc_idle_holders;

/* Bytes were written. Holding tx_lock. */
void smc_idle_touch(struct smc_conn *conn)
{
	/* Pairs with smc_idle_visit(), which has no tx_lock then. */
	if (!READ_ONCE(conn->touched))
		WRITE_ONCE(conn->touched, true);
	if (likely(conn->holds))
		return;
	WRITE_ONCE(conn->holds, true);
	atomic_long_inc(&smc_idle_holders);
	schedule_delayed_work(&smc_idle_work, SMC_IDLE_PERIOD);
}

/* The connection goes, and its memory. */
void smc_idle_forget(struct smc_conn *conn)
{
	if (conn->holds)
		atomic_long_dec(&smc_idle_holders);
	/* Pairs with the first look of smc_idle_visit(). */
	WRITE_ONCE(conn->holds, false);
}

/* Gives back what the peer has read. Holding tx_lock. */
void smc_idle_trim(struct smc_conn *conn)
{
	u32 room = smc_tx_room_seen(conn);
	struct smc_piece piece[2];
	unsigned int i, n;

	n = smc_cursor_split(conn->tx_size, conn->prod, room, piece);
	for (i = 0; i < n; i++)
		dibs_attachment_trim(conn->att, SMC_CDC_LEN + piece[i].offset,
				     piece[i].len);
}

/* So many rings are trimmed at once, as others wait for the groups' lock. */
#define SMC_IDLE_BATCH	32

struct smc_idle_walk {
	bool now;
	unsigned long kept;
	unsigned long budget;
};

/* Under the groups' lock. */
static bool smc_idle_visit(struct smc_conn *conn, void *arg)
{
	struct smc_idle_walk *walk = arg;

	if (!READ_ONCE(conn->holds))
		return true;
	walk->kept++;
	if (READ_ONCE(conn->touched) && !walk->now) {
		WRITE_ONCE(conn->touched, false);
		return true;
	}
	if (!mutex_trylock(&conn->smc->tx_lock))
		return true;
	smc_idle_trim(conn);
	/* All of it? */
	if (smc_tx_room_seen(conn) == conn->tx_size) {
		smc_idle_forget(conn);
		walk->kept--;
	}
	mutex_unlock(&conn->smc->tx_lock);
	return --walk->budget;
}

static void smc_idle_look(struct work_struct *work)
{
	struct smc_idle_walk walk = { .budget = SMC_IDLE_BATCH };

	smc_groups_walk(smc_idle_visit, &walk);
	if (!walk.budget)
		schedule_delayed_work(&smc_idle_work, 1);
	else if (walk.kept)
		schedule_delayed_work(&smc_idle_work, SMC_IDLE_PERIOD);
}

/* At least a page for each, and nobody knows how much more. */
static unsigned long smc_idle_count(struct shrinker *shrinker,
				    struct shrink_control *sc)
{
	return atomic_long_read(&smc_idle_holders);
}

static unsigned long smc_idle_scan(struct shrinker *shrinker,
				   struct shrink_control *sc)
{
	struct smc_idle_walk walk = {
		.now = true,
		.budget = min_t(unsigned long, sc->nr_to_scan, SMC_IDLE_BATCH),
	};
	long before = atomic_long_read(&smc_idle_holders);

	if (walk.budget)
		smc_groups_walk(smc_idle_visit, &walk);
	before -= atomic_long_read(&smc_idle_holders);
	return before > 0 ? before : SHRINK_STOP;
}

static struct dibs_shrinker smc_idle_shrinker = {
	.count = smc_idle_count,
	.scan = smc_idle_scan,
};

int smc_idle_start(void)
{
	return dibs_shrinker_register(&smc_idle_shrinker, "dibs-smc");
}

/* No connection is left. */
void smc_idle_stop(void)
{
	dibs_shrinker_unregister(&smc_idle_shrinker);
	cancel_delayed_work_sync(&smc_idle_work);
}

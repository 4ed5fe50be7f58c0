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
#include "idle.h"
#include "../../compat/shrinker.h"

#define SMC_IDLE_PERIOD	(2 * HZ)

static void smc_idle_look(struct work_struct *work);
static DECLARE_DELAYED_WORK(smc_idle_work, smc_idle_look);

/* Connections that may hold memory; whoever was looked at goes to the end. */
static LIST_HEAD(smc_idle_list);
static unsigned long smc_idle_holders;
static DEFINE_SPINLOCK(smc_idle_lock);	/* guards both */

/* Still to be looked at in this round; the work's. */
static unsigned long smc_idle_left;

/* Bytes were written. Holding tx_lock. */
void smc_idle_touch(struct smc_conn *conn)
{
	/* Pairs with smc_idle_visit(), which has no tx_lock then. */
	if (!READ_ONCE(conn->touched))
		WRITE_ONCE(conn->touched, true);
	if (likely(conn->holds))
		return;
	conn->holds = true;
	spin_lock_bh(&smc_idle_lock);
	list_add_tail(&conn->in_idle, &smc_idle_list);
	WRITE_ONCE(smc_idle_holders, smc_idle_holders + 1);
	spin_unlock_bh(&smc_idle_lock);
	schedule_delayed_work(&smc_idle_work, SMC_IDLE_PERIOD);
}

/* Holding tx_lock, or the last one to know the connection. */
static void smc_idle_forget_locked(struct smc_conn *conn)
{
	lockdep_assert_held(&smc_idle_lock);
	if (!conn->holds)
		return;
	conn->holds = false;
	list_del(&conn->in_idle);
	WRITE_ONCE(smc_idle_holders, smc_idle_holders - 1);
}

/* The connection goes, and its memory. */
void smc_idle_forget(struct smc_conn *conn)
{
	spin_lock_bh(&smc_idle_lock);
	smc_idle_forget_locked(conn);
	spin_unlock_bh(&smc_idle_lock);
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

/*
 * So much is done at once, as others wait for the lock: a look at a connection
 * is 1, giving back its memory more.
 */
#define SMC_IDLE_BUDGET	1024
#define SMC_IDLE_TRIM	32

/* What that was of the budget. @now: memory is short. */
static unsigned int smc_idle_visit(struct smc_conn *conn, bool now)
{
	lockdep_assert_held(&smc_idle_lock);
	list_move_tail(&conn->in_idle, &smc_idle_list);
	if (READ_ONCE(conn->touched) && !now) {
		WRITE_ONCE(conn->touched, false);
		return 1;
	}
	if (!mutex_trylock(&conn->smc->tx_lock))
		return 1;
	smc_idle_trim(conn);
	/* All of it? */
	if (smc_tx_room_seen(conn) == conn->tx_size)
		smc_idle_forget_locked(conn);
	mutex_unlock(&conn->smc->tx_lock);
	return SMC_IDLE_TRIM;
}

/* Looks at up to @count connections; how many of them it did not come to. */
static unsigned long smc_idle_walk(unsigned long count, bool now)
{
	unsigned int budget = SMC_IDLE_BUDGET;

	spin_lock_bh(&smc_idle_lock);
	count = min(count, smc_idle_holders);
	for (; count && budget; count--) {
		struct smc_conn *conn = list_first_entry(&smc_idle_list,
							 struct smc_conn,
							 in_idle);

		budget -= min(budget, smc_idle_visit(conn, now));
	}
	spin_unlock_bh(&smc_idle_lock);
	return count;
}

static void smc_idle_look(struct work_struct *work)
{
	if (!smc_idle_left)
		smc_idle_left = READ_ONCE(smc_idle_holders);
	smc_idle_left = smc_idle_walk(smc_idle_left, false);
	if (smc_idle_left)
		schedule_delayed_work(&smc_idle_work, 1);
	else if (READ_ONCE(smc_idle_holders))
		schedule_delayed_work(&smc_idle_work, SMC_IDLE_PERIOD);
}

/* At least a page for each, and nobody knows how much more. */
static unsigned long smc_idle_count(struct shrinker *shrinker,
				    struct shrink_control *sc)
{
	return READ_ONCE(smc_idle_holders);
}

static unsigned long smc_idle_scan(struct shrinker *shrinker,
				   struct shrink_control *sc)
{
	long before = READ_ONCE(smc_idle_holders);

	smc_idle_walk(sc->nr_to_scan, true);
	before -= READ_ONCE(smc_idle_holders);
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

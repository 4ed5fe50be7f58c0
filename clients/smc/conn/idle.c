// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Gives back the memory of idle rings. A ring is populated where bytes are or
 * were. Its writer trims the parts that hold no unread bytes: after some
 * seconds without a send, and at once when memory is short. Called by senders,
 * a work item and a shrinker, in process context.
 */
#include <linux/workqueue.h>

#include "conn/conn.h"
#include "conn/idle.h"
#include "compat/shrinker.h"

#define SMC_IDLE_PERIOD	(2 * HZ)

static void smc_idle_work_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(smc_idle_work, smc_idle_work_fn);

/* Connections whose rings may be populated, least recently visited first. */
static LIST_HEAD(smc_idle_list);
static unsigned long smc_idle_populated;
static DEFINE_SPINLOCK(smc_idle_lock);	/* guards both */

/* Connections still to be visited in this round. Only for the work item. */
static unsigned long smc_idle_left;

/* Bytes have been written. Holding tx_lock. */
void smc_idle_touch(struct smc_conn *conn)
{
	/* Pairs with smc_idle_visit(), which clears it without tx_lock. */
	if (!READ_ONCE(conn->touched))
		WRITE_ONCE(conn->touched, true);
	if (likely(conn->populated))
		return;
	conn->populated = true;
	spin_lock_bh(&smc_idle_lock);
	list_add_tail(&conn->in_idle, &smc_idle_list);
	WRITE_ONCE(smc_idle_populated, smc_idle_populated + 1);
	spin_unlock_bh(&smc_idle_lock);
	schedule_delayed_work(&smc_idle_work, SMC_IDLE_PERIOD);
}

/* Holding tx_lock, or nobody else uses the connection. */
static void smc_idle_del_locked(struct smc_conn *conn)
{
	lockdep_assert_held(&smc_idle_lock);
	if (!conn->populated)
		return;
	conn->populated = false;
	list_del(&conn->in_idle);
	WRITE_ONCE(smc_idle_populated, smc_idle_populated - 1);
}

/* The connection goes away, and its memory with it. */
void smc_idle_del(struct smc_conn *conn)
{
	spin_lock_bh(&smc_idle_lock);
	smc_idle_del_locked(conn);
	spin_unlock_bh(&smc_idle_lock);
}

/* Trims the parts of the ring that the peer has read. Holding tx_lock. */
void smc_idle_trim(struct smc_conn *conn)
{
	u32 room = smc_tx_ring_room(conn);
	struct smc_piece piece[2];
	unsigned int i, n;

	n = smc_cursor_split(conn->tx_size, conn->prod, room, piece);
	for (i = 0; i < n; i++)
		dibs_attachment_trim(conn->att, SMC_CDC_LEN + piece[i].offset,
				     piece[i].len);
}

/*
 * Limits the time under the lock, which others wait for: a visit costs 1, or
 * SMC_IDLE_TRIM if it trims the ring.
 */
#define SMC_IDLE_BUDGET	1024
#define SMC_IDLE_TRIM	32

/* Returns the cost of the visit. @now: trim even if recently written to. */
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
	/* All of the ring is free, so none is populated. */
	if (smc_tx_ring_room(conn) == conn->tx_size)
		smc_idle_del_locked(conn);
	mutex_unlock(&conn->smc->tx_lock);
	return SMC_IDLE_TRIM;
}

/* Visits up to @count connections. Returns how many the budget left over. */
static unsigned long smc_idle_walk(unsigned long count, bool now)
{
	unsigned int budget = SMC_IDLE_BUDGET;

	spin_lock_bh(&smc_idle_lock);
	count = min(count, smc_idle_populated);
	for (; count && budget; count--) {
		struct smc_conn *conn = list_first_entry(&smc_idle_list,
							 struct smc_conn,
							 in_idle);

		budget -= min(budget, smc_idle_visit(conn, now));
	}
	spin_unlock_bh(&smc_idle_lock);
	return count;
}

static void smc_idle_work_fn(struct work_struct *work)
{
	if (!smc_idle_left)
		smc_idle_left = READ_ONCE(smc_idle_populated);
	smc_idle_left = smc_idle_walk(smc_idle_left, false);
	if (smc_idle_left)
		schedule_delayed_work(&smc_idle_work, 1);
	else if (READ_ONCE(smc_idle_populated))
		schedule_delayed_work(&smc_idle_work, SMC_IDLE_PERIOD);
}

/* At least one page per connection; how many more is not known. */
static unsigned long smc_idle_count(struct shrinker *shrinker,
				    struct shrink_control *sc)
{
	return READ_ONCE(smc_idle_populated);
}

static unsigned long smc_idle_scan(struct shrinker *shrinker,
				   struct shrink_control *sc)
{
	long before = READ_ONCE(smc_idle_populated);

	smc_idle_walk(sc->nr_to_scan, true);
	before -= READ_ONCE(smc_idle_populated);
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

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Waiting awake: a reader looks for bytes for a moment before it goes to sleep.
 * Where the peer answers at once, this saves both ends the sleep, the signal
 * and the waking up, which take much longer than the bytes.
 *
 * It must never cost more than it saves. So a reader only waits awake
 *
 *	- while nothing else wants the processor;
 *	- if bytes came soon lately, whether somebody waited awake or not;
 *	- for no longer than twice what waking up takes here, as measured when
 *	  it slept, and for no longer than net.smc.busy_poll allows. What a
 *	  program sets by SO_BUSY_POLL counts instead of all this but the first.
 *
 * Both measures are averages in nanoseconds, in which a new value counts for a
 * quarter. All fields belong to who holds rx_lock, but spin_arrived.
 */
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>
#include <net/sock.h>

#include "conn.h"
#include "sysctl.h"

static void smc_spin_average(u32 *average, u64 ns)
{
	u32 value = min_t(u64, ns, NSEC_PER_SEC);

	*average = *average ? *average - *average / 4 + value / 4 : value;
}

/* For how long that pays, in nanoseconds; 0: it does not. */
static u32 smc_spin_limit(const struct smc_conn *conn)
{
	u32 limit;

#ifdef CONFIG_NET_RX_BUSY_POLL
	limit = READ_ONCE(conn->sk->sk_ll_usec);
	if (limit)
		return min_t(u64, (u64)limit * NSEC_PER_USEC, NSEC_PER_MSEC);
#endif
	limit = min_t(u32, 2 * conn->spin_wake,
		      smc_sysctl_busy_poll(sock_net(conn->sk)) * NSEC_PER_USEC);
	return conn->spin_wait < limit ? limit : 0;
}

/* May this task go on, at nobody's cost? */
static bool smc_spin_is_alone(void)
{
	return single_task_running() && !need_resched() &&
	       !signal_pending(current);
}

/* What a reader waits for. That the peer has read is nothing to it. */
struct smc_spin_seen {
	u64 producer;
	struct smc_cdc_flags flags;
};

/* Only hints: who is told looks again, with barriers. */
static struct smc_spin_seen smc_spin_look(const struct smc_conn *conn)
{
	return (struct smc_spin_seen){
		.producer = READ_ONCE(conn->mine->producer),
		.flags = smc_cdc_word_flags(READ_ONCE(conn->mine->consumer)),
	};
}

static bool smc_spin_is_news(const struct smc_conn *conn,
			     const struct smc_spin_seen *seen)
{
	struct smc_spin_seen now = smc_spin_look(conn);

	return now.producer != seen->producer ||
	       now.flags.prod != seen->flags.prod ||
	       now.flags.state != seen->flags.state;
}

/*
 * Waits awake until there are other than @waiting bytes, or the peer has said
 * something, as a hint.
 * False: that is to be slept for, and smc_spin_slept() to be told. Holding
 * rx_lock.
 */
bool smc_spin(struct smc_conn *conn, u32 waiting)
{
	struct smc_spin_seen seen = smc_spin_look(conn);
	u32 limit = smc_spin_limit(conn);
	u64 now;

	conn->spin_began = local_clock();
	if (!limit || num_online_cpus() == 1)
		return false;
	/* Came since it looked last. */
	if (smc_rx_look(conn) != waiting || smc_rx_ended(conn))
		return true;
	while (smc_spin_is_alone()) {
		cpu_relax();
		now = local_clock();
		if (smc_spin_is_news(conn, &seen)) {
			smc_spin_average(&conn->spin_wait,
					 now - conn->spin_began);
			return true;
		}
		if (now - conn->spin_began >= limit)
			break;
	}
	return false;
}

/* The peer's signal wakes the reader now. Any context. */
void smc_spin_arrived(struct smc_conn *conn)
{
	WRITE_ONCE(conn->spin_arrived, local_clock());
}

/* The reader has slept: when did bytes come, and how long did waking take? */
void smc_spin_slept(struct smc_conn *conn)
{
	u64 arrived = READ_ONCE(conn->spin_arrived);
	u64 now = local_clock();

	/* It was woken by something else, or clocks differ. */
	if (arrived < conn->spin_began || arrived > now)
		return;
	smc_spin_average(&conn->spin_wait, arrived - conn->spin_began);
	smc_spin_average(&conn->spin_wake, now - arrived);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Busy polling: a reader polls for bytes for a moment before it sleeps. Where
 * the peer answers at once, this saves both ends the sleep, the signal and the
 * wake-up, which take much longer than the bytes. Called by receive.c in
 * process context; smc_busy_poll_arrived() by signals.
 *
 * It must never cost more than it saves. So a reader busy-polls only
 *
 *	- while nothing else wants the CPU;
 *	- if bytes recently arrived soon, whether the reader slept or not;
 *	- for at most twice the time that a wake-up takes, as measured when the
 *	  reader slept, and for at most net.smc.busy_poll microseconds. If the
 *	  program has set SO_BUSY_POLL, that replaces all but the first rule.
 *
 * Both measurements are moving averages in nanoseconds, in which a new value
 * has a weight of one quarter. rx_lock guards all fields except busy_arrived.
 */
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>
#include <net/sock.h>

#include "conn/conn.h"
#include "state/sysctl.h"

static void smc_busy_poll_average(u32 *average, u64 ns)
{
	u32 value = min_t(u64, ns, NSEC_PER_SEC);

	*average = *average ? *average - *average / 4 + value / 4 : value;
}

/* How long to busy-poll, in nanoseconds; 0: not at all. */
static u32 smc_busy_poll_limit(const struct smc_conn *conn)
{
	u32 limit;

#ifdef CONFIG_NET_RX_BUSY_POLL
	limit = READ_ONCE(conn->sk->sk_ll_usec);
	if (limit)
		return min_t(u64, (u64)limit * NSEC_PER_USEC, NSEC_PER_MSEC);
#endif
	limit = min_t(u32, 2 * conn->busy_wake_ns,
		      smc_sysctl_busy_poll(sock_net(conn->sk)) * NSEC_PER_USEC);
	return conn->busy_wait_ns < limit ? limit : 0;
}

/* Is this task the only one that wants the CPU? */
static bool smc_busy_poll_is_alone(void)
{
	return single_task_running() && !need_resched() &&
	       !signal_pending(current);
}

/* What a reader polls for: not the peer's consumer cursor. */
struct smc_busy_poll_seen {
	u64 producer;
	struct smc_cdc_flags flags;
};

/* Only a hint, without barriers: the caller reloads with an acquire. */
static struct smc_busy_poll_seen smc_busy_poll_look(const struct smc_conn *conn)
{
	return (struct smc_busy_poll_seen){
		.producer = READ_ONCE(conn->own_cdc->producer),
		.flags = smc_cdc_word_flags(READ_ONCE(conn->own_cdc->consumer)),
	};
}

static bool smc_busy_poll_is_news(const struct smc_conn *conn,
				  const struct smc_busy_poll_seen *seen)
{
	struct smc_busy_poll_seen now = smc_busy_poll_look(conn);

	return now.producer != seen->producer ||
	       now.flags.prod != seen->flags.prod ||
	       now.flags.state != seen->flags.state;
}

/*
 * Busy-polls until there are other than @waiting bytes, or the peer has set
 * flags. True is a hint: the caller checks again. False: the caller sleeps, and
 * calls smc_busy_poll_slept() afterwards. Holding rx_lock.
 */
bool smc_busy_poll(struct smc_conn *conn, u32 waiting)
{
	struct smc_busy_poll_seen seen = smc_busy_poll_look(conn);
	u32 limit = smc_busy_poll_limit(conn);
	u64 now;

	conn->busy_began = local_clock();
	if (!limit || num_online_cpus() == 1)
		return false;
	/* Something arrived since the caller checked. */
	if (smc_rx_refresh(conn) != waiting || smc_rx_ended(conn))
		return true;
	while (smc_busy_poll_is_alone()) {
		cpu_relax();
		now = local_clock();
		if (smc_busy_poll_is_news(conn, &seen)) {
			smc_busy_poll_average(&conn->busy_wait_ns,
					      now - conn->busy_began);
			return true;
		}
		if (now - conn->busy_began >= limit)
			break;
	}
	return false;
}

/* The peer's signal is about to wake the reader. Any context. */
void smc_busy_poll_arrived(struct smc_conn *conn)
{
	WRITE_ONCE(conn->busy_arrived, local_clock());
}

/*
 * The reader has slept: updates the averages of how long it took bytes to
 * arrive, and the reader to wake up. Holding rx_lock.
 */
void smc_busy_poll_slept(struct smc_conn *conn)
{
	u64 arrived = READ_ONCE(conn->busy_arrived);
	u64 now = local_clock();

	/* Something else woke it, or the CPUs' clocks differ. */
	if (arrived < conn->busy_began || arrived > now)
		return;
	smc_busy_poll_average(&conn->busy_wait_ns, arrived - conn->busy_began);
	smc_busy_poll_average(&conn->busy_wake_ns, now - arrived);
}

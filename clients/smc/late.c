// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * After a handshake that this end has declined. It went on by TCP, but the
 * peer's next message may have been under way by then, or the peer may be slow
 * and send it yet, before it comes to our decline: an answer for which we have
 * waited too long, or its own decline as it has waited too long. Such a message
 * is in front of the first byte of the peer's program, and no program must see
 * it. So who reads first looks, until there is something that is no message.
 * Process context, no lock held.
 */
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <net/sock.h>

#include "clc_io.h"
#include "smc.h"

struct smc_late {
	struct smc_clc_io io;
};

/*
 * To be called before TCP becomes the carrier. @io may have the first bytes of a
 * message. Only @msg is looked for, or any for 0. 0 or -ENOMEM.
 */
int smc_late_expect(struct dibs_smc *smc, const struct smc_clc_io *io, u8 msg)
{
	struct smc_late *late = kzalloc(sizeof(*late), SMC_GFP);

	if (!late)
		return -ENOMEM;
	late->io.in_done = io->in_done;
	late->io.header = io->header;
	late->io.in_msg = msg;
	/* What is in it is seen by who sees the carrier; others only ask. */
	WRITE_ONCE(smc->late, late);
	return 0;
}

/* The socket goes, or nothing late will come. */
void smc_late_forget(struct dibs_smc *smc)
{
	struct smc_late *late = smc->late;

	/* Pairs with who asks without rx_lock whether there is any. */
	WRITE_ONCE(smc->late, NULL);
	kfree(late);
}

/* True when what is next belongs to the program. Holding rx_lock. */
static bool smc_late_look(struct dibs_smc *smc)
{
	struct sock *sk = smc->sk;
	int err, messages = 0;

	if (!smc->late)
		return true;
	do {
		err = smc_clc_receive(sk, &smc->late->io);
	} while ((!err || err == -EPROTONOSUPPORT) && ++messages < 16);
	/* More of them than any peer sends: the rest later. */
	if (!err)
		return false;
	if (err == -EAGAIN && inet_sk_state_load(sk) != TCP_CLOSE &&
	    !(READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN))
		return false;
	smc_late_forget(smc);
	smc_carrier_show(smc, sk->sk_socket);
	return true;
}

/* Can the program read TCP's stream now? */
bool smc_late_is_over(struct dibs_smc *smc)
{
	bool over;

	mutex_lock(&smc->rx_lock);
	over = smc_late_look(smc);
	mutex_unlock(&smc->rx_lock);
	return over;
}

/* Waits for that. 0, -EAGAIN if @timeo is over, or -errno for a signal. */
int smc_late_wait(struct dibs_smc *smc, long timeo)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct sock *sk = smc->sk;
	int err = 0;

	add_wait_queue(sk_sleep(sk), &wait);
	while (!smc_late_is_over(smc)) {
		if (!timeo) {
			err = -EAGAIN;
			break;
		}
		if (signal_pending(current)) {
			err = sock_intr_errno(timeo);
			break;
		}
		timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, timeo);
	}
	remove_wait_queue(sk_sleep(sk), &wait);
	return err;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Late CLC messages. When this end declines a handshake, the connection
 * continues as TCP. But the peer's next message may have been in flight by
 * then, or a slow peer may still send it before it processes our decline: an
 * answer that we waited too long for, or a decline of its own because it waited
 * too long. Such a message precedes the first byte of the peer's program, and
 * our program must not see it. So operations that read TCP's stream first drop
 * such messages here, until something arrives that is no message. Process
 * context, no lock held, except where noted.
 */
#include <linux/slab.h>
#include <net/sock.h>

#include "clc/io.h"
#include "state/smc.h"

struct smc_late {
	struct smc_clc_io io;
};

/*
 * Called before TCP becomes the carrier. @io may hold the first bytes of a
 * message. Only messages of type @msg are dropped, or of any type if it is 0.
 * Returns 0 or -ENOMEM.
 */
int smc_late_expect(struct smc_sock *smc, const struct smc_clc_io *io, u8 msg)
{
	struct smc_late *late = kzalloc(sizeof(*late), SMC_GFP);

	if (!late)
		return -ENOMEM;
	late->io.in_done = io->in_done;
	late->io.header = io->header;
	late->io.in_msg = msg;
	/*
	 * The release of smc->carrier publishes the contents. Readers that
	 * have not acquired it only test the pointer.
	 */
	WRITE_ONCE(smc->late, late);
	return 0;
}

/*
 * No late message is expected any more, or the socket goes away. Holding
 * rx_lock, or nobody else uses the socket.
 */
void smc_late_drop(struct smc_sock *smc)
{
	struct smc_late *late = smc->late;

	/* Pairs with smc_carrier_set_ops(), which does not hold rx_lock. */
	WRITE_ONCE(smc->late, NULL);
	kfree(late);
}

/*
 * Receives and drops late messages. Returns true once what comes next in TCP's
 * stream belongs to the program. Holding rx_lock.
 */
static bool smc_late_drain(struct smc_sock *smc)
{
	struct sock *sk = smc->sk;
	int err, messages = 0;

	if (!smc->late)
		return true;
	do {
		err = smc_clc_receive(sk, &smc->late->io);
	} while ((!err || err == -EPROTONOSUPPORT) && ++messages < 16);
	/* No peer sends that many. Bounded; the next call goes on. */
	if (!err)
		return false;
	if (err == -EAGAIN && inet_sk_state_load(sk) != TCP_CLOSE &&
	    !(READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN))
		return false;
	smc_late_drop(smc);
	smc_carrier_set_ops(smc, sk->sk_socket);
	return true;
}

/* May the program read TCP's stream now? */
bool smc_late_is_over(struct smc_sock *smc)
{
	bool over;

	mutex_lock(&smc->rx_lock);
	over = smc_late_drain(smc);
	mutex_unlock(&smc->rx_lock);
	return over;
}

/*
 * Waits until the program may read TCP's stream. Returns 0, -EAGAIN after
 * @timeo jiffies, or -errno if a signal is pending.
 */
int smc_late_wait(struct smc_sock *smc, long timeo)
{
	return smc_sock_wait(smc, timeo, smc_late_is_over);
}

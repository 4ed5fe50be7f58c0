/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * State machine of the end of a connection. Each end can be done writing, have
 * closed, or have aborted; the state says what this end still waits for.
 * Source: RFC 7609, section 4.8. smcss(8) knows the same state numbers.
 *
 * W: our program shuts down writing or closes; C: our program closes;
 * d: the peer is done writing; c: the peer has closed.
 *
 *	INIT --C--> CLOSED               LISTEN --C--> CLOSED
 *
 *	                       ACTIVE
 *	               W,C /           \ d,c
 *	      PEERCLOSEWAIT1           APPCLOSEWAIT1 ---W--> APPCLOSEWAIT2
 *	        |    | d                     |                   |
 *	        |    v                       +--- C, and c was --+--> CLOSED
 *	        |  PEERCLOSEWAIT2            |                   |
 *	        |    |                       +--- C, c was not --+
 *	        +----+ c                                 |
 *	        |                                        v
 *	        +-- after C --> CLOSED <--- c --- PEERFINCLOSEWAIT
 *	        |                 ^
 *	        +-- before C --> APPFINCLOSEWAIT --C--> CLOSED
 *
 *	the peer aborts: before C --> PROCESSABORT --C--> CLOSED, else CLOSED;
 *	                 APPCLOSEWAIT2 --> CLOSED at once
 *	we abort:        PEERABORTWAIT, until the peer answers or C --> CLOSED
 *
 * C in PEERCLOSEWAIT1 or 2, after only a shutdown, is sent to the peer and does
 * not change the state.
 *
 * A pure function, run in user space by tests/unit/smc. conn.c calls it,
 * holding conn->lock, which guards the state, and carries out the returned
 * actions.
 */
#ifndef _DIBS_SMC_CLOSE_H
#define _DIBS_SMC_CLOSE_H

#include <linux/types.h>
#include <uapi/linux/dibs_smc.h>

/**
 * enum smc_close_event - what happened
 * @SMC_CLOSE_SHUTDOWN:    our program is done writing: shutdown(SHUT_WR)
 * @SMC_CLOSE_CLOSE:       our program has closed the socket
 * @SMC_CLOSE_ABORT:       we abort the connection and can tell the peer
 * @SMC_CLOSE_LOST:        we abort, and cannot: the device is gone, or refuses
 * @SMC_CLOSE_PEER_DONE:   the peer will not write any more
 * @SMC_CLOSE_PEER_CLOSED: the peer has closed
 * @SMC_CLOSE_PEER_ABORT:  the peer has aborted the connection
 *
 * The peer's events are flags that stay set. The strongest one is the event,
 * and a connection that becomes ACTIVE checks them again.
 */
enum smc_close_event {
	SMC_CLOSE_SHUTDOWN,
	SMC_CLOSE_CLOSE,
	SMC_CLOSE_ABORT,
	SMC_CLOSE_LOST,
	SMC_CLOSE_PEER_DONE,
	SMC_CLOSE_PEER_CLOSED,
	SMC_CLOSE_PEER_ABORT,
	/* private: number of events */
	SMC_CLOSE_EVENTS
};

/* Facts beside the state, a bit mask. All but UNREAD stay true. */
#define SMC_CLOSE_IF_DEAD	0x01	/* we have closed and told the peer */
#define SMC_CLOSE_IF_PEER	0x02	/* the peer has closed */
#define SMC_CLOSE_IF_UNREAD	0x04	/* bytes are dropped by this close */
#define SMC_CLOSE_IF_DONE	0x08	/* the peer is done writing */

/* Actions, a bit mask, to be carried out in this order. */
#define SMC_CLOSE_DO_DRAIN	0x01	/* first publish unsent bytes */
#define SMC_CLOSE_DO_SEND_DONE	0x02	/* set SMC_CDC_DONE_WRITING, signal */
#define SMC_CLOSE_DO_SEND_CLOSED 0x04	/* set SMC_CDC_CLOSED, signal */
#define SMC_CLOSE_DO_SEND_ABORT	0x08	/* set SMC_CDC_ABORT, signal */
#define SMC_CLOSE_DO_RESET	0x10	/* sk_err is ECONNRESET */
#define SMC_CLOSE_DO_ABORTED	0x20	/* sk_err is ECONNABORTED */
#define SMC_CLOSE_DO_WAKE	0x40	/* wake all waiters on the socket */
#define SMC_CLOSE_DO_PIPE	0x80	/* sk_err is EPIPE */

/**
 * struct smc_close_step - what follows from an event
 * @state: the new state; in CLOSED the connection's buffers may be freed
 * @todo:  SMC_CLOSE_DO_...
 */
struct smc_close_step {
	enum dibs_smc_state state;
	u32 todo;
};

struct smc_close_step smc_close_next(enum dibs_smc_state state,
				     enum smc_close_event event, u32 facts);

#endif /* _DIBS_SMC_CLOSE_H */

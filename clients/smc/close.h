/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * How a connection ends. Both ends count: each can be done writing, closed, or
 * have aborted; the states say what this end still waits for. Source: RFC 7609,
 * section 4.8; numbers as smcss(8) knows them.
 *
 * W: our program shuts down writing or closes, d: the peer is done writing,
 * c: the peer has closed, C: our program closes.
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
 * C in PEERCLOSEWAIT1 or 2, after a mere shutdown, says so to the peer and does
 * not change the state.
 *
 * Pure function. Who calls it holds what guards the state and does what it is
 * told to.
 */
#ifndef _DIBS_SMC_CLOSE_H
#define _DIBS_SMC_CLOSE_H

#include <linux/types.h>

/**
 * enum smc_state - state of a connection, as the tools show it
 * @SMC_STATE_ACTIVE:           both may write
 * @SMC_STATE_INIT:             not connected
 * @SMC_STATE_CLOSED:           over: nothing will be written or read any more
 * @SMC_STATE_LISTEN:           a listener
 * @SMC_STATE_PEERCLOSEWAIT1:   we are done, the peer may still write
 * @SMC_STATE_PEERCLOSEWAIT2:   both are done, the peer has not closed
 * @SMC_STATE_APPCLOSEWAIT1:    the peer is done or has closed, we may write
 * @SMC_STATE_APPCLOSEWAIT2:    the same, and we are done
 * @SMC_STATE_APPFINCLOSEWAIT:  we are done, the peer has closed
 * @SMC_STATE_PEERFINCLOSEWAIT: we have closed, the peer is done
 * @SMC_STATE_PEERABORTWAIT:    we have aborted
 * @SMC_STATE_PROCESSABORT:     the peer has aborted, our program has to close
 */
enum smc_state {
	SMC_STATE_ACTIVE = 1,
	SMC_STATE_INIT = 2,
	SMC_STATE_CLOSED = 7,
	SMC_STATE_LISTEN = 10,
	SMC_STATE_PEERCLOSEWAIT1 = 20,
	SMC_STATE_PEERCLOSEWAIT2 = 21,
	SMC_STATE_APPCLOSEWAIT1 = 22,
	SMC_STATE_APPCLOSEWAIT2 = 23,
	SMC_STATE_APPFINCLOSEWAIT = 24,
	SMC_STATE_PEERFINCLOSEWAIT = 25,
	SMC_STATE_PEERABORTWAIT = 26,
	SMC_STATE_PROCESSABORT = 27,
};

/**
 * enum smc_close_event - what happened
 * @SMC_CLOSE_SHUTDOWN:    our program will write no more: shutdown(SHUT_WR)
 * @SMC_CLOSE_CLOSE:       our program has closed the socket
 * @SMC_CLOSE_ABORT:       we give the connection up and can tell the peer
 * @SMC_CLOSE_LOST:        so we do, and cannot: the device is gone, or refuses
 * @SMC_CLOSE_PEER_DONE:   the peer will write no more
 * @SMC_CLOSE_PEER_CLOSED: the peer has closed
 * @SMC_CLOSE_PEER_ABORT:  the peer has given the connection up
 *
 * What the peer says are flags that stay. Its strongest one counts, and a
 * connection that becomes ACTIVE looks at them again.
 */
enum smc_close_event {
	SMC_CLOSE_SHUTDOWN,
	SMC_CLOSE_CLOSE,
	SMC_CLOSE_ABORT,
	SMC_CLOSE_LOST,
	SMC_CLOSE_PEER_DONE,
	SMC_CLOSE_PEER_CLOSED,
	SMC_CLOSE_PEER_ABORT,
	/* private: their number */
	SMC_CLOSE_EVENTS
};

/*
 * What else is to be known, bits. The first two stay once they are true.
 */
#define SMC_CLOSE_IF_DEAD	0x01	/* our program has closed, and we said so */
#define SMC_CLOSE_IF_PEER	0x02	/* the peer has closed */
#define SMC_CLOSE_IF_UNREAD	0x04	/* bytes are dropped by this close */

/*
 * What is to be done, in this order, bits.
 */
#define SMC_CLOSE_DO_DRAIN	0x01	/* first get rid of unsent bytes */
#define SMC_CLOSE_DO_SEND_DONE	0x02	/* set SMC_CDC_DONE_WRITING, signal */
#define SMC_CLOSE_DO_SEND_CLOSED 0x04	/* set SMC_CDC_CLOSED, signal */
#define SMC_CLOSE_DO_SEND_ABORT	0x08	/* set SMC_CDC_ABORT, signal */
#define SMC_CLOSE_DO_RESET	0x10	/* sk_err is ECONNRESET */
#define SMC_CLOSE_DO_ABORTED	0x20	/* sk_err is ECONNABORTED */
#define SMC_CLOSE_DO_WAKE	0x40	/* whoever waits on the socket */

/**
 * struct smc_close_step - what follows from an event
 * @state: the new state; CLOSED: the connection's buffers can go
 * @todo:  SMC_CLOSE_DO_...
 */
struct smc_close_step {
	enum smc_state state;
	u32 todo;
};

struct smc_close_step smc_close_next(enum smc_state state,
				     enum smc_close_event event, u32 facts);

#endif /* _DIBS_SMC_CLOSE_H */

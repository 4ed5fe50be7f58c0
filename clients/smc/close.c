// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * How a connection ends: the table behind the drawing in close.h. Any context.
 */
#include <linux/bits.h>
#include <linux/kernel.h>

#include "close.h"

#define IN(name)		BIT(SMC_STATE_##name)
#define IN_PEERCLOSEWAIT	(IN(PEERCLOSEWAIT1) | IN(PEERCLOSEWAIT2))
#define IN_APPCLOSEWAIT		(IN(APPCLOSEWAIT1) | IN(APPCLOSEWAIT2))
#define IN_OPEN			(IN(ACTIVE) | IN_PEERCLOSEWAIT | \
				 IN_APPCLOSEWAIT | IN(APPFINCLOSEWAIT))

#define TO(name)	SMC_STATE_##name
#define STAY		0

#define DEAD		SMC_CLOSE_IF_DEAD
#define PEER		SMC_CLOSE_IF_PEER

#define WAKE		SMC_CLOSE_DO_WAKE
#define RESET		(SMC_CLOSE_DO_RESET | WAKE)
#define ABORTED		(SMC_CLOSE_DO_ABORTED | WAKE)
#define SAY_DONE	(SMC_CLOSE_DO_DRAIN | SMC_CLOSE_DO_SEND_DONE)
#define SAY_CLOSED	(SMC_CLOSE_DO_DRAIN | SMC_CLOSE_DO_SEND_CLOSED)
#define SAY_ABORT	SMC_CLOSE_DO_SEND_ABORT
/* SAY_ABORT if bytes are dropped unread, else SAY_CLOSED. */
#define SAY_END		BIT(31)

/**
 * struct smc_close_rule - in one of these states, if all of this is so
 * @event: enum smc_close_event
 * @from:  bits of states
 * @when:  SMC_CLOSE_IF_..., all needed
 * @to:    new state, or STAY
 * @todo:  SMC_CLOSE_DO_..., or SAY_END
 */
struct smc_close_rule {
	u32 event;
	u32 from;
	u32 when;
	u32 to;
	u32 todo;
};

/* The first row that fits counts; if none does, nothing happens. */
static const struct smc_close_rule smc_close_rules[] = {
#define ON(event, ...) { SMC_CLOSE_##event, __VA_ARGS__ }
	ON(SHUTDOWN, IN(ACTIVE), 0, TO(PEERCLOSEWAIT1), SAY_DONE),
	ON(SHUTDOWN, IN(APPCLOSEWAIT1), 0, TO(APPCLOSEWAIT2), SAY_DONE),

	ON(CLOSE, IN(INIT) | IN(LISTEN), 0, TO(CLOSED), 0),
	ON(CLOSE, IN(ACTIVE), 0, TO(PEERCLOSEWAIT1), SAY_END),
	ON(CLOSE, IN_PEERCLOSEWAIT, 0, STAY, SAY_END),
	ON(CLOSE, IN_APPCLOSEWAIT, PEER, TO(CLOSED), SAY_END),
	ON(CLOSE, IN_APPCLOSEWAIT, 0, TO(PEERFINCLOSEWAIT), SAY_END),
	ON(CLOSE, IN(APPFINCLOSEWAIT), 0, TO(CLOSED), SAY_END),
	ON(CLOSE, IN(PROCESSABORT), 0, TO(CLOSED), SAY_ABORT),
	ON(CLOSE, IN(PEERABORTWAIT), 0, TO(CLOSED), 0),

	/* Nobody is there to see the error: not to wait for the peer's word. */
	ON(ABORT, IN_OPEN, DEAD, TO(CLOSED), SAY_ABORT),
	ON(ABORT, IN(PEERFINCLOSEWAIT), 0, TO(CLOSED), SAY_ABORT),
	ON(ABORT, IN_OPEN, 0, TO(PEERABORTWAIT), SAY_ABORT | ABORTED),
	ON(ABORT, IN(INIT), 0, TO(CLOSED), ABORTED),

	ON(LOST, IN_OPEN | IN(PEERFINCLOSEWAIT), 0, TO(CLOSED), RESET),
	ON(LOST, IN(PEERABORTWAIT) | IN(PROCESSABORT), 0, TO(CLOSED), WAKE),

	ON(PEER_DONE, IN(ACTIVE), 0, TO(APPCLOSEWAIT1), WAKE),
	ON(PEER_DONE, IN(PEERCLOSEWAIT1), 0, TO(PEERCLOSEWAIT2), WAKE),

	ON(PEER_CLOSED, IN(ACTIVE), 0, TO(APPCLOSEWAIT1), WAKE),
	ON(PEER_CLOSED, IN_APPCLOSEWAIT, 0, STAY, WAKE),
	ON(PEER_CLOSED, IN_PEERCLOSEWAIT, DEAD, TO(CLOSED), WAKE),
	ON(PEER_CLOSED, IN_PEERCLOSEWAIT, 0, TO(APPFINCLOSEWAIT), WAKE),
	ON(PEER_CLOSED, IN(PEERFINCLOSEWAIT) | IN(PEERABORTWAIT), 0,
	   TO(CLOSED), WAKE),

	ON(PEER_ABORT, IN_PEERCLOSEWAIT, DEAD, TO(CLOSED), RESET),
	ON(PEER_ABORT, IN(INIT) | IN(ACTIVE) | IN(APPCLOSEWAIT1) |
	   IN(APPFINCLOSEWAIT) | IN_PEERCLOSEWAIT, 0, TO(PROCESSABORT), RESET),
	/* Else the peer, closed after a shutdown, would wait for us for ever. */
	ON(PEER_ABORT, IN(APPCLOSEWAIT2), 0, TO(CLOSED), SAY_ABORT | RESET),
	ON(PEER_ABORT, IN(PEERFINCLOSEWAIT), 0, TO(CLOSED), RESET),
	/* We gave up first: that error stays. */
	ON(PEER_ABORT, IN(PEERABORTWAIT), 0, TO(CLOSED), WAKE),
#undef ON
};

static struct smc_close_step
smc_close_apply(const struct smc_close_rule *rule, enum smc_state state,
		u32 facts)
{
	struct smc_close_step step = { state, rule->todo };

	if (rule->to != STAY)
		step.state = rule->to;
	if (step.todo == SAY_END)
		step.todo = facts & SMC_CLOSE_IF_UNREAD ? SAY_ABORT :
							  SAY_CLOSED;
	return step;
}

/**
 * smc_close_next() - what follows from an event
 * @state: before it
 * @event: what happened
 * @facts: SMC_CLOSE_IF_..., as they are before the event
 *
 * Return: the new state, the same one if nothing follows, and what to do.
 */
struct smc_close_step smc_close_next(enum smc_state state,
				     enum smc_close_event event, u32 facts)
{
	const struct smc_close_rule *rule = smc_close_rules;
	const struct smc_close_rule *end = rule + ARRAY_SIZE(smc_close_rules);

	for (; rule < end; rule++)
		if (rule->event == event && rule->from & BIT(state) &&
		    !(rule->when & ~facts))
			return smc_close_apply(rule, state, facts);
	return (struct smc_close_step){ state, 0 };
}

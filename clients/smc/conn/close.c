// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * State machine of the end of a connection: the table of what close.h draws.
 * Called by conn.c and by tests/unit/smc; any context.
 */
#include <linux/bits.h>
#include <linux/kernel.h>

#include "conn/close.h"

#define IN(name)		BIT(DIBS_SMC_STATE_##name)
#define IN_PEERCLOSEWAIT	(IN(PEERCLOSEWAIT1) | IN(PEERCLOSEWAIT2))
#define IN_APPCLOSEWAIT		(IN(APPCLOSEWAIT1) | IN(APPCLOSEWAIT2))
#define IN_OPEN			(IN(ACTIVE) | IN_PEERCLOSEWAIT | \
				 IN_APPCLOSEWAIT | IN(APPFINCLOSEWAIT))

#define TO(name)	DIBS_SMC_STATE_##name
#define STAY		0

#define DEAD		SMC_CLOSE_IF_DEAD
#define PEER		SMC_CLOSE_IF_PEER
#define DONE		SMC_CLOSE_IF_DONE

#define WAKE		SMC_CLOSE_DO_WAKE
#define RESET		(SMC_CLOSE_DO_RESET | WAKE)
#define PIPE		(SMC_CLOSE_DO_PIPE | WAKE)
#define ABORTED		(SMC_CLOSE_DO_ABORTED | WAKE)
#define SEND_DONE	(SMC_CLOSE_DO_DRAIN | SMC_CLOSE_DO_SEND_DONE)
#define SEND_CLOSED	(SMC_CLOSE_DO_DRAIN | SMC_CLOSE_DO_SEND_CLOSED)
#define SEND_ABORT	SMC_CLOSE_DO_SEND_ABORT
/* SEND_ABORT if bytes are dropped unread, else SEND_CLOSED. */
#define SEND_END		BIT(31)

/**
 * struct smc_close_rule - a transition
 * @event: enum smc_close_event
 * @from:  states in which it applies, a bit mask
 * @when:  SMC_CLOSE_IF_..., all required
 * @to:    new state, or STAY
 * @todo:  SMC_CLOSE_DO_..., or SEND_END
 */
struct smc_close_rule {
	u32 event;
	u32 from;
	u32 when;
	u32 to;
	u32 todo;
};

/* The first row that matches applies; if none does, nothing happens. */
static const struct smc_close_rule smc_close_rules[] = {
#define ON(event, ...) { SMC_CLOSE_##event, __VA_ARGS__ }
	ON(SHUTDOWN, IN(ACTIVE), 0, TO(PEERCLOSEWAIT1), SEND_DONE),
	ON(SHUTDOWN, IN(APPCLOSEWAIT1), 0, TO(APPCLOSEWAIT2), SEND_DONE),

	ON(CLOSE, IN(INIT) | IN(LISTEN), 0, TO(CLOSED), 0),
	ON(CLOSE, IN(ACTIVE), 0, TO(PEERCLOSEWAIT1), SEND_END),
	ON(CLOSE, IN_PEERCLOSEWAIT, 0, STAY, SEND_END),
	ON(CLOSE, IN_APPCLOSEWAIT, PEER, TO(CLOSED), SEND_END),
	ON(CLOSE, IN_APPCLOSEWAIT, 0, TO(PEERFINCLOSEWAIT), SEND_END),
	ON(CLOSE, IN(APPFINCLOSEWAIT), 0, TO(CLOSED), SEND_END),
	ON(CLOSE, IN(PROCESSABORT), 0, TO(CLOSED), SEND_ABORT),
	ON(CLOSE, IN(PEERABORTWAIT), 0, TO(CLOSED), 0),

	/* Nobody is left to see the error: do not wait for the peer. */
	ON(ABORT, IN_OPEN, DEAD, TO(CLOSED), SEND_ABORT),
	ON(ABORT, IN(PEERFINCLOSEWAIT), 0, TO(CLOSED), SEND_ABORT),
	ON(ABORT, IN_OPEN, 0, TO(PEERABORTWAIT), SEND_ABORT | ABORTED),
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
	/* A reset behind the peer's FIN: TCP's error in CLOSE_WAIT is EPIPE. */
	ON(PEER_ABORT, IN(INIT) | IN(ACTIVE) | IN(APPCLOSEWAIT1), DONE,
	   TO(PROCESSABORT), PIPE),
	ON(PEER_ABORT, IN(INIT) | IN(ACTIVE) | IN(APPCLOSEWAIT1) |
	   IN(APPFINCLOSEWAIT) | IN_PEERCLOSEWAIT, 0, TO(PROCESSABORT), RESET),
	/*
	 * Otherwise a peer that shut down, then closed, waits for us for ever.
	 */
	ON(PEER_ABORT, IN(APPCLOSEWAIT2), 0, TO(CLOSED), SEND_ABORT | RESET),
	ON(PEER_ABORT, IN(PEERFINCLOSEWAIT), 0, TO(CLOSED), RESET),
	/* We aborted first: keep that error. */
	ON(PEER_ABORT, IN(PEERABORTWAIT), 0, TO(CLOSED), WAKE),
#undef ON
};

static struct smc_close_step
smc_close_apply(const struct smc_close_rule *rule, enum dibs_smc_state state,
		u32 facts)
{
	struct smc_close_step step = { state, rule->todo };

	if (rule->to != STAY)
		step.state = rule->to;
	if (step.todo == SEND_END)
		step.todo = facts & SMC_CLOSE_IF_UNREAD ? SEND_ABORT :
							  SEND_CLOSED;
	return step;
}

/**
 * smc_close_next() - look up what follows from an event
 * @state: state before the event
 * @event: what happened
 * @facts: SMC_CLOSE_IF_..., as they were before the event
 *
 * Return: the new state, which is the old one if nothing follows, and actions.
 */
struct smc_close_step smc_close_next(enum dibs_smc_state state,
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

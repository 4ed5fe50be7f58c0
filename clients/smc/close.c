// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * How a connection ends: the table behind the drawing in close.h. Any context.
 */
#include <linux/bits.h>
#include <linux/kernel.h>

#include "close.h"

#define IN(name)	BIT(SMC_STATE_##name)
#define TO(name)	SMC_STATE_##name
#define STAY		0

#define DEAD		SMC_CLOSE_IF_DEAD
#define PEER		SMC_CLOSE_IF_PEER
#define UNREAD		SMC_CLOSE_IF_UNREAD

#define SAY_DONE	(SMC_CLOSE_DO_DRAIN | SMC_CLOSE_DO_SEND_DONE)
#define SAY_CLOSED	(SMC_CLOSE_DO_DRAIN | SMC_CLOSE_DO_SEND_CLOSED)
#define SAY_ABORT	SMC_CLOSE_DO_SEND_ABORT
#define RESET		(SMC_CLOSE_DO_RESET | SMC_CLOSE_DO_WAKE)
#define ABORTED		(SMC_CLOSE_DO_ABORTED | SMC_CLOSE_DO_WAKE)
#define WAKE		SMC_CLOSE_DO_WAKE

/* We may write; we are done writing; the peer is done or has closed. */
#define IN_APPCLOSEWAIT		(IN(APPCLOSEWAIT1) | IN(APPCLOSEWAIT2))
#define IN_PEERCLOSEWAIT	(IN(PEERCLOSEWAIT1) | IN(PEERCLOSEWAIT2))
#define IN_IDLE			(IN(INIT) | IN(LISTEN))
#define IN_ANY			(~0UL)

/**
 * struct smc_close_rule - a row: in one of these states, if all of this is so
 * @from: bits of states
 * @when: SMC_CLOSE_IF_..., all needed
 * @to:   new state, or STAY
 * @todo: SMC_CLOSE_DO_...
 */
struct smc_close_rule {
	unsigned long from;
	u32 when;
	u32 to;
	u32 todo;
};

/* The first row that fits counts; if none does, nothing happens. */
#define SMC_CLOSE_RULES_MAX	7

static const struct smc_close_rule
smc_close_rules[SMC_CLOSE_EVENTS][SMC_CLOSE_RULES_MAX] = {
	[SMC_CLOSE_SHUTDOWN] = {
		{ IN(ACTIVE), 0, TO(PEERCLOSEWAIT1), SAY_DONE },
		{ IN(APPCLOSEWAIT1), 0, TO(APPCLOSEWAIT2), SAY_DONE },
	},
	[SMC_CLOSE_CLOSE] = {
		{ IN_IDLE, 0, TO(CLOSED), 0 },
		{ IN(ACTIVE), UNREAD, TO(PEERCLOSEWAIT1), SAY_ABORT },
		{ IN(ACTIVE), 0, TO(PEERCLOSEWAIT1), SAY_CLOSED },
		{ IN_PEERCLOSEWAIT | IN_APPCLOSEWAIT | IN(APPFINCLOSEWAIT),
		  0, STAY, 0 },	/* see smc_close_by_program() */
		{ IN(PROCESSABORT), 0, TO(CLOSED), SAY_ABORT },
		{ IN(PEERABORTWAIT), 0, TO(CLOSED), 0 },
	},
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Runs a row: a handshake up to the message in question, that message with its
 * changed field, the answer of the honest end, and then bytes over TCP.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "liar.h"

int honest_port, liar_port, liar_listener;

void places_start(void)
{
	honest_port = honest_start();
	liar_listener = liar_listen();
	liar_port = port_of(liar_listener);
}

static void apply(const struct row *row, struct message *message)
{
	put(message, row->at, row->size, row->value);
	if (row->edit)
		row->edit(message);
}

/* Does the honest end send a decline before it falls back to TCP? */
static bool is_told(const struct row *row)
{
	return row->reason != NO_SMC && row->reason != DECLINED &&
	       !row->silent;
}

/*
 * The connection goes on over TCP, for that reason, as if nothing had happened:
 * first comes what was sent to the program already.
 */
bool go_on(int honest, int liar, uint32_t reason, const void *left,
	   size_t left_len)
{
	return expect(honest, left, left_len) && both_ways(honest, liar) &&
	       honest_is(honest, reason);
}

static bool go_on_after(const struct row *row, int honest, int liar,
			const struct message *message)
{
	return go_on(honest, liar, row->reason,
		     message->data + message->len - row->left, row->left);
}

/* --- the liar is the client ---------------------------------------------- */

/* Declines an accept, which leads to TCP, too. */
static bool decline_it(int liar)
{
	static struct message message;

	if (!liar_hears(liar, &message, ACCEPT))
		return false;
	decline_make(&message, 0x12345678);
	return liar_tell(liar, &message);
}

static bool then_tcp(const struct row *row, int liar,
		     const struct message *message)
{
	struct row declined = *row;
	int honest;
	bool good;

	if (row->reason == TAKEN) {
		declined.reason = DECLINED;
		if (!decline_it(liar))
			return false;
	} else if (is_told(row) &&
		   !liar_is_declined(liar, row->reason)) {
		return false;
	}
	honest = honest_accept(port_of(liar));
	if (honest < 0)
		return false;
	good = go_on_after(&declined, honest, liar, message);
	close(honest);
	return good;
}

static bool run_proposal(const struct row *row)
{
	static struct message message;
	int liar = liar_connect(honest_port);
	bool good;

	proposal_make(&message);
	apply(row, &message);
	good = liar_tell(liar, &message) && then_tcp(row, liar, &message);
	close(liar);
	return good;
}

static bool run_first_decline(const struct row *row)
{
	static struct message message;
	int liar = liar_connect(honest_port);
	bool good;

	decline_make(&message, 0x12345678);
	apply(row, &message);
	good = liar_tell(liar, &message) && then_tcp(row, liar, &message);
	close(liar);
	return good;
}

static bool propose(int liar, struct message *accept)
{
	static struct message message;

	proposal_make(&message);
	return liar_tell(liar, &message) && liar_hears(liar, accept, ACCEPT);
}

/*
 * Says that the link group is unknown: the next contact is a first one again.
 */
static bool forget_group(int liar)
{
	static struct message message;
	int honest;
	bool good;

	decline_make(&message, SYNC);
	if (!liar_tell(liar, &message))
		return false;
	honest = honest_accept(port_of(liar));
	good = honest >= 0 && go_on(honest, liar, DECLINED, NULL, 0);
	close(honest);
	return good;
}

static bool is_first(const struct message *accept)
{
	return accept->data[AT_FLAGS] & FIRST_CONTACT;
}

/*
 * A client that has been accepted; with @first, as the first contact of its
 * link group. All namespaces share the group of a device: in a storm, others
 * may be faster.
 */
bool client_begin(int *liar, struct message *accept, bool first)
{
	unsigned int tries = in_storm ? 100 : 1;
	bool good;

	*liar = liar_connect(honest_port);
	if (!propose(*liar, accept))
		return false;
	while (first && !is_first(accept)) {
		if (!tries--)
			return wrong("not the first contact");
		good = forget_group(*liar);
		close(*liar);
		*liar = liar_connect(honest_port);
		if (!good || !propose(*liar, accept))
			return false;
	}
	return true;
}

static bool run_confirm(const struct row *row)
{
	static struct message message, accept;
	int liar;
	bool good = client_begin(&liar, &accept, true);

	if (good) {
		confirm_make(&message, &accept, NO_TOKEN);
		apply(row, &message);
		good = liar_tell(liar, &message) &&
		       then_tcp(row, liar, &message);
	}
	close(liar);
	return good;
}

/* --- the liar is the server ---------------------------------------------- */

/* An honest client has proposed. */
bool server_begin(int *liar, int *honest)
{
	static struct message message;

	*honest = honest_begin(liar_port);
	*liar = liar_accept(liar_listener);
	return liar_hears(*liar, &message, PROPOSAL);
}

static bool answer(const struct row *row, struct message *message)
{
	int liar, honest, error;
	bool good = server_begin(&liar, &honest);

	apply(row, message);
	good = good && liar_tell(liar, message) &&
	       (!is_told(row) ||
		liar_is_declined(liar, row->reason));
	if (good) {
		error = honest_finish(honest);
		good = !error || wrong("connect: %s", strerror(error));
	}
	good = good && go_on_after(row, honest, liar, message);
	close(liar);
	close(honest);
	return good;
}

static bool run_accept(const struct row *row)
{
	static struct message message;

	accept_make(&message, NO_TOKEN);
	return answer(row, &message);
}

static bool run_decline(const struct row *row)
{
	static struct message message;

	decline_make(&message, 0x12345678);
	return answer(row, &message);
}

const struct table tables[] = {
	{ "a client's proposal with", proposal_rows, &proposal_count,
	  run_proposal },
	{ "a client's decline with", decline_rows, &decline_count,
	  run_first_decline },
	{ "a client's confirm with", confirm_rows, &confirm_count,
	  run_confirm },
	{ "a server's accept with", accept_rows, &accept_count, run_accept },
	{ "a server's decline with", decline_rows, &decline_count,
	  run_decline },
};

const unsigned int table_count = sizeof(tables) / sizeof(*tables);

const struct act_table act_tables[] = {
	{ order_acts, &order_count },
	{ close_acts, &close_count },
	{ bridge_acts, &bridge_count },
	{ cut_acts, &cut_count },
	{ late_acts, &late_count },
};

const unsigned int act_table_count = sizeof(act_tables) / sizeof(*act_tables);

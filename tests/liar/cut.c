// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Each message cut at each byte: after that the connection ends, or is reset,
 * or the rest comes on its own. Less than a header might be the program's
 * bytes, which gets them when the end comes; it does not get more than a
 * header.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "liar.h"

static struct message message, accepted;

/* Which message, and from which end. */
enum which { OF_PROPOSAL, OF_CONFIRM, OF_ACCEPT, OF_DECLINE };

struct ends {
	int liar;
	int port;		/* the liar's */
	int honest;		/* -1: to be accepted */
};

/* Runs a handshake up to the message to be cut, and builds it in "message". */
static bool begin(enum which which, struct ends *ends)
{
	ends->honest = -1;
	switch (which) {
	case OF_PROPOSAL:
		ends->liar = liar_connect(honest_port);
		ends->port = port_of(ends->liar);
		proposal_make(&message);
		return true;
	case OF_CONFIRM:
		if (!client_begin(&ends->liar, &accepted, false))
			return false;
		ends->port = port_of(ends->liar);
		confirm_make(&message, &accepted, NO_TOKEN);
		return true;
	case OF_ACCEPT:
		accept_make(&message, NO_TOKEN);
		break;
	case OF_DECLINE:
		decline_make(&message, 0x12345678);
		break;
	}
	return server_begin(&ends->liar, &ends->honest);
}

static void finish(struct ends *ends)
{
	close(ends->liar);
	if (ends->honest >= 0)
		close(ends->honest);
}

/* The honest program gets its connection; *error: the result of connect(). */
static bool program_has(struct ends *ends, int *error)
{
	*error = 0;
	if (ends->honest < 0)
		ends->honest = honest_accept(ends->port);
	else
		*error = honest_finish(ends->honest);
	return ends->honest >= 0;
}

static bool has_connected(struct ends *ends)
{
	int error;

	return program_has(ends, &error) &&
	       (!error || wrong("connect: %s", strerror(error)));
}

static bool end_at(struct ends *ends, size_t at)
{
	bool program = at < HEADER_LEN;

	if (!liar_send(ends->liar, message.data, at))
		return false;
	liar_end(ends->liar);
	if (!program && !liar_is_declined(ends->liar, INTERNAL))
		return false;
	return has_connected(ends) &&
	       expect(ends->honest, message.data, program ? at : 0) &&
	       honest_is(ends->honest, program ? NO_SMC : INTERNAL) &&
	       is_over(ends->honest) &&
	       exchange(ends->honest, ends->liar, at, 1000);
}

/*
 * TCP may or may not deliver the bytes before the reset, and then reports the
 * error once: by connect(), recv(), or whatever call comes first.
 */
static bool reset_at(struct ends *ends, size_t at)
{
	uint8_t byte;
	size_t got = 0;
	ssize_t n;
	int error;

	if (!liar_send(ends->liar, message.data, at))
		return false;
	liar_reset(ends->liar);
	ends->liar = -1;
	if (!program_has(ends, &error))
		return false;
	while ((n = recv(ends->honest, &byte, 1, 0)) == 1)
		if (at >= HEADER_LEN || got >= at ||
		    byte != message.data[got++])
			return wrong("a byte that was not sent");
	if (n < 0)
		error = errno;
	return error == ECONNRESET || error == EPIPE ||
	       wrong("no reset: %s", strerror(error));
}

/* Nothing happens until all is there: as if it had come at once. */
static bool pause_at(struct ends *ends, size_t at)
{
	static struct message answer;
	uint32_t reason = RTOKEN;

	if (!liar_send(ends->liar, message.data, at) ||
	    !liar_send(ends->liar, message.data + at, message.len - at))
		return false;
	switch (message.data[AT_TYPE]) {
	case PROPOSAL:
		reason = DECLINED;
		decline_make(&answer, 1);
		if (!liar_hears(ends->liar, &accepted, ACCEPT) ||
		    !liar_tell(ends->liar, &answer))
			return false;
		break;
	case DECLINE:
		reason = DECLINED;
		break;
	default:
		if (!liar_is_declined(ends->liar, RTOKEN))
			return false;
	}
	return has_connected(ends) &&
	       go_on(ends->honest, ends->liar, reason, NULL, 0);
}

static bool everywhere(enum which which,
		       bool (*run)(struct ends *ends, size_t at))
{
	struct ends ends;
	size_t at = 0;
	bool good = true;

	do {
		if (!begin(which, &ends))
			return false;
		/* A confirm is shorter once there is a link group. */
		if (at < message.len && !run(&ends, at))
			good = wrong("cut at byte %zu of %zu", at,
				     message.len);
		finish(&ends);
	} while (good && ++at < message.len);
	return good;
}

static bool cut_and_end(int which)
{
	return everywhere(which, end_at);
}

static bool cut_and_reset(int which)
{
	return everywhere(which, reset_at);
}

static bool cut_and_go_on(int which)
{
	return everywhere(which, pause_at);
}

const struct act cut_acts[] = {
	{ "a proposal may end at any byte", cut_and_end, OF_PROPOSAL },
	{ "a confirm may end at any byte", cut_and_end, OF_CONFIRM },
	{ "an accept may end at any byte", cut_and_end, OF_ACCEPT },
	{ "a decline may end at any byte", cut_and_end, OF_DECLINE },
	{ "a proposal may be reset at any byte", cut_and_reset, OF_PROPOSAL },
	{ "a confirm may be reset at any byte", cut_and_reset, OF_CONFIRM },
	{ "an accept may be reset at any byte", cut_and_reset, OF_ACCEPT },
	{ "a decline may be reset at any byte", cut_and_reset, OF_DECLINE },
	{ "a proposal may come in two parts", cut_and_go_on, OF_PROPOSAL },
	{ "a confirm may come in two parts", cut_and_go_on, OF_CONFIRM },
	{ "an accept may come in two parts", cut_and_go_on, OF_ACCEPT },
	{ "a decline may come in two parts", cut_and_go_on, OF_DECLINE },
};

const unsigned int cut_count = sizeof(cut_acts) / sizeof(*cut_acts);

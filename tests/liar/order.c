// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Correct messages at wrong times: repeated, in another order, mixed with a
 * program's bytes, sent to a socket that is being closed.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "liar.h"

/* Only ends what hangs. */
#define PATIENCE_MS	60000

static const char bytes[] = "bytes of a program";
static struct message message, accepted;
static uint8_t stream[4096];
static size_t stream_len;

static void stream_add(const void *data, size_t len)
{
	memcpy(stream + stream_len, data, len);
	stream_len += len;
}

static void stream_add_message(void)
{
	stream_add(message.data, message.len);
}

/* --- the liar is a client ------------------------------------------------ */

/*
 * What the liar sends in one piece (see the letters in make_stream()), whether
 * it is accepted, why the honest end falls back, whether it sends that reason,
 * and how many bytes the program gets.
 */
struct sequence {
	const char *what;
	bool accepts;
	uint32_t reason;
	bool told;
	uint16_t left;
};

static void make_stream(const char *what)
{
	stream_len = 0;
	for (; *what; what++) {
		switch (*what) {
		case 'p':
			proposal_make(&message);
			break;
		case 'a':
			accept_make(&message, NO_TOKEN);
			break;
		case 'c':
			accept_make(&accepted, NO_TOKEN);
			confirm_make(&message, &accepted, NO_TOKEN);
			break;
		case 'd':
			decline_make(&message, 0x12345678);
			break;
		default:
			stream_add(bytes, sizeof(bytes));
			continue;
		}
		stream_add_message();
	}
}

static const struct sequence of_client[] = {
	{ "pp", true, INTERNAL, true },
	{ "bp", .reason = NO_SMC, .left = sizeof(bytes) + PROPOSAL_LEN },
	{ "pb", true, NO_SMC, .left = sizeof(bytes) },
	{ "db", .reason = DECLINED, .left = sizeof(bytes) },
	{ "pd", true, DECLINED },
	{ "pdb", true, DECLINED, .left = sizeof(bytes) },
	{ "dp", .reason = DECLINED, .left = PROPOSAL_LEN },
	{ "dd", .reason = DECLINED, .left = DECLINE_LEN },
	{ "pbc", true, NO_SMC, .left = sizeof(bytes) + FIRST_LEN },
	{ "ap", .reason = INTERNAL, .told = true, .left = PROPOSAL_LEN },
	{ "cp", .reason = INTERNAL, .told = true, .left = PROPOSAL_LEN },
	{ "pap", true, INTERNAL, true, PROPOSAL_LEN },
};

static bool run_client(int index)
{
	const struct sequence *sequence = &of_client[index];
	int liar = liar_connect(honest_port);
	int honest = -1;
	bool good;

	make_stream(sequence->what);
	good = liar_send(liar, stream, stream_len) &&
	       (!sequence->accepts || liar_hears(liar, &accepted, ACCEPT)) &&
	       (!sequence->told || liar_is_declined(liar, sequence->reason));
	if (good)
		honest = honest_accept(port_of(liar));
	good = good && honest >= 0 &&
	       go_on(honest, liar, sequence->reason,
		     stream + stream_len - sequence->left, sequence->left);
	close(liar);
	close(honest);
	return good;
}

/* --- the liar is a server ------------------------------------------------ */

static const struct sequence of_server[] = {
	{ "aa", .reason = RTOKEN, .told = true, .left = FIRST_LEN },
	{ "ab", .reason = RTOKEN, .told = true, .left = sizeof(bytes) },
	{ "ba", .reason = NO_SMC, .left = sizeof(bytes) + FIRST_LEN },
	{ "da", .reason = DECLINED, .left = FIRST_LEN },
	{ "db", .reason = DECLINED, .left = sizeof(bytes) },
	{ "ca", .reason = INTERNAL, .told = true, .left = FIRST_LEN },
	{ "pa", .reason = MODE, .left = FIRST_LEN },
	{ "pp", .reason = MODE, .left = PROPOSAL_LEN },
};

static bool run_server(int index)
{
	const struct sequence *sequence = &of_server[index];
	int liar, honest;
	bool good = server_begin(&liar, &honest);

	make_stream(sequence->what);
	good = good && liar_send(liar, stream, stream_len) &&
	       (!sequence->told || liar_is_declined(liar, sequence->reason));
	if (good) {
		int error = honest_finish(honest);

		good = !error || wrong("connect: %s", strerror(error));
	}
	good = good && go_on(honest, liar, sequence->reason,
			     stream + stream_len - sequence->left,
			     sequence->left);
	close(liar);
	close(honest);
	return good;
}

/* An accept that arrives before the client has proposed anything. */
static bool early_accept(int arg)
{
	int honest = honest_begin(liar_port);
	int liar = liar_accept(liar_listener);
	bool good;

	(void)arg;
	accept_make(&message, NO_TOKEN);
	good = liar_tell(liar, &message) &&
	       liar_hears(liar, &message, PROPOSAL) &&
	       liar_is_declined(liar, RTOKEN) &&
	       !honest_finish(honest) &&
	       go_on(honest, liar, RTOKEN, NULL, 0);
	close(liar);
	close(honest);
	return good;
}

const struct act order_acts[] = {
	{ "a second proposal is declined", run_client, 0 },
	{ "a proposal after bytes is given to the program", run_client, 1 },
	{ "bytes in place of a confirm are given to the program", run_client,
	  2 },
	{ "bytes after a client's decline are given to the program",
	  run_client, 3 },
	{ "a decline right after a proposal leads to TCP", run_client, 4 },
	{ "bytes after a proposal and a decline are given to the program",
	  run_client, 5 },
	{ "a proposal after a decline is given to the program", run_client,
	  6 },
	{ "a second decline is given to the program", run_client, 7 },
	{ "a confirm after bytes is given to the program", run_client, 8 },
	{ "an accept before the proposal is declined", run_client, 9 },
	{ "a confirm before the proposal is declined", run_client, 10 },
	{ "an accept in place of a confirm is declined", run_client, 11 },
	{ "a second accept is given to the program", run_server, 0 },
	{ "bytes after an accept are given to the program", run_server, 1 },
	{ "an accept after bytes is given to the program", run_server, 2 },
	{ "an accept after a decline is given to the program", run_server, 3 },
	{ "bytes after a server's decline are given to the program",
	  run_server, 4 },
	{ "a confirm of a server is declined", run_server, 5 },
	{ "a proposal of a server leads to TCP", run_server, 6 },
	{ "a second proposal of a server is given to the program", run_server,
	  7 },
	{ "an accept before the client has proposed is declined",
	  early_accept, 0 },
};

const unsigned int order_count = sizeof(order_acts) / sizeof(*order_acts);

/* --- closing ------------------------------------------------------------- */

/* An answer that was in progress may come first. */
static bool ends_by_reset(int fd)
{
	ssize_t n;
	char byte;

	do
		n = recv(fd, &byte, 1, 0);
	while (n > 0);
	return (n < 0 && errno == ECONNRESET) ||
	       wrong("no reset: %s", n ? strerror(errno) : "end");
}

/* @arg: the client has been accepted already. */
static bool listener_closes(int arg)
{
	int listener = honest_listen(5);
	int liar = liar_connect(port_of(listener));
	bool good = true;

	proposal_make(&message);
	if (arg) {
		good = liar_tell(liar, &message) &&
		       liar_hears(liar, &accepted, ACCEPT);
		confirm_make(&message, &accepted, NO_TOKEN);
	}
	close(listener);
	/* The reset may have come already. */
	good = good && (send(liar, message.data, message.len,
			     MSG_NOSIGNAL) < 0 || ends_by_reset(liar));
	close(liar);
	return good;
}

/* Bytes for a closed socket are answered by a reset, as with TCP. */
static bool is_refused(int liar, const void *data, size_t len)
{
	struct pollfd poller = { .fd = liar };
	socklen_t error_len = sizeof(int);
	int error = 0;

	if (!liar_send(liar, data, len))
		return false;
	/* poll() reports an error whatever it is asked for. */
	if (poll(&poller, 1, PATIENCE_MS) != 1)
		return wrong("the liar hears nothing");
	getsockopt(liar, SOL_SOCKET, SO_ERROR, &error, &error_len);
	if (error != ECONNRESET && error != EPIPE)
		return wrong("no reset: %s", strerror(error));
	/* The error stays. */
	return send(liar, data, len, MSG_NOSIGNAL) < 0 ||
	       wrong("the liar may go on");
}

/* The program closes while it connects; @arg: bytes of an accept, 0 for all. */
static bool client_closes(int arg)
{
	int liar, honest;
	bool good = server_begin(&liar, &honest);

	close(honest);
	accept_make(&message, NO_TOKEN);
	good = good && is_refused(liar, message.data,
				  arg ? (size_t)arg : message.len);
	close(liar);
	return good;
}

/* The connection is accepted and closed, and then more messages come. */
static bool server_closes(int arg)
{
	int liar = liar_connect(honest_port);
	int honest;
	bool good;

	(void)arg;
	decline_make(&message, 1);
	good = liar_tell(liar, &message);
	honest = honest_accept(port_of(liar));
	close(honest);
	proposal_make(&message);
	good = good && honest >= 0 &&
	       is_refused(liar, message.data, message.len);
	close(liar);
	return good;
}

const struct act close_acts[] = {
	{ "a proposal to a closed listener is reset", listener_closes, 0 },
	{ "a confirm to a closed listener is reset", listener_closes, 1 },
	{ "an accept to a closed client is reset", client_closes, 0 },
	{ "a part of an accept to a closed client is reset", client_closes,
	  20 },
	{ "a proposal to a closed server is reset", server_closes, 0 },
};

const unsigned int close_count = sizeof(close_acts) / sizeof(*close_acts);

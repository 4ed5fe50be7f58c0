// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Right messages at wrong times: repeated, in another order, mixed with a
 * program's bytes, sent to a socket that is being closed.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "liar.h"

/* Only to end what hangs. */
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

/* --- the liar is a client -------------------------------------------------- */

/*
 * What it sends in one piece (see the letters in make_stream()), how often it
 * is accepted, what the honest end declines, and how much is the program's.
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

/* --- the liar is a server -------------------------------------------------- */

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

/* An accept that is there before the client has proposed anything. */
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
	{ "a proposal twice", run_client, 0 },
	{ "bytes, then a proposal: all are the program's", run_client, 1 },
	{ "bytes in place of a confirm", run_client, 2 },
	{ "a decline in place of a proposal, then bytes", run_client, 3 },
	{ "a proposal, and at once a decline", run_client, 4 },
	{ "a proposal, and at once a decline and bytes", run_client, 5 },
	{ "after a decline a proposal is the program's", run_client, 6 },
	{ "after a decline another is the program's", run_client, 7 },
	{ "bytes, and a confirm behind them", run_client, 8 },
	{ "an accept before the proposal", run_client, 9 },
	{ "a confirm before the proposal", run_client, 10 },
	{ "an accept in place of a confirm", run_client, 11 },
	{ "an accept twice", run_server, 0 },
	{ "an accept and bytes", run_server, 1 },
	{ "bytes, then an accept: all are the program's", run_server, 2 },
	{ "after a decline an accept is the program's", run_server, 3 },
	{ "a decline and bytes", run_server, 4 },
	{ "a confirm, then an accept", run_server, 5 },
	{ "a proposal of the server's, then an accept", run_server, 6 },
	{ "two proposals of the server's", run_server, 7 },
	{ "an accept before the proposal is read", early_accept, 0 },
};

const unsigned int order_count = sizeof(order_acts) / sizeof(*order_acts);

/* --- closing ------------------------------------------------------------------- */

/* A step that was under way may still answer before. */
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

/* With @arg the client has been accepted already. */
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
	/* It may be refused already. */
	good = good && (send(liar, message.data, message.len,
			     MSG_NOSIGNAL) < 0 || ends_by_reset(liar));
	close(liar);
	return good;
}

/* What comes for a socket that was closed is refused, as TCP does. */
static bool is_refused(int liar, const void *data, size_t len)
{
	struct pollfd poller = { .fd = liar };
	socklen_t error_len = sizeof(int);
	int error = 0;

	if (!liar_send(liar, data, len))
		return false;
	/* Whatever is asked for, an error is told. */
	if (poll(&poller, 1, PATIENCE_MS) != 1)
		return wrong("the liar hears nothing");
	getsockopt(liar, SOL_SOCKET, SO_ERROR, &error, &error_len);
	if (error != ECONNRESET && error != EPIPE)
		return wrong("no reset: %s", strerror(error));
	/* And so it stays. */
	return send(liar, data, len, MSG_NOSIGNAL) < 0 ||
	       wrong("the liar may go on");
}

/* The program does not want the connection any more; @arg: bytes of an accept. */
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

/* The connection was accepted, closed, and then the messages go on. */
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
	{ "a proposal when nobody listens any more", listener_closes, 0 },
	{ "a confirm when nobody listens any more", listener_closes, 1 },
	{ "an accept when the client has closed", client_closes, 0 },
	{ "part of one when the client has closed", client_closes, 20 },
	{ "proposals when the server has closed", server_closes, 0 },
};

const unsigned int close_count = sizeof(close_acts) / sizeof(*close_acts);

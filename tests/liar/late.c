// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Messages that never come, or come after the time-out: for each message as many
 * connections at once as it has bytes, each stopping at another one. The honest
 * ends decline and go on by TCP; the rest of the message, when it comes, is not
 * for the program.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "liar.h"

struct stopped {
	int liar, honest, port;
};

/* Connections that stop in the same message. */
struct crowd {
	const char *name;
	bool (*stop)(struct crowd *crowd, size_t at);
	struct message message;
	struct stopped stopped[PROPOSAL_LEN];
};

static struct message accepted;

static bool stop_client(struct crowd *crowd, size_t at)
{
	struct stopped *one = &crowd->stopped[at];

	one->honest = -1;
	one->port = port_of(one->liar);
	return liar_send(one->liar, crowd->message.data, at);
}

static bool stop_proposal(struct crowd *crowd, size_t at)
{
	proposal_make(&crowd->message);
	crowd->stopped[at].liar = liar_connect(honest_port);
	return stop_client(crowd, at);
}

static bool stop_confirm(struct crowd *crowd, size_t at)
{
	if (!client_begin(&crowd->stopped[at].liar, &accepted, false))
		return false;
	confirm_make(&crowd->message, &accepted, NO_TOKEN);
	return stop_client(crowd, at);
}

static bool stop_accept(struct crowd *crowd, size_t at)
{
	struct stopped *one = &crowd->stopped[at];

	accept_make(&crowd->message, NO_TOKEN);
	return server_begin(&one->liar, &one->honest) &&
	       liar_send(one->liar, crowd->message.data, at);
}

static struct crowd crowds[] = {
	{ "a proposal", stop_proposal },
	{ "a confirm", stop_confirm },
	{ "an accept", stop_accept },
};

#define CROWDS	(sizeof(crowds) / sizeof(*crowds))

static bool stop_all(struct crowd *crowd)
{
	size_t at = 0;

	memset(crowd->stopped, -1, sizeof(crowd->stopped));
	do {
		if (!crowd->stop(crowd, at))
			return wrong("%s, byte %zu", crowd->name, at);
	} while (++at < crowd->message.len);
	return true;
}

/* Accepted in any order: whose it is, the port tells. */
static bool belongs(struct crowd *crowd, int honest, int port)
{
	size_t at;

	for (at = 0; at < crowd->message.len; at++) {
		if (crowd->stopped[at].honest < 0 &&
		    crowd->stopped[at].port == port) {
			crowd->stopped[at].honest = honest;
			return true;
		}
	}
	return false;
}

static bool accept_all(void)
{
	size_t left = crowds[0].message.len + crowds[1].message.len;

	while (left--) {
		int fd = honest_accept(0);
		int port;

		if (fd < 0)
			return false;
		port = peer_port_of(fd);
		if (!belongs(&crowds[0], fd, port) &&
		    !belongs(&crowds[1], fd, port))
			return wrong("a connection of nobody's");
	}
	return true;
}

/*
 * The honest end declined and speaks; then the rest of the message comes, and
 * what the liar's program would say.
 */
static bool is_late(struct crowd *crowd, size_t at)
{
	const struct message *message = &crowd->message;
	struct stopped *one = &crowd->stopped[at];
	int error = honest_finish(one->honest);

	if (error)
		return wrong("connect: %s", strerror(error));
	return liar_is_declined(one->liar, TIMEOUT) &&
	       exchange(one->honest, one->liar, at, 1000) &&
	       liar_send(one->liar, message->data + at, message->len - at) &&
	       go_on(one->honest, one->liar, TIMEOUT, NULL, 0);
}

static bool all_are_late(struct crowd *crowd)
{
	size_t at;

	for (at = 0; at < crowd->message.len; at++)
		if (!is_late(crowd, at))
			return wrong("%s, byte %zu", crowd->name, at);
	return true;
}

static void close_all(struct crowd *crowd)
{
	size_t at;

	for (at = 0; at < crowd->message.len; at++) {
		close(crowd->stopped[at].liar);
		close(crowd->stopped[at].honest);
	}
}

static bool late(int arg)
{
	bool good = true;
	size_t begun, i;

	(void)arg;
	for (begun = 0; good && begun < CROWDS; begun++)
		good = stop_all(&crowds[begun]);
	good = good && accept_all();
	for (i = 0; good && i < CROWDS; i++)
		good = all_are_late(&crowds[i]);
	while (begun--)
		close_all(&crowds[begun]);
	return good;
}

const struct act late_acts[] = {
	{ "each stops at each byte, and goes on after the time-out", late },
};

const unsigned int late_count = sizeof(late_acts) / sizeof(*late_acts);

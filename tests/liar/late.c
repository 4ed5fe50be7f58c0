// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Messages that never come, or come after the timeout: for each message as many
 * connections at once as it has bytes, each stopping at another byte. The
 * honest ends decline and fall back to TCP; the program does not get the rest
 * of the message when it comes.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "liar.h"

/*
 * A connection that stops. Each has a message of its own: an accept may be the
 * first contact of a link group or not, and the confirm is longer or shorter.
 */
struct stopped {
	int liar, honest, port;
	size_t at, len;
	uint8_t data[PROPOSAL_LEN];
};

/* Connections that stop in the same message. */
struct crowd {
	const char *name;
	bool (*stop)(struct stopped *one, size_t at);
	unsigned int count;
	struct stopped stopped[PROPOSAL_LEN];
};

static struct message accepted, message;

/* Stops at @at, or before the last byte. */
static bool stop_in_message(struct stopped *one, size_t at)
{
	memcpy(one->data, message.data, message.len);
	one->len = message.len;
	one->at = at < one->len ? at : one->len - 1;
	return liar_send(one->liar, one->data, one->at);
}

static bool stop_proposal(struct stopped *one, size_t at)
{
	proposal_make(&message);
	one->liar = liar_connect(honest_port);
	one->port = port_of(one->liar);
	return stop_in_message(one, at);
}

static bool stop_confirm(struct stopped *one, size_t at)
{
	if (!client_begin(&one->liar, &accepted, false))
		return false;
	confirm_make(&message, &accepted, NO_TOKEN);
	one->port = port_of(one->liar);
	return stop_in_message(one, at);
}

static bool stop_accept(struct stopped *one, size_t at)
{
	accept_make(&message, NO_TOKEN);
	return server_begin(&one->liar, &one->honest) &&
	       stop_in_message(one, at);
}

static struct crowd crowds[] = {
	{ "a proposal", stop_proposal },
	{ "a confirm", stop_confirm },
	{ "an accept", stop_accept },
};

#define CROWDS	(sizeof(crowds) / sizeof(*crowds))

static bool stop_all(struct crowd *crowd)
{
	struct stopped *one = crowd->stopped;
	size_t at = 0;

	memset(crowd->stopped, -1, sizeof(crowd->stopped));
	do {
		crowd->count = at + 1;
		if (!crowd->stop(one, at))
			return wrong("%s, byte %zu", crowd->name, at);
	} while (++at < one++->len);
	return true;
}

/* Connections are accepted in any order: the port tells whose it is. */
static bool belongs(struct crowd *crowd, int honest, int port)
{
	size_t at;

	for (at = 0; at < crowd->count; at++) {
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
	size_t left = crowds[0].count + crowds[1].count;

	while (left--) {
		int fd = honest_accept(0);
		int port;

		if (fd < 0)
			return false;
		port = peer_port_of(fd);
		if (!belongs(&crowds[0], fd, port) &&
		    !belongs(&crowds[1], fd, port))
			return wrong("an unknown connection");
	}
	return true;
}

/*
 * The honest end has declined and sends; then the rest of the message comes,
 * and bytes of the liar's program.
 */
static bool is_late(const struct stopped *one)
{
	int error = honest_finish(one->honest);

	if (error)
		return wrong("connect: %s", strerror(error));
	return liar_is_declined(one->liar, TIMEOUT) &&
	       exchange(one->honest, one->liar, one->at, 1000) &&
	       liar_send(one->liar, one->data + one->at,
			 one->len - one->at) &&
	       go_on(one->honest, one->liar, TIMEOUT, NULL, 0);
}

static bool all_are_late(struct crowd *crowd)
{
	size_t at;

	for (at = 0; at < crowd->count; at++)
		if (!is_late(&crowd->stopped[at]))
			return wrong("%s, byte %zu", crowd->name, at);
	return true;
}

static void close_all(struct crowd *crowd)
{
	size_t at;

	for (at = 0; at < crowd->count; at++) {
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

/* Timeout of an end that waits for a silent liar, ms. */
#define SHORT_TIMEOUT	500

/* The timeout is that of the namespace, whichever end waits. */
static bool short_timeout(int server)
{
	long timeout = honest_timeout(), begin, took;
	struct stopped one = { -1, -1, 0, 0, 0, {} };
	bool good;

	/* Others use the same namespace. */
	if (in_storm)
		return true;
	honest_set_timeout(SHORT_TIMEOUT);
	begin = now_ms();
	good = server ? stop_proposal(&one, 0) : stop_accept(&one, 0);
	if (good && server)
		one.honest = honest_accept(one.port);
	good = good && is_late(&one);
	took = now_ms() - begin;
	honest_set_timeout(timeout);
	close(one.liar);
	close(one.honest);
	if (good && (took < SHORT_TIMEOUT || took >= timeout))
		return wrong("it took %ld ms, not %u", took, SHORT_TIMEOUT);
	return good;
}

const struct act late_acts[] = {
	{ "every message may stop at every byte until the timeout", late },
	{ "a server waits for the timeout of its namespace", short_timeout,
	  1 },
	{ "a client waits for the timeout of its namespace", short_timeout,
	  0 },
};

const unsigned int late_count = sizeof(late_acts) / sizeof(*late_acts);

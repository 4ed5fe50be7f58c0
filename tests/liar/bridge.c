// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * What a liar can do with real tokens. A program has no DMB, but it can be in
 * the middle: it gets the token of an honest server, passes it to an honest
 * client, gets the client's token, and passes that to the server. Those two
 * then share DMBs:
 *
 *	honest server        liar        honest client
 *	    <------ proposal | <--- proposal
 *	accept, token 1 ---> | accept, token 1 --->
 *	    <- confirm, t. 2 | <- confirm, token 2
 *
 * With DMBs that others use, none of that works.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "liar.h"

struct bridge {
	int server, client;		/* honest; -1 until connected */
	int to_server, to_client;	/* the liar's */
	struct message accept, confirm;
};

static struct bridge bridge;
static struct message message;

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void bridge_close(struct bridge *b)
{
	close_one(&b->server);
	close_one(&b->client);
	close_one(&b->to_server);
	close_one(&b->to_client);
}

/* Both sides have proposed, and the server has accepted. */
static bool bridge_begin(struct bridge *b)
{
	b->server = -1;
	b->client = -1;
	b->to_client = -1;
	return client_begin(&b->to_server, &b->accept, true) &&
	       server_begin(&b->to_client, &b->client);
}

/* The accept, possibly changed, makes the client confirm. */
static bool bridge_client(struct bridge *b)
{
	return liar_tell(b->to_client, &b->accept) &&
	       liar_hears(b->to_client, &b->confirm, CONFIRM);
}

static bool bridge_server(struct bridge *b)
{
	if (!liar_tell(b->to_server, &b->confirm))
		return false;
	b->server = honest_accept(port_of(b->to_server));
	return b->server >= 0;
}

static bool client_connects(struct bridge *b)
{
	int error = honest_finish(b->client);

	return !error || wrong("connect: %s", strerror(error));
}

/* SMC-D carries both ends, and what they write arrives. */
static bool bridge_carries(struct bridge *b)
{
	return both_ways(b->client, b->server) && honest_is_smcd(b->client) &&
	       honest_is_smcd(b->server);
}

static bool bridge_make(struct bridge *b)
{
	return bridge_begin(b) && bridge_client(b) && bridge_server(b) &&
	       client_connects(b);
}

/* --- correct messages ---------------------------------------------------- */

/* @reserved: sets reserved fields of both messages, and those of SMC-R. */
static bool right(int reserved)
{
	bool good = bridge_begin(&bridge);

	if (good && reserved) {
		put(&bridge.accept, AT_SIZE + 1, 2, ~0ULL);
		put(&bridge.accept, AT_CONTACT + 2, 2, ~0ULL);
		put(&bridge.accept, AT_CONTACT + 36, 2, ~0ULL);
		put(&bridge.accept, AT_CONTACT + 40, 8, ~0ULL);
	}
	good = good && bridge_client(&bridge);
	if (reserved) {
		put(&bridge.confirm, AT_SIZE + 1, 2, ~0ULL);
		put(&bridge.confirm, AT_CONTACT + 2, 2, ~0ULL);
		put(&bridge.confirm, AT_LINK, 4, 0);
	}
	good = good && bridge_server(&bridge) && client_connects(&bridge) &&
	       bridge_carries(&bridge);
	bridge_close(&bridge);
	return good;
}

/* Sends a lot; whatever arrives is fine. */
static bool pour(int from, int to)
{
	static uint8_t data[1 << 16];
	int i;

	for (i = 0; i < 64; i++) {
		send(from, data, sizeof(data), MSG_DONTWAIT | MSG_NOSIGNAL);
		recv(to, data, sizeof(data), MSG_DONTWAIT);
	}
	return true;
}

/* The size is larger than the DMB. */
static bool larger(int code)
{
	bool good;

	honest_ring(16);
	good = bridge_begin(&bridge);
	honest_ring(1024);
	if (good && get(&bridge.accept, AT_SIZE, 1) >> 4)
		good = wrong("the DMB is large");
	put(&bridge.accept, AT_SIZE, 1, code << 4);
	good = good && liar_tell(bridge.to_client, &bridge.accept) &&
	       liar_is_declined(bridge.to_client, RTOKEN) &&
	       client_connects(&bridge) &&
	       go_on(bridge.client, bridge.to_client, RTOKEN, NULL, 0);
	bridge_close(&bridge);
	return good;
}

/*
 * The size is smaller: the two ends do not agree where the ring ends. Writes
 * stay within the DMB nevertheless, and the first bytes are right.
 */
static bool smaller(int code)
{
	bool good = bridge_begin(&bridge);

	put(&bridge.accept, AT_SIZE, 1, code << 4);
	good = good && bridge_client(&bridge) && bridge_server(&bridge) &&
	       client_connects(&bridge) && bridge_carries(&bridge) &&
	       pour(bridge.client, bridge.server) &&
	       pour(bridge.server, bridge.client);
	bridge_close(&bridge);
	return good;
}

/* --- messages and bytes while DMBs carry the connection ------------------ */

enum what { CONFIRM_AGAIN, DECLINE_LATE, NOISE, ENDS, RESETS };

static bool disturb(struct bridge *b, enum what what)
{
	static const uint8_t noise[1 << 16];
	int i;

	switch (what) {
	case CONFIRM_AGAIN:
		return liar_tell(b->to_server, &b->confirm) &&
		       liar_tell(b->to_client, &b->accept);
	case DECLINE_LATE:
		decline_make(&message, SYNC);
		return liar_tell(b->to_server, &message) &&
		       liar_tell(b->to_client, &message);
	case NOISE:
		/* As much as there is room for. */
		for (i = 0; i < 256; i++) {
			send(b->to_server, noise, sizeof(noise), MSG_DONTWAIT);
			send(b->to_client, noise, sizeof(noise), MSG_DONTWAIT);
		}
		break;
	default:
		break;
	}
	return true;
}

static bool carried_and(int what)
{
	bool good = bridge_make(&bridge) && bridge_carries(&bridge) &&
		    disturb(&bridge, what) && bridge_carries(&bridge);

	bridge_close(&bridge);
	return good;
}

/* A reset of the TCP connection ends it, whatever carries the bytes. */
static bool carried_and_reset(int arg)
{
	bool good = bridge_make(&bridge) && bridge_carries(&bridge);

	(void)arg;
	liar_reset(bridge.to_server);
	liar_reset(bridge.to_client);
	bridge.to_server = -1;
	bridge.to_client = -1;
	good = good && is_reset(bridge.server) && is_reset(bridge.client);
	bridge_close(&bridge);
	return good;
}

/* --- tokens of others ---------------------------------------------------- */

/* An accept with that token: the client falls back to TCP. */
static bool accept_names(uint64_t token)
{
	int liar, honest;
	bool good = server_begin(&liar, &honest);

	accept_make(&message, token);
	good = good && liar_tell(liar, &message) &&
	       liar_is_declined(liar, RTOKEN) && !honest_finish(honest) &&
	       go_on(honest, liar, RTOKEN, NULL, 0);
	close(liar);
	close(honest);
	return good;
}

static bool confirm_names(uint64_t token)
{
	static struct message accept;
	int liar, honest = -1;
	bool good = client_begin(&liar, &accept, false);

	confirm_make(&message, &accept, token);
	good = good && liar_tell(liar, &message) &&
	       liar_is_declined(liar, RTOKEN);
	if (good)
		honest = honest_accept(port_of(liar));
	good = good && honest >= 0 && go_on(honest, liar, RTOKEN, NULL, 0);
	close(liar);
	if (honest >= 0)
		close(honest);
	return good;
}

/* The two ends of an honest connection with nobody in the middle. */
static bool strangers_meet(int *client, int *server, struct fate *fate)
{
	*server = -1;
	*client = honest_begin(honest_port);
	*server = honest_accept(port_of(*client));
	if (*server < 0 || honest_finish(*client) ||
	    !both_ways(*client, *server) || !honest_fate(*client, fate))
		return false;
	if (fate->smcd && fate->token && fate->peer_token)
		return true;
	return wrong("the strangers' tokens are unknown");
}

/* The strangers' connection goes on as if nothing had happened. */
static bool stranger(int peer)
{
	struct fate fate;
	int client, server;
	bool good = strangers_meet(&client, &server, &fate);
	uint64_t token = peer ? fate.peer_token : fate.token;

	good = good && accept_names(token) && both_ways(client, server) &&
	       confirm_names(token) && both_ways(client, server) &&
	       honest_is_smcd(client) && honest_is_smcd(server);
	close(client);
	close(server);
	return good;
}

/* Two clients get the token of one server's DMB: only the first can use it. */
static bool two_clients(int arg)
{
	bool good = bridge_begin(&bridge) && bridge_client(&bridge) &&
		    accept_names(get(&bridge.accept, AT_TOKEN, 8)) &&
		    bridge_server(&bridge) && client_connects(&bridge) &&
		    bridge_carries(&bridge);

	(void)arg;
	bridge_close(&bridge);
	return good;
}

/* Two servers get the token of one client's DMB: only the first can use it. */
static bool two_servers(int arg)
{
	bool good = bridge_make(&bridge) &&
		    confirm_names(get(&bridge.confirm, AT_TOKEN, 8)) &&
		    bridge_carries(&bridge);

	(void)arg;
	bridge_close(&bridge);
	return good;
}

/* A server gets its own token: it must not write to itself. */
static bool own_token(int arg)
{
	static struct message accept;
	int liar, honest = -1;
	bool good = client_begin(&liar, &accept, false);

	(void)arg;
	confirm_make(&message, &accept, get(&accept, AT_TOKEN, 8));
	good = good && liar_tell(liar, &message) &&
	       liar_is_declined(liar, RTOKEN);
	if (good)
		honest = honest_accept(port_of(liar));
	good = good && honest >= 0 && go_on(honest, liar, RTOKEN, NULL, 0);
	close(liar);
	if (honest >= 0)
		close(honest);
	return good;
}

const struct act bridge_acts[] = {
	{ "two honest ends with correct messages use SMC-D", right, 0 },
	{ "reserved fields are ignored", right, 1 },
	{ "a size code one too large is declined", larger, 1 },
	{ "the largest size code for a small DMB is declined", larger, 6 },
	{ "a size code one too small does no harm", smaller, 5 },
	{ "the smallest size code for a large DMB does no harm", smaller, 0 },
	{ "a second confirm and a second accept do no harm", carried_and,
	  CONFIRM_AGAIN },
	{ "declines after the handshake do no harm", carried_and,
	  DECLINE_LATE },
	{ "bytes on the TCP connection do no harm to SMC-D", carried_and,
	  NOISE },
	{ "a reset of the TCP connection resets both ends",
	  carried_and_reset, 0 },
	{ "the token of a stranger's client is declined", stranger, 0 },
	{ "the token of a stranger's server is declined", stranger, 1 },
	{ "one server's token is declined by a second client", two_clients,
	  0 },
	{ "one client's token is declined by a second server", two_servers,
	  0 },
	{ "a server's own token is declined", own_token, 0 },
};

const unsigned int bridge_count = sizeof(bridge_acts) / sizeof(*bridge_acts);

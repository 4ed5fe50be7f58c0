// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Handshakes by the thousand that never continue: a SYN with the option and
 * then silence; half a proposal; a whole proposal without a confirm. A listener
 * has no more of them than its backlog; later clients are not offered SMC and
 * use TCP at once. So the cost of a flood is bounded, and honest connections
 * beside it are ready within a tenth of the handshake timeout
 * (docs/security.md).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "liar.h"

#define BACKLOG		128
#define FLOOD		3000
#define FULL		(BACKLOG + 10)
#define HONEST		10
/* Honest connections are ready within the timeout divided by that. */
#define SHARE		10
/* A stall makes them late once; waiting for liars makes them late each time. */
#define TRIES		3
/* A handshake with the sockets of both ends, and what allocators add. */
#define KIB_EACH	40
#define KIB_SLACK	8192

/* How much of a proposal each sends. */
enum flood { SILENCE, HALF, WHOLE };

static int liars[FLOOD];
static struct message message;

/* Kernel memory in slabs and in pages of DMBs, in KiB. */
static long kernel_memory(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	long slab = 0, value;
	char line[128];

	if (!file)
		die("/proc/meminfo");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Slab: %ld", &value) == 1 ||
		    sscanf(line, "Shmem: %ld", &value) == 1 ||
		    sscanf(line, "VmallocUsed: %ld", &value) == 1)
			slab += value;
	fclose(file);
	return slab;
}

/* Is this the debug kernel, which is slow? */
static bool is_debug(void)
{
	const char *debug = getenv("DIBS_DEBUG");

	return debug && *debug;
}

/* Accepts what is ready: clients that were not offered SMC. */
static unsigned int accept_ready(int listener)
{
	unsigned int count = 0;
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		close(fd);
		count++;
	}
	return count;
}

static bool one_liar(enum flood flood, int port, int *liar)
{
	size_t len = flood == SILENCE ? 0 :
		     flood == HALF ? message.len / 2 : message.len;

	*liar = liar_connect(port);
	return liar_send(*liar, message.data, len);
}

/* An honest client of the flooded listener, and the other end. */
static bool meet(int listener, int *client, int *server)
{
	*client = honest_begin(port_of(listener));
	for (;;) {
		*server = accept(listener, NULL, NULL);
		if (*server < 0)
			return wrong("nobody comes: %s", strerror(errno));
		if (peer_port_of(*server) == port_of(*client))
			break;
		close(*server);
	}
	patience(*server);
	return !honest_finish(*client);
}

/* The same with a listener that nobody floods. */
static bool meet_elsewhere(int *client, int *server)
{
	*client = honest_begin(honest_port);
	*server = honest_accept(port_of(*client));
	return *server >= 0 && !honest_finish(*client);
}

/*
 * Do both ends get ready, and do their bytes arrive? @took: the longest time
 * until they were ready so far, in ms.
 */
static bool one_honest(int listener, bool elsewhere, long *took)
{
	long begin = now_ms(), ms;
	int client, server;
	bool good;

	good = elsewhere ? meet_elsewhere(&client, &server) :
			   meet(listener, &client, &server);
	ms = now_ms() - begin;
	if (ms > *took)
		*took = ms;
	good = good && both_ways(client, server) &&
	       (!elsewhere || honest_is_smcd(client));
	close(server);
	close(client);
	return good;
}

/*
 * Honest connections to the flooded listener and to another. As long as liars
 * are still waited for, no honest one waited for all of them. @late: one was
 * not ready in time.
 */
static bool honest_beside(int listener, bool *late)
{
	/* Other programs use the CPU, too, or sanitizers do. */
	bool good = true, slow = in_storm || is_debug();
	long took = 0, most = honest_timeout() / (slow ? 1 : SHARE);
	int i;

	fcntl(listener, F_SETFL, 0);
	for (i = 0; good && took <= most && i < HONEST; i++)
		good = one_honest(listener, true, &took) &&
		       one_honest(listener, false, &took);
	fcntl(listener, F_SETFL, O_NONBLOCK);
	wrong("beside %u liars %u honest connections were ready within %ld ms of %ld",
	      honest_undecided(port_of(listener)), 2 * i, took, most);
	*late = took > most;
	return good;
}

/* There are never many more liars than the backlog, and memory follows. */
static bool pour(enum flood flood, int listener)
{
	unsigned int i, most = 0, now, accepted = 0;
	int port = port_of(listener);
	long before = kernel_memory(), cost = 0;
	bool debug = is_debug(), late = true;
	unsigned int count = debug ? FLOOD / 5 : FLOOD;

	for (i = 0; i < count; i++) {
		if (!one_liar(flood, port, &liars[i]))
			return false;
		accepted += accept_ready(listener);
		/* Try again after a late one, beside new liars. */
		if (late && i && i <= TRIES * FULL && !(i % FULL) &&
		    !honest_beside(listener, &late))
			return false;
		if (i != FULL && i % 250)
			continue;
		now = honest_undecided(port);
		if (now > most) {
			most = now;
			cost = kernel_memory() - before;
		}
	}
	wrong("of %u liars %u at once were waited for, %ld KiB; %u fell back",
	      count, most, cost, accepted);
	if (late)
		return wrong("an honest connection was late each time");
	if (most > BACKLOG + 2)
		return wrong("more than a backlog");
	/* Others use memory, too. */
	if (in_storm)
		return true;
	if (most < BACKLOG / 2)
		return wrong("that is no flood");
	/* Where memory that is freed is kept for a while, to be watched. */
	if (debug)
		return true;
	return cost < BACKLOG * KIB_EACH + KIB_SLACK ||
	       wrong("that is too much memory");
}

/* Then all are TCP's, and who comes now is promised something again. */
static bool subsides(int listener)
{
	int port = port_of(listener), client, server;
	bool good;

	fcntl(listener, F_SETFL, 0);
	while (honest_undecided(port)) {
		server = accept(listener, NULL, NULL);
		if (server < 0)
			return wrong("some are waited for: %s",
				     strerror(errno));
		close(server);
	}
	good = meet(listener, &client, &server) &&
	       both_ways(client, server) && honest_is_smcd(client);
	close(client);
	close(server);
	return good;
}

static bool run_flood(int flood)
{
	int listener = honest_listen(BACKLOG);
	unsigned int i;
	bool good;

	memset(liars, -1, sizeof(liars));
	proposal_make(&message);
	fcntl(listener, F_SETFL, O_NONBLOCK);
	good = pour(flood, listener) && subsides(listener);
	for (i = 0; i < FLOOD; i++)
		if (liars[i] >= 0)
			close(liars[i]);
	close(listener);
	return good;
}

const struct act flood_acts[] = {
	{ "thousands of clients may connect and fall silent", run_flood,
	  SILENCE },
	{ "thousands of clients may send half a proposal", run_flood, HALF },
	{ "thousands of clients may propose and not confirm", run_flood,
	  WHOLE },
};

const unsigned int flood_count = sizeof(flood_acts) / sizeof(*flood_acts);

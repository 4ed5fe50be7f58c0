// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * liar COMMAND: hostile peers and their honest ends, see liar.h. Runs as root
 * in a network namespace of its own, with loopback up. Prints TAP.
 *
 *	rows                    all cases but floods, once each
 *	ipv6                    every wrong field once, over ::1
 *	flood                   handshakes by the thousand
 *	storm SECONDS [SEED]    all of that in random order, for that long
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "liar.h"

static char notes[4096];
static size_t notes_len;
static unsigned int tests, failures;
bool in_storm;

void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(2);
}

bool wrong(const char *format, ...)
{
	size_t room = sizeof(notes) - notes_len;
	va_list args;
	int n;

	va_start(args, format);
	n = snprintf(notes + notes_len, room, "# ");
	n += vsnprintf(notes + notes_len + n, room - n, format, args);
	va_end(args);
	if (n + 2U < room) {
		notes_len += n;
		notes[notes_len++] = '\n';
		notes[notes_len] = 0;
	}
	return false;
}

static void result(bool good, const char *statement)
{
	failures += !good;
	fputs(notes, stdout);
	notes_len = 0;
	notes[0] = 0;
	printf("%s %u - %s\n", good ? "ok" : "not ok", ++tests, statement);
	fflush(stdout);
}

/* What the message of a row leads to, as the end of its statement. */
static const char *outcome(const struct row *row)
{
	static char text[64];

	if (row->reason == TAKEN)
		return "is accepted";
	if (row->reason == NO_SMC)
		return "is given to the program";
	snprintf(text, sizeof(text), "makes the peer fall back to TCP (%08x)",
		 row->reason);
	return text;
}

static void run_row(const struct table *table, const struct row *row)
{
	bool good = table->run(row);
	char statement[200];

	snprintf(statement, sizeof(statement), "%s %s %s", table->name,
		 row->what, outcome(row));
	result(good, statement);
}

static void run_acts(const struct act_table *table)
{
	const struct act *act = table->acts;

	for (; act < table->acts + *table->count; act++)
		result(act->run(act->arg), act->what);
}

static void run_tables(void)
{
	unsigned int i, j;

	for (i = 0; i < table_count; i++)
		for (j = 0; j < *tables[i].count; j++)
			run_row(&tables[i], &tables[i].rows[j]);
}

static void run_rows(void)
{
	unsigned int i;

	run_tables();
	for (i = 0; i < act_table_count; i++)
		run_acts(&act_tables[i]);
}

static const struct act_table floods = { flood_acts, &flood_count };

/* --- storm --------------------------------------------------------------- */

static bool storm_row(void)
{
	const struct table *table = &tables[random() % table_count];
	const struct row *row = &table->rows[random() % *table->count];

	return table->run(row) ||
	       wrong("not true: %s %s %s", table->name, row->what,
		     outcome(row));
}

static bool storm_act(void)
{
	const struct act_table *table =
		&act_tables[random() % act_table_count];
	const struct act *act = &table->acts[random() % *table->count];

	return act->run(act->arg) || wrong("not true: %s", act->what);
}

static bool storm_flood(void)
{
	const struct act *act = &flood_acts[random() % flood_count];

	return act->run(act->arg) || wrong("not true: %s", act->what);
}

static void storm(long seconds, unsigned int seed)
{
	time_t end = time(NULL) + seconds;
	unsigned long rows = 0, acts = 0, floods = 0;
	char statement[100];
	bool good = true;

	in_storm = true;
	srandom(seed);
	while (good && time(NULL) < end) {
		long which = random() % 1000;

		notes_len = 0;
		if (which > 10) {
			good = storm_row();
			rows++;
		} else if (which) {
			good = storm_act();
			acts++;
		} else {
			good = storm_flood();
			floods++;
		}
	}
	snprintf(statement, sizeof(statement),
		 "%lu rows, %lu acts and %lu floods do no harm (seed %u)",
		 rows, acts, floods, seed);
	result(good, statement);
}

static int usage(void)
{
	fprintf(stderr,
		"Usage: liar rows | ipv6 | flood | storm SECONDS [SEED]\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct rlimit files = { 8192, 8192 };
	const char *command = argc > 1 ? argv[1] : "";

	signal(SIGPIPE, SIG_IGN);
	if (setrlimit(RLIMIT_NOFILE, &files))
		die("setrlimit");
	if (!option_start(getenv("LIAR_CGROUP") ? : "/sys/fs/cgroup"))
		die("a BPF program that adds the option of SMC");
	messages_start();
	if (!strcmp(command, "ipv6"))
		use_ipv6();
	places_start();
	if (!strcmp(command, "rows"))
		run_rows();
	else if (!strcmp(command, "ipv6"))
		run_tables();
	else if (!strcmp(command, "flood"))
		run_acts(&floods);
	else if (!strcmp(command, "storm") && argc > 2)
		storm(atol(argv[2]), argc > 3 ? atoi(argv[3]) : 1);
	else
		return usage();
	printf("1..%u\n", tests);
	return failures > 0;
}

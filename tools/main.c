// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * dibs(8): management of Direct Internal Buffer Sharing. The table below is
 * the program; a command is added by a row and a function.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dibs.h"

#ifndef DIBS_VERSION
#define DIBS_VERSION "unknown"
#endif

static const struct command {
	const char *object;
	const char *name;	/* NULL: the object's only command */
	const char *args;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "device", "list", "", device_list, "list devices" },
	{ "device", "show", "[DEV]", device_show, "all about devices" },
	{ "device", "add",
	  "NAME [type TYPE] [max-dmbs N] [max-len BYTES]",
	  device_add, "make a device" },
	{ "device", "del", "DEV", device_del, "delete a device" },
	{ "device", "enable", "DEV", device_enable,
	  "let clients use a device" },
	{ "device", "disable", "DEV", device_disable,
	  "take a device away from all clients" },
	{ "device", "share", "DEV", device_share,
	  "share a device with all network namespaces" },
	{ "device", "unshare", "DEV", device_unshare,
	  "keep a device to this network namespace" },
	{ "device", "grant", "DEV NETNS", device_grant,
	  "let a network namespace use a device" },
	{ "device", "revoke", "DEV NETNS", device_revoke,
	  "end what was granted" },
	{ "device", "join", "DEV", device_join,
	  "use a shared device again in this network namespace" },
	{ "device", "leave", "DEV", device_leave,
	  "use a shared device no more in this network namespace" },
	{ "client", "list", "", client_list, "list clients" },
	{ "dmb", "list", "[dev DEV]", dmb_list,
	  "list DMBs of this network namespace" },
	{ "stats", NULL, "[DEV]", stats_show, "counters" },
	{ "smc", "list", "", smc_list,
	  "list SMC sockets, what carries them and why" },
	{ "smc", "show", "[INODE]", smc_show, "all about SMC sockets" },
	{ "smc", "stats", "", smc_stats,
	  "count connections, calls, bytes, and what was special" },
	{ "smc", "fallbacks", "", smc_fallbacks,
	  "count connections, by carrier and reason" },
	{ "smc", "linkgroups", "", smc_linkgroups,
	  "list link groups: which peers, over which device" },
	{ "smc", "info", "", smc_info, "what SMC is on this system" },
	{ "smc", "eid", "[list | add EID | del EID | flush]", smc_eid,
	  "the system's user EIDs: what its peers must have in common" },
	{ "smc", "pnetid",
	  "[list | add ID interface IFACE | add ID device DEV |"
	  " del ID | flush]", smc_pnetid,
	  "physical networks: which device for which interface" },
	{ "run", NULL, "[-v] [--] PROGRAM [ARGUMENTS]", run_program,
	  "run a program with SMC sockets in place of TCP ones" },
	{ "monitor", NULL, "", monitor, "print events as they happen" },
};

static void print_usage(const struct command *command)
{
	printf("  dibs %s%s%s%s%s\n        %s\n", command->object,
	       command->name ? " " : "", command->name ? : "",
	       *command->args ? " " : "", command->args, command->help);
}

/* Of all objects if @object is NULL. */
static int help(const char *object)
{
	size_t i;

	printf("Usage: dibs [--json] OBJECT COMMAND [ARGUMENTS]\n\n");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!object || !strcmp(object, commands[i].object))
			print_usage(&commands[i]);
	printf("\nDEV is the name of a device, or \"index\" and a number.\n"
	       "NETNS is a name in /run/netns, a path, or a process id.\n");
	if (object)
		printf("See dibs-%s(8).\n", object);
	else
		printf("See dibs(8).\n");
	return print_end();
}

static bool object_exists(const char *object)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].object, object))
			return true;
	return false;
}

/* The first command of an object is what it does without one. */
static const struct command *find_command(const char *object, const char *name)
{
	const struct command *command;

	for (command = commands; command < commands + ARRAY_SIZE(commands);
	     command++) {
		if (strcmp(command->object, object))
			continue;
		if (!name || !command->name || !strcmp(command->name, name))
			return command;
	}
	return NULL;
}

static int run(int argc, char **argv)
{
	const struct command *command;
	int used;

	if (!object_exists(argv[0]))
		return fail("unknown object '%s', see dibs --help", argv[0]);
	command = find_command(argv[0], argc > 1 ? argv[1] : NULL);
	if (!command)
		return fail("unknown command '%s', see dibs %s --help",
			    argv[1], argv[0]);
	used = command->name && argc > 1 ? 2 : 1;
	return command->run(argc - used, argv + used);
}

int main(int argc, char **argv)
{
	bool want_help = false;
	int i, words = 0;

	/* What follows is the program's, whose name may be "--help". */
	if (argc > 1 && !strcmp(argv[1], "run") &&
	    !(argc == 3 && !strcmp(argv[2], "--help")))
		return run_program(argc - 2, argv + 2);
	/* Options may stand anywhere; what is left are words. */
	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json") || !strcmp(argv[i], "-j")) {
			output_json = true;
		} else if (!strcmp(argv[i], "--help") ||
			   !strcmp(argv[i], "-h")) {
			want_help = true;
		} else if (!strcmp(argv[i], "--version") ||
			   !strcmp(argv[i], "-V")) {
			printf("dibs %s\n", DIBS_VERSION);
			return print_end();
		} else if (argv[i][0] == '-') {
			return fail("unknown option '%s', see dibs --help",
				    argv[i]);
		} else {
			argv[words++] = argv[i];
		}
	}
	if (want_help || (words && !strcmp(argv[0], "help")))
		return help(words && object_exists(argv[0]) ? argv[0] : NULL);
	if (!words)
		return fail("what? see dibs --help");
	return run(words, argv);
}

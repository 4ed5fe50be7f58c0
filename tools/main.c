// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * dibs(8): management of Direct Internal Buffer Sharing. The table below is
 * the program: to add a command, add a row and its function.
 */
#include <stdio.h>
#include <string.h>

#include "dibs.h"

#ifndef DIBS_VERSION
#define DIBS_VERSION "unknown"
#endif

#define EXIT_USAGE	2

/*
 * A command line that ends before all @words of a command means the first
 * command that begins so: "dibs device" lists devices.
 */
static const struct command {
	const char *words;
	const char *args;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "device list", "", device_list, "list devices" },
	{ "device show", "[DEV]", device_show, "show one device, or all" },
	{ "device add", "NAME [type TYPE] [max-dmbs N] [max-len BYTES]",
	  device_add, "create a device" },
	{ "device del", "DEV", device_del, "delete a device" },
	{ "device enable", "DEV", device_enable, "let clients use a device" },
	{ "device disable", "DEV", device_disable,
	  "take a device away from all clients" },
	{ "device share", "DEV", device_share,
	  "share a device with all network namespaces" },
	{ "device unshare", "DEV", device_unshare,
	  "make a device private to this network namespace" },
	{ "device grant", "DEV NETNS", device_grant,
	  "let a network namespace use a device" },
	{ "device revoke", "DEV NETNS", device_revoke, "revoke a grant" },
	{ "device join", "DEV", device_join,
	  "use a shared device again in this network namespace" },
	{ "device leave", "DEV", device_leave,
	  "stop using a shared device in this network namespace" },
	{ "client list", "", client_list, "list clients" },
	{ "dmb list", "[dev DEV]", dmb_list,
	  "list the DMBs of this network namespace" },
	{ "stats", "[DEV]", stats_show, "show counters" },
	{ "smc list", "", smc_list,
	  "list SMC sockets with their carrier and fallback reason" },
	{ "smc show", "[INODE]", smc_show, "show one SMC socket, or all" },
	{ "smc stats", "", smc_stats,
	  "show statistics of connections, calls, bytes and rings" },
	{ "smc fallbacks", "", smc_fallbacks,
	  "count connections by role, carrier and fallback reason" },
	{ "smc linkgroups", "", smc_linkgroups, "list link groups" },
	{ "smc info", "", smc_info,
	  "show SMC version, host name and settings" },
	{ "smc eid list", "", smc_eid_list,
	  "list the user EIDs of this system" },
	{ "smc eid add", "EID", smc_eid_add, "add a user EID" },
	{ "smc eid del", "EID", smc_eid_del, "delete a user EID" },
	{ "smc eid flush", "", smc_eid_flush,
	  "delete all user EIDs but the default" },
	{ "smc pnetid list", "", smc_pnetid_list, "list PNETIDs" },
	{ "smc pnetid add", "ID {interface IFACE | device DEV}",
	  smc_pnetid_add, "assign a PNETID to an interface or a device" },
	{ "smc pnetid del", "ID", smc_pnetid_del, "delete a PNETID" },
	{ "smc pnetid flush", "", smc_pnetid_flush, "delete all PNETIDs" },
	{ "run", "[-v] [--] PROGRAM [ARGUMENTS]", run_program,
	  "run a program with SMC sockets in place of TCP sockets" },
	{ "monitor", "", monitor, "print events as they happen" },
};

/* Returns how many leading words agree. *@all: they are all of @words. */
static int match(const char *words, int argc, char **argv, bool *all)
{
	int n;

	for (n = 0; n < argc && *words; n++) {
		size_t len = strcspn(words, " ");

		if (strlen(argv[n]) != len || strncmp(words, argv[n], len))
			break;
		words += len;
		words += strspn(words, " ");
	}
	*all = !*words;
	return n;
}

/* Lists the commands that begin with @argv, which may be empty. */
static void print_usage(FILE *to, int argc, char **argv)
{
	const struct command *command;
	bool all;

	fputs("usage: dibs [OPTIONS] OBJECT COMMAND [ARGUMENTS]\n\n", to);
	for (command = commands; command < commands + ARRAY_SIZE(commands);
	     command++) {
		if (match(command->words, argc, argv, &all) < argc)
			continue;
		fprintf(to, "  dibs %s%s%s\n        %s\n", command->words,
			*command->args ? " " : "", command->args,
			command->help);
	}
	fputs("\nDEV is the name of a device, or \"index\" and a number.\n"
	      "NETNS is a name in /run/netns, a path, or a process ID.\n"
	      "OPTIONS are --json (-j), --help (-h) and --version (-V).\n",
	      to);
}

/* @argv may begin with words of a command; whatever follows is ignored. */
static int help(int argc, char **argv)
{
	int known = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		bool all;
		int n = match(commands[i].words, argc, argv, &all);

		known = n > known ? n : known;
	}
	print_usage(stdout, known, argv);
	printf("See dibs%s%s(8).\n", known ? "-" : "", known ? argv[0] : "");
	return print_end();
}

static int run(int argc, char **argv)
{
	const struct command *command;
	int n, known = 0;
	bool all;

	for (command = commands; command < commands + ARRAY_SIZE(commands);
	     command++) {
		n = match(command->words, argc, argv, &all);
		if (all || (n && n == argc))
			return command->run(argc - n, argv + n);
		known = n > known ? n : known;
	}
	if (!known)
		return fail("unknown object '%s', see dibs --help", argv[0]);
	return fail("unknown command '%s', see dibs %s --help", argv[known],
		    argv[0]);
}

int main(int argc, char **argv)
{
	bool want_help = false;
	int i, words = 0;

	/* What follows is for the program that is run, "--help" too. */
	if (argc > 1 && !strcmp(argv[1], "run") &&
	    !(argc == 3 && !strcmp(argv[2], "--help")))
		return run_program(argc - 2, argv + 2);
	/* Options may stand anywhere. */
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
	if (want_help)
		return help(words, argv);
	if (words && !strcmp(argv[0], "help"))
		return help(words - 1, argv + 1);
	if (!words) {
		print_usage(stderr, 0, NULL);
		return EXIT_USAGE;
	}
	return run(words, argv);
}

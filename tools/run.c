// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * dibs run: runs a program with SMC sockets in place of TCP sockets, by means
 * of the preload library (preload.c). Its own exit statuses are a shell's.
 */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dibs.h"
#include "protocol.h"

#define LIBRARY	"libdibs-preload.so"

enum {
	STATUS_USAGE = 125,
	STATUS_CANNOT_RUN = 126,
	STATUS_NOT_FOUND = 127,
};

/* Places of the library, relative to the directory of this program. */
static const char *const places[] = {
	LIBRARY,			/* as built */
	"../lib/dibs/" LIBRARY,		/* as installed */
};

static bool find_library(char path[PATH_MAX])
{
	char self[PATH_MAX], *slash;
	ssize_t len;
	size_t i;

	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len < 0)
		return false;
	self[len] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return false;
	*slash = '\0';
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		len = snprintf(path, PATH_MAX, "%s/%s", self, places[i]);
		if (len < PATH_MAX && !access(path, R_OK))
			return true;
	}
	return false;
}

/* Creating a socket makes the kernel load the module if it can. */
static bool kernel_has_smc(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_SMC);

	/* There is no IPv4. */
	if (fd < 0 && errno == EAFNOSUPPORT)
		fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_SMC);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* Puts @library first, so that its socket() is the one the program calls. */
static bool preload(const char *library)
{
	const char *others = getenv("LD_PRELOAD");
	bool done;
	char *list;

	if (!others || !*others)
		return !setenv("LD_PRELOAD", library, 1);
	if (asprintf(&list, "%s:%s", library, others) < 0)
		return false;
	done = !setenv("LD_PRELOAD", list, 1);
	free(list);
	return done;
}

static void replace_tcp(const char *program)
{
	char library[PATH_MAX];

	if (!kernel_has_smc())
		warn("SMC unavailable (%s; modprobe dibs_smc): %s uses TCP",
		     strerror(errno), program);
	else if (!find_library(library))
		warn("%s not found: %s uses TCP", LIBRARY, program);
	else if (!preload(library))
		warn("cannot set LD_PRELOAD (%s): %s uses TCP",
		     strerror(errno), program);
}

static int execute(char **argv)
{
	int err;

	execvp(argv[0], argv);
	err = errno;
	fail("%s: %s", argv[0], strerror(err));
	return err == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN;
}

/* @argv: what follows "run"; options end at the name of the program. */
int run_program(int argc, char **argv)
{
	for (; argc && argv[0][0] == '-'; argc--, argv++) {
		if (!strcmp(argv[0], "--")) {
			argc--;
			argv++;
			break;
		}
		if (strcmp(argv[0], "-v") && strcmp(argv[0], "--trace")) {
			fail("run: unknown option '%s', see dibs run --help",
			     argv[0]);
			return STATUS_USAGE;
		}
		setenv("DIBS_TRACE", "1", 1);
	}
	if (!argc) {
		fail("run: no program given, see dibs run --help");
		return STATUS_USAGE;
	}
	replace_tcp(argv[0]);
	return execute(argv);
}

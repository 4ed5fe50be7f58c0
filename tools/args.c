// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Parses command line arguments: numbers, sizes, devices, network namespaces.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dibs.h"

/* The kernel accepts no longer device name. */
#define MAX_NAME	15

/* Decimal digits only, without sign, space or base. @end: what follows. */
static bool parse_digits(const char *word, uint64_t *value, char **end)
{
	if (*word < '0' || *word > '9')
		return false;
	errno = 0;
	*value = strtoull(word, end, 10);
	return !errno;
}

int parse_u32(const char *what, const char *word, uint32_t *value)
{
	uint64_t number;
	char *end;

	if (!parse_digits(word, &number, &end) || *end || number > UINT32_MAX)
		return fail("%s '%s' is not a number from 0 to %u", what, word,
			    UINT32_MAX);
	*value = number;
	return 0;
}

/* A number of bytes; the suffixes K, M and G multiply by powers of 1024. */
int parse_size(const char *what, const char *word, uint32_t *bytes)
{
	static const char units[] = "KMG";
	const char *unit;
	uint64_t number;
	char *end;

	if (!parse_digits(word, &number, &end) || number > UINT32_MAX)
		goto bad;
	if (*end) {
		unit = strchr(units, *end++);
		if (!unit || *end)
			goto bad;
		number <<= 10 * (unit - units + 1);
	}
	if (number > UINT32_MAX)
		goto bad;
	*bytes = number;
	return 0;
bad:
	return fail("%s '%s' is not a size below 4G", what, word);
}

/* Consumes the arguments that name a device: NAME, or index N. */
int parse_dev(int *argc, char ***argv, struct dev_ref *dev)
{
	int used = 1;

	if (*argc < 1)
		return fail("no device given");
	dev->name = (*argv)[0];
	dev->index = 0;
	if (*argc > 1 && !strcmp(dev->name, "index")) {
		if (parse_u32("index", (*argv)[1], &dev->index))
			return 1;
		dev->name = NULL;
		used = 2;
	} else if (strlen(dev->name) > MAX_NAME) {
		return fail("device %s: no such device", dev_ref_text(dev));
	}
	*argc -= used;
	*argv += used;
	return 0;
}

int parse_dev_params(int argc, char **argv, struct dev_params *params)
{
	*params = (struct dev_params){ .type = "loopback" };
	if (argc < 1)
		return fail("no device name given");
	params->name = argv[0];
	for (argc--, argv++; argc > 0; argc -= 2, argv += 2) {
		int err = 0;

		if (argc < 2)
			return fail("'%s' needs a value", argv[0]);
		if (!strcmp(argv[0], "type"))
			params->type = argv[1];
		else if (!strcmp(argv[0], "max-dmbs"))
			err = parse_u32(argv[0], argv[1], &params->max_dmbs);
		else if (!strcmp(argv[0], "max-len"))
			err = parse_size(argv[0], argv[1], &params->max_len);
		else
			return fail("unknown parameter '%s'", argv[0]);
		if (err)
			return err;
		if ((!strcmp(argv[0], "max-dmbs") && !params->max_dmbs) ||
		    (!strcmp(argv[0], "max-len") && !params->max_len))
			return fail("%s must be at least 1", argv[0]);
	}
	return 0;
}

int parse_end(int argc, char **argv)
{
	return argc > 0 ? fail("unexpected argument '%s'", argv[0]) : 0;
}

const char *dev_ref_text(const struct dev_ref *dev)
{
	static char text[64];

	if (dev->name)
		snprintf(text, sizeof(text), "'%.32s'", dev->name);
	else
		snprintf(text, sizeof(text), "with index %u", dev->index);
	return text;
}

static bool is_number(const char *word)
{
	return *word && !word[strspn(word, "0123456789")];
}

/* A name in /run/netns wins over a process ID. -1 after a message. */
int open_netns(const char *word)
{
	char path[4096];
	int fd;

	if (strchr(word, '/')) {
		fd = open(word, O_RDONLY | O_CLOEXEC);
	} else {
		snprintf(path, sizeof(path), "/run/netns/%s", word);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT && is_number(word)) {
			snprintf(path, sizeof(path), "/proc/%s/ns/net", word);
			fd = open(path, O_RDONLY | O_CLOEXEC);
		}
	}
	if (fd < 0)
		fail("network namespace '%.64s': %s", word, strerror(errno));
	return fd;
}

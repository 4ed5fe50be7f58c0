// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * The list of calls that differ from TCP on purpose; the file "differences"
 * says what its lines mean.
 */

#include <fnmatch.h>

#include "record.h"

static struct difference entries[ENTRIES];
static unsigned int count;

static bool field(char **rest, char *into, size_t size)
{
	char *word = strsep(rest, "\t");

	if (!word || !*word || strlen(word) >= size)
		return false;
	strcpy(into, word);
	while (*rest && **rest == '\t')
		(*rest)++;
	return true;
}

/* Four fields; the last one (the reason) is for people only. */
static bool parse(char *text, struct difference *d)
{
	char *rest = text;

	return field(&rest, d->test, sizeof(d->test)) &&
	       field(&rest, d->carrier, sizeof(d->carrier)) &&
	       field(&rest, d->call, sizeof(d->call)) && rest && *rest;
}

int differences_read(const char *path)
{
	FILE *file = fopen(path, "re");
	char text[400];
	int line = 0;

	if (!file)
		return -1;
	while (fgets(text, sizeof(text), file)) {
		line++;
		text[strcspn(text, "\n")] = 0;
		if (!*text || *text == '#')
			continue;
		if (count == ENTRIES || !parse(text, &entries[count])) {
			fprintf(stderr, "%s:%d: not an entry\n", path, line);
			fclose(file);
			errno = EINVAL;
			return -1;
		}
		count++;
	}
	fclose(file);
	return 0;
}

static bool applies(const struct difference *d, const char *test,
		    const char *carrier)
{
	return !fnmatch(d->test, test, 0) && !fnmatch(d->carrier, carrier, 0);
}

struct difference *difference_find(const char *test, const char *carrier,
				   const char *call)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		struct difference *d = &entries[i];

		if (applies(d, test, carrier) && !fnmatch(d->call, call, 0))
			return d;
	}
	return NULL;
}

unsigned int difference_number(const struct difference *d)
{
	return d - entries;
}

unsigned int difference_count(void)
{
	return count;
}

const char *difference_text(unsigned int number)
{
	return entries[number].call;
}

bool difference_names(unsigned int number, const struct test *test)
{
	return !fnmatch(entries[number].test, test->name, 0);
}

const char *difference_stale(const char *test, const char *carrier,
			     const bool *differed)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (applies(&entries[i], test, carrier) && !differed[i])
			return entries[i].call;
	}
	return NULL;
}

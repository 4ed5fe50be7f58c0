/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (C) The DIBS authors
 *
 * The record of one case over one carrier, which the cases write (record.c),
 * the runner collects (run.c) and the judge compares (judge.c).
 */

#ifndef DIBS_CONFORMANCE_RECORD_H
#define DIBS_CONFORMANCE_RECORD_H

#include "conformance.h"

#define COLUMNS	12
#define ENTRIES	64	/* of the list of differences */
#define LINES	160

struct line {
	char label[112];
	char value[56];
	char wanted[56];
	bool wrong;		/* not what the case itself demands */
};

struct column {			/* one part's */
	unsigned int count;
	bool full;
	struct line lines[LINES];
};

struct record {
	char skipped[80];
	pid_t pids[COLUMNS];
	int pipes[COLUMNS][2];
	struct column columns[COLUMNS];
};

extern struct record *record;

/* Selects whose lines this process writes from now on. */
void record_column(int number);
/* Records that the case did not end normally. */
void record_end(const char *how);
/* Called before a case begins. */
void parts_begin(void);

/* --- listed differences (differences.c) ---------------------------------- */

struct difference {
	char test[64];
	char carrier[24];
	char call[112];
};

int differences_read(const char *path);
/* The entry that lets this line differ, or NULL. */
struct difference *difference_find(const char *test, const char *carrier,
				   const char *call);
/* Reports each entry for that case and carrier whose call never differed. */
const char *difference_stale(const char *test, const char *carrier,
			     const bool *differed);
/* The entry's number, for differed[] above. */
unsigned int difference_number(const struct difference *d);
bool difference_names(unsigned int number, const struct test *test);
unsigned int difference_count(void);
const char *difference_text(unsigned int number);

/* --- the path of the bytes (path.c) -------------------------------------- */

bool path_by_name(const char *name);
/* Applies and tests the settings of a new network namespace. */
void path_choose(void);
/* Called around a case, in its namespace; records what went wrong. */
void path_before(void);
void path_after(const struct test *test);

/* --- the judge (judge.c) ------------------------------------------------- */

/* Writes what is wrong into text; false if anything is. reference is TCP's
 * record, or NULL if this is TCP's.
 */
bool judge(const struct test *test, const char *carrier,
	   const struct record *seen, const struct record *reference,
	   char *text, size_t size);

#endif

// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * Compares what a case saw over a carrier with what it saw over TCP, and with
 * what the case itself demands.
 *
 *	differs from TCP	listed		verdict
 *	no			no		good, if also as demanded
 *	yes			no		bad
 *	yes			yes		good, whatever was demanded
 *	no			yes		bad: the entry has to go
 */

#include <stdarg.h>

#include "record.h"

struct verdict {
	const char *test;
	const char *carrier;
	bool good;
	bool differed[ENTRIES];
	char *text;
	size_t size;
	size_t len;
	int said;
};

__attribute__((format(printf, 2, 3)))
static void complain(struct verdict *v, const char *format, ...)
{
	va_list args;
	int n;

	v->good = false;
	if (v->said++ >= 6 || v->len >= v->size)
		return;
	va_start(args, format);
	n = vsnprintf(v->text + v->len, v->size - v->len, format, args);
	va_end(args);
	v->len += n;
}

static void judge_alone(struct verdict *v, const struct line *line)
{
	if (line->wrong)
		complain(v, "# %s\n#   is     %s\n#   wanted %s\n",
			 line->label, line->value, line->wanted);
}

static void judge_line(struct verdict *v, const struct line *seen,
		       const struct line *reference)
{
	bool same = !strcmp(seen->value, reference->value);
	struct difference *d;

	d = difference_find(v->test, v->carrier, seen->label);
	if (d && !same) {
		v->differed[difference_number(d)] = true;
		return;
	}
	judge_alone(v, seen);
	if (!same && !seen->wrong)
		complain(v, "# %s\n#   is     %s\n#   by TCP %s\n",
			 seen->label, seen->value, reference->value);
}

static void judge_column(struct verdict *v, int number,
			 const struct column *seen,
			 const struct column *reference)
{
	unsigned int i, lines = seen->count;

	if (seen->full)
		complain(v, "# the record is full\n");
	for (i = 0; i < lines; i++) {
		const struct line *line = &seen->lines[i];

		if (!reference) {
			judge_alone(v, line);
		} else if (i >= reference->count ||
			   strcmp(line->label, reference->lines[i].label)) {
			complain(v, "# part %d took another path: %s = %s\n#   by TCP %s\n",
				 number, line->label, line->value,
				 i < reference->count ?
					 reference->lines[i].label : "nothing");
			return;
		} else {
			judge_line(v, line, &reference->lines[i]);
		}
	}
	if (reference && lines < reference->count)
		complain(v, "# part %d stopped before: %s\n", number,
			 reference->lines[lines].label);
}

bool judge(const struct test *test, const char *carrier,
	   const struct record *seen, const struct record *reference,
	   char *text, size_t size)
{
	struct verdict v = { .test = test->name, .carrier = carrier,
			     .good = true, .text = text, .size = size };
	const char *stale;
	unsigned int i, lines = 0;

	text[0] = 0;
	if (reference && strcmp(seen->skipped, reference->skipped))
		complain(&v, "# skipped: %s\n#   by TCP: %s\n",
			 seen->skipped, reference->skipped);
	for (i = 0; i < COLUMNS; i++) {
		lines += seen->columns[i].count;
		judge_column(&v, i, &seen->columns[i],
			     reference ? &reference->columns[i] : NULL);
	}
	if (!lines && !seen->skipped[0])
		complain(&v, "# nothing was recorded\n");
	if (reference && !seen->skipped[0]) {
		stale = difference_stale(test->name, carrier, v.differed);
		if (stale)
			complain(&v, "# listed as different, but is not: %s\n",
				 stale);
	}
	return v.good;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * Records what a case sees, in memory that the case, its parts and the runner
 * share; each part writes only its own column.
 */

#include <stdarg.h>
#include <time.h>

#include "record.h"

struct record *record;
static int column;

void record_column(int number)
{
	column = number;
}

static struct line *next_line(const char *label)
{
	struct column *c = &record->columns[column];
	static struct line overflow;
	struct line *line;

	if (c->count == LINES) {
		c->full = true;
		return &overflow;
	}
	line = &c->lines[c->count];
	memset(line, 0, sizeof(*line));
	snprintf(line->label, sizeof(line->label), "%s", label);
	return line;
}

/* A killed part leaves complete lines only. */
static void finish_line(void)
{
	struct column *c = &record->columns[column];

	if (c->count < LINES)
		__atomic_store_n(&c->count, c->count + 1, __ATOMIC_RELEASE);
}

static void name_result(char *text, size_t size, long value, int code)
{
	if (value == -1 && code)
		snprintf(text, size, "-1 %s", strerrorname_np(code) ?: "?");
	else
		snprintf(text, size, "%ld", value);
}

long record_call(const char *label, long value, int code)
{
	struct line *line = next_line(label);

	name_result(line->value, sizeof(line->value), value, code);
	finish_line();
	errno = code;
	return value;
}

long record_want(const char *label, long value, int code, long wanted,
		 int wanted_code)
{
	struct line *line = next_line(label);

	name_result(line->value, sizeof(line->value), value, code);
	if (value != wanted || (value == -1 && code != wanted_code)) {
		line->wrong = true;
		name_result(line->wanted, sizeof(line->wanted), wanted,
			    wanted_code);
	}
	finish_line();
	errno = code;
	return value;
}

long record_should(const char *label, long value, long wanted)
{
	return record_want(label, value, 0, wanted, 0);
}

void record_number(const char *label, long value)
{
	record_call(label, value, 0);
}

void record_text(const char *label, const char *value)
{
	struct line *line = next_line(label);

	snprintf(line->value, sizeof(line->value), "%s", value);
	finish_line();
}

void record_end(const char *how)
{
	struct line *line = next_line("the case");

	snprintf(line->value, sizeof(line->value), "%s", how);
	snprintf(line->wanted, sizeof(line->wanted), "a normal end");
	line->wrong = true;
	finish_line();
}

/* --- poll masks ---------------------------------------------------------- */

static const struct {
	unsigned int bit;
	const char *name;
} mask_bits[] = {
	{ POLLIN, "IN" },	  { POLLPRI, "PRI" },
	{ POLLOUT, "OUT" },	  { POLLERR, "ERR" },
	{ POLLHUP, "HUP" },	  { POLLNVAL, "NVAL" },
	{ POLLRDNORM, "RDNORM" }, { POLLRDBAND, "RDBAND" },
	{ POLLWRNORM, "WRNORM" }, { POLLWRBAND, "WRBAND" },
	{ POLLRDHUP, "RDHUP" },
};

const char *mask_name(unsigned int mask)
{
	static char text[100];
	size_t i, len = 0;

	text[0] = 0;
	for (i = 0; i < ARRAY_SIZE(mask_bits); i++) {
		if (mask & mask_bits[i].bit)
			len += snprintf(text + len, sizeof(text) - len, "%s%s",
					len ? "|" : "", mask_bits[i].name);
	}
	return len ? text : "0";
}

/* Every bit is requested and compared; cases only name the common ones. */
static int full_mask(int mask)
{
	if (mask & POLLIN)
		mask |= POLLRDNORM;
	if (mask & POLLOUT)
		mask |= POLLWRNORM;
	return mask;
}

long record_mask(const char *label, int fd, int wanted)
{
	int full = full_mask(wanted);
	struct wait wait = {};
	struct line *line;
	char text[80];
	int mask;

	do {
		/* TCP sets POLLWRBAND with POLLOUT. */
		mask = poll_now(fd) & ~POLLWRBAND;
	} while (mask != full && wait_more(&wait));
	snprintf(text, sizeof(text), "poll(%s)", label);
	line = next_line(text);
	snprintf(line->value, sizeof(line->value), "%s", mask_name(mask));
	if (mask != full) {
		line->wrong = true;
		snprintf(line->wanted, sizeof(line->wanted), "%s",
			 mask_name(full));
	}
	finish_line();
	return mask;
}

/* --- ends ---------------------------------------------------------------- */

/* Waits for up to a fifth of what a case may take. A pause counts as at most
 * 10 ms: while the machine stands still, nobody else makes progress, either.
 */
bool wait_more(struct wait *wait)
{
	struct timespec pause = { .tv_nsec = 1000000 };
	long took, begin = now_ms();

	if (wait->waited >= 200L * setting.patience)
		return false;
	nanosleep(&pause, NULL);
	took = now_ms() - begin;
	wait->waited += took < 1 ? 1 : took > 10 ? 10 : took;
	return true;
}

void skip(const char *why)
{
	snprintf(record->skipped, sizeof(record->skipped), "%s", why);
	_exit(0);
}

void broken(const char *what)
{
	char text[100];

	snprintf(text, sizeof(text), "%s: %s", what, strerror(errno));
	record_end(text);
	_exit(1);
}

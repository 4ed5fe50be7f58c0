// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Output: tables and details for people, JSON for programs, error messages.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dibs.h"

bool output_json;

/* Replaces control characters, also those of UTF-8: names come from others. */
static void make_printable(char *text)
{
	unsigned char *c, before = 0;

	for (c = (unsigned char *)text; *c; before = *c++) {
		bool wide = before == 0xc2 && *c >= 0x80 && *c < 0xa0;

		if (wide)
			c[-1] = '?';
		if (wide || *c < ' ' || *c == 0x7f)
			*c = '?';
	}
}

/* Always one line, whatever the arguments contain. */
static void print_error(const char *format, va_list args)
{
	char line[512];

	vsnprintf(line, sizeof(line), format, args);
	make_printable(line);
	fprintf(stderr, "dibs: %s\n", line);
}

void warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_error(format, args);
	va_end(args);
}

int fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_error(format, args);
	va_end(args);
	return 1;
}

void value_text(char cell[CELL_LEN], const json_t *value)
{
	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_STRING:
		snprintf(cell, CELL_LEN, "%s", json_string_value(value));
		make_printable(cell);
		break;
	case JSON_INTEGER:
		snprintf(cell, CELL_LEN, "%" JSON_INTEGER_FORMAT,
			 json_integer_value(value));
		break;
	case JSON_TRUE:
		snprintf(cell, CELL_LEN, "yes");
		break;
	case JSON_FALSE:
		snprintf(cell, CELL_LEN, "no");
		break;
	default:
		snprintf(cell, CELL_LEN, "-");
	}
}

static int cell_text(char cell[CELL_LEN], const struct column *column,
		     const json_t *row)
{
	if (column->text)
		column->text(cell, row);
	else
		value_text(cell, json_object_get(row, column->key));
	return strlen(cell);
}

static void print_cell(const struct column *column, const char *text,
		       int width, bool last)
{
	if (column->right)
		printf("%*s", width, text);
	else if (last)
		printf("%s", text);
	else
		printf("%-*s", width, text);
	fputs(last ? "\n" : "  ", stdout);
}

/* Columns, at most 16, are as wide as their widest cell. */
void print_table(const struct column *columns, size_t n, const json_t *rows)
{
	char cell[CELL_LEN];
	int width[16];
	json_t *row;
	size_t i, c;

	for (c = 0; c < n; c++) {
		width[c] = strlen(columns[c].title);
		json_array_foreach(rows, i, row) {
			int len = cell_text(cell, &columns[c], row);

			width[c] = len > width[c] ? len : width[c];
		}
	}
	for (c = 0; c < n; c++)
		print_cell(&columns[c], columns[c].title, width[c], c == n - 1);
	json_array_foreach(rows, i, row) {
		for (c = 0; c < n; c++) {
			cell_text(cell, &columns[c], row);
			print_cell(&columns[c], cell, width[c], c == n - 1);
		}
	}
}

/* One line per member; underscores in keys become spaces. */
void print_details(const json_t *object, int indent)
{
	char cell[CELL_LEN], label[CELL_LEN];
	const char *key;
	json_t *value;
	char *c;

	json_object_foreach((json_t *)object, key, value) {
		snprintf(label, sizeof(label), "%s", key);
		for (c = label; (c = strchr(c, '_'));)
			*c = ' ';
		value_text(cell, value);
		printf("%*s%-19s %s\n", indent, "", label, cell);
	}
}

int print_json(const json_t *value, size_t flags)
{
	if (!json_dumpf(value, stdout, flags))
		putchar('\n');
	return print_end();
}

/* Prints a table, or JSON with --json. Frees @rows. */
int print_list(const struct column *columns, size_t n, json_t *rows)
{
	int err;

	if (output_json) {
		err = print_json(rows, JSON_INDENT(2));
	} else {
		print_table(columns, n, rows);
		err = print_end();
	}
	json_decref(rows);
	return err;
}

/* Fails if anything printed could not be written. */
int print_end(void)
{
	if (fflush(stdout) || ferror(stdout))
		return fail("cannot write: %s", strerror(errno));
	return 0;
}

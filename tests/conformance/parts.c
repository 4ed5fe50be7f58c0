// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * Parts: the processes of a case, and how they synchronise.
 */

#include "record.h"

static int self;

void parts_begin(void)
{
	int i;

	self = 0;
	record_column(0);
	for (i = 0; i < COLUMNS; i++)
		record->pipes[i][0] = -1;
	if (pipe2(record->pipes[0], O_CLOEXEC))
		broken("pipe");
}

static int count(void)
{
	int n = 1;

	while (n < COLUMNS && record->pids[n])
		n++;
	return n;
}

int part(void)
{
	int number = count();
	pid_t pid;

	if (number == COLUMNS || pipe2(record->pipes[number], O_CLOEXEC))
		broken("part");
	pid = fork();
	if (pid < 0)
		broken("fork");
	if (!pid) {
		self = number;
		record_column(number);
		return 0;
	}
	record->pids[number] = pid;
	return number;
}

void done(void)
{
	_exit(0);
}

pid_t pid_of(int number)
{
	return record->pids[number];
}

void join(int number)
{
	char text[40] = "ended";
	int status;

	if (waitpid(record->pids[number], &status, 0) < 0)
		broken("join");
	if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status))
		snprintf(text, sizeof(text), "status %d", WEXITSTATUS(status));
	record_text("join", text);
}

/*
 * Is it asleep in a system call, but in none that waits for parts or records?
 */
static bool is_blocked(pid_t pid)
{
	char path[40], text[200];
	const char *state;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = 0;
	state = strrchr(text, ')');
	return state && state[2] == 'S';
}

/* Looks three times: locks and page faults also put processes to sleep. */
void asleep(int number)
{
	struct wait wait = {};
	int seen = 0;

	for (;;) {
		seen = is_blocked(record->pids[number]) ? seen + 1 : 0;
		if (seen == 3)
			return;
		if (!wait_more(&wait)) {
			record_text("asleep", "never");
			return;
		}
	}
}

void tell(int number)
{
	if (write(record->pipes[number][1], "", 1) != 1)
		broken("tell");
}

void hear(void)
{
	char byte;

	while (read(record->pipes[self][0], &byte, 1) != 1) {
		if (errno != EINTR)
			broken("hear");
	}
}

void interrupt(int number, int signal_number)
{
	asleep(number);
	kill(record->pids[number], signal_number);
}

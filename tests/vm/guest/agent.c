// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * The guest's end of the line to tests/vm/run, a virtio serial port. Carries
 * frames of a type byte, a length of four bytes, most significant first, and
 * that many bytes:
 *
 *   'o'   what the command wrote to its standard output
 *   'e'   likewise, standard error
 *   's'   its exit status in decimal; the last frame, nothing follows
 *
 * Usage: agent PORT run COMMAND [ARGUMENT...]    exits with COMMAND's status
 *        agent PORT status N
 *
 * The command gets pipes, not the port itself: a port can be opened only once,
 * and scripts open /dev/stdout and /dev/stderr as they like.
 */

#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct stream {
	char type;
	int fd;
};

static int port;

static void write_all(const void *data, size_t len)
{
	while (len) {
		ssize_t n = write(port, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			err(125, "port");
		data = (const char *)data + n;
		len -= n;
	}
}

static void send_frame(char type, const char *data, uint32_t len)
{
	unsigned char header[5] = {
		type, len >> 24, len >> 16, len >> 8, len
	};

	write_all(header, sizeof(header));
	write_all(data, len);
}

/* Passes on what is there. False: nothing now, or nothing any more. */
static int relay(struct stream *s)
{
	char buf[16384];
	ssize_t n = read(s->fd, buf, sizeof(buf));

	if (n > 0) {
		send_frame(s->type, buf, n);
		return 1;
	}
	if (n == 0) {
		close(s->fd);
		s->fd = -1;
	}
	return 0;
}

static void on_child(int sig)
{
	(void)sig;
}

static pid_t start(char **argv, struct stream out[2])
{
	int fds[2][2];
	pid_t pid;
	int i;

	for (i = 0; i < 2; i++) {
		if (pipe2(fds[i], O_CLOEXEC))
			err(125, "pipe");
	}
	pid = fork();
	if (pid < 0)
		err(125, "fork");
	if (!pid) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		setsid();
		dup2(fds[0][1], 1);
		dup2(fds[1][1], 2);
		execvp(argv[0], argv);
		warn("%s", argv[0]);
		_exit(errno == ENOENT ? 127 : 126);
	}
	for (i = 0; i < 2; i++) {
		close(fds[i][1]);
		out[i].type = "oe"[i];
		out[i].fd = fds[i][0];
		fcntl(out[i].fd, F_SETFL, O_NONBLOCK);
	}
	return pid;
}

/* Children left behind may hold the pipes open: the command's end counts. */
static int run(char **argv)
{
	struct sigaction action = { .sa_handler = on_child };
	struct stream s[2];
	sigset_t child, none;
	int status;
	pid_t pid;

	sigemptyset(&none);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	sigaction(SIGCHLD, &action, NULL);

	pid = start(argv, s);
	while (waitpid(pid, &status, WNOHANG) != pid) {
		struct pollfd p[2] = {
			{ .fd = s[0].fd, .events = POLLIN },
			{ .fd = s[1].fd, .events = POLLIN },
		};

		/* SIGCHLD is let in only here, so it cannot be missed. */
		if (ppoll(p, 2, NULL, &none) > 0) {
			if (p[0].revents)
				relay(&s[0]);
			if (p[1].revents)
				relay(&s[1]);
		}
	}
	while (s[0].fd >= 0 && relay(&s[0]))
		;
	while (s[1].fd >= 0 && relay(&s[1]))
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		errx(125, "usage: agent PORT run COMMAND... | status N");
	port = open(argv[1], O_WRONLY | O_CLOEXEC);
	if (port < 0)
		err(125, "%s", argv[1]);
	if (!strcmp(argv[2], "run"))
		return run(argv + 3);
	send_frame('s', argv[3], strlen(argv[3]));
	return 0;
}

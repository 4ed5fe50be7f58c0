// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * sockets SECONDS: all operations of SMC sockets at once.
 *
 * Makes connections one after the other. Several threads use each end at the
 * same time: they send, receive, query and set options until the connection is
 * ended in one of several ways, and go on meanwhile. What a call returns does
 * not matter here, only that it returns: one that blocks does so for ten
 * milliseconds at most, and a round that does not end fails.
 */

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <linux/sockios.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef IPPROTO_SMC
#define IPPROTO_SMC 256
#endif

#define STEPS		200
#define THREADS		5	/* for each end */
#define ASKING		3	/* when this thread is done, the round ends */
#define PATIENCE	120	/* seconds for a round, whose calls time out */
#define PIECE		100000

struct worker {
	pthread_t thread;
	void (*step)(int fd, unsigned int *seed);
	int fd;
	unsigned int seed;
	int steps;
	char pad[128];		/* workers do not share a cache line */
};

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static unsigned int choose(unsigned int *seed, unsigned int below)
{
	return rand_r(seed) % below;
}

static void do_send(int fd, unsigned int *seed)
{
	static const int flags[] = {
		0, 0, MSG_DONTWAIT, MSG_OOB, MSG_MORE, MSG_OOB | MSG_DONTWAIT
	};
	static const char bytes[PIECE];

	send(fd, bytes, 1 + choose(seed, 1 << choose(seed, 16)),
	     MSG_NOSIGNAL | flags[choose(seed, 6)]);
}

static void do_receive(int fd, unsigned int *seed)
{
	static const int flags[] = {
		0, 0, MSG_DONTWAIT, MSG_PEEK, MSG_OOB | MSG_DONTWAIT,
		MSG_TRUNC | MSG_DONTWAIT
	};
	char bytes[PIECE];

	recv(fd, bytes, 1 + choose(seed, PIECE), flags[choose(seed, 6)]);
}

static void do_ask(int fd, unsigned int *seed)
{
	static const int requests[] = { SIOCINQ, SIOCATMARK, SIOCOUTQ };
	struct pollfd p = { .fd = fd, .events = choose(seed, 64) };
	struct sockaddr_in name;
	socklen_t len = sizeof(name);
	int value;

	poll(&p, 1, choose(seed, 3));
	ioctl(fd, requests[choose(seed, 3)], &value);
	getpeername(fd, (struct sockaddr *)&name, &len);
	len = sizeof(value);
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &len);
}

static void do_set(int fd, unsigned int *seed)
{
	int on = choose(seed, 2), low = on ? 1 : 5000;

	setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &low, sizeof(low));
	fcntl(fd, F_SETFL, on ? O_ASYNC : 0);
}

static void do_end(int fd, unsigned int *seed)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	const struct linger linger = { .l_onoff = 1 };

	switch (choose(seed, 5)) {
	case 0:
		connect(fd, &nobody, sizeof(nobody));
		break;
	case 1:
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
		break;
	case 2:
		shutdown(fd, SHUT_WR);
		break;
	case 3:
		shutdown(fd, SHUT_RD);
		break;
	default:
		shutdown(fd, SHUT_RDWR);
		break;
	}
}

static void *work(void *arg)
{
	struct worker *w = arg;

	while (w->steps--)
		w->step(w->fd, &w->seed);
	return NULL;
}

static void start(struct worker *w, int fd,
		  void (*step)(int fd, unsigned int *seed), int steps)
{
	w->step = step;
	w->fd = fd;
	w->steps = steps;
	w->seed = rand();
	if (pthread_create(&w->thread, NULL, work, w))
		die("pthread_create");
}

static void set_timeouts(int fd)
{
	const struct timeval wait = { .tv_usec = 10000 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
}

/* Makes both ends of a connection. False if that failed, which may happen. */
static int connect_both(int listener, int fd[2])
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);

	if (getsockname(listener, (struct sockaddr *)&address, &len))
		die("getsockname");
	fd[0] = socket(AF_INET, SOCK_STREAM, IPPROTO_SMC);
	if (fd[0] < 0)
		die("socket");
	if (connect(fd[0], (struct sockaddr *)&address, len)) {
		close(fd[0]);
		return 0;
	}
	fd[1] = accept(listener, NULL, NULL);
	if (fd[1] < 0)
		die("accept");
	set_timeouts(fd[0]);
	set_timeouts(fd[1]);
	return 1;
}

static int use_connection(int listener)
{
	static void (*const steps[THREADS])(int, unsigned int *) = {
		do_send, do_receive, do_receive, do_ask, do_set
	};
	struct worker workers[2 * THREADS] = {}, ender = {};
	int fd[2], i;

	if (!connect_both(listener, fd))
		return 0;
	for (i = 0; i < 2 * THREADS; i++)
		start(&workers[i], fd[i / THREADS], steps[i % THREADS], STEPS);
	pthread_join(workers[ASKING].thread, NULL);
	start(&ender, fd[rand() % 2], do_end, 1);
	pthread_join(ender.thread, NULL);
	for (i = 0; i < 2 * THREADS; i++) {
		if (i != ASKING)
			pthread_join(workers[i].thread, NULL);
	}
	close(fd[0]);
	close(fd[1]);
	return 1;
}

static void too_late(int signal)
{
	static const char text[] = "a call did not come back\n";

	(void)signal;
	_exit(write(1, text, sizeof(text) - 1) > 0 ? 3 : 4);
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 10);
	int listener = socket(AF_INET, SOCK_STREAM, IPPROTO_SMC);
	int connections = 0;

	signal(SIGALRM, too_late);
	signal(SIGIO, SIG_IGN);
	if (listener < 0 || listen(listener, 8))
		die("listen");
	do {
		alarm(PATIENCE);
		connections += use_connection(listener);
	} while (time(NULL) < end || connections < 3);
	printf("%d connections\n", connections);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * What one end does: sends pieces of all sizes in all ways, receives them in
 * others, and pauses. Each step handles one piece of one stream, so that one
 * thread can handle both streams in turn, or two threads one each.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "end.h"
#include "pattern.h"

#define PIECE_MAX (1 << 20)
#define PIPE_MAX (60 << 10)

static uint64_t choose(struct stream *s, uint64_t below)
{
	s->state += 0x9e3779b97f4a7c15;
	return scramble(s->state) % below;
}

/* As many small sizes as large ones: 1 to PIECE_MAX, cut to what is left. */
static size_t choose_size(struct stream *s, uint64_t left)
{
	int bits = setting.damage ? 12 : 20;
	uint64_t size = 1 + choose(s, 1 << choose(s, bits + 1));

	return size < left ? size : left;
}

static void pause_sometimes(struct stream *s)
{
	struct timespec t = { .tv_nsec = choose(s, 2000000) };

	if (!choose(s, 64))
		nanosleep(&t, NULL);
}

/* Three pieces of any size, @len bytes in total. */
static void cut(struct stream *s, struct iovec iov[3], size_t len)
{
	size_t a = choose(s, len + 1), b = choose(s, len - a + 1);

	iov[0] = (struct iovec){ s->buf, a };
	iov[1] = (struct iovec){ s->buf + a, b };
	iov[2] = (struct iovec){ s->buf + a + b, len - a - b };
}

/* --- sending ------------------------------------------------------------- */

/* Tests of the test: damage that the receiver must find. */
static void do_damage(struct end *end, size_t len)
{
	struct stream *s = &end->out;

	if (end->damaged || end->server || len < 2 ||
	    s->pos < setting.bytes / 2 ||
	    s->pos + len >= setting.bytes)
		return;
	end->damaged = true;
	if (!strcmp(setting.damage, "change"))
		s->buf[0] ^= 1;
	else if (!strcmp(setting.damage, "lose"))
		s->pos++;
	else if (!strcmp(setting.damage, "repeat"))
		s->pos--;
	else if (!strcmp(setting.damage, "end"))
		s->over = true;
}

static ssize_t send_by_pipe(struct end *end, size_t len)
{
	struct stream *s = &end->out;
	ssize_t n = write(s->pipe[1], s->buf, len < PIPE_MAX ? len : PIPE_MAX);
	ssize_t done = 0;

	while (done < n) {
		ssize_t part = splice(s->pipe[0], NULL, end->fd, NULL,
				      n - done, 0);

		if (part < 0)
			return -1;
		done += part;
	}
	return done;
}

static ssize_t send_piece(struct end *end, size_t len, int flags)
{
	struct stream *s = &end->out;
	struct iovec iov[3];
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 3 };

	switch (choose(s, 8)) {
	case 0:
	case 1:
		cut(s, iov, len);
		return sendmsg(end->fd, &msg, flags);
	case 2:
		return send(end->fd, s->buf, len, flags | MSG_MORE);
	case 3:
		/* A splice() that sent something drops a later error. */
		if (!end->polls && !setting.errors)
			return send_by_pipe(end, len);
		/* fallthrough */
	default:
		return send(end->fd, s->buf, len, flags);
	}
}

/* Returns 0, or the errno that ended the stream. */
static int send_step(struct end *end)
{
	struct stream *s = &end->out;
	int flags = MSG_NOSIGNAL | (end->polls ? MSG_DONTWAIT : 0);
	uint64_t urgent = end->urgent ?
		urgent_next(s->key, s->pos, setting.bytes) : NOWHERE;
	uint64_t until = urgent < setting.bytes ? urgent : setting.bytes;
	size_t len = choose_size(s, until - s->pos);
	ssize_t n;

	pause_sometimes(s);
	if (!len) {
		len = 1;
		flags |= MSG_OOB;
	}
	pattern_fill(s->key, s->pos, s->buf, len);
	if (setting.damage)
		do_damage(end, len);
	if (!s->over) {
		n = flags & MSG_OOB ? send(end->fd, s->buf, len, flags) :
				      send_piece(end, len, flags);
		if (n < 0)
			return end->polls && errno == EAGAIN ? 0 : errno;
		s->pos += n;
	}
	if (s->pos < setting.bytes && !s->over)
		return 0;
	s->over = true;
	return shutdown(end->fd, SHUT_WR) ? errno : 0;
}

/* --- receiving ----------------------------------------------------------- */

static int say_wrong(struct end *end, uint64_t pos, const unsigned char *found,
		     size_t len)
{
	uint64_t from = pattern_find(end->in.key, pos, found, len);

	end->wrong = true;
	flockfile(stdout);
	printf("wrong: connection %u, %s%s%s: byte %llu is %02x, not %02x, "
	       "%zu follow", end->number, end->server ? "server" : "client",
	       end->polls ? ", polls" : "",
	       end->urgent ? end->in_line ? ", urgent in line" : ", urgent" :
			     "",
	       (unsigned long long)pos, *found,
	       pattern_byte(end->in.key, pos), len - 1);
	if (from != NOWHERE)
		printf(", belongs to %llu (%+lld)", (unsigned long long)from,
		       (long long)(from - pos));
	putchar('\n');
	fflush(stdout);
	funlockfile(stdout);
	return EBADMSG;
}

/* Are the next @len bytes right? *pos goes on. Urgent ones may be missing. */
static int check(struct end *end, uint64_t *pos, const unsigned char *found,
		 size_t len)
{
	bool gaps = end->urgent && !end->in_line;
	uint64_t key = end->in.key;

	while (len) {
		uint64_t urgent = gaps ?
			urgent_next(key, *pos, setting.bytes) : NOWHERE;
		size_t run = urgent - *pos < len ? urgent - *pos : len;
		size_t right = pattern_equal(key, *pos, found, run);

		*pos += right;
		found += right;
		len -= right;
		if (right < run || *pos > setting.bytes)
			return say_wrong(end, *pos, found, len);
		if (len && *pos == urgent) {
			bool there = *found == pattern_byte(key, urgent);

			found += there;
			len -= there;
			++*pos;
		}
	}
	return 0;
}

static ssize_t receive_by_pipe(struct end *end, size_t len)
{
	struct stream *s = &end->in;
	ssize_t n = splice(end->fd, NULL, s->pipe[1], NULL,
			   len < PIPE_MAX ? len : PIPE_MAX, 0);
	ssize_t done = 0;

	while (done < n) {
		ssize_t part = read(s->pipe[0], s->buf + done, n - done);

		if (part <= 0)
			return -1;
		done += part;
	}
	return n;
}

/*
 * While TCP peeks it may take in a segment with the next urgent mark, which
 * moves its reader over the last one: then it gives the same bytes once more
 * ("TCP: Application bug, race in MSG_PEEK").
 */
static bool may_peek(const struct end *end)
{
	return !setting.tcp || !end->urgent || end->in_line;
}

static ssize_t peek_and_receive(struct end *end, size_t len, int flags)
{
	struct stream *s = &end->in;
	ssize_t n = recv(end->fd, s->buf, len, flags | MSG_PEEK);
	uint64_t pos = s->pos;

	if (n > 0 && check(end, &pos, s->buf, n)) {
		errno = EBADMSG;
		return -1;
	}
	return n > 0 ? recv(end->fd, s->buf, n, flags) : n;
}

static ssize_t receive_piece(struct end *end, size_t len, int flags)
{
	struct stream *s = &end->in;
	struct iovec iov[3];
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 3 };

	switch (choose(s, 8)) {
	case 0:
	case 1:
		cut(s, iov, len);
		return recvmsg(end->fd, &msg, flags);
	case 2:
		if (may_peek(end))
			return peek_and_receive(end, len, flags);
		break;
	case 3:
		return recv(end->fd, s->buf, len, flags | MSG_WAITALL);
	case 4:
		/* splice() returns 0 at the urgent mark, as TCP's does. */
		if (!end->polls && !end->urgent)
			return receive_by_pipe(end, len);
		break;
	}
	return recv(end->fd, s->buf, len, flags);
}

/* Takes the urgent byte out of the line, if it can be had. */
static int receive_urgent(struct end *end)
{
	uint64_t at = end->in.pos ? end->in.pos - 1 : 0;
	unsigned char c;
	int i;

	if (recv(end->fd, &c, 1, MSG_OOB | MSG_DONTWAIT) != 1)
		return 0;
	for (i = 0; i < 200 && at != NOWHERE; i++) {
		at = urgent_next(end->in.key, at, setting.bytes);
		if (at != NOWHERE && pattern_byte(end->in.key, at++) == c)
			return 0;
	}
	return say_wrong(end, end->in.pos, &c, 1);
}

static void note_moving(struct end *end)
{
	if (!end->moved && end->in.pos >= setting.moving) {
		end->moved = true;
		end_moving();
	}
}

/* Returns 0, or the errno that ended the stream. */
static int receive_step(struct end *end)
{
	struct stream *s = &end->in;
	int flags = end->polls ? MSG_DONTWAIT : 0;
	ssize_t n;
	int err;

	pause_sometimes(s);
	if (end->urgent && !end->in_line && !choose(s, 4)) {
		err = receive_urgent(end);
		if (err)
			return err;
	}
	n = receive_piece(end, choose_size(s, PIECE_MAX), flags);
	if (n < 0)
		return end->polls && errno == EAGAIN ? 0 : errno;
	if (!n) {
		s->over = true;
		return s->pos == setting.bytes ? 0 : ENODATA;
	}
	err = check(end, &s->pos, s->buf, n);
	note_moving(end);
	return err;
}

/* --- both ---------------------------------------------------------------- */

/* One stream ended badly: whoever works on the other is not to wait for it. */
static void give_up(struct end *end, struct stream *s, int error)
{
	s->error = error;
	s->over = true;
	if (error == EBADMSG || error == EAGAIN)
		shutdown(end->fd, SHUT_RDWR);
}

static void *send_all(void *arg)
{
	struct end *end = arg;
	int err;

	while (!end->out.over) {
		err = send_step(end);
		if (err)
			give_up(end, &end->out, err);
	}
	return NULL;
}

static void receive_all(struct end *end)
{
	int err;

	while (!end->in.over) {
		err = receive_step(end);
		if (err)
			give_up(end, &end->in, err);
	}
}

static void both_in_turn(struct end *end)
{
	struct pollfd p = { .fd = end->fd };
	int err;

	while (!end->in.over || !end->out.over) {
		p.events = (end->in.over ? 0 : POLLIN) |
			   (end->out.over ? 0 : POLLOUT);
		if (poll(&p, 1, setting.patience * 1000) <= 0) {
			give_up(end, end->in.over ? &end->out : &end->in,
				EAGAIN);
			end->in.over = true;
			end->out.over = true;
			return;
		}
		if (!end->out.over && p.revents & ~POLLIN) {
			err = send_step(end);
			if (err)
				give_up(end, &end->out, err);
		}
		if (!end->in.over && p.revents & ~POLLOUT) {
			err = receive_step(end);
			if (err)
				give_up(end, &end->in, err);
		}
	}
}

static void stream_open(struct end *end, struct stream *s, bool by_server)
{
	s->key = scramble(setting.seed + 4 * end->number + by_server);
	s->state = scramble(s->key + end->server);
	s->buf = malloc(PIECE_MAX);
	if (!s->buf || pipe(s->pipe)) {
		perror("integrity");
		exit(2);
	}
}

static void stream_close(struct stream *s)
{
	free(s->buf);
	close(s->pipe[0]);
	close(s->pipe[1]);
}

static void set_up(struct end *end)
{
	struct timeval t = { .tv_sec = setting.patience };
	int one = 1;

	end->polls = (end->number + end->server) % 3 == 0 &&
		     (end->server || !setting.damage);
	end->urgent = setting.urgent && end->number % 4 == 1;
	end->in_line = end->number % 8 == 1;
	stream_open(end, &end->out, end->server);
	stream_open(end, &end->in, !end->server);
	if (setsockopt(end->fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) ||
	    setsockopt(end->fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)) ||
	    (end->in_line && setsockopt(end->fd, SOL_SOCKET, SO_OOBINLINE,
					&one, sizeof(one)))) {
		perror("integrity");
		exit(2);
	}
}

/* Works on the connected end->fd until it is over, and closes it. */
void end_run(struct end *end)
{
	pthread_t thread;

	set_up(end);
	if (end->polls) {
		both_in_turn(end);
	} else {
		if (pthread_create(&thread, NULL, send_all, end)) {
			perror("integrity");
			exit(2);
		}
		receive_all(end);
		pthread_join(thread, NULL);
	}
	close(end->fd);
	stream_close(&end->out);
	stream_close(&end->in);
}

/*
 * The error of a socket is told once: whoever comes after it reads the end of
 * the stream, or gets EPIPE.
 */
enum outcome end_outcome(const struct end *end)
{
	int errors[] = { end->in.error, end->out.error };
	enum outcome worst = DONE;
	int i;

	if (end->wrong)
		return WRONG;
	for (i = 0; i < 2; i++) {
		enum outcome one = BROKEN;

		switch (errors[i]) {
		case 0:
			one = DONE;
			break;
		case ENODATA:
		case EPIPE:
		case ENOTCONN:	/* shutdown() */
			one = CUT;
			break;
		case ECONNRESET:
			one = RESET;
			break;
		case EAGAIN:
			one = SILENT;
			break;
		}
		if (one > worst)
			worst = one;
	}
	return worst;
}

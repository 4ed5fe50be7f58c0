// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * Small things that many cases need.
 */

#include <sys/mman.h>
#include <time.h>

#include "conformance.h"

void set_int(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)))
		broken("setsockopt");
}

int get_int(int fd, int level, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	if (getsockopt(fd, level, option, &value, &len))
		return -errno;
	return value;
}

int set_timeout(int fd, int option, long milliseconds)
{
	struct timeval t = { milliseconds / 1000, milliseconds % 1000 * 1000 };

	return setsockopt(fd, SOL_SOCKET, option, &t, sizeof(t));
}

int set_nonblock(int fd)
{
	return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

int socket_error(int fd)
{
	return get_int(fd, SOL_SOCKET, SO_ERROR);
}

int queued_in(int fd)
{
	int n = -1;

	return ioctl(fd, SIOCINQ, &n) ? -errno : n;
}

int queued_out(int fd)
{
	int n = -1;

	return ioctl(fd, SIOCOUTQ, &n) ? -errno : n;
}

struct tcp_info tcp_info_of(int fd)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		broken("TCP_INFO");
	return info;
}

int poll_now(int fd)
{
	struct pollfd p = {
		.fd = fd,
		.events = POLLIN | POLLPRI | POLLOUT | POLLRDHUP |
			  POLLRDNORM | POLLRDBAND | POLLWRNORM | POLLWRBAND,
	};

	if (poll(&p, 1, 0) < 0)
		return -1;
	return p.revents;
}

long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000L + t.tv_nsec / 1000000;
}

/* --- bytes --------------------------------------------------------------- */

unsigned char pattern_at(size_t offset)
{
	return (offset * 7 + (offset >> 8) * 13 + (offset >> 16)) ^
	       setting.seed;
}

void pattern(void *buf, size_t len, size_t offset)
{
	unsigned char *byte = buf;
	size_t i;

	for (i = 0; i < len; i++)
		byte[i] = pattern_at(offset + i);
}

bool is_pattern(const void *buf, size_t len, size_t offset)
{
	const unsigned char *byte = buf;
	size_t i;

	for (i = 0; i < len; i++) {
		if (byte[i] != pattern_at(offset + i))
			return false;
	}
	return true;
}

static bool in_flight(int fd)
{
	int unsent = -1;

	return !ioctl(fd, SIOCOUTQNSD, &unsent) && unsent != queued_out(fd);
}

/* TCP has bytes for a nearly closed window, and has not probed yet. */
static bool will_probe(int fd)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);
	int unsent = 0;

	return !ioctl(fd, SIOCOUTQNSD, &unsent) && unsent &&
	       !getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) &&
	       !info.tcpi_backoff;
}

/* Acknowledgements and TCP's window probes still make room: a socket is full if
 * it stays full after both. Waiting is counted in pauses of 10 ms, not by the
 * clock, which runs on while a busy machine makes no progress.
 */
static bool may_get_room(int fd, int pauses)
{
	return pauses < 30 || (pauses < 150 && in_flight(fd)) ||
	       (pauses < 300 && will_probe(fd));
}

size_t fill(int fd)
{
	static unsigned char buf[16384];
	struct timespec pause = { .tv_nsec = 10000000 };
	size_t sum = 0;
	int pauses = 0;
	ssize_t n;

	while (may_get_room(fd, pauses)) {
		pattern(buf, sizeof(buf), sum);
		n = send(fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0) {
			nanosleep(&pause, NULL);
			pauses++;
			continue;
		}
		sum += n;
		pauses = 0;
	}
	return sum;
}

size_t expect_pattern(int fd, size_t len, size_t offset)
{
	static unsigned char buf[65536];
	size_t sum = 0;
	ssize_t n;

	while (sum < len) {
		size_t want = len - sum;

		if (want > sizeof(buf))
			want = sizeof(buf);
		n = recv(fd, buf, want, 0);
		if (n <= 0 || !is_pattern(buf, n, offset + sum))
			break;
		sum += n;
	}
	return sum;
}

long drain(int fd)
{
	static unsigned char buf[65536];
	long sum = 0;
	ssize_t n;

	for (;;) {
		n = recv(fd, buf, sizeof(buf), 0);
		if (n < 0)
			return -errno;
		if (!n)
			return sum;
		sum += n;
	}
}

size_t send_all(int fd, size_t len, size_t offset)
{
	static unsigned char buf[65536];
	size_t sum = 0;
	ssize_t n;

	while (sum < len) {
		size_t want = len - sum;

		if (want > sizeof(buf))
			want = sizeof(buf);
		pattern(buf, want, offset + sum);
		n = send(fd, buf, want, MSG_NOSIGNAL);
		if (n < 0)
			break;
		sum += n;
	}
	return sum;
}

static const size_t odd_sizes[] = { 1, 4099, 7, 1021, 13, 16383, 257 };

size_t odd_size(unsigned int turn, size_t left)
{
	size_t size = odd_sizes[turn % ARRAY_SIZE(odd_sizes)];

	return size < left ? size : left;
}

size_t send_odd(int fd, size_t len)
{
	static unsigned char buf[16384];
	unsigned int turn;
	size_t sum = 0;
	ssize_t n;

	for (turn = 0; sum < len; turn++) {
		size_t size = odd_size(turn, len - sum);

		pattern(buf, size, sum);
		n = send(fd, buf, size, MSG_NOSIGNAL);
		if (n <= 0)
			break;
		sum += n;
	}
	return sum;
}

size_t expect_odd(int fd, size_t len)
{
	static unsigned char buf[16384];
	unsigned int turn;
	size_t sum = 0;
	ssize_t n;

	for (turn = 3; sum < len; turn++) {
		n = recv(fd, buf, odd_size(turn, len - sum), 0);
		if (n <= 0 || !is_pattern(buf, n, sum))
			break;
		sum += n;
	}
	return sum;
}

/* --- signals ------------------------------------------------------------- */

static volatile int count[65];
static volatile int band, band_fd;

static void on_signal(int number)
{
	count[number]++;
}

static void on_info(int number, siginfo_t *info, void *context)
{
	(void)context;
	count[number]++;
	band = info->si_band;
	band_fd = info->si_fd;
}

void catch_signal(int number, int flags)
{
	struct sigaction action = { .sa_handler = on_signal,
				    .sa_flags = flags };

	sigaction(number, &action, NULL);
}

void catch_info(int number)
{
	struct sigaction action = { .sa_sigaction = on_info,
				    .sa_flags = SA_SIGINFO | SA_RESTART };

	sigaction(number, &action, NULL);
}

int caught(int number)
{
	return count[number];
}

int caught_band(void)
{
	return band;
}

int caught_fd(void)
{
	return band_fd;
}

/* --- the machine --------------------------------------------------------- */

int set_sysctl(const char *name, const char *value)
{
	char path[100];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = write(fd, value, strlen(value));
	close(fd);
	return n < 0 ? -1 : 0;
}

/* Mapped, and neither readable nor writable. */
void *bad_pointer(void)
{
	static void *page;

	if (!page)
		page = mmap(NULL, 65536, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page;
}

bool kernel_has(const char *path)
{
	return !access(path, F_OK);
}

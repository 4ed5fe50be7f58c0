// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * ioctl().
 */

#include "conformance.h"

#include <net/if.h>
#include <net/if_arp.h>

static int unsent(int fd)
{
	int n = -1;

	return ioctl(fd, SIOCOUTQNSD, &n) ? -errno : n;
}

static void ioctl_in_queue(void)
{
	struct pair p = connected();
	int n = -1;

	WANT(queued_in(p.s), 0);
	WANT(send(p.c, "hello", 5, 0), 5);
	SOON(queued_in(p.s), 5);
	WANT(ioctl(p.s, FIONREAD, &n), 0);
	WANT(n, 5);
	WANT(recv(p.s, (char[9]){}, 2, 0), 2);
	WANT(queued_in(p.s), 3);
	WANT(close(p.c), 0);
	MASK(p.s, POLLIN | POLLOUT | POLLRDHUP);
	WANT(queued_in(p.s), 3);
	WANT(recv(p.s, (char[9]){}, 9, 0), 3);
	WANT(queued_in(p.s), 0);
}

static void ioctl_out_queue(void)
{
	struct pair p = connected_small();
	size_t sent;

	WANT(queued_out(p.c), 0);
	WANT(unsent(p.c), 0);
	sent = fill(p.c);
	WANT(queued_out(p.c) > 0, 1);
	WANT(unsent(p.c) >= 0, 1);
	WANT(unsent(p.c) <= queued_out(p.c), 1);
	SOON(queued_in(p.s) + queued_out(p.c) >= (int)sent, 1);
	WANT(expect_pattern(p.s, sent, 0) == sent, 1);
	SOON(queued_out(p.c), 0);
	SOON(unsent(p.c), 0);
}

static void ioctl_listener(void)
{
	struct addr where;
	int l = listening(&where), n;

	FAIL(ioctl(l, SIOCINQ, &n), EINVAL);
	FAIL(ioctl(l, SIOCOUTQ, &n), EINVAL);
	FAIL(ioctl(l, SIOCOUTQNSD, &n), EINVAL);
	CALL(ioctl(l, SIOCATMARK, &n));
}

static void ioctl_unconnected(void)
{
	int fd = sock(0), n = -1;

	WANT(ioctl(fd, SIOCINQ, &n), 0);
	WANT(n, 0);
	WANT(ioctl(fd, SIOCOUTQ, &n), 0);
	WANT(n, 0);
	WANT(ioctl(fd, SIOCATMARK, &n), 0);
	WANT(n, 0);
}

static void ioctl_connecting(void)
{
	struct addr nowhere = black_hole(0);
	int fd = sock(SOCK_NONBLOCK);

	FAIL(connect(fd, SA(nowhere)), EINPROGRESS);
	CALL(queued_in(fd));
	CALL(queued_out(fd));
}

static void ioctl_nonblocking(void)
{
	struct pair p = connected();
	int on = 1;

	WANT(ioctl(p.s, FIONBIO, &on), 0);
	WANT(fcntl(p.s, F_GETFL), O_RDWR | O_NONBLOCK);
	FAIL(recv(p.s, (char[9]){}, 9, 0), EAGAIN);
	on = 0;
	WANT(ioctl(p.s, FIONBIO, &on), 0);
	WANT(fcntl(p.s, F_GETFL), O_RDWR);
}

static void ioctl_close_on_exec(void)
{
	int fd = sock(0);

	WANT(ioctl(fd, FIOCLEX), 0);
	WANT(fcntl(fd, F_GETFD), FD_CLOEXEC);
	WANT(ioctl(fd, FIONCLEX), 0);
	WANT(fcntl(fd, F_GETFD), 0);
}

static void ioctl_interfaces(void)
{
	struct ifreq r = { .ifr_name = "lo" };
	int fd = sock(0);

	WANT(ioctl(fd, SIOCGIFFLAGS, &r), 0);
	WANT(!!(r.ifr_flags & IFF_LOOPBACK), 1);
	WANT(ioctl(fd, SIOCGIFINDEX, &r), 0);
	WANT(r.ifr_ifindex, 1);
	WANT(ioctl(fd, SIOCGIFMTU, &r), 0);
	WANT(r.ifr_mtu > 1000, 1);
	strcpy(r.ifr_name, "nodev");
	FAIL(ioctl(fd, SIOCGIFFLAGS, &r), ENODEV);
	strcpy(r.ifr_name, "lo");
	CALL(ioctl(fd, SIOCGIFADDR, &r));
}

static void ioctl_interface_list(void)
{
	struct ifreq r[8];
	struct ifconf list = { .ifc_len = sizeof(r), .ifc_req = r };
	int fd = sock(0);

	WANT(ioctl(fd, SIOCGIFCONF, &list), 0);
	CALL(list.ifc_len);
}

static void ioctl_unknown(void)
{
	struct pair p = connected();
	int n = 0;

	FAIL(ioctl(p.c, 0x12345678, &n), ENOTTY);
	FAIL(ioctl(p.c, SIOCPROTOPRIVATE, &n), ENOTTY);
	CALL(ioctl(p.c, SIOCGSTAMP, (char[32]){}));
	CALL(ioctl(p.c, SIOCADDRT, bad_pointer()));
}

static void ioctl_netns(void)
{
	struct pair p = connected();
	int fd;

	fd = ioctl(p.c, SIOCGSKNS);
	WANT(fd >= 0, 1);
	WANT(close(fd), 0);
}

static const struct test ioctl_tests[] = {
	CASE(ioctl_in_queue, "SIOCINQ and FIONREAD return how much can be read"),
	CASE(ioctl_out_queue, "SIOCOUTQ and SIOCOUTQNSD return how much is in flight"),
	CASE(ioctl_listener, "a listener has no queues"),
	CASE(ioctl_unconnected, "an unconnected socket's queues are empty"),
	CASE(ioctl_connecting, "a connecting socket's queues are empty"),
	CASE(ioctl_nonblocking, "FIONBIO switches O_NONBLOCK on and off"),
	CASE(ioctl_close_on_exec, "FIOCLEX sets FD_CLOEXEC"),
	CASE(ioctl_interfaces, "a socket can be asked about interfaces"),
	CASE(ioctl_interface_list, "a socket can be asked for all interfaces"),
	CASE(ioctl_unknown, "unknown requests are refused"),
	CASE(ioctl_netns, "SIOCGSKNS opens the namespace"),
};

GROUP(ioctl);

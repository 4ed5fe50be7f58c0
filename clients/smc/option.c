// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Socket options. TCP answers all of them; here is what they mean for who
 * carries the bytes. Process context, no lock held.
 */
#include <linux/in6.h>
#include <linux/tcp.h>
#include <linux/uaccess.h>

#include <uapi/linux/smc.h>

#include "conn.h"
#include "smc.h"

/* Data in a SYN is there before anybody could agree on anything else. */
static bool is_fastopen(int level, int name)
{
	if (level != SOL_TCP)
		return false;
	switch (name) {
	case TCP_FASTOPEN:
	case TCP_FASTOPEN_CONNECT:
	case TCP_FASTOPEN_KEY:
	case TCP_FASTOPEN_NO_COOKIE:
		return true;
	}
	return false;
}

/* Does TCP send what it held back, now that this was set? */
static bool pushes(const struct sock *sk, int name)
{
	u8 nonagle = smc_tcp_nonagle(sk);

	switch (name) {
	case TCP_CORK:
		return !(nonagle & TCP_NAGLE_CORK);
	case TCP_NODELAY:
		return nonagle & TCP_NAGLE_OFF;
	}
	return false;
}

/* Of sockets that TCP carries nothing is counted. */
static void count(const struct dibs_smc *smc, int name)
{
	u8 nonagle = smc_tcp_nonagle(smc->sk);

	if (READ_ONCE(smc->carrier) == DIBS_SMC_TCP)
		return;
	if (name == TCP_CORK && nonagle & TCP_NAGLE_CORK)
		smc_stat_inc(smc->stats, SMC_STAT_CORK);
	else if (name == TCP_NODELAY && nonagle & TCP_NAGLE_OFF)
		smc_stat_inc(smc->stats, SMC_STAT_NODELAY);
}

/* What reaches into TCP's stream, of which the program sees nothing. */
static bool is_of_stream(const struct dibs_smc *smc, int level, int name)
{
	if (level != SOL_TCP || READ_ONCE(smc->carrier) != DIBS_SMC_D)
		return false;
	switch (name) {
	case TCP_REPAIR:
	case TCP_ZEROCOPY_RECEIVE:
		return true;
	}
	return false;
}

/* The one option of SMC's own: as net.smc.limit_smc_hs, for one listener. */
static int set_limit(struct dibs_smc *smc, int name, sockptr_t val,
		     unsigned int len)
{
	int limit;

	if (name != SMC_LIMIT_HS)
		return -ENOPROTOOPT;
	if (len < sizeof(limit))
		return -EINVAL;
	if (copy_from_sockptr(&limit, val, sizeof(limit)))
		return -EFAULT;
	WRITE_ONCE(smc->limited, !!limit);
	return 0;
}

static int get_limit(const struct dibs_smc *smc, int name, char __user *val,
		     int __user *len)
{
	int limit = READ_ONCE(smc->limited), size;

	if (name != SMC_LIMIT_HS)
		return -ENOPROTOOPT;
	if (get_user(size, len))
		return -EFAULT;
	if (size < 0)
		return -EINVAL;
	size = min_t(int, size, sizeof(limit));
	if (put_user(size, len) || copy_to_user(val, &limit, size))
		return -EFAULT;
	return 0;
}

int dibs_smc_setsockopt(struct socket *sock, int level, int name,
			sockptr_t val, unsigned int len)
{
	struct dibs_smc *smc = dibs_smc(sock->sk);
	int err;

	if (level == SOL_SMC)
		return set_limit(smc, name, val, len);
	if (is_of_stream(smc, level, name))
		return -EOPNOTSUPP;
	err = dibs_smc_tcp(smc)->setsockopt(sock, level, name, val, len);
	if (err)
		return err;
	if (is_fastopen(level, name))
		WRITE_ONCE(smc->fastopen, true);
	if (level == SOL_IPV6 && name == IPV6_ADDRFORM)
		dibs_smc_to_inet(smc);
	if (level != SOL_TCP)
		return 0;
	count(smc, name);
	if (pushes(sock->sk, name))
		smc_uncork(smc);
	return 0;
}

/* The upper layer that TCP would name is how we hang there, and not one. */
static int dibs_smc_get_no_ulp(int __user *len)
{
	int size;

	if (get_user(size, len))
		return -EFAULT;
	if (size < 0)
		return -EINVAL;
	return put_user(0, len);
}

int dibs_smc_getsockopt(struct socket *sock, int level, int name,
			char __user *val, int __user *len)
{
	if (level == SOL_SMC)
		return get_limit(dibs_smc(sock->sk), name, val, len);
	if (level == SOL_TCP && name == TCP_ULP)
		return dibs_smc_get_no_ulp(len);
	if (is_of_stream(dibs_smc(sock->sk), level, name))
		return -EOPNOTSUPP;
	return dibs_smc_tcp(dibs_smc(sock->sk))->getsockopt(sock, level, name,
							     val, len);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Socket options. TCP handles all of them but SOL_SMC; this file adds what they
 * mean for a connection through DMBs. Process context, no lock held.
 */
#include <linux/in6.h>
#include <linux/tcp.h>
#include <linux/uaccess.h>

#include <uapi/linux/smc.h>

#include "conn/conn.h"
#include "socket/socket.h"
#include "state/smc.h"

/* Data in a SYN precedes any handshake, so such a connection stays on TCP. */
static bool smc_option_is_fastopen(int level, int name)
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

/* Does setting this option make TCP send what it held back? */
static bool smc_option_pushes(const struct sock *sk, int name)
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

/* Counts an option, unless TCP carries the socket. */
static void smc_option_count(const struct smc_sock *smc, int name)
{
	u8 nonagle = smc_tcp_nonagle(smc->sk);

	if (READ_ONCE(smc->carrier) == SMC_CARRIER_TCP)
		return;
	if (name == TCP_CORK && nonagle & TCP_NAGLE_CORK)
		smc_stat_inc(smc->stats, SMC_STAT_CORK);
	else if (name == TCP_NODELAY && nonagle & TCP_NAGLE_OFF)
		smc_stat_inc(smc->stats, SMC_STAT_NODELAY);
}

/* Does the option access TCP's stream, while DMBs carry the bytes? */
static bool smc_option_uses_stream(const struct smc_sock *smc, int level,
				   int name)
{
	if (level != SOL_TCP || READ_ONCE(smc->carrier) != SMC_CARRIER_SMCD)
		return false;
	switch (name) {
	case TCP_REPAIR:
	case TCP_ZEROCOPY_RECEIVE:
		return true;
	}
	return false;
}

/* SMC's only own option: net.smc.limit_smc_hs for a single listener. */
static int smc_option_set_limit(struct smc_sock *smc, int name, sockptr_t val,
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

static int smc_option_get_limit(const struct smc_sock *smc, int name,
				char __user *val, int __user *len)
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

int smc_setsockopt(struct socket *sock, int level, int name, sockptr_t val,
		   unsigned int len)
{
	struct smc_sock *smc = smc_sk(sock->sk);
	int err;

	if (level == SOL_SMC)
		return smc_option_set_limit(smc, name, val, len);
	if (smc_option_uses_stream(smc, level, name))
		return -EOPNOTSUPP;
	err = smc_sock_tcp(smc)->setsockopt(sock, level, name, val, len);
	if (err)
		return err;
	if (smc_option_is_fastopen(level, name))
		WRITE_ONCE(smc->fastopen, true);
	if (level == SOL_IPV6 && name == IPV6_ADDRFORM)
		smc_family_to_inet(smc);
	if (level != SOL_TCP)
		return 0;
	smc_option_count(smc, name);
	if (smc_option_pushes(sock->sk, name))
		smc_uncork(smc);
	return 0;
}

/* TCP would name our own upper layer, which is an implementation detail. */
static int smc_option_get_ulp(int __user *len)
{
	int size;

	if (get_user(size, len))
		return -EFAULT;
	if (size < 0)
		return -EINVAL;
	return put_user(0, len);
}

int smc_getsockopt(struct socket *sock, int level, int name, char __user *val,
		   int __user *len)
{
	if (level == SOL_SMC)
		return smc_option_get_limit(smc_sk(sock->sk), name, val, len);
	if (level == SOL_TCP && name == TCP_ULP)
		return smc_option_get_ulp(len);
	if (smc_option_uses_stream(smc_sk(sock->sk), level, name))
		return -EOPNOTSUPP;
	return smc_sock_tcp(smc_sk(sock->sk))->getsockopt(sock, level, name,
							  val, len);
}

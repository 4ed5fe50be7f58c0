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

int dibs_smc_setsockopt(struct socket *sock, int level, int name,
			sockptr_t val, unsigned int len)
{
	struct dibs_smc *smc = dibs_smc(sock->sk);
	int err;

	if (is_of_stream(smc, level, name))
		return -EOPNOTSUPP;
	err = dibs_smc_tcp(smc)->setsockopt(sock, level, name, val, len);
	if (err)
		return err;
	if (is_fastopen(level, name))
		WRITE_ONCE(smc->fastopen, true);
	if (level == SOL_IPV6 && name == IPV6_ADDRFORM)
		dibs_smc_to_inet(smc);
	if (level == SOL_TCP && pushes(sock->sk, name))
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
	if (level == SOL_TCP && name == TCP_ULP)
		return dibs_smc_get_no_ulp(len);
	if (is_of_stream(dibs_smc(sock->sk), level, name))
		return -EOPNOTSUPP;
	return dibs_smc_tcp(dibs_smc(sock->sk))->getsockopt(sock, level, name,
							     val, len);
}

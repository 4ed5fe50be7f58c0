/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * The operations of an SMC socket, which programs call, and the upper-layer
 * hooks that TCP calls. Process context unless the file says otherwise.
 */
#ifndef _DIBS_SMC_SOCKET_H
#define _DIBS_SMC_SOCKET_H

#include <linux/net.h>
#include <linux/sockptr.h>
#include <linux/workqueue.h>
#include <net/tcp.h>

#include "compat/net.h"

struct pipe_inode_info;
struct smc_sock;

/* family.c: creates sockets and their tables of operations */
void smc_family_to_inet(struct smc_sock *smc);
int smc_families_start(void);
void smc_families_stop(void);

/* operations.c: for sockets that have not fallen back to TCP */
void smc_ops_set(struct proto_ops *ops);

/* connect.c, accept.c, option.c, release.c, splice.c: one operation each */
int smc_connect(struct socket *sock, struct sockaddr *addr, int len, int flags);
int smc_connect_wait(struct smc_sock *smc, long timeo);
int smc_accept(struct socket *sock, struct socket *newsock,
	       struct proto_accept_arg *arg);
int smc_setsockopt(struct socket *sock, int level, int name, sockptr_t val,
		   unsigned int len);
int smc_getsockopt(struct socket *sock, int level, int name, char __user *val,
		   int __user *len);
int smc_release(struct socket *sock);
ssize_t smc_splice_read(struct smc_sock *smc, struct socket *sock,
			struct pipe_inode_info *pipe, size_t len);

/* ulp.c: called by TCP */
extern const struct tcp_ulp_ops smc_ulp;

/* dispatch.c: the socket's work item */
void smc_dispatch(struct work_struct *work);

#endif /* _DIBS_SMC_SOCKET_H */

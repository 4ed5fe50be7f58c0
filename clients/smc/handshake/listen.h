/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * A listening socket: new connections go through a handshake before they can be
 * accepted, see listen.c.
 */
#ifndef _DIBS_SMC_LISTEN_H
#define _DIBS_SMC_LISTEN_H

#include <linux/poll.h>
#include <net/request_sock.h>

struct smc_handshake;
struct smc_listener;
struct smc_sock;

/* for the operations of the socket */
int smc_listen(struct socket *sock, int backlog);
void smc_listener_stop(struct smc_sock *smc);
void smc_listener_sort(struct smc_sock *smc);
void smc_listener_wake(struct smc_sock *smc, bool ready);
void smc_listener_work(struct smc_sock *smc, struct smc_listener *listener);
void smc_listener_cloned(struct sock *child);
__poll_t smc_listener_poll(struct smc_sock *smc, struct file *file,
			   struct socket *sock, poll_table *wait);

/* for handshakes */
void smc_listener_remember(struct smc_listener *listener,
			   struct smc_handshake *hs);
void smc_listener_forget(struct smc_listener *listener,
			 struct smc_handshake *hs);
void smc_listener_hand_out(struct smc_listener *listener,
			   struct smc_sock *smc, struct request_sock *req);
bool smc_listener_is_gone(const struct smc_listener *listener);

#endif /* _DIBS_SMC_LISTEN_H */

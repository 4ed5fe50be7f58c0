/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * A handshake: what the two ends tell each other on the new TCP connection by
 * CLC messages, until both know who carries the bytes.
 *
 *	client (propose.c)                       server (answer.c)
 *	smc_propose           -- proposal -->    smc_await_proposal
 *	smc_await_accept      <-- accept ---       register DMB
 *	  register DMB, attach the server's
 *	                      -- confirm -->     smc_await_confirm
 *	smc_await_ready                            attach the client's DMB
 *	                      <-- signal ---     agreed
 *	agreed
 *
 * In place of any message each end may send a decline; then both go on by TCP
 * behind it. A client on loopback waits until the server has attached, because
 * until then the server, too, may still have to decline.
 *
 * Each step is a function that looks at what has come and never waits: a
 * handshake that waits is no more than memory and a timer. Callbacks of the
 * sock kick the work (work.c) that runs the step.
 */
#ifndef _DIBS_SMC_HANDSHAKE_H
#define _DIBS_SMC_HANDSHAKE_H

#include <net/request_sock.h>

#include "clc.h"
#include "clc_io.h"
#include "conn.h"
#include "device.h"
#include "smc.h"

/**
 * enum smc_verdict - what a step found
 * @SMC_WAIT:     nothing to do until something comes
 * @SMC_NEXT:     go on with the next step, once what is to be sent is sent
 * @SMC_AGREED:   DMBs
 * @SMC_DECLINE:  TCP; the peer is to be told &smc_handshake.reason
 * @SMC_FALLBACK: TCP; the peer knows, or would not understand
 * @SMC_BREAK:    neither: the peer may be using DMBs already
 */
enum smc_verdict {
	SMC_WAIT,
	SMC_NEXT,
	SMC_AGREED,
	SMC_DECLINE,
	SMC_FALLBACK,
	SMC_BREAK,
};

struct smc_handshake {
	struct dibs_smc *smc;
	struct sock *sk;
	enum smc_verdict (*step)(struct smc_handshake *hs);
	unsigned long deadline;		/* jiffies; 0: not connected yet */
	bool no_return;			/* a decline may come too late */
	u32 reason;
	u32 peer_reason;

	/* of connections that are to wait for accept() */
	struct list_head in_listener;
	struct smc_listener *listener;
	struct request_sock *req;

	struct smc_clc_io io;
	struct smc_choice choice;
	struct smc_clc_proposal proposal;	/* sent or received */
	struct smc_clc_accept accept;		/* sent or received */
	struct smc_clc_device peer;
	struct smc_group *group;
	struct smc_conn *conn;
};

int smc_handshake_start_client(struct dibs_smc *smc);
int smc_handshake_start_server(struct dibs_smc *smc,
			       struct smc_listener *listener,
			       struct request_sock *req);
void smc_handshake_stop(struct dibs_smc *smc);
void smc_handshake_step(struct smc_handshake *hs);
void smc_handshake_cloned(const struct dibs_smc_family *family,
			  struct sock *child);

/* For the steps. */
enum smc_verdict smc_handshake_receive(struct smc_handshake *hs,
				       enum smc_clc_msg wanted);
enum smc_verdict smc_handshake_decline(struct smc_handshake *hs, u32 reason);
enum smc_verdict smc_handshake_error(struct smc_handshake *hs, int err);
enum smc_verdict smc_propose(struct smc_handshake *hs);
enum smc_verdict smc_await_proposal(struct smc_handshake *hs);
bool smc_handshake_is_ipsec(const struct smc_handshake *hs);

u32 smc_conn_reason(int err);

/* listen.c */
void smc_listener_remember(struct smc_listener *listener,
			   struct smc_handshake *hs);
void smc_listener_forget(struct smc_listener *listener,
			 struct smc_handshake *hs);
void smc_listener_hand_out(struct smc_listener *listener,
			   struct dibs_smc *smc, struct request_sock *req);
bool smc_listener_is_gone(const struct smc_listener *listener);
struct mem_cgroup *smc_handshake_memcg(const struct smc_handshake *hs);

#endif /* _DIBS_SMC_HANDSHAKE_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * A handshake: the two ends exchange CLC messages on the new TCP connection
 * until both know who carries the bytes.
 *
 *	client (client.c)                        server (server.c)
 *	smc_client_propose        -- proposal -->  smc_server_await_proposal
 *	smc_client_await_accept   <-- accept ---     register DMB
 *	  register DMB, attach the server's
 *	                          -- confirm -->   smc_server_await_confirm
 *	smc_client_await_ready                       attach the client's DMB
 *	                          <-- signal ---   agreed
 *	agreed
 *
 * Either end may send a decline instead of any message; then both continue on
 * TCP, with the bytes behind it. A client on loopback waits until the server
 * has attached, because until then the server may still have to decline.
 *
 * Each step is a function that processes what has arrived and never sleeps for
 * more: a waiting handshake costs only memory and a timer. Callbacks of the
 * sock queue the socket's work (socket/dispatch.c), which runs the next step.
 * Process context, unless noted.
 */
#ifndef _DIBS_SMC_HANDSHAKE_H
#define _DIBS_SMC_HANDSHAKE_H

#include <net/request_sock.h>

#include "clc/clc.h"
#include "clc/io.h"
#include "conn/conn.h"
#include "handshake/device.h"
#include "state/smc.h"

/**
 * enum smc_verdict - result of a step
 * @SMC_WAIT:     nothing to do until something arrives
 * @SMC_NEXT:     run the next step, once all output is sent
 * @SMC_AGREED:   DMBs carry the connection
 * @SMC_DECLINE:  fall back, and send the peer &smc_handshake.reason
 * @SMC_FALLBACK: fall back; the peer knows, or would not understand
 * @SMC_BREAK:    reset the connection: the peer may be using DMBs already
 * @SMC_LOST:     TCP's connection is closed: there is nothing to fall back to
 */
enum smc_verdict {
	SMC_WAIT,
	SMC_NEXT,
	SMC_AGREED,
	SMC_DECLINE,
	SMC_FALLBACK,
	SMC_BREAK,
	SMC_LOST,
};

struct smc_listener;

struct smc_handshake {
	struct smc_sock *smc;
	struct sock *sk;
	enum smc_verdict (*step)(struct smc_handshake *hs);
	unsigned long deadline;		/* jiffies; 0: TCP not connected yet */
	bool no_return;			/* a decline may arrive too late */
	u32 reason;
	u32 peer_reason;

	/* for connections that are to be queued for accept() */
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

u32 smc_handshake_reason(const struct smc_sock *smc);
int smc_handshake_start_client(struct smc_sock *smc);
int smc_handshake_start_server(struct smc_sock *smc,
			       struct smc_listener *listener,
			       struct request_sock *req);
void smc_handshake_stop(struct smc_sock *smc);
void smc_handshake_step(struct smc_handshake *hs);
void smc_handshake_cloned(const struct smc_family *family,
			  struct sock *child);

/* for the steps */
enum smc_verdict smc_handshake_receive(struct smc_handshake *hs,
				       enum smc_clc_msg wanted);
enum smc_verdict smc_handshake_decline(struct smc_handshake *hs, u32 reason);
enum smc_verdict smc_handshake_error(struct smc_handshake *hs, int err);
enum smc_verdict smc_handshake_conn_error(struct smc_handshake *hs, int err);
enum smc_verdict smc_client_propose(struct smc_handshake *hs);
enum smc_verdict smc_server_await_proposal(struct smc_handshake *hs);
bool smc_handshake_is_ipsec(const struct smc_handshake *hs);
struct mem_cgroup *smc_handshake_memcg(const struct smc_handshake *hs);

#endif /* _DIBS_SMC_HANDSHAKE_H */

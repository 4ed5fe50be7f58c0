/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Tracepoints: handshake steps, fallbacks, bytes sent and received, changes of
 * state. Events that SMC tools already know have the names they know. Neither
 * payload nor DMB tokens are recorded. Any floor may call them, in any context.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM smc

#if !defined(_DIBS_SMC_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _DIBS_SMC_TRACE_H

#include <linux/tracepoint.h>
#include <net/inet_sock.h>
#include <net/sock.h>

#include "conn/conn.h"
#include "handshake/handshake.h"

/* The last entry ends the list without a comma; no state has this number. */
#define SMC_TRACE_STATE(name, number)	{ number, #name },
#define SMC_TRACE_STATES \
	DIBS_SMC_STATES(SMC_TRACE_STATE) { 0, "" }

TRACE_EVENT(smc_switch_to_fallback,
	TP_PROTO(const struct sock *sk, bool server, u32 reason),
	TP_ARGS(sk, server, reason),
	TP_STRUCT__entry(
		__field(const void *, sk)
		__field(u64, net_cookie)
		__field(u32, reason)
		__field(u16, sport)
		__field(u16, dport)
		__field(bool, server)
	),
	TP_fast_assign(
		__entry->sk = sk;
		__entry->net_cookie = sock_net(sk)->net_cookie;
		__entry->reason = reason;
		__entry->sport = ntohs(inet_sk(sk)->inet_sport);
		__entry->dport = ntohs(inet_sk(sk)->inet_dport);
		__entry->server = server;
	),
	TP_printk("sk=%p net=%llu %s sport=%u dport=%u reason=%08x",
		  __entry->sk, __entry->net_cookie,
		  __entry->server ? "server" : "client", __entry->sport,
		  __entry->dport, __entry->reason)
);

/* The verdict of a handshake step; @next is the step to run next, or again. */
TRACE_EVENT(smc_handshake,
	TP_PROTO(const struct smc_handshake *hs, enum smc_verdict verdict),
	TP_ARGS(hs, verdict),
	TP_STRUCT__entry(
		__field(const void *, sk)
		__field(u64, net_cookie)
		__field(const void *, next)
		__field(u32, reason)
		__field(u32, peer_reason)
		__field(u16, sport)
		__field(u16, dport)
		__field(u8, verdict)
		__field(bool, server)
	),
	TP_fast_assign(
		__entry->sk = hs->sk;
		__entry->net_cookie = sock_net(hs->sk)->net_cookie;
		__entry->next = hs->step;
		__entry->reason = hs->reason;
		__entry->peer_reason = hs->peer_reason;
		__entry->sport = ntohs(inet_sk(hs->sk)->inet_sport);
		__entry->dport = ntohs(inet_sk(hs->sk)->inet_dport);
		__entry->verdict = verdict;
		__entry->server = hs->smc->role == SMC_ROLE_SERVER;
	),
	TP_printk("sk=%p net=%llu %s sport=%u dport=%u %s reason=%08x peer_reason=%08x next=%ps",
		  __entry->sk, __entry->net_cookie,
		  __entry->server ? "server" : "client", __entry->sport,
		  __entry->dport,
		  __print_symbolic(__entry->verdict,
				   { SMC_WAIT, "wait" },
				   { SMC_NEXT, "next" },
				   { SMC_AGREED, "agreed" },
				   { SMC_DECLINE, "decline" },
				   { SMC_FALLBACK, "fallback" },
				   { SMC_BREAK, "break" },
				   { SMC_LOST, "lost" }),
		  __entry->reason, __entry->peer_reason, __entry->next)
);

/* State changes of a DMB connection, as values of enum dibs_smc_state. */
TRACE_EVENT_CONDITION(smc_state,
	TP_PROTO(const struct smc_conn *conn, enum dibs_smc_state state),
	TP_ARGS(conn, state),
	TP_CONDITION(conn->state != state),
	TP_STRUCT__entry(
		__field(const void *, sk)
		__field(u64, net_cookie)
		__field(u16, sport)
		__field(u16, dport)
		__field(u8, from)
		__field(u8, to)
	),
	TP_fast_assign(
		__entry->sk = conn->sk;
		__entry->net_cookie = sock_net(conn->sk)->net_cookie;
		__entry->sport = ntohs(inet_sk(conn->sk)->inet_sport);
		__entry->dport = ntohs(inet_sk(conn->sk)->inet_dport);
		__entry->from = conn->state;
		__entry->to = state;
	),
	TP_printk("sk=%p net=%llu sport=%u dport=%u %s -> %s", __entry->sk,
		  __entry->net_cookie, __entry->sport, __entry->dport,
		  __print_symbolic(__entry->from, SMC_TRACE_STATES),
		  __print_symbolic(__entry->to, SMC_TRACE_STATES))
);

/* Bytes that a call has sent or received, or -errno. */
DECLARE_EVENT_CLASS(smc_bytes_class,
	TP_PROTO(const struct sock *sk, ssize_t len, int flags),
	TP_ARGS(sk, len, flags),
	TP_STRUCT__entry(
		__field(const void *, sk)
		__field(u64, net_cookie)
		__field(ssize_t, len)
		__field(int, flags)
		__field(u16, sport)
		__field(u16, dport)
	),
	TP_fast_assign(
		__entry->sk = sk;
		__entry->net_cookie = sock_net(sk)->net_cookie;
		__entry->len = len;
		__entry->flags = flags;
		__entry->sport = ntohs(inet_sk(sk)->inet_sport);
		__entry->dport = ntohs(inet_sk(sk)->inet_dport);
	),
	TP_printk("sk=%p net=%llu sport=%u dport=%u len=%zd flags=%#x",
		  __entry->sk, __entry->net_cookie, __entry->sport,
		  __entry->dport, __entry->len, __entry->flags)
);

DEFINE_EVENT(smc_bytes_class, smc_tx_sendmsg,
	TP_PROTO(const struct sock *sk, ssize_t len, int flags),
	TP_ARGS(sk, len, flags));
DEFINE_EVENT(smc_bytes_class, smc_rx_recvmsg,
	TP_PROTO(const struct sock *sk, ssize_t len, int flags),
	TP_ARGS(sk, len, flags));

#endif /* _DIBS_SMC_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Tracepoints, under the names that tools for SMC know.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM smc

#if !defined(_DIBS_SMC_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _DIBS_SMC_TRACE_H

#include <linux/tracepoint.h>
#include <net/inet_sock.h>
#include <net/sock.h>

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

#endif /* _DIBS_SMC_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>

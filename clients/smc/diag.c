// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * sock_diag of AF_SMC: what "dibs smc list" and smcss(8) ask. Everybody may
 * see the sockets of the own namespace. The format is <linux/smc_diag.h>.
 *
 * What a dump sees of a connection that changes meanwhile may not fit together,
 * as with TCP's.
 */
#include <linux/inet_diag.h>
#include <linux/module.h>
#include <linux/sock_diag.h>
#include <uapi/linux/smc_diag.h>

#include "close.h"
#include "smc.h"
#include "uapi/linux/dibs_smc.h"

struct dump {
	struct sk_buff *skb;
	const struct netlink_callback *cb;
	struct user_namespace *user_ns;
};

/* The nearest state of SMC for a connection that TCP carries. */
static enum smc_state state_of(const struct sock *sk, const struct dibs_smc *smc)
{
	switch (inet_sk_state_load(sk)) {
	case TCP_ESTABLISHED:
		return SMC_STATE_ACTIVE;
	case TCP_LISTEN:
		return SMC_STATE_LISTEN;
	case TCP_FIN_WAIT1:
	case TCP_FIN_WAIT2:
		return SMC_STATE_PEERCLOSEWAIT1;
	case TCP_CLOSING:
		return SMC_STATE_PEERCLOSEWAIT2;
	case TCP_CLOSE_WAIT:
		return SMC_STATE_APPCLOSEWAIT1;
	case TCP_LAST_ACK:
		return SMC_STATE_APPCLOSEWAIT2;
	case TCP_CLOSE:
		return smc->carrier == DIBS_SMC_UNDECIDED ?
		       SMC_STATE_INIT : SMC_STATE_CLOSED;
	default:
		return SMC_STATE_INIT;
	}
}

static void fill_id(struct inet_diag_sockid *id, struct sock *sk)
{
	const struct inet_sock *inet = inet_sk(sk);

	id->idiag_sport = inet->inet_sport;
	id->idiag_dport = inet->inet_dport;
	id->idiag_if = sk->sk_bound_dev_if;
	sock_diag_save_cookie(sk, id->idiag_cookie);
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6) {
		memcpy(id->idiag_src, &sk->sk_v6_rcv_saddr, 16);
		memcpy(id->idiag_dst, &sk->sk_v6_daddr, 16);
		return;
	}
#endif
	id->idiag_src[0] = sk->sk_rcv_saddr;
	id->idiag_dst[0] = sk->sk_daddr;
}

static void fill_msg(struct smc_diag_msg *msg, struct dibs_smc *smc,
		     struct user_namespace *user_ns)
{
	struct sock *sk = smc->sk;

	memset(msg, 0, sizeof(*msg));
	msg->diag_family = AF_SMC;
	msg->diag_state = state_of(sk, smc);
	msg->diag_mode = SMC_DIAG_MODE_FALLBACK_TCP;
	msg->diag_shutdown = sk->sk_shutdown;
	msg->diag_uid = from_kuid_munged(user_ns, sock_i_uid(sk));
	msg->diag_inode = sock_i_ino(sk);
	fill_id(&msg->id, sk);
}

static int put_attrs(struct sk_buff *skb, struct dibs_smc *smc, u8 ext)
{
	struct sock *sk = smc->sk;
	struct smc_diag_fallback fallback;

	fallback.reason = smc->reason;
	fallback.peer_diagnosis = smc->peer_reason;
	if (nla_put(skb, SMC_DIAG_FALLBACK, sizeof(fallback), &fallback))
		return -EMSGSIZE;
	if (ext & BIT(SMC_DIAG_SHUTDOWN - 1) &&
	    nla_put_u8(skb, SMC_DIAG_SHUTDOWN, sk->sk_shutdown))
		return -EMSGSIZE;
	return nla_put_u8(skb, DIBS_SMC_DIAG_FAMILY, sk->sk_family);
}

/* Under the table's lock: the socket stays. */
static int dump_one(struct dibs_smc *smc, void *arg)
{
	struct dump *dump = arg;
	const struct nlmsghdr *asked = dump->cb->nlh;
	const struct smc_diag_req *req = nlmsg_data(asked);
	struct nlmsghdr *nlh;
	int err;

	nlh = nlmsg_put(dump->skb, NETLINK_CB(dump->cb->skb).portid,
			asked->nlmsg_seq, asked->nlmsg_type,
			sizeof(struct smc_diag_msg), NLM_F_MULTI);
	if (!nlh)
		return -EMSGSIZE;
	spin_lock_bh(&smc->lock);
	fill_msg(nlmsg_data(nlh), smc, dump->user_ns);
	err = put_attrs(dump->skb, smc, req->diag_ext);
	spin_unlock_bh(&smc->lock);
	if (err) {
		nlmsg_cancel(dump->skb, nlh);
		return err;
	}
	nlmsg_end(dump->skb, nlh);
	return 0;
}

static int dibs_smc_diag_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dibs_smc_cursor *cursor = (struct dibs_smc_cursor *)cb->ctx;
	struct dump dump = {
		.skb = skb,
		.cb = cb,
		.user_ns = sk_user_ns(NETLINK_CB(cb->skb).sk),
	};
	int err;

	BUILD_BUG_ON(sizeof(*cursor) > sizeof(cb->ctx));
	err = dibs_smc_table_walk(sock_net(skb->sk), cursor, dump_one, &dump);
	/* No room is no error as long as something was put. */
	return skb->len ? : err;
}

static int dibs_smc_diag_request(struct sk_buff *skb, struct nlmsghdr *nlh)
{
	struct netlink_dump_control control = {
		.dump = dibs_smc_diag_dump,
		.min_dump_alloc = SKB_WITH_OVERHEAD(32768),
	};

	if (nlmsg_len(nlh) < sizeof(struct smc_diag_req))
		return -EINVAL;
	if (nlh->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    !(nlh->nlmsg_flags & NLM_F_DUMP))
		return -EOPNOTSUPP;
	return netlink_dump_start(sock_net(skb->sk)->diag_nlsk, skb, nlh,
				  &control);
}

static const struct sock_diag_handler dibs_smc_diag_handler = {
	.owner = THIS_MODULE,
	.family = AF_SMC,
	.dump = dibs_smc_diag_request,
};

int dibs_smc_diag_start(void)
{
	return sock_diag_register(&dibs_smc_diag_handler);
}

void dibs_smc_diag_stop(void)
{
	sock_diag_unregister(&dibs_smc_diag_handler);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * sock_diag of AF_SMC: what "dibs smc list" and smcss(8) ask. Everybody may
 * see the sockets of the own namespace. The format is <linux/smc_diag.h>.
 *
 * What a dump sees of a connection that changes meanwhile may not fit together,
 * as with TCP's.
 *
 * A connection through DMBs stays while it is looked at: close() takes its
 * socket out of the table first, which waits for the dump; connect(AF_UNSPEC)
 * takes it out of its socket and waits for RCU.
 */
#include <linux/inet_diag.h>
#include <linux/module.h>
#include <linux/sock_diag.h>
#include <uapi/linux/smc_diag.h>

#include "conn.h"
#include "group.h"
#include "smc.h"
#include "uapi/linux/dibs_smc.h"

struct dump {
	struct sk_buff *skb;
	const struct netlink_callback *cb;
	struct user_namespace *user_ns;
	bool tokens;		/* whoever asks may see them */
};

static_assert(offsetof(struct dibs_smc_diag_dmbinfo, peer_gid) ==
	      offsetof(struct smcd_diag_dmbinfo, peer_gid));
static_assert(sizeof(struct dibs_smc_diag_dmbinfo) >=
	      sizeof(struct smcd_diag_dmbinfo));

/* The nearest state of SMC for a socket that TCP carries, or nobody yet. */
static enum smc_state state_of(const struct sock *sk, const struct dibs_smc *smc)
{
	switch (inet_sk_state_load(sk)) {
	case TCP_ESTABLISHED:
		return smc->carrier == DIBS_SMC_AGREEING ?
		       SMC_STATE_INIT : SMC_STATE_ACTIVE;
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

/*
 * The addresses are TCP's, whose bind() and connect() write them under the
 * socket's lock: a dump may show halves of old and new ones.
 */
static void fill_id(struct inet_diag_sockid *id, struct sock *sk)
{
	const struct inet_sock *inet = inet_sk(sk);

	id->idiag_sport = READ_ONCE(inet->inet_sport);
	id->idiag_dport = READ_ONCE(inet->inet_dport);
	id->idiag_if = READ_ONCE(sk->sk_bound_dev_if);
	sock_diag_save_cookie(sk, id->idiag_cookie);
#if IS_ENABLED(CONFIG_IPV6)
	if (READ_ONCE(sk->sk_family) == AF_INET6) {
		/* As above: with TCP's bind() and connect(). */
		data_race(memcpy(id->idiag_src, &sk->sk_v6_rcv_saddr, 16));
		/* Likewise. */
		data_race(memcpy(id->idiag_dst, &sk->sk_v6_daddr, 16));
		return;
	}
#endif
	id->idiag_src[0] = READ_ONCE(sk->sk_rcv_saddr);
	id->idiag_dst[0] = READ_ONCE(sk->sk_daddr);
}

/* @conn: NULL if TCP carries it, or nobody yet. */
static void fill_msg(struct smc_diag_msg *msg, struct dibs_smc *smc,
		     const struct smc_conn *conn,
		     struct user_namespace *user_ns)
{
	struct sock *sk = smc->sk;

	memset(msg, 0, sizeof(*msg));
	msg->diag_family = AF_SMC;
	msg->diag_uid = from_kuid_munged(user_ns, sock_i_uid(sk));
	msg->diag_inode = sock_i_ino(sk);
	msg->diag_shutdown = READ_ONCE(sk->sk_shutdown);
	fill_id(&msg->id, sk);
	if (!conn) {
		msg->diag_mode = SMC_DIAG_MODE_FALLBACK_TCP;
		msg->diag_state = state_of(sk, smc);
		return;
	}
	msg->diag_mode = SMC_DIAG_MODE_SMCD;
	msg->diag_state = READ_ONCE(conn->state);
	/* The peer's end comes by the DMB, before TCP's. */
	if (smc_rx_ended(conn))
		msg->diag_shutdown |= RCV_SHUTDOWN;
}

static u64 gid_half(const u8 *half)
{
	__be64 word;

	memcpy(&word, half, sizeof(word));
	return be64_to_cpu(word);
}

static int put_dmbinfo(struct sk_buff *skb, const struct smc_conn *conn,
		       bool tokens)
{
	const u8 *gid = dibs_dev_gid(conn->group->dev)->b;
	const u8 *rgid = conn->group->rgid.b;
	struct dibs_smc_diag_dmbinfo info = {
		.linkid = conn->group->id,
		.peer_gid = gid_half(rgid),
		.peer_gid_ext = gid_half(rgid + 8),
		.my_gid = gid_half(gid),
		.my_gid_ext = gid_half(gid + 8),
		.token = tokens ? dibs_dmb_token(conn->dmb) : 0,
		.peer_token = tokens ? conn->peer_token : 0,
	};

	return nla_put(skb, SMC_DIAG_DMBINFO, sizeof(info), &info);
}

static struct smc_diag_cursor diag_cursor(u64 word)
{
	struct smc_cursor cursor = smc_cdc_word_cursor(word);

	return (struct smc_diag_cursor){
		.wrap = cursor.wrap,
		.count = cursor.count,
	};
}

/*
 * What the peer wrote is shown as it is. There is no send buffer but the peer's
 * ring.
 */
static int put_conninfo(struct sk_buff *skb, const struct smc_conn *conn)
{
	u64 consumer = READ_ONCE(conn->mine->consumer);
	u64 prod = READ_ONCE(conn->prod_word);
	struct smc_cdc_flags flags = smc_cdc_word_flags(consumer);
	struct smc_diag_conninfo info = {
		.token = dibs_dmb_index(conn->dmb),
		.sndbuf_size = conn->tx_size,
		.rmbe_size = conn->rx_size,
		.peer_rmbe_size = conn->tx_size,
		.rx_prod = diag_cursor(READ_ONCE(conn->mine->producer)),
		.rx_cons = diag_cursor(READ_ONCE(conn->cons_word)),
		.tx_prod = diag_cursor(prod),
		.tx_cons = diag_cursor(consumer),
		.rx_prod_flags = flags.prod,
		.rx_conn_state_flags = flags.state,
		.tx_prod_flags = READ_ONCE(conn->flags.prod),
		.tx_conn_state_flags = READ_ONCE(conn->flags.state),
		.tx_prep = diag_cursor(prod),
		.tx_sent = diag_cursor(prod),
		.tx_fin = diag_cursor(consumer),
	};

	return nla_put(skb, SMC_DIAG_CONNINFO, sizeof(info), &info);
}

static bool asked_for(u8 ext, int attr)
{
	return ext & BIT(attr - 1);
}

static int put_conn_attrs(struct sk_buff *skb, const struct smc_conn *conn,
			  u8 ext, bool tokens)
{
	if (nla_put_string(skb, DIBS_SMC_DIAG_DEVICE,
			   dibs_dev_name(conn->group->dev)) ||
	    (asked_for(ext, SMC_DIAG_CONNINFO) && put_conninfo(skb, conn)) ||
	    (asked_for(ext, SMC_DIAG_DMBINFO) &&
	     put_dmbinfo(skb, conn, tokens)))
		return -EMSGSIZE;
	return 0;
}

static int put_attrs(struct sk_buff *skb, struct dibs_smc *smc, u8 shutdown,
		     u8 ext)
{
	struct smc_diag_fallback fallback = {
		.reason = smc->reason,
		.peer_diagnosis = smc->peer_reason,
	};

	if (nla_put(skb, SMC_DIAG_FALLBACK, sizeof(fallback), &fallback))
		return -EMSGSIZE;
	if (asked_for(ext, SMC_DIAG_SHUTDOWN) &&
	    nla_put_u8(skb, SMC_DIAG_SHUTDOWN, shutdown))
		return -EMSGSIZE;
	return nla_put_u8(skb, DIBS_SMC_DIAG_FAMILY,
			  READ_ONCE(smc->sk->sk_family));
}

/* One socket's message. Holding its lock, under RCU. 0 or -EMSGSIZE. */
static int put_socket(const struct dump *dump, struct smc_diag_msg *msg,
		      struct dibs_smc *smc, u8 ext)
{
	struct smc_conn *conn = rcu_dereference(smc->conn);
	int err;

	lockdep_assert_held(&smc->lock);
	fill_msg(msg, smc, conn, dump->user_ns);
	err = put_attrs(dump->skb, smc, msg->diag_shutdown, ext);
	if (!err && conn)
		err = put_conn_attrs(dump->skb, conn, ext, dump->tokens);
	return err;
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
	rcu_read_lock();
	spin_lock_bh(&smc->lock);
	err = put_socket(dump, nlmsg_data(nlh), smc, req->diag_ext);
	spin_unlock_bh(&smc->lock);
	rcu_read_unlock();
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
		.tokens = netlink_ns_capable(cb->skb,
					     sock_net(skb->sk)->user_ns,
					     CAP_NET_ADMIN),
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

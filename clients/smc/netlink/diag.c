// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * sock_diag of AF_SMC, for "dibs smc list" and smcss(8). Any user may list the
 * sockets of its own network namespace. The format is that of
 * <linux/smc_diag.h>. Process context.
 *
 * A dump is no snapshot: the fields of a connection that changes meanwhile may
 * not fit together, as with TCP's sock_diag.
 *
 * A connection is not freed while it is dumped: close() first takes its socket
 * out of the table, which waits for the dump; connect(AF_UNSPEC) takes the
 * connection out of its socket and waits for an RCU grace period.
 */
#include <linux/inet_diag.h>
#include <linux/module.h>
#include <linux/sock_diag.h>
#include <uapi/linux/smc_diag.h>

#include "conn/conn.h"
#include "conn/group.h"
#include "netlink/netlink.h"
#include "state/smc.h"
#include "uapi/linux/dibs_smc.h"

struct smc_diag_dump {
	struct sk_buff *skb;
	const struct netlink_callback *cb;
	struct user_namespace *user_ns;
	bool tokens;		/* the caller may see DMB tokens */
};

static_assert(offsetof(struct dibs_smc_diag_dmbinfo, peer_gid) ==
	      offsetof(struct smcd_diag_dmbinfo, peer_gid));
static_assert(sizeof(struct dibs_smc_diag_dmbinfo) >=
	      sizeof(struct smcd_diag_dmbinfo));

/* The closest SMC state for a socket that TCP carries, or nothing yet. */
static enum dibs_smc_state smc_diag_state(const struct sock *sk,
					  const struct smc_sock *smc)
{
	switch (inet_sk_state_load(sk)) {
	case TCP_ESTABLISHED:
		return smc->carrier == SMC_CARRIER_HANDSHAKE ?
		       DIBS_SMC_STATE_INIT : DIBS_SMC_STATE_ACTIVE;
	case TCP_LISTEN:
		return DIBS_SMC_STATE_LISTEN;
	case TCP_FIN_WAIT1:
	case TCP_FIN_WAIT2:
		return DIBS_SMC_STATE_PEERCLOSEWAIT1;
	case TCP_CLOSING:
		return DIBS_SMC_STATE_PEERCLOSEWAIT2;
	case TCP_CLOSE_WAIT:
		return DIBS_SMC_STATE_APPCLOSEWAIT1;
	case TCP_LAST_ACK:
		return DIBS_SMC_STATE_APPCLOSEWAIT2;
	case TCP_CLOSE:
		return smc->carrier == SMC_CARRIER_UNDECIDED ?
		       DIBS_SMC_STATE_INIT : DIBS_SMC_STATE_CLOSED;
	default:
		return DIBS_SMC_STATE_INIT;
	}
}

/*
 * TCP's bind() and connect() write the addresses under the socket lock, which
 * is not held here: a dump may show a mix of old and new ones.
 */
static void smc_diag_fill_id(struct inet_diag_sockid *id, struct sock *sk)
{
	const struct inet_sock *inet = inet_sk(sk);

	id->idiag_sport = READ_ONCE(inet->inet_sport);
	id->idiag_dport = READ_ONCE(inet->inet_dport);
	id->idiag_if = READ_ONCE(sk->sk_bound_dev_if);
	sock_diag_save_cookie(sk, id->idiag_cookie);
#if IS_ENABLED(CONFIG_IPV6)
	if (READ_ONCE(sk->sk_family) == AF_INET6) {
		/* Races with TCP's bind() and connect(), see above. */
		data_race(memcpy(id->idiag_src, &sk->sk_v6_rcv_saddr, 16));
		/* The same. */
		data_race(memcpy(id->idiag_dst, &sk->sk_v6_daddr, 16));
		return;
	}
#endif
	id->idiag_src[0] = READ_ONCE(sk->sk_rcv_saddr);
	id->idiag_dst[0] = READ_ONCE(sk->sk_daddr);
}

/* @conn is NULL if TCP carries the socket, or nothing yet. */
static void smc_diag_fill_msg(struct smc_diag_msg *msg, struct smc_sock *smc,
			      const struct smc_conn *conn,
			      struct user_namespace *user_ns)
{
	struct sock *sk = smc->sk;

	memset(msg, 0, sizeof(*msg));
	msg->diag_family = AF_SMC;
	msg->diag_uid = from_kuid_munged(user_ns, sock_i_uid(sk));
	msg->diag_inode = sock_i_ino(sk);
	msg->diag_shutdown = READ_ONCE(sk->sk_shutdown);
	smc_diag_fill_id(&msg->id, sk);
	if (!conn) {
		msg->diag_mode = SMC_DIAG_MODE_FALLBACK_TCP;
		msg->diag_state = smc_diag_state(sk, smc);
		return;
	}
	msg->diag_mode = SMC_DIAG_MODE_SMCD;
	msg->diag_state = READ_ONCE(conn->state);
	/* The DMB reports the peer's end of stream before TCP does. */
	if (smc_rx_ended(conn))
		msg->diag_shutdown |= RCV_SHUTDOWN;
}

static int smc_diag_put_dmbinfo(struct sk_buff *skb,
				const struct smc_conn *conn, bool tokens)
{
	const uuid_t *gid = dibs_dev_gid(conn->group->dev);
	const uuid_t *rgid = &conn->group->rgid;
	struct dibs_smc_diag_dmbinfo info = {
		.linkid = conn->group->id,
		.peer_gid = dibs_gid_to_u64(rgid),
		.peer_gid_ext = smc_gid_ext(rgid),
		.my_gid = dibs_gid_to_u64(gid),
		.my_gid_ext = smc_gid_ext(gid),
		.token = tokens ? dibs_dmb_token(conn->dmb) : 0,
		.peer_token = tokens ? conn->peer_token : 0,
	};

	return nla_put(skb, SMC_DIAG_DMBINFO, sizeof(info), &info);
}

static struct smc_diag_cursor smc_diag_cursor(u64 word)
{
	struct smc_cursor cursor = smc_cdc_word_cursor(word);

	return (struct smc_diag_cursor){
		.wrap = cursor.wrap,
		.count = cursor.count,
	};
}

/*
 * What the peer wrote into our DMB is shown unchecked. The peer's ring is the
 * only send buffer.
 */
static int smc_diag_put_conninfo(struct sk_buff *skb,
				 const struct smc_conn *conn)
{
	u64 consumer = READ_ONCE(conn->own_cdc->consumer);
	u64 prod = READ_ONCE(conn->prod_word);
	struct smc_cdc_flags flags = smc_cdc_word_flags(consumer);
	struct smc_diag_conninfo info = {
		.token = dibs_dmb_index(conn->dmb),
		.sndbuf_size = conn->tx_size,
		.rmbe_size = conn->rx_size,
		.peer_rmbe_size = conn->tx_size,
		.rx_prod = smc_diag_cursor(READ_ONCE(conn->own_cdc->producer)),
		.rx_cons = smc_diag_cursor(READ_ONCE(conn->cons_word)),
		.tx_prod = smc_diag_cursor(prod),
		.tx_cons = smc_diag_cursor(consumer),
		.rx_prod_flags = flags.prod,
		.rx_conn_state_flags = flags.state,
		.tx_prod_flags = READ_ONCE(conn->flags.prod),
		.tx_conn_state_flags = READ_ONCE(conn->flags.state),
		.tx_prep = smc_diag_cursor(prod),
		.tx_sent = smc_diag_cursor(prod),
		.tx_fin = smc_diag_cursor(consumer),
	};

	return nla_put(skb, SMC_DIAG_CONNINFO, sizeof(info), &info);
}

static bool smc_diag_wants(u8 ext, int attr)
{
	return ext & BIT(attr - 1);
}

static int smc_diag_put_conn(struct sk_buff *skb, const struct smc_conn *conn,
			     u8 ext, bool tokens)
{
	if (nla_put_string(skb, DIBS_SMC_DIAG_DEVICE,
			   dibs_dev_name(conn->group->dev)) ||
	    (smc_diag_wants(ext, SMC_DIAG_CONNINFO) &&
	     smc_diag_put_conninfo(skb, conn)) ||
	    (smc_diag_wants(ext, SMC_DIAG_DMBINFO) &&
	     smc_diag_put_dmbinfo(skb, conn, tokens)))
		return -EMSGSIZE;
	return 0;
}

static int smc_diag_put_attrs(struct sk_buff *skb, struct smc_sock *smc,
			      u8 shutdown, u8 ext)
{
	struct smc_diag_fallback fallback = {
		.reason = smc->reason,
		.peer_diagnosis = smc->peer_reason,
	};

	if (nla_put(skb, SMC_DIAG_FALLBACK, sizeof(fallback), &fallback))
		return -EMSGSIZE;
	if (smc_diag_wants(ext, SMC_DIAG_SHUTDOWN) &&
	    nla_put_u8(skb, SMC_DIAG_SHUTDOWN, shutdown))
		return -EMSGSIZE;
	return nla_put_u8(skb, DIBS_SMC_DIAG_FAMILY,
			  READ_ONCE(smc->sk->sk_family));
}

/*
 * Fills in one socket's message. Called with smc->lock held, under RCU.
 * Returns 0 or -EMSGSIZE.
 */
static int smc_diag_put_socket(const struct smc_diag_dump *dump,
			       struct smc_diag_msg *msg, struct smc_sock *smc,
			       u8 ext)
{
	struct smc_conn *conn = rcu_dereference(smc->conn);
	int err;

	lockdep_assert_held(&smc->lock);
	smc_diag_fill_msg(msg, smc, conn, dump->user_ns);
	err = smc_diag_put_attrs(dump->skb, smc, msg->diag_shutdown, ext);
	if (!err && conn)
		err = smc_diag_put_conn(dump->skb, conn, ext, dump->tokens);
	return err;
}

/* Called with the lock of the table's bucket held: the socket stays. */
static int smc_diag_dump_socket(struct smc_sock *smc, void *arg)
{
	struct smc_diag_dump *dump = arg;
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
	err = smc_diag_put_socket(dump, nlmsg_data(nlh), smc, req->diag_ext);
	spin_unlock_bh(&smc->lock);
	rcu_read_unlock();
	if (err) {
		nlmsg_cancel(dump->skb, nlh);
		return err;
	}
	nlmsg_end(dump->skb, nlh);
	return 0;
}

static int smc_diag_dump_sockets(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	struct smc_table_cursor *cursor = (struct smc_table_cursor *)cb->ctx;
	struct smc_diag_dump dump = {
		.skb = skb,
		.cb = cb,
		.user_ns = sk_user_ns(NETLINK_CB(cb->skb).sk),
		.tokens = netlink_ns_capable(cb->skb,
					     sock_net(skb->sk)->user_ns,
					     CAP_NET_ADMIN),
	};
	int err;

	BUILD_BUG_ON(sizeof(*cursor) > sizeof(cb->ctx));
	err = smc_table_walk(sock_net(skb->sk), cursor, smc_diag_dump_socket,
			     &dump);
	/* A full skb is no error as long as it has a message. */
	return skb->len ? : err;
}

static int smc_diag_request(struct sk_buff *skb, struct nlmsghdr *nlh)
{
	struct netlink_dump_control control = {
		.dump = smc_diag_dump_sockets,
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

static const struct sock_diag_handler smc_diag_handler = {
	.owner = THIS_MODULE,
	.family = AF_SMC,
	.dump = smc_diag_request,
};

int smc_diag_start(void)
{
	return sock_diag_register(&smc_diag_handler);
}

void smc_diag_stop(void)
{
	sock_diag_unregister(&smc_diag_handler);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * CLC messages on a TCP connection. The bytes behind a message belong to the
 * program and are left in the stream. Called by handshakes and by state/late.c;
 * process context, socket not locked.
 */
#include <net/tcp.h>

#include "clc/io.h"

/*
 * Puts an error of the connection back: the program must see it, and receiving
 * has cleared it.
 */
static int smc_clc_keep_error(struct sock *sk, int ret)
{
	if (ret < 0 && ret != -EAGAIN && ret != -EINTR &&
	    ret != -ERESTARTSYS && ret != -ENOTCONN && ret != -EPIPE)
		WRITE_ONCE(sk->sk_err, -ret);
	return ret;
}

/* The socket of a sock that nobody has accepted yet; it has no waiters. */
static struct socket_alloc smc_clc_dummy = {
	.socket.wq.wait =
		__WAIT_QUEUE_HEAD_INITIALIZER(smc_clc_dummy.socket.wq.wait),
};

/* Holding the socket lock; sk_callback_lock is for softirqs that read these. */
static void smc_clc_set_socket(struct sock *sk, struct socket *sock)
{
	write_lock_bh(&sk->sk_callback_lock);
	rcu_assign_pointer(sk->sk_wq, sock ? &sock->wq : NULL);
	sk_set_socket(sk, sock);
	write_unlock_bh(&sk->sk_callback_lock);
}

/*
 * tcp_sendmsg_locked() requires a struct socket: when it is out of memory, it
 * sets the flag SOCK_NOSPACE there.
 */
static int smc_clc_sendmsg(struct sock *sk, struct msghdr *msg, size_t len)
{
	bool dummy = !sk->sk_socket;
	int ret;

	sock_owned_by_me(sk);
	if (dummy)
		smc_clc_set_socket(sk, &smc_clc_dummy.socket);
	ret = tcp_sendmsg_locked(sk, msg, len);
	if (dummy)
		smc_clc_set_socket(sk, NULL);
	return ret;
}

/**
 * smc_clc_send() - send what is left of a message
 * @sk: a connected TCP sock
 * @io: with the message
 *
 * Neither the program's TCP_CORK nor Nagle's algorithm delays it.
 *
 * Return: 0 if all is sent; -EAGAIN: call again later; other -errno: the
 * connection is broken.
 */
int smc_clc_send(struct sock *sk, struct smc_clc_io *io)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	struct kvec vec;
	u8 nonagle;
	int ret;

	if (io->out_done == io->out_len)
		return 0;
	vec.iov_base = io->out + io->out_done;
	vec.iov_len = io->out_len - io->out_done;
	iov_iter_kvec(&msg.msg_iter, WRITE, &vec, 1, vec.iov_len);
	lock_sock(sk);
	nonagle = tp->nonagle;
	tp->nonagle = TCP_NAGLE_OFF | TCP_NAGLE_PUSH;
	ret = smc_clc_sendmsg(sk, &msg, vec.iov_len);
	tp->nonagle = nonagle;
	release_sock(sk);
	if (ret < 0)
		return smc_clc_keep_error(sk, ret);
	io->out_done += ret;
	return io->out_done == io->out_len ? 0 : -EAGAIN;
}

static int smc_clc_recv(struct sock *sk, void *buf, size_t len, int flags)
{
	struct kvec vec = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = {};
	int addr_len = 0;
	int peek_off, ret;

	iov_iter_kvec(&msg.msg_iter, READ, &vec, 1, len);
	/* The program's SO_PEEK_OFF must count only its own bytes. */
	peek_off = READ_ONCE(sk->sk_peek_off);
	WRITE_ONCE(sk->sk_peek_off, -1);
	ret = sk->sk_prot->recvmsg(sk, &msg, len, MSG_DONTWAIT | flags,
				   &addr_len);
	WRITE_ONCE(sk->sk_peek_off, peek_off);
	return smc_clc_keep_error(sk, ret);
}

/* Receives a header. What is not one stays in the stream. */
static int smc_clc_receive_header(struct sock *sk, struct smc_clc_io *io)
{
	int n, err;

	n = smc_clc_recv(sk, io->in, SMC_CLC_HEADER_LEN, MSG_PEEK);
	if (n < 0)
		return n;
	err = n ? smc_clc_header_parse(io->in, n, &io->header) : -EAGAIN;
	/* Too short, and no more will come. */
	if (err == -EAGAIN && READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN)
		return -EPROTO;
	if (err && err != -EPROTONOSUPPORT)
		return err;
	if (io->in_msg && io->header.msg != io->in_msg)
		return -EPROTO;
	n = smc_clc_recv(sk, io->in, SMC_CLC_HEADER_LEN, 0);
	io->in_done = SMC_CLC_HEADER_LEN;
	return n == SMC_CLC_HEADER_LEN ? 0 : -EBADMSG;
}

/* For tcp_read_sock(): takes a message that one skb holds, as nearly always. */
static int smc_clc_take_piece(read_descriptor_t *desc, struct sk_buff *skb,
			      unsigned int offset, size_t len)
{
	struct smc_clc_io *io = desc->arg.data;

	if (!desc->count)
		return 0;
	desc->count = 0;
	if (len < SMC_CLC_HEADER_LEN ||
	    skb_copy_bits(skb, offset, io->in, SMC_CLC_HEADER_LEN) ||
	    smc_clc_header_parse(io->in, SMC_CLC_HEADER_LEN, &io->header) ||
	    (io->in_msg && io->header.msg != io->in_msg) ||
	    len < io->header.length ||
	    /* Not the header again: a program may change the page meanwhile. */
	    skb_copy_bits(skb, offset + SMC_CLC_HEADER_LEN,
			  io->in + SMC_CLC_HEADER_LEN,
			  io->header.wanted - SMC_CLC_HEADER_LEN))
		return 0;
	return io->header.length;
}

/* The fast path: takes a message at once if it is complete and valid. */
static bool smc_clc_take(struct sock *sk, struct smc_clc_io *io)
{
	read_descriptor_t desc = { .arg.data = io, .count = 1 };
	int n;

	lock_sock(sk);
	n = tcp_read_sock(sk, &desc, smc_clc_take_piece);
	release_sock(sk);
	return n > 0;
}

/*
 * Is there nothing to receive? The arrival of bytes, or of the stream's end,
 * queues the work, or wakes the reader (state/late.c), which looks again.
 */
static bool smc_clc_is_idle(const struct sock *sk)
{
	/* After adding to the wait queue; pairs with skwq_has_sleeper()'s. */
	smp_mb();
	return skb_queue_empty_lockless(&sk->sk_receive_queue) &&
	       !(READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN) &&
	       !READ_ONCE(sk->sk_err) &&
	       inet_sk_state_load(sk) == TCP_ESTABLISHED;
}

/**
 * smc_clc_receive() - receive a message
 * @sk: a connected TCP sock
 * @io: keeps what has arrived
 *
 * Return: 0: &smc_clc_io.in has &smc_clc_header.wanted bytes of the message,
 * the rest is drained; the next call begins with a new message. -EAGAIN: the
 * message is incomplete. -EPROTO: no message to take, the bytes are left to the
 * program. -EBADMSG: an invalid message, whose end is unknown.
 * -EPROTONOSUPPORT: a message of another version, drained. Other -errno: the
 * connection is broken.
 */
int smc_clc_receive(struct sock *sk, struct smc_clc_io *io)
{
	u8 tail[64];
	int n;

	if (!io->in_done) {
		int err;

		if (smc_clc_is_idle(sk))
			return -EAGAIN;
		if (smc_clc_take(sk, io))
			return 0;
		err = smc_clc_receive_header(sk, io);
		if (err)
			return err;
	}
	while (io->in_done < io->header.length) {
		/* Bytes that the parser does not need are dropped. */
		if (io->in_done < io->header.wanted)
			n = smc_clc_recv(sk, io->in + io->in_done,
					 io->header.wanted - io->in_done, 0);
		else
			n = smc_clc_recv(sk, tail,
					 min_t(u32, sizeof(tail),
					       io->header.length -
					       io->in_done), 0);
		if (!n)
			return -EBADMSG;
		if (n < 0)
			return n;
		io->in_done += n;
	}
	io->in_done = 0;
	return io->header.version > SMC_CLC_V2 || !io->header.version ?
	       -EPROTONOSUPPORT : 0;
}

/* Takes all that has arrived, the rest of a bad message, off the connection. */
void smc_clc_discard(struct sock *sk, struct smc_clc_io *io)
{
	int i;

	for (i = 0; i < 64; i++)
		if (smc_clc_recv(sk, io->in, sizeof(io->in), 0) <= 0)
			break;
	io->in_done = 0;
}

/**
 * smc_clc_drop() - drop the message of a connection that broke
 * @sk: a TCP sock in state TCP_CLOSE
 * @io: as smc_clc_receive() left it
 *
 * Takes what has arrived of a message off the connection, so that the program
 * does not see it, and leaves anything else. Reads no more than is there: the
 * error behind it is for the program, too.
 */
void smc_clc_drop(struct sock *sk, struct smc_clc_io *io)
{
	int err = 0, left, n;

	lock_sock(sk);
	left = tcp_inq(sk);
	release_sock(sk);
	if (!io->in_done) {
		if (left < SMC_CLC_HEADER_LEN ||
		    smc_clc_recv(sk, io->in, SMC_CLC_HEADER_LEN, MSG_PEEK) !=
		    SMC_CLC_HEADER_LEN)
			return;
		err = smc_clc_header_parse(io->in, SMC_CLC_HEADER_LEN,
					   &io->header);
	}
	if (err == -EPROTO)
		return;
	/* The end of an invalid message is unknown: drops all there is. */
	if (err != -EBADMSG)
		left = min_t(int, left, io->header.length - io->in_done);
	for (; left > 0; left -= n) {
		n = smc_clc_recv(sk, io->in,
				 min_t(int, left, sizeof(io->in)), 0);
		if (n <= 0)
			break;
	}
	io->in_done = 0;
}

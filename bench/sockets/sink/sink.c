// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * /dev/dibs_sink: copy-only sockets. Data is copied from user space into a ring
 * that nobody reads, so no transport through memory can send faster: it is the
 * limit for streams in bench/sockets. Any ioctl() of the device returns the
 * file descriptor of a new socket. Only for benchmarks.
 */
#include <linux/file.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/sizes.h>
#include <linux/uio.h>
#include <linux/vmalloc.h>
#include <net/sock.h>

/* The size of an SMC-D ring, to have the same cache footprint. */
#define SINK_SIZE SZ_1M

struct sink_sock {
	struct sock sk;		/* first */
	void *ring;
	size_t at;		/* guarded by lock_sock() */
};

static struct proto sink_proto = {
	.name = "dibs_sink",
	.owner = THIS_MODULE,
	.obj_size = sizeof(struct sink_sock),
};

static struct sink_sock *sink_of(struct socket *sock)
{
	return container_of(sock->sk, struct sink_sock, sk);
}

static int sink_sendmsg(struct socket *sock, struct msghdr *msg, size_t len)
{
	struct sink_sock *sink = sink_of(sock);
	size_t done = 0, step, copied;

	lock_sock(sock->sk);
	while (done < len) {
		step = min_t(size_t, len - done, SINK_SIZE - sink->at);
		copied = copy_from_iter(sink->ring + sink->at, step,
					&msg->msg_iter);
		done += copied;
		sink->at = (sink->at + copied) % SINK_SIZE;
		if (copied < step)
			break;
	}
	release_sock(sock->sk);
	return done || !len ? done : -EFAULT;
}

static int sink_release(struct socket *sock)
{
	struct sock *sk = sock->sk;

	if (!sk)
		return 0;
	vfree(sink_of(sock)->ring);
	sock_orphan(sk);
	sock->sk = NULL;
	sock_put(sk);
	return 0;
}

static const struct proto_ops sink_ops = {
	.family = PF_UNSPEC,
	.owner = THIS_MODULE,
	.release = sink_release,
	.bind = sock_no_bind,
	.connect = sock_no_connect,
	.socketpair = sock_no_socketpair,
	.accept = sock_no_accept,
	.getname = sock_no_getname,
	.ioctl = sock_no_ioctl,
	.listen = sock_no_listen,
	.shutdown = sock_no_shutdown,
	.sendmsg = sink_sendmsg,
	.recvmsg = sock_no_recvmsg,
	.mmap = sock_no_mmap,
};

/* Undone by sock_release(). */
static int sink_init_sock(struct socket *sock)
{
	void *ring = vzalloc(SINK_SIZE);
	struct sock *sk;

	if (!ring)
		return -ENOMEM;
	sk = sk_alloc(current->nsproxy->net_ns, PF_UNSPEC, GFP_KERNEL,
		      &sink_proto, 0);
	if (!sk) {
		vfree(ring);
		return -ENOMEM;
	}
	sock_init_data(sock, sk);
	sink_of(sock)->ring = ring;
	sink_of(sock)->at = 0;
	sock->state = SS_CONNECTED;
	__module_get(THIS_MODULE);	/* dropped when the socket is released */
	sock->ops = &sink_ops;
	return 0;
}

static long sink_ioctl(struct file *device, unsigned int cmd,
		       unsigned long arg)
{
	struct socket *sock;
	struct file *file;
	int fd, err;

	err = sock_create_lite(PF_UNSPEC, SOCK_STREAM, 0, &sock);
	if (err)
		return err;
	err = sink_init_sock(sock);
	if (err) {
		sock_release(sock);
		return err;
	}
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		sock_release(sock);
		return fd;
	}
	file = sock_alloc_file(sock, O_CLOEXEC, NULL);
	if (IS_ERR(file)) {	/* the socket is released already */
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return fd;
}

static const struct file_operations sink_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = sink_ioctl,
};

static struct miscdevice sink_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "dibs_sink",
	.fops = &sink_fops,
	.mode = 0600,
};
module_misc_device(sink_device);

MODULE_DESCRIPTION("Copy-only sockets, the limit of streams in benchmarks");
MODULE_AUTHOR("The DIBS authors");
MODULE_LICENSE("GPL");

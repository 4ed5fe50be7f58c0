/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Differences between kernels in socket families.
 */
#ifndef _DIBS_COMPAT_NET_H
#define _DIBS_COMPAT_NET_H

#include <linux/net.h>
#include <linux/version.h>

/*
 * Since 6.10, accept() takes a struct. dibs_ops_accept() calls the accept() of
 * a proto_ops; DIBS_ACCEPT_OP() defines an accept() for a proto_ops that calls
 * @fn with the struct.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
struct proto_accept_arg {
	int flags;
	bool kern;
};

static inline int dibs_ops_accept(const struct proto_ops *ops,
				  struct socket *sock, struct socket *newsock,
				  struct proto_accept_arg *arg)
{
	return ops->accept(sock, newsock, arg->flags, arg->kern);
}

#define DIBS_ACCEPT_OP(name, fn)					\
static int name(struct socket *sock, struct socket *newsock, int flags,	\
		bool kern)						\
{									\
	struct proto_accept_arg arg = { .flags = flags, .kern = kern };	\
									\
	return fn(sock, newsock, &arg);					\
}
#else
static inline int dibs_ops_accept(const struct proto_ops *ops,
				  struct socket *sock, struct socket *newsock,
				  struct proto_accept_arg *arg)
{
	return ops->accept(sock, newsock, arg);
}

#define DIBS_ACCEPT_OP(name, fn)					\
static int name(struct socket *sock, struct socket *newsock,		\
		struct proto_accept_arg *arg)				\
{									\
	return fn(sock, newsock, arg);					\
}
#endif

/*
 * Since 6.5, pages are sent by sendmsg() with MSG_SPLICE_PAGES, before by
 * sendpage(). DIBS_SENDPAGE_OP() defines a sendpage() for a proto_ops that
 * calls
 * @seen and then sendmsg(), on kernels that have sendpage().
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define DIBS_SENDPAGE_OP(name, seen)					\
static ssize_t name(struct socket *sock, struct page *page, int offset,	\
		    size_t size, int flags)				\
{									\
	seen(sock);							\
	return sock_no_sendpage(sock, page, offset, size, flags);	\
}

#define dibs_ops_set_sendpage(ops, fn)	((ops)->sendpage = (fn))

static inline bool dibs_msg_has_pages(const struct msghdr *msg)
{
	return false;
}
#else
#define DIBS_SENDPAGE_OP(name, seen)
#define dibs_ops_set_sendpage(ops, fn)	do { } while (0)

static inline bool dibs_msg_has_pages(const struct msghdr *msg)
{
	return msg->msg_flags & MSG_SPLICE_PAGES;
}
#endif

/* Sets the function that is called at the end of a sendfile(); since 6.5. */
static inline void dibs_ops_set_splice_eof(struct proto_ops *ops,
					   void (*fn)(struct socket *sock))
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
	ops->splice_eof = fn;
#endif
}

#endif /* _DIBS_COMPAT_NET_H */

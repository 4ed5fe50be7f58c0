// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * See admin.h. The socket has a file like that of a program, because the rights
 * checked are also those of the opener.
 */
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "admin.h"

#define ADMIN_LEN	512

static struct file *admin_open(struct net *net)
{
	struct socket *sock;
	int err;

	err = sock_create_kern(net, AF_NETLINK, SOCK_RAW, NETLINK_GENERIC,
			       &sock);
	if (err)
		return ERR_PTR(err);
	/* Releases the socket if it fails. */
	return sock_alloc_file(sock, O_CLOEXEC, NULL);
}

static struct nlmsghdr *admin_put(struct sk_buff *skb, int type, u8 cmd)
{
	struct nlmsghdr *nlh = nlmsg_put(skb, 0, 1, type, GENL_HDRLEN,
					 NLM_F_REQUEST | NLM_F_ACK);
	struct genlmsghdr *genl = nlmsg_data(nlh);

	*genl = (struct genlmsghdr){
		.cmd = cmd,
		.version = DIBS_GENL_VERSION,
	};
	return nlh;
}

/* Sends @skb and receives the first answer. Returns its length or -errno. */
static int admin_exchange(struct file *file, struct sk_buff *skb,
			  void *answer)
{
	struct socket *sock = sock_from_file(file);
	struct kvec vec = { skb->data, skb->len };
	struct msghdr msg = {};
	int err;

	err = kernel_sendmsg(sock, &msg, &vec, 1, skb->len);
	if (err < 0)
		return err;
	vec = (struct kvec){ answer, ADMIN_LEN };
	memset(&msg, 0, sizeof(msg));
	return kernel_recvmsg(sock, &msg, &vec, 1, ADMIN_LEN, 0);
}

/* The error code of an acknowledgment. */
static int admin_result(const struct nlmsghdr *nlh, int len)
{
	const struct nlmsgerr *err;

	if (len < 0)
		return len;
	if (!nlmsg_ok(nlh, len) || nlh->nlmsg_type != NLMSG_ERROR)
		return -EBADMSG;
	err = nlmsg_data(nlh);
	return err->error;
}

/* The id of the family, or -errno. */
static int admin_family(struct file *file, struct sk_buff *skb, void *answer)
{
	struct nlmsghdr *nlh = admin_put(skb, GENL_ID_CTRL,
					 CTRL_CMD_GETFAMILY);
	const struct nlattr *attr;
	int len, family = -ENOENT;

	nla_put_string(skb, CTRL_ATTR_FAMILY_NAME, DIBS_GENL_NAME);
	nlmsg_end(skb, nlh);
	len = admin_exchange(file, skb, answer);
	nlh = answer;
	if (len < 0)
		return len;
	if (nlmsg_ok(nlh, len) && nlh->nlmsg_type == GENL_ID_CTRL) {
		attr = nlmsg_find_attr(nlh, GENL_HDRLEN, CTRL_ATTR_FAMILY_ID);
		family = attr ? nla_get_u16(attr) : -EBADMSG;
	}
	return family;
}

static int admin_do(struct file *file, struct sk_buff *skb, void *answer,
		    const struct admin_request *request, int fd)
{
	struct nlmsghdr *nlh;
	int family = admin_family(file, skb, answer);

	if (family < 0)
		return family;
	/* Drop the acknowledgment of that request. */
	kernel_recvmsg(sock_from_file(file), &(struct msghdr){},
		       &(struct kvec){ answer, ADMIN_LEN }, 1, ADMIN_LEN, 0);
	skb_trim(skb, 0);
	nlh = admin_put(skb, family, request->cmd);
	nla_put_string(skb, DIBS_A_DEV_NAME, request->name);
	if (request->shared)
		nla_put_u8(skb, DIBS_A_DEV_SHARED, *request->shared);
	if (fd >= 0)
		nla_put_u32(skb, DIBS_A_DEV_NETNS_FD, fd);
	nlmsg_end(skb, nlh);
	return admin_result(answer, admin_exchange(file, skb, answer));
}

/* Opens the namespace of a process; returns the descriptor or -errno. */
static int admin_netns_fd(int pid)
{
	struct file *file;
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	file = filp_open(path, O_RDONLY, 0);
	if (IS_ERR(file))
		return PTR_ERR(file);
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		fput(file);
	else
		fd_install(fd, file);
	return fd;
}

static int admin_ask_by(struct file *file, const struct admin_request *request,
			int fd)
{
	struct sk_buff *skb = nlmsg_new(ADMIN_LEN, GFP_KERNEL);
	void *answer = kzalloc(ADMIN_LEN, GFP_KERNEL);
	int err = -ENOMEM;

	if (skb && answer)
		err = admin_do(file, skb, answer, request, fd);
	kfree(answer);
	kfree_skb(skb);
	return err;
}

int admin_ask(const struct admin_request *request)
{
	struct file *file = admin_open(request->net);
	int err, fd = -1;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (request->pid)
		fd = admin_netns_fd(request->pid);
	err = request->pid && fd < 0 ? fd : admin_ask_by(file, request, fd);
	if (fd >= 0)
		close_fd(fd);
	fput(file);
	return err;
}

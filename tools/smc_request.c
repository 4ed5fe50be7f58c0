// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Requests of "dibs smc" to the kernel, see smc.h.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/genetlink.h>
#include <linux/smc.h>
#include <linux/smc_diag.h>
#include <linux/sock_diag.h>

#include "dibs.h"
#include "smc.h"

#ifndef AF_SMC
#define AF_SMC 43
#endif

static char request[1024];
static char buffer[64 * 1024];
static char message[256];	/* the kernel's about an error, or empty */

/* Its attributes begin at @offset. */
static void read_message(const struct nlmsghdr *nlh, size_t offset)
{
	const struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) ||
	    mnl_nlmsg_get_payload_len(nlh) < offset)
		return;
	mnl_attr_for_each(attr, nlh, offset)
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			snprintf(message, sizeof(message), "%s",
				 mnl_attr_get_str(attr));
}

static int read_error(const struct nlmsghdr *nlh, void *data)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);
	size_t offset = sizeof(*error);

	(void)data;
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*error)) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	if (!error->error)
		return MNL_CB_STOP;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		offset += MNL_ALIGN(error->msg.nlmsg_len) - sizeof(error->msg);
	read_message(nlh, offset);
	errno = -error->error;
	return MNL_CB_ERROR;
}

/* The end of a dump, which may be that it failed. */
static int read_done(const struct nlmsghdr *nlh, void *data)
{
	const int *error = mnl_nlmsg_get_payload(nlh);

	(void)data;
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*error) || *error >= 0)
		return MNL_CB_STOP;
	read_message(nlh, MNL_ALIGN(sizeof(*error)));
	errno = -*error;
	return MNL_CB_ERROR;
}

/* Sends the request and gives its answers to @handler; -1 with errno. */
static int ask(struct mnl_socket *nl, const struct nlmsghdr *nlh,
	       mnl_cb_t handler, void *data)
{
	static mnl_cb_t control[] = {
		[NLMSG_ERROR] = read_error,
		[NLMSG_DONE] = read_done,
	};
	unsigned int port = mnl_socket_get_portid(nl);
	ssize_t len;
	int ret;

	message[0] = '\0';
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -1;
	do {
		len = mnl_socket_recvfrom(nl, buffer, sizeof(buffer));
		if (len < 0)
			return -1;
		ret = mnl_cb_run2(buffer, len, nlh->nlmsg_seq, port, handler,
				  data, control, ARRAY_SIZE(control));
	} while (ret > MNL_CB_STOP);
	return ret;
}

static struct mnl_socket *open_bus(int bus)
{
	struct mnl_socket *nl = mnl_socket_open2(bus, SOCK_CLOEXEC);
	int on = 1;

	if (!nl)
		return NULL;
	/* Without it there is no more than errno. */
	mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &on, sizeof(on));
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		mnl_socket_close(nl);
		return NULL;
	}
	return nl;
}

static int fail_ask(void)
{
	if (*message)
		return fail("smc: %s", message);
	if (errno == ENOENT)
		return fail("the dibs_smc module is not loaded (modprobe dibs_smc)");
	return fail("smc: %s", strerror(errno));
}

int smc_diag_dump(uint8_t ext, mnl_cb_t handler, void *data)
{
	struct mnl_socket *nl = open_bus(NETLINK_SOCK_DIAG);
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(request);
	struct smc_diag_req *req;
	int ret;

	message[0] = '\0';
	if (!nl)
		return fail_ask();
	nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = 1;
	req = mnl_nlmsg_put_extra_header(nlh, sizeof(*req));
	req->diag_family = AF_SMC;
	req->diag_ext = ext;
	ret = ask(nl, nlh, handler, data) < 0 ? fail_ask() : 0;
	mnl_socket_close(nl);
	return ret;
}

static struct nlmsghdr *genl_begin(uint16_t type, uint8_t cmd, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(request);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = cmd;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = 1;
	return nlh;
}

static int read_family(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID &&
		    mnl_attr_validate(attr, MNL_TYPE_U16) >= 0)
			*(uint16_t *)data = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static int find_family(struct mnl_socket *nl, const char *name,
		       uint16_t *family)
{
	struct nlmsghdr *nlh = genl_begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY,
					  NLM_F_ACK);

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, name);
	return ask(nl, nlh, read_family, family);
}

/* A request to @name; what its answers are to be given to. */
struct smc_genl {
	const char *name;
	uint8_t cmd;
	uint16_t flags;
	const struct smc_attr *attrs;	/* SMC_ATTRS, or NULL */
	mnl_cb_t handler;
	void *data;
};

static int ask_family(struct mnl_socket *nl, const struct smc_genl *genl)
{
	struct nlmsghdr *nlh;
	uint16_t family = 0;
	int i;

	if (find_family(nl, genl->name, &family) < 0)
		return -1;
	nlh = genl_begin(family, genl->cmd, genl->flags);
	for (i = 0; genl->attrs && i < SMC_ATTRS; i++)
		if (genl->attrs[i].text)
			mnl_attr_put_strz(nlh, genl->attrs[i].type,
					  genl->attrs[i].text);
	return ask(nl, nlh, genl->handler, genl->data);
}

static int smc_genl(const struct smc_genl *genl)
{
	struct mnl_socket *nl = open_bus(NETLINK_GENERIC);
	int ret;

	message[0] = '\0';
	if (!nl)
		return fail_ask();
	ret = ask_family(nl, genl) < 0 ? fail_ask() : 0;
	mnl_socket_close(nl);
	return ret;
}

int smc_genl_dump(const char *family, uint8_t cmd, mnl_cb_t handler,
		  void *data)
{
	const struct smc_genl genl = {
		.name = family,
		.cmd = cmd,
		.flags = NLM_F_DUMP,
		.handler = handler,
		.data = data,
	};

	return smc_genl(&genl);
}

/* Texts of up to 255 bytes fit, which is longer than any that is right. */
int smc_genl_change(const char *family, uint8_t cmd,
		    const struct smc_attr attrs[SMC_ATTRS])
{
	const struct smc_genl genl = {
		.name = family,
		.cmd = cmd,
		.flags = NLM_F_ACK,
		.attrs = attrs,
	};
	int i;

	for (i = 0; attrs && i < SMC_ATTRS; i++)
		if (attrs[i].text && strlen(attrs[i].text) > 255)
			return fail("smc: '%.16s...' is too long",
				    attrs[i].text);
	return smc_genl(&genl);
}

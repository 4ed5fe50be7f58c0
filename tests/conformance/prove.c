// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * Proves with sock_diag which way a socket's bytes go (--path).
 */

#include <linux/netlink.h>
#include <linux/smc_diag.h>
#include <linux/sock_diag.h>
#include <sys/stat.h>

#include "conformance.h"

struct request {
	struct nlmsghdr header;
	struct smc_diag_req body;
};

static int ask(void)
{
	struct request request = {
		.header = {
			.nlmsg_len = sizeof(request),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		.body = { .diag_family = AF_SMC },
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd < 0 || send(fd, &request, sizeof(request), 0) < 0)
		broken("sock_diag");
	return fd;
}

/* Returns the mode of the socket with that inode among the messages; -1: not
 * among these, -2: there are no more messages.
 */
static int find_mode(void *data, int len, ino_t inode)
{
	struct nlmsghdr *h;

	for (h = data; NLMSG_OK(h, (unsigned int)len); h = NLMSG_NEXT(h, len)) {
		struct smc_diag_msg *msg = NLMSG_DATA(h);

		if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR)
			return -2;
		if (msg->diag_inode == inode)
			return msg->diag_mode;
	}
	return -1;
}

void prove_carrier(int fd)
{
	static char data[65536] __attribute__((aligned(8)));
	int wanted = setting.path == PATH_TCP ? SMC_DIAG_MODE_FALLBACK_TCP :
						SMC_DIAG_MODE_SMCD;
	int diag, mode = -1, len;
	struct stat st;

	if (setting.path == PATH_ANY || setting.carrier->tcp ||
	    setting.falls_back)
		return;
	if (fstat(fd, &st))
		broken("fstat");
	diag = ask();
	while (mode == -1) {
		len = recv(diag, data, sizeof(data), 0);
		if (len <= 0)
			broken("sock_diag");
		mode = find_mode(data, len, st.st_ino);
	}
	close(diag);
	if (mode != wanted)
		broken(wanted == SMC_DIAG_MODE_SMCD ?
		       "a connection fell back to TCP" :
		       "a connection uses DMBs");
}

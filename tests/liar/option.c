// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Adds the TCP option of SMC to the SYNs and SYN-ACKs of plain TCP sockets,
 * with a BPF program of type SOCK_OPS at the root of the cgroups: TCP calls it
 * when sockets connect and listen, and, for those with our SO_MARK, when it
 * writes headers. It is short enough to be written in instructions, so that no
 * compiler is needed.
 *
 *	switch (ctx->op) {
 *	case TCP_CONNECT_CB, TCP_LISTEN_CB:
 *		if (ctx->sk && ctx->sk->mark == MARK)
 *			bpf_sock_ops_cb_flags_set(ctx, WRITE_HDR_OPT_CB_FLAG);
 *	case HDR_OPT_LEN_CB:
 *		if (ctx->skb_tcp_flags & SYN)
 *			bpf_reserve_hdr_opt(ctx, 6, 0);
 *	case WRITE_HDR_OPT_CB:
 *		if (ctx->skb_tcp_flags & SYN)
 *			bpf_store_hdr_opt(ctx, "fe 06 e2 d4 c3 d9", 6, 0);
 *	}
 *	return 1;
 */
#include <fcntl.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "liar.h"

#define MARK		0x11a6
#define TCP_SYN		0x02
#define OPTION_LEN	6

#define INSN(op, dest, source, o, i) \
	{ .code = (op), .dst_reg = (dest), .src_reg = (source), \
	  .off = (o), .imm = (i) }
#define MOV(dest, source) \
	INSN(BPF_ALU64 | BPF_MOV | BPF_X, dest, source, 0, 0)
#define SET(dest, value) \
	INSN(BPF_ALU64 | BPF_MOV | BPF_K, dest, 0, 0, value)
#define ADD(dest, value) \
	INSN(BPF_ALU64 | BPF_ADD | BPF_K, dest, 0, 0, value)
#define AND(dest, value) \
	INSN(BPF_ALU64 | BPF_AND | BPF_K, dest, 0, 0, value)
#define LOAD(size, dest, base, at) \
	INSN(BPF_LDX | BPF_MEM | (size), dest, base, at, 0)
#define PUT_BYTE(at, value) \
	INSN(BPF_ST | BPF_MEM | BPF_B, BPF_REG_10, 0, at, value)
/* These skip that many instructions. */
#define IF_EQ(reg, value, skip) \
	INSN(BPF_JMP | BPF_JEQ | BPF_K, reg, 0, skip, value)
#define IF_NE(reg, value, skip) \
	INSN(BPF_JMP | BPF_JNE | BPF_K, reg, 0, skip, value)
#define CALL(what) \
	INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_##what)
#define RETURN_1 \
	SET(0, 1), INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

#define CTX(field)	offsetof(struct bpf_sock_ops, field)

static const struct bpf_insn program[] = {
	MOV(6, 1),
	LOAD(BPF_W, 0, 6, CTX(op)),
	IF_EQ(0, BPF_SOCK_OPS_TCP_CONNECT_CB, 5),
	IF_EQ(0, BPF_SOCK_OPS_TCP_LISTEN_CB, 4),
	IF_EQ(0, BPF_SOCK_OPS_HDR_OPT_LEN_CB, 12),
	IF_EQ(0, BPF_SOCK_OPS_WRITE_HDR_OPT_CB, 20),
	RETURN_1,
	/* connects or listens */
	LOAD(BPF_DW, 1, 6, CTX(sk)),
	IF_EQ(1, 0, 5),
	LOAD(BPF_W, 1, 1, offsetof(struct bpf_sock, mark)),
	IF_NE(1, MARK, 3),
	MOV(1, 6),
	SET(2, BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG),
	CALL(sock_ops_cb_flags_set),
	RETURN_1,
	/* length of the option */
	LOAD(BPF_W, 0, 6, CTX(skb_tcp_flags)),
	AND(0, TCP_SYN),
	IF_EQ(0, 0, 4),
	MOV(1, 6),
	SET(2, OPTION_LEN),
	SET(3, 0),
	CALL(reserve_hdr_opt),
	RETURN_1,
	/* the option */
	LOAD(BPF_W, 0, 6, CTX(skb_tcp_flags)),
	AND(0, TCP_SYN),
	IF_EQ(0, 0, 12),
	PUT_BYTE(-8, 0xfe),
	PUT_BYTE(-7, OPTION_LEN),
	PUT_BYTE(-6, 0xe2),
	PUT_BYTE(-5, 0xd4),
	PUT_BYTE(-4, 0xc3),
	PUT_BYTE(-3, 0xd9),
	MOV(1, 6),
	MOV(2, BPF_REG_10),
	ADD(2, -8),
	SET(3, OPTION_LEN),
	SET(4, 0),
	CALL(store_hdr_opt),
	RETURN_1,
};

static int bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int load(void)
{
	static char log[65536];
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCK_OPS,
		.insns = (uintptr_t)program,
		.insn_cnt = sizeof(program) / sizeof(*program),
		.license = (uintptr_t)"GPL",
		.log_buf = (uintptr_t)log,
		.log_size = sizeof(log),
		.log_level = 1,
	};
	int fd = bpf(BPF_PROG_LOAD, &attr);

	if (fd < 0)
		fprintf(stderr, "liar: no BPF: %m\n%s", log);
	return fd;
}

/* Works as long as this process lives. @cgroup: where cgroup2 is mounted. */
bool option_start(const char *cgroup)
{
	union bpf_attr attr = {};

	attr.link_create.target_fd = open(cgroup, O_RDONLY | O_DIRECTORY);
	attr.link_create.attach_type = BPF_CGROUP_SOCK_OPS;
	attr.link_create.prog_fd = load();
	return (int)attr.link_create.prog_fd >= 0 &&
	       bpf(BPF_LINK_CREATE, &attr) >= 0;
}

int liar_socket(void)
{
	int fd = tcp_socket(IPPROTO_TCP);
	int mark = MARK, on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)))
		die("a liar's socket");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

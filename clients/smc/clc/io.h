/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Sends and receives whole CLC messages on a TCP connection without ever
 * waiting. Process context, socket not locked.
 */
#ifndef _DIBS_SMC_CLC_IO_H
#define _DIBS_SMC_CLC_IO_H

#include <net/sock.h>

#include "clc/clc.h"

/**
 * struct smc_clc_io - state of one message in each direction
 * @out:      message to send
 * @out_len:  its length; 0 for none
 * @out_done: bytes of it sent
 * @in:       message received, or its beginning
 * @in_done:  bytes of it taken off the stream, including those beyond @in
 * @in_msg:   take only messages of this type; 0: of any type
 * @header:   header of @in; valid once @in_done is not 0
 */
struct smc_clc_io {
	u16 out_len;
	u16 out_done;
	u32 in_done;
	u8 in_msg;
	struct smc_clc_header header;
	u8 out[SMC_CLC_LEN_MAX];
	u8 in[SMC_CLC_BUF_LEN];
};

int smc_clc_send(struct sock *sk, struct smc_clc_io *io);
int smc_clc_receive(struct sock *sk, struct smc_clc_io *io);
void smc_clc_discard(struct sock *sk, struct smc_clc_io *io);
void smc_clc_drop(struct sock *sk, struct smc_clc_io *io);

#endif /* _DIBS_SMC_CLC_IO_H */

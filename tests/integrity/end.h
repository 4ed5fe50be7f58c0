/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * One end of a connection: writes its stream, and checks that of its peer.
 */
#ifndef _END_H
#define _END_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the program was asked to do */
struct setting {
	uint64_t seed;
	uint64_t bytes;		/* of one stream */
	uint64_t moving;	/* prints "moving" once each received so many */
	unsigned int connections;
	int patience;		/* seconds that a call may take */
	bool tcp;
	bool urgent;
	bool errors;		/* errors are expected */
	const char *damage;	/* how the client damages its stream */
};

extern struct setting setting;

/* How an end fared, the worst last */
enum outcome {
	DONE,		/* both streams were complete and right */
	CUT,		/* the peer's stream ended early, without an error */
	RESET,		/* ECONNRESET */
	SILENT,		/* a call took longer than the patience */
	BROKEN,		/* another error */
	WRONG,		/* a byte that does not belong there */
	OUTCOMES
};

struct stream {
	uint64_t key;
	uint64_t pos;
	uint64_t state;		/* of the generator of sizes and ways */
	unsigned char *buf;
	int pipe[2];
	bool over;
	int error;		/* the errno that ended it, or 0 */
};

struct end {
	unsigned int number;	/* of the connection */
	bool server;
	int fd;
	bool polls;		/* one thread and poll(), or two that block */
	bool urgent;		/* both streams have urgent bytes ... */
	bool in_line;		/* ... that stay in the stream */
	bool damaged;
	bool moved;
	bool wrong;
	struct stream out;
	struct stream in;
};

void end_run(struct end *end);
enum outcome end_outcome(const struct end *end);
void end_moving(void);

#endif /* _END_H */

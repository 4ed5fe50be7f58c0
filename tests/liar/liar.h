/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * A peer that asks for SMC and then lies. One thread runs both ends:
 *
 *	liar       a plain TCP socket; a BPF program adds the option of SMC to
 *	           its SYN or SYN-ACK (option.c); message.c builds the messages
 *	honest     an IPPROTO_SMC socket (honest.c)
 *
 * Nothing is shared with clients/smc: the layout of messages and what has to
 * follow from them are written down a second time.
 */
#ifndef LIAR_H
#define LIAR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* --- reasons, as in <linux/dibs_smc.h> ----------------------------------- */

#define TAKEN		0		/* no reason: it is accepted */
#define MEMORY		0x01010000
#define TIMEOUT		0x02010000
#define NO_SMC		0x03010000	/* the program gets the bytes */
#define NO_V2		0x03030004
#define NO_D_V2		0x03030005
#define NO_DEVICE	0x03030007
#define NO_EID		0x03030008
#define RELEASE		0x03030009
#define MODE		0x03040000
#define VERSION		0x030c0000
#define SYNC		0x04000000
#define DECLINED	0x05000000
#define INTERNAL	0x09990000
#define RTOKEN		0x09990001

/* --- message.c: correct messages, and changes ---------------------------- */

enum kind { PROPOSAL = 1, ACCEPT, CONFIRM, DECLINE };

#define HEADER_LEN	8
#define TRAILER_LEN	4
#define MESSAGE_MAX	65535
#define NO_TOKEN	0x5a5a5a5a5a5a5a5aULL

struct message {
	size_t len;
	uint8_t data[MESSAGE_MAX + 1];
};

/* Offsets of fields. */
enum {
	AT_TYPE = 4, AT_LENGTH = 5, AT_FLAGS = 7,
	/* proposal */
	AT_IPAREA = 38, AT_V2_OFFSET = 50, AT_EIDS = 80, AT_GIDS = 81,
	AT_V2_FLAGS = 83, AT_D_OFFSET = 86, AT_MAX_CONNS = 104,
	AT_FEATURES = 106, AT_EID = 120, AT_SEID = 152, AT_GID = 200,
	PROPOSAL_LEN = 224,
	/* accept, confirm */
	AT_A_GID = 8, AT_TOKEN = 16, AT_INDEX = 24, AT_SIZE = 25, AT_LINK = 28,
	AT_CHID = 32, AT_A_EID = 34, AT_GID_EXT = 66, AT_CONTACT = 74,
	AT_OS = 75, ACCEPT_LEN = 78, CONTACT_LEN = 52,
	FIRST_LEN = ACCEPT_LEN + CONTACT_LEN,
	/* decline */
	AT_DIAGNOSIS = 16, DECLINE_LEN = 44,
};

#define FIRST_CONTACT	0x08

void messages_start(void);
void proposal_make(struct message *message);
void accept_make(struct message *message, uint64_t token);
void confirm_make(struct message *message, const struct message *accept,
		  uint64_t token);
void decline_make(struct message *message, uint32_t diagnosis);
void put(struct message *message, size_t at, size_t size, uint64_t value);
uint64_t get(const struct message *message, size_t at, size_t size);
void set_length(struct message *message, size_t len);
void insert(struct message *message, size_t at, size_t len);

/* --- option.c, wire.c: the liar's sockets -------------------------------- */

/* An address of either family. */
struct place {
	socklen_t len;
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
};

void use_ipv6(void);
int tcp_socket(int protocol);
void place_make(struct place *place, int port);
int place_port(const struct place *place);
bool option_start(const char *cgroup);
int liar_socket(void);
int liar_listen(void);
int liar_connect(int port);
int liar_accept(int listener);
void liar_end(int fd);
void liar_reset(int fd);
bool liar_send(int fd, const void *data, size_t len);
bool liar_tell(int fd, const struct message *message);
bool liar_hears(int fd, struct message *message, enum kind kind);
bool liar_is_declined(int fd, uint32_t reason);
int port_of(int fd);
int peer_port_of(int fd);
void patience(int fd);

/* --- honest.c: sockets of IPPROTO_SMC ------------------------------------ */

/* What sock_diag says about a socket. */
struct fate {
	bool smcd;
	uint32_t reason;
	uint32_t peer_diagnosis;
	uint64_t token;
	uint64_t peer_token;
};

int honest_start(void);
int honest_listen(int backlog);
int honest_accept(int port);
void honest_ring(int kib);
int honest_begin(int port);		/* begins a connect() */
int honest_finish(int fd);		/* 0 or an errno */
bool honest_fate(int fd, struct fate *fate);
bool honest_is(int fd, uint32_t reason);
bool honest_is_smcd(int fd);
unsigned int honest_undecided(int port);
long honest_timeout(void);		/* net.smc.handshake_timeout_ms */
void honest_set_timeout(long ms);
long now_ms(void);
bool exchange(int from, int to, unsigned int seed, size_t len);
bool both_ways(int a, int b);
bool expect(int fd, const void *data, size_t len);
bool is_over(int fd);
bool is_reset(int fd);

/* --- cases --------------------------------------------------------------- */

/**
 * struct row - a message with a changed field, and what has to follow
 * @what:   what the message has; ends "a client's proposal with ..."
 * @at:     offset of the field
 * @size:   bytes of the field; 0: only @edit changes the message
 * @value:  new value of the field
 * @reason: why the honest end falls back to TCP; TAKEN: it does not
 * @left:   how many bytes at the end of the message the program gets
 * @edit:   further changes
 * @silent: the honest end does not send the reason
 */
struct row {
	const char *what;
	uint16_t at;
	uint8_t size;
	uint64_t value;
	uint32_t reason;
	uint16_t left;
	void (*edit)(struct message *message);
	bool silent;
};

struct table {
	const char *name;		/* begins the statement of each row */
	const struct row *rows;
	const unsigned int *count;
	bool (*run)(const struct row *row);
};

extern const struct table tables[];
extern const unsigned int table_count;

extern const struct row proposal_rows[], accept_rows[], confirm_rows[],
	decline_rows[];
extern const unsigned int proposal_count, accept_count, confirm_count,
	decline_count;

/* A case of its own; @arg is passed to @run. */
struct act {
	const char *what;		/* the statement */
	bool (*run)(int arg);
	int arg;
};

struct act_table {
	const struct act *acts;
	const unsigned int *count;
};

extern const struct act_table act_tables[];
extern const unsigned int act_table_count;

extern const struct act cut_acts[], order_acts[], close_acts[], bridge_acts[],
	late_acts[], flood_acts[];
extern const unsigned int cut_count, order_count, close_count, bridge_count,
	late_count, flood_count;

/* Used by all cases. */
extern int honest_port, liar_port, liar_listener;

void places_start(void);
bool server_begin(int *liar, int *honest);
bool client_begin(int *liar, struct message *accept, bool first);
bool go_on(int honest, int liar, uint32_t reason, const void *left,
	   size_t left_len);

/* Other programs use the CPU, the namespace and memory at the same time. */
extern bool in_storm;

/* Records a note for people, printed with the result; false. */
bool wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Bails out: nothing can be tested. */
void die(const char *what) __attribute__((noreturn));

#endif /* LIAR_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Shared by the files of dibs(8). Each message of the kernel is decoded into a
 * JSON object (message.c, smc*.c); tables and details are printed from that
 * (output.c).
 *
 * Functions that return int return 0, or 1 after printing one line about what
 * failed; 1 is then the program's exit status.
 */
#ifndef DIBS_TOOL_H
#define DIBS_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <libmnl/libmnl.h>
#include <linux/dibs.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* args.c: command line arguments */

/* A device as the user names it: by name, or by index. */
struct dev_ref {
	const char *name;	/* NULL: by index */
	uint32_t index;
};

struct dev_params {
	const char *name;
	const char *type;
	uint32_t max_dmbs;	/* 0: not given */
	uint32_t max_len;	/* 0: not given */
};

int parse_u32(const char *what, const char *word, uint32_t *value);
int parse_size(const char *what, const char *word, uint32_t *bytes);
int parse_dev(int *argc, char ***argv, struct dev_ref *dev);
int parse_dev_params(int argc, char **argv, struct dev_params *params);
int parse_end(int argc, char **argv);
int open_netns(const char *word);
const char *dev_ref_text(const struct dev_ref *dev);

/* netlink.c: requests to the kernel; @what names one in error messages */

/* A generic netlink family, and which module has it. */
struct nl_family {
	const char *name;
	uint8_t version;
	const char *module;
	const char *modprobe;
};

extern const struct nl_family nl_dibs;
extern const struct nl_family nl_smc;
extern const struct nl_family nl_pnetid;

/* Decodes a message into a new JSON value; NULL if it is malformed. */
typedef json_t *nl_decode(const struct nlmsghdr *nlh);

/* Begin a request. There is one at a time, in a static buffer. */
struct nlmsghdr *nl_begin(const struct nl_family *family, uint8_t cmd);
struct nlmsghdr *nl_begin_diag(const void *body, size_t len);
void nl_put_dev(struct nlmsghdr *nlh, const struct dev_ref *dev);
int nl_put_text(struct nlmsghdr *nlh, uint16_t type, const char *text);

/* Send it: for its effect, for one object, for all objects. */
int nl_do(struct nlmsghdr *nlh, const char *what);
int nl_get(struct nlmsghdr *nlh, const char *what, nl_decode *decode,
	   json_t **object);
int nl_dump(struct nlmsghdr *nlh, const char *what, nl_decode *decode,
	    json_t **list);

/* Dumps objects of the family "dibs", of all devices if @dev is NULL. */
int nl_list(uint8_t cmd, const struct dev_ref *dev, const char *what,
	    nl_decode *decode, json_t **list);

/*
 * Passes events to @handler, and calls @lost when the socket overflowed, until
 * one of them fails. They print why. Never returns 0.
 */
int nl_monitor(mnl_cb_t handler, int (*lost)(void));

/* message.c: decoders for the family "dibs" */
#define GID_TEXT_LEN	37

void gid_format(char text[GID_TEXT_LEN], const uint8_t gid[16]);
json_t *text_json(const char *text);
json_t *decode_dev(const struct nlmsghdr *nlh);
json_t *decode_client(const struct nlmsghdr *nlh);
json_t *decode_dmb(const struct nlmsghdr *nlh);
json_t *decode_stats(const struct nlmsghdr *nlh);
json_t *decode_event(const struct nlmsghdr *nlh);

/* output.c: tables, details, JSON and error messages */
#define CELL_LEN	64

struct column {
	const char *title;
	const char *key;
	bool right;		/* aligned, as numbers are */
	/* Fills @cell. NULL: value_text() of the member @key. */
	void (*text)(char cell[CELL_LEN], const json_t *row);
};

extern bool output_json;

/* Print one line to standard error; fail() returns the exit status 1. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void value_text(char cell[CELL_LEN], const json_t *value);
void print_table(const struct column *columns, size_t n, const json_t *rows);
void print_details(const json_t *object, int indent);
int print_json(const json_t *value, size_t flags);
int print_list(const struct column *columns, size_t n, json_t *rows);
int print_end(void);

/* Commands, a file for each object. */
int device_list(int argc, char **argv);
int device_show(int argc, char **argv);
int device_add(int argc, char **argv);
int device_del(int argc, char **argv);
int device_enable(int argc, char **argv);
int device_disable(int argc, char **argv);
int device_share(int argc, char **argv);
int device_unshare(int argc, char **argv);
int device_grant(int argc, char **argv);
int device_revoke(int argc, char **argv);
int device_join(int argc, char **argv);
int device_leave(int argc, char **argv);
int client_list(int argc, char **argv);
int dmb_list(int argc, char **argv);
int stats_show(int argc, char **argv);
int smc_list(int argc, char **argv);
int smc_show(int argc, char **argv);
int smc_stats(int argc, char **argv);
int smc_fallbacks(int argc, char **argv);
int smc_linkgroups(int argc, char **argv);
int smc_info(int argc, char **argv);
int smc_eid_list(int argc, char **argv);
int smc_eid_add(int argc, char **argv);
int smc_eid_del(int argc, char **argv);
int smc_eid_flush(int argc, char **argv);
int smc_pnetid_list(int argc, char **argv);
int smc_pnetid_add(int argc, char **argv);
int smc_pnetid_del(int argc, char **argv);
int smc_pnetid_flush(int argc, char **argv);
int run_program(int argc, char **argv);
int monitor(int argc, char **argv);

void device_state_text(char cell[CELL_LEN], const json_t *dev);
void device_scope_text(char cell[CELL_LEN], const json_t *dev);

#endif /* DIBS_TOOL_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * What the files of the program share. Everything the kernel says becomes a JSON
 * object first (message.c); text for people is made from that (output.c).
 *
 * Functions that return int return 0, or 1 after they printed one line about
 * what went wrong; 1 is then the program's exit status.
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

/* args.c: words of the command line */

/* A device as the user names it: by name, or by index. */
struct dev_ref {
	const char *name;	/* NULL: by index */
	uint32_t index;
};

struct dev_params {
	const char *name;
	const char *type;
	uint32_t max_dmbs;	/* 0: not said */
	uint32_t max_len;	/* 0: not said */
};

int parse_u32(const char *what, const char *word, uint32_t *value);
int parse_size(const char *what, const char *word, uint32_t *bytes);
int parse_dev(int *argc, char ***argv, struct dev_ref *dev);
int parse_dev_params(int argc, char **argv, struct dev_params *params);
int parse_end(int argc, char **argv);
int open_netns(const char *word);
const char *dev_ref_text(const struct dev_ref *dev);

/* netlink.c: requests to the kernel */
typedef int nl_handler(const struct nlmsghdr *nlh, void *data);

struct nlmsghdr *nl_begin(uint8_t cmd, uint16_t flags);
void nl_put_dev(struct nlmsghdr *nlh, const struct dev_ref *dev);
int nl_run(struct nlmsghdr *nlh, const char *what, nl_handler *handler,
	   void *data);
int nl_list(uint8_t cmd, const struct dev_ref *dev, const char *what,
	    json_t *(*decode)(const struct nlmsghdr *nlh), json_t **list);
int nl_subscribe(void);
int nl_listen(nl_handler *handler, int (*lost)(void));

/* message.c: messages of the kernel as JSON objects; NULL if malformed */
#define GID_TEXT_LEN	37

void gid_format(char text[GID_TEXT_LEN], const uint8_t gid[16]);
json_t *text_json(const char *text);
json_t *decode_dev(const struct nlmsghdr *nlh);
json_t *decode_client(const struct nlmsghdr *nlh);
json_t *decode_dmb(const struct nlmsghdr *nlh);
json_t *decode_stats(const struct nlmsghdr *nlh);
json_t *decode_event(const struct nlmsghdr *nlh);

/* reason.c: why TCP carries a connection, in words */
const char *reason_text(uint32_t code);

/* output.c: what is printed */
#define CELL_LEN	64

struct column {
	const char *title;
	const char *key;
	bool right;		/* numbers */
	/* NULL: value_text(); fills @cell */
	void (*text)(char cell[CELL_LEN], const json_t *row);
};

extern bool output_json;

int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void value_text(char cell[CELL_LEN], const json_t *value);
void print_table(const struct column *columns, size_t n, const json_t *rows);
void print_details(const json_t *object, int indent);
int print_json(const json_t *value, size_t flags);
int print_end(void);

/* Commands. One file for each object. */
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
int smc_eid(int argc, char **argv);
int smc_pnetid(int argc, char **argv);
int run_program(int argc, char **argv);
int monitor(int argc, char **argv);

void device_state_text(char cell[CELL_LEN], const json_t *dev);
void device_scope_text(char cell[CELL_LEN], const json_t *dev);

#endif /* DIBS_TOOL_H */

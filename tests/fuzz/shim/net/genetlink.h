/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Generic netlink as commands see it. Everything that is held is counted, see
 * model.c.
 */
#ifndef _SHIM_NET_GENETLINK_H
#define _SHIM_NET_GENETLINK_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <linux/build_bug.h>
#include <linux/genetlink.h>
#include <linux/kernel.h>
#include <linux/netlink.h>
#include <linux/string.h>
#include <linux/types.h>

#define __init
#define __rcu
#define __ro_after_init
#define THIS_MODULE			NULL
#define CAP_NET_ADMIN			12
#define GENL_UNS_ADMIN_PERM		0x10
#define GENL_MCAST_CAP_NET_ADMIN	0x01
#define BUILD_BUG_ON(condition)		_Static_assert(!(condition), "")
#define sizeof_field(type, field)	sizeof(((type *)0)->field)

#define REQUIRE(condition) \
	do { \
		if (!(condition)) \
			abort(); \
	} while (0)

/* --- errors -------------------------------------------------------------- */

#define ERR_PTR(err)	((void *)(long)(err))
#define PTR_ERR(p)	((long)(p))
#define IS_ERR(p)	((unsigned long)(p) >= (unsigned long)-4095)
#define PTR_ERR_OR_ZERO(p)	(IS_ERR(p) ? PTR_ERR(p) : 0)

/* --- what is held -------------------------------------------------------- */

struct mutex {
	int held;
};

struct module;

struct user_namespace {
	bool capable;
};

struct net {
	struct user_namespace *user_ns;
	u64 net_cookie;
	int refs;
};

extern struct net init_net;

#define rcu_access_pointer(p)	(p)
#define lockdep_assert_held(lock) REQUIRE((lock)->held)
#define net_eq(a, b)		((a) == (b))

void mutex_lock(struct mutex *lock);
void mutex_unlock(struct mutex *lock);
bool try_module_get(struct module *module);
void module_put(struct module *module);
struct net *get_net_ns_by_fd(int fd);
void put_net(struct net *net);

/* --- messages ------------------------------------------------------------ */

struct sock {
	struct net *net;
};

struct sk_buff {
	struct sock *sk;
	u8 *data;
	size_t len, size;
};

#define NETLINK_CB(skb)		((struct { u32 portid; }){ (skb)->len })
#define GENLMSG_DEFAULT_SIZE	3776
#define GFP_KERNEL		0

static inline struct net *sock_net(const struct sock *sk)
{
	return sk->net;
}

bool netlink_capable(const struct sk_buff *skb, int cap);
bool netlink_ns_capable(const struct sk_buff *skb,
			struct user_namespace *user_ns, int cap);

struct netlink_ext_ack {
	const char *msg;
	const struct nlattr *bad;
};

#define NL_SET_BAD_ATTR(extack, attr) ((extack)->bad = (attr))
#define NL_SET_ERR_MSG(extack, text) ((extack)->msg = (text))
#define NL_SET_ERR_MSG_ATTR(extack, attr, text) \
	((extack)->bad = (attr), (extack)->msg = (text))

struct netlink_callback {
	u8 ctx[48];
	unsigned long args[6];
	unsigned int seq;
	struct sk_buff *skb;
	const struct nlmsghdr *nlh;
	struct netlink_ext_ack *extack;
	struct nlattr **attrs;
};

#define dibs_genl_dump_attrs(cb)	((cb)->attrs)

/* --- attributes ---------------------------------------------------------- */

enum {
	NLA_UNSPEC,
	NLA_U8,
	NLA_U32,
	NLA_STRING,
	NLA_NUL_STRING,
	NLA_BINARY,
};

struct nla_policy {
	u8 type;
	u16 len;
	u32 min, max;		/* 0: none */
};

#define NLA_POLICY_MIN(number, least)	{ .type = number, .min = least }
#define NLA_POLICY_MAX(number, most)	{ .type = number, .max = most }

static inline void *nla_data(const struct nlattr *attr)
{
	return (char *)attr + NLA_HDRLEN;
}

static inline int nla_len(const struct nlattr *attr)
{
	return attr->nla_len - NLA_HDRLEN;
}

static inline u8 nla_get_u8(const struct nlattr *attr)
{
	return *(u8 *)nla_data(attr);
}

static inline u32 nla_get_u32(const struct nlattr *attr)
{
	return *(u32 *)nla_data(attr);
}

/* --- families ------------------------------------------------------------ */

struct genl_info {
	struct nlattr **attrs;
	struct netlink_ext_ack *extack;
	struct net *net;
	const struct genlmsghdr *genlhdr;
	u32 snd_portid, snd_seq;
};

#define genl_dump_check_consistent(cb, hdr) ((void)(hdr))
#define GENL_REQ_ATTR_CHECK(info, attr) (!(info)->attrs[attr])

static inline struct net *genl_info_net(const struct genl_info *info)
{
	return info->net;
}

struct genl_ops {
	u8 cmd;
	u8 flags;
	int (*doit)(struct sk_buff *skb, struct genl_info *info);
	int (*start)(struct netlink_callback *cb);
	int (*dumpit)(struct sk_buff *skb, struct netlink_callback *cb);
	const struct nla_policy *policy;
	unsigned int maxattr;
};

struct genl_multicast_group {
	const char *name;
	u8 flags;
};

struct genl_family {
	const char *name;
	u8 version;
	bool netnsok;
	bool parallel_ops;
	u8 resv_start_op;
	const struct nla_policy *policy;
	unsigned int maxattr;
	struct module *module;
	const struct genl_ops *ops;
	unsigned int n_ops;
	const struct genl_multicast_group *mcgrps;
	unsigned int n_mcgrps;
};

int genl_register_family(const struct genl_family *family);
void genl_unregister_family(const struct genl_family *family);

/* --- answers ------------------------------------------------------------- */

struct sk_buff *genlmsg_new(size_t size, int gfp);
void nlmsg_free(struct sk_buff *skb);
void *genlmsg_put(struct sk_buff *skb, u32 portid, u32 seq,
		  const struct genl_family *family, int flags, u8 cmd);
void genlmsg_end(struct sk_buff *skb, void *hdr);
void genlmsg_cancel(struct sk_buff *skb, void *hdr);
int genlmsg_reply(struct sk_buff *skb, struct genl_info *info);
int nla_put(struct sk_buff *skb, int type, int len, const void *data);

static inline void *genlmsg_put_reply(struct sk_buff *skb,
				      struct genl_info *info,
				      const struct genl_family *family,
				      int flags, u8 cmd)
{
	return genlmsg_put(skb, info->snd_portid, info->snd_seq, family, flags,
			   cmd);
}

struct nlattr *nla_nest_start(struct sk_buff *skb, int type);
void nla_nest_end(struct sk_buff *skb, struct nlattr *nest);

static inline int nla_put_u8(struct sk_buff *skb, int type, u8 value)
{
	return nla_put(skb, type, sizeof(value), &value);
}

static inline int nla_put_flag(struct sk_buff *skb, int type)
{
	return nla_put(skb, type, 0, NULL);
}

static inline int nla_put_string(struct sk_buff *skb, int type,
				 const char *text)
{
	return nla_put(skb, type, strlen(text) + 1, text);
}

/* --- model.c ------------------------------------------------------------- */

#define MODEL_ATTRS	32
#define MODEL_NETS	3

/* What the input selects for one request. */
struct model_choices {
	bool host_admin;	/* CAP_NET_ADMIN in the initial namespace */
	bool other_admin;	/* in the other namespaces */
	bool module_goes;
	u8 failure;		/* makes what the request asks for fail */
};

extern const struct genl_family *model_family;
extern struct model_choices choices;
extern struct net model_nets[MODEL_NETS];	/* the first one requests */

int model_parse(const struct nla_policy *policy, unsigned int max,
		const u8 *data, size_t len, struct nlattr *attrs[MODEL_ATTRS]);
void model_forget(struct nlattr *attrs[MODEL_ATTRS]);
const struct genl_ops *model_ops(u8 number);
void model_begin(u8 choice);
void model_check(void);
void model_check_answer(const struct sk_buff *skb);
int model_dump(const struct genl_ops *ops, struct genl_info *info);

#endif

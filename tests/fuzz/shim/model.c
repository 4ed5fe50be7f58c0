// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * What the kernel does around a request: it checks attributes strictly against
 * the policy; locks and references are counted. Each attribute has memory of
 * its own, so that the sanitizer detects reads beyond its end.
 */
#include <net/genetlink.h>

const struct genl_family *model_family;
static int modules;
static int locks;
static int messages;

struct user_namespace model_users[MODEL_NETS];
struct net model_nets[MODEL_NETS];
struct net init_net;
struct model_choices choices;

int genl_register_family(const struct genl_family *family)
{
	model_family = family;
	return 0;
}

void genl_unregister_family(const struct genl_family *family)
{
	REQUIRE(model_family == family);
}

const struct genl_ops *model_ops(u8 number)
{
	return &model_family->ops[number % model_family->n_ops];
}

/* --- what is held -------------------------------------------------------- */

void model_begin(u8 choice)
{
	unsigned int i;

	choices.host_admin = choice & 1;
	choices.other_admin = choice & 2;
	choices.module_goes = choice & 4;
	choices.failure = choice >> 4;
	for (i = 0; i < MODEL_NETS; i++) {
		model_users[i].capable = !i || choices.other_admin;
		model_nets[i].user_ns = &model_users[i];
		model_nets[i].net_cookie = i + 1;
	}
}

void model_check(void)
{
	unsigned int i;

	REQUIRE(!locks && !modules && !messages);
	for (i = 0; i < MODEL_NETS; i++)
		REQUIRE(!model_nets[i].refs);
}

void mutex_lock(struct mutex *lock)
{
	REQUIRE(!lock->held);
	lock->held = 1;
	locks++;
}

void mutex_unlock(struct mutex *lock)
{
	REQUIRE(lock->held);
	lock->held = 0;
	locks--;
}

bool try_module_get(struct module *module)
{
	(void)module;
	modules += !choices.module_goes;
	return !choices.module_goes;
}

void module_put(struct module *module)
{
	(void)module;
	modules--;
}

struct net *get_net_ns_by_fd(int fd)
{
	if (fd < 0 || fd >= MODEL_NETS)
		return ERR_PTR(-EBADF);
	model_nets[fd].refs++;
	return &model_nets[fd];
}

void put_net(struct net *net)
{
	net->refs--;
}

bool netlink_capable(const struct sk_buff *skb, int cap)
{
	(void)skb;
	return cap == CAP_NET_ADMIN && choices.host_admin;
}

bool netlink_ns_capable(const struct sk_buff *skb,
			struct user_namespace *user_ns, int cap)
{
	(void)skb;
	return cap == CAP_NET_ADMIN && user_ns->capable;
}

/* --- attributes ---------------------------------------------------------- */

static bool number_fits(const struct nla_policy *policy, u32 value)
{
	return value >= policy->min && (!policy->max || value <= policy->max);
}

static bool string_fits(const struct nla_policy *policy, const char *text,
			size_t len)
{
	size_t limit = policy->len && policy->len + 1U < len ?
		       policy->len + 1U : len;

	if (policy->type == NLA_NUL_STRING &&
	    (!len || !memchr(text, 0, limit)))
		return false;
	if (!len)
		return false;
	if (!policy->len)
		return true;
	return len - !text[len - 1] <= policy->len;
}

static bool attr_fits(const struct nla_policy *policy,
		      const struct nlattr *attr)
{
	switch (policy->type) {
	case NLA_U8:
		return nla_len(attr) == 1 &&
		       number_fits(policy, nla_get_u8(attr));
	case NLA_U32:
		return nla_len(attr) == 4 &&
		       number_fits(policy, nla_get_u32(attr));
	case NLA_BINARY:
		return !policy->len || nla_len(attr) <= policy->len;
	case NLA_STRING:
	case NLA_NUL_STRING:
		return string_fits(policy, nla_data(attr), nla_len(attr));
	default:
		return false;
	}
}

static struct nlattr *attr_copy(const u8 *data, u16 len)
{
	struct nlattr *attr = malloc(len);

	memcpy(attr, data, len);
	return attr;
}

void model_forget(struct nlattr *attrs[MODEL_ATTRS])
{
	unsigned int i;

	for (i = 0; i < MODEL_ATTRS; i++) {
		free(attrs[i]);
		attrs[i] = NULL;
	}
}

/* Returns 0 or -EINVAL; the last of two equal attributes counts. */
int model_parse(const struct nla_policy *policy, unsigned int max,
		const u8 *data, size_t len, struct nlattr *attrs[MODEL_ATTRS])
{
	REQUIRE(max < MODEL_ATTRS);
	while (len) {
		struct nlattr head, *attr;
		size_t step;

		if (len < sizeof(head))
			return -EINVAL;
		memcpy(&head, data, sizeof(head));
		if (head.nla_len < NLA_HDRLEN || head.nla_len > len ||
		    !head.nla_type || head.nla_type > max)
			return -EINVAL;
		attr = attr_copy(data, head.nla_len);
		free(attrs[head.nla_type]);
		attrs[head.nla_type] = attr;
		if (!attr_fits(&policy[head.nla_type], attr))
			return -EINVAL;
		step = NLA_ALIGN(head.nla_len);
		if (step > len)
			step = len;
		data += step;
		len -= step;
	}
	return 0;
}

/* --- answers ------------------------------------------------------------- */

struct sk_buff *genlmsg_new(size_t size, int gfp)
{
	struct sk_buff *skb = calloc(1, sizeof(*skb));

	(void)gfp;
	skb->data = malloc(size);
	skb->size = size;
	messages++;
	return skb;
}

void nlmsg_free(struct sk_buff *skb)
{
	free(skb->data);
	free(skb);
	messages--;
}

static void *grow(struct sk_buff *skb, size_t len)
{
	u8 *at = skb->data + skb->len;

	if (skb->size - skb->len < len)
		return NULL;
	skb->len += len;
	return at;
}

void *genlmsg_put(struct sk_buff *skb, u32 portid, u32 seq,
		  const struct genl_family *family, int flags, u8 cmd)
{
	struct nlmsghdr *header = grow(skb, NLMSG_HDRLEN + GENL_HDRLEN);

	(void)family;
	if (!header)
		return NULL;
	memset(header, 0, NLMSG_HDRLEN + GENL_HDRLEN);
	header->nlmsg_flags = flags;
	header->nlmsg_seq = seq;
	header->nlmsg_pid = portid;
	((struct genlmsghdr *)(header + 1))->cmd = cmd;
	return header;
}

void genlmsg_end(struct sk_buff *skb, void *hdr)
{
	struct nlmsghdr *header = hdr;

	header->nlmsg_len = skb->data + skb->len - (u8 *)hdr;
}

void genlmsg_cancel(struct sk_buff *skb, void *hdr)
{
	skb->len = (u8 *)hdr - skb->data;
}

int nla_put(struct sk_buff *skb, int type, int len, const void *data)
{
	struct nlattr *attr = grow(skb, NLA_ALIGN(NLA_HDRLEN + len));

	if (!attr)
		return -EMSGSIZE;
	memset(attr, 0, NLA_ALIGN(NLA_HDRLEN + len));
	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy(attr + 1, data, len);
	return 0;
}

struct nlattr *nla_nest_start(struct sk_buff *skb, int type)
{
	struct nlattr *nest = grow(skb, NLA_HDRLEN);

	if (nest)
		nest->nla_type = type | NLA_F_NESTED;
	return nest;
}

void nla_nest_end(struct sk_buff *skb, struct nlattr *nest)
{
	nest->nla_len = skb->data + skb->len - (u8 *)nest;
}

/* Whole messages, one after the other. */
void model_check_answer(const struct sk_buff *skb)
{
	size_t at = 0;

	while (at < skb->len) {
		const struct nlmsghdr *header = (void *)(skb->data + at);

		REQUIRE(header->nlmsg_len > NLMSG_HDRLEN + GENL_HDRLEN);
		at += header->nlmsg_len;
	}
	REQUIRE(at == skb->len);
}

int genlmsg_reply(struct sk_buff *skb, struct genl_info *info)
{
	(void)info;
	model_check_answer(skb);
	nlmsg_free(skb);
	return 0;
}

/* A dump takes as many parts as it needs. Returns 0 or an error. */
int model_dump(const struct genl_ops *ops, struct genl_info *info)
{
	struct sock sk = { .net = info->net };
	struct sk_buff asked = { .sk = &sk };
	struct nlmsghdr nlh = {};
	struct netlink_callback cb = {
		.skb = &asked,
		.nlh = &nlh,
		.extack = info->extack,
		.attrs = info->attrs,
	};
	int len = ops->start ? ops->start(&cb) : 0, parts = 0;

	if (len)
		return len;
	do {
		struct sk_buff *skb = genlmsg_new(256, GFP_KERNEL);

		skb->sk = &sk;
		len = ops->dumpit(skb, &cb);
		model_check_answer(skb);
		REQUIRE(len < 0 || len == (int)skb->len);
		nlmsg_free(skb);
		REQUIRE(++parts < 2000);
	} while (len > 0);
	return len;
}

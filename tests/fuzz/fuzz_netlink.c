// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Requests of programs to the family "dibs": commands with any attributes that
 * its policies accept. Whatever they contain, locks and references are
 * released, names that are passed on are valid, numbers are within limits,
 * nothing happens to a device of somebody else, and a refusal has a message.
 * Lists have what the requesting namespace may see, each object once, in
 * however many parts.
 *
 * The input is requests, one after the other:
 *
 *	1 byte	the command; 0x80: a dump
 *	1 byte	capabilities, and what fails
 *	2 bytes	length of the attributes
 */
#include "shim/core.h"
#include "../../core/netlink.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);
int dibs_netlink_start(void);

struct mutex dibs_lock;

static int kinds;

/* --- devices ------------------------------------------------------------- */

#define ASKS	(&model_nets[0])

static void check_name(const char *name)
{
	size_t i, len = strnlen(name, DIBS_NAME_LEN);

	REQUIRE(len && len < DIBS_NAME_LEN);
	for (i = 0; i < len; i++)
		REQUIRE(strchr("abcdefghijklmnopqrstuvwxyz0123456789_-",
			       name[i]));
}

static int kind_add(struct net *net, const char *name, u32 max_dmbs,
		    u32 max_dmb_len, struct netlink_ext_ack *extack)
{
	static const int errors[] = { 0, -EEXIST, -ENOMEM, -EINVAL };
	int err = errors[choices.failure % 4];

	REQUIRE(net == ASKS && kinds == 1);
	check_name(name);
	(void)max_dmbs;
	(void)max_dmb_len;
	if (err)
		NL_SET_ERR_MSG(extack, "the kind's own");
	return err;
}

static void kind_del(struct net *net, struct dibs_dev *dev)
{
	REQUIRE(net == ASKS && !dibs_lock.held && !dev->gone && dev->net == ASKS);
	dev->gone = true;
}

static struct dibs_dev_kind kind = { "loopback", NULL, kind_add, kind_del };

/*
 * A device of the type and our own, of hardware and our own, another's, shared.
 */
static struct dibs_dev devices[] = {
	{ .name = "own", .index = 1 },
	{ .name = "hardware", .index = 2 },
	{ .name = "granted", .index = 3 },
	{ .name = "lo", .index = 4 },
	{ .name = "hidden", .index = 6 },
};

#define DEVICES	ARRAY_SIZE(devices)
#define HIDDEN	(&devices[4])

struct list_head dibs_clients;

static struct dibs_client clients[] = {
	{ .name = "smc", .id = 3 },
	{ .name = "another-client", .id = 9 },
};

#define CLIENTS	ARRAY_SIZE(clients)

static struct dibs_ctx ctxs[] = { { .cookie = 1 }, { .cookie = 2 } };
/* DMBs of each device: at the lowest index, in between, at the highest. */
static const unsigned long indexes[] = { 0, 1, 77, U32_MAX };

#define DMBS	ARRAY_SIZE(indexes)

static struct dibs_dmb dmbs[DEVICES][DMBS];
static struct dibs_binding bindings[DEVICES][CLIENTS];

/* The whole state; @whose says which DMBs belong to whom. */
static void device_reset(struct dibs_dev *dev, u8 whose)
{
	unsigned int i, nr = dev - devices;

	dev->gone = false;
	dev->listed = 0;
	dev->kind = nr == 1 || nr == 3 ? NULL : &kind;
	dev->net = nr < 2 ? ASKS : nr == 3 ? NULL : ASKS + 1;
	for (i = 0; i < CLIENTS; i++) {
		bindings[nr][i] = (struct dibs_binding){ dev, &clients[i], 0 };
		dev->bindings.slot[i].index = clients[i].id;
		dev->bindings.slot[i].entry = &bindings[nr][i];
	}
	for (i = 0; i < DMBS; i++) {
		dmbs[nr][i] = (struct dibs_dmb){ &ctxs[whose >> i & 1], dev,
						 0 };
		dev->dmbs.slot[i].index = indexes[i];
		dev->dmbs.slot[i].entry = &dmbs[nr][i];
	}
}

static void devices_reset(u8 whose)
{
	unsigned int i;

	INIT_LIST_HEAD(&dibs_clients);
	for (i = 0; i < DEVICES; i++)
		device_reset(&devices[i], whose);
	for (i = 0; i < CLIENTS; i++) {
		clients[i].listed = 0;
		list_add_tail(&clients[i].entry, &dibs_clients);
	}
}

struct dibs_dev *dibs_dev_get(struct dibs_dev *dev)
{
	REQUIRE(dibs_lock.held && !dev->gone);
	dev->refs++;
	return dev;
}

bool dibs_dev_visible(const struct dibs_dev *dev, const struct net *net)
{
	REQUIRE(net == ASKS);
	return !dev->gone && dev != HIDDEN;
}

struct dibs_dev *dibs_netns_next_dev(const struct net *net, u32 from)
{
	unsigned int i;

	REQUIRE(dibs_lock.held);
	/* They are sorted. */
	for (i = 0; i < DEVICES; i++)
		if (devices[i].index >= from &&
		    dibs_dev_visible(&devices[i], net))
			return &devices[i];
	return NULL;
}

bool dibs_name_valid(const char *name)
{
	size_t len = strnlen(name, DIBS_NAME_LEN);

	return len && len < DIBS_NAME_LEN &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

struct dibs_dev_kind *dibs_kind_get(const char *name)
{
	check_name(name);
	if (strcmp(name, kind.name))
		return ERR_PTR(*name & 1 ? -EAGAIN : -EOPNOTSUPP);
	kinds++;
	return &kind;
}

void dibs_kind_put(struct dibs_dev_kind *put)
{
	REQUIRE(put == &kind);
	kinds--;
}

static struct dibs_dev *get_if(bool wanted, struct dibs_dev *dev)
{
	if (!wanted || dev->gone || dev == HIDDEN)
		return NULL;
	dev->refs++;
	return dev;
}

struct dibs_dev *dibs_dev_find(const struct net *net, const char *name)
{
	struct dibs_dev *found = NULL;
	unsigned int i;

	REQUIRE(net == ASKS && strlen(name) < DIBS_NAME_LEN);
	for (i = 0; !found && i < DEVICES; i++)
		found = get_if(!strcmp(devices[i].name, name), &devices[i]);
	return found;
}

struct dibs_dev *dibs_dev_find_index(const struct net *net, u32 index)
{
	struct dibs_dev *found = NULL;
	unsigned int i;

	REQUIRE(net == ASKS && index);
	for (i = 0; !found && i < DEVICES; i++)
		found = get_if(devices[i].index == index, &devices[i]);
	return found;
}

void dibs_dev_put(struct dibs_dev *dev)
{
	REQUIRE(dev->refs > 0);
	dev->refs--;
}

bool dibs_dev_shared(const struct dibs_dev *dev)
{
	return !dev->net;
}

/* --- what may be done to them -------------------------------------------- */

static bool is_own(const struct dibs_dev *dev)
{
	/* The requesting namespace is not the initial one. */
	return dev->refs && dev->net == ASKS;
}

int dibs_netns_set_owner(struct dibs_dev *dev, struct net *net)
{
	REQUIRE(dibs_lock.held && is_own(dev) && !dev->kind);
	REQUIRE(net || choices.host_admin);
	if (choices.failure & 1)
		return -EEXIST;
	dev->net = net;
	return 0;
}

int dibs_dev_enable(struct dibs_dev *dev)
{
	REQUIRE(!dibs_lock.held && dev->refs);
	return choices.failure & 2 ? -ENOMEM : 0;
}

void dibs_dev_disable(struct dibs_dev *dev)
{
	REQUIRE(!dibs_lock.held && dev->refs);
}

int dibs_netns_grant(struct dibs_dev *dev, struct net *net)
{
	static const int errors[] = { 0, -EOPNOTSUPP, -EEXIST, -ENOMEM };

	REQUIRE(dibs_lock.held && is_own(dev) && net->refs);
	REQUIRE(net->user_ns->capable);
	return errors[choices.failure % 4];
}

int dibs_netns_revoke(struct dibs_dev *dev, struct net *net)
{
	REQUIRE(dibs_lock.held && is_own(dev) && net->refs);
	return choices.failure & 1 ? -ENOENT : 0;
}

int dibs_netns_join(struct dibs_dev *dev, struct net *net)
{
	REQUIRE(dibs_lock.held && dev->refs && net == ASKS);
	return dibs_dev_shared(dev) ? 0 : -EOPNOTSUPP;
}

int dibs_netns_leave(struct dibs_dev *dev, struct net *net)
{
	return dibs_netns_join(dev, net);
}

void dibs_notify_dev(const struct dibs_dev *dev, u8 cmd)
{
	REQUIRE(dibs_lock.held && dev->refs && cmd);
}

void dibs_notify_dev_hidden(const struct dibs_dev *dev)
{
	REQUIRE(dibs_lock.held && dev->refs);
}

void dibs_notify_dev_in(const struct dibs_dev *dev, struct net *net, u8 cmd)
{
	REQUIRE(dibs_lock.held && dev->refs && net && cmd);
}

/* --- commands that look -------------------------------------------------- */

u32 dibs_notify_generation(void)
{
	REQUIRE(dibs_lock.held);
	return 1;
}

/* A message about one object: all or nothing, as in core/netlink_put.c. */
static int put(struct sk_buff *skb, void *hdr, const char *name, int *listed)
{
	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_string(skb, 1, name)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	++*listed;
	return 0;
}

int dibs_nl_put_dev(struct sk_buff *skb, void *hdr, const struct dibs_dev *dev,
		    const struct net *net)
{
	REQUIRE(dibs_lock.held && dibs_dev_visible(dev, net));
	return put(skb, hdr, dev->name, &((struct dibs_dev *)dev)->listed);
}

int dibs_nl_put_client(struct sk_buff *skb, void *hdr,
		       const struct dibs_client *client,
		       const struct net *net)
{
	REQUIRE(dibs_lock.held && net == ASKS);
	return put(skb, hdr, client->name,
		   &((struct dibs_client *)client)->listed);
}

int dibs_nl_put_dmb(struct sk_buff *skb, void *hdr, const struct dibs_dmb *dmb,
		    bool token)
{
	REQUIRE(dmb->ctx->cookie == ASKS->net_cookie);
	REQUIRE(dibs_dev_visible(dmb->dev, ASKS));
	REQUIRE(token == ASKS->user_ns->capable);
	return put(skb, hdr, dmb->dev->name, &((struct dibs_dmb *)dmb)->listed);
}

int dibs_nl_put_stats(struct sk_buff *skb, void *hdr,
		      struct dibs_binding *binding, const struct net *net,
		      bool total)
{
	REQUIRE(dibs_lock.held && dibs_dev_visible(binding->dev, net));
	REQUIRE(total == (ASKS->user_ns->capable &&
			  binding->dev->net == ASKS));
	return put(skb, hdr, binding->dev->name, &binding->listed);
}

/* The requested device; NULL: all. */
static const struct dibs_dev *only(struct nlattr **attrs)
{
	const struct nlattr *index = attrs[DIBS_A_DEV_INDEX];
	const struct nlattr *name = attrs[DIBS_A_DEV_NAME];
	unsigned int i;

	for (i = 0; i < DEVICES; i++)
		if (index ? devices[i].index == nla_get_u32(index) :
		    name && !strcmp(devices[i].name, nla_data(name)))
			return &devices[i];
	return NULL;
}

/* Does a list have what it should have, once? */
static void check_list(u8 cmd, const struct dibs_dev *wanted)
{
	unsigned int i, j;

	for (i = 0; i < CLIENTS; i++)
		REQUIRE(clients[i].listed == (cmd == DIBS_CMD_CLIENT_GET));
	for (i = 0; i < DEVICES; i++) {
		struct dibs_dev *dev = &devices[i];
		bool in = dibs_dev_visible(dev, ASKS) &&
			  (!wanted || wanted == dev);

		REQUIRE(dev->listed == (cmd == DIBS_CMD_DEV_GET && in));
		for (j = 0; j < CLIENTS; j++)
			REQUIRE(bindings[i][j].listed ==
				(cmd == DIBS_CMD_STATS_GET && in));
		for (j = 0; j < DMBS; j++)
			REQUIRE(dmbs[i][j].listed ==
				(cmd == DIBS_CMD_DMB_GET && in &&
				 dmbs[i][j].ctx == &ctxs[0]));
	}
}

static void forget_list(void)
{
	unsigned int i, j;

	for (i = 0; i < CLIENTS; i++)
		clients[i].listed = 0;
	for (i = 0; i < DEVICES; i++) {
		devices[i].listed = 0;
		for (j = 0; j < CLIENTS; j++)
			bindings[i][j].listed = 0;
		for (j = 0; j < DMBS; j++)
			dmbs[i][j].listed = 0;
	}
}

static int list(const struct genl_ops *ops, struct genl_info *info)
{
	int err = model_dump(ops, info);

	if (!err)
		check_list(ops->cmd, ops->start ? only(info->attrs) : NULL);
	forget_list();
	return err;
}

/* --- requests ------------------------------------------------------------ */

static void check_all(int err, const struct netlink_ext_ack *extack)
{
	unsigned int i;

	model_check();
	REQUIRE(!kinds);
	for (i = 0; i < DEVICES; i++)
		REQUIRE(!devices[i].refs);
	REQUIRE(err <= 0);
	if (err == -EINVAL || err == -EPERM || err == -ENODEV)
		REQUIRE(extack->msg);
}

/* What generic netlink checks before it calls a command. */
static bool may_ask(const struct genl_ops *ops)
{
	return !(ops->flags & GENL_UNS_ADMIN_PERM) || ASKS->user_ns->capable;
}

static void request(const struct genl_ops *ops, bool as_list, const u8 *data,
		    size_t len)
{
	struct nlattr *attrs[MODEL_ATTRS] = {};
	struct netlink_ext_ack extack = {};
	struct genl_info info = {
		.attrs = attrs,
		.extack = &extack,
		.net = ASKS,
	};
	struct sk_buff skb = {};
	int err = 0;

	if (may_ask(ops) &&
	    !model_parse(ops->policy, ops->maxattr, data, len, attrs)) {
		if (ops->dumpit && (as_list || !ops->doit))
			err = list(ops, &info);
		else
			err = ops->doit(&skb, &info);
		forget_list();
		check_all(err, &extack);
	}
	model_forget(attrs);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	dibs_netlink_start();
	devices_reset(len ? data[0] >> 4 ^ data[len - 1] : 0);
	while (len >= 4) {
		size_t more = data[2] | data[3] << 8;
		const struct genl_ops *ops = model_ops(data[0] & 0x7f);
		bool as_list = data[0] & 0x80;

		model_begin(data[1]);
		ASKS->user_ns->capable = !(data[1] & 8);
		data += 4;
		len -= 4;
		if (more > len)
			more = len;
		request(ops, as_list, data, more);
		data += more;
		len -= more;
	}
	return 0;
}

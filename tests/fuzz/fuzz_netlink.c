// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * What programs ask of the family "dibs": commands with any attributes that its
 * policies let pass. Whatever they say, locks and references are given back,
 * names that go on are names, numbers are within limits, nothing is done to a
 * device that is somebody else's, and who is refused is told why.
 *
 * The input is requests, one after the other:
 *
 *	1 byte	which command
 *	1 byte	rights, and what fails
 *	2 bytes	length of the attributes
 */
#include "shim/core.h"
#include "../../core/netlink.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);
int dibs_netlink_start(void);

struct mutex dibs_lock;

static int kinds;

/* --- devices -------------------------------------------------------------------- */

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

static void kind_del(struct dibs_dev *dev)
{
	REQUIRE(!dibs_lock.held && !dev->gone && dev->net == ASKS);
	dev->gone = true;
}

static struct dibs_dev_kind kind = { "loopback", NULL, kind_add, kind_del };

/* Of the kind and own, of hardware and own, another's, and everybody's. */
static struct dibs_dev devices[] = {
	{ .name = "own", .index = 1 },
	{ .name = "hardware", .index = 2 },
	{ .name = "granted", .index = 3 },
	{ .name = "lo", .index = 4 },
};

static void devices_reset(void)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		devices[i].gone = false;
		devices[i].kind = i == 1 || i == 3 ? NULL : &kind;
		devices[i].net = i < 2 ? ASKS : i == 2 ? ASKS + 1 : NULL;
	}
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
		return NULL;
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
	if (!wanted || dev->gone)
		return NULL;
	dev->refs++;
	return dev;
}

struct dibs_dev *dibs_dev_find(const struct net *net, const char *name)
{
	struct dibs_dev *found = NULL;
	unsigned int i;

	REQUIRE(net == ASKS && strlen(name) < DIBS_NAME_LEN);
	for (i = 0; !found && i < 4; i++)
		found = get_if(!strcmp(devices[i].name, name), &devices[i]);
	return found;
}

struct dibs_dev *dibs_dev_find_index(const struct net *net, u32 index)
{
	struct dibs_dev *found = NULL;
	unsigned int i;

	REQUIRE(net == ASKS && index);
	for (i = 0; !found && i < 4; i++)
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

/* --- what may be done to them ---------------------------------------------------- */

static bool is_own(const struct dibs_dev *dev)
{
	/* The namespace that asks is not the initial one. */
	return dev->refs && dev->net == ASKS;
}

int dibs_dev_set_owner(struct dibs_dev *dev, struct net *net)
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

int dibs_dev_grant(struct dibs_dev *dev, struct net *net)
{
	static const int errors[] = { 0, -EOPNOTSUPP, -EEXIST, -ENOMEM };

	REQUIRE(dibs_lock.held && is_own(dev) && net->refs);
	REQUIRE(net->user_ns->capable);
	return errors[choices.failure % 4];
}

int dibs_dev_revoke(struct dibs_dev *dev, struct net *net)
{
	REQUIRE(dibs_lock.held && is_own(dev) && net->refs);
	return choices.failure & 1 ? -ENOENT : 0;
}

int dibs_dev_join(struct dibs_dev *dev, struct net *net)
{
	REQUIRE(dibs_lock.held && dev->refs && net == ASKS);
	return dibs_dev_shared(dev) ? 0 : -EOPNOTSUPP;
}

int dibs_dev_leave(struct dibs_dev *dev, struct net *net)
{
	return dibs_dev_join(dev, net);
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

/* --- commands that look: of them only how the device is found ----------------------- */

static struct genl_info *asked;

int dibs_nl_dev_get(struct sk_buff *skb, struct genl_info *info)
{
	struct dibs_dev *dev;

	(void)skb;
	mutex_lock(&dibs_lock);
	dev = dibs_nl_find(info->net, info->attrs, info->extack);
	mutex_unlock(&dibs_lock);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	dibs_dev_put(dev);
	return 0;
}

int dibs_nl_list_start(struct netlink_callback *cb)
{
	(void)cb;
	return dibs_nl_dev_get(NULL, asked);
}

int dibs_nl_dev_list(struct sk_buff *skb, struct netlink_callback *cb)
{
	(void)skb;
	(void)cb;
	return 0;
}

int dibs_nl_client_list(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dibs_nl_dev_list(skb, cb);
}

int dibs_nl_dmb_list(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dibs_nl_dev_list(skb, cb);
}

int dibs_nl_stats_list(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dibs_nl_dev_list(skb, cb);
}

/* --- requests ----------------------------------------------------------------------- */

static void check_all(int err, const struct netlink_ext_ack *extack)
{
	unsigned int i;

	model_check();
	REQUIRE(!kinds);
	for (i = 0; i < 4; i++)
		REQUIRE(!devices[i].refs);
	REQUIRE(err <= 0);
	if (err == -EINVAL || err == -EPERM || err == -ENODEV)
		REQUIRE(extack->msg);
}

static void request(const struct genl_ops *ops, const u8 *data, size_t len)
{
	struct nlattr *attrs[MODEL_ATTRS] = {};
	struct netlink_ext_ack extack = {};
	struct genl_info info = {
		.attrs = attrs,
		.extack = &extack,
		.net = ASKS,
	};
	struct netlink_callback cb = {};
	struct sk_buff skb = {};
	int err = 0;

	asked = &info;
	if (!model_parse(ops->policy, ops->maxattr, data, len, attrs)) {
		if (ops->doit)
			err = ops->doit(&skb, &info);
		else if (ops->start)
			err = ops->start(&cb);
		check_all(err, &extack);
	}
	model_forget(attrs);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	dibs_netlink_start();
	devices_reset();
	while (len >= 4) {
		size_t more = data[2] | data[3] << 8;
		const struct genl_ops *ops = model_ops(data[0]);

		model_begin(data[1]);
		data += 4;
		len -= 4;
		if (more > len)
			more = len;
		request(ops, data, more);
		data += more;
		len -= more;
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * What programs ask about PNETIDs and EIDs, in requests as those of
 * fuzz_netlink.c: only who may changes anything, what was put in is what they
 * may be, answers are whole messages, and who is refused is told why.
 */
#include "shim/smc.h"
#include "../../clients/smc/eids.h"
#include "../../clients/smc/netlink.h"
#include "../../clients/smc/pnet.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);
int smc_pnet_netlink_start(void);

#define ASKS	(&model_nets[0])

/* --- the rest of the kernel --------------------------------------------------- */

static struct pernet_operations *pnets;
static void *pnets_state;

int register_pernet_subsys(struct pernet_operations *ops)
{
	pnets = ops;
	pnets_state = calloc(1, ops->size);
	return ops->init(ASKS);
}

void unregister_pernet_subsys(struct pernet_operations *ops)
{
	ops->exit(ASKS);
	free(pnets_state);
}

void *net_generic(const struct net *net, unsigned int id)
{
	REQUIRE(net == ASKS && id == *pnets->id);
	return pnets_state;
}

const char *dibs_dev_name(const struct dibs_dev *dev)
{
	return (const char *)dev;
}

/* Every second one is an adapter. */
const char *dibs_dev_seid(const struct dibs_dev *dev)
{
	return dibs_dev_name(dev)[0] & 1 ? "IBM-SYSZ-ISMSEID0000000012345678" :
					   NULL;
}

bool smc_devices_each(bool (*fn)(struct dibs_dev *dev, void *arg), void *arg)
{
	return fn((struct dibs_dev *)"lo", arg) &&
	       fn((struct dibs_dev *)"ism0", arg);
}

struct dst_entry *__sk_dst_get(const struct sock *sk)
{
	REQUIRE(sk->net == ASKS);
	return NULL;
}

bool dev_valid_name(const char *name)
{
	size_t len = strnlen(name, IFNAMSIZ);

	return len && len < IFNAMSIZ && strcmp(name, ".") &&
	       strcmp(name, "..") && !strpbrk(name, "/: \f\n\r\t\v");
}

/* Of the family of EIDs, which is not here. */
void *smc_genl_put(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	return genlmsg_put(skb, 0, cb->nlh->nlmsg_seq, NULL, NLM_F_MULTI, cmd);
}

int smc_genl_end(struct sk_buff *skb, void *hdr, int err)
{
	if (err)
		genlmsg_cancel(skb, hdr);
	else
		genlmsg_end(skb, hdr);
	return err;
}

/* --- what must hold ------------------------------------------------------------- */

static bool check_pnet(const struct smc_pnet *pnet, void *arg)
{
	const char *text = pnet->pnetid;
	size_t len = strnlen(text, sizeof(pnet->pnetid));
	unsigned int *count = arg;

	REQUIRE(len && len <= SMC_PNETID_LEN && pnet->port <= 2);
	REQUIRE(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == len);
	len = strnlen(pnet->name, sizeof(pnet->name));
	REQUIRE(len && len < sizeof(pnet->name));
	REQUIRE(pnet->kind == SMC_PNET_DEVICE || dev_valid_name(pnet->name));
	++*count;
	return true;
}

/* How many PNETIDs there are; an EID counts as much as 4096. */
static unsigned int check_tables(void)
{
	struct smc_eid eids[SMC_EIDS_MAX];
	unsigned int i, count = 0, n = smc_eids_get(eids, SMC_EIDS_MAX);

	REQUIRE(n && n <= SMC_EIDS_MAX);
	for (i = 0; i < n; i++)
		REQUIRE(smc_eid_is_ueid(&eids[i]));
	smc_pnet_each(ASKS, check_pnet, &count);
	return count + 4096 * n;
}

/* --- requests ----------------------------------------------------------------------- */

/* A list comes in as many parts as there have to be. */
static int run_dump(int (*dump)(struct sk_buff *, struct netlink_callback *),
		    struct genl_info *info)
{
	struct sock sk = { .net = ASKS };
	struct sk_buff asked = { .sk = &sk };
	struct nlmsghdr nlh = {};
	struct netlink_callback cb = {
		.skb = &asked,
		.nlh = &nlh,
		.extack = info->extack,
		.attrs = info->attrs,
	};
	int len, parts = 0;

	do {
		struct sk_buff *skb = genlmsg_new(256, GFP_KERNEL);

		skb->sk = &sk;
		len = dump(skb, &cb);
		model_check_answer(skb);
		REQUIRE(len < 0 || len == (int)skb->len);
		nlmsg_free(skb);
		REQUIRE(++parts < 2000);
	} while (len > 0);
	return len;
}

static int run_pnet(const struct genl_ops *ops, bool list,
		    struct genl_info *info)
{
	struct sk_buff skb = {};

	if (list && ops->dumpit)
		return run_dump(ops->dumpit, info);
	return ops->doit(&skb, info);
}

static int run_eid(u8 what, struct genl_info *info)
{
	switch (what % 3) {
	case 0:
		return smc_genl_add_eid(info);
	case 1:
		return smc_genl_remove_eid(info);
	default:
		return run_dump(smc_genl_dump_eids, info);
	}
}

static const struct nla_policy *policy_of(u8 what, unsigned int *max)
{
	*max = what & 0x80 ? SMC_NLA_EID_TABLE_MAX : model_family->maxattr;
	return what & 0x80 ? smc_genl_eid_policy : model_family->policy;
}

static int run(u8 what, struct genl_info *info)
{
	const struct genl_ops *ops = model_ops(what & 0x3f);
	struct genlmsghdr header = { .cmd = ops->cmd };

	info->genlhdr = &header;
	if (what & 0x80)
		return run_eid(what & 0x7f, info);
	return run_pnet(ops, what & 0x40, info);
}

static void request(u8 what, const u8 *data, size_t len)
{
	struct nlattr *attrs[MODEL_ATTRS] = {};
	struct netlink_ext_ack extack = {};
	struct genl_info info = {
		.attrs = attrs,
		.extack = &extack,
		.net = ASKS,
	};
	unsigned int max, before = check_tables();
	const struct nla_policy *policy = policy_of(what, &max);
	int err = 0;

	if (!model_parse(policy, max, data, len, attrs))
		err = run(what, &info);
	model_check();
	REQUIRE(err <= 0);
	REQUIRE(!err || err == -ENOMEM || extack.msg);
	if (err == -EPERM || err == -EINVAL)
		REQUIRE(check_tables() == before);
	model_forget(attrs);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	smc_eids_flush();
	smc_pnet_netlink_start();
	smc_pnets_start();
	while (len >= 4) {
		size_t more = data[2] | data[3] << 8;
		u8 what = data[0];

		model_begin(data[1]);
		model_nets[0].user_ns->capable = !(data[1] & 8);
		data += 4;
		len -= 4;
		if (more > len)
			more = len;
		request(what, data, more);
		data += more;
		len -= more;
	}
	smc_pnets_stop();
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Requests about PNETIDs, EIDs and everything else of SMC, in the format of
 * fuzz_netlink.c: only those who may change something do, what is stored is
 * valid, answers are whole messages, and a refusal has a message.
 *
 * The first byte of a request: 0x80 for SMC_GEN_NETLINK, else SMC_PNETID; 0x40
 * for a dump if a command has both; the rest selects the family's command.
 */
#include <linux/utsname.h>

#include "shim/smc.h"
#include "../../clients/smc/handshake/eids.h"
#include "../../clients/smc/netlink/netlink.h"
#include "../../clients/smc/handshake/pnet.h"
#include "../../clients/smc/state/sysctl.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);
int smc_pnet_netlink_start(void);
int smc_netlink_start(void);

static const struct genl_family *families[2];

#define ASKS	(&model_nets[0])

/* --- the rest of the kernel ---------------------------------------------- */

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

/* Every second device is an adapter. */
const char *dibs_dev_seid(const struct dibs_dev *dev)
{
	return dibs_dev_name(dev)[0] & 1 ? "IBM-SYSZ-ISMSEID0000000012345678" :
					   NULL;
}

bool smc_devices_each(const struct net *net,
		      bool (*fn)(struct dibs_dev *dev, void *arg), void *arg)
{
	REQUIRE(net == ASKS);
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

struct uts_namespace init_uts_ns = { .name = { "a-name-as-long-as-they-get" } };

static bool limits_handshakes;

bool smc_sysctl_limits_handshakes(const struct net *net)
{
	REQUIRE(net == ASKS);
	return limits_handshakes;
}

void smc_sysctl_limit_handshakes(const struct net *net, bool limit)
{
	REQUIRE(net == ASKS && choices.host_admin);
	limits_handshakes = limit;
}

/* Dumps of what does not exist here: they only have to be found. */

static int dump_nothing(void)
{
	return 0;
}

int smc_genl_dump_groups(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_nothing();
}

int smc_genl_dump_devices(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_nothing();
}

int smc_genl_dump_stats(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_nothing();
}

int smc_genl_dump_fallbacks(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_nothing();
}

/* --- what must hold ------------------------------------------------------ */

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

/*
 * Everything that can be changed, as a number: counts of PNETIDs and EIDs,
 * flags.
 */
static unsigned int check_all(void)
{
	struct smc_eid eids[SMC_EIDS_MAX];
	unsigned int i, count = 0, n = smc_eids_get(eids, SMC_EIDS_MAX);

	REQUIRE(n && n <= SMC_EIDS_MAX);
	for (i = 0; i < n; i++)
		REQUIRE(smc_eid_is_ueid(&eids[i]));
	smc_pnet_each(ASKS, check_pnet, &count);
	REQUIRE(count < 4096);
	return count | n << 12 | smc_eids_seid_enabled() << 16 |
	       limits_handshakes << 17;
}

/* --- requests ------------------------------------------------------------ */

/* The capability that it takes to change something in this family. */
static bool may_change(void)
{
	return model_family == families[1] ? choices.host_admin :
					     ASKS->user_ns->capable;
}

static int run(const struct genl_ops *ops, bool list, struct genl_info *info)
{
	struct genlmsghdr header = { .cmd = ops->cmd };
	struct sk_buff skb = {};
	int err;

	info->genlhdr = &header;
	if (ops->dumpit && (list || !ops->doit))
		return model_dump(ops, info);
	err = ops->doit(&skb, info);
	/* Everybody may request what a dump returns. */
	REQUIRE(ops->dumpit || may_change() || err == -EPERM);
	return err;
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
	const struct genl_ops *ops;
	const struct nla_policy *policy;
	unsigned int max, before = check_all();
	int err = 0;

	model_family = families[what >> 7];
	ops = model_ops(what & 0x3f);
	policy = ops->policy ? : model_family->policy;
	max = ops->policy ? ops->maxattr : model_family->maxattr;
	/* Without a policy attributes are not checked. */
	if (!policy || !model_parse(policy, max, data, len, attrs))
		err = run(ops, what & 0x40, &info);
	model_check();
	REQUIRE(err <= 0);
	REQUIRE(!err || err == -ENOMEM || extack.msg);
	if (err == -EPERM || err == -EINVAL)
		REQUIRE(check_all() == before);
	model_forget(attrs);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	smc_eids_flush();
	smc_eids_enable_seid(true);
	limits_handshakes = false;
	smc_pnet_netlink_start();
	families[0] = model_family;
	smc_netlink_start();
	families[1] = model_family;
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

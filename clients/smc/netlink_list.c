// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Generic netlink: link groups and devices. A namespace sees the devices it may
 * use, and of link groups those in which it has connections, and these alone.
 */
#include <linux/ctype.h>
#include <linux/pci.h>
#include <net/genetlink.h>
#include <uapi/linux/smc.h>

#include "conn.h"
#include "device.h"
#include "group.h"
#include "netlink.h"
#include "pnet.h"
#include "uapi/linux/dibs_smc.h"
#include "../../compat/genl.h"
#if IS_ENABLED(CONFIG_S390)
#include <asm/pci.h>
#endif

/* A dump: goes on behind the first @skip, of which @seen passed by. */
struct smc_dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	struct net *net;
	unsigned long seen;
};

static struct smc_dump smc_dump_begin(struct sk_buff *skb,
				      struct netlink_callback *cb)
{
	return (struct smc_dump){
		.skb = skb,
		.cb = cb,
		.net = sock_net(skb->sk),
	};
}

static bool smc_dump_skips(struct smc_dump *dump)
{
	return dump->seen++ < dump->cb->args[0];
}

/* What was put is put. False if there was no room for it. */
static bool smc_dump_next(struct smc_dump *dump, int err)
{
	if (err)
		return false;
	dump->cb->args[0] = dump->seen;
	return true;
}

/* --- link groups ----------------------------------------------------------------------- */

static u64 gid_half(const u8 *half)
{
	__be64 word;

	memcpy(&word, half, sizeof(word));
	return be64_to_cpu(word);
}

/*
 * @text is padded with blanks and not terminated. It is the peer's, and not for
 * terminals as it is.
 */
static int put_padded(struct sk_buff *skb, int attr, const u8 *text)
{
	char buf[SMC_EID_LEN + 1];
	int i, len = strnlen(text, SMC_EID_LEN);

	while (len && text[len - 1] == ' ')
		len--;
	for (i = 0; i < len; i++)
		buf[i] = isascii(text[i]) && isprint(text[i]) ? text[i] : '?';
	buf[len] = '\0';
	return nla_put_string(skb, attr, buf);
}

static_assert(SMC_EID_LEN == SMC_CLC_HOSTNAME_LEN);

static int put_group_v2(struct sk_buff *skb, const struct smc_group *group)
{
	struct nlattr *nest = nla_nest_start(skb, SMC_NLA_LGR_D_V2_COMMON);

	if (!nest ||
	    nla_put_u8(skb, SMC_NLA_LGR_V2_VER, SMC_CLC_V2) ||
	    nla_put_u8(skb, SMC_NLA_LGR_V2_REL, group->contact.release) ||
	    nla_put_u8(skb, SMC_NLA_LGR_V2_OS, group->contact.os) ||
	    put_padded(skb, SMC_NLA_LGR_V2_NEG_EID, group->eid.text) ||
	    put_padded(skb, SMC_NLA_LGR_V2_PEER_HOST, group->contact.hostname))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_group_gids(struct sk_buff *skb, const struct smc_group *group)
{
	const u8 *gid = dibs_dev_gid(group->dev)->b;
	const u8 *rgid = group->rgid.b;

	if (nla_put_u64_64bit(skb, SMC_NLA_LGR_D_GID, gid_half(gid),
			      SMC_NLA_LGR_D_PAD) ||
	    nla_put_u64_64bit(skb, SMC_NLA_LGR_D_PEER_GID, gid_half(rgid),
			      SMC_NLA_LGR_D_PAD) ||
	    nla_put_u64_64bit(skb, DIBS_SMC_NLA_LGR_D_EXT_GID,
			      gid_half(gid + 8), SMC_NLA_LGR_D_PAD) ||
	    nla_put_u64_64bit(skb, DIBS_SMC_NLA_LGR_D_PEER_EXT_GID,
			      gid_half(rgid + 8), SMC_NLA_LGR_D_PAD))
		return -EMSGSIZE;
	return 0;
}

static int put_group(struct sk_buff *skb, const struct smc_group *group,
		     const struct smc_group_use *use)
{
	struct nlattr *nest = nla_nest_start(skb, SMC_GEN_LGR_SMCD);
	char pnetid[SMC_PNETID_LEN + 1];

	smc_pnet_of_device(sock_net(skb->sk), group->dev, pnetid);
	if (!nest || nla_put_u32(skb, SMC_NLA_LGR_D_ID, group->id) ||
	    put_group_gids(skb, group) ||
	    nla_put_u8(skb, SMC_NLA_LGR_D_VLAN_ID, 0) ||
	    nla_put_u32(skb, SMC_NLA_LGR_D_CONNS_NUM, use->conns) ||
	    /* Tools expect four bytes, whatever <linux/smc.h> says. */
	    nla_put_u32(skb, SMC_NLA_LGR_D_CHID,
			dibs_dev_fabric_id(group->dev)) ||
	    nla_put_string(skb, SMC_NLA_LGR_D_PNETID, pnetid) ||
	    put_group_v2(skb, group) ||
	    nla_put_uint(skb, DIBS_SMC_NLA_LGR_D_SNDBUF_ALLOC, 0) ||
	    nla_put_uint(skb, DIBS_SMC_NLA_LGR_D_DMB_ALLOC, use->bytes) ||
	    nla_put_string(skb, DIBS_SMC_NLA_DEVICE,
			   dibs_dev_name(group->dev)) ||
	    nla_put_u8(skb, DIBS_SMC_NLA_LGR_SERVER,
		       group->role == DIBS_SMC_SERVER))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static bool dump_group(struct smc_group *group, void *arg)
{
	struct smc_dump *dump = arg;
	const struct smc_group_use *use;
	void *hdr;
	int err = -EMSGSIZE;

	if (smc_dump_skips(dump))
		return true;
	use = smc_group_use(group, dump->net);
	if (!use)
		return true;
	hdr = smc_genl_put(dump->skb, dump->cb, SMC_NETLINK_GET_LGR_SMCD);
	if (hdr)
		err = smc_genl_end(dump->skb, hdr,
				   put_group(dump->skb, group, use));
	return smc_dump_next(dump, err);
}

int smc_genl_dump_groups(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct smc_dump dump = smc_dump_begin(skb, cb);

	if (smc_groups_each(dump_group, &dump))
		cb->args[0] = dump.seen;
	return skb->len;
}

/* --- devices --------------------------------------------------------------------------- */

/* How many link groups a namespace has over a device? */
struct smc_device_use {
	const struct dibs_dev *dev;
	const struct net *net;
	unsigned int groups;
};

static bool count_group(struct smc_group *group, void *arg)
{
	struct smc_device_use *use = arg;

	if (group->dev == use->dev && smc_group_use(group, use->net))
		use->groups++;
	return true;
}

static int put_port(struct sk_buff *skb, const struct dibs_dev *dev)
{
	struct nlattr *nest = nla_nest_start(skb, SMC_NLA_DEV_PORT);
	char pnetid[SMC_PNETID_LEN + 1];
	bool by_user = smc_pnet_of_device(sock_net(skb->sk), dev, pnetid);

	if (!nest || nla_put_u8(skb, SMC_NLA_DEV_PORT_PNET_USR, by_user) ||
	    nla_put_string(skb, SMC_NLA_DEV_PORT_PNETID, pnetid))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* What IBM Z calls the function; elsewhere functions have no such number. */
static u32 pci_function(struct pci_dev *pdev)
{
#if IS_ENABLED(CONFIG_S390)
	return to_zpci(pdev)->fid;
#else
	return 0;
#endif
}

/* A device that is not on a PCI bus has the name that it has, and zeroes. */
static int put_pci(struct sk_buff *skb, const struct dibs_dev *dev)
{
	struct device *parent = dibs_dev_parent(dev);
	struct pci_dev *pdev = NULL;

	if (parent && dev_is_pci(parent))
		pdev = to_pci_dev(parent);
	if (nla_put_u32(skb, SMC_NLA_DEV_PCI_FID,
			pdev ? pci_function(pdev) : 0) ||
	    nla_put_u16(skb, SMC_NLA_DEV_PCI_CHID, dibs_dev_fabric_id(dev)) ||
	    nla_put_u16(skb, SMC_NLA_DEV_PCI_VENDOR,
			pdev ? pdev->vendor : 0) ||
	    nla_put_u16(skb, SMC_NLA_DEV_PCI_DEVICE,
			pdev ? pdev->device : 0) ||
	    nla_put_string(skb, SMC_NLA_DEV_PCI_ID,
			   pdev ? pci_name(pdev) : dibs_dev_name(dev)))
		return -EMSGSIZE;
	return 0;
}

static int put_dev(struct sk_buff *skb, const struct dibs_dev *dev,
		   unsigned int used)
{
	struct nlattr *nest = nla_nest_start(skb, SMC_GEN_DEV_SMCD);

	if (!nest || nla_put_u32(skb, SMC_NLA_DEV_USE_CNT, used) ||
	    nla_put_u8(skb, SMC_NLA_DEV_IS_CRIT, used > 0) ||
	    put_pci(skb, dev) || put_port(skb, dev))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static bool dump_device(struct dibs_dev *dev, void *arg)
{
	struct smc_dump *dump = arg;
	struct smc_device_use use = { .dev = dev, .net = dump->net };
	void *hdr;
	int err = -EMSGSIZE;

	if (smc_dump_skips(dump) || !dibs_dev_usable(dev, dump->net))
		return true;
	smc_groups_each(count_group, &use);
	hdr = smc_genl_put(dump->skb, dump->cb, SMC_NETLINK_GET_DEV_SMCD);
	if (hdr)
		err = smc_genl_end(dump->skb, hdr,
				   put_dev(dump->skb, dev, use.groups));
	return smc_dump_next(dump, err);
}

int smc_genl_dump_devices(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct smc_dump dump = smc_dump_begin(skb, cb);

	if (smc_devices_each(dump_device, &dump))
		cb->args[0] = dump.seen;
	return skb->len;
}

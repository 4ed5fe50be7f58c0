// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Generic netlink: link groups and devices. A namespace sees the devices it may
 * use and the link groups in which it has connections; the figures of a link
 * group cover only these connections. Process context.
 */
#include <linux/ctype.h>
#include <linux/pci.h>
#include <net/genetlink.h>
#include <uapi/linux/smc.h>

#include "conn/conn.h"
#include "conn/group.h"
#include "handshake/device.h"
#include "handshake/pnet.h"
#include "netlink/netlink.h"
#include "uapi/linux/dibs_smc.h"
#include "compat/genl.h"
#if IS_ENABLED(CONFIG_S390)
#include <asm/pci.h>
#endif

/* A dump; it skips what earlier parts covered: @seen up to cb->args[0]. */
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

/* Notes that an entry is done. False if the message had no room for it. */
static bool smc_dump_next(struct smc_dump *dump, int err)
{
	if (err)
		return false;
	dump->cb->args[0] = dump->seen;
	return true;
}

/* --- link groups ---------------------------------------------------------- */

/*
 * @text is padded with blanks and not terminated. It comes from the peer, so
 * whatever a terminal might interpret is replaced by '?'.
 */
static int smc_genl_put_padded(struct sk_buff *skb, int attr, const u8 *text)
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

static int smc_genl_put_group_v2(struct sk_buff *skb,
				 const struct smc_group *group)
{
	struct nlattr *nest = nla_nest_start(skb, SMC_NLA_LGR_D_V2_COMMON);

	if (!nest ||
	    nla_put_u8(skb, SMC_NLA_LGR_V2_VER, SMC_CLC_V2) ||
	    nla_put_u8(skb, SMC_NLA_LGR_V2_REL, group->contact.release) ||
	    nla_put_u8(skb, SMC_NLA_LGR_V2_OS, group->contact.os) ||
	    smc_genl_put_padded(skb, SMC_NLA_LGR_V2_NEG_EID, group->eid.text) ||
	    smc_genl_put_padded(skb, SMC_NLA_LGR_V2_PEER_HOST,
				group->contact.hostname))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int smc_genl_put_group_gids(struct sk_buff *skb,
				   const struct smc_group *group)
{
	const uuid_t *gid = dibs_dev_gid(group->dev);
	const uuid_t *rgid = &group->rgid;

	if (nla_put_u64_64bit(skb, SMC_NLA_LGR_D_GID, dibs_gid_to_u64(gid),
			      SMC_NLA_LGR_D_PAD) ||
	    nla_put_u64_64bit(skb, SMC_NLA_LGR_D_PEER_GID,
			      dibs_gid_to_u64(rgid), SMC_NLA_LGR_D_PAD) ||
	    nla_put_u64_64bit(skb, DIBS_SMC_NLA_LGR_D_EXT_GID,
			      smc_gid_ext(gid), SMC_NLA_LGR_D_PAD) ||
	    nla_put_u64_64bit(skb, DIBS_SMC_NLA_LGR_D_PEER_EXT_GID,
			      smc_gid_ext(rgid), SMC_NLA_LGR_D_PAD))
		return -EMSGSIZE;
	return 0;
}

static int smc_genl_put_group(struct sk_buff *skb,
			      const struct smc_group *group,
			      const struct smc_group_use *use)
{
	struct nlattr *nest = nla_nest_start(skb, SMC_GEN_LGR_SMCD);
	char pnetid[SMC_PNETID_LEN + 1];

	smc_pnet_of_device(sock_net(skb->sk), group->dev, pnetid);
	if (!nest || nla_put_u32(skb, SMC_NLA_LGR_D_ID, group->id) ||
	    smc_genl_put_group_gids(skb, group) ||
	    nla_put_u8(skb, SMC_NLA_LGR_D_VLAN_ID, 0) ||
	    nla_put_u32(skb, SMC_NLA_LGR_D_CONNS_NUM, use->conns) ||
	    /* Tools expect four bytes, whatever <linux/smc.h> says. */
	    nla_put_u32(skb, SMC_NLA_LGR_D_CHID,
			dibs_dev_fabric_id(group->dev)) ||
	    nla_put_string(skb, SMC_NLA_LGR_D_PNETID, pnetid) ||
	    smc_genl_put_group_v2(skb, group) ||
	    nla_put_uint(skb, DIBS_SMC_NLA_LGR_D_SNDBUF_ALLOC, 0) ||
	    nla_put_uint(skb, DIBS_SMC_NLA_LGR_D_DMB_ALLOC, use->bytes) ||
	    nla_put_string(skb, DIBS_SMC_NLA_DEVICE,
			   dibs_dev_name(group->dev)) ||
	    nla_put_u8(skb, DIBS_SMC_NLA_LGR_SERVER,
		       group->role == SMC_ROLE_SERVER))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static bool smc_genl_dump_group(struct smc_group *group, void *arg)
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
	hdr = smc_genl_begin(dump->skb, dump->cb, SMC_NETLINK_GET_LGR_SMCD);
	if (hdr)
		err = smc_genl_end(dump->skb, hdr,
				   smc_genl_put_group(dump->skb, group, use));
	return smc_dump_next(dump, err);
}

int smc_genl_dump_groups(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct smc_dump dump = smc_dump_begin(skb, cb);

	if (smc_groups_for_each(smc_genl_dump_group, &dump))
		cb->args[0] = dump.seen;
	return skb->len;
}

/* --- devices -------------------------------------------------------------- */

/* Counts the link groups that a namespace uses on a device. */
struct smc_device_use {
	const struct dibs_dev *dev;
	const struct net *net;
	unsigned int groups;
};

static bool smc_genl_count_group(struct smc_group *group, void *arg)
{
	struct smc_device_use *use = arg;

	if (group->dev == use->dev && smc_group_use(group, use->net))
		use->groups++;
	return true;
}

static int smc_genl_put_port(struct sk_buff *skb, const struct dibs_dev *dev)
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

/* The function ID (FID) on IBM Z; other platforms have none. */
static u32 smc_genl_pci_function(struct pci_dev *pdev)
{
#if IS_ENABLED(CONFIG_S390)
	return to_zpci(pdev)->fid;
#else
	return 0;
#endif
}

/* For a device that is not on PCI: its own name as PCI_ID, and zero IDs. */
static int smc_genl_put_pci(struct sk_buff *skb, const struct dibs_dev *dev)
{
	struct device *parent = dibs_dev_parent(dev);
	struct pci_dev *pdev = NULL;

	if (parent && dev_is_pci(parent))
		pdev = to_pci_dev(parent);
	if (nla_put_u32(skb, SMC_NLA_DEV_PCI_FID,
			pdev ? smc_genl_pci_function(pdev) : 0) ||
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

static int smc_genl_put_dev(struct sk_buff *skb, const struct dibs_dev *dev,
			    unsigned int used)
{
	struct nlattr *nest = nla_nest_start(skb, SMC_GEN_DEV_SMCD);

	if (!nest || nla_put_u32(skb, SMC_NLA_DEV_USE_CNT, used) ||
	    nla_put_u8(skb, SMC_NLA_DEV_IS_CRIT, used > 0) ||
	    smc_genl_put_pci(skb, dev) || smc_genl_put_port(skb, dev))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static bool smc_genl_dump_device(struct dibs_dev *dev, void *arg)
{
	struct smc_dump *dump = arg;
	struct smc_device_use use = { .dev = dev, .net = dump->net };
	void *hdr;
	int err = -EMSGSIZE;

	if (smc_dump_skips(dump))
		return true;
	smc_groups_for_each(smc_genl_count_group, &use);
	hdr = smc_genl_begin(dump->skb, dump->cb, SMC_NETLINK_GET_DEV_SMCD);
	if (hdr)
		err = smc_genl_end(dump->skb, hdr,
				   smc_genl_put_dev(dump->skb, dev,
						    use.groups));
	return smc_dump_next(dump, err);
}

int smc_genl_dump_devices(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct smc_dump dump = smc_dump_begin(skb, cb);

	if (smc_devices_each(dump.net, smc_genl_dump_device, &dump))
		cb->args[0] = dump.seen;
	return skb->len;
}

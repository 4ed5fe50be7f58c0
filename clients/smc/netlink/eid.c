// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Generic netlink: EIDs. They belong to the whole system, so only its
 * administrator may change them; any user may list them. Process context.
 */
#include <net/genetlink.h>
#include <net/sock.h>
#include <uapi/linux/smc.h>

#include "handshake/eids.h"
#include "netlink/netlink.h"
#include "uapi/linux/dibs_smc.h"

/*
 * The policy accepts any bytes, even none, so that bad ones get a message of
 * smc_genl_change_eid() that says what is wrong.
 */
const struct nla_policy smc_genl_eid_policy[SMC_NLA_EID_TABLE_MAX + 1] = {
	[SMC_NLA_EID_TABLE_ENTRY] = { .type = NLA_BINARY },
};

static int smc_genl_put_eid(struct sk_buff *skb, struct netlink_callback *cb,
			    const struct smc_eid *eid, bool is_default)
{
	char text[SMC_EID_LEN + 1] = {};
	void *hdr = smc_genl_begin(skb, cb, SMC_NETLINK_DUMP_UEID);
	int err = 0;

	if (!hdr)
		return -EMSGSIZE;
	memcpy(text, eid->text, SMC_EID_LEN);
	if (nla_put_string(skb, SMC_NLA_EID_TABLE_ENTRY, text) ||
	    (is_default && nla_put_flag(skb, DIBS_SMC_NLA_EID_DEFAULT)))
		err = -EMSGSIZE;
	return smc_genl_end(skb, hdr, err);
}

/* Dumps all EIDs that handshakes offer; the last one is the default. */
int smc_genl_dump_eids(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct smc_eid eids[SMC_EIDS_MAX];
	unsigned long i, n = smc_eids_get(eids, SMC_EIDS_MAX);

	for (i = cb->args[0]; i < n; i++)
		if (smc_genl_put_eid(skb, cb, &eids[i], i == n - 1))
			break;
	cb->args[0] = i;
	return skb->len;
}

/* Adds or removes the EID of the request, which ends at the first NUL. */
static int smc_genl_change_eid(struct genl_info *info,
			       int (*change)(const char *text, size_t len))
{
	const struct nlattr *attr = info->attrs[SMC_NLA_EID_TABLE_ENTRY];
	int err;

	if (GENL_REQ_ATTR_CHECK(info, SMC_NLA_EID_TABLE_ENTRY)) {
		NL_SET_ERR_MSG(info->extack, "UEID: missing");
		return -EINVAL;
	}
	err = change(nla_data(attr), strnlen(nla_data(attr), nla_len(attr)));
	switch (err) {
	case -EINVAL:
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "not a UEID: up to 32 of A-Z, 0-9, '.' and '-', the first a letter or digit");
		break;
	case -EEXIST:
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "UEID: already exists");
		break;
	case -ENOENT:
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "UEID: no such UEID");
		break;
	case -ERANGE:
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "UEID: the maximum of 4 UEIDs is reached");
		break;
	}
	return err;
}

int smc_genl_add_eid(struct genl_info *info)
{
	return smc_genl_change_eid(info, smc_eids_add);
}

int smc_genl_remove_eid(struct genl_info *info)
{
	return smc_genl_change_eid(info, smc_eids_del);
}

/* Dumps the system EID, empty if there is none, and whether it may be used. */
int smc_genl_dump_seid(struct sk_buff *skb, struct netlink_callback *cb)
{
	char seid[SMC_EID_LEN + 1];
	bool enabled = smc_eids_seid(sock_net(cb->skb->sk), seid);
	int err = 0;
	void *hdr;

	if (cb->args[0])
		return 0;
	hdr = smc_genl_begin(skb, cb, SMC_NETLINK_DUMP_SEID);
	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_string(skb, SMC_NLA_SEID_ENTRY, seid) ||
	    nla_put_u8(skb, SMC_NLA_SEID_ENABLED, enabled))
		err = -EMSGSIZE;
	cb->args[0] = 1;
	return smc_genl_end(skb, hdr, err) ? : skb->len;
}

static_assert(SMC_UEIDS_MAX == SMC_MAX_UEID);
static_assert(SMC_EID_LEN == SMC_MAX_EID_LEN);

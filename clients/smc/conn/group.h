/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Link groups: the connections between two systems over one device. Handshakes
 * join and leave them, netlink/ lists them. Both ends of a connection must
 * agree whether it is the first of its group, so both use the same key: the
 * device and the peer's GID, with separate groups for clients and servers. A
 * group outlives its last connection by ten minutes. A client keeps it a little
 * longer, so that a server never relies on a group that the client has
 * forgotten.
 */
#ifndef _DIBS_SMC_GROUP_H
#define _DIBS_SMC_GROUP_H

#include <linux/dibs_client.h>
#include <linux/workqueue.h>

#include "clc/clc.h"
#include "state/smc.h"

struct smc_conn;

/**
 * struct smc_group_use - the part of one network namespace in a link group
 * @entry: in the group's list, as long as there is a connection
 * @net:   the namespace; its sockets hold references
 * @conns: number of connections
 * @bytes: bytes of the DMBs that they receive into
 */
struct smc_group_use {
	struct list_head entry;
	const struct net *net;
	unsigned int conns;
	u64 bytes;
};

/**
 * struct smc_group - a link group
 * @entry:        in the list of all groups; empty: dead, nobody can join
 * @dev:          the device, with a reference
 * @rgid:         GID of the peer's device
 * @role:         our role
 * @id:           our id of the group, sent to the peer
 * @peer_id:      the peer's id of the group
 * @confirmed:    a handshake has completed, so the peer knows the group
 * @eid:          the EID both ends had in common at first contact
 * @contact:      the peer's description of itself at first contact
 * @conns:        its connections
 * @uses:         the same by namespace: dumps need not walk all conns
 * @users:        connections and handshakes
 * @idle_since:   when the last user left, in jiffies
 * @test_pending: the peer has asked whether the group exists
 * @test_answer:  event to answer with, see smc_groups_answer()
 */
struct smc_group {
	struct list_head entry;
	struct dibs_dev *dev;
	uuid_t rgid;
	enum smc_role role;
	u32 id;
	u32 peer_id;
	bool confirmed;
	struct smc_eid eid;
	struct smc_clc_first_contact contact;
	struct list_head conns;
	struct list_head uses;
	unsigned int users;
	unsigned long idle_since;
	bool test_pending;
	u64 test_answer;
};

struct smc_group *smc_group_join(struct dibs_dev *dev, const uuid_t *rgid,
				 enum smc_role role, bool known);
void smc_group_put(struct smc_group *group);
struct smc_group_use *smc_group_use_alloc(const struct net *net);
void smc_group_use_free(struct smc_group_use *use);
struct smc_group_use *smc_group_use(const struct smc_group *group,
				    const struct net *net);
void smc_group_add(struct smc_group *group, struct smc_conn *conn);
void smc_group_leave(struct smc_conn *conn);
void smc_group_confirm(struct smc_group *group,
		       const struct smc_clc_accept *accept);
void smc_group_unconfirm(struct smc_group *group);
void smc_groups_remove_dev(struct dibs_dev *dev);
void smc_groups_event(struct dibs_dev *dev, const struct dibs_event *event);
bool smc_groups_for_each(bool (*fn)(struct smc_group *group, void *arg),
			 void *arg);
void smc_groups_shut_down(void);
void smc_groups_stop(void);

#endif /* _DIBS_SMC_GROUP_H */

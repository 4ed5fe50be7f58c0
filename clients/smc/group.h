/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Link groups: the connections between two systems over one device. Both ends
 * of a connection must agree whether it is the first of its group, so the key
 * is what the peer uses, too: the device and the peer's GID, for clients and
 * servers apart. A group outlives its last connection by ten minutes, a
 * client's by some more, so that a server never takes for known what the client
 * has forgotten.
 */
#ifndef _DIBS_SMC_GROUP_H
#define _DIBS_SMC_GROUP_H

#include <linux/dibs_client.h>
#include <linux/workqueue.h>

#include "clc.h"
#include "smc.h"

struct smc_conn;

/**
 * struct smc_group_use - what one network namespace has in a link group
 * @entry: in the group's list, as long as there is a connection
 * @net:   the namespace, which its sockets hold
 * @conns: connections
 * @bytes: of the DMBs that they receive into
 */
struct smc_group_use {
	struct list_head entry;
	const struct net *net;
	unsigned int conns;
	u64 bytes;
};

/**
 * struct smc_group - a link group
 * @entry:     in the list of all; empty: dead, nobody joins any more
 * @dev:       the device, with a reference
 * @rgid:      GID of the peer's device
 * @role:      ours
 * @id:        our name for it, which the peer is told
 * @peer_id:   the peer's name for it
 * @confirmed: a handshake was completed: the peer knows it
 * @eid:       the EID both had in common at the first contact
 * @contact:   what the peer said of itself then
 * @conns:     its connections
 * @uses:      the same by namespace: who asks must not walk all connections
 * @users:     connections and handshakes
 * @idle:      since when there is none, in jiffies
 * @asked:     the peer wants to know whether it is there
 * @answer:    what it is then told
 */
struct smc_group {
	struct list_head entry;
	struct dibs_dev *dev;
	uuid_t rgid;
	enum dibs_smc_role role;
	u32 id;
	u32 peer_id;
	bool confirmed;
	struct smc_eid eid;
	struct smc_clc_first_contact contact;
	struct list_head conns;
	struct list_head uses;
	unsigned int users;
	unsigned long idle;
	bool asked;
	u64 answer;
};

struct smc_group *smc_group_join(struct dibs_dev *dev, const uuid_t *rgid,
				 enum dibs_smc_role role, bool known);
void smc_group_put(struct smc_group *group);
struct smc_group_use *smc_group_use_alloc(const struct net *net);
void smc_group_use_free(struct smc_group_use *use);
struct smc_group_use *smc_group_use(const struct smc_group *group,
				    const struct net *net);
void smc_group_add(struct smc_group *group, struct smc_conn *conn);
void smc_group_leave(struct smc_conn *conn);
void smc_group_confirm(struct smc_group *group,
		       const struct smc_clc_accept *accept);
void smc_group_distrust(struct smc_group *group);
void smc_groups_forget(struct dibs_dev *dev);
void smc_groups_event(struct dibs_dev *dev, const struct dibs_event *event);
bool smc_groups_each(bool (*fn)(struct smc_group *group, void *arg), void *arg);
void smc_groups_shut_down(void);
void smc_groups_stop(void);

#endif /* _DIBS_SMC_GROUP_H */

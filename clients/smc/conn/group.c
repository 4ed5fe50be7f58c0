// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Link groups, see group.h. Called by handshakes, netlink and dibs callbacks,
 * in process context, except for smc_groups_event(), which the dibs core calls
 * with bottom halves disabled.
 */
#include <linux/random.h>
#include <linux/rbtree.h>
#include <linux/slab.h>

#include "conn/conn.h"
#include "conn/group.h"

#define SMC_GROUP_IDLE		(600 * HZ)
#define SMC_GROUP_IDLE_CLIENT	(610 * HZ)

/* Subtypes of DIBS_EVENT_SW that SMC-D uses. */
#define SMC_EVENT_SHUTDOWN	0x80
#define SMC_EVENT_TEST_LINK	0x83

/* The 64-bit data of such an event, in the sender's byte order. */
struct smc_event_info {
	u32 group;	/* the sender's id of the group */
	u16 vlan;
	u16 code;
};

#define SMC_EVENT_REQUEST	1
#define SMC_EVENT_RESPONSE	2

static LIST_HEAD(smc_groups);
static DEFINE_SPINLOCK(smc_groups_lock);	/* groups and their members */
/* Members of groups, by device and by token of the peer's DMB; the same lock */
static struct rb_root smc_groups_tokens = RB_ROOT;

static void smc_groups_expire(struct work_struct *work);
static DECLARE_DELAYED_WORK(smc_groups_work, smc_groups_expire);
static void smc_groups_answer(struct work_struct *work);
static DECLARE_WORK(smc_groups_answer_work, smc_groups_answer);

static struct smc_group *smc_group_find(struct dibs_dev *dev,
					const uuid_t *rgid,
					enum smc_role role)
{
	struct smc_group *group;

	lockdep_assert_held(&smc_groups_lock);
	list_for_each_entry(group, &smc_groups, entry)
		if (group->dev == dev && group->role == role &&
		    uuid_equal(&group->rgid, rgid))
			return group;
	return NULL;
}

static void smc_group_free(struct smc_group *group)
{
	dibs_dev_put(group->dev);
	kfree(group);
}

static struct smc_group *smc_group_alloc(struct dibs_dev *dev,
					 const uuid_t *rgid,
					 enum smc_role role)
{
	struct smc_group *group = kzalloc(sizeof(*group), GFP_KERNEL);

	if (!group)
		return NULL;
	group->dev = dibs_dev_get(dev);
	group->rgid = *rgid;
	group->role = role;
	INIT_LIST_HEAD(&group->conns);
	INIT_LIST_HEAD(&group->uses);
	group->id = get_random_u32();
	return group;
}

/*
 * Finds or creates the group of @dev and @rgid, and takes a reference. @known:
 * the peer says that the group exists, so do not create one. Returns NULL if
 * it does not exist, or if there is no memory for a new one.
 */
struct smc_group *smc_group_join(struct dibs_dev *dev, const uuid_t *rgid,
				 enum smc_role role, bool known)
{
	struct smc_group *fresh = NULL, *group;

	if (!known) {
		fresh = smc_group_alloc(dev, rgid, role);
		if (!fresh)
			return NULL;
	}
	spin_lock_bh(&smc_groups_lock);
	group = smc_group_find(dev, rgid, role);
	if (!group && fresh) {
		list_add_tail(&fresh->entry, &smc_groups);
		group = fresh;
		fresh = NULL;
	}
	if (group)
		group->users++;
	spin_unlock_bh(&smc_groups_lock);
	if (fresh)
		smc_group_free(fresh);
	return group;
}

void smc_group_put(struct smc_group *group)
{
	bool dead = false;

	spin_lock_bh(&smc_groups_lock);
	if (!--group->users) {
		dead = list_empty(&group->entry);
		group->idle_since = jiffies;
	}
	spin_unlock_bh(&smc_groups_lock);
	if (dead)
		smc_group_free(group);
	else
		schedule_delayed_work(&smc_groups_work, SMC_GROUP_IDLE);
}

/* Preallocated for each connection: it may be the first of its namespace. */
struct smc_group_use *smc_group_use_alloc(const struct net *net)
{
	struct smc_group_use *use = kzalloc(sizeof(*use), SMC_GFP);

	if (use)
		use->net = net;
	return use;
}

/* @use was not added to a group, or has been removed, or is NULL. */
void smc_group_use_free(struct smc_group_use *use)
{
	kfree(use);
}

/* Returns NULL if the namespace has no connection in the group. */
struct smc_group_use *smc_group_use(const struct smc_group *group,
				    const struct net *net)
{
	struct smc_group_use *use;

	lockdep_assert_held(&smc_groups_lock);
	list_for_each_entry(use, &group->uses, entry)
		if (net_eq(use->net, net))
			return use;
	return NULL;
}

/* A key in smc_groups_tokens; a peer may have given a token more than once. */
struct smc_token_key {
	const struct dibs_dev *dev;
	u64 token;
};

static int smc_token_compare(const void *key, const struct rb_node *node)
{
	const struct smc_conn *conn = rb_entry(node, struct smc_conn,
					       by_token);
	const struct smc_token_key *wanted = key;

	if (wanted->dev != conn->group->dev)
		return wanted->dev < conn->group->dev ? -1 : 1;
	if (wanted->token != conn->peer_token)
		return wanted->token < conn->peer_token ? -1 : 1;
	return 0;
}

static bool smc_token_less(struct rb_node *node, const struct rb_node *other)
{
	const struct smc_conn *conn = rb_entry(node, struct smc_conn,
					       by_token);
	const struct smc_token_key key = {
		.dev = conn->group->dev,
		.token = conn->peer_token,
	};

	return smc_token_compare(&key, other) < 0;
}

static u64 smc_group_bytes(const struct smc_conn *conn)
{
	return conn->rx_size + SMC_CDC_LEN;
}

/* Takes over the caller's reference to the group for the connection. */
void smc_group_add(struct smc_group *group, struct smc_conn *conn)
{
	struct smc_group_use *use, *spare = conn->use;
	bool lost;

	spin_lock_bh(&smc_groups_lock);
	use = smc_group_use(group, spare->net);
	if (!use) {
		use = spare;
		spare = NULL;
		list_add(&use->entry, &group->uses);
	}
	use->conns++;
	use->bytes += smc_group_bytes(conn);
	conn->use = use;
	list_add_tail(&conn->in_group, &group->conns);
	rb_add(&conn->by_token, &smc_groups_tokens, smc_token_less);
	lost = list_empty(&group->entry) || dibs_attachment_is_cut(conn->att);
	spin_unlock_bh(&smc_groups_lock);
	smc_group_use_free(spare);
	if (lost)
		smc_conn_lost(conn);
}

void smc_group_leave(struct smc_conn *conn)
{
	struct smc_group *group = conn->group;
	struct smc_group_use *use = conn->use, *unused = NULL;

	if (!group)
		return;
	spin_lock_bh(&smc_groups_lock);
	if (!list_empty(&conn->in_group)) {
		list_del_init(&conn->in_group);
		rb_erase(&conn->by_token, &smc_groups_tokens);
		use->bytes -= smc_group_bytes(conn);
		if (!--use->conns) {
			list_del(&use->entry);
			unused = use;
		}
		conn->use = NULL;
	}
	spin_unlock_bh(&smc_groups_lock);
	smc_group_use_free(unused);
	conn->group = NULL;
	smc_group_put(group);
}

/*
 * A handshake has completed, so a server may treat the group as known from now
 * on. @accept: the peer's accept or confirm.
 */
void smc_group_confirm(struct smc_group *group,
		       const struct smc_clc_accept *accept)
{
	spin_lock_bh(&smc_groups_lock);
	/* Pairs with the lockless read when a server answers. */
	WRITE_ONCE(group->confirmed, true);
	group->peer_id = accept->link_id;
	if (accept->contact.present) {
		group->eid = accept->eid;
		group->contact = accept->contact;
	}
	spin_unlock_bh(&smc_groups_lock);
}

/* The peer does not know the group, or no longer does. */
void smc_group_unconfirm(struct smc_group *group)
{
	spin_lock_bh(&smc_groups_lock);
	WRITE_ONCE(group->confirmed, false);
	spin_unlock_bh(&smc_groups_lock);
}

static void smc_groups_expire(struct work_struct *work)
{
	struct smc_group *group, *next;
	LIST_HEAD(expired);
	bool more = false;

	spin_lock_bh(&smc_groups_lock);
	list_for_each_entry_safe(group, next, &smc_groups, entry) {
		unsigned long after = group->role == SMC_ROLE_CLIENT ?
			SMC_GROUP_IDLE_CLIENT : SMC_GROUP_IDLE;

		if (group->users)
			continue;
		if (time_after_eq(jiffies, group->idle_since + after))
			list_move(&group->entry, &expired);
		else
			more = true;
	}
	spin_unlock_bh(&smc_groups_lock);
	list_for_each_entry_safe(group, next, &expired, entry)
		smc_group_free(group);
	if (more)
		schedule_delayed_work(&smc_groups_work, 10 * HZ);
}

/*
 * Removes the group from the list, so that nobody can join, and ends its
 * connections. Returns true if the caller has to free it; otherwise the last
 * user to leave does.
 */
static bool smc_group_kill(struct smc_group *group)
{
	struct smc_conn *conn;

	lockdep_assert_held(&smc_groups_lock);
	list_del_init(&group->entry);
	list_for_each_entry(conn, &group->conns, in_group)
		smc_conn_lost(conn);
	return !group->users;
}

/* The device goes away: its unused groups are freed, the others are killed. */
void smc_groups_remove_dev(struct dibs_dev *dev)
{
	struct smc_group *group, *next;
	LIST_HEAD(unused);

	spin_lock_bh(&smc_groups_lock);
	list_for_each_entry_safe(group, next, &smc_groups, entry)
		if (group->dev == dev && smc_group_kill(group))
			list_add(&group->entry, &unused);
	spin_unlock_bh(&smc_groups_lock);
	list_for_each_entry_safe(group, next, &unused, entry)
		smc_group_free(group);
}

/* Does an event of the peer refer to this group? @id is the peer's id of it. */
static bool smc_group_matches(const struct smc_group *group, u32 id)
{
	/* On loopback all systems of this kernel share one GID. */
	if (dibs_dev_fabric_id(group->dev) == DIBS_FABRIC_LOOPBACK)
		return group->confirmed && group->peer_id == id;
	return true;
}

/*
 * A namespace may no longer use a device, or a grant was revoked. There is an
 * event for each DMB and each attachment, with the token of the DMB; only
 * connections that use it are looked at, as a user can do this in a loop.
 */
static void smc_groups_cut(const struct dibs_dev *dev, u64 token)
{
	const struct smc_token_key key = { .dev = dev, .token = token };
	struct smc_conn *conn;
	struct rb_node *node;

	spin_lock_bh(&smc_groups_lock);
	rb_for_each(node, &key, &smc_groups_tokens, smc_token_compare) {
		conn = rb_entry(node, struct smc_conn, by_token);
		if (dibs_attachment_is_cut(conn->att))
			smc_conn_lost(conn);
	}
	spin_unlock_bh(&smc_groups_lock);
}

static void smc_groups_kill_peer(struct dibs_dev *dev, const uuid_t *rgid,
				 const u32 *id)
{
	struct smc_group *group, *next;

	spin_lock_bh(&smc_groups_lock);
	list_for_each_entry_safe(group, next, &smc_groups, entry) {
		if (group->dev != dev || !uuid_equal(&group->rgid, rgid) ||
		    (id && !smc_group_matches(group, *id)))
			continue;
		/* smc_groups_expire() frees unused ones. */
		if (group->users)
			smc_group_kill(group);
		else
			WRITE_ONCE(group->confirmed, false);
	}
	spin_unlock_bh(&smc_groups_lock);
}

static struct smc_event_info smc_event_unpack(u64 word)
{
	struct smc_event_info info;

	static_assert(sizeof(info) == sizeof(word));
	memcpy(&info, &word, sizeof(info));
	return info;
}

static u64 smc_event_pack(struct smc_event_info info)
{
	u64 word;

	memcpy(&word, &info, sizeof(word));
	return word;
}

/*
 * A peer asks whether a group still exists. There is no answer if it does not,
 * and only one answer for requests that arrive before it is sent.
 */
static void smc_groups_test(struct dibs_dev *dev, const uuid_t *rgid,
			    struct smc_event_info info)
{
	struct smc_group *group;

	spin_lock_bh(&smc_groups_lock);
	list_for_each_entry(group, &smc_groups, entry) {
		if (group->dev != dev || !uuid_equal(&group->rgid, rgid) ||
		    !group->confirmed || !smc_group_matches(group, info.group))
			continue;
		group->test_pending = true;
		info.code = SMC_EVENT_RESPONSE;
		group->test_answer = smc_event_pack(info);
		schedule_work(&smc_groups_answer_work);
		break;
	}
	spin_unlock_bh(&smc_groups_lock);
}

/*
 * Takes one pending test. *@dev gets a reference to the device. Returns false
 * if none is pending.
 */
static bool smc_groups_take_test(struct dibs_dev **dev, uuid_t *rgid,
				 u64 *answer)
{
	struct smc_group *group;
	bool found = false;

	spin_lock_bh(&smc_groups_lock);
	list_for_each_entry(group, &smc_groups, entry) {
		if (!group->test_pending)
			continue;
		group->test_pending = false;
		*dev = dibs_dev_get(group->dev);
		*rgid = group->rgid;
		*answer = group->test_answer;
		found = true;
		break;
	}
	spin_unlock_bh(&smc_groups_lock);
	return found;
}

/* One per run: a peer that asks endlessly must not block others' work. */
static void smc_groups_answer(struct work_struct *work)
{
	struct dibs_dev *dev;
	uuid_t rgid;
	u64 answer;

	if (!smc_groups_take_test(&dev, &rgid, &answer))
		return;
	dibs_signal_event(smc_dibs_client, dev, &rgid, true,
			  SMC_EVENT_TEST_LINK, answer);
	dibs_dev_put(dev);
	schedule_work(work);
}

static void smc_groups_sw_event(struct dibs_dev *dev,
				const struct dibs_event *event)
{
	struct smc_event_info info = smc_event_unpack(event->data);

	if (event->subtype == SMC_EVENT_SHUTDOWN)
		smc_groups_kill_peer(dev, &event->gid, &info.group);
	else if (event->subtype == SMC_EVENT_TEST_LINK &&
		 info.code == SMC_EVENT_REQUEST)
		smc_groups_test(dev, &event->gid, info);
}

/*
 * Event from the fabric or from the peer. Called with bottom halves disabled.
 */
void smc_groups_event(struct dibs_dev *dev, const struct dibs_event *event)
{
	switch (event->type) {
	case DIBS_EVENT_BUF:
		if (event->subtype == DIBS_EVENT_BUF_CUT)
			smc_groups_cut(dev, event->token);
		break;
	case DIBS_EVENT_DEV:
		smc_groups_kill_peer(dev, &event->gid, NULL);
		break;
	case DIBS_EVENT_SW:
		smc_groups_sw_event(dev, event);
		break;
	}
}

/*
 * Calls @fn for each group, under the groups' lock, until it returns false.
 * Returns true if all groups were visited.
 */
bool smc_groups_for_each(bool (*fn)(struct smc_group *group, void *arg),
			 void *arg)
{
	struct smc_group *group;
	bool all = true;

	spin_lock_bh(&smc_groups_lock);
	list_for_each_entry(group, &smc_groups, entry) {
		all = fn(group, arg);
		if (!all)
			break;
	}
	spin_unlock_bh(&smc_groups_lock);
	return all;
}

/*
 * Takes one group that a peer knows, and marks it as unconfirmed. *@dev gets a
 * reference to the device. Returns false if there is none.
 */
static bool smc_groups_take_confirmed(struct dibs_dev **dev, uuid_t *rgid,
				      u32 *id)
{
	struct smc_group *group;
	bool found = false;

	spin_lock_bh(&smc_groups_lock);
	list_for_each_entry(group, &smc_groups, entry) {
		if (!group->confirmed)
			continue;
		WRITE_ONCE(group->confirmed, false);
		*dev = dibs_dev_get(group->dev);
		*rgid = group->rgid;
		*id = group->id;
		found = true;
		break;
	}
	spin_unlock_bh(&smc_groups_lock);
	return found;
}

/*
 * Tells peers that this system no longer speaks SMC-D, so that they do not wait
 * for it. Devices may go away meanwhile, and their groups with them, see
 * smc_groups_remove_dev(). No socket is left, so no group becomes confirmed.
 */
void smc_groups_shut_down(void)
{
	struct smc_event_info info = { .code = SMC_EVENT_REQUEST };
	struct dibs_dev *dev;
	uuid_t rgid;

	cancel_delayed_work_sync(&smc_groups_work);
	while (smc_groups_take_confirmed(&dev, &rgid, &info.group)) {
		dibs_signal_event(smc_dibs_client, dev, &rgid, true,
				  SMC_EVENT_SHUTDOWN, smc_event_pack(info));
		dibs_dev_put(dev);
	}
}

/* Module exit; no connection is left. */
void smc_groups_stop(void)
{
	struct smc_group *group, *next;

	cancel_work_sync(&smc_groups_answer_work);
	cancel_delayed_work_sync(&smc_groups_work);
	list_for_each_entry_safe(group, next, &smc_groups, entry) {
		list_del(&group->entry);
		smc_group_free(group);
	}
}

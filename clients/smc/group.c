// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Link groups, see group.h. Process context, but for smc_groups_event(), which
 * the layer calls with bottom halves off.
 */
#include <linux/random.h>
#include <linux/slab.h>

#include "conn.h"
#include "group.h"

#define SMC_GROUP_IDLE		(600 * HZ)
#define SMC_GROUP_IDLE_CLIENT	(610 * HZ)

/* Software events of SMC-D. */
#define SMC_EVENT_SHUTDOWN	0x80
#define SMC_EVENT_TEST_LINK	0x83

/* What stands in their information, in the sender's byte order. */
struct smc_event_info {
	u32 group;	/* the sender's name for it */
	u16 vlan;
	u16 code;
};

#define SMC_EVENT_REQUEST	1
#define SMC_EVENT_RESPONSE	2

static LIST_HEAD(smc_groups);
static DEFINE_SPINLOCK(smc_groups_lock);	/* all groups, their conns */

static void smc_groups_expire(struct work_struct *work);
static DECLARE_DELAYED_WORK(smc_groups_work, smc_groups_expire);
static void smc_groups_cut(struct work_struct *work);
static DECLARE_WORK(smc_groups_cut_work, smc_groups_cut);
static void smc_groups_answer(struct work_struct *work);
static DECLARE_WORK(smc_groups_answer_work, smc_groups_answer);

static struct smc_group *smc_group_find(struct dibs_dev *dev,
					const uuid_t *rgid,
					enum dibs_smc_role role)
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
					 enum dibs_smc_role role)
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
 * The group of these two, with a reference. @known: the peer says that it is
 * there. Returns NULL if it is not, or there is no memory for a new one.
 */
struct smc_group *smc_group_join(struct dibs_dev *dev, const uuid_t *rgid,
				 enum dibs_smc_role role, bool known)
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
		group->idle = jiffies;
	}
	spin_unlock_bh(&smc_groups_lock);
	if (dead)
		smc_group_free(group);
	else
		schedule_delayed_work(&smc_groups_work, SMC_GROUP_IDLE);
}

/* Each connection brings one along, as it may be its namespace's first. */
struct smc_group_use *smc_group_use_alloc(const struct net *net)
{
	struct smc_group_use *use = kzalloc(sizeof(*use), SMC_GFP);

	if (use)
		use->net = net;
	return use;
}

/* One that was never used, or NULL. */
void smc_group_use_free(struct smc_group_use *use)
{
	kfree(use);
}

/* NULL: the namespace has no connection there. */
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

static u64 smc_group_bytes(const struct smc_conn *conn)
{
	return conn->rx_size + SMC_CDC_LEN;
}

/* The caller's reference to the group becomes the connection's. */
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
 * From now on the server may say that it is known. @accept: the peer's accept
 * or confirm.
 */
void smc_group_confirm(struct smc_group *group,
		       const struct smc_clc_accept *accept)
{
	spin_lock_bh(&smc_groups_lock);
	/* Read without the lock when a server answers. */
	WRITE_ONCE(group->confirmed, true);
	group->peer_id = accept->link_id;
	if (accept->contact.present) {
		group->eid = accept->eid;
		group->contact = accept->contact;
	}
	spin_unlock_bh(&smc_groups_lock);
}

/* The peer does not know it, whatever was said before. */
void smc_group_distrust(struct smc_group *group)
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
		unsigned long after = group->role == DIBS_SMC_CLIENT ?
			SMC_GROUP_IDLE_CLIENT : SMC_GROUP_IDLE;

		if (group->users)
			continue;
		if (time_after_eq(jiffies, group->idle + after))
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
 * Nobody joins the group any more, its connections end. Returns true if it is
 * to be freed; else the last connection to leave does that.
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

/* The device is going: nothing of its groups is used after this. */
void smc_groups_forget(struct dibs_dev *dev)
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

/* Does a request to shut down mean this one? @id is the sender's name for it. */
static bool smc_group_is_meant(const struct smc_group *group, u32 id)
{
	/* On loopback every system of this kernel has the same GID. */
	if (dibs_dev_fabric_id(group->dev) == DIBS_FABRIC_LOOPBACK)
		return group->confirmed && group->peer_id == id;
	return true;
}

/*
 * A namespace may use a device no more, or what was granted is revoked. There
 * is an event for each DMB; all are worked off at once.
 */
static void smc_groups_cut(struct work_struct *work)
{
	struct smc_group *group;
	struct smc_conn *conn;

	spin_lock_bh(&smc_groups_lock);
	list_for_each_entry(group, &smc_groups, entry)
		list_for_each_entry(conn, &group->conns, in_group)
			if (dibs_attachment_is_cut(conn->att))
				smc_conn_lost(conn);
	spin_unlock_bh(&smc_groups_lock);
}

static void smc_groups_kill_peer(struct dibs_dev *dev, const uuid_t *rgid,
				 const u32 *id)
{
	struct smc_group *group, *next;

	spin_lock_bh(&smc_groups_lock);
	list_for_each_entry_safe(group, next, &smc_groups, entry) {
		if (group->dev != dev || !uuid_equal(&group->rgid, rgid) ||
		    (id && !smc_group_is_meant(group, *id)))
			continue;
		/* An unused one is the expiry's to free. */
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
 * A peer asks whether a group is still there. Who asks for one that is not gets
 * no answer; who asks again before there was one gets one.
 */
static void smc_groups_ask(struct dibs_dev *dev, const uuid_t *rgid,
			   struct smc_event_info info)
{
	struct smc_group *group;

	spin_lock_bh(&smc_groups_lock);
	list_for_each_entry(group, &smc_groups, entry) {
		if (group->dev != dev || !uuid_equal(&group->rgid, rgid) ||
		    !group->confirmed || !smc_group_is_meant(group, info.group))
			continue;
		group->asked = true;
		info.code = SMC_EVENT_RESPONSE;
		group->answer = smc_event_pack(info);
		schedule_work(&smc_groups_answer_work);
		break;
	}
	spin_unlock_bh(&smc_groups_lock);
}

/* One that was asked for, with a reference to its device; false: none. */
static bool smc_groups_take_asked(struct dibs_dev **dev, uuid_t *rgid,
				  u64 *answer)
{
	struct smc_group *group;
	bool found = false;

	spin_lock_bh(&smc_groups_lock);
	list_for_each_entry(group, &smc_groups, entry) {
		if (!group->asked)
			continue;
		group->asked = false;
		*dev = dibs_dev_get(group->dev);
		*rgid = group->rgid;
		*answer = group->answer;
		found = true;
		break;
	}
	spin_unlock_bh(&smc_groups_lock);
	return found;
}

/* One at a time, so that whoever asks without end keeps nobody else waiting. */
static void smc_groups_answer(struct work_struct *work)
{
	struct dibs_dev *dev;
	uuid_t rgid;
	u64 answer;

	if (!smc_groups_take_asked(&dev, &rgid, &answer))
		return;
	dibs_signal_event(smc_client, dev, &rgid, true, SMC_EVENT_TEST_LINK,
			  answer);
	dibs_dev_put(dev);
	schedule_work(work);
}

static void smc_groups_told(struct dibs_dev *dev,
			    const struct dibs_event *event)
{
	struct smc_event_info info = smc_event_unpack(event->data);

	if (event->subtype == SMC_EVENT_SHUTDOWN)
		smc_groups_kill_peer(dev, &event->gid, &info.group);
	else if (event->subtype == SMC_EVENT_TEST_LINK &&
		 info.code == SMC_EVENT_REQUEST)
		smc_groups_ask(dev, &event->gid, info);
}

/* What the fabric or the peer's system says. With bottom halves off. */
void smc_groups_event(struct dibs_dev *dev, const struct dibs_event *event)
{
	switch (event->type) {
	case DIBS_EVENT_BUF:
		if (event->subtype == DIBS_EVENT_BUF_CUT)
			schedule_work(&smc_groups_cut_work);
		break;
	case DIBS_EVENT_DEV:
		smc_groups_kill_peer(dev, &event->gid, NULL);
		break;
	case DIBS_EVENT_SW:
		smc_groups_told(dev, event);
		break;
	}
}

/*
 * @fn is called under the groups' lock, as long as it says true. Returns whether
 * it went through all.
 */
bool smc_groups_each(bool (*fn)(struct smc_group *group, void *arg), void *arg)
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
 * One that a peer knows, with a reference to its device; from now on it is
 * unknown there. False: none.
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
 * Peers shall not wait for a system that speaks SMC-D no more. Devices may go
 * meanwhile, and their groups with them: smc_groups_forget(). No socket is left,
 * so nothing is confirmed any more.
 */
void smc_groups_shut_down(void)
{
	struct smc_event_info info = { .code = SMC_EVENT_REQUEST };
	struct dibs_dev *dev;
	uuid_t rgid;

	cancel_delayed_work_sync(&smc_groups_work);
	while (smc_groups_take_confirmed(&dev, &rgid, &info.group)) {
		dibs_signal_event(smc_client, dev, &rgid, true,
				  SMC_EVENT_SHUTDOWN, smc_event_pack(info));
		dibs_dev_put(dev);
	}
}

/* No connection is left. */
void smc_groups_stop(void)
{
	struct smc_group *group, *next;

	cancel_work_sync(&smc_groups_cut_work);
	cancel_work_sync(&smc_groups_answer_work);
	cancel_delayed_work_sync(&smc_groups_work);
	list_for_each_entry_safe(group, next, &smc_groups, entry) {
		list_del(&group->entry);
		smc_group_free(group);
	}
}

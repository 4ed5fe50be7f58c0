/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Copyright (C) The DIBS authors
 *
 * Generic netlink family "dibs": management of the layer from user space.
 * docs/netlink.yaml describes it in the kernel's netlink-spec format; the two
 * agree number by number, which tests/lint checks.
 */
#ifndef _UAPI_LINUX_DIBS_H
#define _UAPI_LINUX_DIBS_H

#define DIBS_GENL_NAME		"dibs"
#define DIBS_GENL_VERSION	1
#define DIBS_GENL_MCGRP_EVENTS	"events"	/* devices and clients */
#define DIBS_GENL_MCGRP_FABRIC	"fabric"	/* [admin] DIBS_CMD_EVENT_NTF */

/* Commands. [admin]: needs CAP_NET_ADMIN, see docs/netlink.yaml where. */
enum {
	DIBS_CMD_DEV_GET = 1,		/* do: by index or name; dump */
	DIBS_CMD_DEV_ADD,		/* [admin] name, type, limits */
	DIBS_CMD_DEV_DEL,		/* [admin] */
	DIBS_CMD_DEV_SET,		/* [admin] enabled, shared */
	DIBS_CMD_DEV_GRANT,		/* [admin] to a namespace */
	DIBS_CMD_DEV_REVOKE,		/* [admin] from a namespace */
	DIBS_CMD_DEV_JOIN,		/* [admin] own namespace, shared device */
	DIBS_CMD_DEV_LEAVE,		/* [admin] own namespace, shared device */
	DIBS_CMD_CLIENT_GET,		/* dump */
	DIBS_CMD_DMB_GET,		/* dump: own namespace's */
	DIBS_CMD_STATS_GET,		/* dump: device x client */
	/* Notifications of the group "events". */
	DIBS_CMD_DEV_ADD_NTF,
	DIBS_CMD_DEV_DEL_NTF,
	DIBS_CMD_DEV_CHANGE_NTF,
	DIBS_CMD_CLIENT_ADD_NTF,
	DIBS_CMD_CLIENT_DEL_NTF,
	/* Notification of the group "fabric". */
	DIBS_CMD_EVENT_NTF,

	__DIBS_CMD_MAX,
	DIBS_CMD_MAX = __DIBS_CMD_MAX - 1
};

/* A device. */
enum {
	DIBS_A_DEV_PAD,
	DIBS_A_DEV_INDEX,		/* u32, never used twice */
	DIBS_A_DEV_NAME,		/* string */
	DIBS_A_DEV_KIND,		/* string, absent for hardware */
	DIBS_A_DEV_GID,			/* binary, 16 bytes */
	DIBS_A_DEV_FABRIC_ID,		/* u16 */
	DIBS_A_DEV_ENABLED,		/* u8 */
	DIBS_A_DEV_SHARED,		/* u8: by all namespaces */
	DIBS_A_DEV_USABLE,		/* u8: by the asking namespace */
	DIBS_A_DEV_OWNED,		/* u8: by the asking namespace */
	DIBS_A_DEV_MAPS,		/* u8 */
	DIBS_A_DEV_VLANS,		/* u8 */
	DIBS_A_DEV_MAX_DMBS,		/* u32 */
	DIBS_A_DEV_MAX_DMB_LEN,		/* u32, bytes */
	DIBS_A_DEV_DMBS,		/* u32, now, of all namespaces */
	DIBS_A_DEV_NETNS_FD,		/* u32: of DEV_GRANT and DEV_REVOKE */

	__DIBS_A_DEV_MAX,
	DIBS_A_DEV_MAX = __DIBS_A_DEV_MAX - 1
};

/* A client. */
enum {
	DIBS_A_CLIENT_PAD,
	DIBS_A_CLIENT_NAME,		/* string */
	DIBS_A_CLIENT_DEVICES,		/* u32: visible ones that it uses */

	__DIBS_A_CLIENT_MAX,
	DIBS_A_CLIENT_MAX = __DIBS_A_CLIENT_MAX - 1
};

/* A DMB. */
enum {
	DIBS_A_DMB_PAD,
	DIBS_A_DMB_DEV_INDEX,		/* u32 */
	DIBS_A_DMB_DEV_NAME,		/* string */
	DIBS_A_DMB_CLIENT,		/* string */
	DIBS_A_DMB_INDEX,		/* u32 */
	DIBS_A_DMB_LEN,			/* u32, bytes */
	DIBS_A_DMB_RGID,		/* binary, 16 bytes */
	DIBS_A_DMB_STATE,		/* u32, enum dibs_dmb_state */
	DIBS_A_DMB_MEMORY,		/* u64, bytes it has now */
	DIBS_A_DMB_VLAN,		/* u16, absent without */
	DIBS_A_DMB_TOKEN,		/* u64, only with CAP_NET_ADMIN */

	__DIBS_A_DMB_MAX,
	DIBS_A_DMB_MAX = __DIBS_A_DMB_MAX - 1
};

enum dibs_dmb_state {
	DIBS_DMB_WAITING,		/* for its peer */
	DIBS_DMB_ATTACHED,		/* by its peer */
	DIBS_DMB_DETACHED,		/* the peer has gone */
	DIBS_DMB_CLOSED,		/* nobody can attach it any more */
};

/* Statistics of one client on one device, in the asking namespace. */
enum {
	DIBS_A_STATS_PAD,
	DIBS_A_STATS_DEV_INDEX,		/* u32 */
	DIBS_A_STATS_DEV_NAME,		/* string */
	DIBS_A_STATS_CLIENT,		/* string */
	DIBS_A_STATS_COUNTERS,		/* nest, DIBS_A_COUNTER_* */
	DIBS_A_STATS_TOTAL,		/* nest: all namespaces; device's admin */

	__DIBS_A_STATS_MAX,
	DIBS_A_STATS_MAX = __DIBS_A_STATS_MAX - 1
};

/* Counters, all u64. */
enum {
	DIBS_A_COUNTER_PAD,
	DIBS_A_COUNTER_MOVES,		/* moves done */
	DIBS_A_COUNTER_MOVE_BYTES,	/* bytes moved */
	DIBS_A_COUNTER_MOVE_ERRORS,	/* moves a device or memory failed */
	DIBS_A_COUNTER_SIGNALS,		/* callbacks of owners */
	DIBS_A_COUNTER_SIGNALS_MERGED,	/* signals that joined a callback */
	DIBS_A_COUNTER_SIGNALS_DEFERRED, /* callbacks left to a work item */
	DIBS_A_COUNTER_SIGNALS_STALE,	/* signals for a DMB that is gone */
	DIBS_A_COUNTER_EVENTS,		/* events delivered */
	DIBS_A_COUNTER_DMBS,		/* registered now */
	DIBS_A_COUNTER_DMBS_EVER,	/* registered ever */
	DIBS_A_COUNTER_DMBS_FAILED,	/* registrations that failed */
	DIBS_A_COUNTER_ATTACHMENTS,	/* attached now */
	DIBS_A_COUNTER_ATTACHMENTS_EVER, /* attached ever */
	DIBS_A_COUNTER_REJECT_TOKEN,	/* unknown token */
	DIBS_A_COUNTER_REJECT_GID,	/* dedicated to another GID */
	DIBS_A_COUNTER_REJECT_CLIENT,	/* of another client */
	DIBS_A_COUNTER_REJECT_NETNS,	/* namespace may not use the device */
	DIBS_A_COUNTER_REJECT_BUSY,	/* attached before */
	DIBS_A_COUNTER_REJECT_CLOSED,	/* owner waits no more */
	DIBS_A_COUNTER_REJECT_VLAN,	/* other VLAN */
	DIBS_A_COUNTER_REJECT_RANGE,	/* offset or length */
	DIBS_A_COUNTER_REJECT_MASK,	/* signal bit above 15 */
	DIBS_A_COUNTER_REJECT_STALE,	/* owner gave the DMB up */
	DIBS_A_COUNTER_REJECT_DETACHED,	/* detached twice */

	__DIBS_A_COUNTER_MAX,
	DIBS_A_COUNTER_MAX = __DIBS_A_COUNTER_MAX - 1
};

/* An event of the fabric, in DIBS_CMD_EVENT_NTF. */
enum {
	DIBS_A_EVENT_PAD,
	DIBS_A_EVENT_DEV_INDEX,		/* u32 */
	DIBS_A_EVENT_DEV_NAME,		/* string */
	DIBS_A_EVENT_TYPE,		/* u32, enum dibs_event_type */
	DIBS_A_EVENT_SUBTYPE,		/* u32, enum dibs_event_subtype */
	DIBS_A_EVENT_GID,		/* binary, 16 bytes */
	DIBS_A_EVENT_DATA,		/* u64 */
	DIBS_A_EVENT_TIME,		/* u64 */

	__DIBS_A_EVENT_MAX,
	DIBS_A_EVENT_MAX = __DIBS_A_EVENT_MAX - 1
};

/* What an event is about. New ones come at the end. */
enum dibs_event_type {
	DIBS_EVENT_BUF,			/* a DMB */
	DIBS_EVENT_DEV,			/* a device */
	DIBS_EVENT_SW,			/* software: a client sent it */
	DIBS_EVENT_OTHER,		/* anything else a device reports */
};

/*
 * What happened. Of DIBS_EVENT_SW it is the sender's code instead. New ones come
 * at the end.
 */
enum dibs_event_subtype {
	DIBS_EVENT_BUF_UNREGISTERED,	/* an attached DMB's owner gave it up */
	DIBS_EVENT_DEV_DISABLED,	/* the device left its fabric */
	DIBS_EVENT_DEV_ERROR,		/* the device is in error state */
	DIBS_EVENT_UNKNOWN,		/* the data has the device's own code */
	DIBS_EVENT_BUF_CUT,		/* who registered or attached the DMB
					 * lost the right to use the device
					 */
};

#endif /* _UAPI_LINUX_DIBS_H */

/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Copyright (C) The DIBS authors
 *
 * Generic netlink family "dibs": management from user space. docs/netlink.yaml
 * describes it in the kernel's netlink-spec format; tests/lint checks that both
 * have the same numbers.
 */
#ifndef _UAPI_LINUX_DIBS_H
#define _UAPI_LINUX_DIBS_H

#define DIBS_GENL_NAME		"dibs"
#define DIBS_GENL_VERSION	1
#define DIBS_GENL_MCGRP_EVENTS	"events"	/* devices and clients */
#define DIBS_GENL_MCGRP_FABRIC	"fabric"	/* [admin] DIBS_CMD_EVENT_NTF */

/* Commands. [admin]: needs CAP_NET_ADMIN; docs/netlink.yaml says where. */
enum {
	DIBS_CMD_DEV_GET = 1,		/* do: by index or name; dump */
	DIBS_CMD_DEV_ADD,		/* [admin] name, type, limits */
	DIBS_CMD_DEV_DEL,		/* [admin] */
	DIBS_CMD_DEV_SET,		/* [admin] enabled, shared */
	DIBS_CMD_DEV_GRANT,		/* [admin] to a namespace */
	DIBS_CMD_DEV_REVOKE,		/* [admin] from a namespace */
	DIBS_CMD_DEV_JOIN,		/* [admin] join a shared device */
	DIBS_CMD_DEV_LEAVE,		/* [admin] leave a shared device */
	DIBS_CMD_CLIENT_GET,		/* dump */
	DIBS_CMD_DMB_GET,		/* dump: those of the own namespace */
	DIBS_CMD_STATS_GET,		/* dump: per device and client */
	/* Notifications in the group "events". */
	DIBS_CMD_DEV_ADD_NTF,
	DIBS_CMD_DEV_DEL_NTF,
	DIBS_CMD_DEV_CHANGE_NTF,
	DIBS_CMD_CLIENT_ADD_NTF,
	DIBS_CMD_CLIENT_DEL_NTF,
	/* Notification in the group "fabric". */
	DIBS_CMD_EVENT_NTF,

	__DIBS_CMD_MAX,
	DIBS_CMD_MAX = __DIBS_CMD_MAX - 1
};

/* A device. */
enum {
	DIBS_A_DEV_PAD,
	DIBS_A_DEV_INDEX,		/* u32, never reused */
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
	DIBS_A_DEV_DMBS,		/* u32: current, all namespaces */
	DIBS_A_DEV_NETNS_FD,		/* u32: of DEV_GRANT and DEV_REVOKE */

	__DIBS_A_DEV_MAX,
	DIBS_A_DEV_MAX = __DIBS_A_DEV_MAX - 1
};

/* A client. */
enum {
	DIBS_A_CLIENT_PAD,
	DIBS_A_CLIENT_NAME,		/* string */
	DIBS_A_CLIENT_DEVICES,		/* u32: visible ones it is bound to */

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
	DIBS_A_DMB_MEMORY,		/* u64, bytes allocated now */
	DIBS_A_DMB_VLAN,		/* u16, absent without a VLAN */
	DIBS_A_DMB_TOKEN,		/* u64, only with CAP_NET_ADMIN */

	__DIBS_A_DMB_MAX,
	DIBS_A_DMB_MAX = __DIBS_A_DMB_MAX - 1
};

enum dibs_dmb_state {
	DIBS_DMB_WAITING,		/* no peer has attached yet */
	DIBS_DMB_ATTACHED,		/* its peer is attached */
	DIBS_DMB_DETACHED,		/* its peer has detached */
	DIBS_DMB_CLOSED,		/* nobody attached, nobody can */
};

/* Statistics of one client on one device, in the asking namespace. */
enum {
	DIBS_A_STATS_PAD,
	DIBS_A_STATS_DEV_INDEX,		/* u32 */
	DIBS_A_STATS_DEV_NAME,		/* string */
	DIBS_A_STATS_CLIENT,		/* string */
	DIBS_A_STATS_COUNTERS,		/* nest, DIBS_A_COUNTER_* */
	DIBS_A_STATS_TOTAL,		/* nest: all namespaces; [admin] */

	__DIBS_A_STATS_MAX,
	DIBS_A_STATS_MAX = __DIBS_A_STATS_MAX - 1
};

/* Counters, all u64. */
enum {
	DIBS_A_COUNTER_PAD,
	DIBS_A_COUNTER_MOVES,		/* moves done */
	DIBS_A_COUNTER_MOVE_BYTES,	/* bytes moved */
	DIBS_A_COUNTER_MOVE_ERRORS,	/* moves: device error, no memory */
	DIBS_A_COUNTER_SIGNALS,		/* callbacks to owners */
	DIBS_A_COUNTER_SIGNALS_MERGED,	/* merged into another callback */
	DIBS_A_COUNTER_SIGNALS_DEFERRED, /* left to a work item */
	DIBS_A_COUNTER_SIGNALS_STALE,	/* for a DMB that is gone */
	DIBS_A_COUNTER_EVENTS,		/* events delivered */
	DIBS_A_COUNTER_DMBS,		/* registered now */
	DIBS_A_COUNTER_DMBS_EVER,	/* registered ever */
	DIBS_A_COUNTER_DMBS_FAILED,	/* registrations that failed */
	DIBS_A_COUNTER_ATTACHMENTS,	/* attached now */
	DIBS_A_COUNTER_ATTACHMENTS_EVER, /* attached ever */
	DIBS_A_COUNTER_REJECT_TOKEN,	/* unknown token */
	DIBS_A_COUNTER_REJECT_GID,	/* dedicated to another GID */
	DIBS_A_COUNTER_REJECT_CLIENT,	/* owned by another client */
	DIBS_A_COUNTER_REJECT_NETNS,	/* namespace may not use the device */
	DIBS_A_COUNTER_REJECT_BUSY,	/* attached before */
	DIBS_A_COUNTER_REJECT_CLOSED,	/* owner no longer waits */
	DIBS_A_COUNTER_REJECT_VLAN,	/* wrong VLAN */
	DIBS_A_COUNTER_REJECT_RANGE,	/* offset or length */
	DIBS_A_COUNTER_REJECT_MASK,	/* signal bit above 15 */
	DIBS_A_COUNTER_REJECT_STALE,	/* owner unregistered the DMB */
	DIBS_A_COUNTER_REJECT_DETACHED,	/* detached twice */

	__DIBS_A_COUNTER_MAX,
	DIBS_A_COUNTER_MAX = __DIBS_A_COUNTER_MAX - 1
};

/* An event of a fabric, in DIBS_CMD_EVENT_NTF. */
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

/* What an event is about. New values are added at the end. */
enum dibs_event_type {
	DIBS_EVENT_BUF,			/* a DMB */
	DIBS_EVENT_DEV,			/* a device */
	DIBS_EVENT_SW,			/* software: sent by a client */
	DIBS_EVENT_OTHER,		/* anything else a device reports */
};

/*
 * What happened. For DIBS_EVENT_SW this is the sender's code instead. New
 * values are added at the end.
 */
enum dibs_event_subtype {
	DIBS_EVENT_BUF_UNREGISTERED,	/* owner unregistered an attached DMB */
	DIBS_EVENT_DEV_DISABLED,	/* the device left its fabric */
	DIBS_EVENT_DEV_ERROR,		/* the device is in error state */
	DIBS_EVENT_UNKNOWN,		/* data is the device's own code */
	DIBS_EVENT_BUF_CUT,		/* owner or peer of the DMB lost its
					 * right to use the device
					 */
};

#endif /* _UAPI_LINUX_DIBS_H */

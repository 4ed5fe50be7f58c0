/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * The simulated ISM firmware: its objects and who guards what.
 *
 *	adapter *--1 fabric, named by a CHID, declared before
 *	adapter 1--* DMB, found by its token by whoever moves into it
 *	adapter 1--1 SBA, event queue: memory of the driver's
 *
 * Locks, outermost first:
 *
 *	lock			kind	guards				held across
 *	sim_bus_lock		mutex	which adapters and fabrics	all below
 *					there are
 *	adapter->life		mutex	adapter->driver	    ism_adapter_add(), _del()
 *	(locks of the driver and of the layer)
 *	adapter->command	mutex	command block, what is		one command
 *				registered, faults, state
 *	sim_fabric_lock		spin	sim_adapters			event_lock
 *	adapter->event_lock	spin	the event queue			interrupts
 *
 * An interrupt only schedules the driver, see ism_adapter_interrupt(), so it may
 * be raised under any lock.
 *
 * A file in sysfs of an adapter is used without sim_bus_lock, since that is
 * held while these files are taken away; it may take all others. No command
 * takes the mutex of another adapter: what peers are told, they are told by
 * their event queues.
 *
 * The data path (move.c) takes no lock. It finds the DMB under RCU and counts
 * itself in (dmb->moves); who takes the DMB away waits for those in it, then
 * the memory is the driver's again. The SBA is reached under RCU; who takes it
 * away waits for a grace period.
 *
 * Memory of the driver's is written from the command that registers it until
 * the one that takes it back is answered, or the first load is that finds the
 * adapter in another state than "ok", or ism_adapter_free() is called; never
 * later.
 *
 * An adapter's memory stays until its struct device is released. Peers find it
 * in sim_adapters, under sim_fabric_lock, or as the owner of a DMB, under RCU;
 * between it leaving the list, its DMBs going, and its release there is a grace
 * period.
 */
#ifndef _ISM_SIM_H
#define _ISM_SIM_H

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include <linux/dibs.h>
#include <linux/dibs_ism.h>
#include <linux/dibs_ism_format.h>

#define SIM_BLOCK	256			/* bytes of the command block */
#define SIM_COMMANDS	(ISM_UNREG_IEQ + 1)	/* their numbers end here */
#define SIM_VLAN_IDS	(ISM_VLAN_V2 + 1)
#define SIM_INFO_STATE	0x0102030405060708ULL	/* ours: real ones are unknown */
#define SIM_DELAY_MAX	(10 * USEC_PER_SEC)

/* Of the machine on which adapters are of which nothing else is said. */
#define SIM_DEFAULT_SEID	"IBM-SYSZ-ISMSEID0000000000018561"

/* Why a command or a move was refused; the first column is what is answered. */
enum sim_code {
	SIM_OK			= ISM_OK,
	SIM_UNKNOWN_COMMAND	= 0x01,
	SIM_BAD_LENGTH		= 0x02,	/* not that of the command */
	SIM_MALFORMED		= 0x03,	/* a field that has to be 0, or 0 or 1 */
	SIM_BAD_ADDRESS		= 0x04,	/* no memory there, or not aligned */
	SIM_SBA_PRESENT		= 0x05,
	SIM_SBA_MISSING		= 0x06,
	SIM_SBA_NEEDED		= 0x07,	/* there are DMBs */
	SIM_IEQ_PRESENT		= 0x08,
	SIM_IEQ_MISSING		= 0x09,
	SIM_BAD_VLAN		= 0x0a,	/* no such id */
	SIM_VLAN_PRESENT	= 0x0b,
	SIM_VLAN_MISSING	= 0x0c,
	SIM_VLANS_FULL		= 0x0d,
	SIM_VLAN_MISMATCH	= 0x0e,
	SIM_UNREACHABLE		= 0x0f,	/* no such GID on the fabric */
	SIM_PEER_DEAF		= 0x10,	/* it has no event queue */
	SIM_DMB_LENGTH		= 0x11,	/* 0, or too long */
	SIM_DMB_BOUNDARY	= 0x12,	/* crosses a multiple of 1 MiB */
	SIM_BAD_INDEX		= 0x13,
	SIM_INDEX_USED		= 0x14,
	SIM_UNKNOWN_TOKEN	= 0x15,
	SIM_NOT_OWNER		= 0x16,
	SIM_NO_MEMORY		= 0x17,
	/* Never answers to commands: */
	SIM_NOT_DEDICATED	= 0x18,	/* move: the DMB is for another GID */
	SIM_BAD_MOVE		= 0x19,	/* move: address, length, alignment */
	SIM_OUTSIDE		= 0x1a,	/* move: not within the DMB */
	SIM_BAD_ACCESS		= 0x1b,	/* load or store not in the block */
	SIM_DEAD		= 0x1c,	/* not in the state "ok" */
	SIM_INJECTED		= 0x1d,	/* asked for, see fault.c */
	SIM_CODES
};

enum sim_state {
	SIM_STATE_OK,
	SIM_STATE_ERROR,	/* answers all ones; peers were told */
	SIM_STATE_DISABLED,	/* likewise */
	SIM_STATE_SILENT,	/* likewise, but nobody was told */
	SIM_STATE_GONE,		/* nothing answers */
};

/* How an answer can be wrong though the command was executed. */
enum sim_lie {
	SIM_LIE_LONG,		/* length beyond the block */
	SIM_LIE_SHORT,		/* less than a header */
	SIM_LIE_LONGER,		/* by 8 than it has to be */
	SIM_LIE_SHORTER,
	SIM_LIE_CMD,		/* says it answers another command */
	SIM_LIE_ZEROS,		/* body: token 0, GID 0 */
	SIM_LIE_ONES,
	SIM_LIE_NONE,		/* no answer, to this or anything else */
	SIM_LIES
};

struct sim_fault {
	u32 fails;		/* how often, from now on */
	u16 ret;
	u32 lies;
	enum sim_lie lie;
};

struct sim_stats {
	atomic64_t commands[SIM_COMMANDS];	/* [0]: unknown ones */
	atomic64_t refusals[SIM_CODES];
	atomic64_t moves;
	atomic64_t bytes;
	atomic64_t signals;
	atomic64_t events;
	atomic64_t events_dropped;
	atomic64_t interrupts;
};

struct sim_dmb;

/* The command block. */
struct sim_block {
	u64 request[SIM_BLOCK / 8];
	u64 response[SIM_BLOCK / 8];
	unsigned long stored;	/* words of request, since the last command */
};

struct sim_adapter {
	struct ism_hardware hw;
	struct device dev;
	struct device_dma_parameters dma_parms;
	struct list_head entry;		/* in sim_adapters */
	char name[DIBS_NAME_LEN];
	char seid[ISM_SEID_LEN];	/* all zero: version 1 */
	u64 gid;

	struct mutex life;		/* guards driver */
	struct ism_adapter *driver;	/* NULL: none */

	struct mutex command;		/* guards up to delay_us */
	enum sim_state state;		/* read without the lock, too */
	struct sim_block block;
	u64 raw[SIM_BLOCK / 8];		/* response to sim_execute_raw() */
	struct ism_sba __rcu *sba;
	u64 sba_address;
	u64 ieq_address;
	struct sim_dmb **dmbs;		/* by index */
	u32 dmb_count;
	u32 vlan_count;
	bool vlan_required;		/* read without the lock, too */
	DECLARE_BITMAP(vlans, SIM_VLAN_IDS);	/* likewise */
	struct sim_fault faults[SIM_COMMANDS];
	u32 delay_us;

	spinlock_t event_lock;		/* guards the next three */
	struct ism_ieq *ieq;
	u32 ieq_last;			/* 1 + the entry written last, or 0 */
	u32 ieq_pending;		/* written since the flag was seen clear */

	struct hrtimer late_interrupt;
	unsigned long raised;		/* bit 0: it is to interrupt, late */
	u32 irq_delay_us;
	atomic_t fail_moves;	/* so many, */
	atomic_t spare_moves;	/* when so many have been made */

	struct sim_stats stats;
};

struct sim_dmb {
	refcount_t moves;		/* under way, and 1 while it is registered */
	struct completion idle;
	struct sim_adapter *owner;
	u8 *memory;
	u64 rgid;			/* that may move into it */
	u32 len;
	u32 token;			/* the high half */
	u16 index;
	u16 vlan;
	bool vlan_valid;
	bool used;			/* that has moved into it */
	struct rcu_head rcu;
};

/* A request that is all right, and where the answer's body goes. */
struct sim_call {
	const void *request;
	void *response;
};

static inline struct sim_adapter *sim_of_device(struct device *dev)
{
	return container_of(dev, struct sim_adapter, dev);
}

static inline struct sim_adapter *sim_of_hw(struct ism_hardware *hw)
{
	return container_of(hw, struct sim_adapter, hw);
}

static inline u64 sim_token(const struct sim_dmb *dmb)
{
	return (u64)dmb->token << 32;
}

/* The same from a token, or from the address of a move. */
static inline u32 sim_token_number(u64 token)
{
	return token >> 32;
}

/* main.c */
unsigned int sim_max_adapters(void);

/* bus.c */
extern struct mutex sim_bus_lock;
int sim_bus_start(void);
void sim_bus_stop(void);
void sim_device_init(struct sim_adapter *adapter);
int sim_device_add(struct sim_adapter *adapter);

/* fabric.c */
bool sim_fabric_exists(u16 chid);
int sim_fabric_add(u16 chid);
int sim_fabric_del(u16 chid);
ssize_t sim_fabrics_show(char *buf);

/* adapter.c */
extern struct list_head sim_adapters;
extern spinlock_t sim_fabric_lock;
bool sim_fabric_used(u16 chid);
struct sim_identity {
	const char *name;
	u64 gid;
	u16 chid;
	const char *seid;	/* ISM_SEID_LEN characters, or NULL: version 1 */
};

int sim_adapter_create(const struct sim_identity *id);
int sim_adapter_remove(const char *name, bool surprise);
void sim_adapter_remove_all(void);
void sim_adapter_free(struct sim_adapter *adapter);
int sim_adapter_restart(struct sim_adapter *adapter);
struct sim_adapter *sim_adapter_find(u16 chid, u64 gid);

/* state.c */
void sim_state_set(struct sim_adapter *adapter, enum sim_state state);
void sim_state_set_locked(struct sim_adapter *adapter, enum sim_state state);

/* command.c */
extern const char *const sim_code_names[SIM_CODES];
const char *sim_command_name(u32 cmd);
int sim_command_find(const char *name);
int sim_execute_raw(struct sim_adapter *adapter, const void *request,
		    u32 len);
int sim_store_raw(struct sim_adapter *adapter, u32 offset, const void *data,
		  u32 len);
int sim_load(struct ism_hardware *hw, u32 offset, __be64 *value);
int sim_store(struct ism_hardware *hw, u32 offset, const void *data, u32 len);

/* area.c */
void *sim_memory(struct sim_adapter *adapter, u64 address, u32 len);
void sim_sba_drop(struct sim_adapter *adapter);
void sim_ieq_drop(struct sim_adapter *adapter);
enum sim_code sim_reg_sba(struct sim_adapter *adapter, struct sim_call *call);
enum sim_code sim_unreg_sba(struct sim_adapter *adapter,
			    struct sim_call *call);
enum sim_code sim_reg_ieq(struct sim_adapter *adapter, struct sim_call *call);
enum sim_code sim_unreg_ieq(struct sim_adapter *adapter,
			    struct sim_call *call);
enum sim_code sim_read_gid(struct sim_adapter *adapter,
			   struct sim_call *call);
enum sim_code sim_query_info(struct sim_adapter *adapter,
			     struct sim_call *call);
enum sim_code sim_query_rgid(struct sim_adapter *adapter,
			     struct sim_call *call);

/* vlan.c */
bool sim_has_v2(const struct sim_adapter *adapter);
bool sim_vlan_fits(const struct sim_adapter *a, const struct sim_adapter *b,
		   bool valid, u32 vlan);
enum sim_code sim_reachable(struct sim_adapter *adapter, u64 rgid,
			    bool vlan_valid, u32 vlan);
enum sim_code sim_add_vlan(struct sim_adapter *adapter,
			   struct sim_call *call);
enum sim_code sim_del_vlan(struct sim_adapter *adapter,
			   struct sim_call *call);
enum sim_code sim_set_vlan(struct sim_adapter *adapter,
			   struct sim_call *call);
enum sim_code sim_reset_vlan(struct sim_adapter *adapter,
			     struct sim_call *call);

/* dmb.c */
enum sim_code sim_reg_dmb(struct sim_adapter *adapter, struct sim_call *call);
enum sim_code sim_unreg_dmb(struct sim_adapter *adapter,
			    struct sim_call *call);
struct sim_dmb *sim_dmb_get(u32 token);
void sim_dmb_put(struct sim_dmb *dmb);
void sim_dmbs_drop(struct sim_adapter *adapter, u32 code);
u32 sim_dmbs_used(const struct sim_adapter *adapter);
void sim_tell_owners(const struct sim_adapter *user, int vlan, u32 code);
void sim_tell_users(const struct sim_adapter *owner, u32 vlan, u32 code);
void sim_dmb_exit(void);

/* move.c */
int sim_move(struct ism_hardware *hw, u64 address, const void *data, u32 len);
void sim_signal(struct sim_adapter *owner, u32 index, u16 mask);

/* event.c */
struct sim_event {
	u32 type;
	u32 code;
	u64 tok;
	u64 info;
};

enum sim_code sim_event_post(struct sim_adapter *adapter,
			     const struct sim_event *event, bool trigger);
void sim_event_post_gid(u16 chid, u64 gid, const struct sim_event *event);
void sim_event_post_fabric(u16 chid, const struct sim_event *event);
enum sim_code sim_signal_ieq(struct sim_adapter *adapter,
			     struct sim_call *call);

/* interrupt.c */
void sim_interrupt_init(struct sim_adapter *adapter);
void sim_interrupt_raise(struct sim_adapter *adapter);
void sim_interrupt_stop(struct sim_adapter *adapter);
void sim_sba_set(struct ism_sba *sba, unsigned int byte, u8 bit);
bool sim_sba_test_and_set(struct ism_sba *sba, unsigned int byte, u8 bit);
bool sim_sba_test(struct ism_sba *sba, unsigned int byte, u8 bit);

/* fault.c, raise.c, raw.c, stats.c */
extern const struct attribute_group sim_fault_group, sim_raise_group,
				    sim_raw_group, sim_identity_group,
				    sim_stats_group;

static inline void sim_refuse(struct sim_adapter *adapter, enum sim_code code)
{
	atomic64_inc(&adapter->stats.refusals[code]);
}

#endif /* _ISM_SIM_H */

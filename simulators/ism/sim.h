/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * The simulated ISM firmware: its objects and their locks.
 *
 *	adapter *--1 fabric, identified by a CHID, declared before
 *	adapter 1--* DMB, looked up by its token by every move
 *	adapter 1--1 SBA, event queue: memory of the driver
 *
 * Locks, outermost first:
 *
 *	lock			kind	guards
 *	sim_bus_lock		mutex	sets of adapters and fabrics
 *	adapter->life		mutex	adapter->driver; held while the driver
 *					adds or deletes its adapter
 *	(locks of the driver and of the core)
 *	adapter->command	mutex	command block, what is registered,
 *					faults, state; held for one command
 *	sim_fabric_lock		spin	sim_adapters
 *	adapter->event_lock	spin	the event queue; held while interrupts
 *					are raised
 *
 * An interrupt only schedules the driver, see ism_adapter_interrupt(), so it
 * may be raised under any lock.
 *
 * Accesses to an adapter's sysfs files do not take sim_bus_lock, because it is
 * held while these files are removed; they may take all other locks. No command
 * takes the mutex of another adapter: peers are notified through their event
 * queues.
 *
 * The data path (move.c) takes no lock. It looks up the DMB under RCU and takes
 * a reference (dmb->moves). Dropping the DMB waits for these references; then
 * the memory belongs to the driver again. The SBA is accessed under RCU;
 * dropping it waits for a grace period.
 *
 * Memory of the driver is written from the command that registers it until the
 * command that unregisters it is answered, until the first load that finds the
 * adapter in a state other than "ok", or until ism_adapter_free() is called;
 * never later.
 *
 * The memory of an adapter stays until its struct device is released. Peers
 * find it in sim_adapters, under sim_fabric_lock, or as the owner of a DMB,
 * under RCU. A grace period passes between the adapter leaving the list, the
 * drop of its DMBs, and its release.
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
#define SIM_COMMANDS	(ISM_UNREG_IEQ + 1)	/* end of their numbers */
#define SIM_VLAN_IDS	(ISM_VLAN_V2 + 1)
#define SIM_INFO_STATE	0x0102030405060708ULL	/* real ones are unknown */
#define SIM_DELAY_MAX	(10 * USEC_PER_SEC)

/* SEID of adapters that are created without one. */
#define SIM_DEFAULT_SEID	"IBM-SYSZ-ISMSEID0000000000018561"

/* Why a command or a move was refused; the value is the code of the answer. */
enum sim_code {
	SIM_OK			= ISM_OK,
	SIM_UNKNOWN_COMMAND	= 0x01,
	SIM_BAD_LENGTH		= 0x02,	/* not the length of the command */
	SIM_MALFORMED		= 0x03,	/* invalid value of a field */
	SIM_BAD_ADDRESS		= 0x04,	/* no memory there, or not aligned */
	SIM_SBA_PRESENT		= 0x05,
	SIM_SBA_MISSING		= 0x06,
	SIM_SBA_NEEDED		= 0x07,	/* DMBs are registered */
	SIM_IEQ_PRESENT		= 0x08,
	SIM_IEQ_MISSING		= 0x09,
	SIM_BAD_VLAN		= 0x0a,	/* invalid id */
	SIM_VLAN_PRESENT	= 0x0b,
	SIM_VLAN_MISSING	= 0x0c,
	SIM_VLANS_FULL		= 0x0d,
	SIM_VLAN_MISMATCH	= 0x0e,
	SIM_UNREACHABLE		= 0x0f,	/* no such GID on the fabric */
	SIM_PEER_DEAF		= 0x10,	/* no event queue or SBA */
	SIM_DMB_LENGTH		= 0x11,	/* 0, or too long */
	SIM_DMB_BOUNDARY	= 0x12,	/* crosses a multiple of 1 MiB */
	SIM_BAD_INDEX		= 0x13,
	SIM_INDEX_USED		= 0x14,
	SIM_UNKNOWN_TOKEN	= 0x15,
	SIM_NOT_OWNER		= 0x16,
	SIM_NO_MEMORY		= 0x17,
	/* Never in answers to commands: */
	SIM_NOT_DEDICATED	= 0x18,	/* move: the DMB is for another GID */
	SIM_BAD_MOVE		= 0x19,	/* move: address, length, alignment */
	SIM_OUTSIDE		= 0x1a,	/* move: not within the DMB */
	SIM_BAD_ACCESS		= 0x1b,	/* load or store not in the block */
	SIM_DEAD		= 0x1c,	/* not in the state "ok" */
	SIM_INJECTED		= 0x1d,	/* injected fault, see fault.c */
	SIM_CODES
};

enum sim_state {
	SIM_STATE_OK,
	SIM_STATE_ERROR,	/* loads give all ones; peers were told */
	SIM_STATE_DISABLED,	/* likewise */
	SIM_STATE_SILENT,	/* likewise, but peers were not told */
	SIM_STATE_GONE,		/* accesses fail */
};

/* How the answer of a command that was executed can be wrong. */
enum sim_lie {
	SIM_LIE_LONG,		/* length is beyond the block */
	SIM_LIE_SHORT,		/* length is less than a header */
	SIM_LIE_LONGER,		/* length is 8 more than it should be */
	SIM_LIE_SHORTER,	/* length is 8 less than it should be */
	SIM_LIE_CMD,		/* claims to answer another command */
	SIM_LIE_ZEROS,		/* body is zero: token 0, GID 0 */
	SIM_LIE_ONES,		/* body is all ones */
	SIM_LIE_NONE,		/* no answer to this or any later command */
	SIM_LIES
};

struct sim_fault {
	u32 fails;		/* how many commands fail with ret */
	u16 ret;
	u32 lies;		/* how many answers are a lie */
	enum sim_lie lie;
};

struct sim_stats {
	atomic64_t commands[SIM_COMMANDS];	/* [0]: unknown */
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
	unsigned long stored;	/* words stored since the last command */
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

	struct mutex command;		/* guards everything to delay_us */
	enum sim_state state;		/* also read without the lock */
	struct sim_block block;
	u64 raw[SIM_BLOCK / 8];		/* response to sim_execute_raw() */
	struct ism_sba __rcu *sba;
	u64 sba_address;
	u64 ieq_address;
	struct sim_dmb **dmbs;		/* by index */
	u32 dmb_count;
	u32 vlan_count;
	bool vlan_required;		/* also read without the lock */
	DECLARE_BITMAP(vlans, SIM_VLAN_IDS);	/* likewise */
	struct sim_fault faults[SIM_COMMANDS];
	u32 delay_us;

	spinlock_t event_lock;		/* guards the next three */
	struct ism_ieq *ieq;
	u32 ieq_last;			/* 1 + index of last entry, or 0 */
	u32 ieq_pending;		/* written since flag was clear */

	struct hrtimer late_interrupt;
	unsigned long raised;		/* bit 0: late_interrupt is armed */
	u32 irq_delay_us;
	atomic_t dirty_dmbs;		/* how many DMBs get garbage */
	atomic_t fail_moves;		/* how many moves fail ... */
	atomic_t spare_moves;		/* ... after this many succeeded */

	struct sim_stats stats;
};

struct sim_dmb {
	refcount_t moves;		/* running, +1 while registered */
	struct completion idle;		/* moves is 0 */
	struct sim_adapter *owner;
	u8 *memory;
	u64 rgid;			/* GID that may move into it */
	u32 len;
	u32 token;			/* high half of the token */
	u16 index;
	u16 vlan;
	bool vlan_valid;
	bool used;			/* rgid has moved into it */
	struct rcu_head rcu;
};

/* A valid request, and where the body of the answer goes. */
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

/* The number in a token, or in the address of a move. */
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
bool sim_adapter_on_fabric(u16 chid);
struct sim_identity {
	const char *name;
	u64 gid;
	u16 chid;
	const char *seid;	/* ISM_SEID_LEN bytes, or NULL: version 1 */
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
void sim_dmb_tell_owners(const struct sim_adapter *user, int vlan, u32 code);
void sim_dmb_tell_users(const struct sim_adapter *owner, u32 vlan, u32 code);
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

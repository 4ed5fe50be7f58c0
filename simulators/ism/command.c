// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The command block: requests are stored, executed and answered, unless a fault
 * was injected.
 *
 * A request consists of the words stored since the last command. All of its
 * words must have been stored; words of earlier requests do not count.
 */
#include <linux/delay.h>
#include <linux/string.h>

#include "sim.h"

/* Longest body of a response. */
#define RESPONSE_BODY	(SIM_BLOCK - sizeof(struct ism_response))

struct command {
	const char *name;
	enum sim_code (*run)(struct sim_adapter *adapter,
			     struct sim_call *call);
	u16 request_len;
	u16 response_len;
};

#define PLAIN_RESPONSE	sizeof(struct ism_response)

/* sim_NAME() takes the request struct and fills the response struct. */
#define COMMAND(_name, _request, _response)				\
	{								\
		.name = #_name,						\
		.run = sim_##_name,					\
		.request_len = sizeof(struct _request),			\
		.response_len = sizeof(struct _response),		\
	}

static const struct command commands[SIM_COMMANDS] = {
	[0] = { .name = "unknown" },
	[ISM_REG_SBA] = COMMAND(reg_sba, ism_reg_sba, ism_response),
	[ISM_REG_IEQ] = COMMAND(reg_ieq, ism_reg_ieq, ism_response),
	[ISM_READ_GID] = COMMAND(read_gid, ism_request, ism_read_gid),
	[ISM_ADD_VLAN] = COMMAND(add_vlan, ism_set_vlan, ism_response),
	[ISM_DEL_VLAN] = COMMAND(del_vlan, ism_set_vlan, ism_response),
	[ISM_SET_VLAN] = COMMAND(set_vlan, ism_request, ism_response),
	[ISM_RESET_VLAN] = COMMAND(reset_vlan, ism_request, ism_response),
	[ISM_QUERY_INFO] = COMMAND(query_info, ism_request, ism_query_info),
	[ISM_QUERY_RGID] = COMMAND(query_rgid, ism_query_rgid, ism_response),
	[ISM_REG_DMB] = COMMAND(reg_dmb, ism_reg_dmb, ism_reg_dmb_answer),
	[ISM_UNREG_DMB] = COMMAND(unreg_dmb, ism_unreg_dmb, ism_response),
	[ISM_SIGNAL_IEQ] = COMMAND(signal_ieq, ism_signal_ieq, ism_response),
	[ISM_UNREG_SBA] = COMMAND(unreg_sba, ism_request, ism_response),
	[ISM_UNREG_IEQ] = COMMAND(unreg_ieq, ism_request, ism_response),
};

const char *const sim_code_names[SIM_CODES] = {
	[SIM_UNKNOWN_COMMAND] = "unknown_command",
	[SIM_BAD_LENGTH] = "bad_length",
	[SIM_MALFORMED] = "malformed",
	[SIM_BAD_ADDRESS] = "bad_address",
	[SIM_SBA_PRESENT] = "sba_present",
	[SIM_SBA_MISSING] = "sba_missing",
	[SIM_SBA_NEEDED] = "sba_needed",
	[SIM_IEQ_PRESENT] = "ieq_present",
	[SIM_IEQ_MISSING] = "ieq_missing",
	[SIM_BAD_VLAN] = "bad_vlan",
	[SIM_VLAN_PRESENT] = "vlan_present",
	[SIM_VLAN_MISSING] = "vlan_missing",
	[SIM_VLANS_FULL] = "vlans_full",
	[SIM_VLAN_MISMATCH] = "vlan_mismatch",
	[SIM_UNREACHABLE] = "unreachable",
	[SIM_PEER_DEAF] = "peer_deaf",
	[SIM_DMB_LENGTH] = "dmb_length",
	[SIM_DMB_BOUNDARY] = "dmb_boundary",
	[SIM_BAD_INDEX] = "bad_index",
	[SIM_INDEX_USED] = "index_used",
	[SIM_UNKNOWN_TOKEN] = "unknown_token",
	[SIM_NOT_OWNER] = "not_owner",
	[SIM_NO_MEMORY] = "no_memory",
	[SIM_NOT_DEDICATED] = "not_dedicated",
	[SIM_BAD_MOVE] = "bad_move",
	[SIM_OUTSIDE] = "outside",
	[SIM_BAD_ACCESS] = "bad_access",
	[SIM_DEAD] = "dead",
	[SIM_INJECTED] = "injected",
};

/* --- names ---------------------------------------------------------------- */

/* @cmd 0 stands for all unknown commands. */
const char *sim_command_name(u32 cmd)
{
	return commands[cmd].name;
}

/* The number of the command with this name, or -1. */
int sim_command_find(const char *name)
{
	u32 cmd;

	for (cmd = 1; cmd < SIM_COMMANDS; cmd++)
		if (commands[cmd].name && !strcmp(commands[cmd].name, name))
			return cmd;
	return -1;
}

static const struct command *find_command(u32 cmd)
{
	return cmd < SIM_COMMANDS && commands[cmd].run ? &commands[cmd] : NULL;
}

/* --- execution ------------------------------------------------------------ */

static bool is_stored(const struct sim_adapter *adapter, u16 len)
{
	return adapter->block.stored == GENMASK(len / sizeof(u64) - 1, 0);
}

static enum sim_code check(const struct sim_adapter *adapter,
			   const struct command *command)
{
	const struct ism_request *head = (const void *)adapter->block.request;

	if (!command)
		return SIM_UNKNOWN_COMMAND;
	if (be16_to_cpu(head->len) != command->request_len ||
	    !is_stored(adapter, command->request_len))
		return SIM_BAD_LENGTH;
	if (head->zero)
		return SIM_MALFORMED;
	return SIM_OK;
}

/* Returns the code of the answer. */
static u16 run(struct sim_adapter *adapter, const struct command *command,
	       struct sim_fault *fault)
{
	struct sim_call call = {
		.request = adapter->block.request,
		.response = adapter->block.response,
	};
	enum sim_code code;

	if (fault && fault->fails) {
		fault->fails--;
		sim_refuse(adapter, SIM_INJECTED);
		return fault->ret;
	}
	code = check(adapter, command);
	if (!code)
		code = command->run(adapter, &call);
	if (code)
		sim_refuse(adapter, code);
	return code;
}

static void lie(struct sim_adapter *adapter, enum sim_lie how)
{
	struct ism_response *head = (void *)adapter->block.response;
	void *body = head + 1;

	lockdep_assert_held(&adapter->command);
	switch (how) {
	case SIM_LIE_LONG:
		head->len = cpu_to_be16(SZ_4K);
		break;
	case SIM_LIE_SHORT:
		head->len = cpu_to_be16(sizeof(*head) / 2);
		break;
	case SIM_LIE_LONGER:
		be16_add_cpu(&head->len, sizeof(u64));
		break;
	case SIM_LIE_SHORTER:
		be16_add_cpu(&head->len, -(int)sizeof(u64));
		break;
	case SIM_LIE_CMD:
		head->cmd ^= cpu_to_be32(ISM_REG_SBA ^ ISM_REG_IEQ);
		break;
	case SIM_LIE_ZEROS:
		memset(body, 0, RESPONSE_BODY);
		break;
	case SIM_LIE_NONE:
		/* Also drops all memory, so that nobody writes there. */
		sim_state_set_locked(adapter, SIM_STATE_SILENT);
		break;
	default:
		memset(body, 0xff, RESPONSE_BODY);
		break;
	}
}

static void execute(struct sim_adapter *adapter)
{
	const struct ism_request *request = (void *)adapter->block.request;
	struct ism_response *head = (void *)adapter->block.response;
	u32 cmd = be32_to_cpu(request->cmd);
	const struct command *command = find_command(cmd);
	struct sim_fault *fault = command ? &adapter->faults[cmd] : NULL;
	u16 ret;

	lockdep_assert_held(&adapter->command);
	if (adapter->delay_us)
		fsleep(adapter->delay_us);
	atomic64_inc(&adapter->stats.commands[command ? cmd : 0]);
	memset(adapter->block.response, 0, sizeof(adapter->block.response));
	ret = run(adapter, command, fault);
	head->cmd = request->cmd;
	head->ret = cpu_to_be16(ret);
	head->len = cpu_to_be16(ret ? PLAIN_RESPONSE : command->response_len);
	if (fault && fault->lies) {
		fault->lies--;
		sim_refuse(adapter, SIM_INJECTED);
		lie(adapter, fault->lie);
	}
	adapter->block.stored = 0;
}

/*
 * --- loads and stores of the driver ----------------------------------------
 */

static bool is_in_block(struct sim_adapter *adapter, u32 offset, u32 len)
{
	bool ok = len && IS_ALIGNED(offset | len, sizeof(u64)) &&
		  offset < SIM_BLOCK && len <= SIM_BLOCK - offset;

	if (!ok)
		sim_refuse(adapter, SIM_BAD_ACCESS);
	return ok;
}

/* Loads outside the block give all ones, as on any bus. */
static void do_load(struct sim_adapter *adapter, u32 offset, __be64 *value)
{
	*value = cpu_to_be64(U64_MAX);
	if (adapter->state != SIM_STATE_OK)
		sim_refuse(adapter, SIM_DEAD);
	else if (is_in_block(adapter, offset, sizeof(*value)))
		memcpy(value, (u8 *)adapter->block.response + offset,
		       sizeof(*value));
}

int sim_load(struct ism_hardware *hw, u32 offset, __be64 *value)
{
	struct sim_adapter *adapter = sim_of_hw(hw);
	int err = 0;

	mutex_lock(&adapter->command);
	if (adapter->state == SIM_STATE_GONE)
		err = -ENODEV;
	else
		do_load(adapter, offset, value);
	mutex_unlock(&adapter->command);
	return err;
}

static void do_store(struct sim_adapter *adapter, u32 offset,
		     const void *data, u32 len)
{
	u32 first = offset / sizeof(u64);

	if (adapter->state != SIM_STATE_OK) {
		sim_refuse(adapter, SIM_DEAD);
		return;
	}
	if (!IS_ALIGNED((uintptr_t)data, sizeof(u64)) ||
	    !is_in_block(adapter, offset, len))
		return;
	memcpy(adapter->block.request + first, data, len);
	adapter->block.stored |= GENMASK(first + len / sizeof(u64) - 1, first);
	if (!offset)
		execute(adapter);
}

int sim_store(struct ism_hardware *hw, u32 offset, const void *data, u32 len)
{
	struct sim_adapter *adapter = sim_of_hw(hw);
	int err = 0;

	mutex_lock(&adapter->command);
	if (adapter->state == SIM_STATE_GONE)
		err = -ENODEV;
	else
		do_store(adapter, offset, data, len);
	mutex_unlock(&adapter->command);
	return err;
}

/* A store in between the driver's own, which the driver does not notice. */
int sim_store_raw(struct sim_adapter *adapter, u32 offset, const void *data,
		  u32 len)
{
	struct sim_block mine;
	int err = 0;

	mutex_lock(&adapter->command);
	if (adapter->state == SIM_STATE_GONE) {
		err = -ENODEV;
	} else {
		mine = adapter->block;
		do_store(adapter, offset, data, len);
		adapter->block = mine;
	}
	mutex_unlock(&adapter->command);
	return err;
}

/* A command in between the driver's own, which the driver does not notice. */
int sim_execute_raw(struct sim_adapter *adapter, const void *request, u32 len)
{
	struct sim_block mine;
	int err = 0;

	if (len % sizeof(u64) || len > SIM_BLOCK)
		return -EINVAL;
	mutex_lock(&adapter->command);
	if (adapter->state != SIM_STATE_OK) {
		err = -EIO;
	} else {
		mine = adapter->block;
		adapter->block.stored = 0;
		do_store(adapter, 0, request, len);
		memcpy(adapter->raw, adapter->block.response,
		       sizeof(adapter->raw));
		adapter->block = mine;
	}
	mutex_unlock(&adapter->command);
	return err;
}

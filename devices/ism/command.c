// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Commands to an adapter, see <linux/dibs_ism_format.h>. Each returns
 *
 *	0		success
 *	-EREMOTEIO	the adapter refused
 *	-EPROTO		the answer is invalid, so the outcome is unknown
 *	-ENODEV		the adapter is dead and was not asked, or it did not
 *			answer, so it no longer writes into memory
 *
 * Commands that give memory back are sent to dead adapters, too. Process
 * context.
 */
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/ratelimit.h>

#include "ism.h"

/* Longest response. */
#define ISM_RESPONSE_MAX	256

static int ism_store_request(struct ism_hardware *hw, const void *request,
			     u32 len)
{
	int err = 0;

	if (len > sizeof(struct ism_request))
		err = hw->ops->store(hw, sizeof(struct ism_request), request +
				     sizeof(struct ism_request),
				     len - sizeof(struct ism_request));
	/* Storing the header executes the command. */
	return err ? : hw->ops->store(hw, 0, request,
				      sizeof(struct ism_request));
}

/* The header comes first; without an answer it keeps ISM_ERROR. */
static int ism_load_response(struct ism_hardware *hw, void *response, u32 from,
			     u32 to)
{
	int err = 0;

	for (; from < to && !err; from += sizeof(__be64))
		err = hw->ops->load(hw, from, response + from);
	return err;
}

/* Why a header is not a valid answer of @size bytes to @cmd, or NULL. */
static const char *ism_response_fault(const struct ism_response *response,
				      u32 cmd, u32 size)
{
	u32 len = be16_to_cpu(response->len);

	if (be32_to_cpu(response->cmd) != cmd)
		return "answers another command";
	if (len < sizeof(*response) || len > ISM_RESPONSE_MAX)
		return "answers with an invalid length";
	if (be16_to_cpu(response->ret) == ISM_OK && len < size)
		return "answers with too short a response";
	return NULL;
}

static bool ism_gives_back(u32 cmd)
{
	return cmd == ISM_UNREG_DMB || cmd == ISM_UNREG_SBA ||
	       cmd == ISM_UNREG_IEQ;
}

static int ism_gone(struct ism_adapter *adapter)
{
	ism_dead(adapter, "does not answer");
	return -ENODEV;
}

static int ism_execute_locked(struct ism_adapter *adapter, const void *request,
			      u32 len, struct ism_response *response, u32 size)
{
	u32 cmd = be32_to_cpu(((const struct ism_request *)request)->cmd);
	struct ism_hardware *hw = adapter->hw;
	const char *fault;

	lockdep_assert_held(&adapter->command_lock);
	if (READ_ONCE(adapter->dead) && !ism_gives_back(cmd))
		return -ENODEV;
	response->ret = cpu_to_be16(ISM_ERROR);
	if (ism_store_request(hw, request, len) ||
	    ism_load_response(hw, response, 0, sizeof(*response)) ||
	    be16_to_cpu(response->ret) == ISM_ERROR)
		return ism_gone(adapter);
	fault = ism_response_fault(response, cmd, size);
	if (fault) {
		ism_dead(adapter, fault);
		return -EPROTO;
	}
	if (be16_to_cpu(response->ret) != ISM_OK) {
		dev_dbg_ratelimited(hw->dev, "command %#x refused: %#x\n", cmd,
				    be16_to_cpu(response->ret));
		return -EREMOTEIO;
	}
	if (!ism_load_response(hw, response, sizeof(*response), size))
		return 0;
	/* The command was executed, but the response is incomplete. */
	ism_gone(adapter);
	return -EPROTO;
}

static void ism_request_init(struct ism_request *head, enum ism_command cmd,
			     u16 len)
{
	head->cmd = cpu_to_be32(cmd);
	head->zero = 0;
	head->len = cpu_to_be16(len);
}

/* @request begins with a struct ism_request, which this fills in. */
static int ism_execute(struct ism_adapter *adapter, enum ism_command cmd,
		       void *request, u32 len, void *response, u32 size)
{
	int err;

	ism_request_init(request, cmd, len);
	mutex_lock(&adapter->command_lock);
	err = ism_execute_locked(adapter, request, len, response, size);
	mutex_unlock(&adapter->command_lock);
	return err;
}

/* A command whose response is only a header. */
static int ism_tell(struct ism_adapter *adapter, enum ism_command cmd,
		    void *request, u32 len)
{
	struct ism_response answer;

	return ism_execute(adapter, cmd, request, len, &answer, sizeof(answer));
}

int ism_read_gid(struct ism_adapter *adapter, u64 *gid)
{
	struct ism_request request;
	struct ism_read_gid answer;
	int err;

	err = ism_execute(adapter, ISM_READ_GID, &request, sizeof(request),
			  &answer, sizeof(answer));
	if (!err)
		*gid = be64_to_cpu(answer.gid);
	return err;
}

int ism_query_info(struct ism_adapter *adapter, struct ism_query_info *info)
{
	struct ism_request request;

	return ism_execute(adapter, ISM_QUERY_INFO, &request, sizeof(request),
			   info, sizeof(*info));
}

int ism_reg_sba(struct ism_adapter *adapter, dma_addr_t sba)
{
	struct ism_reg_sba request = { .sba = cpu_to_be64(sba) };

	return ism_tell(adapter, ISM_REG_SBA, &request, sizeof(request));
}

int ism_reg_ieq(struct ism_adapter *adapter, dma_addr_t ieq)
{
	struct ism_reg_ieq request = {
		.ieq = cpu_to_be64(ieq),
		.len = cpu_to_be64(sizeof(struct ism_ieq)),
	};

	return ism_tell(adapter, ISM_REG_IEQ, &request, sizeof(request));
}

int ism_unreg_sba(struct ism_adapter *adapter)
{
	struct ism_request request;

	return ism_tell(adapter, ISM_UNREG_SBA, &request, sizeof(request));
}

int ism_unreg_ieq(struct ism_adapter *adapter)
{
	struct ism_request request;

	return ism_tell(adapter, ISM_UNREG_IEQ, &request, sizeof(request));
}

int ism_add_vlan(struct ism_adapter *adapter, u16 vlan)
{
	struct ism_set_vlan request = { .vlan = cpu_to_be64(vlan) };

	return ism_tell(adapter, ISM_ADD_VLAN, &request, sizeof(request));
}

int ism_del_vlan(struct ism_adapter *adapter, u16 vlan)
{
	struct ism_set_vlan request = { .vlan = cpu_to_be64(vlan) };

	return ism_tell(adapter, ISM_DEL_VLAN, &request, sizeof(request));
}

/* -EREMOTEIO means that the GID cannot be reached. */
int ism_query_rgid(struct ism_adapter *adapter, u64 rgid,
		   struct dibs_vlan vlan)
{
	struct ism_query_rgid request = {
		.rgid = cpu_to_be64(rgid),
		.vlan_valid = cpu_to_be32(vlan.valid),
		.vlan = cpu_to_be32(vlan.valid ? vlan.id : 0),
	};

	return ism_tell(adapter, ISM_QUERY_RGID, &request, sizeof(request));
}

/* The adapter may write to @dma from now on. *@token is set to its answer. */
int ism_reg_dmb(struct ism_adapter *adapter, const struct dibs_dmb *dmb,
		dma_addr_t dma, u64 *token)
{
	struct dibs_vlan vlan = dibs_dmb_vlan(dmb);
	struct ism_reg_dmb request = {
		.dmb = cpu_to_be64(dma),
		.len = cpu_to_be32(dibs_dmb_len(dmb)),
		.index = cpu_to_be32(dibs_dmb_index(dmb)),
		.vlan_valid = cpu_to_be32(vlan.valid),
		.vlan = cpu_to_be32(vlan.valid ? vlan.id : 0),
		.rgid = cpu_to_be64(dibs_gid_to_u64(dibs_dmb_rgid(dmb))),
	};
	struct ism_reg_dmb_answer answer;
	int err;

	err = ism_execute(adapter, ISM_REG_DMB, &request, sizeof(request),
			  &answer, sizeof(answer));
	if (!err)
		*token = be64_to_cpu(answer.token);
	return err;
}

int ism_unreg_dmb(struct ism_adapter *adapter, u64 token)
{
	struct ism_unreg_dmb request = { .token = cpu_to_be64(token) };

	return ism_tell(adapter, ISM_UNREG_DMB, &request, sizeof(request));
}

int ism_signal_ieq(struct ism_adapter *adapter, u64 rgid, bool trigger,
		   u32 code, u64 info)
{
	struct ism_signal_ieq request = {
		.rgid = cpu_to_be64(rgid),
		.trigger_irq = cpu_to_be32(trigger),
		.event_code = cpu_to_be32(code),
		.info = cpu_to_be64(info),
	};

	return ism_tell(adapter, ISM_SIGNAL_IEQ, &request, sizeof(request));
}

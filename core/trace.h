/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * Tracepoints: one for each crossing between client, core and device.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM dibs

#if !defined(_DIBS_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _DIBS_TRACE_H

#include <linux/tracepoint.h>

#include "core.h"
#include "../compat/tracing.h"

DECLARE_EVENT_CLASS(dibs_dev_class,
	TP_PROTO(const struct dibs_dev *dev),
	TP_ARGS(dev),
	TP_STRUCT__entry(
		__string(name, dev->name)
		__field(u32, index)
		__array(u8, gid, 16)
	),
	TP_fast_assign(
		dibs_assign_str(name, dev->name);
		__entry->index = dev->index;
		memcpy(__entry->gid, dev->gid.b, 16);
	),
	TP_printk("dev=%s index=%u gid=%pUb", __get_str(name), __entry->index,
		  __entry->gid)
);

DEFINE_EVENT(dibs_dev_class, dibs_dev_add,
	TP_PROTO(const struct dibs_dev *dev), TP_ARGS(dev));
DEFINE_EVENT(dibs_dev_class, dibs_dev_del,
	TP_PROTO(const struct dibs_dev *dev), TP_ARGS(dev));

DECLARE_EVENT_CLASS(dibs_client_class,
	TP_PROTO(const struct dibs_client *client),
	TP_ARGS(client),
	TP_STRUCT__entry(
		__string(name, client->name)
	),
	TP_fast_assign(
		dibs_assign_str(name, client->name);
	),
	TP_printk("client=%s", __get_str(name))
);

DEFINE_EVENT(dibs_client_class, dibs_client_add,
	TP_PROTO(const struct dibs_client *client), TP_ARGS(client));
DEFINE_EVENT(dibs_client_class, dibs_client_del,
	TP_PROTO(const struct dibs_client *client), TP_ARGS(client));

TRACE_EVENT(dibs_bind,
	TP_PROTO(const struct dibs_dev *dev, const struct dibs_client *client,
		 int err),
	TP_ARGS(dev, client, err),
	TP_STRUCT__entry(
		__string(dev, dev->name)
		__string(client, client->name)
		__field(int, err)
	),
	TP_fast_assign(
		dibs_assign_str(dev, dev->name);
		dibs_assign_str(client, client->name);
		__entry->err = err;
	),
	TP_printk("dev=%s client=%s err=%d", __get_str(dev),
		  __get_str(client), __entry->err)
);

TRACE_EVENT(dibs_unbind,
	TP_PROTO(const struct dibs_dev *dev, const struct dibs_client *client),
	TP_ARGS(dev, client),
	TP_STRUCT__entry(
		__string(dev, dev->name)
		__string(client, client->name)
	),
	TP_fast_assign(
		dibs_assign_str(dev, dev->name);
		dibs_assign_str(client, client->name);
	),
	TP_printk("dev=%s client=%s", __get_str(dev), __get_str(client))
);

DECLARE_EVENT_CLASS(dibs_dmb_class,
	TP_PROTO(const struct dibs_dmb *dmb),
	TP_ARGS(dmb),
	TP_STRUCT__entry(
		__string(dev, dibs_ctx_dev(dmb->ctx)->name)
		__string(client, dibs_ctx_client(dmb->ctx)->name)
		__field(u32, index)
		__field(u32, len)
		__array(u8, rgid, 16)
	),
	TP_fast_assign(
		dibs_assign_str(dev, dibs_ctx_dev(dmb->ctx)->name);
		dibs_assign_str(client, dibs_ctx_client(dmb->ctx)->name);
		__entry->index = dmb->index;
		__entry->len = dmb->memory.len;
		memcpy(__entry->rgid, dmb->rgid.b, 16);
	),
	TP_printk("dev=%s client=%s dmb=%u len=%u rgid=%pUb", __get_str(dev),
		  __get_str(client), __entry->index, __entry->len,
		  __entry->rgid)
);

DEFINE_EVENT(dibs_dmb_class, dibs_register_dmb,
	TP_PROTO(const struct dibs_dmb *dmb), TP_ARGS(dmb));
DEFINE_EVENT(dibs_dmb_class, dibs_unregister_dmb,
	TP_PROTO(const struct dibs_dmb *dmb), TP_ARGS(dmb));

DECLARE_EVENT_CLASS(dibs_attachment_class,
	TP_PROTO(const struct dibs_attachment *att),
	TP_ARGS(att),
	TP_STRUCT__entry(
		__string(dev, dibs_ctx_dev(att->ctx)->name)
		__string(client, dibs_ctx_client(att->ctx)->name)
		__field(const void *, att)
		__field(u32, len)
		__array(u8, rgid, 16)
	),
	TP_fast_assign(
		dibs_assign_str(dev, dibs_ctx_dev(att->ctx)->name);
		dibs_assign_str(client, dibs_ctx_client(att->ctx)->name);
		__entry->att = att;
		__entry->len = att->len;
		memcpy(__entry->rgid, att->rgid.b, 16);
	),
	TP_printk("dev=%s client=%s att=%p len=%u rgid=%pUb", __get_str(dev),
		  __get_str(client), __entry->att, __entry->len,
		  __entry->rgid)
);

DEFINE_EVENT(dibs_attachment_class, dibs_attach_dmb,
	TP_PROTO(const struct dibs_attachment *att), TP_ARGS(att));
DEFINE_EVENT(dibs_attachment_class, dibs_detach_dmb,
	TP_PROTO(const struct dibs_attachment *att), TP_ARGS(att));

TRACE_EVENT(dibs_move,
	TP_PROTO(const struct dibs_attachment *att, u32 offset, u32 size,
		 bool signal, int err),
	TP_ARGS(att, offset, size, signal, err),
	TP_STRUCT__entry(
		__field(const void *, att)
		__field(u32, offset)
		__field(u32, size)
		__field(bool, signal)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->att = att;
		__entry->offset = offset;
		__entry->size = size;
		__entry->signal = signal;
		__entry->err = err;
	),
	TP_printk("att=%p offset=%u size=%u signal=%d err=%d", __entry->att,
		  __entry->offset, __entry->size, __entry->signal,
		  __entry->err)
);

TRACE_EVENT(dibs_signal,
	TP_PROTO(const struct dibs_dmb *dmb, u16 mask),
	TP_ARGS(dmb, mask),
	TP_STRUCT__entry(
		__string(dev, dibs_ctx_dev(dmb->ctx)->name)
		__field(u32, index)
		__field(u16, mask)
	),
	TP_fast_assign(
		dibs_assign_str(dev, dibs_ctx_dev(dmb->ctx)->name);
		__entry->index = dmb->index;
		__entry->mask = mask;
	),
	TP_printk("dev=%s dmb=%u mask=0x%04x", __get_str(dev), __entry->index,
		  __entry->mask)
);

TRACE_EVENT(dibs_event,
	TP_PROTO(const struct dibs_dev *dev, const struct dibs_event *event),
	TP_ARGS(dev, event),
	TP_STRUCT__entry(
		__string(dev, dev->name)
		__field(u32, type)
		__field(u32, subtype)
		__array(u8, gid, 16)
		__field(u64, data)
	),
	TP_fast_assign(
		dibs_assign_str(dev, dev->name);
		__entry->type = event->type;
		__entry->subtype = event->subtype;
		memcpy(__entry->gid, event->gid.b, 16);
		__entry->data = event->data;
	),
	TP_printk("dev=%s type=%u subtype=%u gid=%pUb data=0x%llx",
		  __get_str(dev), __entry->type, __entry->subtype,
		  __entry->gid, __entry->data)
);

/* @reason: one of DIBS_A_COUNTER_REJECT_* in <uapi/linux/dibs.h>. */
TRACE_EVENT(dibs_reject,
	TP_PROTO(const struct dibs_ctx *ctx, int reason, int err),
	TP_ARGS(ctx, reason, err),
	TP_STRUCT__entry(
		__string(dev, dibs_ctx_dev(ctx)->name)
		__string(client, dibs_ctx_client(ctx)->name)
		__field(int, reason)
		__field(int, err)
	),
	TP_fast_assign(
		dibs_assign_str(dev, dibs_ctx_dev(ctx)->name);
		dibs_assign_str(client, dibs_ctx_client(ctx)->name);
		__entry->reason = reason;
		__entry->err = err;
	),
	TP_printk("dev=%s client=%s reason=%d err=%d", __get_str(dev),
		  __get_str(client), __entry->reason, __entry->err)
);

#endif /* _DIBS_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>

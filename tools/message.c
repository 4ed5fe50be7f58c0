// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Decodes messages of the family "dibs" into JSON objects, by one table for
 * each kind of object. Attributes missing in the table are skipped: the kernel
 * may be newer.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <linux/genetlink.h>

#include "dibs.h"

/* Returns a new value, or NULL if the attribute is malformed. */
typedef json_t *decode_fn(const struct nlattr *attr);

struct field {
	const char *key;
	decode_fn *decode;
};

void gid_format(char text[GID_TEXT_LEN], const uint8_t gid[16])
{
	char *at = text;
	int i;

	for (i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		at += sprintf(at, "%02x", gid[i]);
	}
}

/* Names may contain any bytes, JSON strings are UTF-8. */
json_t *text_json(const char *text)
{
	json_t *value = json_string(text);
	char copy[256], *c;

	if (value)
		return value;
	snprintf(copy, sizeof(copy), "%s", text);
	for (c = copy; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	return json_string(copy);
}

static json_t *decode_string(const struct nlattr *attr)
{
	if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
		return NULL;
	return text_json(mnl_attr_get_str(attr));
}

static json_t *decode_bool(const struct nlattr *attr)
{
	if (mnl_attr_validate(attr, MNL_TYPE_U8) < 0)
		return NULL;
	return json_boolean(mnl_attr_get_u8(attr));
}

static json_t *decode_u16(const struct nlattr *attr)
{
	if (mnl_attr_validate(attr, MNL_TYPE_U16) < 0)
		return NULL;
	return json_integer(mnl_attr_get_u16(attr));
}

static json_t *decode_u32(const struct nlattr *attr)
{
	if (mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
		return NULL;
	return json_integer(mnl_attr_get_u32(attr));
}

static json_t *decode_u64(const struct nlattr *attr)
{
	if (mnl_attr_validate(attr, MNL_TYPE_U64) < 0)
		return NULL;
	return json_integer(mnl_attr_get_u64(attr));
}

/* Opaque values may use all 64 bits, which JSON integers cannot hold. */
static json_t *decode_hex(const struct nlattr *attr)
{
	if (mnl_attr_validate(attr, MNL_TYPE_U64) < 0)
		return NULL;
	return json_sprintf("0x%016" PRIx64, mnl_attr_get_u64(attr));
}

static json_t *decode_gid(const struct nlattr *attr)
{
	char text[GID_TEXT_LEN];

	if (mnl_attr_get_payload_len(attr) != 16)
		return NULL;
	gid_format(text, mnl_attr_get_payload(attr));
	return json_string(text);
}

static json_t *decode_name_of(const struct nlattr *attr,
			      const char *const *names, size_t n)
{
	uint32_t value;

	if (mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
		return NULL;
	value = mnl_attr_get_u32(attr);
	return value < n ? json_string(names[value]) : json_integer(value);
}

static json_t *decode_state(const struct nlattr *attr)
{
	static const char *const states[] = {
		[DIBS_DMB_WAITING] = "waiting",
		[DIBS_DMB_ATTACHED] = "attached",
		[DIBS_DMB_DETACHED] = "detached",
		[DIBS_DMB_CLOSED] = "closed",
	};

	return decode_name_of(attr, states, ARRAY_SIZE(states));
}

static json_t *decode_event_type(const struct nlattr *attr)
{
	static const char *const types[] = {
		[DIBS_EVENT_BUF] = "buffer",
		[DIBS_EVENT_DEV] = "device",
		[DIBS_EVENT_SW] = "software",
		[DIBS_EVENT_OTHER] = "other",
	};

	return decode_name_of(attr, types, ARRAY_SIZE(types));
}

/*
 * Adds the name of what happened to its number. Numbers of software events are
 * the sender's own.
 */
static void add_event_name(json_t *event)
{
	static const char *const names[] = {
		[DIBS_EVENT_BUF_UNREGISTERED] = "unregistered",
		[DIBS_EVENT_DEV_DISABLED] = "disabled",
		[DIBS_EVENT_DEV_ERROR] = "error",
		[DIBS_EVENT_UNKNOWN] = "unknown",
		[DIBS_EVENT_BUF_CUT] = "cut",
	};
	const char *type = json_string_value(json_object_get(event, "type"));
	const json_t *code = json_object_get(event, "code");

	if (!type || !code || !strcmp(type, "software") ||
	    (uint64_t)json_integer_value(code) >= ARRAY_SIZE(names))
		return;
	json_object_set_new(event, "what",
			    json_string(names[json_integer_value(code)]));
}

/* An object being decoded; @fields is indexed by attribute type. */
struct object {
	json_t *json;
	const struct field *fields;
	size_t n;
};

static int decode_attr(const struct nlattr *attr, void *data)
{
	struct object *object = data;
	uint16_t type = mnl_attr_get_type(attr);
	json_t *value;

	if (type >= object->n || !object->fields[type].key)
		return MNL_CB_OK;
	value = object->fields[type].decode(attr);
	if (!value ||
	    json_object_set_new(object->json, object->fields[type].key, value))
		return MNL_CB_ERROR;
	return MNL_CB_OK;
}

/* @ret: what mnl_attr_parse() with decode_attr() returned */
static json_t *finish(const struct object *object, int ret)
{
	if (ret != MNL_CB_ERROR)
		return object->json;
	json_decref(object->json);
	return NULL;
}

static json_t *decode(const struct nlmsghdr *nlh, const struct field *fields,
		      size_t n)
{
	struct object object = { .fields = fields, .n = n };

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct genlmsghdr))
		return NULL;
	object.json = json_object();
	return finish(&object, mnl_attr_parse(nlh, sizeof(struct genlmsghdr),
					      decode_attr, &object));
}

static json_t *decode_counters(const struct nlattr *nest)
{
	static const struct field fields[] = {
		[DIBS_A_COUNTER_MOVES] = { "moves", decode_u64 },
		[DIBS_A_COUNTER_MOVE_BYTES] = { "move_bytes", decode_u64 },
		[DIBS_A_COUNTER_MOVE_ERRORS] = { "move_errors", decode_u64 },
		[DIBS_A_COUNTER_SIGNALS] = { "signals", decode_u64 },
		[DIBS_A_COUNTER_SIGNALS_MERGED] = {
			"signals_merged", decode_u64 },
		[DIBS_A_COUNTER_SIGNALS_DEFERRED] = {
			"signals_deferred", decode_u64 },
		[DIBS_A_COUNTER_SIGNALS_STALE] = {
			"signals_stale", decode_u64 },
		[DIBS_A_COUNTER_EVENTS] = { "events", decode_u64 },
		[DIBS_A_COUNTER_DMBS] = { "dmbs", decode_u64 },
		[DIBS_A_COUNTER_DMBS_EVER] = { "dmbs_ever", decode_u64 },
		[DIBS_A_COUNTER_DMBS_FAILED] = { "dmbs_failed", decode_u64 },
		[DIBS_A_COUNTER_ATTACHMENTS] = { "attachments", decode_u64 },
		[DIBS_A_COUNTER_ATTACHMENTS_EVER] = {
			"attachments_ever", decode_u64 },
		[DIBS_A_COUNTER_REJECT_TOKEN] = { "reject_token", decode_u64 },
		[DIBS_A_COUNTER_REJECT_GID] = { "reject_gid", decode_u64 },
		[DIBS_A_COUNTER_REJECT_CLIENT] = {
			"reject_client", decode_u64 },
		[DIBS_A_COUNTER_REJECT_NETNS] = { "reject_netns", decode_u64 },
		[DIBS_A_COUNTER_REJECT_BUSY] = { "reject_busy", decode_u64 },
		[DIBS_A_COUNTER_REJECT_CLOSED] = {
			"reject_closed", decode_u64 },
		[DIBS_A_COUNTER_REJECT_VLAN] = { "reject_vlan", decode_u64 },
		[DIBS_A_COUNTER_REJECT_RANGE] = { "reject_range", decode_u64 },
		[DIBS_A_COUNTER_REJECT_MASK] = { "reject_mask", decode_u64 },
		[DIBS_A_COUNTER_REJECT_STALE] = { "reject_stale", decode_u64 },
		[DIBS_A_COUNTER_REJECT_DETACHED] = {
			"reject_detached", decode_u64 },
	};
	struct object object = {
		.json = json_object(),
		.fields = fields,
		.n = ARRAY_SIZE(fields),
	};

	_Static_assert(ARRAY_SIZE(fields) == DIBS_A_COUNTER_MAX + 1,
		       "every counter has a name");
	return finish(&object, mnl_attr_parse_nested(nest, decode_attr,
						     &object));
}

json_t *decode_dev(const struct nlmsghdr *nlh)
{
	static const struct field fields[] = {
		[DIBS_A_DEV_INDEX] = { "index", decode_u32 },
		[DIBS_A_DEV_NAME] = { "name", decode_string },
		[DIBS_A_DEV_KIND] = { "type", decode_string },
		[DIBS_A_DEV_GID] = { "gid", decode_gid },
		[DIBS_A_DEV_FABRIC_ID] = { "fabric_id", decode_u16 },
		[DIBS_A_DEV_ENABLED] = { "enabled", decode_bool },
		[DIBS_A_DEV_SHARED] = { "shared", decode_bool },
		[DIBS_A_DEV_USABLE] = { "usable", decode_bool },
		[DIBS_A_DEV_OWNED] = { "owned", decode_bool },
		[DIBS_A_DEV_MAPS] = { "maps", decode_bool },
		[DIBS_A_DEV_VLANS] = { "vlans", decode_bool },
		[DIBS_A_DEV_MAX_DMBS] = { "max_dmbs", decode_u32 },
		[DIBS_A_DEV_MAX_DMB_LEN] = { "max_dmb_len", decode_u32 },
		[DIBS_A_DEV_DMBS] = { "dmbs", decode_u32 },
	};

	return decode(nlh, fields, ARRAY_SIZE(fields));
}

json_t *decode_client(const struct nlmsghdr *nlh)
{
	static const struct field fields[] = {
		[DIBS_A_CLIENT_NAME] = { "name", decode_string },
		[DIBS_A_CLIENT_DEVICES] = { "devices", decode_u32 },
	};

	return decode(nlh, fields, ARRAY_SIZE(fields));
}

json_t *decode_dmb(const struct nlmsghdr *nlh)
{
	static const struct field fields[] = {
		[DIBS_A_DMB_DEV_INDEX] = { "device_index", decode_u32 },
		[DIBS_A_DMB_DEV_NAME] = { "device", decode_string },
		[DIBS_A_DMB_CLIENT] = { "client", decode_string },
		[DIBS_A_DMB_INDEX] = { "index", decode_u32 },
		[DIBS_A_DMB_LEN] = { "len", decode_u32 },
		[DIBS_A_DMB_RGID] = { "rgid", decode_gid },
		[DIBS_A_DMB_STATE] = { "state", decode_state },
		[DIBS_A_DMB_MEMORY] = { "memory", decode_u64 },
		[DIBS_A_DMB_VLAN] = { "vlan", decode_u16 },
		[DIBS_A_DMB_TOKEN] = { "token", decode_hex },
	};

	return decode(nlh, fields, ARRAY_SIZE(fields));
}

json_t *decode_stats(const struct nlmsghdr *nlh)
{
	static const struct field fields[] = {
		[DIBS_A_STATS_DEV_INDEX] = { "device_index", decode_u32 },
		[DIBS_A_STATS_DEV_NAME] = { "device", decode_string },
		[DIBS_A_STATS_CLIENT] = { "client", decode_string },
		[DIBS_A_STATS_COUNTERS] = { "counters", decode_counters },
		[DIBS_A_STATS_TOTAL] = { "total", decode_counters },
	};

	return decode(nlh, fields, ARRAY_SIZE(fields));
}

json_t *decode_event(const struct nlmsghdr *nlh)
{
	static const struct field fields[] = {
		[DIBS_A_EVENT_DEV_INDEX] = { "device_index", decode_u32 },
		[DIBS_A_EVENT_DEV_NAME] = { "device", decode_string },
		[DIBS_A_EVENT_TYPE] = { "type", decode_event_type },
		[DIBS_A_EVENT_SUBTYPE] = { "code", decode_u32 },
		[DIBS_A_EVENT_GID] = { "gid", decode_gid },
		[DIBS_A_EVENT_DATA] = { "data", decode_hex },
		[DIBS_A_EVENT_TIME] = { "time", decode_hex },
	};
	json_t *event = decode(nlh, fields, ARRAY_SIZE(fields));

	if (event)
		add_event_name(event);
	return event;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * dibs monitor: prints events, one per line, until interrupted.
 */
#include <stdio.h>

#include <linux/genetlink.h>

#include "dibs.h"

static void print_device_event(const char *what, const json_t *dev)
{
	char state[CELL_LEN], scope[CELL_LEN];

	device_state_text(state, dev);
	device_scope_text(scope, dev);
	printf("device %s %s: index %d, %s, %s\n",
	       json_string_value(json_object_get(dev, "name")), what,
	       (int)json_integer_value(json_object_get(dev, "index")), state,
	       scope);
}

static void print_client_event(const char *what, const json_t *client)
{
	printf("client %s %s\n",
	       json_string_value(json_object_get(client, "name")), what);
}

/* "disabled", or "code 42" for a number without name. */
static void event_what_text(char text[CELL_LEN], const json_t *event)
{
	const char *what = json_string_value(json_object_get(event, "what"));
	char code[CELL_LEN];

	value_text(code, json_object_get(event, "code"));
	if (what)
		snprintf(text, CELL_LEN, "%s", what);
	else
		snprintf(text, CELL_LEN, "code %.32s", code);
}

static void print_fabric_event(const char *what, const json_t *event)
{
	char device[CELL_LEN], type[CELL_LEN], happened[CELL_LEN];
	char gid[CELL_LEN], data[CELL_LEN];

	value_text(device, json_object_get(event, "device"));
	value_text(type, json_object_get(event, "type"));
	event_what_text(happened, event);
	value_text(gid, json_object_get(event, "gid"));
	value_text(data, json_object_get(event, "data"));
	printf("%s event on %s: %s, %s, gid %s, data %s\n", what, device,
	       type, happened, gid, data);
}

static const struct kind {
	const char *object;
	const char *what;
	nl_decode *decode;
	void (*print)(const char *what, const json_t *object);
} kinds[] = {
	[DIBS_CMD_DEV_ADD_NTF] = {
		"device", "added", decode_dev, print_device_event },
	[DIBS_CMD_DEV_DEL_NTF] = {
		"device", "deleted", decode_dev, print_device_event },
	[DIBS_CMD_DEV_CHANGE_NTF] = {
		"device", "changed", decode_dev, print_device_event },
	[DIBS_CMD_CLIENT_ADD_NTF] = {
		"client", "added", decode_client, print_client_event },
	[DIBS_CMD_CLIENT_DEL_NTF] = {
		"client", "deleted", decode_client, print_client_event },
	[DIBS_CMD_EVENT_NTF] = {
		"fabric", "fabric", decode_event, print_fabric_event },
};

static int print_event(const struct nlmsghdr *nlh, void *data)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const struct kind *kind;
	json_t *object, *line;
	int err;

	(void)data;
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*genl) ||
	    genl->cmd >= ARRAY_SIZE(kinds) || !kinds[genl->cmd].object)
		return MNL_CB_OK;
	kind = &kinds[genl->cmd];
	object = kind->decode(nlh);
	if (!object) {
		fail("monitor: malformed message");
		return MNL_CB_ERROR;
	}
	if (output_json) {
		line = json_pack("{s:s, s:s, s:O}", "object", kind->object,
				 "event", kind->what, kind->object, object);
		err = print_json(line, JSON_COMPACT);
		json_decref(line);
	} else {
		kind->print(kind->what, object);
		err = print_end();
	}
	json_decref(object);
	return err ? MNL_CB_ERROR : MNL_CB_OK;
}

/* Events came faster than they were read. */
static int print_lost(void)
{
	puts(output_json ? "{\"object\":\"monitor\",\"event\":\"lost\"}" :
			   "events were lost");
	return print_end();
}

int monitor(int argc, char **argv)
{
	if (parse_end(argc, argv))
		return 1;
	return nl_monitor(print_event, print_lost);
}

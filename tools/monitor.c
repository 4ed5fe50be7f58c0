// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * dibs monitor: what happens, one line each, until interrupted.
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

/* "disabled"; what has no name: "code 42". */
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
	json_t *(*decode)(const struct nlmsghdr *nlh);
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
		return 0;
	kind = &kinds[genl->cmd];
	object = kind->decode(nlh);
	if (!object)
		return fail("monitor: malformed message");
	if (!output_json) {
		kind->print(kind->what, object);
		json_decref(object);
		return print_end();
	}
	line = json_pack("{s:s, s:s, s:o}", "object", kind->object,
			 "event", kind->what, kind->object, object);
	err = print_json(line, JSON_COMPACT);
	json_decref(line);
	return err;
}

/* Too much happened for the socket's buffer. */
static int print_lost(void)
{
	puts(output_json ? "{\"object\":\"monitor\",\"event\":\"lost\"}" :
			   "events were lost");
	return print_end();
}

int monitor(int argc, char **argv)
{
	if (parse_end(argc, argv) || nl_subscribe())
		return 1;
	return nl_listen(print_event, print_lost);
}

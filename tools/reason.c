// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Why a connection is carried by TCP, in words.
 */
#include "dibs.h"

static const struct {
	uint32_t code;
	const char *text;
} reasons[] = {
	{ 0x01010000, "no memory" },
	{ 0x02010000, "time-out: confirm link" },
	{ 0x02020000, "time-out: add link" },
	{ 0x03000000, "configuration" },
	{ 0x03010000, "peer has no SMC" },
	{ 0x03020000, "IPsec" },
	{ 0x03030000, "no device" },
	{ 0x03030001, "no ISM device" },
	{ 0x03030002, "no RDMA device" },
	{ 0x03030003, "no ISMv2 device" },
	{ 0x03030004, "no v2 extension in the proposal" },
	{ 0x03030005, "no SMC-Dv2 extension in the proposal" },
	{ 0x03030006, "no SEID in the proposal" },
	{ 0x03030007, "no common SMC-Dv2 device" },
	{ 0x03030008, "no common UEID" },
	{ 0x03030009, "release not supported" },
	{ 0x0303000a, "maximum of connections" },
	{ 0x0303000b, "maximum of links" },
	{ 0x03040000, "mode mismatch" },
	{ 0x03050000, "eye catcher in the RMBE" },
	{ 0x03060000, "option not supported (fast open)" },
	{ 0x03070000, "IP prefix mismatch" },
	{ 0x03080000, "cannot get VLAN" },
	{ 0x03090000, "cannot register VLAN" },
	{ 0x030a0000, "no active link" },
	{ 0x030b0000, "no link at the server" },
	{ 0x030c0000, "version mismatch" },
	{ 0x030d0000, "limit of DMBs" },
	{ 0x030e0000, "no route" },
	{ 0x030f0000, "indirect route" },
	{ 0x04000000, "link groups out of step" },
	{ 0x05000000, "peer declined" },
	{ 0x09990000, "internal error" },
	{ 0x09990001, "cannot exchange rtokens" },
	{ 0x09990002, "link not ready" },
	{ 0x09990003, "cannot register buffers" },
};

const char *reason_text(uint32_t code)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].code == code)
			return reasons[i].text;
	return "unknown";
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Management from user space: the generic netlink family "dibs".
 */
#include "core.h"

int dibs_netlink_start(void)
{
	return 0;
}

void dibs_netlink_stop(void)
{
}

void dibs_notify_dev(struct dibs_dev *dev, u8 cmd)
{
}

void dibs_notify_client(struct dibs_client *client, u8 cmd)
{
}

void dibs_notify_event(struct dibs_dev *dev, const struct dibs_event *event)
{
}

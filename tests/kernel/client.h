/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * A client that records its callbacks.
 */
#ifndef _DIBS_SELFTEST_CLIENT_H
#define _DIBS_SELFTEST_CLIENT_H

#include <linux/atomic.h>
#include <linux/dibs_client.h>
#include <linux/spinlock.h>

#include "test.h"

#define TCLIENT_DEVS	16

/**
 * struct watch - signals of a DMB; its dibs_dmb_params.priv
 * @calls:    calls of handle_signal
 * @mask:     all bits so far
 * @running:  calls that are running
 * @overlaps: calls that started while another was running; must stay 0
 * @given_back: the DMB was given back, so no call may follow
 * @late:     calls after that; must stay 0
 * @hook:     called by the callback, may be NULL
 * @arg:      for @hook
 */
struct watch {
	atomic_t calls;
	atomic_t mask;
	atomic_t running;
	atomic_t overlaps;
	bool given_back;
	atomic_t late;
	void (*hook)(struct watch *watch, struct dibs_dmb *dmb, u16 mask);
	void *arg;
};

/**
 * struct tclient - a test's client
 * @client:  the registered client
 * @lock:    guards @devs and @last
 * @devs:    devices it accepted
 * @refuse:  what add_dev returns
 * @blind:   do not record devices
 * @adds:    calls of add_dev
 * @dels:    calls of del_dev
 * @events:  calls of handle_event
 * @late:    callbacks for devices it does not have; must stay 0
 * @last:    last event
 * @on_add:  called by add_dev, may be NULL; an error refuses the device
 * @on_del:  called by del_dev, may be NULL
 * @on_event: called by handle_event, may be NULL
 * @arg:     for these three
 */
struct tclient {
	struct dibs_client *client;
	spinlock_t lock;	/* guards devs, last */
	struct dibs_dev *devs[TCLIENT_DEVS];
	int refuse;
	bool blind;
	atomic_t adds;
	atomic_t dels;
	atomic_t events;
	atomic_t late;
	struct dibs_event last;
	int (*on_add)(struct tclient *tc, struct dibs_dev *dev);
	void (*on_del)(struct tclient *tc, struct dibs_dev *dev);
	void (*on_event)(struct tclient *tc, struct dibs_dev *dev,
			 const struct dibs_event *event);
	void *arg;
};

/* @tc is zeroed except for what the caller has set. 0 or -errno. */
int tclient_register(struct tclient *tc, const char *name);
/* Also after a failed registration. */
void tclient_unregister(struct tclient *tc);
/* The client's device with this name, not referenced, or NULL. */
struct dibs_dev *tclient_dev(struct tclient *tc, const char *name);
bool tclient_has(struct tclient *tc, const struct dibs_dev *dev);
struct dibs_event tclient_last(struct tclient *tc);

/* Gives a DMB back and tells its watch. */
void watch_unregister(struct watch *watch, struct dibs_dmb *dmb);
/* Expects that no callback overlapped, is running or came late. */
void watch_expect_clean(struct test *t, struct watch *watch);

extern const struct dibs_client_ops tclient_ops;

#endif /* _DIBS_SELFTEST_CLIENT_H */

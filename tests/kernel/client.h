/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) The DIBS authors
 *
 * A client of the layer that records what it is told.
 */
#ifndef _DIBS_SELFTEST_CLIENT_H
#define _DIBS_SELFTEST_CLIENT_H

#include <linux/atomic.h>
#include <linux/dibs_client.h>
#include <linux/spinlock.h>

#include "test.h"

#define TCLIENT_DEVS	16

/**
 * struct watch - what the owner of a DMB saw; its dibs_dmb_params.priv
 * @calls:    of handle_signal
 * @mask:     all bits ever
 * @running:  calls going on now
 * @overlaps: calls that began while another went on: must stay 0
 * @given_back: the DMB was given back: no call may come any more
 * @late:     calls after that: must stay 0
 * @hook:     called from the callback, may be NULL
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
 * @client:  registered
 * @lock:    guards @devs and @last
 * @devs:    those it accepted
 * @refuse:  what add_dev returns
 * @blind:   keeps no list of devices
 * @adds:    calls of add_dev
 * @dels:    calls of del_dev
 * @events:  calls of handle_event
 * @late:    callbacks for devices it does not have: must stay 0
 * @last:    last event
 * @on_add:  called by add_dev, may be NULL; its error refuses
 * @on_del:  called by del_dev, may be NULL
 * @on_event: called by handle_event, may be NULL
 * @arg:     for them
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

/* Zeroed but for what the caller set before. 0 or -errno. */
int tclient_register(struct tclient *tc, const char *name);
/* Works after half a registration. */
void tclient_unregister(struct tclient *tc);
/* A device the client has, not referenced; NULL if there is none. */
struct dibs_dev *tclient_dev(struct tclient *tc, const char *name);
bool tclient_has(struct tclient *tc, const struct dibs_dev *dev);
struct dibs_event tclient_last(struct tclient *tc);

/* Gives a DMB back and says so to its watch. */
void watch_unregister(struct watch *watch, struct dibs_dmb *dmb);
/* No callback overlapped or came late. */
void watch_expect_clean(struct test *t, struct watch *watch);

extern const struct dibs_client_ops tclient_ops;

#endif /* _DIBS_SELFTEST_CLIENT_H */

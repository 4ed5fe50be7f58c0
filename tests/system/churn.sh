#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Can devices, clients, DMBs and modules come and go under load, and is memory
# usage back to where it was afterwards?
#
#	DIBS_CHURN_SECONDS	total duration, default 15
#
# The selftest module works on all devices with two clients and threads on all
# CPUs (tests/kernel/load.c). Meanwhile:
#
#	devices		are added, disabled, enabled and deleted
#	clients		are unregistered with all they have, then registered
#	loopback	is unloaded and loaded again
#	selftest	is unloaded while it works
#
# runs-on: 6.12 debug

cd "$(dirname "$0")" || exit
# shellcheck source=lib/lib.sh
. lib/lib.sh

seconds=${DIBS_CHURN_SECONDS:-15}
selftest=/sys/module/dibs_selftest/parameters/do
# How much memory may stay in kernel caches, in KiB.
tolerance=8192

tell() {
	echo "$*" >"$selftest"
}

load_modules() {
	modprobe dibs_loopback && modprobe dibs_selftest run=
}

# churn SECONDS COMMAND...: repeats COMMAND while the selftest works
churn() {
	local deadline=$((SECONDS + $1)) rounds=0

	shift
	tell load 2 || return
	while ((SECONDS < deadline || rounds < 2)); do
		"$@" || { tell stop; return 1; }
		rounds=$((rounds + 1))
	done
	echo "$rounds rounds"
	tell stop
}

devices_come_and_go() {
	dibs device add churn-a && dibs device add churn-b &&
		dibs device disable churn-a && dibs device del churn-b &&
		dibs device enable churn-a && dibs device del churn-a
}

lo_comes_and_goes() {
	dibs device disable lo && dibs device enable lo
}

# The clients leave handles of all kinds behind.
clients_come_and_go() {
	tell stop && tell load 2
}

loopback_comes_and_goes() {
	rmmod dibs_loopback && modprobe dibs_loopback
}

selftest_comes_and_goes() {
	rmmod dibs_selftest && modprobe dibs_selftest run= && tell load 2
}

namespaces_come_and_go() {
	unshare -n sh -c 'dibs device add inside && dibs device add inside2'
}

# Memory in use apart from caches and programs, in KiB.
memory() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^(SUnreclaim|Percpu|VmallocUsed|KernelStack):/ { used += $2 }
		END { print used }' /proc/meminfo
}

memory_is_back() {
	local now

	now=$(memory)
	echo "before $before KiB, now $now KiB"
	((now - before < tolerance))
}

round() {
	load_modules || return
	churn "$1" devices_come_and_go && unload_modules
}

unload_modules || bail_out "modules are in use"
load_modules || bail_out "modules cannot be loaded"
[[ -e $selftest ]] || bail_out "no selftest"
each=$((seconds / 6 > 0 ? seconds / 6 : 1))

# The first round allocates what is kept, before the measurement.
ok "all modules can be loaded, used and unloaded" round 1
before=$(memory)

ok "all modules can be loaded again" load_modules
ok "devices come and go under load" churn $each devices_come_and_go
ok "lo is disabled and enabled under load" churn $each lo_comes_and_goes
ok "clients come and go under load" churn $each clients_come_and_go
ok "namespaces with devices come and go under load" \
	churn $each namespaces_come_and_go
ok "the loopback module is unloaded under load" \
	churn $each loopback_comes_and_goes
ok "the client's module is unloaded under load" \
	churn $each selftest_comes_and_goes
json "no DMB is left" "d == []" dibs dmb list --json
ok "all modules can be unloaded" unload_modules
ok "memory usage is back to where it was" within 20 memory_is_back

done_testing

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# An adapter refuses one move of a connection and goes on: each move in turn, of
# each end. See smc_refused.py.
#
#	red, ism0, 10.1.0.1 ----- veth ----- 10.1.0.2, ism1, blue
#
# runs-on: 6.12
# soak: debug

# Most functions are called by those of lib.sh.
# shellcheck disable=SC2317

repo=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=lib.sh
. "$repo/tests/system/lib.sh"

bus=/sys/bus/ism_sim

set_up() {
	modprobe -r dibs_loopback || bail_out "loopback is in use"
	modprobe -a ism_sim dibs_smc || bail_out "no modules"
	netns_add red
	netns_add blue
	ip link add red0 netns red type veth peer name blue0 netns blue ||
		bail_out "no veth"
	ip -n red addr add 10.1.0.1/24 dev red0
	ip -n blue addr add 10.1.0.2/24 dev blue0
	ip -n red link set red0 up
	ip -n blue link set blue0 up
	dibs device unshare ism0 && dibs device grant ism0 red
	dibs device unshare ism1 && dibs device grant ism1 blue
	in_netns red sysctl -qw net.smc.rmem=16384
	in_netns blue sysctl -qw net.smc.rmem=16384
}

# A connection makes 40 moves at least, and those that are refused one do not all
# survive it.
refused() {
	json_holds "not d['wrong'] and d['last'] and d['rounds'] > 40 and
		d['whole'] < d['rounds'] / 2" \
		python3 "$repo/tests/system/smc_refused.py" "$1"
}

nothing_left() {
	within 60 grep -qx 0 "$bus/devices/ism0/dmbs" &&
		within 60 grep -qx 0 "$bus/devices/ism1/dmbs"
}

set_up
ok "the client's adapter refuses: all bytes or an error" refused ism0
ok "the server's adapter refuses: all bytes or an error" refused ism1
ok "nothing is left" nothing_left
for name in red blue; do
	netns_del "$name"
done
modprobe -r dibs_smc ism_sim
done_testing

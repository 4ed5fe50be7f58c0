#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# An adapter refuses one move of a connection and goes on: each move in turn, at
# each end. See smc_refused.py.
#
#	red, ism0, 10.1.0.1 ----- veth ----- 10.1.0.2, ism1, blue
#
# runs-on: 6.12
# soak: debug
# cpus: 1

repo=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=lib/ism.bash
. "$repo/tests/system/lib/ism.bash"

# A connection makes at least 40 moves, and not all connections survive a
# refused one.
refused_of() {
	json_holds "not d['wrong'] and d['last'] and d['rounds'] > 40 and
		d['whole'] < d['rounds'] / 2" \
		python3 "$lib/smc_refused.py" "$@"
}

ism_set_up
for name in red blue; do
	in_netns "$name" sysctl -qw net.smc.rmem=16384
done
ok "a move refused to the client loses no byte without an error" \
	refused_of ism0 inline
ok "a move refused to the client loses no urgent byte without an error" \
	refused_of ism0
ok "a move refused to the server loses no byte without an error" \
	refused_of ism1 inline
ok "no DMB is left" within 60 ism_has_no_dmbs
for name in red blue; do
	netns_del "$name"
done
modprobe -r dibs_smc ism_sim
done_testing

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
# shellcheck source=ism.bash
. "$repo/tests/system/ism.bash"

# A connection makes 40 moves at least, and those that are refused one do not all
# survive it.
refused_of() {
	json_holds "not d['wrong'] and d['last'] and d['rounds'] > 40 and
		d['whole'] < d['rounds'] / 2" \
		python3 "$repo/tests/system/smc_refused.py" "$@"
}

ism_set_up
for name in red blue; do
	in_netns "$name" sysctl -qw net.smc.rmem=16384
done
ok "the client's adapter refuses: all bytes or an error" refused_of ism0 inline
ok "the same, an urgent byte out of the stream" refused_of ism0
ok "the server's adapter refuses: all bytes or an error" refused_of ism1 inline
ok "nothing is left" within 60 ism_has_no_dmbs
for name in red blue; do
	netns_del "$name"
done
modprobe -r dibs_smc ism_sim
done_testing

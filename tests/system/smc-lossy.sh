#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Do hundreds of connections over a link that delays and loses packets end as
# those of TCP do: when one socket connects again and again, and when listeners
# close and open meanwhile? What TCP shows, too, is no difference. Then either
# end hangs up during the handshake.
#
#   red, clients                 blue, servers
#     10.1.0.1 ----- veth ----- 10.1.0.2       both use the device lo
#       20 ms, 1 % lost       20 ms, 1 % lost
#
# runs-on: 6.12
# cpus: 1
# soak: debug

cd "$(dirname "$0")" || exit
# shellcheck source=lib/lib.sh
. lib/lib.sh

lossy() {
	python3 -B "$lib/smc_lossy.py" "$@"
}

# fallbacks NETNS EXPRESSION: holds for the list d of counted handshakes
fallbacks() {
	json_holds "$2" in_netns "$1" dibs smc fallbacks --json
}

# A client whose listener is gone finds no DMB to attach to (09990001), and one
# that comes before it is ready is on TCP at once (03010000).
no_internal_error() {
	local name

	for name in red blue; do
		in_netns "$name" dibs smc fallbacks
		fallbacks "$name" "all(r['reason'] != '09990000' for r in d)" ||
			return
	done
}

no_dmb_left() {
	json_holds "d == []" dibs dmb list --json
}

modprobe -a dibs_loopback dibs_smc || bail_out "no modules"
netns_pair red blue 10.1.0
ip -n blue link set lo up
for name in red blue; do
	if ! tc -n $name qdisc add dev ${name}0 root netem delay 20ms loss 1%
	then
		skip "connections over a lossy link end as TCP's" "no netem"
		done_testing
	fi
done

ok "a TCP socket connects again and again over a lossy link" \
	lossy reconnect tcp
ok "an SMC socket connects again and again over a lossy link" \
	lossy reconnect smc
ok "SMC-D carries connections over a lossy link" fallbacks blue \
	"sum(r['count'] for r in d if r['carrier'] == 'SMC-D') > 100"
ok "TCP clients are answered while listeners close and open" lossy reload tcp
ok "SMC clients are answered while listeners close and open" lossy reload smc
ok "clients and listeners hang up while SMC clients connect" lossy hang-up smc
ok "no handshake that a reset ended counts as an internal error" \
	no_internal_error
ok "no DMB is left after connections over a lossy link" within 60 no_dmb_left

done_testing

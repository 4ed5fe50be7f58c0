#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# The device is disabled or deleted, a process is killed, or the namespace loses
# its name, all while bytes flow. Ends get the error that TCP would give and no
# wrong byte, nobody waits for ever, and nothing is left behind.
#
# runs-on: 6.12
# soak: debug

repo=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=lib/lib.sh
. "$repo/tests/system/lib/lib.sh"

patience=60
[[ -z ${DIBS_DEBUG-} ]] || patience=200

begin() {
	connections_begin vanish vanish -w "$patience" && over_private
}

over_private() {
	json_holds "sum(device['dmbs'] for device in d
		if device['name'] == 'priv') == 10" \
		in_netns vanish dibs --json device list
}

# all_reset COMMAND...: while bytes flow
all_reset() {
	begin && connections_reset_by "$@"
}

# If the killed end had no unread bytes, the stream simply ends.
peer_notices() {
	begin || return
	kill -9 "$client"
	wait "$client"
	wait "$server"
	cat <&5 | tee "$scratch/ends"
	grep -q '^done 0 .* silent 0 broken 0 wrong 0 ' "$scratch/ends"
}

nothing_left() {
	within 30 json_holds "d == []" in_netns vanish dibs --json dmb list
}

works_by() {
	connections_transfer vanish -p 7778 -c 3 || return
	in_netns vanish dibs smc fallbacks | grep "$1"
}

kill_both() {
	begin || return
	netns_del vanish
	namespaces=()
	kill -9 "$server" "$client"
	wait "$server"
	wait "$client"
	within 60 json_holds "len(d) == 1" dibs --json device list
}

unload() {
	within 60 rmmod dibs_smc && within 60 rmmod dibs_loopback
}

[[ -x $integrity ]] || bail_out "tests/integrity is not built"
modprobe -a dibs_loopback dibs_smc || bail_out "no modules"
for mapped in 1 0; do
	netns_add vanish
	in_netns vanish ip link set lo up
	in_netns vanish sysctl -q "net.smc.mapped=$mapped"
	in_netns vanish dibs device leave lo
	in_netns vanish dibs device add priv
	ok "mapped $mapped: all ends are reset if the device is disabled" \
		all_reset in_netns vanish dibs device disable priv
	ok "mapped $mapped: a disabled device has no DMB left" nothing_left
	in_netns vanish dibs device enable priv
	ok "mapped $mapped: the peer of a killed process notices" peer_notices
	ok "mapped $mapped: a killed process has no DMB left" nothing_left
	ok "mapped $mapped: all ends are reset if the device is deleted" \
		all_reset in_netns vanish dibs device del priv
	ok "mapped $mapped: a deleted device has no DMB left" nothing_left
	ok "mapped $mapped: TCP carries the bytes without a device" \
		works_by "no device"
	in_netns vanish dibs device add priv
	ok "mapped $mapped: a namespace can lose its name, then its processes" \
		kill_both
done
ok "the modules can be unloaded" unload
done_testing

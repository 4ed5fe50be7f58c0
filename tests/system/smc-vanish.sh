#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# What goes away while bytes flow: the device, its switch, a process, the name of
# the namespace. Ends get the error that TCP would give, no wrong byte, and
# nobody waits for ever; nothing is left behind.
#
# runs-on: 6.12 6.1
# soak: debug

# Most functions are called by those of lib.sh.
# shellcheck disable=SC2317

repo=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=lib.sh
. "$repo/tests/system/lib.sh"

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

# The killed end's socket may have had nothing unread: then the stream just ends.
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
	ok "mapped $mapped: the device is disabled: all ends are reset" \
		all_reset in_netns vanish dibs device disable priv
	ok "mapped $mapped: nothing is left" nothing_left
	in_netns vanish dibs device enable priv
	ok "mapped $mapped: a process is killed: its peer notices" peer_notices
	ok "mapped $mapped: nothing is left" nothing_left
	ok "mapped $mapped: the device is deleted: all ends are reset" \
		all_reset in_netns vanish dibs device del priv
	ok "mapped $mapped: nothing is left" nothing_left
	ok "mapped $mapped: without a device TCP carries the bytes" \
		works_by "no device"
	in_netns vanish dibs device add priv
	ok "mapped $mapped: the namespace loses its name, then its processes" \
		kill_both
done
ok "the modules go" unload
done_testing

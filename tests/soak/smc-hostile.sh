#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Hostile peers for half an hour: the lies of tests/liar in random order, floods
# of handshakes included, and the peer that scribbles into rings. Beside them,
# over the same devices, run connections whose every byte is checked: they lose
# nothing, and are at least 60 % as fast as beside the same number of programs
# that only use the CPU.
#
#   device lo         liars, namespace beside_liars
#   device scribble   scribbler and its victims, namespace beside_scribbler
#
#   smc-hostile.sh [MINUTES]       30, or DIBS_HOSTILE_MINUTES
#
# runs-on: debug
# memory: 2G
# minutes: 45

repo=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=../system/lib/lib.sh
. "$repo/tests/system/lib/lib.sh"

minutes=${1:-${DIBS_HOSTILE_MINUTES:-30}}
scribble=$repo/tests/system/smc-scribble.sh
namespaces_here=(beside_liars beside_scribbler)
liars=2
# The scribbler, and two pairs of victims; in each pair one end waits for the
# other.
peers=$((liars + 3))
seconds=$((minutes * 60))
calm=$((seconds / 30 + 30))	# beside hogs
share=60
connections=2
bytes=500000
patience=300

# transfer NAMESPACE: true if all bytes are right
transfer() {
	connections_transfer "$1" -c "$connections" -b "$bytes" -w "$patience"
}

# One round of honest connections.
round() {
	local name pid status=0 transfers=()

	for name in "${namespaces_here[@]}"; do
		transfer "$name" >"$scratch/$name.log" &
		transfers+=($!)
	done
	for pid in "${transfers[@]}"; do
		wait "$pid" || status=1
	done
	((status == 0)) || cat "$scratch"/*.log
	return "$status"
}

# Prints the output of the last test even if it passed.
tell() {
	sed 's/^/# /' "$scratch/out"
}

# rounds SECONDS: sets $speed to the number of rounds per hour
rounds() {
	local begin=$EPOCHREALTIME end=$((SECONDS + $1)) count=0

	while ((SECONDS < end)); do
		round || return
		count=$((count + 1))
	done
	speed=$((count * 3600 * 1000000 /
		(${EPOCHREALTIME/[.,]/} - ${begin/[.,]/})))
	echo "$count rounds, $speed an hour"
}

# Uses nothing but the CPU.
hog() {
	bash -c 'while :; do :; done' &
	hogs+=($!)
}

beside_hogs() {
	local i status hogs=()

	for ((i = 0; i < peers; i++)); do
		hog
	done
	rounds "$calm"
	status=$?
	kill "${hogs[@]}"
	wait "${hogs[@]}" 2>/dev/null
	return "$status"
}

start_peers() {
	local i

	for ((i = 0; i < liars; i++)); do
		background "$scratch/liar$i" \
			"$repo/tests/system/smc-liar.sh" storm "$seconds" \
			$((EPOCHSECONDS + i))
		running+=($!)
	done
	background "$scratch/scribbler" "$scribble" storm "$seconds"
	running+=($!)
}

peers_are_done() {
	local pid status=0

	for pid in "${running[@]}"; do
		wait "$pid" || status=1
	done
	cat "$scratch"/liar? "$scratch/scribbler"
	return "$status"
}

fast_enough() {
	echo "$speed rounds an hour, beside hogs $before"
	((speed * 100 >= before * share))
}

[[ -x $integrity && -x $repo/build/tests/liar ]] ||
	bail_out "tests/integrity and tests/liar are not built"
modprobe -a dibs_loopback dibs_smc dibs_scribbler || bail_out "no modules"
for name in "${namespaces_here[@]}"; do
	netns_add "$name"
	in_netns "$name" ip link set lo up
done
in_netns beside_liars dibs device leave scribble
in_netns beside_scribbler dibs device leave lo
running=()

ok "honest connections work beside $peers programs that use the CPU" \
	beside_hogs
tell
before=$speed
start_peers
ok "no byte is lost or changed beside as many hostile peers" rounds "$seconds"
tell
ok "hostile peers leave honest connections at least $share % of that speed" \
	fast_enough
tell
ok "the lies of hostile peers have the consequences they should" peers_are_done
tell
ok "SMC-D still carries honest connections" round
for name in "${namespaces_here[@]}"; do
	in_netns "$name" dibs smc fallbacks | sed 's/^/# /'
done
done_testing

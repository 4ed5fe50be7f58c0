#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Do two CPUs ever access a word concurrently without marking it? On the kernel
# that detects data races (tests/vm/kcsan.config), whose reports fail the run if
# code of this project takes part (tests/vm/kcsan.py): streams over each path
# with urgent bytes, connections that come and go, and all socket operations at
# once, while settings change and dumps are taken.
#
#	DIBS_RACES_SECONDS	total duration, default 360

repo=$(cd "$(dirname "$0")/../../.." && pwd)
# shellcheck source=../../system/lib/lib.sh
. "$repo/tests/system/lib/lib.sh"

kcsan=/sys/kernel/debug/kcsan
settings=/sys/module/kcsan/parameters
each=$((${DIBS_RACES_SECONDS:-360} / 6))
patience=120
seed=1

is_instrumented() {
	nm "$(modinfo -n "$1")" >"$scratch/symbols" &&
		grep -w 'U __tsan_write8' "$scratch/symbols" &&
		grep -w 'U __kcsan_mb\|U __tsan_func_entry' "$scratch/symbols"
}

race() {
	echo race >/sys/module/dibs_selftest/parameters/do
	dmesg | grep 'BUG: KCSAN: .*dibs_race_on_purpose \[dibs_selftest\]'
}

found_on_purpose() {
	modprobe dibs_selftest run= && within 60 race
	rmmod dibs_selftest
}

# Many short watchpoints: 300 accesses between two and 60 us for each find twice
# as many races as 2000 and 200.
tune() {
	echo 300 >"$settings/skip_watch" && echo 60 >"$settings/udelay_task" &&
		echo 60 >"$settings/udelay_interrupt"
}

# Did the detector work in this guest?
watched() {
	cat "$kcsan"
	awk '$1 == "setup_watchpoints:" && $2 > 100000 { found = 1 }
		END { exit !found }' "$kcsan"
}

# --- disturbances -------------------------------------------------------------

# Dumps everything in this namespace until it is killed; prints a line per
# round.
dumps() {
	while dibs smc list >/dev/null && dibs --json smc fallbacks >/dev/null &&
		dibs smc linkgroups >/dev/null && dibs smc show >/dev/null &&
		dibs dmb list >/dev/null && dibs stats lo >/dev/null; do
		echo dumped
	done
}

changes() {
	local mapped enabled rmem

	while :; do
		for rmem in 16384 262144; do
			for mapped in 0 1; do
				for enabled in 1 1 0; do
					sysctl -q "net.smc.rmem=$rmem" \
						"net.smc.mapped=$mapped" \
						"net.smc.enabled=$enabled" || return
				done
			done
			echo changed
		done
	done
}

# disturbed DISTURBANCE COMMAND...: runs COMMAND beside the disturbance, which
# has to have done something and still be alive at the end
disturbed() {
	local disturbance=$1 status=0 child

	shift
	background "$scratch/$disturbance" "$disturbance"
	child=$!
	"$@" || status=1
	kill -0 "$child" && grep -c . "$scratch/$disturbance" || status=1
	kill "$child"
	wait "$child" 2>/dev/null
	sysctl -q net.smc.enabled=1
	return "$status"
}

# --- load ---------------------------------------------------------------------

# for_a_while COMMAND...: repeats COMMAND
for_a_while() {
	local deadline=$((SECONDS + each)) rounds=0

	while ((SECONDS < deadline || rounds < 2)); do
		"$@" || return
		rounds=$((rounds + 1))
	done
	echo "$rounds rounds"
}

# transfer CONNECTIONS BYTES: runs both ends
transfer() {
	local options=(-c "$1" -b "$2" -w "$patience" -u -s $((seed++)))
	local server status

	mkfifo "$scratch/fifo"
	"$integrity" serve "${options[@]}" >"$scratch/fifo" &
	server=$!
	{
		read -r _
		"$integrity" connect "${options[@]}"
		status=$?
		cat
	} <"$scratch/fifo"
	rm "$scratch/fifo"
	wait "$server" && ((status == 0))
}

# by_dmbs COMMAND...: true if DMBs carry all connections of COMMAND
by_dmbs() {
	"$@" && dibs smc fallbacks && ! dibs smc fallbacks | grep -w TCP
}

stream() {
	local rings=(16384 65536 1048576)

	sysctl -q "net.smc.mapped=$1" "net.smc.rmem=${rings[seed % 3]}" &&
		transfer 2 400000
}

sockets() {
	"$repo/build/tests/sockets" "$each"
}

[[ -n ${OWN_NETNS-} ]] || {
	trap - EXIT
	OWN_NETNS=1 exec unshare --net "$0" "$@"
}
[[ -e "$kcsan" ]] || bail_out "this kernel does not look for data races"
[[ -x $integrity && -x $repo/build/tests/sockets ]] ||
	bail_out "test programs are not built"
ip link set lo up
modprobe -a dibs_loopback dibs_smc || bail_out "no modules"

ok "the detector is enabled" grep -x 'enabled: 1' "$kcsan"
ok "the detector sets watchpoints often" tune
for module in dibs dibs_loopback dibs_smc; do
	ok "$module is instrumented" is_instrumented "$module"
done
ok "a race made on purpose is found" found_on_purpose
ok "mapped: streams with urgent bytes work beside dumps" \
	disturbed dumps by_dmbs for_a_while stream 1
ok "moving: streams with urgent bytes work beside dumps" \
	disturbed dumps by_dmbs for_a_while stream 0
ok "connections come and go beside dumps" \
	disturbed dumps by_dmbs for_a_while transfer 12 300
ok "connections come and go while settings change" \
	disturbed changes for_a_while transfer 12 3000
ok "all operations of a socket work at once beside dumps" \
	disturbed dumps sockets
ok "all operations of a socket work at once while settings change" \
	disturbed changes sockets
ok "the detector watched very many accesses" watched
sed 's/^/# /' "$kcsan"
done_testing

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# A peer lies in shared memory while bytes are in flight: cursors that run
# backwards, jump, are out of range, change between two reads; random flags,
# urgent marks and requests; endless signals; garbage in the ring. The victim
# gets an error that a TCP connection could end with, or garbage, or silence,
# and nothing else happens, to it or to others.
#
#   namespaces mapped, moving: victims --+
#   namespace calm: connections whose    +-- device "scribble", one link group
#     bytes are checked -----------------+
#
#   smc-scribble.sh [MINUTES]      for that long; otherwise each lie once
#   smc-scribble.sh storm SECONDS  lies in random order, without the checks that
#                                  nobody else suffers; modules stay loaded
#
# runs-on: 6.12
# soak: debug

repo=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=lib/lib.sh
. "$repo/tests/system/lib/lib.sh"

scribbler=/sys/module/dibs_scribbler/parameters
victim_ring=32768
workers=3
seconds=2
patience=60
storm=
if [[ ${1-} == storm ]]; then
	storm=$2
	shift 2
fi
deadline=$((SECONDS + ${1-0} * 60))
[[ -z ${DIBS_DEBUG-} ]] || seconds=4 patience=200

lie() {
	echo "$1" >"$scribbler/lie"
}

told() {
	cat "$scribbler/told"
}

# --- honest connections -------------------------------------------------------

# transfer NAMESPACE CONNECTIONS BYTES
transfer() {
	connections_transfer "$1" -c "$2" -b "$3" -w "$patience"
}

# Transfers until the file "stop" exists; prints a line per round.
stay_calm() {
	while [[ ! -e $scratch/stop ]]; do
		transfer calm 8 500000 || echo FAILED
		echo round
	done
}

all_was_calm() {
	touch "$scratch/stop"
	wait "$calm" || return
	cat "$scratch/calm.log"
	in_netns calm dibs smc fallbacks
	grep -q round "$scratch/calm.log" &&
		! grep -q FAILED "$scratch/calm.log" &&
		! in_netns calm dibs smc fallbacks | grep -w TCP
}

# --- lies ---------------------------------------------------------------------

# victims NAMESPACE: prints what became of the victims there, as JSON
victims() {
	in_netns "$1" python3 "$lib/smc_scribble.py" \
		"$victim_ring" "$workers" "$seconds"
}

# judge EXPRESSION BEFORE: evaluates EXPRESSION on d, the sums over all victims;
# n is the number of lies told since there were BEFORE
judge() {
	cat "$scratch"/*.json | python3 -c '
import collections, json, sys
d = collections.Counter()
for line in sys.stdin:
    d.update(json.loads(line))
n = int(sys.argv[2])
print(n, "lies:", dict(d))
sys.exit(not (n > 1000 and d["connections"] > 5 and not d["odd"] and
              not d["long"] and not d["stuck"] and eval(sys.argv[1])))' \
		"$1" $(($(told) - $2))
}

# survive LIE EXPRESSION: tries again if too little happened, since the CPUs may
# have been busy elsewhere. What must never happen stays in the sums.
survive() {
	local before other

	before=$(told)
	rm -f "$scratch"/*.json
	for _ in 1 2 3; do
		lie "$1"
		victims moving >>"$scratch/moving.json" &
		other=$!
		victims mapped >>"$scratch/mapped.json" && wait "$other" ||
			return
		lie none
		judge "$2" "$before" && return
	done
	return 1
}

# closed_silently NAMESPACE: a sender to a full ring has to notice by itself
# that its peer is gone.
closed_silently() {
	in_netns "$1" timeout 60 python3 "$lib/smc_closed.py" \
		"$scribbler"
}

# --- the parts ----------------------------------------------------------------

# What resets connections, and what does not.
reset='d["ECONNRESET"] + d["ECONNABORTED"] + d["EPIPE"] > 0'
mild='d["done"] > 0 and not d["ECONNABORTED"]'

declare -A follows=(
	[backwards]=$reset [jump]=$reset [range]=$reset [wrap]=$reset
	[flicker]=True [state]=True [urgent]=$mild [origin]=$mild
	[wants]=$mild [signals]=$mild [ring]=$mild [chaos]=True
)

# tell STATEMENT LIE
tell() {
	ok "$1" survive "$2" "${follows[$2]}"
}

tell_all() {
	tell "cursors that run backwards do no harm" backwards
	tell "cursors that jump do no harm" jump
	tell "cursors beyond the ring do no harm" range
	tell "cursors with wrong wrap counts do no harm" wrap
	tell "cursors that change between two reads do no harm" flicker
	tell "random states that are taken back do no harm" state
	tell "random urgent marks do no harm" urgent
	tell "CDC fields of another implementation do no harm" origin
	tell "random requests do no harm" wants
	tell "endless signals do no harm" signals
	tell "garbage in the ring does no harm" ring
	tell "an entirely random CDC message does no harm" chaos
}

# rage SECONDS: few victims at a time, which live long
rage() {
	local end=$((SECONDS + $1)) lies=("${!follows[@]}") lie

	workers=1 seconds=20
	while ((SECONDS < end)); do
		lie=${lies[RANDOM % ${#lies[@]}]}
		echo "$lie"
		survive "$lie" "${follows[$lie]}" || return
	done
}

[[ -x $integrity ]] || bail_out "tests/integrity is not built"
modprobe -a dibs_smc dibs_scribbler || bail_out "no modules"
for name in calm mapped moving; do
	netns_add $name
	in_netns $name ip link set lo up
done
in_netns moving sysctl -q net.smc.mapped=0
for name in mapped moving; do
	in_netns $name sysctl -q net.smc.rmem=$victim_ring
	[[ ! -d /sys/class/dibs/lo ]] || in_netns $name dibs device leave lo
done
in_netns calm sysctl -q net.smc.rmem=65536
echo $victim_ring >"$scribbler/victims"

if [[ -n $storm ]]; then
	ok "lies in random order do no harm" rage "$storm"
	lie none
	done_testing
fi
ok "all bytes are right without lies" transfer mapped 4 300000
stay_calm >"$scratch/calm.log" 2>&1 &
calm=$!
tell_all
while ((SECONDS < deadline)); do
	tell_all
done
ok "all bytes of honest connections beside lies were right" all_was_calm
for name in mapped moving; do
	ok "$name: a peer that closed without saying so is noticed" \
		closed_silently $name
done
lie signals
ok "endless signals lose no byte" transfer moving 4 300000
lie none
for name in mapped moving; do
	ok "$name: all bytes are right after the lies" transfer $name 4 300000
done
ok "dibs_smc can be unloaded" within 60 rmmod dibs_smc
ok "dibs_scribbler can be unloaded" rmmod dibs_scribbler
done_testing

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# A peer that lies in shared memory while bytes are under way: cursors that run
# backwards, jump, are out of range, change between two looks; flags, urgent
# marks and wishes at random; signals without end; garbage in the ring. Its
# victim gets the errors that TCP's connections end with, or garbage, or
# silence, and nothing else happens, to it or to others.
#
#   namespaces mapped, moving: victims --+
#   namespace calm: connections whose    +-- device "scribble", one link group
#     bytes are checked -----------------+
#
#   smc-scribble.sh [MINUTES]      so long; otherwise each lie once
#   smc-scribble.sh storm SECONDS  lies in random order, beside others who see to
#                                  it that nobody else suffers, and stay
#
# runs-on: 6.12
# soak: debug

# Most functions are called by those of lib.sh.
# shellcheck disable=SC2317

repo=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=lib.sh
. "$repo/tests/system/lib.sh"

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

# --- bytes that nobody lies about ------------------------------------------------

# transfer NAMESPACE CONNECTIONS BYTES
transfer() {
	connections_transfer "$1" -c "$2" -b "$3" -w "$patience"
}

# Until there is a file that says to stop. One line for each round.
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

# --- lies ---------------------------------------------------------------------------

# victims NAMESPACE: what became of them, as JSON
victims() {
	in_netns "$1" python3 "$repo/tests/system/smc_scribble.py" \
		"$victim_ring" "$workers" "$seconds"
}

# judge EXPRESSION BEFORE: on d, the sum of all; n lies were told
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

# survive LIE EXPRESSION: once more if there was too little of something, as
# processors may be away. What was once and must not be stays in the sum.
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

# Whoever sends to a full ring has to notice by itself.
closed_silently() {
	in_netns "$1" timeout 60 python3 "$repo/tests/system/smc_closed.py" \
		"$scribbler"
}

# --- the parts -----------------------------------------------------------------------

# What ends a connection, and what does not.
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
	tell "cursors that run backwards" backwards
	tell "cursors that jump" jump
	tell "cursors beyond the ring" range
	tell "cursors that lie about their rounds" wrap
	tell "cursors that change between two looks" flicker
	tell "states at random, taken back" state
	tell "urgent marks at random" urgent
	tell "words of another implementation" origin
	tell "wishes at random" wants
	tell "signals without end" signals
	tell "garbage in the ring" ring
	tell "all of the CDC message at random" chaos
}

# rage SECONDS: few victims, for long
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
	ok "lies in random order" rage "$storm"
	lie none
	done_testing
fi
ok "without lies all bytes are right" transfer mapped 4 300000
stay_calm >"$scratch/calm.log" 2>&1 &
calm=$!
tell_all
while ((SECONDS < deadline)); do
	tell_all
done
ok "beside them all bytes were right" all_was_calm
for name in mapped moving; do
	ok "who closed and never said so is noticed, $name" \
		closed_silently $name
done
lie signals
ok "signals without end cost no byte" transfer moving 4 300000
lie none
for name in mapped moving; do
	ok "after that all bytes are right, $name" transfer $name 4 300000
done
ok "the module can go" within 60 rmmod dibs_smc
ok "the device too" rmmod dibs_scribbler
done_testing

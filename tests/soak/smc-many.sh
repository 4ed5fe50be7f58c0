#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Very many connections on one device: open at once, and one after the other.
# None falls back, each transfers, and the memory is there again afterwards.
#
#   smc-many.sh [OPEN [CHURN]]      10000 and 100000
#
# runs-on: 6.12
# memory: 4G

# Most functions are called by those of lib.sh.
# shellcheck disable=SC2317

repo=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=../system/lib.sh
. "$repo/tests/system/lib.sh"

open=${1-10000}
churn=${2-100000}
round=0

# KiB, without what is kept only because there is room.
free_memory() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	awk '$1 == "MemFree:" { print $2 }' /proc/meminfo
}

# A namespace for each round: it takes its TIME_WAITs along.
new_namespace() {
	name=many$((++round))
	netns_add "$name"
	in_netns "$name" ip link set lo up
}

end_namespace() {
	netns_del "$name"
	namespaces=()
}

# carried NUMBER: so many connections, all by DMBs
carried() {
	in_netns "$name" dibs --json smc fallbacks >"$scratch/stats"
	cat "$scratch/stats"
	python3 -c '
import json, sys
rows = json.load(sys.stdin)
count = {row["role"]: row["count"] for row in rows
         if row["carrier"] == "SMC-D"}
sys.exit(any(row["count"] for row in rows if row["carrier"] == "TCP") or
         set(count.values()) != {int(sys.argv[1])})' "$1" <"$scratch/stats"
}

# is_back KIB TOLERANCE
is_back() {
	local now

	now=$(free_memory)
	echo "free before: $1 KiB, now: $now KiB, tolerated: $2"
	((now >= $1 - $2))
}

show() {
	sed 's/^/# /' "$scratch/memory"
}

# within() shows nothing of what it tries.
comes_back() {
	is_back "$@" >"$scratch/memory"
}

# hold NUMBER: opens and closes so many; $used is what they took, in KiB
hold() {
	local before

	new_namespace
	before=$(free_memory)
	connections_hold "$name" "$1" && carried "$1" || return
	used=$((before - $(free_memory)))
	connections_end || return
	end_namespace
}

churn() {
	new_namespace
	in_netns "$name" "$many" churn "$1" && carried "$1" || return
	end_namespace
}

[[ -x $many ]] || bail_out "tests/integrity is not built"
modprobe -a dibs_loopback dibs_smc || bail_out "no modules"
sysctl -qw fs.nr_open=2000000 fs.file-max=2000000

ok "$open connections are open at once, transfer and close" hold "$open"
before=$(free_memory)
ok "and once more" hold "$open"
echo "# $((used * 1024 / open)) bytes for each connection, both ends"
ok "their memory is there again" within 120 comes_back "$before" \
	$((used / 50))
show
ok "$((churn / 10)) connections, one after the other" churn $((churn / 10))
before=$(free_memory)
began=$SECONDS
ok "$churn connections, one after the other" churn "$churn"
echo "# $((churn / (SECONDS - began + 1))) connections each second"
ok "nothing is left of them" within 120 comes_back "$before" \
	$((churn / 16 + 4096))
show
ok "the module can go" within 60 rmmod dibs_smc
done_testing

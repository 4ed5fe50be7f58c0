#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Very many connections over one device, first all at once, then one after the
# other. No connection falls back, each carries bytes, and all memory is freed
# afterwards.
#
#   smc-many.sh [OPEN [CHURN]]      10000 and 100000
#
# runs-on: 6.12
# memory: 4G

repo=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=../system/lib/lib.sh
. "$repo/tests/system/lib/lib.sh"

open=${1-10000}
churn=${2-100000}
round=0

# Prints the free memory in KiB, without reclaimable caches.
free_memory() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	awk '$1 == "MemFree:" { print $2 }' /proc/meminfo
}

# Each round has a namespace of its own, which takes its TIME_WAIT sockets
# along.
new_namespace() {
	name=many$((++round))
	netns_add "$name"
	in_netns "$name" ip link set lo up
}

end_namespace() {
	netns_del "$name"
	namespaces=()
}

# carried NUMBER: did DMBs carry that many connections, and TCP none?
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

# within() drops the output of what it tries.
comes_back() {
	is_back "$@" >"$scratch/memory"
}

# hold NUMBER: opens and closes that many; sets $used to the KiB that they used
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
ok "$open connections are open at once again" hold "$open"
echo "# $((used * 1024 / open)) bytes for each connection, both ends"
ok "connections at once free their memory" within 120 comes_back "$before" \
	$((used / 50))
show
ok "$((churn / 10)) connections work, one after the other" \
	churn $((churn / 10))
before=$(free_memory)
began=$SECONDS
ok "$churn connections work, one after the other" churn "$churn"
echo "# $((churn / (SECONDS - began + 1))) connections each second"
ok "connections one after the other free their memory" \
	within 120 comes_back "$before" \
	$((churn / 16 + 4096))
show
ok "the module can be unloaded" within 60 rmmod dibs_smc
done_testing

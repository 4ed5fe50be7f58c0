#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Do SMC and sockmap leave each other's sockets alone? A BPF program may put a
# socket into a map as soon as TCP has established it, before accept(). The
# socket of a client that asked for SMC is ours by then, and the map refuses it;
# any other is the map's, and accept() returns a TCP socket.
#
# runs-on: 6.12 debug (KASAN sees what the layers leave to each other)
# cpus: 1

cd "$(dirname "$0")" || exit
# shellcheck source=lib/lib.sh
. lib/lib.sh

# gives ANSWER COMMAND...: a command of smc_sockmap.py
gives() {
	local wanted=$1 answer=

	shift
	echo "$*" >&"$ask_in"
	read -r -t 200 answer <&"$ask_out"
	echo "$*: $answer, wanted $wanted"
	[[ $answer == "$wanted" ]]
}

# all_give "ANSWER COMMAND..."...: each in its order
all_give() {
	local words

	for each; do
		read -ra words <<<"$each"
		gives "${words[@]}" || return
	done
}

count_other_layer() {
	dibs --json smc fallbacks | python3 -c '
import json, sys
print(sum(row["count"] for row in json.load(sys.stdin)
          if row["reason"] and row["reason"].startswith("03f00000")))'
}

modules_go() {
	modprobe -r dibs_smc
}

# taken_then VERSION WHAT COMMAND...: of a connection between a plain client and
# an SMC server, whose end is in the map
taken_then() {
	local suffix=$1 statement=$2

	shift 2
	gives "taken plain plain" open "tcp$suffix" "smc$suffix" &&
		all_give "arrived exchange" "yes counted" "$@"
}

modprobe -a dibs_loopback dibs_smc || bail_out "no modules"
ip link set lo up
[[ -e /sys/fs/cgroup/cgroup.procs ]] || bail_out "no cgroups"
coproc python3 -B "$lib/smc_sockmap.py"
ask_in=${COPROC[1]} ask_out=${COPROC[0]}
children+=("$COPROC_PID")

gives watching watch passive || bail_out "no BPF"
for ip in "" 6; do
	version=IPv${ip:-4}
	ok "$version: a map refuses the server's end of an SMC connection" \
		gives "EINVAL SMC-D SMC-D" open "smc$ip" "smc$ip"
	ok "$version: bytes of a connection that a map refused arrive" \
		all_give "arrived exchange" "no counted"
	ok "$version: kTLS is refused by both ends of an SMC connection" \
		gives "EEXIST EEXIST" tls
	ok "$version: the end of a connection that a map refused is seen" \
		gives end close client
	before=$(count_other_layer)
	ok "$version: a plain client's connection that a map has works" \
		taken_then "$ip" "" "end close client"
	ok "$version: a connection that a map has is counted with its reason" \
		test $((before + 1)) -eq "$(count_other_layer)"
	ok "$version: a connection that a map has can be closed by the server" \
		taken_then "$ip" "" "end close server"
	ok "$version: a connection taken out of the map before close() works" \
		taken_then "$ip" "" "forgotten forget" "arrived exchange" \
		"end close server"
done
ok "a plain server's end of an SMC client's connection goes into the map" \
	gives "taken 03010000 plain" open smc tcp
ok "bytes of a connection to a plain server in a map arrive" \
	all_give "arrived exchange" "yes counted" "end close client"
gives gone unwatch >/dev/null

gives watching watch active || bail_out "no BPF"
ok "a map refuses the client's end of an SMC connection" \
	gives "EINVAL SMC-D SMC-D" open smc smc
ok "bytes of a connection whose client a map refused arrive" \
	all_give "arrived exchange" "no counted" "end close server"
ok "a map refuses an SMC client's end that a plain server left to TCP" \
	gives "EINVAL 03010000 plain" open smc tcp
gives end close client >/dev/null
ok "a plain client's end of a connection to an SMC server goes into the map" \
	gives "taken plain 03010000" open tcp smc
ok "a map refuses an SMC socket that fell back" gives EINVAL sockmap
gives end close client >/dev/null
gives gone unwatch >/dev/null

kill "$COPROC_PID"
wait "$COPROC_PID" 2>/dev/null
ok "the module can be unloaded when all connections are closed" \
	within 20 modules_go
done_testing

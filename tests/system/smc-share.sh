#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# The memory that the DMBs of a network namespace may use: a namespace that
# fills rings which nobody reads gets no more than its quota, falls back to TCP,
# and leaves others theirs, without a memory cgroup of its own. See
# smc_share.py.
#
#   namespaces greedy and modest: connections within each, over the device lo
#
# runs-on: 6.12 debug
# cpus: 1

cd "$(dirname "$0")" || exit
# shellcheck source=lib/lib.sh
. lib/lib.sh

mib=$((1024 * 1024))
no_memory=01010000

# gives PATTERN COMMAND...: a command of smc_share.py
gives() {
	local wanted=$1 answer=

	shift
	echo "$*" >&"$ask_in"
	read -r -t 200 answer <&"$ask_out"
	echo "$*: $answer, wanted $wanted"
	# shellcheck disable=SC2053 # a pattern
	[[ $answer == $wanted ]]
}

# has NAMESPACE EXPRESSION: does it hold for the number n of bytes in its DMBs?
has() {
	json_holds "(lambda n: $2)(sum(row['memory'] for row in d))" \
		in_netns "$1" dibs dmb list --json
}

# caps ALL EACH: limits all namespaces together, and each of them, in MiB
caps() {
	sysctl -qw net.dibs.mem_max=$(($1 * mib)) &&
		sysctl -qw net.dibs.netns_mem_max=$(($2 * mib))
}

modprobe dibs || bail_out "no module dibs"
ok "the limit of a namespace is half of that of all" eval \
	'(($(sysctl -n net.dibs.netns_mem_max) ==
	   $(sysctl -n net.dibs.mem_max) / 2))'
modprobe -a dibs_loopback dibs_smc || bail_out "no modules"
ip link set lo up
for name in greedy modest; do
	netns_add $name
	in_netns $name ip link set lo up
done
coproc python3 -B "$lib/smc_share.py"
# Bash unsets COPROC when the process ends.
ask_in=${COPROC[1]} ask_out=${COPROC[0]}
children+=("$COPROC_PID")

ok "a connection whose reader keeps up uses 1 MiB of a longer ring" \
	gives 1 use modest
caps 24 6
ok "a namespace that fills rings which nobody reads falls back to TCP" \
	gives "* SMC-D, then $no_memory" fill greedy
ok "a namespace at its limit uses no more than that" \
	has greedy "5 * $mib < n <= 6 * $mib"
ok "poll() waits if a receiver's namespace has no memory" gives "[0-5]" \
	spin greedy
ok "poll() ends when a receiver's namespace has memory again" \
	gives more free greedy
ok "another namespace has SMC-D" gives "SMC-D SMC-D" pair modest
ok "another namespace can fill rings up to its own limit" \
	gives "* SMC-D, then $no_memory" fill modest
ok "another namespace at its limit uses no more than that" \
	has modest "5 * $mib < n <= 6 * $mib"
ok "the initial namespace is not bound by that limit" \
	gives "SMC-D SMC-D" pair host
ok "all bytes arrive in the first namespace, over DMBs or TCP" \
	gives arrived drain greedy
ok "the first namespace has SMC-D again" gives "SMC-D SMC-D" pair greedy
ok "all bytes arrive in the other namespace, over DMBs or TCP" \
	gives arrived drain modest
ok "closed connections give their memory back" within 20 has greedy "n == 0"
caps 24 24
ok "a namespace that may use all memory falls back when there is none left" \
	gives "* SMC-D, then $no_memory" fill greedy
ok "a namespace that may use all memory does" has greedy "n > 23 * $mib"
ok "another namespace falls back if one uses all memory" \
	gives "*$no_memory*" pair modest
ok "all bytes arrive in the namespace that used all memory" \
	gives arrived drain greedy

done_testing

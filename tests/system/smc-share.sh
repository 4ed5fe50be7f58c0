#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# The memory that the DMBs of one network namespace may have: one that fills rings
# which nobody reads gets no more than that, goes on by TCP, and leaves others
# theirs, without a memory cgroup of its own. See smc_share.py.
#
#   namespace greedy, namespace modest: connections within each, over the device lo
#
# runs-on: 6.12 6.1 debug

# Most functions are called by those of lib.sh.
# shellcheck disable=SC2317

cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh

mib=$((1024 * 1024))
no_memory=01010000

# gives PATTERN COMMAND...: of smc_share.py
gives() {
	local wanted=$1 answer=

	shift
	echo "$*" >&"$ask_in"
	read -r -t 200 answer <&"$ask_out"
	echo "$*: $answer, wanted $wanted"
	# shellcheck disable=SC2053 # a pattern
	[[ $answer == $wanted ]]
}

# has NAMESPACE EXPRESSION: of the bytes n of its DMBs
has() {
	json_holds "(lambda n: $2)(sum(row['memory'] for row in d))" \
		in_netns "$1" dibs dmb list --json
}

# caps ALL EACH: MiB of all namespaces, of each
caps() {
	sysctl -qw net.dibs.mem_max=$(($1 * mib)) &&
		sysctl -qw net.dibs.netns_mem_max=$(($2 * mib))
}

modprobe dibs || bail_out "no module dibs"
ok "a namespace may have half of what all may have" eval \
	'(($(sysctl -n net.dibs.netns_mem_max) ==
	   $(sysctl -n net.dibs.mem_max) / 2))'
modprobe -a dibs_loopback dibs_smc || bail_out "no modules"
ip link set lo up
for name in greedy modest; do
	netns_add $name
	in_netns $name ip link set lo up
done
coproc python3 -B smc_share.py
# Bash forgets it when it ends.
# shellcheck disable=SC2034 # by name
ask_in=${COPROC[1]} ask_out=${COPROC[0]}
children+=("$COPROC_PID")

caps 24 8
ok "who fills rings that nobody reads is TCP's in the end: no memory" \
	gives "* SMC-D, then $no_memory" fill greedy
ok "it has all that a namespace may have, and not more" \
	has greedy "7 * $mib < n <= 8 * $mib"
ok "another namespace has SMC-D" gives "SMC-D SMC-D" pair modest
ok "and as much memory" gives "* SMC-D, then $no_memory" fill modest
ok "but not more" has modest "7 * $mib < n <= 8 * $mib"
ok "the initial namespace is not bounded by that" gives "SMC-D SMC-D" pair host
ok "what was sent arrives, be it by DMBs or by TCP" gives arrived drain greedy
ok "then there is memory again" gives "SMC-D SMC-D" pair greedy
ok "it arrives there, too" gives arrived drain modest
ok "and all is given back" within 20 has greedy "n == 0"
caps 24 24
ok "without such a limit one namespace" \
	gives "* SMC-D, then $no_memory" fill greedy
ok "has all" has greedy "n > 23 * $mib"
ok "and others have TCP" gives "*$no_memory*" pair modest
ok "until it is read" gives arrived drain greedy

done_testing

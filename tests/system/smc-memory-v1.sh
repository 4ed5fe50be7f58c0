#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Whose memory are the rings of an SMC socket where TCP does not know? On cgroup
# v1 its sockets have no memory cgroup.
#
# runs-on: 6.1 (6.12 is built without cgroup v1 memory)
# cpus: 1

cd "$(dirname "$0")" || exit
# shellcheck source=lib/lib.sh
. lib/lib.sh

mib=$((1024 * 1024))
v1=/tmp/dibs-cgroup-v1
group=$v1/owner

mount_v1() {
	mkdir -p "$v1"
	echo -memory >/sys/fs/cgroup/cgroup.subtree_control
	mount -t cgroup -o memory memory "$v1"
}

# The hierarchy goes when nothing is charged to its groups any more.
clean_up() {
	_clean_up
	within 10 rmdir "$group"
	umount "$v1" && rmdir "$v1"
}

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

charged() {
	local now

	now=$(<"$group"/memory.usage_in_bytes)
	echo "charged: $before before, $now now"
	if [[ $1 == '>' ]]; then
		((now > before + $2 * mib))
	else
		((now < before + $2 * mib))
	fi
}

nobody_was_killed() {
	cat "$group"/memory.oom_control
	grep -q "^oom_kill 0$" "$group"/memory.oom_control
}

modprobe -a dibs_loopback dibs_smc || bail_out "no modules"
ip link set lo up
if ! within 20 mount_v1 || ! mkdir -p "$group"; then
	skip "rings are charged to the owner's cgroup on v1" \
		"the memory controller is not free for cgroup v1"
	done_testing
fi
trap clean_up EXIT
coproc {
	echo 0 >$group/tasks
	exec python3 -B "$lib/smc_share.py"
}
# Bash unsets COPROC when the process ends.
ask_in=${COPROC[1]} ask_out=${COPROC[0]}
children+=("$COPROC_PID")

sysctl -qw net.dibs.mem_max=$((24 * mib))
ok "a process in a cgroup of version 1 has SMC-D" \
	gives "SMC-D SMC-D" pair host
before=$(<"$group"/memory.usage_in_bytes)
ok "a process fills rings that nobody reads until there is no more memory" \
	gives "* SMC-D, then 01010000" fill host
ok "the rings are charged to the cgroup of version 1 that their owner is in" \
	charged ">" 20
ok "all bytes arrive" gives arrived drain host
ok "the rings are uncharged when the sockets are closed" \
	within 20 charged "<" 8
echo $((before + 16 * mib)) >$group/memory.limit_in_bytes
ok "rings that need more than the limit of the cgroup leave it some memory" \
	gives "*" fill host
ok "nobody is killed at the limit of a cgroup of version 1" nobody_was_killed

done_testing

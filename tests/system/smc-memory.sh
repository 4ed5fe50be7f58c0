#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# A server in a memory cgroup that has not room for the rings of its clients. They
# leave some of it to the server, which needs more while they are full, and wait
# for memory as they would wait for a reader; no byte is lost, nobody is killed,
# and what was charged is given back. The same over TCP, with a server that needs
# nothing, shows that the cgroup is not too small for that. See smc_memory.py.
#
# runs-on: 6.12

# Most functions are called by those of lib.sh.
# shellcheck disable=SC2317

repo=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=lib.sh
. "$repo/tests/system/lib.sh"

group=/sys/fs/cgroup/dibs-test
mib=$((1024 * 1024))
limit=$((12 * mib))

# event NAME: how often it happened in the group
event() {
	awk -v name="$1" '$1 == name { print $2 }' "$group/memory.events"
}

charged() {
	cat "$group/memory.current"
}

# transfer NAMESPACE EXPRESSION: of what smc_memory.py prints
transfer() {
	local kind=smc

	[[ $1 != tcp ]] || kind=tcp
	json_holds "$2" in_netns "$1" python3 \
		"$repo/tests/system/smc_memory.py" "$group" "$kind"
}

nobody_was_killed() {
	cat "$group/memory.events"
	(($(event oom_kill) == 0))
}

# given_back: what the kernel keeps of a program that has ended is less
given_back() {
	charged
	(($(charged) < 2 * mib))
}

# Files that nobody has read yet; the cgroup reads more of them than it has room for.
fill_with_cache() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	bash -c "echo \$\$ >$group/cgroup.procs &&
		find /usr/lib -name '*.so*' -type f -exec cat {} + 2>/dev/null |
		head -c $((2 * limit)) >/dev/null"
}

full_of_cache() {
	charged
	grep '^file ' "$group/memory.stat"
	(($(charged) > limit * 7 / 8))
}

modprobe -a dibs_loopback dibs_smc || bail_out "no modules"
echo +memory >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null
mkdir -p $group
[[ -e $group/memory.max ]] || bail_out "no memory cgroups"
echo $limit >$group/memory.max

for path in tcp moving mapped; do
	netns_add $path
	in_netns $path ip link set lo up
done
in_netns moving sysctl -q net.smc.mapped=0
ok "over TCP all bytes arrive" transfer tcp "d['right'] == 16"
ok "and nobody is killed" nobody_was_killed
for path in moving mapped; do
	# Three quarters, what each ring may have in any case, and what the
	# kernel charges ahead.
	ok "$path: rings leave room, all bytes arrive, by SMC-D" \
		transfer $path "d['right'] == 16 and d['dibs'] == 16 and \
			$((limit / 2)) < d['charged'] < $((limit * 7 / 8))"
	ok "$path: nobody is killed" nobody_was_killed
	ok "$path: what was charged is given back" within 20 given_back
done
fill_with_cache
ok "there is nothing but page cache" full_of_cache
ok "beside page cache: all bytes arrive" transfer mapped "d['right'] == 16"
ok "beside page cache: nobody is killed" nobody_was_killed
# Cache would be there for as long as nobody needs its memory.
echo $limit >$group/memory.reclaim 2>/dev/null
ok "the cgroup can go" within 10 rmdir $group
done_testing

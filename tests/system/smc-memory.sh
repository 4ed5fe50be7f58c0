#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# A server runs in a memory cgroup that is too small for the rings of its
# clients. The rings leave some memory to the server, which needs more while
# they are full, and wait for memory as for a reader; no byte is lost, no
# process is killed, and what was charged is uncharged. The same over TCP, with
# a server that needs no memory, shows that the cgroup is large enough for that.
# See smc_memory.py.
#
# runs-on: 6.12
# cpus: 1

repo=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=lib/lib.sh
. "$repo/tests/system/lib/lib.sh"

group=/sys/fs/cgroup/dibs-test
mib=$((1024 * 1024))
limit=$((12 * mib))

# event NAME: prints how often it happened in the group
event() {
	awk -v name="$1" '$1 == name { print $2 }' "$group/memory.events"
}

charged() {
	cat "$group/memory.current"
}

# transfer NAMESPACE EXPRESSION: does EXPRESSION hold for what smc_memory.py
# prints?
transfer() {
	local kind=smc

	[[ $1 != tcp ]] || kind=tcp
	json_holds "$2" in_netns "$1" python3 \
		"$lib/smc_memory.py" "$group" "$kind"
}

nobody_was_killed() {
	cat "$group/memory.events"
	(($(event oom_kill) == 0))
}

# given_back: the kernel keeps less than that of a program that has ended
given_back() {
	charged
	(($(charged) < 2 * mib))
}

# large_files: prints the names of some files that have more bytes than the
# cgroup has room for
large_files() {
	find /usr/lib/*-linux-gnu -maxdepth 1 -name '*.so*' -type f \
		-size +1024k -printf '%s %p\n' |
		awk -v enough=$((2 * limit)) \
			'{ print $2; sum += $1 } sum > enough { exit }'
}

# The cgroup reads files that nobody has read yet. They are looked up outside of
# it: it would spend minutes in reclaiming inodes and directory entries.
fill_with_cache() {
	local files

	mapfile -t files < <(large_files)
	sync
	echo 3 >/proc/sys/vm/drop_caches
	bash -c "echo \$\$ >$group/cgroup.procs"' && exec cat "$@" >/dev/null' \
		bash "${files[@]}"
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
ok "tcp: all bytes arrive" transfer tcp "d['right'] == 16"
ok "tcp: no process is killed" nobody_was_killed
for path in moving mapped; do
	# Three quarters, what each ring may have in any case, and what the
	# kernel charges in advance.
	ok "$path: rings leave room, and SMC-D carries all bytes" \
		transfer $path "d['right'] == 16 and d['dibs'] == 16 and \
			$((limit / 2)) < d['charged'] < $((limit * 7 / 8))"
	ok "$path: no process is killed" nobody_was_killed
	ok "$path: all memory is uncharged" within 20 given_back
done
fill_with_cache
ok "the cgroup is full of page cache" full_of_cache
ok "beside page cache: all bytes arrive" transfer mapped "d['right'] == 16"
ok "beside page cache: no process is killed" nobody_was_killed
# The cache would stay as long as nobody needs its memory.
echo $limit >$group/memory.reclaim 2>/dev/null
ok "the cgroup can be removed" within 10 rmdir $group
done_testing

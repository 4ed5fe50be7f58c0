#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Whose memory is a DMB? That of the cgroup of who registered it, whoever writes
# to it; and when there is no more, there is an error and nobody is killed.

# Most functions are called by those of lib.sh.
# shellcheck disable=SC2317

cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh

selftest=/sys/module/dibs_selftest/parameters/do
group=/sys/fs/cgroup/dibs-test
mib=$((1024 * 1024))

tell() {
	echo "$*" >"$selftest"
}

# poor COMMAND: a command of the selftest, in the group
poor() {
	bash -c "echo \$\$ >$group/cgroup.procs && echo $* >$selftest"
}

out_of_memory() {
	! "$@" 2>"$scratch/error" && cat "$scratch/error" &&
		grep -q "Cannot allocate memory" "$scratch/error"
}

# charged FROM TO: MiB that the group uses
charged() {
	local now

	now=$(<"$group"/memory.current)
	echo "charged: $now"
	((now >= $1 * mib && now <= $2 * mib))
}

nobody_was_killed() {
	cat "$group"/memory.events
	grep -q '^oom_kill 0$' "$group"/memory.events
}

unload_modules || bail_out "modules are in use"
echo +memory >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null
mkdir -p $group
if [[ ! -e $group/memory.max ]]; then
	skip "memory is charged to the owner's cgroup" "no memory cgroups"
	done_testing
fi
modprobe dibs_loopback || bail_out "no module dibs_loopback"
modprobe dibs_selftest run= || bail_out "no module dibs_selftest"
echo $((24 * mib)) >$group/memory.max

ok "registering an idle DMB costs next to nothing" \
	poor register lo $((16 * mib))
ok "and is charged so" charged 0 4
ok "another process attaches it" tell attach
ok "and writes to it" tell move
ok "the memory is charged to the owner" charged 16 22
tell detach
tell unregister
ok "it is given back with the DMB" within 10 charged 0 4
echo $((8 * mib)) >$group/memory.max
ok "a DMB of twice the limit can be registered" \
	poor register lo $((16 * mib))
tell attach
ok "writing all of it runs out of memory" out_of_memory tell move
ok "asking for all its memory does, too" out_of_memory tell populate
ok "nobody was killed" nobody_was_killed
ok "the group has not more than its limit" charged 0 8
tell detach
tell unregister
ok "it is given back" within 10 charged 0 4
ok "modules can be unloaded" unload_modules
rmdir $group

done_testing

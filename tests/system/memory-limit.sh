#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# A DMB's memory is charged to the cgroup of the process that registered it,
# whoever writes to it. When the cgroup is at its limit there is an error, and
# no process is killed.
#
# cpus: 1
# runs-on: 6.12 6.1 debug (memory cgroups: compat/memcg.h)

cd "$(dirname "$0")" || exit
# shellcheck source=lib/lib.sh
. lib/lib.sh

selftest=/sys/module/dibs_selftest/parameters/do
group=/sys/fs/cgroup/dibs-test
mib=$((1024 * 1024))

tell() {
	echo "$*" >"$selftest"
}

# poor COMMAND: runs a command of the selftest in the group
poor() {
	bash -c "echo \$\$ >$group/cgroup.procs && echo $* >$selftest"
}

out_of_memory() {
	! "$@" 2>"$scratch/error" && cat "$scratch/error" &&
		grep -q "Cannot allocate memory" "$scratch/error"
}

# charged FROM TO: does the group use FROM to TO MiB?
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

ok "a DMB larger than half the limit can be registered" \
	poor register lo $((16 * mib))
ok "an idle DMB is charged next to nothing" charged 0 4
ok "another process attaches the DMB" tell attach
ok "another process writes to the DMB" tell move
ok "the DMB's memory is charged to the owner" charged 16 22
tell detach
tell unregister
ok "the DMB's memory is uncharged when it is unregistered" \
	within 10 charged 0 4
echo $((8 * mib)) >$group/memory.max
ok "a DMB of twice the limit can be registered" \
	poor register lo $((16 * mib))
tell attach
ok "writing more than the limit fails with ENOMEM" out_of_memory tell move
ok "populating more than the limit fails with ENOMEM" \
	out_of_memory tell populate
ok "no process was killed" nobody_was_killed
ok "the group uses no more than its limit" charged 0 8
tell detach
tell unregister
ok "the memory is uncharged after a failed write, too" within 10 charged 0 4
ok "the modules can be unloaded" unload_modules
rmdir $group

done_testing

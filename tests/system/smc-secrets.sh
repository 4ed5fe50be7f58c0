#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Nobody sees a byte that was meant for somebody else. A pattern is planted in
# rings and in the kernel's heap, and searched for wherever somebody else could
# find it.
#
#   namespace rich ==connections full of the pattern== namespace poor
#                       one device, one link group
#   namespace next, another cgroup: what do its new buffers contain?
#
# runs-on: 6.12
# soak: debug
# cpus: 1

cd "$(dirname "$0")" || exit
# shellcheck source=lib/lib.sh
. lib/lib.sh

secrets=$lib/smc_secrets.py
scribbler=/sys/module/dibs_scribbler/parameters
group=/sys/fs/cgroup/dibs-next
# The debug kernel takes twenty times as long.
export connections=24 rounds=20
looks=2
[[ -z ${DIBS_DEBUG-} ]] || connections=6 rounds=1 looks=1

# counted PARAMETER
counted() {
	cat "$scribbler/$1"
}

plant() {
	in_netns rich python3 "$secrets" plant 10.7.0.2
}

# In a cgroup of its own, if there are cgroups.
meet() {
	{ mkdir -p "$group" && echo "$BASHPID" >"$group/cgroup.procs"; } 2>/dev/null
	in_netns next python3 "$secrets" meet 127.0.0.1
}

# finds STAINED: is that the number of dirty buffers per DMB?
finds() {
	local fresh stained

	fresh=$(counted fresh) stained=$(counted stained)
	plant && (meet) || return
	fresh=$(($(counted fresh) - fresh))
	stained=$(($(counted stained) - stained))
	echo "new buffers $fresh, not empty $stained"
	in_netns next dibs smc stats
	dibs device list
	((fresh >= 2 * connections && stained == fresh * $1))
}

# carried NAMESPACE: did DMBs carry all its connections?
carried() {
	in_netns "$1" \
		dibs smc fallbacks | tee "$scratch/stats" | grep -q SMC-D &&
		! grep -w TCP "$scratch/stats"
}

modprobe -a dibs_smc dibs_scribbler || bail_out "no modules"
json "the device that looks into buffers is the only one" \
	"[r['name'] for r in d] == ['scribble']" dibs device list --json
modprobe -a inet_diag tcp_diag || bail_out "no tcp_diag"
netns_pair rich poor 10.7.0
netns_add next
for name in rich poor next; do
	in_netns $name ip link set lo up
	in_netns $name sysctl -q net.smc.rmem=65536
done

mkfifo "$scratch/fifo"
# nsenter is called directly, so that it is the process that is killed in the
# end.
background "$scratch/fifo" nsenter --net=/run/netns/poor \
	python3 "$secrets" listen 10.7.0.2
read -r _ <"$scratch/fifo" || bail_out "no server"

if grep -q init_on_alloc=0 /proc/cmdline; then
	echo "# the kernel empties no memory by itself"
fi
ok "the pattern is planted" plant
ok "DMBs carried the pattern from one namespace to the other" carried rich
echo 1 >"$scribbler/search"
echo 1 >"$scribbler/stain"
ok "a buffer that is not empty is found" finds 1
echo 0 >"$scribbler/stain"
for ((look = 0; look < looks; look++)); do
	ok "new buffers are empty, whoever used the memory before" finds 0
done
ok "another namespace had buffers, too" carried next
echo 0 >"$scribbler/search"
ok "the pattern is planted again" plant
ok "recv() and splice() return what was sent and nothing else" \
	in_netns next python3 "$secrets" receive
ok "netlink does not disclose the pattern, padding included" \
	in_netns next python3 "$secrets" netlink
ok "getsockopt() and ioctl() do not disclose the pattern" \
	in_netns next python3 "$secrets" options
done_testing

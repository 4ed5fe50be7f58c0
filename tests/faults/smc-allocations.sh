#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# What becomes of an SMC connection when memory runs out, at each single place?
# See smc_allocations.py; this checks whether the kernel can inject faults.
#
# runs-on: debug (fault injection)

here=$(cd "$(dirname "$0")" && pwd)
if [[ ! -e /sys/kernel/debug/failslab/require-start ]]; then
	echo "1..1"
	echo "ok 1 - every allocation of a connection can fail once # SKIP no" \
		"fault injection in this kernel"
	exit
fi
[[ -n ${OWN_NETNS-} ]] || OWN_NETNS=1 exec unshare --net "$0" "$@"
ip link set lo up
modprobe -a dibs_loopback dibs_smc || exit
exec python3 -B "$here/lib/smc_allocations.py" "$@"

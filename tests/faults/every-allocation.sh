#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# What happens when memory runs out, at each single place? See
# every_allocation.py; this checks whether the kernel can inject faults.
#
# runs-on: debug (fault injection)

here=$(cd "$(dirname "$0")" && pwd)
if [[ ! -e /proc/self/fail-nth ||
	! -e /sys/kernel/debug/failslab/require-start ]]; then
	echo "1..1"
	echo "ok 1 - every allocation can fail once # SKIP no fault injection" \
		"in this kernel"
	exit
fi
for module in dibs_selftest dibs_loopback dibs; do
	[[ ! -d /sys/module/$module ]] || rmmod $module || exit
done
exec python3 -B "$here/lib/every_allocation.py"

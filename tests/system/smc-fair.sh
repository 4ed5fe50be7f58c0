#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Does everybody get a turn? Connections that share a device, tasks beside a
# reader that busy-polls (docs/decisions/0009), and both ends of a connection on
# a single CPU. smc_fair.py has the statements.
#
# runs-on: 6.12

cd "$(dirname "$0")" || exit
# shellcheck source=lib/lib.sh
. lib/lib.sh

[[ -n ${OWN_NETNS-} ]] || {
	trap - EXIT
	rm -r "$scratch"
	OWN_NETNS=1 exec unshare --net "$PWD/smc-fair.sh" "$@"
}
ip link set lo up
modprobe -a dibs_loopback dibs_smc || bail_out "no modules"

# It prints the plan, and "Bail out!" if it ends early.
finished=yes
python3 "$lib/smc_fair.py"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Does everybody get a turn? Connections beside each other on one device, other
# tasks beside a reader that waits awake (docs/decisions/0009), and both ends
# where there is but one processor. smc_fair.py has the statements.
#
# runs-on: 6.12

cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh

[[ -n ${OWN_NETNS-} ]] || {
	trap - EXIT
	rm -r "$scratch"
	OWN_NETNS=1 exec unshare --net "$PWD/smc-fair.sh" "$@"
}
ip link set lo up
modprobe -a dibs_loopback dibs_smc || bail_out "no modules"

# It has the plan, and "Bail out!" if it does not come to its end.
finished=yes
python3 "$PWD/smc_fair.py"

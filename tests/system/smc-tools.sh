#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Do the standard SMC tools get from each interface what they expect: every
# attribute, of the right type, about the connections that exist? They are not
# in Debian, so smc_netlink.py sends what they send and is strict about the
# answers. On both paths. smc_tools.py has the statements.
#
#   namespace green: client --- veth ---> server in namespace red
#                       \____ device lo ____/
#
# runs-on: 6.12
# soak: debug
# cpus: 1

cd "$(dirname "$0")" || exit
# shellcheck source=lib/lib.sh
. lib/lib.sh

modprobe dibs_loopback || bail_out "no module dibs_loopback"
modprobe dibs_smc || bail_out "no module dibs_smc"
netns_pair green red 10.3.0
for name in green red; do
	in_netns $name ip link set lo up
done

# It prints the plan, and "Bail out!" if it ends early.
finished=yes
python3 "$lib/smc_tools.py"

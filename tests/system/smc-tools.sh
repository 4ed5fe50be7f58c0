#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Do the standard tools of SMC get from each interface what they expect: every
# attribute, of the right type, and about the connections that there are? They
# are not in Debian: smc_netlink.py sends what they send, and is strict about
# what it gets. On both paths. smc_tools.py has the statements.
#
#   namespace green: client --- veth ---> server in namespace red
#                       \____ device lo ____/
#
# runs-on: 6.12 6.1
# soak: debug

cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh

modprobe dibs_loopback || bail_out "no module dibs_loopback"
modprobe dibs_smc || bail_out "no module dibs_smc"
netns_pair green red 10.3.0
for name in green red; do
	in_netns $name ip link set lo up
done

# It has the plan, and "Bail out!" if it does not come to its end.
finished=yes
python3 "$PWD/smc_tools.py"

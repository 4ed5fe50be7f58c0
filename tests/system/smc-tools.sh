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
netns_add green
netns_add red
in_netns green ip link add to-red type veth peer name to-green \
	netns /run/netns/red || bail_out "no veth"
in_netns green ip addr add 10.3.0.1/24 dev to-red
in_netns red ip addr add 10.3.0.2/24 dev to-green
in_netns green ip link set to-red up
in_netns red ip link set to-green up
for name in green red; do
	in_netns $name ip link set lo up
done

# It has the plan, and "Bail out!" if it does not come to its end.
finished=yes
python3 "$PWD/smc_tools.py"

# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
# shellcheck shell=bash
#
# For suites that run SMC-D between two simulated ISM adapters, one per network
# namespace, and no other device:
#
#	red, ism0, 10.1.0.1 ----- veth ----- 10.1.0.2, ism1, blue

# shellcheck source=../system/lib/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

bus=/sys/bus/ism_sim

ism_set_up() {
	modprobe -r dibs_loopback || bail_out "loopback is in use"
	modprobe -a ism_sim dibs_smc || bail_out "no modules"
	netns_pair red blue 10.1.0
	ism_hand_out || bail_out "no rights"
}

# A new device is shared by all namespaces. One of the two may be missing.
ism_hand_out() {
	local status=0

	keep_to ism0 red || status=1
	keep_to ism1 blue || status=1
	return "$status"
}

# As the adapters count.
ism_has_no_dmbs() {
	grep -qx 0 "$bus/devices/ism0/dmbs" &&
		grep -qx 0 "$bus/devices/ism1/dmbs"
}

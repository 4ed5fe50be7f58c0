#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Peers that ask for SMC and then lie: in every field of every CLC message, in
# the order of messages, by ending anywhere, by falling silent, with real
# tokens. Does TCP carry the connection of the honest end, for the right reason,
# and does its program see what it would see of TCP? See tests/liar.
#
# runs-on: 6.12 debug
# cpus: 1
# in-check:

repo=$(cd "$(dirname "$0")/../.." && pwd)
liar=$repo/build/tests/liar

bail_out() {
	echo "Bail out! $*"
	exit 1
}

# Run in a network namespace and a mount namespace of our own.
[[ -n ${OWN_NETNS-} ]] || OWN_NETNS=1 exec unshare --net --mount "$0" "$@"
[[ -x $liar ]] || bail_out "tests/liar is not built"
ip link set lo up
modprobe -a dibs_loopback dibs_smc || bail_out "no modules"
# The root of the cgroup hierarchy, wherever it is mounted.
LIAR_CGROUP=$(mktemp -d)
export LIAR_CGROUP
mount -t cgroup2 none "$LIAR_CGROUP" || bail_out "no cgroups"
if (($# == 0)); then
	set -- rows
fi
exec "$liar" "$@"

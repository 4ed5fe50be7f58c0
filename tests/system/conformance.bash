# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
# shellcheck shell=bash
#
# SMC sockets behave as TCP's in everything a program can see: the same cases
# over both, compared call by call. tests/conformance/ has the cases and the
# lists of what differs on purpose.
#
#	conform PATH [OPTION]...    PATH carries the bytes, as --path has it
#	conform_ism [OPTION]...     simulated ISM adapters do

set -u

suite=build/tests/conformance

bail_out() {
	echo "Bail out! $*"
	exit 1
}

conform() {
	local path=$1

	shift
	[[ -x $suite ]] || bail_out "$suite is not built (make test-programs)"
	modprobe dibs_smc || bail_out "dibs_smc cannot be loaded"
	if [[ $path != tcp ]]; then
		modprobe dibs_loopback ||
			bail_out "dibs_loopback cannot be loaded"
	fi
	# AF_SMC differs only in how sockets are made: over TCP is enough, and
	# the debug kernel is slow.
	if [[ $path != tcp || -n ${DIBS_DEBUG-} ]]; then
		set -- --carrier IPPROTO_SMC "$@"
	fi
	# There what counts is what the kernel says of itself.
	if [[ -n ${DIBS_DEBUG-} ]]; then
		set -- --once "$@"
	fi
	exec "$suite" --path "$path" "$@"
}

# Without loopback, which both ends would choose. Other suites want it back.
conform_ism() {
	modprobe -r dibs_loopback || bail_out "loopback is in use"
	modprobe ism_sim || bail_out "ism_sim cannot be loaded"
	trap 'modprobe -r dibs_smc ism_sim' EXIT
	modprobe dibs_smc || bail_out "dibs_smc cannot be loaded"
	"$suite" --path moving --carrier IPPROTO_SMC "$@"
	exit $?
}

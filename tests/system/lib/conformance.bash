# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
# shellcheck shell=bash
#
# SMC sockets behave like TCP sockets in everything a program can see: the same
# cases run over both and are compared call by call. tests/conformance/ has the
# cases and the lists of what differs on purpose.
#
#	conform PATH [OPTION]...    PATH carries the bytes, as in --path
#	conform_ism [OPTION]...     simulated ISM adapters carry the bytes

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
	# AF_SMC differs only in how sockets are created, so running it over TCP
	# is enough, and the debug kernel is slow.
	if [[ $path != tcp || -n ${DIBS_DEBUG-} ]]; then
		set -- --carrier IPPROTO_SMC "$@"
	fi
	# On the debug kernel, what counts is the kernel's own reports.
	if [[ -n ${DIBS_DEBUG-} ]]; then
		set -- --once "$@"
	fi
	exec "$suite" --path "$path" "$@"
}

# Both ends would choose loopback, so it is unloaded; other suites load it
# again.
conform_ism() {
	modprobe -r dibs_loopback || bail_out "loopback is in use"
	modprobe ism_sim || bail_out "ism_sim cannot be loaded"
	trap 'modprobe -r dibs_smc ism_sim' EXIT
	modprobe dibs_smc || bail_out "dibs_smc cannot be loaded"
	"$suite" --path moving --carrier IPPROTO_SMC "$@"
	exit $?
}

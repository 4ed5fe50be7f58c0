#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# SMC sockets behave as TCP's in everything a program can see: the same cases
# over both, compared call by call. tests/conformance/ has the cases and the
# list of what differs on purpose.

set -u

suite=build/tests/conformance

[[ -x $suite ]] || {
	echo "Bail out! $suite is not built (make test-programs)"
	exit 1
}
modprobe dibs_smc || {
	echo "Bail out! dibs_smc cannot be loaded"
	exit 1
}
# The debug kernel is slow, and AF_SMC differs only in how sockets are made.
if [[ -n ${DIBS_DEBUG-} ]]; then
	set -- --carrier IPPROTO_SMC "$@"
fi
exec "$suite" "$@"

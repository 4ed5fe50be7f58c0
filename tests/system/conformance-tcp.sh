#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# To every program, SMC sockets that fell back to TCP are TCP sockets.
#
# runs-on: 6.12 6.1 (TCP's own operations differ)
# soak: debug
# in-check:

# shellcheck source=lib/conformance.bash
. "$(dirname "$0")/lib/conformance.bash"

conform tcp "$@"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# To every program, SMC sockets whose ends write into each other's memory are
# TCP sockets.
#
# in-check:
# runs-on: 6.12 6.1 debug (6.1 sends pages by sendpage())

# shellcheck source=lib/conformance.bash
. "$(dirname "$0")/lib/conformance.bash"

conform mapped "$@"

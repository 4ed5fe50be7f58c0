#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# To every program, SMC sockets whose bytes a device moves are TCP sockets.
#
# runs-on: 6.12 6.1 (6.1 sends pages by sendpage())
# soak: debug
# in-check:

# shellcheck source=lib/conformance.bash
. "$(dirname "$0")/lib/conformance.bash"

conform moving "$@"

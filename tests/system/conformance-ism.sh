#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# To every program, SMC sockets whose bytes go over simulated ISM adapters are
# TCP sockets.
#
# runs-on: 6.12
# soak: debug

# shellcheck source=lib/conformance.bash
. "$(dirname "$0")/lib/conformance.bash"

conform_ism "$@"

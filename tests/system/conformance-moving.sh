#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# SMC sockets whose bytes a device moves are TCP sockets to every program.
#
# runs-on: 6.12 6.1
# soak: debug

# shellcheck source=conformance.bash
. "$(dirname "$0")/conformance.bash"

conform moving "$@"

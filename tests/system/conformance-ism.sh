#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# SMC sockets whose bytes go over simulated ISM adapters are TCP sockets to every
# program.
#
# runs-on: 6.12
# soak: debug

# shellcheck source=conformance.bash
. "$(dirname "$0")/conformance.bash"

conform_ism "$@"

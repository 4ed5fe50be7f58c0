#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# SMC sockets whose ends write into each other's memory are TCP sockets to
# every program.

# shellcheck source=conformance.bash
. "$(dirname "$0")/conformance.bash"

conform mapped "$@"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# All of tests/faults/smc-allocations.sh; the debug kernel's check runs only a
# part.

exec "$(dirname "$0")/../faults/smc-allocations.sh" whole

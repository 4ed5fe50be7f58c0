#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Runs tests/system/cpython.sh over the moving path.
#
# runs-on: 6.12
# needs: programs

DIBS_CARRIER=moving exec "$(dirname "$0")/../system/cpython.sh"

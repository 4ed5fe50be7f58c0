#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# tests/system/cpython.sh over the path that moves.
#
# runs-on: 6.12
# needs: programs

DIBS_CARRIER=moving exec "$(dirname "$0")/../system/cpython.sh"

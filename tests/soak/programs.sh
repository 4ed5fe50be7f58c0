#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Runs tests/system/programs.sh with the address families of the carriers
# swapped.
#
# runs-on: 6.12
# needs: programs

DIBS_V6=moving exec "$(dirname "$0")/../system/programs.sh"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# tests/system/databases.sh, carriers and families of addresses the other way round.
#
# runs-on: 6.12
# needs: programs

DIBS_V6=moving exec "$(dirname "$0")/../system/databases.sh"

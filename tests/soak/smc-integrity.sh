#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Runs tests/system/smc-integrity.sh with 5 GB.
#
# runs-on: 6.12

exec "$(dirname "$0")/../system/smc-integrity.sh" "${DIBS_INTEGRITY_MB:-2500}"

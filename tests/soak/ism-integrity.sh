#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# No byte is lost, repeated, reordered or changed over two simulated ISM
# adapters: tests/system/smc-ism.sh with 1.5 GB.
#
# runs-on: 6.12

exec "$(dirname "$0")/../system/smc-ism.sh" "${DIBS_INTEGRITY_MB:-500}"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Runs tests/system/churn.sh for ten minutes.

DIBS_CHURN_SECONDS=${DIBS_CHURN_SECONDS:-600} \
	exec "$(dirname "$0")/../system/churn.sh"

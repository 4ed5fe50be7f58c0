#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Runs tests/system/churn.sh for a minute, to find data races in the layer while
# devices, clients and modules come and go.

DIBS_CHURN_SECONDS=${DIBS_CHURN_SECONDS:-60} \
	exec "$(dirname "$0")/../../system/churn.sh"

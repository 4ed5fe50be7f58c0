#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Every wrong field of every CLC message again, over IPv6. See smc-liar.sh.
#
# runs-on: 6.12
# cpus: 1

exec "$(dirname "$0")/smc-liar.sh" ipv6

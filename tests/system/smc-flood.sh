#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Thousands of clients ask for SMC and go no further: do they cost more than a
# listener's backlog of handshakes, and does an honest client wait for them? See
# tests/liar/flood.c.
#
# runs-on: 6.12 debug

exec "$(dirname "$0")/smc-liar.sh" flood

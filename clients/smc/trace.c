// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * The bodies of the tracepoints.
 */
#define CREATE_TRACE_POINTS
#include "trace.h"

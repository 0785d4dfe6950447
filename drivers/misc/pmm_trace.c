// SPDX-License-Identifier: GPL-2.0-only
/*
 * The code behind the trace events, once.
 */
#define CREATE_TRACE_POINTS
#include "pmm_trace.h"
